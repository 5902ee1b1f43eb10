"""Ways for the arrows: of a few curves from box to box, the one that meets nobody else.

Each way is one cubic Bézier curve. It sees boxes as obstacles and other arrows not at all,
but for those between the same two boxes, which keep to lanes of their own.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rnndsl.draw.scene import Box, Point, Scene

Bend = tuple[float, float, float]

SHORT = 80.0
LOOP = 36.0
SAMPLES = 18
STRIDE = 20.0
MARGIN = 7.0
ON_IT = 3
CELL = 96.0
FINE = 0.001
VISIBLE = 2.0  # a gap before an arrow's head that would be seen


def _bends() -> list[Bend]:
    """How far both ends of a curve bulge (in its length), and what that costs in looks."""
    steps = (0.0, 0.1, 0.2, 0.32, 0.46, 0.62, 0.8, 1.0)
    sides = [side * step for step in steps for side in ((1, -1) if step else (1,))]
    pairs = [
        (abs(a) + abs(b) + (2 if a * b < 0 else 0.5) * abs(a - b), a, b)
        for a in sides
        for b in sides
    ]
    return sorted((round(effort, 3), a, b) for effort, a, b in pairs if effort < 2.5)


BENDS = _bends()
LEFT = [bend for bend in BENDS if min(bend[1], bend[2]) >= 0.1]
RIGHT = [bend for bend in BENDS if max(bend[1], bend[2]) <= -0.1]
FAR_LEFT = [bend for bend in BENDS if min(bend[1], bend[2]) >= 0.3]
LANES = (BENDS, LEFT, RIGHT, FAR_LEFT)


@dataclass(frozen=True)
class Curve:
    """A cubic Bézier curve."""

    start: Point
    first: Point
    second: Point
    end: Point

    def at(self, t: float) -> Point:
        """The point at 0 <= t <= 1."""
        s = 1 - t
        a, b, c, d = s**3, 3 * s * s * t, 3 * s * t * t, t**3
        return (
            a * self.start[0] + b * self.first[0] + c * self.second[0] + d * self.end[0],
            a * self.start[1] + b * self.first[1] + c * self.second[1] + d * self.end[1],
        )

    def samples(self, count: int = SAMPLES) -> list[Point]:
        """Points along the curve, both ends among them."""
        return [self.at(number / count) for number in range(count + 1)]

    def shortened(self, length: float) -> Curve:
        """The curve without its last piece, which leaves room for an arrow's head."""
        t = 1.0
        while t > 0.5 and math.dist(self.at(t), self.end) < length:
            t -= 0.01
        while math.dist(self.at(t + FINE), self.end) > length + VISIBLE:
            t += FINE
        points = [self.start, self.first, self.second, self.end]
        left = []
        while points:
            left.append(points[0])
            points = [_between(a, b, t) for a, b in itertools.pairwise(points)]
        return Curve(*left)

    def normal(self, t: float) -> Point:
        """The unit normal to the left of the direction of travel."""
        (x0, y0), (x1, y1) = self.at(max(t - 0.02, 0)), self.at(min(t + 0.02, 1))
        length = math.hypot(x1 - x0, y1 - y0) or 1.0
        return -(y1 - y0) / length, (x1 - x0) / length


class Ground:
    """Where the boxes are, by squares, so that a long picture stays quick to search."""

    def __init__(self, boxes: Sequence[Box]) -> None:
        self._cells: dict[tuple[int, int], list[Box]] = defaultdict(list)
        for box in boxes:
            reach = (box.width / 2 + MARGIN, box.height / 2 + MARGIN)
            low = _cell((box.x - reach[0], box.y - reach[1]))
            high = _cell((box.x + reach[0], box.y + reach[1]))
            for column in range(low[0], high[0] + 1):
                for row in range(low[1], high[1] + 1):
                    self._cells[column, row].append(box)

    def near(self, point: Point) -> Sequence[Box]:
        """The boxes that may hold a point."""
        return self._cells.get(_cell(point), ())


def route(scene: Scene) -> list[Curve]:
    """One curve for each arrow of the scene, in its order."""
    boxes = {box.id: box for box in scene.boxes}
    ground = Ground([box for box in scene.boxes if box.kind != "rail"])
    pairs = {(arrow.tail, arrow.head) for arrow in scene.arrows}
    used: dict[tuple[str, str], int] = {}
    curves = []
    for arrow in scene.arrows:
        ends = (arrow.tail, arrow.head)
        lane = used.get(ends, int((arrow.head, arrow.tail) in pairs))
        used[ends] = lane + 1
        curves.append(_way(boxes[arrow.tail], boxes[arrow.head], ground, lane))
    return curves


def _way(tail: Box, head: Box, ground: Ground, lane: int) -> Curve:
    if tail is head:
        return _loop(tail, lane)
    others = {tail.id, head.id}
    best: tuple[float, Curve] | None = None
    for effort, curve in _candidates(tail, head, LANES[min(lane, len(LANES) - 1)]):
        met = _met(curve, ground, others)
        cost = met + effort
        if best is None or cost < best[0]:
            best = (cost, curve)
        if met == 0:
            break
    assert best is not None
    return best[1]


def _loop(box: Box, lane: int) -> Curve:
    """From a box back to itself, on its right; further out in each lane."""
    far = box.x + box.width / 2 + LOOP * (1 + lane / 3)
    rise = box.height / 3
    out, back = (far, box.y + rise), (far, box.y - rise)
    return Curve(box.border(out), out, back, box.border(back))


def _candidates(tail: Box, head: Box, bends: Sequence[Bend]) -> Iterator[tuple[float, Curve]]:
    """Curves between two boxes, the simplest first, with what each costs in looks."""
    a, b = tail.border((head.x, head.y)), head.border((tail.x, tail.y))
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = math.hypot(head.x - tail.x, head.y - tail.y) or 1.0
    nx, ny = -(head.y - tail.y) / length, (head.x - tail.x) / length
    for effort, first, second in bends:
        first, second = first * max(length, SHORT), second * max(length, SHORT)
        c1 = (a[0] + dx / 3 + nx * first, a[1] + dy / 3 + ny * first)
        c2 = (b[0] - dx / 3 + nx * second, b[1] - dy / 3 + ny * second)
        start = tail.border(c1) if first else a
        end = head.border(c2) if second else b
        yield effort, Curve(start, c1, c2, end)


def _met(curve: Curve, ground: Ground, others: set[str]) -> int:
    """How many points of the curve lie close to a box that it does not belong to, or on it.

    A point on a box counts more than one close to it.
    """
    met = 0
    for point in curve.samples(max(SAMPLES, int(math.dist(curve.start, curve.end) / STRIDE))):
        near = [box for box in ground.near(point) if box.id not in others]
        met += any(box.holds(point, MARGIN) for box in near)
        met += ON_IT * any(box.holds(point, 0.0) for box in near)
    return met


def _between(a: Point, b: Point, t: float) -> Point:
    return a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t


def _cell(point: Point) -> tuple[int, int]:
    return math.floor(point[0] / CELL), math.floor(point[1] / CELL)

"""Where the lettering of each arrow goes: beside it, clear of boxes, curves and other letters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from rnndsl.draw.notation import Symbol, width
from rnndsl.draw.route import CELL, Curve, Ground
from rnndsl.draw.scene import Point, Scene

SIZE = 12.0
SMALL = 8.5
PLACES = (0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73, 0.2, 0.8)


@dataclass(frozen=True)
class Letter:
    """A label with the centre of its text, and the centre of its lower part."""

    label: Symbol
    x: float
    y: float

    @property
    def below(self) -> Point:
        """The centre of the lower part, behind the foot of the text."""
        half = width(self.label.text, SIZE) / 2
        return self.x + half + width(self.label.below, SMALL) / 2 - 2.0, self.y - 3.5


def extent(label: Symbol) -> tuple[float, float]:
    """About how wide and high a label is."""
    return width(label.text, SIZE) + width(label.below, SMALL) + 2, SIZE


def letter(scene: Scene, curves: Sequence[Curve]) -> list[Letter | None]:
    """A place for the label of each arrow, None where it has none."""
    ground = Ground(scene.boxes)
    crowd: dict[tuple[int, int], list[tuple[float, float, int]]] = defaultdict(list)
    for number, curve in enumerate(curves):
        for x, y in curve.samples(40):
            crowd[int(x // CELL), int(y // CELL)].append((x, y, number))
    placed: list[tuple[float, float, float, float]] = []
    letters: list[Letter | None] = []
    for number, arrow in enumerate(scene.arrows):
        if arrow.label is None:
            letters.append(None)
            continue
        wide, high = extent(arrow.label)
        spot = arrow.label_at or _spot(
            curves[number], number, (wide / 2, high / 2), ground, crowd, placed
        )
        placed.append((*spot, wide / 2, high / 2))
        shift = (wide - width(arrow.label.text, SIZE)) / 2
        letters.append(Letter(arrow.label, round(spot[0] - shift, 1), round(spot[1], 1)))
    return letters


def _spot(
    curve: Curve,
    number: int,
    half: tuple[float, float],
    ground: Ground,
    crowd: dict[tuple[int, int], list[tuple[float, float, int]]],
    placed: Sequence[tuple[float, float, float, float]],
) -> Point:
    best: tuple[float, Point] | None = None
    for order, t in enumerate(PLACES):
        x, y = curve.at(t)
        nx, ny = curve.normal(t)
        for side in (1, -1):
            away = abs(nx) * half[0] + abs(ny) * half[1] + 2.5
            spot = (x + side * nx * away, y + side * ny * away)
            cost = order * 0.6 + (0.0 if side == 1 else 0.3)
            cost += _trouble(spot, half, number, ground, crowd, placed)
            if best is None or cost < best[0]:
                best = (cost, spot)
    assert best is not None
    return best[1]


def _trouble(
    spot: Point,
    half: tuple[float, float],
    number: int,
    ground: Ground,
    crowd: dict[tuple[int, int], list[tuple[float, float, int]]],
    placed: Sequence[tuple[float, float, float, float]],
) -> float:
    """What a label would cover at a spot: boxes, letters (dear) and lines of other arrows."""
    x, y = spot
    corners = [(x + a * half[0], y + b * half[1]) for a in (-1, 0, 1) for b in (-1, 0, 1)]
    cost = 6.0 * sum(any(box.holds(at, 1.0) for box in ground.near(at)) for at in corners)
    for px, py, pw, ph in placed:
        if abs(px - x) < pw + half[0] and abs(py - y) < ph + half[1]:
            cost += 20.0
    cells = {(int(cx // CELL), int(cy // CELL)) for cx, cy in corners}
    for cell in sorted(cells):
        for px, py, owner in crowd.get(cell, ()):
            if abs(px - x) < half[0] + 1 and abs(py - y) < half[1] + 1:
                cost += 1.5 if owner != number else 0.8
    return cost

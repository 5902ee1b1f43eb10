"""Where the lettering of each arrow goes: beside it, clear of boxes, curves and other letters."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from rnndsl.draw.notation import Symbol, width
from rnndsl.draw.route import CELL, Curve, Ground
from rnndsl.draw.scene import Point, Scene

Square = tuple[int, int]

SIZE = 12.0
SMALL = 8.5
FURTHER = (0.0, 8.0, 16.0)
PLACES = (0.5, 0.44, 0.56, 0.38, 0.62, 0.32, 0.68, 0.26, 0.74, 0.2, 0.8, 0.86)


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
        return self.x + half + width(self.label.below, SMALL) / 2 - 0.5, self.y - 3.5


def extent(label: Symbol) -> tuple[float, float]:
    """About how wide and high a label is."""
    return width(label.text, SIZE) + width(label.below, SMALL) + 2, SIZE


def letter(scene: Scene, curves: Sequence[Curve]) -> list[Letter | None]:
    """A place for the label of each arrow, None where it has none."""
    sheet = _Sheet(scene, curves)
    letters: list[Letter | None] = []
    for number, arrow in enumerate(scene.arrows):
        if arrow.label is None:
            letters.append(None)
            continue
        wide, high = extent(arrow.label)
        half = (wide / 2, high / 2)
        spot = arrow.label_at or sheet.spot(curves[number], number, half)
        sheet.occupy(spot, half)
        shift = (wide - width(arrow.label.text, SIZE)) / 2
        letters.append(Letter(arrow.label, round(spot[0] - shift, 1), round(spot[1], 1)))
    return letters


class _Sheet:
    """What is on the paper already, by squares."""

    def __init__(self, scene: Scene, curves: Sequence[Curve]) -> None:
        self.ground = Ground(scene.boxes)
        self.lines: dict[Square, list[tuple[float, float, int]]] = defaultdict(list)
        self.letters: dict[Square, list[tuple[Point, Point]]] = defaultdict(list)
        for number, curve in enumerate(curves):
            for x, y in curve.samples(40):
                self.lines[int(x // CELL), int(y // CELL)].append((x, y, number))

    def occupy(self, spot: Point, half: Point) -> None:
        """Put a label on the paper: its centre and half its extent."""
        for square in _squares(spot, half):
            self.letters[square].append((spot, half))

    def spot(self, curve: Curve, number: int, half: Point) -> Point:
        """The best centre for the label of a curve."""
        best: tuple[float, Point] | None = None
        for order, t in enumerate(PLACES):
            x, y = curve.at(t)
            nx, ny = curve.normal(t)
            beside = abs(nx) * half[0] + abs(ny) * half[1] + 2.5
            for side, more in itertools.product((1, -1), FURTHER):
                away = side * (beside + more)
                spot = (x + nx * away, y + ny * away)
                cost = order * 0.4 + (0.0 if side == 1 else 0.3) + more * 0.3
                cost += self._covered(spot, half, number)
                if best is None or cost < best[0]:
                    best = (cost, spot)
        assert best is not None
        return best[1]

    def _covered(self, spot: Point, half: Point, number: int) -> float:
        """What a label would cover: letters and boxes (dear), lines of its own and of others."""
        x, y = spot
        wide, high = half
        corners = [(x + a * wide, y + b * high) for a in (-1, 0, 1) for b in (-1, 0, 1)]
        near = self.ground.near
        cost = 12.0 * sum(any(box.holds(at, 1.0) for box in near(at)) for at in corners)
        for square in _squares(spot, half):
            for (px, py), (pw, ph) in self.letters.get(square, ()):
                cost += 20.0 * (abs(px - x) < pw + wide and abs(py - y) < ph + high)
            for px, py, owner in self.lines.get(square, ()):
                if abs(px - x) < wide + 1 and abs(py - y) < high + 1:
                    cost += 0.8 if owner == number else 2.0
                elif owner != number and abs(px - x) < wide + 5 and abs(py - y) < high + 5:
                    cost += 0.3
        return cost


def _squares(spot: Point, half: Point) -> list[Square]:
    """The squares of the paper that a label touches."""
    (x, y), (wide, high) = spot, half
    columns = range(int((x - wide) // CELL), int((x + wide) // CELL) + 1)
    rows = range(int((y - high) // CELL), int((y + high) // CELL) + 1)
    return [(column, row) for column in columns for row in rows]

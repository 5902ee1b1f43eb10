"""A picture before it is written: boxes, arrows, panels and lettering, in points, y upwards.

It holds places and meanings; colours stand in `look`, the language of Graphviz in `dot`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from rnndsl.draw.notation import Symbol

RING = 4.0

Point = tuple[float, float]
Shape = Literal["circle", "box", "diamond", "hexagon", "none"]
Line = Literal["solid", "dashed", "dotted"]
Style = Literal["plain", "scaling", "free", "boundary"]
Flow = Literal["forward", "back", "none"]


@dataclass(frozen=True)
class Box:
    """A node: `kind` is a role, `delay` or `dots`; `x, y` is its centre.

    A boundary is dashed, the steps left out are dotted, an output has a double line.
    """

    id: str
    label: Symbol
    kind: str
    shape: Shape
    x: float
    y: float
    width: float
    height: float
    line: Line = "solid"
    double: bool = False
    tooltip: str = ""

    def border(self, towards: Point) -> Point:
        """Where a ray from the centre towards a point leaves the shape."""
        dx, dy = towards[0] - self.x, towards[1] - self.y
        length = math.hypot(dx, dy) or 1.0
        ux, uy = dx / length, dy / length
        a, b = self.width / 2, self.height / 2
        match self.shape:
            case "circle" | "hexagon":
                reach = 1 / math.hypot(ux / a, uy / b)
            case "diamond":
                reach = 1 / (abs(ux) / a + abs(uy) / b)
            case _:
                reach = min(a / abs(ux) if ux else math.inf, b / abs(uy) if uy else math.inf)
        if self.double:
            reach += RING
        return self.x + ux * reach, self.y + uy * reach

    def holds(self, point: Point, margin: float) -> bool:
        """Whether a point lies within the shape widened by a margin."""
        dx, dy = abs(point[0] - self.x), abs(point[1] - self.y)
        margin += RING if self.double else 0.0
        a, b = self.width / 2 + margin, self.height / 2 + margin
        match self.shape:
            case "circle" | "hexagon":
                return (dx / a) ** 2 + (dy / b) ** 2 < 1
            case "diamond":
                return dx / a + dy / b < 1
            case _:
                return dx < a and dy < b


@dataclass(frozen=True)
class Arrow:
    """An edge between two boxes, named by their ids, with what is lettered on it (and where).

    `flow` says what runs along it: values (`forward`), gradients against it (`back`), or no
    gradients (`none`).
    """

    tail: str
    head: str
    label: Symbol | None = None
    style: Style = "plain"
    over_time: bool = False
    has_head: bool = True
    label_at: Point | None = None
    flow: Flow = "forward"


@dataclass(frozen=True)
class Panel:
    """A pale ground behind some boxes: one step of a large cell; or a rail that gathers arrows."""

    id: str
    left: float
    bottom: float
    right: float
    top: float
    is_rail: bool = False


@dataclass(frozen=True)
class Writing:
    """A line of text that belongs to no box; `x, y` is its centre."""

    id: str
    text: str
    x: float
    y: float
    size: float


@dataclass
class Scene:
    """Everything in one picture; `title` goes above it, and under that the `note`."""

    name: str
    title: str
    note: str = ""
    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)
    writings: list[Writing] = field(default_factory=list)

    def add(self, other: Scene, dx: float, dy: float) -> None:
        """What is in another scene, moved."""
        self.boxes += [moved(box, dx, dy) for box in other.boxes]
        self.writings += [moved(item, dx, dy) for item in other.writings]
        self.panels += [
            replace(p, left=p.left + dx, right=p.right + dx, bottom=p.bottom + dy, top=p.top + dy)
            for p in other.panels
        ]


Placed = TypeVar("Placed", Box, Writing)


def moved(item: Placed, dx: float, dy: float) -> Placed:
    """The same at another place."""
    return replace(item, x=round(item.x + dx, 1), y=round(item.y + dy, 1))


def bounds(boxes: Sequence[Box]) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of all boxes together; all 0 where there are none."""
    if not boxes:
        return 0.0, 0.0, 0.0, 0.0
    return (
        min(box.x - box.width / 2 for box in boxes),
        min(box.y - box.height / 2 for box in boxes),
        max(box.x + box.width / 2 for box in boxes),
        max(box.y + box.height / 2 for box in boxes),
    )

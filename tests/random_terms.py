"""Pieces of random models: kinds with shapes, terms, names, what may be read at a place.

Shapes are texts of dimensions, so that two shapes are equal where their texts are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from random import Random

Shape = tuple[str, ...]


@dataclass(frozen=True)
class Sort:
    """A kind, a shape and, of a token, how many there are."""

    kind: str
    shape: Shape = ()
    size: str = ""

    def text(self) -> str:
        """As it is declared."""
        if self.kind == "token":
            return f"token({self.size})"
        if self.kind == "position":
            return f"position({self.size})"
        return self.shape[0] if len(self.shape) == 1 else f"({', '.join(self.shape)})"


@dataclass(frozen=True)
class Term:
    """A template with `{}` for each part, and what it gives."""

    template: str
    sort: Sort
    parts: tuple[Term, ...] = ()

    def __str__(self) -> str:
        return self.template.format(*(part.inside() for part in self.parts))

    def inside(self) -> str:
        """As a part of another: in brackets, where an operator stands outside of them."""
        text, depth = str(self), 0
        for letter in text:
            depth += (letter in "([") - (letter in ")]")
            if depth == 0 and letter in " +-*/%^@":
                return f"({text})"
        return text


@dataclass(frozen=True)
class Axis:
    """An axis: its indices, the first its name, and its length, which is a size if it is fixed."""

    indices: tuple[str, ...]
    length: str
    is_fixed: bool = False

    @property
    def name(self) -> str:
        """The first index."""
        return self.indices[0]

    def __str__(self) -> str:
        return f"axis {', '.join(self.indices)} = 1..{self.length}"

    def put(self, text: str, index: str = "t") -> str:
        """A text over `t = 1..T` in the words of this axis."""
        return re.sub(r"\bT\b", self.length, re.sub(r"\bt\b", index, text))


TIME = Axis(("t",), "T")


@dataclass
class Name:
    """Something that can be read: over some axes, each once for every index of it."""

    name: str
    sort: Sort
    axes: tuple[str, ...] = ()
    role: str = "value"
    indices: tuple[str, ...] = ()
    """As its equation or declaration has them."""
    slot: int = 0
    """The place that moves in the loop that it is part of."""


@dataclass(frozen=True)
class Mark:
    """A boundary that is written: its places, "" where an index runs."""

    item: Name
    places: tuple[str, ...]


@dataclass
class World:
    """Everything named so far, and how likely the constructs are."""

    rng: Random
    sizes: dict[str, int]
    dims: list[str]
    axes: dict[str, Axis]
    names: dict[str, Name] = field(default_factory=dict)
    consts: tuple[str, ...] = ("alpha", "beta", "two")
    is_calm: bool = False
    """Without draws."""

    def axis_of(self, index: str) -> Axis:
        """The axis of an index."""
        return next(axis for axis in self.axes.values() if index in axis.indices)

    def indices_of(self, axes: tuple[str, ...]) -> tuple[str, ...]:
        """An index for each axis, no two the same."""
        left = {name: self.rng.sample(a.indices, len(a.indices)) for name, a in self.axes.items()}
        return tuple(left[name].pop() for name in axes)

    def some_axes(self, role: str, must: str = "", chance: float = 1.0) -> tuple[str, ...]:
        """Axes in some order, `must` among them; of a parameter only fixed ones."""
        found = [must] if must else []
        room = [name for name, axis in self.axes.items() for _ in axis.indices]
        if role == "param":
            room = [name for name in room if self.axes[name].is_fixed]
        for name in found:
            room.remove(name)
        self.rng.shuffle(room)
        if room and not found and self.rng.random() < chance:
            found.append(room.pop())
        while room and found and self.rng.random() < 0.4:
            found.append(room.pop())
        return tuple(self.rng.sample(found, len(found)))

    def fresh(self, role: str, sort: Sort, axes: tuple[str, ...] = ()) -> Name:
        """A new name."""
        letter = {"param": "W", "input": "x", "target": "y", "value": "h"}[role]
        number = sum(item.role == role for item in self.names.values())
        item = Name(f"{letter}{number}", sort, axes, role, self.indices_of(axes))
        self.names[item.name] = item
        return item


@dataclass(frozen=True)
class Here:
    """What may be read at a place: `earlier` anywhere, `now` at t, `group` against `step`.

    `running` indices, from the outside in; the loop that `now` and `group` are of runs with `loop`.
    """

    running: tuple[str, ...]
    earlier: tuple[Name, ...] = ()
    now: tuple[Name, ...] = ()
    group: tuple[Name, ...] = ()
    step: int = 1
    loop: str = ""
    bounds: tuple[Mark, ...] = ()
    targets: bool = False
    taught: bool = True

    def under(self, index: str) -> Here:
        """Inside a reduction over an index."""
        running = (*(other for other in self.running if other != index), index)
        inside = replace(self, running=running, bounds=())
        return replace(inside, now=(), group=()) if index == self.loop else inside


def position_of(axis: str) -> Sort:
    """The sort of a position along an axis."""
    return Sort("position", (), axis)


REAL, BOOL, WHOLE = Sort("real"), Sort("bool"), Sort("integer")

OUTSIDE = ("0", "-1", "-2", "-3", "1-d", "-d", "T+1", "T+2", "T+3", "T+d")

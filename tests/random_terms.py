"""Pieces of random models: kinds with shapes, terms, names, what may be read at a place.

Shapes are texts of dimensions, so that two shapes are equal where their texts are.
"""

from __future__ import annotations

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
            return "position(t)"
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


@dataclass
class Name:
    """Something that can be read."""

    name: str
    sort: Sort
    over_t: bool = False
    role: str = "value"
    declared: bool = True


@dataclass
class World:
    """Everything named so far, and how likely the constructs are."""

    rng: Random
    sizes: dict[str, int]
    dims: list[str]
    has_axis: bool
    names: dict[str, Name] = field(default_factory=dict)
    consts: tuple[str, ...] = ("alpha", "beta", "two")
    is_calm: bool = False
    """Without draws."""

    def fresh(self, role: str, sort: Sort, over_t: bool = False) -> Name:
        """A new name."""
        letter = {"param": "W", "input": "x", "target": "y", "value": "h"}[role]
        number = sum(item.role == role for item in self.names.values())
        item = Name(f"{letter}{number}", sort, over_t, role)
        self.names[item.name] = item
        return item


@dataclass(frozen=True)
class Here:
    """What may be read at a place: `earlier` anywhere, `now` at t, `group` against `step`."""

    running: bool
    earlier: tuple[Name, ...] = ()
    now: tuple[Name, ...] = ()
    group: tuple[Name, ...] = ()
    step: int = 1
    bounds: tuple[Term, ...] = ()
    targets: bool = False
    taught: bool = True

    def under(self) -> Here:
        """Inside a reduction over the axis."""
        return replace(self, running=True, now=(), group=(), bounds=())


REAL, BOOL, WHOLE, POSITION = Sort("real"), Sort("bool"), Sort("integer"), Sort("position")

OUTSIDE = ("0", "-1", "-2", "-3", "1-d", "-d", "T+1", "T+2", "T+3", "T+d")

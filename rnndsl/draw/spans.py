"""How far each axis is unfolded: the positions that are drawn, and those behind the dots.

The first steps are drawn, then dots. Where the end matters (something is read at T, or runs
back from it) the last column is T and the dots stand before it; else they stand last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import EllipsisType

from rnndsl.draw.notation import symbol
from rnndsl.draw.parts import Parts
from rnndsl.graph.unfold import offset_value


@dataclass(frozen=True)
class Span:
    """One axis as drawn: `steps` of its positions, of the `length` that is unfolded."""

    axis: str
    end: str
    steps: int
    length: int
    shows_end: bool

    @property
    def elided(self) -> range:
        """The positions behind the dots."""
        if self.shows_end:
            return range(self.steps, self.length)
        return range(self.steps + 1, self.length + 1)

    def text(self, place: int | EllipsisType) -> str:
        """A position as it is written: `1`, `T`, `T+1`."""
        if not isinstance(place, int):
            return "⋯"
        past = place - self.length
        if self.shows_end and self.length > 1 and past >= 0:
            return f"{self.end}+{past}" if past else self.end
        return str(place)


def spans(parts: Parts, steps: Mapping[str, int], sizes: Mapping[str, int]) -> dict[str, Span]:
    """Every sequence axis, as far as the steps of its references need it."""
    axes = (axis for axis in parts.model.axes.values() if not axis.is_tree)
    return {axis.name: _span(parts, axis.name, steps[axis.name], sizes) for axis in axes}


def _span(parts: Parts, axis: str, steps: int, sizes: Mapping[str, int]) -> Span:
    found = [
        (at.kind, at.place)
        for item in parts.references
        for at in [parts.outer.along(item)]
        if at is not None and at.axis == axis and at.place is not None
    ]
    shifts = [offset_value(place.offset, sizes) for kind, place in found if kind == "shift"]
    fixed = [
        offset_value(place.offset, sizes)
        for kind, place in found
        if kind == "fixed" and place.anchor == "start"
    ]
    end = any(place.anchor == "end" for _, place in found) or any(shift > 0 for shift in shifts)
    hidden = max((abs(shift) for shift in shifts), default=0)
    length = 1 if end and steps == 1 else max(steps + hidden, 0, *fixed) + 1
    name = symbol(parts.model.axes[axis].length).inline
    return Span(axis, name, steps, length, end)

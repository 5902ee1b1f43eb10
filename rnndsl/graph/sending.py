"""The way back of reads: adjoints sent to the positions, and the boundaries, that were read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rnndsl.graph.builder import Builder
from rnndsl.graph.node import Node
from rnndsl.graph.reach import never_meet
from rnndsl.graph.reading import Place, Run
from rnndsl.model.dims import ZERO, Dim
from rnndsl.model.expr import Position, Read


def steps(read: Read, source: Node) -> tuple[tuple[str, Dim], ...]:
    """By how much a read moves each of the indices of what it reads."""
    pairs = zip(source.attrs["own"], read.places, strict=True)
    return tuple((i, p.offset) for i, p in pairs if isinstance(p, Position) and p.offset.terms)


def places_behind(shift: Node, where: Sequence[Position | None]) -> list[Place] | None:
    """Where a shift reads the boundary that stands at `where`; None where it never does."""
    moved, places = dict(shift.attrs["by"]), list[Place]()
    for at, index in zip(where, shift.inputs[0].attrs["own"], strict=True):
        if at is None:
            places.append(Run(index, -moved.get(index, ZERO)))
        elif index in moved:
            places.append(replace(at, offset=at.offset - moved[index]))
        else:
            return None
    return places


def sent(
    b: Builder, d: Node, places: Sequence[Place], computed: Sequence[Node], own: Sequence[str]
) -> Node:
    """An adjoint at the positions that a read looks up, 0 at all others."""
    slots = [place for place in places if isinstance(place, int)]
    inputs = [computed[slot - 1] for slot in slots]
    numbered = tuple(
        slots.index(place) + 1 if isinstance(place, int) else place for place in places
    )
    back = b.raw("scatter" if inputs else "place", (d, *inputs), places=numbered, own=tuple(own))
    back.shape, back.over, back.over_b = d.shape, b.ordered(own), True
    return back


def hit(
    b: Builder,
    places: Sequence[Place],
    computed: Sequence[Node],
    where: Sequence[Position | None],
) -> Node | None:
    """Whether a read looks up a boundary; None where it never does."""
    found: Node | None = None
    for place, bound in zip(places, where, strict=True):
        if bound is None:
            continue
        if isinstance(place, Position) and never_meet(place, bound):
            return None
        equal = b.op("eq", _position(b, place, computed), _position(b, bound, computed))
        found = equal if found is None else b.op("and", found, equal)
    return found


def _position(b: Builder, place: Place, computed: Sequence[Node]) -> Node:
    if isinstance(place, int):
        return computed[place - 1]
    if isinstance(place, Run):
        return b.index(place.index) + b.size(place.by)
    offset = b.size(place.offset)
    return b.length(place.axis) + offset if place.anchor == "end" else offset

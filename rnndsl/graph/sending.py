"""The way back of reads: adjoints sent to the positions, and the boundaries, that were read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rnndsl.graph.builder import Builder
from rnndsl.graph.families import links
from rnndsl.graph.node import Node
from rnndsl.graph.reach import bounds_of, never_meet
from rnndsl.graph.reading import Place, Run, shifted
from rnndsl.model.dims import ZERO, Dim
from rnndsl.model.expr import Position, Read
from rnndsl.model.model import Clip


def steps(read: Read, source: Node) -> tuple[tuple[str, Dim], ...]:
    """By how much a read moves each of the indices of what it reads."""
    pairs = zip(source.attrs["own"], read.places, strict=True)
    return tuple((i, p.offset) for i, p in pairs if isinstance(p, Position) and p.offset.terms)


def clipped(b: Builder, clips: Sequence[Clip], shift: Node, d: Node) -> Node:
    """An adjoint along one recurrent reference, clipped where the model asks for it."""
    for clip in clips:
        if clip.reference is None or clip.reference.name != shift.inputs[0].name:
            continue
        if steps(clip.reference, shift.inputs[0]) == shift.attrs["by"]:
            found = b.raw("clip_flow", (d,), kind=clip.kind, limit=clip.limit)
            found.shape = d.shape
            return found
    return d


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
    """An adjoint at the positions that a read looks up, 0 at all others.

    What is read beside a running index is sent where the index runs, and shifted from there.
    """
    frame = _frame(b, places, own)
    still = [Run(place.index, ZERO) if isinstance(place, Run) else place for place in places]
    there = _scattered(b, d, still, computed, frame)
    moved = [place for place in places if isinstance(place, Run) and place.by.terms]
    if moved:
        kept = b.value("", "real", d.shape, frame)
        kept.inputs = [there]
        there = shifted(b, kept, tuple((run.index, -run.by) for run in moved), 0)
        there = b.live(there, [run.index for run in moved])
    return b.renamed(there, dict(zip(frame, own, strict=True)))


def _frame(b: Builder, places: Sequence[Place], own: Sequence[str]) -> list[str]:
    """An index for each dimension: the one that runs in its place, else any that is free."""
    taken = [place.index for place in places if isinstance(place, Run)]
    frame: list[str] = []
    for place, mine in zip(places, own, strict=True):
        if isinstance(place, Run):
            frame.append(place.index)
            continue
        same = (i for i in (mine, *b.order) if b.axes[i] == b.axes[mine] and i not in taken)
        frame.append(next(same))
        taken.append(frame[-1])
    return frame


def _scattered(
    b: Builder, d: Node, places: Sequence[Place], computed: Sequence[Node], own: Sequence[str]
) -> Node:
    if all(isinstance(place, Run) for place in places):
        return _summed(b, d, own)
    slots = [place for place in places if isinstance(place, int)]
    inputs = [computed[slot - 1] for slot in slots]
    numbered = tuple(
        slots.index(place) + 1 if isinstance(place, int) else place for place in places
    )
    back = b.raw("scatter" if inputs else "place", (d, *inputs), places=numbered, own=tuple(own))
    back.shape, back.over, back.over_b, back.family = d.shape, b.ordered(own), True, ""
    return back


def _summed(b: Builder, d: Node, own: Sequence[str]) -> Node:
    """An adjoint over some of its indices, summed over the rest."""
    rest = tuple(index for index in d.over if index not in own)
    if not rest:
        return d
    total = b.raw("total", (d,), over=rest, b=False, components=False)
    total.shape, total.over, total.over_b = d.shape, b.ordered(own), d.over_b
    return total


def to_bounds(b: Builder, d: Node, lookup: Node) -> Iterator[tuple[Node, Node]]:
    """The boundaries that a lookup may meet, each with what it gets of an adjoint."""
    value, places, computed = lookup.inputs[0], lookup.attrs["places"], lookup.inputs[1:]
    own = value.attrs["own"]
    for where, bound in bounds_of(value):
        met = hit(b, places, computed, where)
        if met is None:
            continue
        mine = b.where(met, d, 0)
        left = [k for k, at in enumerate(where) if at is None]
        if left:
            some = tuple(places[k] for k in left)
            mine = sent(b, mine, some, computed, tuple(own[k] for k in left))
        yield bound, mine


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
        equal = b.op("eq", position_node(b, place, computed), position_node(b, bound, computed))
        found = equal if found is None else b.op("and", found, equal)
    return found


def position_node(b: Builder, place: Place, computed: Sequence[Node]) -> Node:
    """A place as a number."""
    if isinstance(place, int):
        return computed[place - 1]
    if isinstance(place, Run):
        return b.index(place.index) + b.size(place.by)
    offset = b.size(place.offset)
    return b.length(place.axis) + offset if place.anchor == "end" else offset


def from_kin(b: Builder, flow: Node, read: Node, family: str) -> Node:
    """What a read at children or the parent sends back: a read the other way."""
    if read.op == "child":
        return b.tree("up", (flow,), family, slot=read.attrs["slot"], outside=0)
    if read.op == "link_child":
        return b.tree("of_link", (flow,), family, outside=0)
    kids = b.tree("link_child", (flow,), links(family))
    return b.tree("sum_links", (kids,), family)

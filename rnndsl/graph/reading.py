"""Reads of the checked model as nodes: shifts, lookups at positions, boundaries that are named.

A `shift` moves all indices of what it reads by fixed steps. `at` (and `gather`, where a place is
computed) looks up: its `places` hold, for each index of what is read in its own order, a `Run`,
a `Position`, or the number of the input that computes it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rnndsl.graph.builder import Builder
from rnndsl.graph.node import Node
from rnndsl.model import expr as ir
from rnndsl.model.dims import Dim
from rnndsl.model.expr import Position


@dataclass(frozen=True)
class Run:
    """A place that runs: an index and how far beside it."""

    index: str
    by: Dim

    def __str__(self) -> str:
        offset = str(self.by)
        if not self.by.terms:
            return self.index
        return self.index + (offset if offset.startswith("-") else f"+{offset}")


Place = Run | Position | int


def outside(node: Node) -> int:
    """What is read where nothing is: no token, else 0."""
    return -1 if node.kind == "token" else 0


def places_of(
    b: Builder,
    read: ir.Read,
    name: Callable[[str], str],
    expr: Callable[[ir.Expr], Node],
    first: int = 0,
) -> tuple[list[Place], list[Node]]:
    """The places of a read, and the nodes of those that are computed.

    An index that runs at two places (`e[i,i]`) runs at one of them, the place numbered `first`
    if it can, and is computed at the other.
    """
    taken: dict[str, int] = {}
    for slot in sorted(range(len(read.places)), key=lambda slot: slot != first):
        at = read.places[slot]
        if isinstance(at, Position) and at.anchor == "index":
            taken.setdefault(name(str(at.index)), slot)
    places: list[Place] = []
    computed: list[Node] = []
    for slot, place in enumerate(read.places):
        if not isinstance(place, Position):
            computed.append(expr(place))
        elif place.anchor != "index":
            places.append(place)
            continue
        else:
            index = name(str(place.index))
            if taken[index] == slot:
                places.append(Run(index, place.offset))
                continue
            computed.append(b.index(index) + b.size(place.offset))
        places.append(len(computed))
    return places, computed


def read_node(b: Builder, source: Node, places: Sequence[Place], computed: Sequence[Node]) -> Node:
    """What is read of a value or of data, over the indices that run."""
    own: tuple[str, ...] = source.attrs["own"]
    runs = [place for place in places if isinstance(place, Run)]
    if len(runs) < len(own):
        return _lookup(b, source, places, computed)
    by = tuple((mine, run.by) for mine, run in zip(own, runs, strict=True) if run.by.terms)
    names = {mine: run.index for mine, run in zip(own, runs, strict=True)}
    if not by:
        return b.renamed(source, names)
    return b.renamed(shifted(b, source, by, outside(source)), names)


def shifted(b: Builder, source: Node, by: tuple[tuple[str, Dim], ...], filler: int) -> Node:
    """A source moved along some of its own indices."""
    node = b.raw("shift", (source,), by=by, outside=filler)
    node.kind, node.shape, node.over_b = source.kind, source.shape, True
    return node


def _lookup(b: Builder, source: Node, places: Sequence[Place], computed: Sequence[Node]) -> Node:
    op = "gather" if computed else "at"
    node = b.raw(op, (source, *computed), places=tuple(places), outside=outside(source))
    node.kind, node.shape, node.over_b = source.kind, source.shape, True
    node.over = b.ordered((*running(places), *b.joined(computed)))
    node.family = next((item.family for item in computed if item.family), "")
    return node


def moves(lookup: Node) -> bool:
    """Whether a lookup reads beside a running index, as a shift does."""
    return any(isinstance(place, Run) and place.by.terms for place in lookup.attrs["places"])


def running(places: Sequence[Place]) -> list[str]:
    """The indices that run."""
    return [place.index for place in places if isinstance(place, Run)]


def beyond_place(read: ir.Read) -> int | None:
    """The one place outside its axis, where all others are running indices."""
    found = None
    for slot, place in enumerate(read.places):
        if not isinstance(place, Position):
            return None
        if place.is_outside and found is None:
            found = slot
        elif not place.is_here:
            return None
    return found

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
    b: Builder, read: ir.Read, name: Callable[[str], str], expr: Callable[[ir.Expr], Node]
) -> tuple[list[Place], list[Node]]:
    """The places of a read, and the nodes of those that are computed.

    An index that runs at two places (`e[i,i]`) runs at the first and is computed at the second.
    """
    places: list[Place] = []
    computed: list[Node] = []
    seen: set[str] = set()
    for place in read.places:
        node: Node | None = None
        if not isinstance(place, Position):
            node = expr(place)
        elif place.anchor == "index":
            index = name(str(place.index))
            if index not in seen:
                seen.add(index)
                places.append(Run(index, place.offset))
                continue
            node = b.index(index) + b.size(place.offset)
        if node is None:
            assert isinstance(place, Position)
            places.append(place)
        else:
            computed.append(node)
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
    return node


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

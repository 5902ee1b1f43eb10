"""Room before the first and after the last position, for values that are read there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rnndsl.graph.families import MOVERS
from rnndsl.graph.node import Node
from rnndsl.graph.reading import Place, Run
from rnndsl.model.dims import ONE, Dim
from rnndsl.model.expr import Position


@dataclass
class Extent:
    """How far beyond the ends of one index something is read.

    `before` and `after` hold alternatives of which the largest counts; `delays` those of
    `before` that come from shifts (what a next window must know); `by_position` tells that
    positions are looked up one by one.
    """

    before: list[Dim] = field(default_factory=list)
    after: list[Dim] = field(default_factory=list)
    delays: list[Dim] = field(default_factory=list)
    by_position: bool = False

    @property
    def is_masked(self) -> bool:
        """Whether what lies behind an example's end is read."""
        return bool(self.after) or self.by_position


@dataclass
class Room:
    """The extents of a value along its indices, and its shifts, which are views of it.

    One over the nodes of a tree has no extents, but a row more, which is read where there is no
    node.
    """

    along: dict[str, Extent]
    is_named: bool = True
    views: list[Node] = field(default_factory=list)

    @property
    def is_masked(self) -> bool:
        """Whether what lies behind an example's end is read."""
        return any(extent.is_masked for extent in self.along.values())

    @property
    def delays(self) -> list[Dim]:
        """What a next window must know: of named values over one index only."""
        found = [extent.delays for extent in self.along.values()]
        return found[0] if len(found) == 1 and self.is_named else []


def is_inside(place: Place) -> bool:
    """Whether a position is one of `1..T` for every length: the first or the last."""
    if not isinstance(place, Position):
        return False
    if place.anchor == "start":
        return place.offset == ONE
    return place.anchor == "end" and not place.offset.terms


def find_rooms(nodes: Iterable[Node]) -> dict[Node, Room]:
    """The rooms that a graph needs."""
    rooms: dict[Node, Room] = {}
    for node in sorted(nodes, key=lambda node: node.number):
        if node.op == "shift":
            room = _room(rooms, node.inputs[0])
            if node not in room.views:
                room.views.append(node)
            for index, by in node.attrs["by"]:
                _shifted(room.along[index], by)
        elif node.op in ("at", "gather"):
            _looked_up(rooms, node)
        elif node.op in MOVERS and node.inputs[0].op == "value":
            _room(rooms, node.inputs[0])
    for node, room in rooms.items():
        for where in node.attrs.get("places", ()):
            for index, place in zip(node.attrs["own"], where, strict=True):
                _bounded(room.along[index], place)
    return rooms


def _room(rooms: dict[Node, Room], node: Node) -> Room:
    along = {index: Extent() for index in node.attrs["own"]}
    return rooms.setdefault(node, Room(along, bool(node.name)))


def _looked_up(rooms: dict[Node, Room], node: Node) -> None:
    """Room for a lookup, where it can lead outside."""
    source = node.inputs[0]
    for index, place in zip(source.attrs["own"], node.attrs["places"], strict=True):
        if isinstance(place, Run):
            if place.by.terms:
                _shifted(_room(rooms, source).along[index], place.by)
        elif not is_inside(place):
            _room(rooms, source).along[index].by_position = True


def _bounded(extent: Extent, place: Position | None) -> None:
    """Where positions are looked up, every boundary has its place."""
    if place is None or not extent.by_position:
        return
    if place.anchor == "start":
        _append(extent.before, ONE - place.offset)
    else:
        _append(extent.after, place.offset)


def _shifted(extent: Extent, by: Dim) -> None:
    least, most = by.least, by.most
    is_ahead, is_back = least is not None and least > 0, most is not None and most < 0
    if not is_ahead:
        _append(extent.before, -by)
        _append(extent.delays, -by)
    if not is_back:
        _append(extent.after, by)


def _append(items: list[Dim], dim: Dim) -> None:
    if dim not in items:
        items.append(dim)

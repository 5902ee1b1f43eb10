"""Room before the first and after the last position, for values that are read there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rnndsl.graph.node import Node
from rnndsl.model.dims import ONE, Dim
from rnndsl.model.expr import Position


@dataclass
class Room:
    """How far beyond its ends a value is read.

    `before` and `after` hold alternatives of which the largest counts; `delays` those of
    `before` that come from shifts (what a next window must know); `views` the shifts;
    `by_position` tells that positions are looked up one by one.
    """

    before: list[Dim] = field(default_factory=list)
    after: list[Dim] = field(default_factory=list)
    delays: list[Dim] = field(default_factory=list)
    views: list[Node] = field(default_factory=list)
    by_position: bool = False

    @property
    def is_masked(self) -> bool:
        """Whether what lies behind an example's end is read."""
        return bool(self.after) or self.by_position


def is_inside(place: Position) -> bool:
    """Whether a position is one of `1..T` for every length: the first or the last."""
    if place.anchor == "start":
        return place.offset == ONE
    return place.anchor == "end" and not place.offset.terms


def find_rooms(nodes: Iterable[Node]) -> dict[Node, Room]:
    """The rooms that a graph needs."""
    rooms: dict[Node, Room] = {}
    for node in sorted(nodes, key=lambda node: node.number):
        if node.op == "shift":
            _shifted(rooms.setdefault(node.inputs[0], Room()), node)
        elif node.op == "gather" or (node.op == "at" and not is_inside(node.attrs["place"])):
            rooms.setdefault(node.inputs[0], Room()).by_position = True
    for node, room in rooms.items():
        for place in node.attrs.get("places", ()) if room.by_position else ():
            if place.anchor == "start":
                _append(room.before, ONE - place.offset)
            else:
                _append(room.after, place.offset)
    return rooms


def _shifted(room: Room, shift: Node) -> None:
    by: Dim = shift.attrs["by"]
    least, most = by.least, by.most
    if shift not in room.views:
        room.views.append(shift)
    is_ahead, is_back = least is not None and least > 0, most is not None and most < 0
    if not is_ahead:
        _append(room.before, -by)
        _append(room.delays, -by)
    if not is_back:
        _append(room.after, by)


def _append(items: list[Dim], dim: Dim) -> None:
    if dim not in items:
        items.append(dim)

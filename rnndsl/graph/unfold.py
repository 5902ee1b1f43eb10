"""Unfolding: the graph of values at positions, as the textbooks draw it.

A node is `(name, place)`: a position, None for a value without axis, or `...` for all the
positions that are left out. A value over several axes has its places along its outer axis (see
`outer`); all that it reads along the others is read at each. It knows nothing of how it is
drawn, and evaluates nothing. Fixed axes are to be unrolled before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import EllipsisType
from typing import NamedTuple

import networkx as nx

from rnndsl.graph.equations import LOSS, Along, Reference, references
from rnndsl.graph.outer import outer
from rnndsl.model.dims import Dim
from rnndsl.model.expr import Position
from rnndsl.model.model import Boundary, Model
from rnndsl.model.sizes import known_sizes
from rnndsl.text.diagnostics import DataError

Place = int | None | EllipsisType
Node = tuple[str, Place]
Steps = int | Mapping[str, int]
"""How many positions: of every axis, or by axis."""


class UnfoldedSize(NamedTuple):
    """An upper bound of what `unfold` would build."""

    nodes: int
    edges: int


def unfolded_size(model: Model, steps: Steps) -> UnfoldedSize:
    """How many nodes and edges `unfold(model, steps)` has at most; allocates nothing."""
    found, ends = outer(model), each_axis(model, steps)
    count = {name: ends[axis] if axis else 1 for name in found.slots for axis in [found.axis(name)]}
    nodes, edges = sum(count.values()), 0
    for item in references(model):
        readers = count[item.target]
        edges += readers * (count[item.source] if found.is_spread(item) else 1)
        if _leaves(found.along(item)):
            nodes += readers
    return UnfoldedSize(nodes, edges)


def unfold(
    model: Model,
    steps: Steps,
    *,
    sizes: Mapping[str, int] | None = None,
    elided: range | Mapping[str, range] = range(0),
) -> nx.DiGraph:
    """The model over positions 1..steps of each axis; those in `elided` become one node `...`.

    `steps` and `elided` are one for all axes, or by axis. Nodes carry `role` (`input`, `target`,
    `value`, `loss`, `boundary`), and a boundary its `equation` (None where nothing is given and
    it is 0). Edges carry `references`, a tuple. A size that a position needs and that has no
    value raises a DataError (RNN420).
    """
    hidden = elided if isinstance(elided, Mapping) else dict.fromkeys(model.axes, elided)
    ends, known = each_axis(model, steps), known_sizes(model, sizes or {})
    return _Unfolding(model, ends, known, hidden).build()


def each_axis(model: Model, steps: Steps) -> dict[str, int]:
    """So many positions of each sequence axis."""
    return dict(steps) if isinstance(steps, Mapping) else dict.fromkeys(model.axes, steps)


def offset_value(offset: Dim, sizes: Mapping[str, int]) -> int:
    """An offset as a whole number; DataError (RNN420) where a size is missing."""
    missing = sorted(offset.names - sizes.keys())
    if missing:
        raise DataError(f"unfolding needs a value for the size `{missing[0]}`", "RNN420")
    value = offset.value(sizes)
    if value.denominator != 1:
        raise DataError(f"the delay `{offset}` is {value}, not a whole number", "RNN420")
    return int(value)


def _leaves(at: Along | None) -> bool:
    place = at.place if at else None
    return place is not None and (place.anchor != "index" or not place.is_here)


@dataclass
class _Unfolding:
    """One run of `unfold`; `steps` and `elided` by axis."""

    model: Model
    steps: Mapping[str, int]
    sizes: Mapping[str, int]
    elided: Mapping[str, range]

    def __post_init__(self) -> None:
        self.graph: nx.DiGraph = nx.DiGraph(name=self.model.name)
        self.outer = outer(self.model)
        self.positions = {
            axis: [p for p in _outside(self.elided[axis], end) if 1 <= p <= end]
            for axis, end in self.steps.items()
        }
        self.items = list(references(self.model))

    def build(self) -> nx.DiGraph:
        """Nodes in the order of positions and file, then the edges between them."""
        self._add_nodes()
        inner = [item for item in self.items if self._is_inner(item)]
        for item in inner:
            for reader in self._places(item.target):
                self._read(item, (item.target, reader))
        for item in inner:
            self._carry_on(item)
        for name, place in list(self.graph):
            if self.graph.nodes[name, place]["role"] == "boundary":
                self._read_by_boundaries(name, place)
        return self.graph

    def _is_inner(self, item: Reference) -> bool:
        """Whether the positions of the outer axis read it, and not what stands outside."""
        slot = self.outer.slots[item.target]
        return item.via is None or (slot is not None and item.via.places[slot].is_here)

    def _add_nodes(self) -> None:
        roles: dict[str, str] = {data.name: data.role for data in self.model.data.values()}
        for equation in self.model.all_equations:
            roles[equation.name] = "loss" if equation.name == LOSS else "value"
        for name, role in roles.items():
            for place in self._places(name):
                self.graph.add_node((name, place), role=role)

    def _places(self, name: str) -> Sequence[Place]:
        axis = self.outer.axis(name)
        return [None] if axis is None else self.positions[axis]

    def _read(self, item: Reference, reader: Node) -> None:
        for place in self._sources(item, reader[1]):
            self._connect((item.source, place), reader, item)

    def _sources(self, item: Reference, reader: Place) -> Iterator[Place]:
        """Where `item` reads its source, for a reader at one place."""
        axis, at = self.outer.axis(item.source), self.outer.along(item)
        if axis is None or at is None:
            yield None
        elif self.outer.is_spread(item):
            shift = 0 if at.place is None else offset_value(at.place.offset, self.sizes)
            yield from (self._seen(position + shift, axis) for position in self.positions[axis])
            if self.elided[axis]:
                yield ...
        else:
            assert at.place is not None
            yield self._seen(self._resolve(at.place, reader), axis)

    def _resolve(self, place: Position, reader: Place) -> int:
        start = {"index": reader, "start": 0, "end": self.steps[place.axis]}[place.anchor]
        assert isinstance(start, int)
        return start + offset_value(place.offset, self.sizes)

    def _seen(self, position: int, axis: str) -> Place:
        return ... if position in self.elided[axis] else position

    def _carry_on(self, item: Reference) -> None:
        """An edge into `...` from each position that is read by one that is left out."""
        axis, at = self.outer.axis(item.source), self.outer.along(item)
        if axis is None or at is None or at.place is None or not self.outer.is_moved(item):
            return
        shift = offset_value(at.place.offset, self.sizes)
        for position in self.positions[axis]:
            if position - shift in self.elided[axis]:
                self._connect((item.source, position), (item.source, ...), item)

    def _connect(self, source: Node, target: Node, item: Reference) -> None:
        for node in (source, target):
            if node not in self.graph:
                self._add_extra(node)
        found = self.graph.get_edge_data(source, target, {"references": ()})["references"]
        if item not in found:
            self.graph.add_edge(source, target, references=(*found, item))

    def _add_extra(self, node: Node) -> None:
        name, place = node
        if place is ...:
            seen = next(iter(self._places(name)), None)
            role = self.graph.nodes[name, seen]["role"] if seen is not None else "value"
            self.graph.add_node(node, role=role)
        else:
            given = next(iter(self._boundaries(name, place)), None)
            self.graph.add_node(node, role="boundary", equation=given)

    def _boundaries(self, name: str, position: Place) -> list[Boundary]:
        """What is given there, first what covers most positions of other axes."""
        equation, slot = self.model.equations.get(name), self.outer.slots[name]
        found = []
        for boundary in equation.boundaries if equation and slot is not None else ():
            at = boundary.places[slot or 0]
            if at.index is None and self._resolve(at, None) == position:
                found.append(boundary)
        return sorted(found, key=lambda boundary: -len(boundary.indices))

    def _read_by_boundaries(self, name: str, place: Place) -> None:
        given = self._boundaries(name, place)
        for item in self.items:
            if item.target == name and any(item.via is boundary for boundary in given):
                self._read(item, (name, place))


def _outside(hidden: range, steps: int) -> list[int]:
    """1..steps without the hidden ones, which are not visited."""
    if not hidden:
        return list(range(1, steps + 1))
    return [*range(1, hidden.start), *range(hidden.stop, steps + 1)]

"""Unfolding: the graph of values at positions, as the textbooks draw it.

A node is `(name, place)`: a position, None for a value without axis, or `...` for all the
positions that are left out. A value over several axes has its places along the first of them;
all that it reads along the others is read at each. It knows nothing of how it is drawn, and
evaluates nothing. Fixed axes are to be unrolled before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import EllipsisType
from typing import NamedTuple

import networkx as nx

from rnndsl.graph.equations import LOSS, Along, Reference, references
from rnndsl.model.dims import Dim
from rnndsl.model.expr import Position
from rnndsl.model.model import Boundary, Model
from rnndsl.model.sizes import known_sizes
from rnndsl.text.diagnostics import DataError

Place = int | None | EllipsisType
Node = tuple[str, Place]


class UnfoldedSize(NamedTuple):
    """An upper bound of what `unfold` would build."""

    nodes: int
    edges: int


def unfolded_size(model: Model, steps: int) -> UnfoldedSize:
    """How many nodes and edges `unfold(model, steps)` has at most; allocates nothing."""
    axes = {name: data.axes for name, data in model.data.items()}
    axes |= {equation.name: equation.axes for equation in model.all_equations}
    nodes = sum(steps if carried else 1 for carried in axes.values())
    edges = 0
    for item in references(model):
        readers = steps if axes[item.target] else 1
        edges += readers * (steps if _is_spread(item, model) else 1)
        if _leaves(item):
            nodes += readers
    return UnfoldedSize(nodes, edges)


def unfold(
    model: Model,
    steps: int,
    *,
    sizes: Mapping[str, int] | None = None,
    elided: range = range(0),
) -> nx.DiGraph:
    """The model over positions 1..steps; those in `elided` become one node `...` a name.

    Nodes carry `role` (`input`, `target`, `value`, `loss`, `boundary`), and a boundary its
    `equation` (None where nothing is given and it is 0). Edges carry `references`, a tuple.
    A size that a position needs and that has no value raises a DataError (RNN420).
    """
    unfolding = _Unfolding(model, steps, known_sizes(model, sizes or {}), elided)
    return unfolding.build()


def offset_value(offset: Dim, sizes: Mapping[str, int]) -> int:
    """An offset as a whole number; DataError (RNN420) where a size is missing."""
    missing = sorted(offset.names - sizes.keys())
    if missing:
        raise DataError(f"unfolding needs a value for the size `{missing[0]}`", "RNN420")
    value = offset.value(sizes)
    if value.denominator != 1:
        raise DataError(f"the delay `{offset}` is {value}, not a whole number", "RNN420")
    return int(value)


def _leaves(item: Reference) -> bool:
    place = item.along[0].place if item.along else None
    return place is not None and (place.anchor != "index" or not place.is_here)


def _is_spread(item: Reference, model: Model) -> bool:
    """Whether all positions are read: under a reduction, somewhere, or along another axis."""
    if not item.along:
        return False
    at: Along = item.along[0]
    if at.place is None or at.kind in ("all", "through"):
        return True
    return at.place.index is not None and at.place.index != _index(item, model)


def _index(item: Reference, model: Model) -> str | None:
    """The index that runs along the places of what reads."""
    if item.via is not None:
        return item.via.places[0].index
    equation = model.loss if item.target == LOSS else model.equations[item.target]
    return equation.indices[0] if equation and equation.indices else None


@dataclass
class _Unfolding:
    """One run of `unfold`."""

    model: Model
    steps: int
    sizes: Mapping[str, int]
    elided: range

    def __post_init__(self) -> None:
        self.graph: nx.DiGraph = nx.DiGraph(name=self.model.name)
        hidden = self.elided
        self.positions = [p for p in _outside(hidden, self.steps) if 1 <= p <= self.steps]
        self.items = list(references(self.model))

    def build(self) -> nx.DiGraph:
        """Nodes in the order of positions and file, then the edges between them."""
        self._add_nodes()
        inner = [item for item in self.items if item.via is None]
        for item in inner:
            for reader in self._places(item.target):
                self._read(item, (item.target, reader))
        for item in inner:
            self._carry_on(item)
        for name, place in list(self.graph):
            if self.graph.nodes[name, place]["role"] == "boundary":
                self._read_by_boundary(name, place)
        return self.graph

    def _add_nodes(self) -> None:
        roles: dict[str, str] = {data.name: data.role for data in self.model.data.values()}
        for equation in self.model.all_equations:
            roles[equation.name] = "loss" if equation.name == LOSS else "value"
        for name, role in roles.items():
            for place in self._places(name):
                self.graph.add_node((name, place), role=role)

    def _axes(self, name: str) -> tuple[str, ...]:
        data = self.model.data.get(name)
        if data is not None:
            return data.axes
        if name == LOSS and self.model.loss is not None:
            return self.model.loss.axes
        return self.model.equations[name].axes

    def _places(self, name: str) -> Sequence[Place]:
        return self.positions if self._axes(name) else [None]

    def _read(self, item: Reference, reader: Node) -> None:
        for place in self._sources(item, reader[1]):
            self._connect((item.source, place), reader, item)

    def _sources(self, item: Reference, reader: Place) -> Iterator[Place]:
        """Where `item` reads its source, for a reader at one place."""
        if not self._axes(item.source):
            yield None
        elif _is_spread(item, self.model):
            at = item.along[0].place
            shift = 0 if at is None else offset_value(at.offset, self.sizes)
            yield from (self._seen(position + shift) for position in self.positions)
            if self.elided:
                yield ...
        else:
            place = item.along[0].place
            assert place is not None
            yield self._seen(self._resolve(place, reader))

    def _resolve(self, place: Position, reader: Place) -> int:
        start = {"index": reader, "start": 0, "end": self.steps}[place.anchor]
        assert isinstance(start, int)
        return start + offset_value(place.offset, self.sizes)

    def _seen(self, position: int) -> Place:
        return ... if position in self.elided else position

    def _carry_on(self, item: Reference) -> None:
        """An edge into `...` from each position that is read by one that is left out."""
        place = item.along[0].place if item.along else None
        if place is None or place.index is None or _is_spread(item, self.model):
            return
        shift = offset_value(place.offset, self.sizes)
        for position in self.positions:
            if shift and position - shift in self.elided:
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
            role = self.graph.nodes[name, self.positions[0]]["role"] if self.positions else "value"
            self.graph.add_node(node, role=role)
        else:
            self.graph.add_node(node, role="boundary", equation=self._boundary(name, place))

    def _boundary(self, name: str, position: int | None) -> Boundary | None:
        equation = self.model.equations.get(name)
        for boundary in equation.boundaries if equation else ():
            first = boundary.places[0]
            if first.index is None and self._resolve(first, None) == position:
                return boundary
        return None

    def _read_by_boundary(self, name: str, place: Place) -> None:
        given = self.graph.nodes[name, place]["equation"]
        for item in self.items:
            if item.target == name and given is not None and item.via is given:
                self._read(item, (name, place))


def _outside(hidden: range, steps: int) -> list[int]:
    """1..steps without the hidden ones, which are not visited."""
    if not hidden:
        return list(range(1, steps + 1))
    return [*range(1, hidden.start), *range(hidden.stop, steps + 1)]

"""Unfolding: the graph of values at positions, as the textbooks draw it.

A node is `(name, place)`: a position, None for a value without axis, or `...` for all the
positions that are left out. A value over several axes has its places along its outer axis (see
`outer`); all that it reads along the others is read at each. Along a tree positions are its
nodes. It knows nothing of how it is drawn, and evaluates nothing. Fixed axes are to be unrolled
before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import EllipsisType
from typing import NamedTuple

import networkx as nx

from rnndsl.graph.equations import LOSS, Along, Reference, references
from rnndsl.graph.outer import outer
from rnndsl.graph.tree_shape import TreeShape
from rnndsl.model.dims import Dim
from rnndsl.model.expr import Over, Position, Read, reads
from rnndsl.model.model import Boundary, Model
from rnndsl.model.sizes import known_sizes
from rnndsl.text.diagnostics import DataError

Place = int | None | EllipsisType
Node = tuple[str, Place]
Steps = int | Mapping[str, int]
"""How many positions: of every axis, or by axis."""
Trees = Mapping[str, TreeShape]
"""The tree of each axis that runs over one."""


class UnfoldedSize(NamedTuple):
    """An upper bound of what `unfold` would build."""

    nodes: int
    edges: int


def unfolded_size(model: Model, steps: Steps, trees: Trees | None = None) -> UnfoldedSize:
    """How many nodes and edges `unfold(model, steps)` has at most; allocates nothing."""
    found, ends = outer(model), each_axis(model, steps, trees)
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
    trees: Trees | None = None,
) -> nx.DiGraph:
    """The model over positions 1..steps of each axis; those in `elided` become one node `...`.

    `steps` and `elided` are one for all axes, or by axis. Nodes carry `role` (`input`, `target`,
    `value`, `loss`, `boundary`), and a boundary its `equation` (None where nothing is given and
    it is 0). Edges carry `references`, a tuple. `trees` holds a tree for each axis that runs over
    one: all its nodes are there, but data that none of them reads is not; a missing child or
    parent has no edge. A size that a position needs and that has no value raises a DataError
    (RNN420).
    """
    ends, known = each_axis(model, steps, trees), known_sizes(model, sizes or {})
    hidden = dict(elided) if isinstance(elided, Mapping) else dict.fromkeys(model.axes, elided)
    hidden |= dict.fromkeys(trees or {}, range(0))
    return _Unfolding(model, ends, known, hidden, trees or {}).build()


def each_axis(model: Model, steps: Steps, trees: Trees | None = None) -> dict[str, int]:
    """So many positions of each sequence axis, and the nodes of each tree."""
    found = dict(steps) if isinstance(steps, Mapping) else dict.fromkeys(model.axes, steps)
    return found | {axis: len(tree.nodes) for axis, tree in (trees or {}).items()}


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
    trees: Trees

    def __post_init__(self) -> None:
        self.graph: nx.DiGraph = nx.DiGraph(name=self.model.name)
        self.outer = outer(self.model)
        self.positions = {
            axis: [p for p in _outside(self.elided[axis], end) if 1 <= p <= end]
            for axis, end in self.steps.items()
        }
        self.items = list(references(self.model))
        self.summed = _summed(self.model)

    def build(self) -> nx.DiGraph:
        """Nodes in the order of positions and file, then the edges between them."""
        self._add_nodes()
        inner = [item for item in self.items if self._is_inner(item)]
        for item in inner:
            for reader in self._readers(item):
                self._read(item, (item.target, reader))
        for item in inner:
            self._carry_on(item)
        for name, place in list(self.graph):
            if self.graph.nodes[name, place]["role"] == "boundary":
                self._read_by_boundaries(name, place)
        self._remove_idle()
        return self.graph

    def _is_inner(self, item: Reference) -> bool:
        """Whether the positions of the outer axis read it, and not what stands outside."""
        slot = self.outer.slots[item.target]
        if item.via is None or slot is None:
            return item.via is None
        return item.via.places[slot].is_here or item.via.places[slot].axis in self.trees

    def _remove_idle(self) -> None:
        """Take away what says nothing at a node of a tree: sums over no children, data that
        nothing reads."""
        nodes = [node for node in self.graph if self.outer.axis(node[0]) in self.trees]
        sums = {item.target for item in self.items if item.read in self.summed}
        sums -= {item.target for item in self.items if item.read not in self.summed}
        empty = [n for n in nodes if n[0] in sums and not self.graph.in_degree(n)]
        self.graph.remove_nodes_from(empty)
        data = [node for node in nodes if node[0] in self.model.data and not self.graph[node]]
        self.graph.remove_nodes_from(data)

    def _readers(self, item: Reference) -> Sequence[Place]:
        """Where what reads `item` stands; of a tree the nodes that its equation is for."""
        tree = self.trees.get(self.outer.axis(item.target) or "")
        if tree is None:
            return self._places(item.target)
        found = [node for node in tree.nodes if self._given(item.target, node) is item.via]
        if item.read in self.summed:
            found = [node for node in found if not tree.is_leaf(node)]
        return found

    def _given(self, name: str, node: int) -> Boundary | None:
        """The equation for leaves, or the root, that holds at a node; None for that of all."""
        axis, equation = self.outer.axis(name), self.model.equations.get(name)
        found = {item.place.anchor: item for item in equation.boundaries} if equation else {}
        tree = self.trees[axis or ""]
        if node == tree.root and "root" in found:
            return found["root"]
        return found.get("leaf") if tree.is_leaf(node) else None

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
        elif axis in self.trees:
            yield from self._nodes(item, at, self.trees[axis], reader)
        elif self.outer.is_spread(item):
            shift = 0 if at.place is None else offset_value(at.place.offset, self.sizes)
            yield from (self._seen(position + shift, axis) for position in self.positions[axis])
            if self.elided[axis]:
                yield ...
        else:
            assert at.place is not None
            yield self._seen(self._resolve(at.place, reader), axis)

    def _nodes(self, item: Reference, at: Along, tree: TreeShape, reader: Place) -> Iterator[Place]:
        """The nodes of a tree that `item` reads, for a reader at one place."""
        place = at.place
        if place is not None and place.anchor == "root":
            yield tree.root
        elif self.outer.is_spread(item):
            link = place.link if place is not None else ()
            yield from dict.fromkeys(there for n in tree.nodes for there in tree.follow(n, link))
        elif isinstance(reader, int) and place is not None:
            yield from tree.follow(reader, place.link)

    def _resolve(self, place: Position, reader: Place) -> int:
        start = {"index": reader, "start": 0, "end": self.steps[place.axis]}[place.anchor]
        assert isinstance(start, int)
        return start + offset_value(place.offset, self.sizes)

    def _seen(self, position: int, axis: str) -> Place:
        return ... if position in self.elided[axis] else position

    def _carry_on(self, item: Reference) -> None:
        """An edge into `...` from each position that is read by one that is left out."""
        axis, at = self.outer.axis(item.source), self.outer.along(item)
        if axis is None or axis in self.trees or at is None or at.place is None:
            return
        if not self.outer.is_moved(item):
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


def _summed(model: Model) -> set[Read]:
    """The reads that stand in sums over children: where a node has none, nothing is read."""
    found: set[Read] = set()
    for equation in model.equations.values():
        for top in (equation.expr, *(boundary.expr for boundary in equation.boundaries)):
            inner = (part for part in top.walk() if isinstance(part, Over) and part.within)
            found.update(read for part in inner for read in reads(part))
    return found


def _outside(hidden: range, steps: int) -> list[int]:
    """1..steps without the hidden ones, which are not visited."""
    if not hidden:
        return list(range(1, steps + 1))
    return [*range(1, hidden.start), *range(hidden.stop, steps + 1)]

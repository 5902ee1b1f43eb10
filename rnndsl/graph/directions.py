"""Whether a component of equations can run along an axis, and which way.

It can when every reference inside is a shift along the axis (or none), of one sign, and those
of shift 0 form no circle; what it reads along other axes is free.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise, product

import networkx as nx

from rnndsl.graph.equations import Along, Reference
from rnndsl.model.expr import Position
from rnndsl.model.model import Model

Node = str | tuple[str, int]
"""The name of an equation, or that name and the number of one of its boundaries."""
Edge = tuple[Node, Node, Reference]
"""What is read, what reads it, and how."""
MOST_CHOICES = 4096
"""Of indices to run along, where equations carry two over one axis."""


@dataclass
class Way:
    """A component along an axis, each node with the index that runs: what allows it or not.

    `axis` is None where there is no axis at all.
    """

    axis: str | None
    indices: dict[Node, str | None]
    blocked: list[Reference] = field(default_factory=list)
    unknown: list[Reference] = field(default_factory=list)
    back: list[Reference] = field(default_factory=list)
    ahead: list[Reference] = field(default_factory=list)
    still: nx.MultiDiGraph = field(default_factory=nx.MultiDiGraph)

    @property
    def still_circles(self) -> bool:
        """Whether references of shift 0 form a circle."""
        return not nx.is_directed_acyclic_graph(self.still)

    @property
    def is_mixed(self) -> bool:
        """Whether it would have to run both ways."""
        return bool(self.back and self.ahead)

    @property
    def is_sound(self) -> bool:
        """Whether it can run this way."""
        return not (self.blocked or self.unknown or self.is_mixed or self.still_circles)

    @property
    def step(self) -> int | None:
        """1 forwards, -1 backwards; None where nothing shifts."""
        return 1 if self.back else -1 if self.ahead else None

    @property
    def first_shift(self) -> Reference:
        """The first reference in the text that moves along the axis."""
        return first([*self.back, *self.ahead, *self.unknown])


def first(items: Sequence[Reference]) -> Reference:
    """The reference that stands first in the text."""
    return min(items, key=lambda ref: ref.read.span)


def moving_axes(model: Model, edges: Sequence[Edge]) -> list[str]:
    """The axes along which something inside is read beside the running index."""
    moved = {
        item.axis
        for _, _, ref in edges
        for item in ref.along
        if item.kind == "shift" and not item.is_here
    }
    return [axis for axis in model.axes if axis in moved]


def judge(model: Model, names: set[Node], edges: Sequence[Edge], axis: str | None) -> Way:
    """The way along an axis, by the first choice of running indices that is sound, if any.

    One that moves comes before one that reads nothing beside its index, and one along which
    values and their boundaries run at the same place before any other.
    """
    nodes = sorted(names, key=str)
    choices = product(*(_running(model, node, axis) for node in nodes))
    found: Way | None = None
    rank = (False, False, False)
    for choice in islice(choices, MOST_CHOICES):
        way = Way(axis, dict(zip(nodes, choice, strict=True)))
        for source, target, ref in edges:
            _take(model, way, source, target, ref)
        now = way.is_sound, way.step is not None, _is_alike(model, way)
        if found is None or now > rank:
            found, rank = way, now
        if all(rank):
            break
    assert found is not None
    return found


def _is_alike(model: Model, way: Way) -> bool:
    """Whether each boundary runs at the place at which its value does."""
    return all(
        _places(model, node).index(index) == _places(model, node[0]).index(way.indices[node[0]])
        for node, index in way.indices.items()
        if not isinstance(node, str) and index is not None and way.indices.get(node[0])
    )


def _places(model: Model, node: Node) -> tuple[str | None, ...]:
    """The running index of each axis of a value; None where a boundary has a fixed place."""
    if isinstance(node, str):
        equation = model.equations.get(node)
        return equation.indices if equation else ()
    name, number = node
    return tuple(place.index for place in model.equations[name].boundaries[number].places)


def _axes(model: Model, node: Node) -> tuple[str, ...]:
    equation = model.equations.get(node if isinstance(node, str) else node[0])
    return equation.axes if equation else ()


def _running(model: Model, node: Node, axis: str | None) -> Sequence[str | None]:
    """The indices of a node that may run along an axis; None alone where there is none."""
    pairs = zip(_places(model, node), _axes(model, node), strict=True)
    return [index for index, own in pairs if own == axis and index is not None] or [None]


def _take(model: Model, way: Way, source: Node, target: Node, ref: Reference) -> None:
    """Enter one reference."""
    item = _along(model, way, source, ref)
    if item is None:
        way.still.add_edge(source, target, reference=ref)
        return
    place = item.place
    if item.kind != "shift" or place is None or place.index != way.indices[target]:
        way.blocked.append(ref)
        return
    shift = _sign(place)
    if shift is None:
        way.unknown.append(ref)
    elif shift == 0:
        way.still.add_edge(source, target, reference=ref)
    else:
        (way.back if shift < 0 else way.ahead).append(ref)


def _along(model: Model, way: Way, source: Node, ref: Reference) -> Along | None:
    """Where a reference reads along the axis of a way; None where its source has none there."""
    index = way.indices[source]
    if index is None:
        return None
    return ref.along[_places(model, source).index(index)]


def _sign(place: Position) -> int | None:
    """The sign of a shift; None where it depends on sizes, or leads to a sibling.

    Children come before their parent.
    """
    if place.link:
        ups = {link == "parent" for link in place.link}
        return None if len(ups) > 1 else 1 if ups == {True} else -1
    least, most = place.offset.least, place.offset.most
    if least is not None and least > 0:
        return 1
    if most is not None and most < 0:
        return -1
    return 0 if not place.offset.terms else None


def circles(graph: nx.MultiDiGraph, order: dict[str, int]) -> Iterator[list[Reference]]:
    """One shortest circle for each component of edges without shift."""

    def place(node: Node) -> tuple[int, int]:
        name, number = (node, -1) if isinstance(node, str) else node
        return order[name], number

    for names in nx.strongly_connected_components(graph):
        part = graph.subgraph(names)
        if part.number_of_edges() == 0:
            continue
        start = min(names, key=place)
        after = sorted(set(part.successors(start)), key=place)
        paths = [[start, *nx.shortest_path(part, name, start)] for name in after]
        path = min(paths, key=len)
        yield [
            min(
                (edge["reference"] for edge in part[one][two].values()),
                key=lambda ref: ref.read.span,
            )
            for one, two in pairwise(path)
        ]

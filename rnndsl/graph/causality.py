"""Whether a model can be computed: loops have one direction and no step needs itself.

Loops are the strongly connected components of the graph of equations; boundaries are nodes of
their own, since they are computed before the loop that starts from them. Along which axis a
component can run is for `directions`. Fixed axes are unrolled first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import networkx as nx

from rnndsl.graph import messages
from rnndsl.graph.directions import Edge, Node, Way, circles, first, judge, moving_axes
from rnndsl.graph.equations import Mode, Reference, references
from rnndsl.model.dims import Dim
from rnndsl.model.expr import Position
from rnndsl.model.model import Boundary, Model
from rnndsl.model.unroll import unroll_by_default
from rnndsl.text.diagnostics import Diagnostic

MODES: tuple[Mode, ...] = ("teacher", "free", "scheduled")


@dataclass(frozen=True)
class Loop:
    """Equations that depend on each other through shifts: `step` is 1 forwards, -1 backwards.

    It runs along `axis`; of each equation, in the order of `names`, `indices` holds the index
    that runs with it.
    """

    names: tuple[str, ...]
    step: int
    axis: str
    indices: tuple[str, ...]


def modes(model: Model) -> tuple[Mode, ...]:
    """The modes in which a model differs; one where nothing is taught."""
    return MODES if model.has_teach else ("teacher",)


def boundaries_at(places: Sequence[Position | None], bounds: Sequence[Boundary]) -> list[int]:
    """The boundary written for places, or all that some sizes and positions put there.

    `places`: one for each axis, None where nothing is known of it.
    """
    written = [number for number, bound in enumerate(bounds) if _is_written(bound, places)]
    possible = [number for number, bound in enumerate(bounds) if _may_cover(bound, places)]
    return written[:1] or possible


def _is_written(bound: Boundary, places: Sequence[Position | None]) -> bool:
    """Whether a boundary is given for just these places, under whatever indices."""
    return all(
        given == place or (given.is_here and place is not None and place.is_here)
        for given, place in zip(bound.places, places, strict=True)
    )


def _may_cover(bound: Boundary, places: Sequence[Position | None]) -> bool:
    return all(_may_meet(given, place) for given, place in zip(bound.places, places, strict=True))


def _may_meet(given: Position, place: Position | None) -> bool:
    """Whether one place of a boundary may be where something is read."""
    if given.is_here:
        return place is None or not place.is_outside
    if place is None or place.anchor == "index":
        return place is None or not place.is_here
    gap = given.offset - place.offset
    is_apart = (gap.least is not None and gap.least > 0) or (gap.most is not None and gap.most < 0)
    if given.anchor == place.anchor or place.is_outside:
        return given.anchor == place.anchor and not is_apart
    if given.anchor == "end":
        return True
    least = (place.offset + Dim.number(1) - given.offset).least  # where the length is 1
    return least is None or least <= 0


def dependencies(model: Model, mode: Mode) -> nx.MultiDiGraph:
    """Equations and boundaries, an edge from what is needed to what needs it."""
    graph = nx.MultiDiGraph()
    for equation in model.all_equations:
        graph.add_node(equation.name)
        for number, _ in enumerate(equation.boundaries):
            graph.add_edge((equation.name, number), equation.name, reference=None)
    for item in references(model, mode):
        if item.source in model.equations:
            _depend(graph, model, item)
    return graph


def _depend(graph: nx.MultiDiGraph, model: Model, item: Reference) -> None:
    target: Node = item.target
    if item.via is not None:
        target = (item.target, model.equations[item.target].boundaries.index(item.via))
    sources: list[Node] = [item.source]
    main = item.place
    if main is not None and main.anchor in ("leaf", "root"):
        sources = ends_of_tree(model, item.source, main.anchor)
    elif any(at.kind == "fixed" and at.place and at.place.is_outside for at in item.along):
        bounds = model.equations[item.source].boundaries
        places = [None if at.kind == "all" else at.place for at in item.along]
        sources = [(item.source, number) for number in boundaries_at(places, bounds)]
    for source in sources:
        graph.add_edge(source, target, reference=item)


def ends_of_tree(model: Model, name: str, anchor: str) -> list[Node]:
    """What a read at a leaf, or at the root, depends on: the equation for these, or for all.

    A leaf may be the root of a tree of one node.
    """
    ends = {item.place.anchor: k for k, item in enumerate(model.equations[name].boundaries)}
    if anchor == "root":
        return [(name, ends["root"])] if "root" in ends else [name]
    found: list[Node] = [(name, ends[end]) for end in ("leaf", "root") if end in ends]
    return found if "leaf" in ends else [name]


def loops(model: Model, mode: Mode = "teacher") -> list[Loop]:
    """The loops of a sound model, in the order of the file."""
    model = unroll_by_default(model)
    graph = dependencies(model, mode)
    order = _order(model)
    found: list[Loop] = []
    for names in _components(graph):
        way = _direction(model, names, _edges(graph, names))
        if way is not None and way.step is not None and way.axis is not None:
            inside = sorted((n for n in names if isinstance(n, str)), key=order.__getitem__)
            if not inside:
                continue  # boundaries alone, along another axis
            indices = tuple(way.indices[name] or "" for name in inside)
            found.append(Loop(tuple(inside), way.step, way.axis, indices))
    return sorted(found, key=lambda loop: order[loop.names[0]])


def _order(model: Model) -> dict[str, int]:
    return {equation.name: number for number, equation in enumerate(model.all_equations)}


def _direction(model: Model, names: set[Node], edges: Sequence[Edge]) -> Way | None:
    """How a component runs: along the first axis that it moves along and that allows it."""
    ways = (judge(model, names, edges, axis) for axis in moving_axes(model, edges))
    return next((way for way in ways if way.is_sound), None)


def _components(graph: nx.MultiDiGraph) -> Iterator[set[Node]]:
    for names in nx.strongly_connected_components(graph):
        if len(names) > 1 or any(graph.has_edge(name, name) for name in names):
            yield names


def _edges(graph: nx.MultiDiGraph, names: set[Node]) -> list[Edge]:
    """The references inside a component, with their ends."""
    return [
        (source, target, reference)
        for source, target, reference in graph.edges(names, data="reference")
        if target in names and reference is not None
    ]


def check_causality(model: Model) -> list[Diagnostic]:
    """Everything that keeps the equations from being computed in some order.

    What the unrolled positions of a fixed axis have in common is told once.
    """
    flat = unroll_by_default(model)
    found: dict[object, Diagnostic] = {}
    for mode in modes(flat):
        graph = dependencies(flat, mode)
        for names in _components(graph):
            for item in _faults(flat, names, _edges(graph, names)):
                found.setdefault((item.code, item.labels[0].span), item)
    return sorted(found.values(), key=lambda item: item.labels[0].span)


def _faults(model: Model, names: set[Node], edges: Sequence[Edge]) -> Iterator[Diagnostic]:
    moving = moving_axes(model, edges)
    ways = [judge(model, names, edges, axis) for axis in moving]
    if any(way.is_sound for way in ways):
        return
    if len(ways) > 1:
        closed = [way for way in ways if not (way.still_circles or way.is_mixed)]
        if not closed:
            yield messages.grid(ways[0].first_shift, ways[1].first_shift, moving)
            return
        ways = closed
    if not ways:
        others = [judge(model, names, edges, axis) for axis in model.axes]
        held = [way for way in others if way.blocked]
        ways = [*held, *others, judge(model, names, edges, None)]
    yield from _told(model, names, ways[0])


def _told(model: Model, names: set[Node], way: Way) -> Iterator[Diagnostic]:
    """Everything that is wrong with one way to run."""
    for ref in way.blocked:
        inside = sorted(n for n in names if isinstance(n, str))
        yield messages.blocked(model, ref, inside, way.axis)
    for ref in way.unknown:
        yield messages.unknown_direction(ref)
    for circle in circles(way.still, _order(model)):
        yield messages.same_step(model, circle)
    if way.is_mixed:
        yield messages.mixed(model, first(way.back), first(way.ahead))

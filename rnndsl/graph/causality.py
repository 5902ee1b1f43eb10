"""Whether a model can be computed: loops have one direction and no step needs itself.

Loops are the strongly connected components of the graph of equations; boundaries are nodes of
their own, since they are computed before the loop that starts from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import networkx as nx

from rnndsl.graph import messages
from rnndsl.graph.equations import Mode, Reference, references
from rnndsl.model.expr import Position
from rnndsl.model.model import Model
from rnndsl.text.diagnostics import Diagnostic

MODES: tuple[Mode, ...] = ("teacher", "free", "scheduled")


@dataclass(frozen=True)
class Loop:
    """Equations that depend on each other through shifts: `step` is 1 forwards, -1 backwards."""

    names: tuple[str, ...]
    step: int


def modes(model: Model) -> tuple[Mode, ...]:
    """The modes in which a model differs; one where nothing is taught."""
    return MODES if model.has_teach else ("teacher",)


def is_outside(place: Position) -> bool:
    """Whether a fixed position lies outside `1..T` for every size and length."""
    if place.anchor == "start":
        return place.offset.most is not None and place.offset.most <= 0
    return place.anchor == "end" and place.offset.least is not None and place.offset.least >= 1


def dependencies(model: Model, mode: Mode) -> nx.MultiDiGraph:
    """Equations and boundaries, an edge from what is needed to what needs it."""
    graph = nx.MultiDiGraph()
    for equation in model.all_equations:
        graph.add_node(equation.name)
        for number, _ in enumerate(equation.boundaries):
            graph.add_edge((equation.name, number), equation.name, reference=None, shift=0)
    for item in references(model, mode):
        if item.source in model.equations:
            _depend(graph, model, item)
    return graph


def _depend(graph: nx.MultiDiGraph, model: Model, item: Reference) -> None:
    bounds = model.equations[item.source].boundaries
    target: object = item.target
    if item.via is not None:
        owner = next(e for e in model.all_equations if e.name == item.target)
        target = (item.target, owner.boundaries.index(item.via))
    source: object = item.source
    if item.kind == "fixed" and item.place is not None and is_outside(item.place):
        found = [number for number, bound in enumerate(bounds) if bound.place == item.place]
        if not found:
            return
        source = (item.source, found[0])
    shift = _sign(item) if item.kind == "shift" else 0
    graph.add_edge(source, target, reference=item, shift=shift)


def _sign(item: Reference) -> int | None:
    """The sign of a shift; None where it depends on sizes."""
    assert item.place is not None
    least, most = item.place.offset.least, item.place.offset.most
    if least is not None and least > 0:
        return 1
    if most is not None and most < 0:
        return -1
    return 0 if not item.place.offset.terms else None


def loops(model: Model, mode: Mode = "teacher") -> list[Loop]:
    """The loops of a sound model, in the order of the file."""
    graph = dependencies(model, mode)
    order = {equation.name: number for number, equation in enumerate(model.all_equations)}
    found: list[Loop] = []
    for names in _components(graph):
        inside = list(_edges_inside(graph, names))
        shifts = {shift for _, shift in inside if shift}
        if shifts:
            ordered = sorted((str(name) for name in names), key=lambda name: order[name])
            found.append(Loop(tuple(ordered), -shifts.pop()))
    return sorted(found, key=lambda loop: order[loop.names[0]])


def _components(graph: nx.MultiDiGraph) -> Iterator[set[object]]:
    for names in nx.strongly_connected_components(graph):
        if len(names) > 1 or any(graph.has_edge(name, name) for name in names):
            yield names


def _edges_inside(
    graph: nx.MultiDiGraph, names: set[object]
) -> Iterator[tuple[Reference | None, int | None]]:
    for source, target, edge in graph.edges(data=True):
        if source in names and target in names:
            yield edge["reference"], edge["shift"]


def check_causality(model: Model) -> list[Diagnostic]:
    """Everything that keeps the equations from being computed in some order."""
    found: dict[Diagnostic, None] = {}
    for mode in modes(model):
        graph = dependencies(model, mode)
        for names in _components(graph):
            for item in _faults(model, graph, names):
                found.setdefault(item)
    return sorted(found, key=lambda item: item.labels[0].span)


def _faults(model: Model, graph: nx.MultiDiGraph, names: set[object]) -> Iterator[Diagnostic]:
    inside = [(ref, shift) for ref, shift in _edges_inside(graph, names) if ref is not None]
    still = nx.MultiDiGraph()
    for source, target, edge in graph.edges(data=True):
        is_step = edge["reference"] is None or edge["reference"].kind in ("same", "shift")
        if source in names and target in names and edge["shift"] == 0 and is_step:
            still.add_edge(source, target, reference=edge["reference"])
    for circle in _circles(still):
        yield messages.same_step(model, [ref for ref in circle if ref is not None])
    for ref, shift in inside:
        if ref.kind in ("fixed", "all", "through"):
            yield messages.blocked(model, ref, sorted(n for n in names if isinstance(n, str)))
        elif shift is None:
            yield messages.unknown_direction(ref)
    back = [ref for ref, shift in inside if shift is not None and shift < 0]
    ahead = [ref for ref, shift in inside if shift is not None and shift > 0]
    if back and ahead:
        yield messages.mixed(model, _first(back), _first(ahead))


def _first(items: list[Reference]) -> Reference:
    return min(items, key=lambda ref: ref.read.span)


def _circles(graph: nx.MultiDiGraph) -> Iterator[list[Reference | None]]:
    """One shortest circle for each component of edges without shift."""
    for names in nx.strongly_connected_components(graph):
        starts = sorted((name for name in names if isinstance(name, str)), key=str)
        part = graph.subgraph(names)
        if not starts or part.number_of_edges() == 0:
            continue
        start = starts[0]
        after = sorted(set(part.successors(start)), key=str)
        paths = [[start, *nx.shortest_path(part, name, start)] for name in after]
        path = min(paths, key=len)
        yield [
            min(part[one][two].values(), key=_place)["reference"]
            for one, two in zip(path, path[1:], strict=False)
        ]


def _place(edge: dict[str, Reference | None]) -> int:
    reference = edge["reference"]
    return reference.read.span.start if reference else 0

"""Whether a model can be computed: loops have one direction and no step needs itself.

Loops are the strongly connected components of the graph of equations; boundaries are nodes of
their own, since they are computed before the loop that starts from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import networkx as nx

from rnndsl.graph import messages
from rnndsl.graph.equations import Mode, Reference, references
from rnndsl.model.expr import Position
from rnndsl.model.model import Boundary, Model
from rnndsl.text.diagnostics import Diagnostic

Node = str | tuple[str, int]
"""The name of an equation, or that name and the number of one of its boundaries."""

MODES: tuple[Mode, ...] = ("teacher", "free", "scheduled")


@dataclass(frozen=True)
class Loop:
    """Equations that depend on each other through shifts: `step` is 1 forwards, -1 backwards."""

    names: tuple[str, ...]
    step: int


def modes(model: Model) -> tuple[Mode, ...]:
    """The modes in which a model differs; one where nothing is taught."""
    return MODES if model.has_teach else ("teacher",)


def boundaries_at(place: Position, bounds: Sequence[Boundary]) -> list[int]:
    """The boundary written for a position outside `1..T`, or all that some sizes put there."""
    written = [number for number, bound in enumerate(bounds) if bound.place == place]
    possible = [number for number, bound in enumerate(bounds) if _may_meet(bound.place, place)]
    return written[:1] or possible


def _may_meet(one: Position, other: Position) -> bool:
    gap = one.offset - other.offset
    is_apart = (gap.least is not None and gap.least > 0) or (gap.most is not None and gap.most < 0)
    return one.anchor == other.anchor and not is_apart


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
    target: Node = item.target
    if item.via is not None:
        target = (item.target, model.equations[item.target].boundaries.index(item.via))
    sources: list[Node] = [item.source]
    if item.kind == "fixed" and item.place is not None and item.place.is_outside:
        bounds = model.equations[item.source].boundaries
        sources = [(item.source, number) for number in boundaries_at(item.place, bounds)]
    shift = _sign(item) if item.kind == "shift" else 0
    for source in sources:
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
        shifts = {edge["shift"] for _, edge in inside if edge["shift"]}
        if shifts:
            ordered = sorted((str(name) for name in names), key=lambda name: order[name])
            found.append(Loop(tuple(ordered), -shifts.pop()))
    return sorted(found, key=lambda loop: order[loop.names[0]])


def _components(graph: nx.MultiDiGraph) -> Iterator[set[Node]]:
    for names in nx.strongly_connected_components(graph):
        if len(names) > 1 or any(graph.has_edge(name, name) for name in names):
            yield names


def _edges_inside(
    graph: nx.MultiDiGraph, names: set[Node]
) -> Iterator[tuple[tuple[Node, Node], dict[str, Any]]]:
    """The edges of a component: their ends, and what they carry."""
    for source, target, edge in graph.edges(names, data=True):
        if target in names:
            yield (source, target), edge


def check_causality(model: Model) -> list[Diagnostic]:
    """Everything that keeps the equations from being computed in some order."""
    found: dict[Diagnostic, None] = {}
    order = {equation.name: number for number, equation in enumerate(model.all_equations)}
    for mode in modes(model):
        graph = dependencies(model, mode)
        for names in _components(graph):
            for item in _faults(model, graph, names, order):
                found.setdefault(item)
    return sorted(found, key=lambda item: item.labels[0].span)


def _faults(
    model: Model, graph: nx.MultiDiGraph, names: set[Node], order: dict[str, int]
) -> Iterator[Diagnostic]:
    still = nx.MultiDiGraph()
    back: list[Reference] = []
    ahead: list[Reference] = []
    for (source, target), edge in _edges_inside(graph, names):
        ref: Reference | None = edge["reference"]
        shift: int | None = edge["shift"]
        if ref is None:
            continue
        if isinstance(source, str) and ref.kind in ("fixed", "all", "through"):
            yield messages.blocked(model, ref, sorted(n for n in names if isinstance(n, str)))
        elif shift is None:
            yield messages.unknown_direction(ref)
        elif shift == 0:
            still.add_edge(source, target, reference=ref)
        else:
            (back if shift < 0 else ahead).append(ref)
    for circle in _circles(still, order):
        yield messages.same_step(model, circle)
    if back and ahead:
        yield messages.mixed(model, _first(back), _first(ahead))


def _first(items: list[Reference]) -> Reference:
    return min(items, key=lambda ref: ref.read.span)


def _circles(graph: nx.MultiDiGraph, order: dict[str, int]) -> Iterator[list[Reference]]:
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

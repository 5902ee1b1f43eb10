"""The graph of equations: values, data and parameters, with shifts on the edges.

It is what people draw on a board: one node a name, one edge a reference. Causality is decided
here and drawings start here; derivatives and code start from the graph of operations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import networkx as nx

from rnndsl.model.expr import Expr, Over, Position, Read, Teach
from rnndsl.model.model import Boundary, Equation, Model

Mode = Literal["teacher", "free", "scheduled"]
LOSS = "loss"


@dataclass(frozen=True)
class Reference:
    """One read of `source` by `target`.

    `place` is where along the axis (None: the source has no axis); `kind` is `shift` (relative
    to the running index), `fixed` (one position), `all` (under a reduction) or `through` (a
    position that is itself a value). `via` is set where the reference stands in a boundary of
    the target, `teach` where it stands inside a `teach`.
    """

    source: str
    target: str
    kind: Literal["same", "shift", "fixed", "all", "through"]
    place: Position | None
    read: Read
    via: Boundary | None = None
    teach: Literal["teacher", "free"] | None = None


def references(model: Model, mode: Mode | None = None) -> Iterator[Reference]:
    """Every reference between data, values and the loss; `None` takes both sides of `teach`."""
    for equation in model.all_equations:
        yield from _inside(equation, equation.expr, mode, None)
        for boundary in equation.boundaries:
            yield from _inside(equation, boundary.expr, mode, boundary)


def _inside(
    equation: Equation, top: Expr, mode: Mode | None, via: Boundary | None
) -> Iterator[Reference]:
    stack: list[tuple[Expr, frozenset[str], Literal["teacher", "free"] | None]]
    stack = [(top, frozenset(), None)]
    while stack:
        expr, bound, side = stack.pop()
        if isinstance(expr, Over):
            bound = bound | {expr.index}
        if isinstance(expr, Teach):
            if mode != "teacher":
                stack.append((expr.free, bound, "free"))
            if mode != "free":
                stack.append((expr.teacher, bound, "teacher"))
            continue
        if isinstance(expr, Read):
            yield _reference(equation, expr, bound, via, side)
        stack.extend((child, bound, side) for child in reversed(expr.children))


def _reference(
    equation: Equation,
    read: Read,
    bound: frozenset[str],
    via: Boundary | None,
    side: Literal["teacher", "free"] | None,
) -> Reference:
    place = read.places[0] if read.places else None
    kind: Literal["same", "shift", "fixed", "all", "through"] = "same"
    if isinstance(place, Expr):
        kind, place = "through", None
    elif place is not None:
        kind = "fixed" if place.anchor != "index" else "shift"
        kind = "all" if place.index in bound else kind
    return Reference(read.name, equation.name, kind, place, read, via, side)


def equation_graph(model: Model, mode: Mode | None = None) -> nx.MultiDiGraph:
    """Nodes: names, with `role` (`input`, `target`, `value`, `loss`) and `axes`.

    Edges: from what is read to what reads it, each with its `reference`.
    """
    graph = nx.MultiDiGraph(name=model.name)
    for data in model.data.values():
        graph.add_node(data.name, role=data.role, axes=data.axes)
    for equation in model.all_equations:
        role = "loss" if equation.name == LOSS else "value"
        graph.add_node(equation.name, role=role, axes=equation.axes)
    for item in references(model, mode):
        graph.add_edge(item.source, item.target, reference=item)
    return graph

"""The graph of equations: values, data and parameters, with shifts on the edges.

It is what people draw on a board: one node a name, one edge a reference. Causality is decided
here and drawings start here; derivatives and code start from the graph of operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import networkx as nx

from rnndsl.model.expr import Expr, Over, Position, Read, Teach
from rnndsl.model.model import Boundary, Model

Mode = Literal["teacher", "free", "scheduled"]
LOSS = "loss"
CHILDREN = "children"
"""The step from a node to each of its children."""


Kind = Literal["same", "shift", "fixed", "all", "through"]


@dataclass(frozen=True)
class Along:
    """Where along one of its axes something is read.

    `kind` is `shift` (relative to the running index of `place`, 0 too; along a tree at a child or
    the parent of the running node, or at the running leaf), `fixed` (one position), `all` (under a
    reduction) or `through` (a position that is itself a value: no `place`).
    """

    axis: str
    kind: Kind
    place: Position | None

    @property
    def is_here(self) -> bool:
        """Whether it is read where the reader is."""
        return self.kind == "shift" and self.place is not None and self.place.is_here


@dataclass(frozen=True)
class Reference:
    """One read of `source` by `target`.

    `along` says where along each axis of the source, in its order. `via` is set where the
    reference stands in a boundary of the target, `teach` where it stands inside a `teach`.
    """

    source: str
    target: str
    along: tuple[Along, ...]
    read: Read
    via: Boundary | None = None
    teach: Literal["teacher", "free"] | None = None

    @property
    def main(self) -> Along | None:
        """The first axis along which it is not read where the reader is, else the first."""
        aside = (item for item in self.along if not item.is_here)
        return next(aside, self.along[0] if self.along else None)

    @property
    def kind(self) -> Kind:
        """The kind along that axis; `same` where the source has no axis."""
        return self.main.kind if self.main else "same"

    @property
    def place(self) -> Position | None:
        """The place along that axis."""
        return self.main.place if self.main else None


def references(model: Model, mode: Mode | None = None) -> Iterator[Reference]:
    """Every reference between data, values and the loss; `None` takes both sides of `teach`."""
    axes = {name: data.axes for name, data in model.data.items()}
    axes |= {equation.name: equation.axes for equation in model.all_equations}
    for equation in model.all_equations:
        for via in (None, *equation.boundaries):
            expr = equation.expr if via is None else via.expr
            for read, bound, side in _reads(expr, mode):
                places = zip(axes[read.name], read.places, strict=True)
                along = tuple(_along(axis, place, bound) for axis, place in places)
                yield Reference(read.name, equation.name, along, read, via, side)


Bound = Mapping[str, str]
"""The indices bound around a read; for one of children, the node whose children they are."""


def _reads(
    top: Expr, mode: Mode | None
) -> Iterator[tuple[Read, Bound, Literal["teacher", "free"] | None]]:
    """Every read, with the indices bound around it and its side of a `teach`."""
    stack: list[tuple[Expr, Bound, Literal["teacher", "free"] | None]]
    stack = [(top, {}, None)]
    while stack:
        expr, bound, side = stack.pop()
        if isinstance(expr, Over):
            bound = {**bound, expr.index: expr.within}
        if isinstance(expr, Teach):
            if mode != "teacher":
                stack.append((expr.free, bound, "free"))
            if mode != "free":
                stack.append((expr.teacher, bound, "teacher"))
            continue
        if isinstance(expr, Read):
            yield expr, bound, side
        stack.extend((child, bound, side) for child in reversed(expr.children))


def _along(axis: str, place: Position | Expr, bound: Bound) -> Along:
    if isinstance(place, Expr):
        return Along(axis, "through", None)
    if place.anchor == "leaf":
        return Along(axis, "shift", place)
    if place.anchor != "index":
        return Along(axis, "fixed", place)
    node = bound.get(str(place.index))
    if node:
        return Along(axis, "shift", replace(place, index=node, link=(CHILDREN, *place.link)))
    return Along(axis, "shift" if node is None else "all", place)


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

"""Lowering over trees: what is read at children, parents, leaves and roots, and sums over them.

What runs over nodes is computed for all nodes of a family at once (`families`). The equation
for leaves is one over the leaves alone, joined with that for all others; that for the root one
of each example.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

import networkx as nx

from rnndsl.graph.builder import Builder
from rnndsl.graph.causality import dependencies
from rnndsl.graph.families import axis_of, inner, leaves, links, part_of
from rnndsl.graph.forward import Forward
from rnndsl.graph.node import Node
from rnndsl.graph.reading import outside
from rnndsl.model import expr as ir
from rnndsl.model.expr import Position, Type
from rnndsl.model.model import Boundary, Equation, Model


class Nodes(ABC):
    """The part of lowering that knows of trees; `family` is whose results are being lowered."""

    b: Builder
    model: Model
    graph: Forward
    running: tuple[str, ...]

    def __init__(self) -> None:
        self.family = ""
        self.child = ""
        self.ends: dict[tuple[str, str], Node] = {}
        self.kept: dict[Node, Node] = {}
        self._looped: set[object] | None = None

    @abstractmethod
    def _expr(self, expr: ir.Expr) -> Node:
        """An expression as a node."""

    @abstractmethod
    def _fitting(self, node: Node, kind: Type) -> Node:
        """What a name holds."""

    @contextmanager
    def _among(self, family: str, child: str = "") -> Iterator[None]:
        """Lower over a family; `child` is the index of children, if links are run over."""
        before = self.family, self.child, self.running
        self.family, self.child = family, child
        self.running = () if family else before[2]
        yield
        self.family, self.child, self.running = before

    @contextmanager
    def _under(self, origin: str) -> Iterator[None]:
        """What is lowered comes from this equation."""
        before, self.b.origin = self.b.origin, origin
        yield
        self.b.origin = before

    def _tree_of(self, axes: tuple[str, ...]) -> str:
        """The tree that something is over; empty where it is over none."""
        return next((axis for axis in axes if self._is_tree(axis)), "")

    def _is_tree(self, axis: str) -> bool:
        return axis in self.model.axes and self.model.axes[axis].is_tree

    # Equations

    def _over_nodes(self, equation: Equation, axis: str) -> Node:
        """The right sides of an equation over nodes, as one node."""
        ends = self._boundaries(equation)
        family = inner(axis) if "leaf" in ends and not self._is_within(equation) else axis
        found = self._piece(equation.expr, family, equation.type)
        if "leaf" in ends and family == axis:
            at_leaf = self._piece(ends["leaf"].expr, axis, equation.type)
            is_leaf = self.b.op("eq", self.b.kin("kid_count", axis), 0)
            found = self.b.where(is_leaf, at_leaf, found)
        if "root" in ends:
            found = self._with_root(equation, found)
        if family != axis:
            found = self.b.tree("join", (self._at_leaves(equation), found), axis)
        return found

    def _boundaries(self, equation: Equation) -> dict[str, Boundary]:
        return {boundary.place.anchor: boundary for boundary in equation.boundaries}

    def _piece(self, expr: ir.Expr, family: str, kind: Type) -> Node:
        """An expression for each of a family."""
        with self._among(family):
            return self._each(self._fitting(self._expr(expr), kind))

    def _each(self, node: Node) -> Node:
        """A node once for each of the family, if it is the same for several."""
        if not node.over_b:
            return self.b.tree("each", (node,), self.family)
        return self.b.lifted(node, self.family)

    def _with_root(self, equation: Equation, found: Node) -> Node:
        """What holds at the root in place of anything else."""
        family = found.family
        is_root = self.b.lifted(self.b.kin("is_root", axis_of(family)), family)
        at_root = self.b.lifted(self._at_root(equation), family)
        return self.b.where(is_root, at_root, found)

    def _at_root(self, equation: Equation) -> Node:
        """The equation for roots, one result an example."""
        key = equation.name, "root"
        if key not in self.ends:
            boundary = self._boundaries(equation)["root"]
            with self._among(""), self._under(f"{equation.name}[root]"):
                self.running = (f"{boundary.place.axis}.root",)
                self.ends[key] = self._fitting(self._expr(boundary.expr), equation.type)
        return self.ends[key]

    def _at_leaves(self, equation: Equation) -> Node:
        """The equation for leaves, over these."""
        key = equation.name, "leaf"
        if key not in self.ends:
            ends = self._boundaries(equation)
            family = leaves(ends["leaf"].place.axis)
            with self._under(f"{equation.name}[leaf]"):
                found = self._piece(ends["leaf"].expr, family, equation.type)
            self.ends[key] = self._with_root(equation, found) if "root" in ends else found
        return self.ends[key]

    def _is_within(self, equation: Equation) -> bool:
        """Whether the equation for leaves needs the loop of the equation for all others."""
        if self._looped is None:
            graph = dependencies(self.model, self.graph.mode)
            parts = nx.strongly_connected_components(graph)
            self._looped = {name for part in parts if len(part) > 1 for name in part}
        number = [item.place.anchor for item in equation.boundaries].index("leaf")
        return (equation.name, number) in self._looped

    # Reads

    def _read_node(self, read: ir.Read, source: Node, axis: str) -> Node:
        """A value or data at a node."""
        place = read.places[0]
        assert isinstance(place, Position)
        equation = self.model.equations.get(read.name)
        ends = self._boundaries(equation) if equation is not None else {}
        if place.anchor == "root":
            if equation is not None and "root" in ends:
                return self._at_root(equation)
            return self.b.tree("at_root", (source,), "")
        if place.anchor == "leaf":
            if equation is not None and "leaf" in ends and part_of(self.family):
                return self._at_leaves(equation)
            return self.b.lifted(source, self.family)
        for number, step in enumerate(reversed(place.link)):
            source = self._step(self._kept(source) if number else source, step, axis)
        if place.index == self.child:
            source = self._kept(source) if place.link else source
            return self.b.tree("link_child", (source,), links(axis))
        return self.b.lifted(source, self.family)

    def _kept(self, found: Node) -> Node:
        """What nodes found at others, kept for those that ask them for it."""
        if found not in self.kept:
            self.kept[found] = self.b.value("", found.kind, found.shape, (), found.family)
            self.kept[found].inputs = [found]
        return self.kept[found]

    def _step(self, source: Node, step: str, axis: str) -> Node:
        """What each node finds at its parent, or at a child."""
        filler = outside(source)
        if step == "parent":
            return self.b.tree("parent", (source,), axis, outside=filler)
        return self.b.tree("child", (source,), axis, slot=step, outside=filler)

    # Reductions

    def _over_tree(self, expr: ir.Over) -> Node:
        """A reduction over the children of a node, or over all nodes of an example."""
        with self._among(*((links(expr.axis), expr.index) if expr.within else (expr.axis, ""))):
            body = self._expr(expr.body)
            if expr.operation in ("mean", "logsumexp", "softmax"):
                body = self.b.real(body)
            body = self._each(self.b.whole(body))
        found = self._reduced(expr, body)
        return self.b.lifted(found, self.family) if found.family else found

    def _reduced(self, expr: ir.Over, body: Node) -> Node:
        b, word = self.b, "links" if expr.within else "nodes"
        family, back = (expr.axis, "link_node") if expr.within else ("", "owned")
        if expr.operation == "sum":
            return b.tree(f"sum_{word}", (body,), family)
        if expr.operation == "mean":
            counts = b.kin("kid_count" if expr.within else "node_count", expr.axis)
            total = b.tree(f"sum_{word}", (body,), family)
            return total / b.real(b.op("max", counts, 1))
        sign = -1 if expr.operation == "min" else 1
        best = b.tree(f"best_{word}", (body,), family, sign=sign)
        if expr.operation in ("max", "min"):
            return best
        powers = b.op("exp", body - b.tree(back, (best,), body.family))
        total = b.tree(f"sum_{word}", (powers,), family)
        if expr.operation == "logsumexp":
            return b.op("log", total) + best
        return powers / b.tree(back, (total,), body.family)

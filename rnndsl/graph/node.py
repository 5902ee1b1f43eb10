"""Nodes of the graph of operations: what is computed, from what, with which shape.

A node has one result at every position of some indices (`over`) and for every example
(`over_b`), or one for all. Its arithmetic operators make further nodes of the same graph.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rnndsl.graph.families import axis_of
from rnndsl.model.dims import Dim
from rnndsl.model.expr import Kind

if TYPE_CHECKING:
    from rnndsl.graph.builder import Builder


class Node:
    """One operation and its result; compared by identity, ordered by `number`.

    Where `over_b`, there is one result for each member of a `family`: the examples (""), or nodes
    or links of a tree (`families`).
    """

    __slots__ = (
        "attrs",
        "builder",
        "family",
        "inputs",
        "is_number",
        "kind",
        "name",
        "number",
        "op",
        "origin",
        "over",
        "over_b",
        "shape",
        "unit",
    )

    def __init__(self, builder: Builder, op: str, inputs: Iterable[Node], **attrs: Any) -> None:
        self.builder = builder
        self.op = op
        self.inputs = list(inputs)
        self.attrs: dict[str, Any] = attrs
        self.number = 0
        self.name = ""
        self.unit = ""
        self.origin = ""
        self.kind: Kind = "real"
        self.shape: tuple[Dim, ...] = ()
        self.over: tuple[str, ...] = builder.joined(self.inputs)
        self.over_b: bool = any(item.over_b for item in self.inputs)
        self.family: str = next((item.family for item in self.inputs if item.over_b), "")
        self.is_number = False

    @property
    def rank(self) -> int:
        """Number of dimensions of the result."""
        return len(self.shape)

    @property
    def over_t(self) -> bool:
        """Whether there is a result for each position of some index."""
        return bool(self.over)

    def runs(self, index: str) -> bool:
        """Whether there is a result for each position of an index, or each node of a tree."""
        return index in self.over or (bool(self.family) and axis_of(self.family) == index)

    @property
    def is_plain(self) -> bool:
        """Whether there is one result for all positions and examples."""
        return not (self.over or self.over_b)

    def __repr__(self) -> str:
        inside = ", ".join(str(item.number) for item in self.inputs)
        return f"%{self.number} = {self.op}({inside}){' ' + self.name if self.name else ''}"

    def __add__(self, other: Operand) -> Node:
        return self.builder.op("add", self, other)

    def __sub__(self, other: Operand) -> Node:
        return self.builder.op("sub", self, other)

    def __rsub__(self, other: Operand) -> Node:
        return self.builder.op("sub", other, self)

    def __mul__(self, other: Operand) -> Node:
        return self.builder.op("mul", self, other)

    def __rmul__(self, other: Operand) -> Node:
        return self.builder.op("mul", other, self)

    def __truediv__(self, other: Operand) -> Node:
        return self.builder.op("div", self, other)

    def __pow__(self, other: Operand) -> Node:
        return self.builder.op("pow", self, other)

    def __neg__(self) -> Node:
        return self.builder.op("neg", self)

    def __gt__(self, other: Operand) -> Node:
        return self.builder.op("gt", self, other)

    def __ge__(self, other: Operand) -> Node:
        return self.builder.op("ge", self, other)

    def __le__(self, other: Operand) -> Node:
        return self.builder.op("le", self, other)


Operand = Node | int | float

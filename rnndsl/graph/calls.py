"""The language's functions in terms of the graph's operations."""

from __future__ import annotations

from collections.abc import Sequence

from rnndsl.graph.builder import Builder
from rnndsl.graph.node import Node
from rnndsl.model import expr as ir
from rnndsl.ops.signatures import FUNCTIONS

PRODUCTS = {(2, 1): "matvec", (1, 2): "vecmat", (2, 2): "matmat"}
"""The product of two operands by their ranks."""


def lower_call(b: Builder, expr: ir.Apply, inputs: Sequence[Node]) -> Node:
    """One call, its arguments lowered already."""
    if expr.operation == "matmul":
        return b.op(PRODUCTS[inputs[0].rank, inputs[1].rank], *inputs)
    function = FUNCTIONS.get(expr.operation)
    if function is None or function.lower is None:
        return b.op(expr.operation, *inputs)
    node: Node = function.lower(b, inputs, expr.type.shape)
    return node

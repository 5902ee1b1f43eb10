"""The language's functions in terms of the graph's operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

from rnndsl.graph.builder import Builder
from rnndsl.graph.node import Node
from rnndsl.model import expr as ir

Lower = Callable[[Builder, Sequence[Node]], Node]


def _matmul(b: Builder, a: Sequence[Node]) -> Node:
    names = {(2, 1): "matvec", (1, 2): "vecmat", (2, 2): "matmat"}
    return b.op(names[a[0].rank, a[1].rank], *a)


def _extreme(over: str, between: str, sign: int) -> Lower:
    def lower(b: Builder, a: Sequence[Node]) -> Node:
        if len(a) > 1:
            return reduce(lambda left, right: b.op(between, left, right), a)
        return b.op(over, a[0], sign=sign) if a[0].rank else a[0]

    return lower


def _total(name: str) -> Lower:
    def lower(b: Builder, a: Sequence[Node]) -> Node:
        node = a[0] if name in ("sum", "prod") else b.real(a[0])
        if node.rank:
            return b.op(name, node)
        return b.op("abs", node) if name == "norm" else node

    return lower


def _squared_error(b: Builder, a: Sequence[Node]) -> Node:
    square = b.op("square", b.real(a[0]) - b.real(a[1]))
    return b.op("sum", square) if square.rank else square


def _binary_cross_entropy(b: Builder, a: Sequence[Node]) -> Node:
    logits, values = b.real(a[0]), b.real(a[1])
    terms = b.op("softplus", logits) - values * logits
    return b.op("sum", terms) if terms.rank else terms


def _clamp(b: Builder, a: Sequence[Node]) -> Node:
    return b.op("min", b.op("max", a[0], a[1]), a[2])


def _reals(name: str) -> Lower:
    return lambda b, a: b.op(name, *(b.real(item) for item in a))


CALLS: dict[str, Lower] = {
    "matmul": _matmul,
    "max": _extreme("greatest", "max", 1),
    "min": _extreme("least", "min", -1),
    "sum": _total("sum"),
    "mean": _total("mean"),
    "prod": _total("prod"),
    "logsumexp": _total("logsumexp"),
    "norm": _total("norm"),
    "squared_error": _squared_error,
    "binary_cross_entropy": _binary_cross_entropy,
    "clamp": _clamp,
    "cross_entropy": lambda b, a: b.op("cross_entropy", b.real(a[0]), a[1]),
    "nll": lambda b, a: b.op("nll", b.real(a[0]), a[1]),
    **{
        name: _reals(name)
        for name in (
            "softmax",
            "log_softmax",
            "concat",
            "dot",
            "outer",
            "cosine",
            "circular_conv",
            "argmax",
        )
    },
}


def lower_call(b: Builder, expr: ir.Apply, inputs: Sequence[Node]) -> Node:
    """One call, its arguments lowered already."""
    if expr.operation == "one_hot":
        return b.op("one_hot", inputs[0], size=expr.type.shape[0])
    known = CALLS.get(expr.operation)
    return known(b, inputs) if known else b.op(expr.operation, *inputs)

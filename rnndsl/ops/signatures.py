"""What the language knows of each function before any number: arguments, shapes, kinds.

A shape rule is `elementwise` (scalars broadcast, everything else has one shape), `total`
(arguments meet elementwise, the result is a scalar), or a signature: dimensions of each
argument, `->`, dimensions of the result; `#k` stands for a token of size `k`; alternatives
are parted by `|`.
"""

from __future__ import annotations

from dataclasses import dataclass

ELEMENTWISE = "elementwise"
TOTAL = "total"


@dataclass(frozen=True)
class Signature:
    """How a function may be called."""

    name: str
    least: int
    most: int | None
    shapes: str
    kind: str = "real"
    """`real`, `same` (that of the arguments, joined), `branch` (of all but the first),
    `token`, `bool`, or `arithmetic` (integer where all arguments are)."""
    draws: bool = False


def _rows() -> list[Signature]:
    smooth = ("sigmoid", "tanh", "relu", "softplus", "exp", "log", "sqrt")
    rows = [Signature(name, 1, 1, ELEMENTWISE) for name in smooth]
    rows += [
        Signature("abs", 1, 1, ELEMENTWISE, "arithmetic"),
        Signature("min", 1, None, ELEMENTWISE, "arithmetic"),
        Signature("max", 1, None, ELEMENTWISE, "arithmetic"),
        Signature("clamp", 3, 3, ELEMENTWISE, "arithmetic"),
        Signature("where", 3, 3, ELEMENTWISE, "branch"),
        Signature("logaddexp", 2, 2, ELEMENTWISE),
        Signature("dropout", 2, 2, ELEMENTWISE, draws=True),
        Signature("sum", 1, 1, TOTAL, "arithmetic"),
        Signature("mean", 1, 1, TOTAL),
        Signature("prod", 1, 1, TOTAL, "arithmetic"),
        Signature("logsumexp", 1, 1, TOTAL),
        Signature("norm", 1, 1, TOTAL),
        Signature("squared_error", 2, 2, TOTAL),
        Signature("binary_cross_entropy", 2, 2, TOTAL),
        Signature("softmax", 1, 1, "k -> k"),
        Signature("log_softmax", 1, 1, "k -> k"),
        Signature("argmax", 1, 1, "k -> #k", "token"),
        Signature("sample", 1, 1, "k -> #k", "token", draws=True),
        Signature("one_hot", 1, 1, "#k -> k"),
        Signature("cross_entropy", 2, 2, "k, #k ->"),
        Signature("nll", 2, 2, "k, #k ->"),
        Signature("dot", 2, 2, "n, n ->"),
        Signature("outer", 2, 2, "n, m -> n m"),
        Signature("transpose", 1, 1, "n m -> m n"),
        Signature("cosine", 2, 2, "m, m -> | n m, m -> n"),
        Signature("circular_conv", 2, 2, "n, s -> n"),
        Signature("concat", 1, None, "concat"),
    ]
    return rows


FUNCTIONS: dict[str, Signature] = {row.name: row for row in _rows()}
"""Every function of the language but `teach`, by name."""

OVER_AXIS = ("sum", "mean", "max", "min", "prod", "logsumexp", "argmax", "softmax")
"""What takes an index in brackets: `sum[t](…)`."""

OPERATORS: dict[str, str] = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "%": "mod",
    "^": "pow",
    "@": "matmul",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
    "==": "eq",
    "!=": "ne",
    "and": "and",
    "or": "or",
}
COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not")

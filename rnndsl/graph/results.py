"""Results of operations: the kind and shape that follow from the operands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnndsl.graph.node import Node
from rnndsl.model.dims import ONE, Dim
from rnndsl.model.expr import Kind

BOOLEAN = ("touched", "lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not", "truth", "coin")
WHOLE = ("add", "sub", "mul", "mod", "neg", "abs", "max", "min", "square", "sum", "greatest",
         "least", "prod", "sum_over", "max_over", "min_over", "prod_over")  # fmt: skip
INTEGER_RESULTS = ("argmax", "argmax_over", "sample", "to_whole")
SCALARS = ("sum", "mean", "prod", "greatest", "least", "logsumexp", "norm", "dot", "cross_entropy",
           "nll", "argmax", "sample", "coin", "touched")  # fmt: skip
"""Operations over all components, or with a result of their own, that give one number."""


def result_kind(name: str, inputs: Sequence[Node]) -> Kind:
    """The kind of a result: conditions, whole numbers where all operands are, else reals."""
    if name in BOOLEAN:
        return "bool"
    if name in INTEGER_RESULTS:
        return "integer"
    if name == "where":
        kinds = {item.kind for item in inputs[1:]}
        return "real" if "real" in kinds else "bool" if kinds == {"bool"} else "integer"
    if name == "pick":
        return inputs[0].kind
    if name in WHOLE and all(item.kind != "real" for item in inputs):
        return "integer"
    return "real"


def result_shape(name: str, inputs: Sequence[Node], attrs: dict[str, Any]) -> tuple[Dim, ...]:
    """The shape of a result, where the operation is not entry by entry."""
    first = inputs[0].shape
    if name in SCALARS:
        return ()
    match name:
        case "matvec" | "cosine":
            return first[:-1]
        case "vecmat":
            return inputs[1].shape[1:]
        case "matmat":
            return (*first[:-1], inputs[1].shape[-1])
        case "outer" | "outer_sum":
            return (*first, *inputs[1].shape)
        case "transpose":
            return first[::-1]
        case "concat":
            return (sum((item.shape[0] if item.rank else ONE for item in inputs), Dim(())),)
        case "slice":
            return () if attrs["squeeze"] else (attrs["stop"] - attrs["start"],)
        case "cosine_right":
            return inputs[1].shape
        case "circular_weights":
            return inputs[2].shape
        case "pick":
            return first[1:]
        case "unpick" | "put" | "row_sums":
            return (attrs["size"], *first)
        case "one_hot":
            return (attrs["size"],)
        case "dropout":
            return tuple(attrs["shape"])
        case "total":
            return () if attrs["components"] else first
    return first

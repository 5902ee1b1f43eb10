"""The kind and shape of a result, as the row of its operation says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnndsl.graph.node import Node
from rnndsl.model.dims import Dim
from rnndsl.model.expr import Kind
from rnndsl.ops.operation import Operation


def result_kind(row: Operation, inputs: Sequence[Node]) -> Kind:
    """The kind of a result: conditions, whole numbers where all operands are, else reals."""
    match row.kind:
        case "bool" | "integer" | "real":
            return row.kind
        case "first":
            return inputs[0].kind
        case "branch":
            kinds = {item.kind for item in inputs[1:]}
            return "real" if "real" in kinds else "bool" if kinds == {"bool"} else "integer"
    return "integer" if all(item.kind != "real" for item in inputs) else "real"


def result_shape(row: Operation, inputs: Sequence[Node], attrs: dict[str, Any]) -> tuple[Dim, ...]:
    """The shape of a result: entry by entry, that of the operand that is no scalar."""
    shapes = [item.shape for item in inputs]
    return max(shapes, key=len) if row.is_elementwise else row.shape(shapes, attrs)

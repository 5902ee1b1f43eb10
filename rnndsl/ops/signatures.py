"""What a file may call: functions and operators of the language by name."""

from __future__ import annotations

from rnndsl.ops import components, elementwise, positions, products
from rnndsl.ops.function import Function

ROOMS = (elementwise, components, products, positions)


def _functions() -> list[Function]:
    beside = [item for room in ROOMS for item in room.FUNCTIONS]
    return [*(row.function for room in ROOMS for row in room.ROWS if row.function), *beside]


FUNCTIONS: dict[str, Function] = {item.name: item for item in _functions()}
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

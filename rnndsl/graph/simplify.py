"""What needs no operation: numbers with numbers, neutral elements, scalars that fill a shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rnndsl.graph.node import Node
from rnndsl.model.dims import Dim

if TYPE_CHECKING:
    from rnndsl.graph.builder import Builder

FOLDS: dict[str, Callable[[float, float], float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
}


def only_filled(inputs: list[Node]) -> tuple[Dim, ...] | None:
    """The shape of scalars that fill it, where nothing else has a shape."""
    shapes = [item.shape for item in inputs if item.op == "fill"]
    return shapes[0] if shapes and all(i.op == "fill" or not i.rank for i in inputs) else None


def unfilled(inputs: list[Node]) -> list[Node]:
    """A filled scalar beside something of full shape broadcasts by itself."""
    return [item.inputs[0] if item.op == "fill" else item for item in inputs]


def simplify(builder: Builder, name: str, inputs: list[Node]) -> Node | None:
    """What needs no operation: numbers with numbers, and the neutral elements."""
    values = [item.attrs["value"] if item.op == "number" else None for item in inputs]
    known = [value for value in values if value is not None]
    if name in FOLDS and len(known) == 2:
        return builder.number(FOLDS[name](known[0], known[1]))
    if name == "mul" and 1 in values:
        return inputs[1 - values.index(1)]
    if (name in ("div", "pow") and values[1] == 1) or (name in ("add", "sub") and values[1] == 0):
        return inputs[0]
    if name == "pow" and values[1] == 2:
        return builder.op("square", inputs[0])
    if name == "neg" and inputs[0].op == "neg":
        return inputs[0].inputs[0]
    return None

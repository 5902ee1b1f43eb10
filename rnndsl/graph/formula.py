"""Nodes of the graph of operations back as formulas of the language: `b + U @ x[t]`.

For people to read: what a part of an equation has become. It need not parse again where an
operation has no word in the language.
"""

from __future__ import annotations

from rnndsl.graph.equations import Reference
from rnndsl.graph.node import Node
from rnndsl.model.dims import Dim
from rnndsl.model.expr import Position
from rnndsl.model.model import Model
from rnndsl.syntax import tree
from rnndsl.syntax.printer import print_expr
from rnndsl.text.source import NOWHERE

INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "mod": "%", "pow": "^",
         "matvec": "@", "vecmat": "@", "matmat": "@", "and": "and", "or": "or", "lt": "<",
         "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}  # fmt: skip
THROUGH = ("to_real", "fill", "spread", "carry", "truth")
WORDS = {"greatest": "max", "least": "min"}
MAX_DEPTH = 12


def formula(node: Node, model: Model) -> str:
    """The formula of a node, down to names; what is nested too deeply is left out as `…`."""
    return print_expr(_Formula(model).whole(node))


def reference_text(reference: Reference, model: Model) -> str:
    """What an equation reads, as it would be written there: `h[t-1]`, `h[T]`, `u`."""
    place, axis = reference.place, next(iter(model.axes.values()), None)
    if place is None or axis is None:
        return reference.source if reference.kind == "same" else f"{reference.source}[…]"
    anchor = {"index": place.index or axis.name, "end": axis.length, "start": ""}[place.anchor]
    return f"{reference.source}[{_moved(anchor, place.offset)}]"


class _Formula:
    def __init__(self, model: Model) -> None:
        axis = next(iter(model.axes.values()), None)
        self.index = axis.name if axis else "t"
        self.length = axis.length if axis else "T"

    def whole(self, node: Node, depth: int = 0) -> tree.Expr:
        """A node without looking at its own name only."""
        if depth > MAX_DEPTH:
            return _name("…")
        if node.op in THROUGH:
            return self.whole(node.inputs[0], depth)
        if node.op in ("param", "data", "value"):
            return self._at(node, self.index)
        if node.op in ("shift", "at", "gather"):
            return self._read(node, depth)
        match node.op:
            case "number":
                return tree.Number(NOWHERE, node.attrs["value"])
            case "size":
                return _name(str(node.attrs["dim"]))
            case "length":
                return _name(self.length)
            case "index":
                return _name(self.index)
        return self._operation(node, [self.whole(item, depth + 1) for item in node.inputs])

    def _operation(self, node: Node, inputs: list[tree.Expr]) -> tree.Expr:
        op = node.op
        if op in INFIX:
            return tree.Binary(NOWHERE, INFIX[op], inputs[0], inputs[1])
        if op in ("neg", "not"):
            return tree.Unary(NOWHERE, "-" if op == "neg" else "not", inputs[0])
        if op == "square":
            return tree.Binary(NOWHERE, "^", inputs[0], tree.Number(NOWHERE, 2))
        if op == "pick":
            literal = node.attrs.get("literal")
            index = inputs[1] if literal is None else tree.Number(NOWHERE, literal)
            return tree.Index(NOWHERE, inputs[0], (index,))
        binder = None
        if op.endswith("_over"):
            op, binder = op.removesuffix("_over"), tree.Binder(NOWHERE, self.index)
        return tree.Call(NOWHERE, WORDS.get(op, op), tuple(inputs), binder)

    def _read(self, node: Node, depth: int) -> tree.Expr:
        source = node.inputs[0]
        if node.op == "gather":
            inside = self.whole(node.inputs[1], depth + 1)
            return tree.Index(NOWHERE, _name(source.name), (inside,))
        if node.op == "shift":
            return self._at(source, _moved(self.index, node.attrs["by"]))
        place: Position = node.attrs["place"]
        anchor = self.length if place.anchor == "end" else ""
        return self._at(source, _moved(anchor, place.offset), always=True)

    def _at(self, node: Node, place: str, always: bool = False) -> tree.Expr:
        if not (node.over_t or always):
            return _name(node.name)
        return tree.Index(NOWHERE, _name(node.name), (_name(place),))


def _moved(anchor: str, offset: Dim) -> str:
    """`t-1`, `T+1`, `t-d`, `1`."""
    text = str(offset).replace(" ", "")
    if not anchor:
        return text
    if not offset.terms:
        return anchor
    return anchor + (text if text.startswith("-") else f"+{text}")


def _name(text: str) -> tree.Name:
    return tree.Name(NOWHERE, text)

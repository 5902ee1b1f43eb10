"""Nodes of the graph of operations back as formulas of the language: `b + U @ x[t]`.

For people to read: what a part of an equation has become. It need not parse again where an
operation has no word in the language.
"""

from __future__ import annotations

from rnndsl.graph.equations import Reference
from rnndsl.graph.families import MOVERS, axis_of
from rnndsl.graph.node import Node
from rnndsl.graph.reading import Run
from rnndsl.model.declarations import place_text
from rnndsl.model.dims import ZERO, Dim
from rnndsl.model.expr import Position
from rnndsl.model.model import Model
from rnndsl.syntax import tree
from rnndsl.syntax.printer import print_expr
from rnndsl.text.source import NOWHERE

INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "mod": "%", "pow": "^",
         "matvec": "@", "vecmat": "@", "matmat": "@", "and": "and", "or": "or", "lt": "<",
         "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}  # fmt: skip
THROUGH = ("to_real", "fill", "spread", "carry", "truth", "each", "owned", "part", "link_node")
WORDS = {"greatest": "max", "least": "min"}
MAX_DEPTH = 12


def formula(node: Node, model: Model) -> str:
    """The formula of a node, down to names; what is nested too deeply is left out as `…`."""
    return print_expr(_Formula(model).whole(node))


def reference_text(reference: Reference, model: Model) -> str:
    """What an equation reads, as it would be written there: `h[t-1]`, `h[T]`, `u`."""
    if not reference.read.places:
        return reference.source
    texts = []
    for place in reference.read.places:
        if not isinstance(place, Position):
            texts.append("…")
            continue
        texts.append(place_text(place, model))
    return f"{reference.source}[{','.join(texts)}]"


class _Formula:
    def __init__(self, model: Model) -> None:
        self.axes = model.axes

    def whole(self, node: Node, depth: int = 0) -> tree.Expr:
        """A node without looking at its own name only."""
        if depth > MAX_DEPTH:
            return _name("…")
        if node.op in THROUGH:
            return self.whole(node.inputs[0], depth)
        if node.op in ("param", "data", "value"):
            own = [axis_of(node.family)] if node.family else node.attrs["own"]
            return _indexed(node.name, [_name(index) for index in own])
        if node.op == "rename":
            return self._renamed(node, depth)
        if node.op in MOVERS:
            return self._kin(node)
        if node.op in ("shift", "at", "gather"):
            return self._read(node, depth)
        match node.op:
            case "number":
                return tree.Number(NOWHERE, node.attrs["value"])
            case "size":
                return _name(str(node.attrs["dim"]))
            case "length":
                return _name(self.axes[node.attrs["axis"]].length)
            case "index":
                return _name(node.attrs["index"])
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
            op, binder = op.removesuffix("_over"), tree.Binder(NOWHERE, node.attrs["index"])
        return tree.Call(NOWHERE, WORDS.get(op, op), tuple(inputs), binder)

    def _renamed(self, node: Node, depth: int) -> tree.Expr:
        names, source = dict(node.attrs["names"]), node.inputs[0]
        if source.op not in ("data", "value", "shift"):
            return self.whole(source, depth)
        by = dict(source.attrs["by"]) if source.op == "shift" else {}
        base = source.inputs[0] if source.op == "shift" else source
        own = base.attrs["own"]
        items = [_name(_moved(names.get(index, index), by.get(index, ZERO))) for index in own]
        return _indexed(base.name, items)

    def _kin(self, node: Node) -> tree.Expr:
        """What is read at another node of a tree."""
        source, steps = node, list[str]()
        while source.op in MOVERS or (source.op == "value" and not source.name):
            steps += [str(source.attrs.get("slot", source.op))] * (source.op in MOVERS)
            source = source.inputs[0]
        place = ".".join([axis_of(source.family), *steps])
        return _indexed(source.name, [_name(place)])

    def _read(self, node: Node, depth: int) -> tree.Expr:
        source = node.inputs[0]
        own = source.attrs["own"]
        if node.op == "shift":
            by = dict(node.attrs["by"])
            return _indexed(source.name, [_name(_moved(i, by.get(i, ZERO))) for i in own])
        items: list[tree.Expr] = []
        for place in node.attrs["places"]:
            if isinstance(place, int):
                items.append(self.whole(node.inputs[place], depth + 1))
            elif isinstance(place, Run):
                items.append(_name(_moved(place.index, place.by)))
            else:
                anchor = self.axes[place.axis].length if place.anchor == "end" else ""
                items.append(_name(_moved(anchor, place.offset)))
        return _indexed(source.name, items)


def _indexed(name: str, items: list[tree.Name] | list[tree.Expr]) -> tree.Expr:
    return tree.Index(NOWHERE, _name(name), tuple(items)) if items else _name(name)


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

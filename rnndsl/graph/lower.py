"""From the checked model to the graph of operations, for one mode of `teach`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rnndsl.graph.builder import Builder
from rnndsl.graph.calls import lower_call
from rnndsl.graph.causality import boundaries_at
from rnndsl.graph.equations import Mode
from rnndsl.graph.node import Node
from rnndsl.model import expr as ir
from rnndsl.model.dims import ONE
from rnndsl.model.expr import Position, Type
from rnndsl.model.model import Boundary, Equation, Model

TRUTHS = ("and", "or", "not")


@dataclass
class Forward:
    """The graph of operations of a model: what is given, what is computed, what is asked."""

    model: Model
    mode: Mode
    builder: Builder
    params: dict[str, Node] = field(default_factory=dict)
    data: dict[str, Node] = field(default_factory=dict)
    values: dict[str, Node] = field(default_factory=dict)
    outputs: dict[str, Node] = field(default_factory=dict)
    loss: Node | None = None
    nodes: tuple[Node, ...] = ()
    """What was there before anything was differentiated."""


def lower(model: Model, mode: Mode = "teacher", share: bool = True) -> Forward:
    """The graph of a model; `share` lets equal operations of different equations be one."""
    return _Lowering(model, mode, share).run()


class _Lowering:
    def __init__(self, model: Model, mode: Mode, share: bool) -> None:
        self.model = model
        self.b = Builder(share)
        self.graph = Forward(model, mode, self.b)
        self.running = False
        self.carries: dict[tuple[str, Position], Node] = {}

    def run(self) -> Forward:
        for name, param in self.model.params.items():
            self.graph.params[name] = self.b.given("param", name, "real", param.shape)
        for name, data in self.model.data.items():
            over = {"t": bool(data.axes), "b": True}
            node = self.b.given("data", name, data.type.kind, data.type.shape, **over)
            self.graph.data[name] = node
        for equation in self.model.all_equations:
            kind = equation.type
            shape, over_t = kind.shape, bool(equation.axes)
            value = self.b.value(equation.name, kind.kind, shape, over_t)
            self.graph.values[equation.name] = value
        for equation in self.model.all_equations:
            self.b.origin = equation.name
            self._equation(equation)
        self.b.origin = ""
        if self.model.loss is not None:
            self.graph.loss = self.graph.values["loss"]
        with self._in("", True):
            for output in self.model.outputs:
                self.graph.outputs[output.label] = self._read(output.read)
        return self.graph

    @contextmanager
    def _in(self, unit: str, running: bool) -> Iterator[None]:
        before = self.b.unit, self.running
        self.b.unit, self.running = unit, running
        yield
        self.b.unit, self.running = before

    def _equation(self, equation: Equation) -> None:
        value = self.graph.values[equation.name]
        with self._in(equation.name, bool(equation.axes)):
            value.inputs = [self._fitting(self._expr(equation.expr), equation.type)]
            value.unit = value.origin = equation.name
        for boundary in equation.boundaries:
            value.inputs.append(self._carry(equation, boundary))
        value.attrs["places"] = tuple(item.place for item in equation.boundaries)

    def _fitting(self, node: Node, kind: Type) -> Node:
        """What a name holds: reals for a real name, and its full shape."""
        node = self.b.real(node) if kind.kind == "real" else node
        return self.b.filled(node, kind.shape) if len(kind.shape) > node.rank else node

    def _carry(self, equation: Equation, boundary: Boundary) -> Node:
        """A boundary, which the state of the window before overrides."""
        key = equation.name, boundary.place
        if key not in self.carries:
            with self._in("", False):
                node = self._fitting(self._expr(boundary.expr), equation.type)
                self.carries[key] = self._carried(node, equation.name, equation.type, key[1])
        return self.carries[key]

    def _carried(self, node: Node, name: str, kind: Type, place: Position) -> Node:
        if len(kind.shape) > node.rank:
            node = self.b.filled(node, kind.shape)
        if place.anchor == "end":
            return node
        result = self.b.raw("carry", (node,), name=name, row=ONE - place.offset)
        result.kind, result.shape, result.over_b = kind.kind, kind.shape, True
        return result

    # Expressions

    def _expr(self, expr: ir.Expr) -> Node:
        match expr:
            case ir.Literal(value=value):
                return self.b.number(value)
            case ir.SizeNumber(dim=dim):
                return self.b.size(dim)
            case ir.Length():
                return self.b.length()
            case ir.IndexNumber():
                return self.b.index()
            case ir.Param(name=name):
                return self.graph.params[name]
            case ir.Read():
                return self._read(expr)
            case ir.Pick():
                return self._pick(expr)
            case ir.Over():
                return self._over(expr)
            case ir.Teach():
                return self._teach(expr)
            case ir.Apply():
                return self._apply(expr)
        raise AssertionError(expr)

    def _read(self, read: ir.Read) -> Node:
        node = self.graph.data.get(read.name) or self.graph.values[read.name]
        if not read.places:
            return node
        place = read.places[0]
        if not isinstance(place, Position):
            result = self.b.raw("gather", (node, self._expr(place)), outside=_outside(node))
        elif place.is_here:
            return node
        elif place.anchor == "index":
            result = self.b.raw("shift", (node,), by=place.offset, outside=_outside(node))
        elif place.is_outside:
            return self._beyond(read, node, place)
        else:
            result = self.b.raw("at", (node,), place=place, outside=_outside(node))
            result.over_t = False
        if result.op == "gather":
            result.over_t = result.inputs[1].over_t
        result.kind, result.shape, result.over_b = node.kind, node.shape, True
        return result

    def _beyond(self, read: ir.Read, node: Node, place: Position) -> Node:
        """A read at one position outside the sequence: the boundary there, else nothing."""
        equation = self.model.equations.get(read.name)
        kind = Type(node.kind, node.shape)
        result = self._carried(self.b.number(_outside(node)), read.name, kind, place)
        if equation is None:
            return result
        for number in reversed(boundaries_at(place, equation.boundaries)):
            bound = equation.boundaries[number]
            if bound.place == place:
                return self._carry(equation, bound)
            offsets = self.b.size(place.offset), self.b.size(bound.place.offset)
            result = self.b.where(self.b.op("eq", *offsets), self._carry(equation, bound), result)
        return result

    def _pick(self, expr: ir.Pick) -> Node:
        base = self._expr(expr.base)
        index = self._expr(expr.index)
        if index.op == "number":
            result = self.b.raw("pick", (base,), literal=index.attrs["value"])
        else:
            result = self.b.raw("pick", (base, index))
        result.kind, result.shape = base.kind, base.shape[1:]
        return result

    def _over(self, expr: ir.Over) -> Node:
        with self._in("", True):
            body = self._expr(expr.body)
            if not body.over_t:
                body = self.b.spread(body)
            if expr.operation in ("mean", "logsumexp", "softmax"):
                body = self.b.real(body)
            sign = {"max": 1, "min": -1}.get(expr.operation)
            attrs = {} if sign is None else {"sign": sign}
            return self.b.op(f"{expr.operation}_over", body, **attrs)

    def _teach(self, expr: ir.Teach) -> Node:
        if self.graph.mode == "teacher":
            return self._expr(expr.teacher)
        free = self._expr(expr.free)
        if self.graph.mode == "free":
            return free
        coin = self._draw(self.b.raw("coin", (), site=expr.site))
        coin.kind = "bool"
        return self.b.where(coin, self._expr(expr.teacher), free)

    def _draw(self, node: Node) -> Node:
        """A draw differs at every position that runs, and for every example."""
        node.over_t, node.over_b = node.over_t or self.running, True
        return node

    def _apply(self, expr: ir.Apply) -> Node:
        inputs = [self._expr(item) for item in expr.arguments]
        if expr.operation in TRUTHS:
            inputs = [self._truth(item) for item in inputs]
        if expr.operation == "where":
            inputs[0] = self._truth(inputs[0])
        if expr.operation == "dropout":
            shape = expr.type.shape
            mask = self.b.raw("dropout", (self.b.real(inputs[1]),), site=expr.site, shape=shape)
            mask.shape = shape
            return self.b.real(inputs[0]) * self._draw(mask)
        if expr.operation == "sample":
            node = self.b.raw("sample", (self.b.real(inputs[0]),), site=expr.site)
            node.kind = "integer"
            return self._draw(node)
        return lower_call(self.b, expr, inputs)

    def _truth(self, node: Node) -> Node:
        return node if node.kind == "bool" else self.b.op("truth", node)


def _outside(node: Node) -> int:
    """What is read where nothing is: no token, else 0."""
    return -1 if node.kind == "token" else 0

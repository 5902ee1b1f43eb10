"""From the checked model to the graph of operations, for one mode of `teach`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rnndsl.graph.beyond import Beyond
from rnndsl.graph.builder import Builder
from rnndsl.graph.calls import lower_call
from rnndsl.graph.equations import Mode
from rnndsl.graph.forward import Forward as Forward
from rnndsl.graph.indices import completed, dimension_order, loop_names, loop_slots
from rnndsl.graph.node import Node
from rnndsl.graph.nodes import Nodes
from rnndsl.graph.pieces import flat_parts, has_fixed, own_indices, part_of, piece_name
from rnndsl.graph.reading import Place, places_of, read_node
from rnndsl.model import expr as ir
from rnndsl.model.dims import ONE
from rnndsl.model.expr import Position, Type, free_indices
from rnndsl.model.model import Boundary, Data, Equation, Model
from rnndsl.model.unroll import unroll_by_default

TRUTHS = ("and", "or", "not")


def lower(model: Model, mode: Mode = "teacher", share: bool = True) -> Forward:
    """The graph of a model; `share` lets equal operations of different equations be one.

    Fixed axes are unrolled by the default sizes of the model.
    """
    return _Lowering(unroll_by_default(model), mode, share).run()


class _Lowering(Beyond, Nodes):
    def __init__(self, model: Model, mode: Mode, share: bool) -> None:
        Beyond.__init__(self)
        Nodes.__init__(self)
        self.model = model
        axes = {index: axis.name for axis in model.axes.values() for index in axis.indices}
        self.b = Builder(share, dimension_order(model, mode), axes)
        self.graph = Forward(model, mode, self.b)
        self.running: tuple[str, ...] = ()
        self.carries: dict[tuple[str, tuple[Position, ...]], Node] = {}
        self.swaps, self.loop_slots = loop_names(model, mode), loop_slots(model, mode)
        self.swap: dict[str, str] = {}

    def run(self) -> Forward:
        for name, param in self.model.params.items():
            self.graph.params[name] = self.b.given("param", name, "real", param.whole)
        for data in self.model.data.values():
            if not has_fixed(self.model, data):
                self._data(data, ())
        for equation in self.model.all_equations:
            kind, own = equation.type, self._names(equation.name, equation.indices)
            tree = self._tree_of(equation.axes)
            value = self.b.value(equation.name, kind.kind, kind.shape, () if tree else own, tree)
            self.graph.values[equation.name] = value
        for equation in self.model.all_equations:
            self.b.origin = equation.name
            self.swap = self.swaps.get(equation.name, {})
            self._equation(equation)
        self.b.origin, self.swap = "", {}
        if self.model.loss is not None:
            self.graph.loss = self.graph.values["loss"]
        for output in self.model.outputs:
            for place, read in flat_parts(output.parts or output.read):
                key = piece_name(output.label, place)
                if place:
                    self.graph.pieces.setdefault(output.label, {})[place] = key
                self._output(key, read)
        for node, equation, boundary in self.waiting:
            node.inputs = [self._carry(equation, boundary)]
        return self.graph

    def _data(self, data: Data, place: tuple[int, ...]) -> Node:
        """Data, or what of it stands at one place along its fixed axes."""
        key = piece_name(data.name, place)
        if key not in self.graph.data:
            tree = self._tree_of(data.axes)
            own = () if tree else own_indices(self.model, data.axes)
            kind, shape = data.type.kind, data.type.shape
            node = self.b.given("data", data.name, kind, shape, own, True, place)
            node.family = tree
            self.graph.data[key] = node
        return self.graph.data[key]

    def _output(self, key: str, read: ir.Read) -> None:
        tree = self._tree_of(tuple(free_indices(read).values()))
        free = () if tree else tuple(free_indices(read))
        self.graph.layouts[key] = free
        if tree:
            self.graph.outputs[key] = self._piece(read, tree, read.type)
            return
        with self._in("", free):
            node = self._read(read)
            for index in free:
                node = node if index in node.over else self.b.spread(node, index)
            self.graph.outputs[key] = node

    def _names(self, equation: str, indices: tuple[str, ...]) -> tuple[str, ...]:
        swap = self.swaps.get(equation, {})
        return tuple(swap.get(index, index) for index in indices)

    def _name(self, index: str) -> str:
        return self.swap.get(index, index)

    @contextmanager
    def _in(self, unit: str, running: tuple[str, ...]) -> Iterator[None]:
        before = self.b.unit, self.running
        self.b.unit, self.running = unit, running
        yield
        self.b.unit, self.running = before

    def _equation(self, equation: Equation) -> None:
        value = self.graph.values[equation.name]
        if value.family:
            with self._in(equation.name, ()):
                value.inputs = [self._over_nodes(equation, value.family)]
                value.unit = value.origin = equation.name
            return
        with self._in(equation.name, value.attrs["own"]):
            value.inputs = [self._fitting(self._expr(equation.expr), equation.type)]
            value.unit = value.origin = equation.name
        for boundary in equation.boundaries:
            value.inputs.append(self._carry(equation, boundary))
        value.attrs["places"] = tuple(
            tuple(None if place.is_here else place for place in item.places)
            for item in equation.boundaries
        )

    def _fitting(self, node: Node, kind: Type) -> Node:
        """What a name holds: reals for a real name, and its full shape."""
        node = self.b.real(node) if kind.kind == "real" else node
        return self.b.filled(node, kind.shape) if len(kind.shape) > node.rank else node

    def _carry(self, equation: Equation, boundary: Boundary) -> Node:
        """A boundary, which the state of the window before overrides, over the value's indices."""
        key = equation.name, boundary.places
        if key not in self.carries:
            own, before = self.graph.values[equation.name].attrs["own"], self.swap
            names = {str(p.index): i for i, p in zip(own, boundary.places, strict=True) if p.index}
            self.lowering.add(key)
            self.swap = completed(names, self.model)
            with self._in("", tuple(self._name(index) for index in boundary.indices)):
                node = self._fitting(self._expr(boundary.expr), equation.type)
                if len(own) == 1:
                    node = self._carried(node, equation.name, equation.type, boundary.place)
            self.swap = before
            self.lowering.remove(key)
            self.carries[key] = node
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
            case ir.Length(axis=axis):
                return self.b.length(axis)
            case ir.IndexNumber(index=index):
                return self.b.index(self._name(index))
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
        data = self.model.data.get(read.name)
        if data is not None and has_fixed(self.model, data):
            found = part_of(self.model, read)
            if found is None:
                return self._nothing(data.type)
            return self._found(found[0], self._data(data, found[1]))
        return self._found(read, self.graph.data.get(read.name) or self.graph.values[read.name])

    def _found(self, read: ir.Read, node: Node) -> Node:
        if not read.places:
            return node
        if node.family:
            return self._read_node(read, node, node.family)
        found = self._outside(read, node)
        if found is not None:
            return found
        places, computed = self._places(read)
        return read_node(self.b, node, places, computed)

    def _places(self, read: ir.Read) -> tuple[list[Place], list[Node]]:
        first = self.loop_slots.get(read.name, 0)
        return places_of(self.b, read, self._name, self._expr, first)

    def _nothing(self, kind: Type) -> Node:
        """What is read where there is nothing."""
        node = self.b.number(-1 if kind.kind == "token" else 0)
        return self.b.filled(node, kind.shape) if kind.shape else node

    def _pick(self, expr: ir.Pick) -> Node:
        base, index = self.b.together([self._expr(expr.base), self._expr(expr.index)])
        if index.op == "number":
            value = index.attrs["value"]
            if value < 0:
                return self._nothing(Type(base.kind, base.shape[1:]))
            if base.op == "fill" and base.inputs[0].attrs.get("value") == 0:
                return self.b.filled(base.inputs[0], base.shape[1:])
            fixed = [axis.length for axis in self.model.fixed.values()]
            more = {"inside": True} if base.shape[0].name in fixed else {}
            result = self.b.raw("pick", (base,), literal=value, **more)
        else:
            result = self.b.raw("pick", (base, index))
        result.kind, result.shape = base.kind, base.shape[1:]
        return result

    def _over(self, expr: ir.Over) -> Node:
        if self._is_tree(expr.axis):
            return self._over_tree(expr)
        index = self._name(expr.index)
        rest = tuple(item for item in self.running if item != index)
        with self._in("", (*rest, index)):
            body = self._expr(expr.body)
            if index not in body.over:
                body = self.b.spread(body, index)
            if expr.operation in ("mean", "logsumexp", "softmax"):
                body = self.b.real(body)
            sign = {"max": 1, "min": -1}.get(expr.operation)
            attrs = {} if sign is None else {"sign": sign}
            return self.b.op(f"{expr.operation}_over", body, index=index, **attrs)

    def _teach(self, expr: ir.Teach) -> Node:
        if self.graph.mode == "teacher":
            return self._expr(expr.teacher)
        free = self._expr(expr.free)
        if self.graph.mode == "free":
            return free
        coin = self._draw(self.b.raw("coin", (), site=expr.site, running=self._counters(expr.at)))
        coin.kind = "bool"
        return self.b.where(coin, self._expr(expr.teacher), free)

    def _counters(self, at: tuple[int | None, ...]) -> tuple[int | str, ...]:
        """The positions that a draw depends on: of indices that run, and of unrolled ones."""
        running = iter(self.running)
        return tuple(next(running) if place is None else place for place in at) if at else (
            self.running
        )  # fmt: skip

    def _draw(self, node: Node) -> Node:
        """A draw differs at every position that runs, and for every example."""
        node.over, node.over_b = self.b.ordered((*node.over, *self.running)), True
        node.family = self.family
        return node

    def _apply(self, expr: ir.Apply) -> Node:
        inputs = [self._expr(item) for item in expr.arguments]
        if expr.operation in TRUTHS:
            inputs = [self._truth(item) for item in inputs]
        if expr.operation == "where":
            inputs[0] = self._truth(inputs[0])
        if expr.operation == "dropout":
            shape = expr.type.shape
            chance = {"site": expr.site, "running": self._counters(expr.at)}
            rate = self.b.lifted(self.b.real(inputs[1]), self.family)
            mask = self.b.raw("dropout", (rate,), shape=shape, **chance)
            mask.shape = shape
            return self.b.real(inputs[0]) * self._draw(mask)
        if expr.operation == "sample":
            chance = {"site": expr.site, "running": self._counters(expr.at)}
            logits = self.b.lifted(self.b.real(inputs[0]), self.family)
            node = self.b.raw("sample", (logits,), **chance)
            node.kind = "integer"
            return self._draw(node)
        return lower_call(self.b, expr, inputs)

    def _truth(self, node: Node) -> Node:
        return node if node.kind == "bool" else self.b.op("truth", node)

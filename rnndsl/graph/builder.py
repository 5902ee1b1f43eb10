"""Makes nodes: finds their types, shares what is equal, folds numbers.

What an operation computes stands in `ops`; here is only what the graph must know of it to
connect it: the shape and kind of its result, and over what it varies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rnndsl.graph.lifting import Lifting, common_lift
from rnndsl.graph.node import Node, Operand
from rnndsl.graph.results import result_kind, result_shape
from rnndsl.graph.simplify import only_filled, simplify, unfilled
from rnndsl.model.dims import ONE, Dim
from rnndsl.model.expr import Kind
from rnndsl.ops.operation import Operation
from rnndsl.ops.table import TABLE

KEEPING = ("softmax_over", "first_hot_over", "other_factors_over")
"""What works over an index and leaves a result at each of its positions."""


class Builder(Lifting):
    """Makes the nodes of one graph.

    `origin` names the equation that is being built; `unit` does too, where what is built is
    computed beside the rest of it, position by position.

    With `share`, equal operations of different equations are one node. `order` holds all
    indices in the order of an array's dimensions, `axes` the axis of each.
    """

    def __init__(
        self, share: bool = True, order: Sequence[str] = (), axes: Mapping[str, str] | None = None
    ) -> None:
        self.nodes: list[Node] = []
        self.unit = ""
        self.origin = ""
        self.share = share
        self.order = tuple(order)
        self.axes = dict(axes or {})
        self._known: dict[tuple[Any, ...], Node] = {}

    # Leaves

    def number(self, value: float) -> Node:
        """A number of the file."""
        return self._leaf("number", "integer" if isinstance(value, int) else "real", value=value)

    def size(self, dim: Dim) -> Node:
        """A size as a number."""
        constant = dim.constant
        if constant is not None and constant.denominator == 1:
            return self.number(int(constant))
        return self._leaf("size", "integer", dim=dim)

    def _leaf(self, op: str, kind: Kind, **attrs: Any) -> Node:
        node = self.raw(op, (), **attrs)
        node.kind, node.is_number = kind, True
        return node

    def length(self, axis: str) -> Node:
        """Each example's own number of positions."""
        node = self.raw("length", (), axis=axis)
        node.kind, node.over_b = "integer", True
        return node

    def length_along(self, index: str) -> Node:
        """Each example's number of positions along the axis of an index."""
        return self.length(self.axes[index])

    def index(self, index: str) -> Node:
        """The running position of an index, from 1."""
        node = self.raw("index", (), index=index)
        node.kind, node.over = "integer", (index,)
        return node

    def ordered(self, indices: Iterable[str]) -> tuple[str, ...]:
        """Indices in the order of dimensions, each once."""
        found = set(indices)
        return tuple(index for index in self.order if index in found)

    def joined(self, nodes: Iterable[Node]) -> tuple[str, ...]:
        """All indices that some of the nodes varies over."""
        found: tuple[str, ...] = ()
        more: set[str] = set()
        for item in nodes:
            if item.over and item.over != found:
                if found:
                    more.update(found, item.over)
                found = item.over
        return self.ordered(more) if more else found

    def given(
        self,
        op: str,
        name: str,
        kind: Kind,
        shape: tuple[Dim, ...],
        own: Sequence[str] = (),
        over_b: bool = False,
        place: tuple[int, ...] = (),
    ) -> Node:
        """A parameter, data, or an adjoint that comes from outside.

        `own` holds its indices in the order in which its dimensions come, `place` where it
        stands along the fixed axes of an array.
        """
        node = self.raw(op, (), name=name, place=place)
        node.name, node.kind, node.shape = name, kind, shape
        node.attrs["own"] = tuple(own)
        node.over, node.over_b = self.ordered(own), over_b
        return node

    def raw(self, op: str, inputs: Sequence[Node], **attrs: Any) -> Node:
        """A node as it is, or the one that is equal to it; its type is not set."""
        local = () if self.share or not inputs or op in ("shift", "at") else (self.unit,)
        literal = tuple((key, repr(value)) for key, value in sorted(attrs.items()))
        key = (op, *(item.number for item in inputs), *literal, *local)
        if key not in self._known:
            node = Node(self, op, inputs, **attrs)
            self._add(node)
            self._known[key] = node
        return self._known[key]

    def value(
        self, name: str, kind: Kind, shape: tuple[Dim, ...], own: Sequence[str], family: str = ""
    ) -> Node:
        """Something with a name and, over positions, a place to be kept: filled in later.

        Its inputs are what it is, then its boundaries in the order of `attrs["places"]`: for
        each a place along each index of `attrs["own"]`, None where the index runs.
        """
        node = Node(self, "value", (), places=(), own=tuple(own))
        node.name, node.kind, node.shape = name, kind, shape
        node.over, node.over_b, node.family = self.ordered(own), True, family
        self._add(node)
        return node

    def _add(self, node: Node) -> None:
        node.number, node.unit, node.origin = len(self.nodes), self.unit, self.origin
        self.nodes.append(node)

    # Operations

    def op(self, name: str, /, *operands: Operand, **attrs: Any) -> Node:
        """An operation of the table on nodes and numbers."""
        inputs = [
            self.nodes[item.number] if isinstance(item, Node) else self.number(item)
            for item in operands
        ]
        inputs = self.together(inputs)
        simple = simplify(self, name, inputs)
        if simple is not None:
            return simple
        row = TABLE[name]
        if (lift := common_lift(row, inputs)) is not None:
            less = [item.inputs[0] if item.op == lift.op else item for item in inputs]
            return self.tree(lift.op, (self.op(name, *less, **attrs),), lift.family)
        if row.is_elementwise and (shape := only_filled(inputs)) is not None:
            scalars = [item.inputs[0] if item.op == "fill" else item for item in inputs]
            return self.filled(self.op(name, *scalars, **attrs), shape)
        if row.is_elementwise or row.kind == "whole":
            inputs = self._one_kind(row, inputs)
        if row.is_elementwise:
            inputs = unfilled(inputs)
        node = self.raw(name, inputs, **attrs)
        node.is_number = row.is_elementwise and all(item.is_number for item in inputs)
        node.shape = result_shape(row, inputs, attrs)
        node.kind = result_kind(row, inputs)
        if name.endswith("_over"):
            node.over_b = True
            if name not in KEEPING:
                node.over = tuple(item for item in node.over if item != attrs["index"])
        return node

    def _one_kind(self, row: Operation, inputs: list[Node]) -> list[Node]:
        """Integers beside reals, and wherever a real comes out, become reals."""
        if row.name in ("to_real", "to_whole", "truth", "not", "and", "or"):
            return inputs
        is_choice = row.kind == "branch"
        values = inputs[1:] if is_choice else inputs
        is_mixed = any(item.kind == "real" and not item.is_number for item in values)
        if row.kind == "real":  # of a bare condition NumPy's functions would give half precision
            values = [
                self.op("to_real", item) if item.kind == "bool" else self.real(item)
                for item in values
            ]
        elif is_mixed:
            values = [self.real(item) for item in values]
        elif not is_choice or any(item.kind != "bool" for item in values):
            values = [self.whole(item) for item in values]
        return [inputs[0], *values] if is_choice else values

    def real(self, node: Node) -> Node:
        """A node as a real number."""
        return node if node.kind == "real" or node.is_number else self.op("to_real", node)

    def whole(self, node: Node) -> Node:
        """A condition as an integer, 0 or 1; other nodes as they are."""
        is_open = node.kind == "bool" and not node.is_number
        return self.op("to_whole", node) if is_open else node

    def where(self, condition: Node, yes: Operand, no: Operand) -> Node:
        """A choice, entry by entry."""
        return self.op("where", condition, yes, no)

    def spread(self, node: Node, index: str) -> Node:
        """One result at every position that the example has, 0 at those it lacks."""
        result = self.raw("spread", (node,), index=index)
        result.over, result.over_b = self.ordered((*node.over, index)), True
        result.kind, result.shape = node.kind, node.shape
        return result

    def live(self, node: Node, indices: Iterable[str]) -> Node:
        """A node with 0 at the positions of some indices that the example lacks."""
        for index in indices:
            node = self.spread(node, index)
        return node

    def renamed(self, node: Node, names: dict[str, str]) -> Node:
        """The same results under other names of indices."""
        pairs = tuple((old, names[old]) for old in node.over if names.get(old, old) != old)
        if not pairs:
            return node
        result = self.raw("rename", (node,), names=pairs)
        result.over = self.ordered(dict(pairs).get(old, old) for old in node.over)
        result.kind, result.shape, result.over_b = node.kind, node.shape, node.over_b
        return result

    def fill(self, d: Node, like: Node) -> Node:
        """A scalar adjoint in every component of `like`."""
        return self.filled(d, like.shape) if like.rank else d

    def filled(self, scalar: Node, shape: tuple[Dim, ...]) -> Node:
        """A scalar in every component of a shape."""
        node = self.raw("fill", (scalar,), shape=shape) if shape else scalar
        node.shape, node.kind = shape, scalar.kind
        return node

    def count(self, like: Node) -> Node:
        """The number of components."""
        total = ONE
        for dim in like.shape:
            total = total * dim
        return self.size(total)

    def pick(self, base: Node, index: Node) -> Node:
        """A row or component by token."""
        return self.op("pick", base, index)

    def unpick(self, d: Node, index: Node, like: Node) -> Node:
        """`d` in the row or component that `index` picks of `like`, 0 in the others."""
        return self.op("unpick", d, index, size=like.shape[0])

    def unpick_like(self, node: Node, d: Node) -> Node:
        """The adjoint of a pick."""
        base = node.inputs[0]
        if "literal" in node.attrs:
            return self.op("put", d, literal=node.attrs["literal"], size=base.shape[0])
        return self.unpick(d, node.inputs[1], base)

    def slices(self, node: Node, d: Node) -> list[Node]:
        """The adjoint of a `concat`: each operand's part."""
        parts: list[Node] = []
        start = Dim(())
        for item in node.inputs:
            stop = start + (item.shape[0] if item.rank else ONE)
            parts.append(self.op("slice", d, start=start, stop=stop, squeeze=not item.rank))
            start = stop
        return parts

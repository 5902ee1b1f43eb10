"""Expressions in generated code: how a node is written where it is read.

It writes no statements; where one is needed first, `storage` and `body` write it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from rnndsl.emit.context import Context, dim_code, largest
from rnndsl.emit.writer import Writer
from rnndsl.graph.families import MOVERS, axis_of, part_of
from rnndsl.graph.node import Node
from rnndsl.model.dims import Dim
from rnndsl.ops.code import ADD, ATOM, BITS, UNARY, Code, call, subscript
from rnndsl.ops.operation import Site
from rnndsl.ops.table import TABLE
from rnndsl.plan.schedule import Loop
from rnndsl.plan.stages import Stage

_NEEDS: dict[str, tuple[str, ...]] = {
    "carry": ("state", "B"),
    "uncarry": ("state",),
    "coin": ("forcing",),
    "dropout": ("training",),
    "clip_flow": ("scale",),
}


def cut(axes: Sequence[str], fixed: Collection[str], place: Sequence[int]) -> str:
    """The subscript of one place along the fixed ones of some axes."""
    places = iter(place)
    entries = [str(next(places) - 1) if axis in fixed else ":" for axis in axes]
    while entries[-1] == ":":
        entries.pop()
    return ", ".join(entries)


def subscripted(code: Code, present: Sequence[str], target: Sequence[str], widened: int) -> Code:
    """An array over some indices beside others of more indices, or of higher rank."""
    entries: list[str] = []
    if present:
        wanted = list(target)[list(target).index(present[0]) :]
        entries = [":" if index in present else "None" for index in wanted]
        while entries and entries[-1] == ":":
            entries.pop()
    if widened:
        entries += ["...", *["None"] * widened]
    return subscript(code, ", ".join(entries)) if entries else code


WIDER = ("spread", "dropout", "sample")
"""What varies over more indices than its operands."""


class Expressions:
    """The codes of nodes in one stage, and what they use of the function around."""

    def __init__(
        self, context: Context, stage: Stage, writer: Writer, held: Iterable[Node]
    ) -> None:
        self.context = context
        self.stage = stage
        self.writer = writer
        self.held = set(held)
        self.used: set[str] = set()
        self.sizes: set[str] = set()
        self.helpers: set[str] = set()
        self.imports: set[str] = set()
        self.defined: dict[str, Node | None] = {}
        self.codes: dict[Node, Code] = {}
        self.readers: dict[Node, list[Node]] = {}
        self.loops: dict[Node, Loop] = {}
        self.current: Loop | None = None
        self.comment = ""
        self.ready_rooms: set[Node] = set()
        self.slices: set[str] = set()
        self.above_leaves = False

    # What is asked of the function around

    def uses(self, *names: str) -> None:
        """Names that the head of the function must provide."""
        self.used.update(names)

    def helper(self, *names: str) -> None:
        """Functions of the prelude that are called."""
        self.helpers.update(names)

    # Indices and dimensions

    def dimensions(self, node: Node, in_loop: bool) -> tuple[str, ...]:
        """The indices that have a dimension in the code of a node, in their order."""
        loop = self._running(in_loop)
        return tuple(index for index in node.over if index != loop)

    def _running(self, in_loop: bool) -> str | None:
        """The index of the loop around, if there is one."""
        return self.current.index if in_loop and self.current is not None else None

    def length_of(self, index: str) -> str:
        """The variable that tells how many positions an index runs over."""
        name = self.context.length(self.context.axes[index])
        self.uses(name)
        return name

    def lengths_of(self, index: str) -> str:
        """The variable that tells how many of them each example has."""
        name = self.context.lengths(self.context.axes[index])
        self.uses(name)
        return name

    def live(self, index: str, in_loop: bool, target: Sequence[str]) -> Code:
        """Which examples have the positions of an index, beside other indices."""
        name = self.context.live(self.context.axes[index])
        self.uses(name)
        if index == self._running(in_loop):
            return subscript(Code(name), self.context.index(index))
        return subscripted(Code(name), (index,), target, 0)

    def mask(self, indices: Sequence[str], in_loop: bool) -> Code:
        """Which examples have the positions of all of some indices."""
        loop = self._running(in_loop)
        target = [index for index in indices if index != loop]
        parts = [self.live(index, in_loop, target) for index in indices]
        if len(parts) == 1:
            return parts[0]
        return Code(" & ".join(part.at(ATOM) for part in parts), BITS)

    def position_of(self, index: str, in_loop: bool, target: Sequence[str]) -> str:
        """The positions of an index, from 1, beside other indices."""
        if index == self._running(in_loop):
            return f"{self.context.index(index)} + 1"
        code = Code(f"np.arange(1, {self.length_of(index)} + 1)")
        after = len(target) - 1 - list(target).index(index)
        return str(subscript(code, ", ".join([":", *["None"] * after]))) if after else str(code)

    def step(self, node: Node, code: Code) -> Code:
        """One step of an array over the index of the loop around."""
        loop = self._running(True)
        assert loop is not None
        if node.family and axis_of(node.family) == loop:
            return subscript(code, self.slice_of(loop, part_of(node.family)))
        before = [":"] * node.over.index(loop)
        return subscript(code, ", ".join([*before, self.context.index(loop)]))

    def tuple_of(self, texts: Sequence[str]) -> str:
        """A tuple."""
        return f"({', '.join(texts)},)" if len(texts) == 1 else f"({', '.join(texts)})"

    def _leaf(self, node: Node) -> None:
        match node.op:
            case "number":
                value = node.attrs["value"]
                self.codes[node] = Code(repr(value), ATOM if value >= 0 else UNARY)
            case "size":
                self.codes[node] = dim_code(node.attrs["dim"], self.context, self.sizes)
            case "length":
                name = self.context.lengths(node.attrs["axis"])
                self.uses(name)
                self.codes[node] = Code(name)
            case "index":
                self.codes[node] = Code("?")
            case _:
                whole = node.op == "data" and node.attrs["place"]
                name = self.context.shown(node.name) if whole else self.context.variable(node)
                self.uses(name)
                self.codes[node] = self.piece(Code(name), node) if whole else Code(name)
                self._prepare(node)

    def piece(self, array: Code, node: Node) -> Code:
        """What of data stands at one place along its fixed axes."""
        axes = self.context.model.data[node.name].axes
        return subscript(array, cut(axes, self.context.model.fixed, node.attrs["place"]))

    def _prepare(self, node: Node) -> None:
        """What must stand before a leaf is read."""
        raise NotImplementedError

    def _looked_up(self, node: Node, in_loop: bool) -> Code:
        """What a read at certain positions finds."""
        raise NotImplementedError

    def site(self, node: Node, in_loop: bool) -> Site:
        """What a node's code may ask."""
        raise NotImplementedError

    def kin(self, node: Node, in_loop: bool) -> Code:
        """What a node of a tree finds at another."""
        raise NotImplementedError

    def slice_of(self, axis: str, part: str) -> str:
        """The rows of one height of a tree."""
        raise NotImplementedError

    def _sent(self, node: Node, in_loop: bool) -> Code:
        """An adjoint at certain positions, 0 at the others."""
        raise NotImplementedError

    def _largest(self, dims: list[Dim]) -> Code:
        return largest(dims, self.context, self.sizes)

    # Expressions

    def expression(self, node: Node, in_loop: bool) -> Code:
        """The code of one operation on its operands."""
        if node.op in ("at", "gather"):
            return self._looked_up(node, in_loop)
        if node.op in ("place", "scatter"):
            return self._sent(node, in_loop)
        if node.op in MOVERS:
            return self.kin(node, in_loop)
        row = TABLE[node.op]
        self.helper(*row.helpers)
        self.uses(*_NEEDS.get(node.op, ()))
        operands = self._operands(node, in_loop)
        if node.op == "outer_sum" and node.attrs["keep"]:
            self.helper("_outer_sum_each")
            return call("_outer_sum_each", *operands)
        if node.is_number and _may_fail(node):
            kind = "DTYPE" if node.kind == "real" else "np.int64"
            operands[0] = call(kind, operands[0])
        code = row.numpy(operands, self.site(node, in_loop))
        is_call = code.level == ATOM and "(" in code.text
        if not (node.is_number and is_call):
            return code
        return call("float" if node.kind == "real" else "int", code)

    def _operands(self, node: Node, in_loop: bool) -> list[Code]:
        """The operands' codes, beside each other."""
        row = TABLE[node.op]
        wider = [node] if node.op in WIDER else []
        target = list(node.builder.joined((*node.inputs, *wider)))
        loop = self._running(in_loop)
        target = [index for index in target if index != loop]
        return [
            self._operand(item, in_loop, node.rank if row.is_elementwise else item.rank, target)
            for item in node.inputs
        ]

    def code_of(self, node: Node) -> Code:
        """The code of a node outside loops."""
        return self._code(node, False)

    def _operand(
        self, node: Node, in_loop: bool, rank: int, target: Sequence[str] | None = None
    ) -> Code:
        """A node's code where it is read: beside others of more indices, of full rank."""
        code = self._code(node, in_loop)
        if node.is_plain:
            return code
        present = self.dimensions(node, in_loop)
        widened = rank if rank > node.rank == 0 else 0
        if widened and not present:
            if node.op == "index":
                return code
            if in_loop and not node.over_b and not code.text.endswith("]"):
                code = call("np.asarray", code)
        return subscripted(code, present, present if target is None else target, widened)

    def _code(self, node: Node, in_loop: bool) -> Code:
        if node.op == "index":
            index = node.attrs["index"]
            if index == self._running(in_loop):
                return Code(f"{self.context.index(index)} + 1", ADD)
            return Code(f"np.arange(1, {self.length_of(index)} + 1)[:, None]")
        if node in self.codes:
            code = self.codes[node]
            is_apart = self.current is None or self.loops.get(node) is not self.current
            is_array = in_loop and is_apart and node.runs(self._running(True) or "")
            return self.step(node, code) if is_array else code
        if node in self.stage.nodes:
            self._leaf(node)
        else:
            name = self.context.variable(node)
            self.imports.add(name)
            self.codes[node] = Code(name)
        return self._code(node, in_loop)


def _may_fail(node: Node) -> bool:
    """Whether Python may refuse, on bare numbers, what NumPy gives a number for."""
    if node.op not in ("div", "mod", "pow"):
        return False
    item = node.inputs[0 if node.op == "pow" else 1]
    is_positive = item.op == "number" and item.attrs["value"] > 0
    return not (is_positive or item.op == "size")

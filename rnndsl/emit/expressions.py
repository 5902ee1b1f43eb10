"""Expressions in generated code: how a node is written where it is read.

It writes no statements; where one is needed first, `storage` and `body` write it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rnndsl.emit.context import Context, dim_code, largest
from rnndsl.emit.site import NodeSite
from rnndsl.emit.writer import Writer
from rnndsl.graph.node import Node
from rnndsl.model.dims import Dim
from rnndsl.model.expr import Position
from rnndsl.ops.code import ADD, ATOM, UNARY, Code, call, subscript
from rnndsl.ops.table import TABLE
from rnndsl.plan.rooms import is_inside
from rnndsl.plan.schedule import Loop
from rnndsl.plan.stages import Stage

_NEEDS: dict[str, tuple[str, ...]] = {
    "carry": ("state", "B"),
    "uncarry": ("state",),
    "coin": ("forcing",),
    "dropout": ("training",),
    "clip_flow": ("scale",),
}


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

    # What is asked of the function around

    def uses(self, *names: str) -> None:
        """Names that the head of the function must provide."""
        self.used.update(names)

    def helper(self, *names: str) -> None:
        """Functions of the prelude that are called."""
        self.helpers.update(names)

    def positions(self) -> str:
        """All positions, from 1."""
        self.uses(self.context.length)
        return f"np.arange(1, {self.context.length} + 1)"

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
                self.uses("lengths")
                self.codes[node] = Code("lengths")
            case "index":
                self.codes[node] = Code("?")
            case _:
                name = self.context.variable(node)
                self.uses(name)
                self.codes[node] = Code(name)
                self._prepare(node)

    def _prepare(self, node: Node) -> None:
        """What must stand before a leaf is read."""
        raise NotImplementedError

    def _largest(self, dims: list[Dim]) -> Code:
        return largest(dims, self.context, self.sizes)

    # Expressions

    def expression(self, node: Node, in_loop: bool) -> Code:
        """The code of one operation on its operands."""
        match node.op:
            case "at":
                return self._at(node)
            case "gather":
                return self._gather(node, in_loop)
            case "place":
                position = self._row(node.attrs["place"], 0)
                return self._placed(node, position)
            case "scatter":
                self.uses("live")
                self.helper("_scattered", "_placed", "_widen")
                operands = [self._operand(item, in_loop, item.rank) for item in node.inputs]
                return call("_scattered", *operands, "live")
        row = TABLE[node.op]
        self.helper(*row.helpers)
        self.uses(*_NEEDS.get(node.op, ()))
        if node.op.endswith("_over"):
            self.uses("live")
        rank = node.rank if row.is_elementwise else None
        operands = [
            self._operand(item, in_loop, item.rank if rank is None else rank)
            for item in node.inputs
        ]
        if node.op == "outer_sum" and node.attrs["keep"]:
            self.helper("_outer_sum_each")
            return call("_outer_sum_each", *operands)
        if node.is_number and _may_fail(node):
            kind = "DTYPE" if node.kind == "real" else "np.int64"
            operands[0] = call(kind, operands[0])
        code = row.numpy(operands, NodeSite(self, node, in_loop))
        is_call = code.level == ATOM and "(" in code.text
        if not (node.is_number and is_call):
            return code
        return call("float" if node.kind == "real" else "int", code)

    def _operand(self, node: Node, in_loop: bool, rank: int) -> Code:
        """A node's code where it is read; a scalar beside something larger is widened."""
        code = self._code(node, in_loop)
        if rank > node.rank == 0 and not node.is_plain:
            if node.op == "index" and in_loop:
                return code
            if in_loop and not node.over_b and not code.text.endswith("]"):
                code = call("np.asarray", code)
            return subscript(code, ", ".join(("...", *("None",) * rank)))
        return code

    def _code(self, node: Node, in_loop: bool) -> Code:
        if node.op == "index":
            if in_loop:
                return Code(f"{self.context.index} + 1", ADD)
            return Code(f"{self.positions()}[:, None]")
        if node in self.codes:
            code = self.codes[node]
            is_apart = self.current is None or self.loops.get(node) is not self.current
            is_array = node.over_t and in_loop and is_apart
            return subscript(code, self.context.index) if is_array else code
        if node in self.stage.nodes:
            self._leaf(node)
        else:
            name = self.context.variable(node)
            self.imports.add(name)
            self.codes[node] = Code(name)
        return self._code(node, in_loop)

    def _at(self, node: Node) -> Code:
        place, source = node.attrs["place"], node.inputs[0]
        if is_inside(place):
            base = self._code(source, False)
            if place.anchor == "start":
                return subscript(base, "0")
            self.uses("lengths", "examples")
            return subscript(base, "lengths - 1, examples")
        return self._looked_up(node, self._row(place, 0))

    def _gather(self, node: Node, in_loop: bool) -> Code:
        return self._looked_up(node, self._operand(node.inputs[1], in_loop, 0))

    def _looked_up(self, node: Node, position: Code) -> Code:
        source = node.inputs[0]
        self._code(source, False)
        self.helper("_at", "_widen")
        whole = self.context.room_name(source)
        if source not in self.stage.nodes or (source.op == "data" and source in self.held):
            self.imports.add(whole)
        before = self._largest(self.context.rooms[source].before)
        return call("_at", whole, before, position, str(node.attrs["outside"]))

    def _row(self, place: Position, less: int) -> Code:
        """A fixed position as a number, or one for each example."""
        offset = dim_code(place.offset - Dim.number(less), self.context, self.sizes)
        if place.anchor == "start":
            return offset
        self.uses("lengths")
        if offset.text == "0":
            return Code("lengths")
        if offset.text.startswith("-"):
            return Code(f"lengths - {offset.text[1:]}", ADD)
        return Code(f"lengths + {offset}", ADD)

    def _placed(self, node: Node, position: Code) -> Code:
        self.uses("live")
        self.helper("_placed", "_widen")
        operand = self._operand(node.inputs[0], False, node.inputs[0].rank)
        return call("_placed", operand, position, "live")


def _may_fail(node: Node) -> bool:
    """Whether Python may refuse, on bare numbers, what NumPy gives a number for."""
    if node.op not in ("div", "mod", "pow"):
        return False
    item = node.inputs[0 if node.op == "pow" else 1]
    is_positive = item.op == "number" and item.attrs["value"] > 0
    return not (is_positive or item.op == "size")

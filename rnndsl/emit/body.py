"""The statements of one stage: which node gets a line, which is written where it is read.

It knows order and places; what an operation looks like stands in the table.
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
from rnndsl.ops.table import LEAVES, TABLE
from rnndsl.plan.rooms import Room, is_inside
from rnndsl.plan.schedule import Block, Loop
from rnndsl.plan.stages import Stage

WIDTH = 88
TYPES = {"real": "DTYPE", "bool": "bool"}


class Body:
    """Writes the blocks of a stage and records what they use."""

    def __init__(self, context: Context, stage: Stage, writer: Writer, held: Iterable[Node]) -> None:
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

    # Blocks

    def write(self, blocks: Sequence[Block]) -> None:
        """All blocks in order."""
        for node in self.stage.nodes:
            for item in node.inputs:
                self.readers.setdefault(item, []).append(node)
        for block in blocks:
            for node in block.body if isinstance(block, Loop) else ():
                self.loops[node] = block
        for block in blocks:
            if isinstance(block, Loop):
                self._loop(block)
            else:
                self._straight(block)

    def _straight(self, node: Node) -> None:
        if node.op in LEAVES:
            self._leaf(node)
        elif node.op == "shift":
            self._view(node)
        elif node.op == "value":
            self._value(node)
        elif not self._is_boundary(node):
            self._place(node, self.expression(node, False))

    def _is_boundary(self, node: Node) -> bool:
        """Whether a carried boundary is only written before its value's first position."""
        readers = self.readers.get(node, ())
        if node in self.stage.targets or node in self.stage.exports:
            return False
        if node.op == "fill":
            return bool(readers) and all(r.op == "value" or self._is_boundary(r) for r in readers)
        return node.op == "carry" and bool(readers) and all(r.op == "value" for r in readers)

    def _loop(self, loop: Loop) -> None:
        index, length = self.context.index, self.context.length
        self.uses(length)
        stored = [node for node in loop.body if self._is_stored(node, loop)]
        for node in stored:
            self._allocate(node)
        steps = f"range({length})" if loop.step > 0 else f"reversed(range({length}))"
        self.comment, self.current = "", loop
        with self.writer.block(f"for {index} in {steps}:"):
            for node in loop.body:
                self._within(node, node in stored)
        self.comment, self.current = "", None
        for node in loop.body:
            if node in stored or node.op == "shift":
                self.codes[node] = Code(self.context.variable(node))

    def _within(self, node: Node, is_stored: bool) -> None:
        if node.op == "shift":
            name = self.context.variable(node)
            self.codes[node] = Code(f"{name}[{self.context.index}]")
            return
        if node.op in LEAVES:
            self._leaf(node)
            return
        code = self._operand(node.inputs[0], True, node.rank) if node.op == "value" else (
            self.expression(node, True)
        )  # fmt: skip
        if is_stored:
            self._store(node, code)
        elif node.op == "value" or self._deserves_line(node, code):
            self._remark(node)
            self.writer.line(f"{self._define(node)} = {code}")
            self.codes[node] = Code(self.context.variable(node))
        else:
            self.codes[node] = code

    def _store(self, node: Node, code: Code) -> None:
        """One step's result goes to its place; padding keeps what stands there where it counts."""
        target = f"{self.context.variable(node)}[{self.context.index}]"
        if self._is_masked(node):
            self.uses("live")
            self.helper("_live_only", "_widen")
            code = call("_live_only", code, target, f"live[{self.context.index}]")
        self._remark(node)
        self.writer.line(f"{target} = {code}")
        self.codes[node] = Code(target)

    def _is_masked(self, node: Node) -> bool:
        room = self.context.rooms.get(node)
        return room is not None and room.is_masked and "flow" not in node.attrs

    def _is_stored(self, node: Node, loop: Loop) -> bool:
        if node.op in LEAVES or node.op == "shift" or not node.over_t:
            return False
        if node in self.stage.targets or node in self.stage.exports or node in self.context.rooms:
            return True
        return any(self.loops.get(reader) is not loop for reader in self.readers.get(node, ()))

    # Single nodes

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
                if node.op == "data" and node in self.context.rooms:
                    self._data_room(node)

    def _data_room(self, node: Node) -> None:
        """Data that is read beyond its ends gets room there, once."""
        if node in self.held or node in self.ready_rooms:
            return
        self.ready_rooms.add(node)
        room, name = self.context.rooms[node], self.context.variable(node)
        before, after = (self._largest(dims) for dims in (room.before, room.after))
        filler = -1 if node.kind == "token" else 0
        self.helper("_extended")
        whole = self._room_defined(node)
        self.writer.line(f"{whole} = _extended({name}, {before}, {after}, {filler})")
        self._restore(node, room, before)
        self._views(node, room, before, with_itself=False)

    def _room_defined(self, node: Node) -> str:
        name = self.context.room_name(node)
        self.defined[name] = None
        return name

    def _largest(self, dims: list[Dim]) -> Code:
        return largest(dims, self.context, self.sizes)

    def _view(self, node: Node) -> None:
        """A shift in straight code: the view was cut where the value was made."""
        name = self.context.variable(node)
        if node.inputs[0] in self.stage.given or node.inputs[0] in self.held:
            self.imports.add(name)
        self.codes[node] = Code(name)

    def _value(self, node: Node) -> None:
        code = self._operand(node.inputs[0], False, node.rank)
        source = node.inputs[0]
        if not node.over_t:
            self._remark(node)
            self.writer.line(f"{self._define(node)} = {code}")
        elif node in self.context.rooms or not (source.over_t and source.over_b):
            self._allocate(node)
            self._remark(node)
            name = self.context.variable(node)
            if self._is_masked(node):
                self.uses("live")
                self.helper("_live_only", "_widen")
                self.writer.line(f"{name}[:] = _live_only({code}, {name}, live)")
            else:
                self.writer.line(f"{name}[:] = {code}")
        else:
            self._remark(node)
            is_name = code.text.isidentifier()
            text = f"{code}.copy()" if is_name else str(code)
            self.writer.line(f"{self._define(node)} = {text}")
        self.codes[node] = Code(self.context.variable(node))

    def _place(self, node: Node, code: Code) -> None:
        """A line for the node, or its code kept for where it is read."""
        if node.is_number or not self._needs_line(node, code):
            self.codes[node] = code
            return
        self._remark(node)
        self.writer.line(f"{self._define(node)} = {code}")
        self.codes[node] = Code(self.context.variable(node))

    def _define(self, node: Node) -> str:
        name = self.context.variable(node)
        self.defined[name] = node
        return name

    def _needs_line(self, node: Node, code: Code) -> bool:
        if node in self.stage.targets or node in self.stage.exports:
            return True
        if any(reader in self.loops for reader in self.readers.get(node, ())):
            return True
        return self._deserves_line(node, code)

    def _deserves_line(self, node: Node, code: Code) -> bool:
        if len(self.readers.get(node, ())) > 1 and not code.text.isidentifier():
            return True
        return len(code.text) > WIDTH or (bool(node.name) and node.name.startswith("d_"))

    # Rooms

    def _allocate(self, node: Node) -> None:
        """An empty array over all positions, with room for boundaries where they are read."""
        name, room = self.context.variable(node), self.context.rooms.get(node)
        self.uses("B", self.context.length)
        dims = [dim_code(dim, self.context, self.sizes).at(ADD) for dim in node.shape]
        dtype = TYPES.get(node.kind, "np.int64")
        if room is None:
            shape = self.tuple_of([self.context.length, "B", *dims])
            self.defined[name] = node
            self.writer.line(f"{name} = np.empty({shape}, {dtype})")
            return
        before, after = self._largest(room.before), self._largest(room.after)
        parts = [part.at(ADD) for part in (before, Code(self.context.length), after)]
        length = " + ".join(part for part in parts if part != "0")
        shape = self.tuple_of([length, "B", *dims])
        filler = "-1" if node.kind == "token" else "0"
        make = f"np.zeros({shape}, {dtype})" if filler == "0" else f"np.full({shape}, -1)"
        self.writer.line(f"{self._room_defined(node)} = {make}")
        self._boundaries(node, room, before)
        self._restore(node, room, before)
        self._views(node, room, before, with_itself=True)

    def _boundaries(self, node: Node, room: Room, before: Code) -> None:
        whole = self.context.room_name(node)
        for place, bound in zip(node.attrs.get("places", ()), node.inputs[1:], strict=True):
            is_start = place.anchor == "start"
            source = bound.inputs[0] if bound.op == "carry" else bound
            source = source.inputs[0] if source.op == "fill" else source
            if source.op == "number" and source.attrs["value"] == 0 and node.kind != "token":
                continue
            code = self._operand(source, False, node.rank)
            if is_start:
                self._start(whole, place, before, code, room)
            else:
                ahead = dim_code(place.offset, self.context, self.sizes)
                self.uses("lengths")
                self.helper("_beyond")
                if room.after:
                    self.writer.line(f"_beyond({whole}, {before}, lengths, {ahead}, {code})")

    def _start(self, whole: str, place: Position, before: Code, code: Code, room: Room) -> None:
        """A boundary before the first position, where some read can reach it."""
        reach = [dim - (Dim.number(1) - place.offset) for dim in room.before]
        if not any(gap.least is None or gap.least >= 0 for gap in reach):
            if all(gap.most is not None and gap.most < 0 for gap in reach):
                return
        row = dim_code(place.offset - Dim.number(1), self.context, self.sizes)
        if before.text.isdigit() and row.text.lstrip("-").isdigit():
            text = str(int(before.text) + int(row.text))
            if int(text) < 0:
                return
            self.writer.line(f"{whole}[{text}] = {code}")
            return
        joined = f"{before} - {row.text[1:]}" if row.text.startswith("-") else f"{before} + {row}"
        depth = dim_code(Dim.number(1) - place.offset, self.context, self.sizes)
        with self.writer.block(f"if {depth} <= {before}:"):
            self.writer.line(f"{whole}[{joined}] = {code}")

    def _restore(self, node: Node, room: Room, before: Code) -> None:
        if room.delays and "flow" not in node.attrs:
            self.uses("state")
            self.helper("_restore")
            whole = self.context.room_name(node)
            self.writer.line(f'_restore({whole}, {before}, state, "{node.name}")')

    def _views(self, node: Node, room: Room, before: Code, with_itself: bool) -> None:
        """The value and its shifts as views of one array, cut before the loop."""
        whole, length = self.context.room_name(node), self.context.length
        self.uses(length)
        names, cuts = [], []
        if with_itself:
            names.append(self._define(node))
            cuts.append(self._cut(whole, before, Dim(())))
        for shift in room.views:
            names.append(self._define(shift))
            cuts.append(self._cut(whole, before, shift.attrs["by"]))
        if names:
            self.writer.line(f"{', '.join(names)} = {', '.join(cuts)}")

    def _cut(self, whole: str, before: Code, by: Dim) -> str:
        start = self._plus(before, by)
        length = self.context.length
        if start == "0":
            return f"{whole}[:{length}]"
        return f"{whole}[{start}:{start} + {length}]"

    def _plus(self, before: Code, by: Dim) -> str:
        if before.text.isdigit():
            return dim_code(by + Dim.number(int(before.text)), self.context, self.sizes).text
        offset = dim_code(by, self.context, self.sizes).text
        if offset == f"-{before}":
            return "0"
        if offset == "0":
            return str(before)
        return f"{before} - {offset[1:]}" if offset.startswith("-") else f"{before} + {offset}"

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
        for name in ("state", "forcing", "training", "scale"):
            if name in _NEEDS.get(node.op, ()):
                self.uses(name)
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
        code = row.numpy(operands, NodeSite(self, node, in_loop))
        is_call = code.level == ATOM and "(" in code.text
        return call("float", code) if node.is_number and is_call else code

    def _operand(self, node: Node, in_loop: bool, rank: int) -> Code:
        """A node's code where it is read; a scalar beside something larger is widened."""
        code = self._code(node, in_loop)
        if rank > node.rank == 0 and not node.is_plain:
            if node.op == "index" and in_loop:
                return code
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
        if source not in self.stage.nodes:
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

    # Comments

    def _remark(self, node: Node) -> None:
        """The equation that the lines from here on compute, or differentiate."""
        text = self._equation_of(node)
        if text and text != self.comment:
            self.writer.line(f"# {text}")
        self.comment = text or self.comment

    def _equation_of(self, node: Node) -> str:
        unit = node.unit
        if node.op in ("total", "outer_sum", "row_sums"):
            return "gradients of the parameters"
        if unit.startswith("d "):
            return f"back through {self._text(unit[2:])}" if self._text(unit[2:]) else ""
        return self._text(unit)

    def _text(self, name: str) -> str:
        for equation in self.context.model.all_equations:
            if equation.name == name:
                return equation.text
        return ""


_NEEDS: dict[str, tuple[str, ...]] = {
    "carry": ("state",),
    "uncarry": ("state",),
    "coin": ("forcing",),
    "dropout": ("training",),
    "clip_flow": ("scale",),
}

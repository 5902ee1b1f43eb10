"""Arrays over all positions, with room for what lies before the first and after the last."""

from __future__ import annotations

from rnndsl.emit.context import dim_code
from rnndsl.emit.expressions import Expressions
from rnndsl.graph.node import Node
from rnndsl.model.dims import Dim
from rnndsl.model.expr import Position
from rnndsl.ops.code import ADD, Code
from rnndsl.plan.rooms import Room

TYPES = {"real": "DTYPE", "bool": "bool"}


class Storage(Expressions):
    """Allocates values, writes their boundaries, cuts their shifts as views."""

    def _prepare(self, node: Node) -> None:
        if node.op == "data" and node in self.context.rooms:
            self._data_room(node)

    def _define(self, node: Node) -> str:
        name = self.context.variable(node)
        self.defined[name] = node
        return name

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

    def _allocate(self, node: Node) -> None:
        """An empty array over all positions, with room for boundaries where they are read."""
        name, room = self.context.variable(node), self.context.rooms.get(node)
        self.uses(self.context.length)
        examples = "B" if node.over_b else "1"
        if node.over_b:
            self.uses("B")
        dims = [dim_code(dim, self.context, self.sizes).at(ADD) for dim in node.shape]
        dtype = TYPES.get(node.kind, "np.int64")
        if room is None:
            self._make(name, self.tuple_of([self.context.length, examples, *dims]), dtype, None)
            self.defined[name] = node
            return
        before, after = self._largest(room.before), self._largest(room.after)
        parts = [part.at(ADD) for part in (before, Code(self.context.length), after)]
        length = " + ".join(part for part in parts if part != "0")
        filler = -1 if node.kind == "token" else 0
        whole = self._room_defined(node)
        self._make(whole, self.tuple_of([length, examples, *dims]), dtype, filler)
        self._boundaries(node, room, before)
        self._restore(node, room, before)
        self._views(node, room, before, with_itself=True)

    def _make(self, name: str, shape: str, dtype: str, filler: int | None) -> None:
        """A line that makes an array, filled where a filler is given."""
        if filler is None:
            self.writer.line(f"{name} = np.empty({shape}, {dtype})")
        elif filler == 0:
            self.writer.line(f"{name} = np.zeros({shape}, {dtype})")
        else:
            self.writer.line(f"{name} = np.full({shape}, {filler}, {dtype})")

    def _boundaries(self, node: Node, room: Room, before: Code) -> None:
        whole = self.context.room_name(node)
        for place, bound in zip(node.attrs.get("places", ()), node.inputs[1:], strict=True):
            is_start = place.anchor == "start"
            if not (self._is_reached(place, room) if is_start else room.after):
                continue
            source = self._scalar(bound)
            if source.op == "number" and source.attrs["value"] == 0 and node.kind != "token":
                continue
            code = self._operand(source, False, node.rank)
            if is_start:
                self._start(whole, place, before, code)
            else:
                ahead = dim_code(place.offset, self.context, self.sizes)
                self.uses("lengths")
                self.helper("_beyond")
                self.writer.line(f"_beyond({whole}, {before}, lengths, {ahead}, {code})")

    def _scalar(self, bound: Node) -> Node:
        """A boundary without the state that may override it, unfilled; as it is if it is given."""
        for op in ("carry", "fill"):
            if bound.op == op and bound in self.stage.nodes:
                bound = bound.inputs[0]
        return bound

    def _is_reached(self, place: Position, room: Room) -> bool:
        """Whether some read can reach a boundary before the first position."""
        gaps = [dim - (Dim.number(1) - place.offset) for dim in room.before]
        return not all(gap.most is not None and gap.most < 0 for gap in gaps)

    def _start(self, whole: str, place: Position, before: Code, code: Code) -> None:
        """A boundary before the first position."""
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
        if offset == f"-{before}" and before.level > ADD:
            return "0"
        if offset == "0":
            return str(before)
        return f"{before} - {offset[1:]}" if offset.startswith("-") else f"{before} + {offset}"

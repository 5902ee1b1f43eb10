"""Arrays over all positions, with room for what lies before the first and after the last."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rnndsl.emit.context import dim_code
from rnndsl.emit.kin import Kin
from rnndsl.graph.node import Node
from rnndsl.model.dims import Dim
from rnndsl.model.expr import Position
from rnndsl.ops.code import ADD, Code, call
from rnndsl.plan.rooms import Extent, Room

TYPES = {"real": "DTYPE", "bool": "bool"}


class Storage(Kin):
    """Allocates values, writes their boundaries, cuts their shifts as views."""

    def _prepare(self, node: Node) -> None:
        if node.op == "data":
            turned = self.turned(node.attrs["own"], node.over, node.rank)
            if turned:
                self.codes[node] = call("np.transpose", self.codes[node], turned)
            if node in self.context.rooms:
                self._data_room(node)

    def turned(self, has: Sequence[str], wants: Sequence[str], rank: int) -> str:
        """The order in which dimensions come from one layout to another; empty if the same."""
        if tuple(has) == tuple(wants):
            return ""
        order = [list(has).index(index) for index in wants]
        rest = range(len(order), len(order) + 1 + rank)
        return self.tuple_of([str(number) for number in (*order, *rest)])

    def _define(self, node: Node) -> str:
        name = self.context.variable(node)
        self.defined[name] = node
        return name

    def _ends(self, extent: Extent) -> tuple[Code, Code]:
        return self._largest(extent.before), self._largest(extent.after)

    def _data_room(self, node: Node) -> None:
        """Data that is read beyond its ends gets room there, once."""
        if node in self.held or node in self.ready_rooms:
            return
        self.ready_rooms.add(node)
        room = self.context.rooms[node]
        ends = [self._ends(room.along[index]) for index in node.over]
        filler = -1 if node.kind == "token" else 0
        whole, code = self._room_defined(node), self.codes[node]
        if len(ends) == 1:
            self.helper("_extended")
            before, after = ends[0]
            self.writer.line(f"{whole} = _extended({code}, {before}, {after}, {filler})")
            self._restore(node, room)
        else:
            self.helper("_extended_along")
            pairs = self.tuple_of([f"({before}, {after})" for before, after in ends])
            self.writer.line(f"{whole} = _extended_along({code}, {pairs}, {filler})")
        self._views(node, room, with_itself=False)

    def _room_defined(self, node: Node) -> str:
        name = self.context.room_name(node)
        self.defined[name] = None
        return name

    def _allocate(self, node: Node, later: Collection[Node] = ()) -> None:
        """An empty array over all positions, with room for boundaries where they are read.

        Boundaries among `later` are written step by step.
        """
        name, room = self.context.variable(node), self.context.rooms.get(node)
        examples = self.count(node.family).text if node.over_b else "1"
        dims = [dim_code(dim, self.context, self.sizes).at(ADD) for dim in node.shape]
        dtype = TYPES.get(node.kind, "np.int64")
        lengths = [self.length_of(index) for index in node.over]
        if room is None:
            self._make(name, self.tuple_of([*lengths, examples, *dims]), dtype, None)
            self.defined[name] = node
            return
        extents: list[str] = []
        for index, length in zip(node.over, lengths, strict=True):
            before, after = self._ends(room.along[index])
            parts = [part.at(ADD) for part in (before, Code(length), after)]
            extents.append(" + ".join(part for part in parts if part != "0"))
        filler = -1 if node.kind == "token" else 0
        whole = self._room_defined(node)
        examples = f"{examples} + 1" if node.family else examples
        self._make(whole, self.tuple_of([*extents, examples, *dims]), dtype, filler)
        self._boundaries(node, room, later)
        self._restore(node, room)
        self._views(node, room, with_itself=True)

    def _make(self, name: str, shape: str, dtype: str, filler: int | None) -> None:
        """A line that makes an array, filled where a filler is given."""
        if filler is None:
            self.writer.line(f"{name} = np.empty({shape}, {dtype})")
        elif filler == 0:
            self.writer.line(f"{name} = np.zeros({shape}, {dtype})")
        else:
            self.writer.line(f"{name} = np.full({shape}, {filler}, {dtype})")

    def _boundaries(self, node: Node, room: Room, later: Collection[Node]) -> None:
        for where, bound in zip(node.attrs.get("places", ()), node.inputs[1:], strict=True):
            places = dict(zip(node.attrs["own"], where, strict=True))
            if bound not in later and self._is_reached(places, room):
                self._boundary(node, room, places, bound)

    def _boundary(
        self, node: Node, room: Room, places: dict[str, Position | None], bound: Node
    ) -> None:
        """A boundary written to its place, for all positions of the indices that run."""
        source = self._scalar(bound)
        if source.op == "number" and source.attrs["value"] == 0 and node.kind != "token":
            return
        running = [index for index in node.over if places[index] is None]
        code = self._operand(source, False, node.rank, running)
        whole = self.context.room_name(node)
        ends = [k for k, i in enumerate(node.over) if (p := places[i]) and p.anchor == "end"]
        if len(node.over) == 1 and not ends:
            self._start(whole, places[node.over[0]], self._ends(room.along[node.over[0]])[0], code)
            return
        if len(node.over) == 1:
            index = node.over[0]
            place = places[index]
            assert place is not None
            ahead = dim_code(place.offset, self.context, self.sizes)
            self.helper("_beyond")
            before = self._ends(room.along[index])[0]
            lengths = self.lengths_of(index)
            self.writer.line(f"_beyond({whole}, {before}, {lengths}, {ahead}, {code})")
            return
        self.helper("_write_bound")
        rows = [self._bound_row(room, index, places[index], running) for index in node.over]
        mask = f", {self.mask(running, False)}" if running else ""
        self.writer.line(f"_write_bound({whole}, {self.tuple_of(rows)}, {code}{mask})")

    def _scalar(self, bound: Node) -> Node:
        """A boundary without the state that may override it, unfilled; as it is if it is given."""
        for op in ("carry", "fill"):
            if bound.op == op and bound in self.stage.nodes:
                bound = bound.inputs[0]
        return bound

    def _boundary_step(
        self, node: Node, room: Room, places: dict[str, Position | None], bound: Node
    ) -> None:
        """One step of a boundary that the loop around computes."""
        assert self.current is not None
        self.helper("_write_bound")
        loop = self.current.index
        running = [i for i in node.over if places[i] is None and i != loop]
        code = self._operand(bound, True, node.rank, running)
        rows = [self._bound_row(room, index, places[index], running) for index in node.over]
        at = node.over.index(loop)
        if places[loop] is None:
            before = self._ends(room.along[loop])[0]
            name = self.context.index(loop)
            rows[at] = name if before.text == "0" else f"{before} + {name}"
        whole = self.context.room_name(node)
        mask = self.mask([*running, *([loop] if places[loop] is None else [])], True)
        self.writer.line(f"_write_bound({whole}, {self.tuple_of(rows)}, {code}, {mask})")

    def _bound_row(self, room: Room, index: str, place: Position | None, running: list[str]) -> str:
        """The rows of a boundary along one index: all that run, or one (for each example)."""
        before = self._ends(room.along[index])[0]
        if place is None:
            length = self.length_of(index)
            after = len(running) - running.index(index) if index in running else 1
            ends = length if before.text == "0" else f"{before}, {before} + {length}"
            return f"np.arange({ends})[:, {', '.join(['None'] * after)}]"
        offset = dim_code(place.offset - Dim.number(1), self.context, self.sizes)
        parts = [self.lengths_of(index)] if place.anchor == "end" else []
        parts += [before.text] if before.text != "0" else []
        text = " + ".join([*parts, offset.at(ADD)] if offset.text != "0" or not parts else parts)
        return text.replace("+ -", "- ")

    def _is_reached(self, places: dict[str, Position | None], room: Room) -> bool:
        """Whether some read can reach a boundary."""
        for index, place in places.items():
            extent = room.along[index]
            if place is None:
                continue
            if place.anchor == "end" and not extent.after:
                return False
            gaps = [dim - (Dim.number(1) - place.offset) for dim in extent.before]
            is_near = not all(gap.most is not None and gap.most < 0 for gap in gaps)
            if place.anchor == "start" and not is_near:
                return False
        return True

    def _start(self, whole: str, place: Position | None, before: Code, code: Code) -> None:
        """A boundary before the first position."""
        assert place is not None
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

    def _restore(self, node: Node, room: Room) -> None:
        if room.delays and "flow" not in node.attrs:
            self.uses("state")
            self.helper("_restore")
            whole, before = self.context.room_name(node), self._ends(room.along[node.over[0]])[0]
            self.writer.line(f'_restore({whole}, {before}, state, "{node.name}")')

    def _views(self, node: Node, room: Room, with_itself: bool) -> None:
        """The value and its shifts as views of one array, cut before the loop."""
        whole = self.context.room_name(node)
        names, cuts = [], []
        if with_itself:
            names.append(self._define(node))
            cuts.append(self._cut(whole, node, room, {}))
        if node.family:
            cuts = [f"{whole}[:-1]"]
        for shift in room.views:
            names.append(self._define(shift))
            cuts.append(self._cut(whole, node, room, dict(shift.attrs["by"])))
        if names:
            self.writer.line(f"{', '.join(names)} = {', '.join(cuts)}")

    def _cut(self, whole: str, node: Node, room: Room, by: dict[str, Dim]) -> str:
        entries: list[str] = []
        for index in node.over:
            extent, length = room.along[index], self.length_of(index)
            start = self._plus(self._ends(extent)[0], by.get(index, Dim(())))
            if not (extent.before or extent.after):
                entries.append(":")
            else:
                entries.append(f":{length}" if start == "0" else f"{start}:{start} + {length}")
        while len(entries) > 1 and entries[-1] == ":":
            entries.pop()
        return f"{whole}[{', '.join(entries)}]"

    def _plus(self, before: Code, by: Dim) -> str:
        if before.text.isdigit():
            return dim_code(by + Dim.number(int(before.text)), self.context, self.sizes).text
        offset = dim_code(by, self.context, self.sizes).text
        if offset == f"-{before}" and before.level > ADD:
            return "0"
        if offset == "0":
            return str(before)
        return f"{before} - {offset[1:]}" if offset.startswith("-") else f"{before} + {offset}"

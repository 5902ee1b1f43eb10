"""Reads at certain positions, and the adjoints that go back to them."""

from __future__ import annotations

from collections.abc import Sequence

from rnndsl.emit.context import dim_code
from rnndsl.emit.expressions import Expressions
from rnndsl.graph.node import Node
from rnndsl.graph.reading import Place, Run
from rnndsl.model.expr import Position
from rnndsl.ops.code import ADD, UNARY, Code, call, infix, subscript
from rnndsl.plan.rooms import is_inside


class Lookups(Expressions):
    """Codes of `at`, `gather`, `place` and `scatter`."""

    def _looked_up(self, node: Node, in_loop: bool) -> Code:
        source, places = node.inputs[0], node.attrs["places"]
        room = self.context.rooms.get(source)
        if len(places) == 1 and is_inside(places[0]):
            return self._end(source, places[0])
        code = self._code(source, False)
        whole = self.context.room_name(source) if room else code.text
        if room and (
            source not in self.stage.nodes or (source.op == "data" and source in self.held)
        ):
            self.imports.add(whole)
        if len(places) == 1:
            assert room is not None
            self.helper("_at", "_widen")
            before = self._largest(room.along[source.over[0]].before)
            position = self._position(places[0], node, in_loop)
            filler = str(node.attrs["outside"])
            return call("_at", whole, before, position, filler, *self._owners(node, in_loop))
        self.helper("_look", "_widen")
        rows = self._rows(node, source.attrs["own"], in_loop)
        befores = [
            self._largest(room.along[index].before) if room else Code("0") for index in source.over
        ]
        shifted = [_plus(row, before) for row, before in zip(rows, befores, strict=True)]
        text = self.tuple_of([str(row) for row in shifted])
        filler = str(node.attrs["outside"])
        return call("_look", whole, text, filler, *self._owners(node, in_loop))

    def _owners(self, node: Node, in_loop: bool) -> Sequence[str]:
        """Whose positions nodes of a tree look up: the example of each."""
        families = [item.family for item in node.inputs if item.family]
        return [str(self.owners(families[0], in_loop))] if families else []

    def owners(self, family: str, in_loop: bool) -> Code:
        """The example of each node, or link, of a family."""
        raise NotImplementedError

    def _end(self, source: Node, place: Position) -> Code:
        """The first or the last position of each example."""
        base = self._code(source, False)
        if place.anchor == "start":
            return subscript(base, "0")
        self.uses("examples", "B")
        return subscript(base, f"{self.lengths_of(source.over[0])} - 1, examples")

    def _position(self, place: Place, node: Node, in_loop: bool) -> Code:
        """A position, from 1, that does not run."""
        if isinstance(place, int):
            return self._operand(node.inputs[place], in_loop, 0, self._target(node, in_loop))
        assert isinstance(place, Position)
        offset = dim_code(place.offset, self.context, self.sizes)
        if place.anchor == "start":
            return offset
        lengths = self.lengths_of(place.axis)
        if offset.text == "0":
            return Code(lengths)
        if offset.text.startswith("-"):
            return Code(f"{lengths} - {offset.text[1:]}", ADD)
        return Code(f"{lengths} + {offset}", ADD)

    def _target(self, node: Node, in_loop: bool) -> list[str]:
        """The indices beside which the rows of a lookup stand."""
        loop = self._running(in_loop)
        runs = [place.index for place in node.attrs["places"] if isinstance(place, Run)]
        some = node.inputs if node.op in ("place", "scatter") else node.inputs[1:]
        joined = node.builder.joined(some)
        return [i for i in node.builder.ordered((*joined, *runs)) if i != loop]

    def _rows(self, node: Node, own: Sequence[str], in_loop: bool) -> list[Code]:
        """Rows from 0 along each dimension of what is read, in the order of dimensions."""
        target = self._target(node, in_loop)
        rows: list[Code] = []
        pairs = dict(zip(own, node.attrs["places"], strict=True))
        for index in node.builder.ordered(own):
            place = pairs[index]
            if not isinstance(place, Run):
                rows.append(_plus(self._position(place, node, in_loop), Code("-1", UNARY)))
                continue
            by = dim_code(place.by, self.context, self.sizes)
            if place.index == self._running(in_loop):
                rows.append(_plus(self.context.index(place.index), by))
                continue
            after = len(target) - target.index(place.index)
            base = f"np.arange({self.length_of(place.index)})"
            rows.append(_plus(f"{base}[:, {', '.join(['None'] * after)}]", by))
        return rows

    def _sent(self, node: Node, in_loop: bool) -> Code:
        own, places = node.attrs["own"], node.attrs["places"]
        loop = self._running(in_loop)
        mine = [index for index in node.over if index != loop]
        live = self.mask(mine, in_loop)
        d = node.inputs[0]
        is_plain = not any(item.family for item in node.inputs)
        if (
            is_plain
            and len(own) == 1
            and not self.dimensions(d, in_loop)
            and not isinstance(places[0], Run)
        ):
            self.helper("_placed", "_widen")
            position = self._position(places[0], node, in_loop)
            return call("_placed", self._operand(d, in_loop, d.rank), position, live)
        self.helper("_sent", "_widen")
        code = self._operand(d, in_loop, d.rank, self._target(node, in_loop))
        rows = self._rows(node, own, in_loop)
        kept = [row for row, i in zip(rows, node.over, strict=True) if i != loop]
        rank, who = str(node.rank), self._owners(node, in_loop)
        return call("_sent", code, self.tuple_of([str(row) for row in kept]), live, rank, *who)


def _plus(left: Code | str, right: Code) -> Code:
    """A sum, without what adds nothing."""
    text = str(right)
    if text == "0":
        return left if isinstance(left, Code) else Code(left, ADD)
    base = left if isinstance(left, Code) else Code(left, ADD)
    if base.text == "0":
        return right
    if text.startswith("-"):
        return Code(f"{base.at(ADD)} - {text[1:]}", ADD)
    return infix("+", ADD, base, right)

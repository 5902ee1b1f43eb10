"""What an operation's code may ask of the node that it is written for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rnndsl.emit.context import dim_code
from rnndsl.graph.families import axis_of, part_of
from rnndsl.graph.node import Node
from rnndsl.model.dims import Dim
from rnndsl.ops.code import ADD, Code

if TYPE_CHECKING:
    from rnndsl.emit.kin import Kin


class NodeSite:
    """One node, in straight code or within a step."""

    def __init__(self, body: Kin, node: Node, in_loop: bool) -> None:
        self._body = body
        self._node = node
        self._in_loop = in_loop
        self.attrs: Mapping[str, Any] = node.attrs

    def rank(self, slot: int) -> int:
        """The rank of an operand."""
        return self._node.inputs[slot].rank

    def is_plain(self, slot: int) -> bool:
        """Whether an operand has neither positions nor examples."""
        return self._node.inputs[slot].is_plain

    def is_number(self, slot: int) -> bool:
        """Whether an operand is a bare number."""
        return self._node.inputs[slot].is_number

    def is_leaf(self, slot: int) -> bool:
        """Whether an operand is a number of the file or a size."""
        return self._node.inputs[slot].op in ("number", "size")

    def is_real(self) -> bool:
        """Whether the result is real."""
        return self._node.kind == "real"

    def indices(self, slot: int) -> Sequence[str]:
        """The indices that have a dimension in an operand's array."""
        return self._body.dimensions(self._node.inputs[slot], self._in_loop)

    def is_over_examples(self, slot: int) -> bool:
        """Whether an operand differs between examples."""
        return self._node.inputs[slot].over_b

    def size(self, key: str) -> str:
        """The code of a dimension kept in the node's attributes."""
        return self.dim(self.attrs[key])

    def dim(self, dim: Dim) -> str:
        """The code of a dimension."""
        return dim_code(dim, self._body.context, self._body.sizes).at(ADD)

    def rank_of_result(self) -> int:
        """The rank of the result."""
        return self._node.rank

    def shape_of_result(self) -> str:
        """The code of the result's shape."""
        return self._body.tuple_of([self.dim(dim) for dim in self._node.shape])

    def live(self) -> str:
        """Which examples have the positions of the node's index."""
        target = self._body.dimensions(self._node, self._in_loop)
        return str(self._body.live(self.attrs["index"], self._in_loop, target))

    def along(self) -> Sequence[str]:
        """Who has which positions of the node's index, and where its dimension is."""
        index, present = self.attrs["index"], self.indices(0)
        live = str(self._body.live(index, self._in_loop, (index,)))
        if len(present) == 1:
            return (live,)
        return live, str(present.index(index)), str(len(present))

    def turned(self) -> str:
        """The order of dimensions in which a renamed array comes; empty where it stays."""
        names = dict(self.attrs["names"])
        present = [names.get(index, index) for index in self.indices(0)]
        wanted = self._body.dimensions(self._node, self._in_loop)
        order = [present.index(index) for index in wanted]
        if order == sorted(order):
            return ""
        rest = range(len(order), len(order) + 1 + self._node.rank)
        return self._body.tuple_of([str(number) for number in (*order, *rest)])

    def kin(self, table: str) -> str:
        """A table of the node's tree; in a loop what it has for one height."""
        return self._body.rows(self._axis(), table, self._in_loop)

    def _axis(self) -> str:
        """The tree of the node, or of its operands."""
        families = [self._node.family, *(item.family for item in self._node.inputs)]
        axis = axis_of(next((family for family in families if family), ""))
        return axis or str(self.attrs["axis"])

    def part(self, array: Code) -> Code:
        """The leaves, or the other nodes, of an array over all nodes."""
        return self._body.part(self._node, array, self._in_loop)

    def whole(self, array: Code) -> Code:
        """An array over leaves, or over the other nodes, with 0 at the rest."""
        return self._body.whole(self._node, array, self._in_loop)

    def links(self) -> Sequence[str]:
        """Where the links of each node start: at one height, or among all behind the leaves."""
        axis = self._axis()
        if self._body.is_in(axis, self._in_loop):
            return [self._body.rows(axis, "firsts", True)]
        return [self._body.table(axis, "starts"), self._body.table(axis, "leaves")]

    def members(self) -> str:
        """How many nodes, or links, the node has results for."""
        return self._body.count(self._node.family).text

    def _drawers(self) -> list[str]:
        """The example of each draw over a tree, and the numbers of its nodes among their own."""
        family, body, loop = self._node.family, self._body, self._in_loop
        if not family:
            axis = axis_of(next(str(i) for i in self.attrs["running"] if str(i).endswith(".root")))
            body.uses("B")
            return ["np.arange(B)", f"{body.table(axis, 'number')}[{body.table(axis, 'roots')}]"]
        axis, part = axis_of(family), part_of(family)
        if part == "links":
            kids = body.rows(axis, "kids", loop)
            above = f"np.repeat({body.rows(axis, 'number', loop)}, "
            above += f"{body.rows(axis, 'counts', loop)})"
            number = body.table(axis, "number")
            return [f"{body.table(axis, 'owner')}[{kids}]", above, f"{number}[{kids}]"]
        tables = [Code(body.rows(axis, key, loop)) for key in ("owner", "number")]
        return [str(body.part(self._node, code, loop) if part else code) for code in tables]

    def draw(self) -> str:
        """Seed, place in the file, positions and examples of a draw."""
        running = self.attrs["running"]
        if self._node.family or any(str(index).endswith(".root") for index in running):
            self._body.uses("seed")
            return f"seed, {self.attrs['site']}, (), {self._body.tuple_of(self._drawers())}"
        self._body.uses("seed", "B")
        target = self._body.dimensions(self._node, self._in_loop)
        places = [
            str(index)
            if isinstance(index, int)
            else self._body.position_of(index, self._in_loop, target)
            for index in self.attrs["running"]
        ]
        when = "0" if not places else places[0]
        if len(places) > 1:
            when = self._body.tuple_of(places)
        return f"seed, {self.attrs['site']}, {when}, B"

"""Trees in generated code: reads at other nodes, heights, leaves and all others.

The head of a loop over heights is for `body`; what the tables of a tree hold is for the file's
own `_forest`.
"""

from __future__ import annotations

from rnndsl.emit.lookups import Lookups
from rnndsl.emit.site import NodeSite
from rnndsl.graph.families import axis_of, part_of
from rnndsl.graph.node import Node
from rnndsl.ops.code import ADD, Code, call, subscript
from rnndsl.ops.operation import Site

PER_NODE = ("owner", "number", "counts", "is_root", "parents", "link_of", "firsts")
TABLES = {"child": "child {slot}", "up": "up {slot}", "parent": "parents", "of_link": "link_of",
          "link_child": "kids"}  # fmt: skip


class Kin(Lookups):
    """Codes of what knows of trees."""

    def site(self, node: Node, in_loop: bool) -> Site:
        """What a node's code may ask."""
        return NodeSite(self, node, in_loop)

    def table(self, axis: str, key: str) -> str:
        """The variable that holds a table of a tree."""
        name = self.context.table(axis, key)
        self.uses(name)
        return name

    def is_in(self, axis: str, in_loop: bool) -> bool:
        """Whether the loop around runs over the heights of a tree."""
        return self._running(in_loop) == axis

    def rows(self, axis: str, key: str, in_loop: bool) -> str:
        """A table; in a loop what it has for one height."""
        name = self.table(axis, key)
        if not self.is_in(axis, in_loop):
            return name
        if key == "kids":
            return f"{name}[{self.slice_of(axis, 'links')}]"
        is_one = key in PER_NODE or key.startswith(("child ", "up "))
        return f"{name}[{self.slice_of(axis, '')}]" if is_one else name

    def slice_of(self, axis: str, part: str) -> str:
        """The rows of one height: of nodes, of nodes above leaves, or of links."""
        word = {"": "at", "inner": "inside", "links": "links"}[part]
        name = self.context.table(axis, word)
        self.slices.add(name)
        return name

    def skips_leaves(self) -> bool:
        """Whether the loop around begins above the leaves."""
        return self.current is not None and self.above_leaves

    def count(self, family: str) -> Code:
        """How many nodes or links a family has."""
        axis, part = axis_of(family), part_of(family)
        if not family:
            self.uses("B")
            return Code("B")
        if part == "links":
            return Code(self.table(axis, "link_count"))
        if part == "leaves":
            return Code(self.table(axis, "leaves"))
        nodes = self.table(axis, "nodes")
        return Code(f"{nodes} - {self.table(axis, 'leaves')}", ADD) if part else Code(nodes)

    def owners(self, family: str, in_loop: bool) -> Code:
        """The example of each node, or link, of a family."""
        axis, part = axis_of(family), part_of(family)
        if part == "links":
            return Code(f"{self.table(axis, 'owner')}[{self.rows(axis, 'kids', in_loop)}]")
        rows = Code(self.rows(axis, "owner", in_loop))
        return self._parted(axis, part, rows, in_loop) if part else rows

    def kin(self, node: Node, in_loop: bool) -> Code:
        """What a node finds at another: rows of an array, 0 for those that are not there."""
        source = node.inputs[0]
        axis = axis_of(source.family)
        rows = self.rows(axis, TABLES[node.op].format(**node.attrs), in_loop)
        code = self._code(source, False)
        if source in self.context.rooms:
            whole = self.context.room_name(source)
            if source not in self.stage.nodes:
                self.imports.add(whole)
            return subscript(Code(whole), rows)
        if node.op == "link_child":
            return subscript(code, rows)
        self.helper("_taken")
        return call("_taken", code, rows, str(node.attrs["outside"]))

    def part(self, node: Node, array: Code, in_loop: bool) -> Code:
        """The leaves of an array over all nodes, or the others."""
        return self._parted(axis_of(node.family), part_of(node.family), array, in_loop)

    def _parted(self, axis: str, part: str, array: Code, in_loop: bool) -> Code:
        if self.is_in(axis, in_loop):
            if self.skips_leaves():
                return array
            self.helper("_inside")
            return call("_inside", array, self.slice_of(axis, "inner"))
        leaves = self.table(axis, "leaves")
        return subscript(array, f":{leaves}" if part == "leaves" else f"{leaves}:")

    def whole(self, node: Node, array: Code, in_loop: bool) -> Code:
        """An array over leaves, or over all others, with 0 at the rest."""
        axis, source = node.family, node.inputs[0].family
        if self.is_in(axis, in_loop):
            if self.skips_leaves():
                return array
            self.helper("_at_height")
            return call("_at_height", array, self.slice_of(axis, ""))
        self.helper("_padded_rows")
        leaves, nodes = self.table(axis, "leaves"), self.table(axis, "nodes")
        ends = ("0", f"{nodes} - {leaves}") if part_of(source) == "leaves" else (leaves, "0")
        return call("_padded_rows", array, *ends)

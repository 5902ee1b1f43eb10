"""Loops over the heights of trees: their heads, and where leaves stand in them."""

from __future__ import annotations

from rnndsl.emit.storage import Storage
from rnndsl.graph.families import part_of
from rnndsl.graph.node import Node
from rnndsl.ops.code import Code, subscript
from rnndsl.plan.schedule import Loop


class Heights(Storage):
    """Storage with what loops over heights need."""

    def _heights(self, loop: Loop) -> str:
        """The head of a loop over heights, from the leaves up or from the roots down."""
        axis = loop.index
        levels = self.table(axis, "levels") + ("[1:]" if self.above_leaves else "")
        names = [self.context.table(axis, word) for word in ("at", "inside", "links")]
        shown = [name if name in self.slices else "_" for name in names]
        self.slices.clear()
        steps = levels if loop.step > 0 else f"reversed({levels})"
        return f"for {', '.join(shown)} in {steps}:"

    def _is_above_leaves(self, loop: Loop) -> bool:
        """Whether nothing in a loop is computed at leaves."""
        inside = set(loop.body)

        def is_above(node: Node) -> bool:
            if part_of(node.family) or node.op == "join" or self._joins(node):
                return True
            if node in self.stage.targets or node in self.stage.exports:
                return False
            readers = self.readers.get(node, ())
            return all(reader.op == "part" and reader in inside for reader in readers)

        return all(map(is_above, loop.body))

    def _joins(self, node: Node) -> bool:
        """Whether an equation for leaves gives a value at these."""
        return node.op == "value" and node.inputs[0].op == "join"

    def _leaf_rows(self, node: Node) -> None:
        """The leaves of a value, before the loop that goes on from them."""
        code = self._operand(node.inputs[0].inputs[0], False, node.rank)
        leaves = self.table(node.family, "leaves")
        self.writer.line(f"{self.context.variable(node)}[:{leaves}] = {code}")

    def _above(self, node: Node) -> Code:
        """What a value has at one height above the leaves."""
        rest = subscript(Code(self.context.variable(node)), f"{self.table(node.family, 'leaves')}:")
        return subscript(rest, self.slice_of(node.family, "inner"))

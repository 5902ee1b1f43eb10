"""The statements of one stage: which node gets a line, which is written where it is read.

It knows order and places; what an operation looks like stands in the table.
"""

from __future__ import annotations

from collections.abc import Sequence

from rnndsl.emit.heights import Heights
from rnndsl.emit.writer import Writer
from rnndsl.graph.node import Node
from rnndsl.ops.code import Code, call
from rnndsl.ops.table import LEAVES
from rnndsl.plan.schedule import Block, Loop

WIDTH = 88


class Body(Heights):
    """Writes the blocks of a stage and records what they use."""

    def write(self, blocks: Sequence[Block]) -> None:
        """All blocks in order."""
        for node in self.stage.nodes:
            for item in node.inputs:
                self.readers.setdefault(item, []).append(node)
        for block in blocks:
            if isinstance(block, Loop):
                self.loops.update(dict.fromkeys(block.body, block))
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
        if not readers or any(r.op == "value" and r.inputs[0] is node for r in readers):
            return False
        if node.op == "fill":
            return all(r.op == "value" or self._is_boundary(r) for r in readers)
        return node.op == "carry" and all(r.op == "value" for r in readers)

    def _loop(self, loop: Loop) -> None:
        is_tree = self.context.model.axes[self.context.axes[loop.index]].is_tree
        self.above_leaves = is_tree and self._is_above_leaves(loop)
        stored = [node for node in loop.body if self._is_stored(node, loop)]
        for node in stored:
            self._allocate(node, loop.body)
            if self._joins(node):
                self._leaf_rows(node)
        self.comment, self.current = "", loop
        outer, self.writer = self.writer, Writer()
        for node in loop.body:
            self._within(node, node in stored)
        body, self.writer = self.writer, outer
        self._before_loop()
        with self.writer.block(self._heights(loop) if is_tree else self._positions(loop)):
            self.writer.extend(body.lines)
        self.comment, self.current = "", None
        for node in loop.body:
            if node in stored or node.op == "shift":
                self.codes[node] = Code(self.context.variable(node))

    def _positions(self, loop: Loop) -> str:
        """The head of a loop over positions."""
        steps = f"range({self.length_of(loop.index)})"
        steps = steps if loop.step > 0 else f"reversed({steps})"
        return f"for {self.context.index(loop.index)} in {steps}:"

    def _before_loop(self) -> None:
        """What the steps need to have at hand."""

    def _within(self, node: Node, is_stored: bool) -> None:
        if node.op == "shift":
            self.codes[node] = self.step(node, Code(self.context.variable(node)))
            return
        if node.op in LEAVES:
            self._leaf(node)
            return
        if node.op == "join":
            self.codes[node] = self._operand(node.inputs[1], True, node.rank)
            return
        code = self._named(node, True) if node.op == "value" else self.expression(node, True)
        if is_stored:
            self._store(node, code)
            return
        code = self._for_examples(node, code)
        if node.op == "value" or self._deserves_line(node, code):
            self._assign(node, code)
        else:
            self.codes[node] = code

    def _named(self, node: Node, in_loop: bool) -> Code:
        """What a name stands for, over all its indices."""
        target = self.dimensions(node, in_loop)
        return self._operand(node.inputs[0], in_loop, node.rank, target)

    def _assign(self, node: Node, code: Code) -> None:
        """A line that computes a node and gives it its name."""
        self._remark(node)
        is_view = node.op == "pick" and node.attrs.get("literal") == 0 and node.over_t
        copied = f"{code}.copy()" if is_view and self.current is None else code
        self.writer.line(f"{self._define(node)} = {copied}")
        self.codes[node] = Code(self.context.variable(node))

    def _set(self, node: Node, target: str, code: Code) -> None:
        """A line that computes a node into a place that is there."""
        self._remark(node)
        self.writer.line(f"{target} = {code}")

    def _store(self, node: Node, code: Code) -> None:
        """One step's result goes to its place; padding keeps what stands there where it counts."""
        target = self.step(node, Code(self.context.variable(node)))
        if self._joins(node) and not self.above_leaves:
            self._set(node, self._above(node).text, code)
            self.codes[node] = target
            return
        if self._is_masked(node):
            self.helper("_live_only", "_widen")
            code = call("_live_only", code, target, self.mask(node.over, True))
        self._set(node, target.text, code)
        self.codes[node] = target
        self._bounds_within(node)

    def _bounds_within(self, node: Node) -> None:
        """Boundaries along the loop's own index that the loop computes."""
        room = self.context.rooms.get(node)
        if node.op != "value" or room is None:
            return
        for where, bound in zip(node.attrs["places"], node.inputs[1:], strict=True):
            if self.loops.get(bound) is self.current:
                places = dict(zip(node.attrs["own"], where, strict=True))
                self._boundary_step(node, room, places, bound)

    def _is_masked(self, node: Node) -> bool:
        room = self.context.rooms.get(node)
        return room is not None and room.is_masked and "flow" not in node.attrs

    def _is_stored(self, node: Node, loop: Loop) -> bool:
        if node.op in LEAVES or node.op in ("shift", "join") or not node.runs(loop.index):
            return False
        if node in self.stage.targets or node in self.stage.exports or node in self.context.rooms:
            return True
        return any(self.loops.get(reader) is not loop for reader in self.readers.get(node, ()))

    # Single nodes

    def _view(self, node: Node) -> None:
        """A shift in straight code: the view was cut where the value was made."""
        name = self.context.variable(node)
        if node.inputs[0] in self.stage.given or node.inputs[0] in self.held:
            self.imports.add(name)
        self.codes[node] = Code(name)

    def _value(self, node: Node) -> None:
        code, source = self._named(node, False), node.inputs[0]
        is_full = source.over == node.over and source.over_b
        if node in self.context.rooms or (node.over and not is_full):
            self._allocate(node)
            name = self.context.variable(node)
            if self._is_masked(node):
                self.helper("_live_only", "_widen")
                code = call("_live_only", code, name, self.mask(node.over, False))
            self._set(node, f"{name}[:]", code)
            self.codes[node] = Code(name)
        else:
            code = self._for_examples(node, code)
            is_name = node.over_t and code.text.isidentifier()
            self._assign(node, Code(f"{code}.copy()") if is_name else code)

    def _for_examples(self, node: Node, code: Code) -> Code:
        """A value that is the same for every example, once for each."""
        is_dim = self.dimensions(node, self.current is not None)
        if node.op != "value" or node.inputs[0].over_b or is_dim:
            return code
        self.uses("B")
        self.helper("_for_each")
        return call("_for_each", code, "B", str(node.rank))

    def _place(self, node: Node, code: Code) -> None:
        """A line for the node, or its code kept for where it is read."""
        if node.is_number or not self._needs_line(node, code):
            self.codes[node] = code
        else:
            self._assign(node, code)

    def _needs_line(self, node: Node, code: Code) -> bool:
        if node in self.stage.targets or node in self.stage.exports:
            return True
        if node.op != "rename" and any(r in self.loops for r in self.readers.get(node, ())):
            return True
        return self._deserves_line(node, code)

    def _deserves_line(self, node: Node, code: Code) -> bool:
        if node.op == "rename" and not code.text.endswith(")"):
            return False
        if len(self.readers.get(node, ())) > 1 and not code.text.isidentifier():
            return True
        return len(code.text) > WIDTH or (bool(node.name) and node.name.startswith("d_"))

    # Comments

    def _remark(self, node: Node) -> None:
        """The equation that the lines from here on compute, or differentiate."""
        text = self._equation_of(node)
        if text and text != self.comment:
            self.writer.line(f"# {text}")
        self.comment = text or self.comment

    def _equation_of(self, node: Node) -> str:
        origin = node.origin
        if node.op in ("total", "outer_sum", "row_sums") and node.is_plain:
            return "gradients of the parameters"
        if origin.startswith("d "):
            return f"back through {self._text(origin[2:])}" if self._text(origin[2:]) else ""
        return self._text(origin)

    def _text(self, name: str) -> str:
        name, _, end = name.partition("[")
        for equation in self.context.model.all_equations:
            if equation.name == name:
                ends = {f"{item.place.anchor}]": item.text for item in equation.boundaries}
                return ends[end] if end else equation.text
        return ""

"""The third level: the same statements, with arrays that are made once and used again.

Arrays over positions come from a workspace that lives from call to call, and each operation
writes into an array that is there: its operand's own where nothing else reads that. What is
handed out (outputs, gradients, a recorded run) is never part of a workspace in use.
"""

from __future__ import annotations

from typing import Any

from rnndsl.emit.body import Body
from rnndsl.emit.context import dim_code
from rnndsl.emit.writer import Writer
from rnndsl.graph.node import Node
from rnndsl.ops.code import ADD, Code, attribute
from rnndsl.ops.table import TABLE

PRODUCTS = {"matvec": 0, "vecmat": 1}
"""Products and the slot of their matrix."""


class Reusing(Body):
    """Writes operations into arrays that are there already."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.buffers: dict[Node, str] = {}
        self._made = Writer()

    def _make(self, name: str, shape: str, dtype: str, filler: int | None) -> None:
        self.uses("work")
        self.helper("_array", "_filled_array")
        if filler is None:
            self.writer.line(f'{name} = _array(work, "{name}", {shape}, {dtype})')
        else:
            words = f'"{name}", {shape}, {dtype}, {filler}'
            self.writer.line(f"{name} = _filled_array(work, {words})")

    def _before_loop(self) -> None:
        self.writer.extend(self._made.lines)
        self._made = Writer()

    # Which operations write into an array

    def _writes(self, node: Node) -> bool:
        """Whether a function can write this operation, in its full shape, into an array."""
        is_many = node.over_t or (bool(node.family) and self.current is None)
        if node.kind != "real" or not (is_many and node.over_b) or node.is_number:
            return False
        if node.op in PRODUCTS:
            slot = PRODUCTS[node.op]
            return node.inputs[slot].is_plain and not node.inputs[1 - slot].is_plain
        return node.op in TABLE and TABLE[node.op].ufunc is not None

    def _under_a_name(self, node: Node) -> bool:
        """Whether the next line writes this operation into the place of a named value."""
        readers = self.readers.get(node, ())
        if len(readers) != 1 or readers[0].op != "value" or node in self.stage.exports:
            return False
        return readers[0].inputs[0] is node and self.loops.get(readers[0]) is self.current

    def _deserves_line(self, node: Node, code: Code) -> bool:
        if node not in self.stage.targets and self._writes(node):
            return not self._under_a_name(node)
        return super()._deserves_line(node, code)

    # Lines

    def _assign(self, node: Node, code: Code) -> None:
        source = self._source(node)
        if source is None or node in self.stage.targets:
            super()._assign(node, code)
            return
        self._remark(node)
        name = self._operand_buffer(node, source) or self._new_buffer(node)
        self.writer.line(self._into(source, name))
        self.codes[node] = Code(name)
        self.buffers[node] = name

    def _set(self, node: Node, target: str, code: Code) -> None:
        source = self._source(node)
        if source is None or code.text.startswith("_live_only("):
            super()._set(node, target, code)
            return
        self._remark(node)
        self.writer.line(self._into(source, target.removesuffix("[:]")))

    def _source(self, node: Node) -> Node | None:
        """The operation that a line computes, where it can write into an array."""
        source = node.inputs[0] if node.op == "value" else node
        if source is not node and (source not in self.stage.nodes or self._has_line(source)):
            return None
        is_same = source.shape == node.shape and source.over == node.over
        is_same = is_same and source.family == node.family
        return source if self._writes(source) and is_same else None

    def _has_line(self, node: Node) -> bool:
        """Whether an operation stands on a line of its own."""
        name, code = self.context.variables.get(node), self.codes.get(node)
        return code is None or code.text.split("[")[0] == name or node in self.buffers

    def _operand_buffer(self, node: Node, source: Node) -> str | None:
        """The array of an operand that nothing else reads."""
        if node in self.stage.exports or source.op in PRODUCTS:
            return None
        for item in source.inputs:
            is_alone = len(self.readers.get(item, ())) == 1 and source.inputs.count(item) == 1
            is_here = self.loops.get(item) is self.current and item not in self.stage.exports
            is_same = item.shape == node.shape and item.over == node.over
            is_same = is_same and item.family == node.family
            if item in self.buffers and is_alone and is_here and is_same:
                return self.buffers[item]
        return None

    def _new_buffer(self, node: Node) -> str:
        name = self._define(node)
        self.uses("work")
        self.helper("_array")
        dims = [dim_code(dim, self.context, self.sizes).at(ADD) for dim in node.shape]
        present = self.dimensions(node, self.current is not None)
        lead = [*(self.length_of(index) for index in present), self.count(node.family).text]
        line = f'{name} = _array(work, "{name}", {self.tuple_of([*lead, *dims])}, DTYPE)'
        (self._made if self.current else self.writer).line(line)
        return name

    def _into(self, node: Node, target: str) -> str:
        """`np.add(a, b, out=target)`."""
        in_loop = self.current is not None
        row = TABLE[node.op]
        operands = self._operands(node, in_loop)
        if node.op in PRODUCTS:
            matrix, vector = operands if node.op == "matvec" else operands[::-1]
            turned = attribute(matrix, "T") if node.op == "matvec" else matrix
            if in_loop:
                return f"np.matmul({vector}, {turned}, out={target})"
            self.helper("_product_into")
            return f"_product_into({vector}, {turned}, {target})"
        function = str(row.ufunc)
        if function.startswith("_"):
            self.helper(function)
        return f"{function}({', '.join(map(str, operands))}, out={target})"

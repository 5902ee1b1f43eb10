"""What an operation's code may ask of the node that it is written for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rnndsl.emit.context import dim_code
from rnndsl.graph.node import Node
from rnndsl.model.dims import Dim
from rnndsl.ops.code import ADD

if TYPE_CHECKING:
    from rnndsl.emit.expressions import Expressions


class NodeSite:
    """One node, in straight code or within a step."""

    def __init__(self, body: Expressions, node: Node, in_loop: bool) -> None:
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

    def is_real(self) -> bool:
        """Whether the result is real."""
        return self._node.kind == "real"

    def is_over_positions(self, slot: int) -> bool:
        """Whether an operand has a value at every position."""
        return self._node.inputs[slot].over_t

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
        """Which examples have the positions at hand."""
        self._body.uses("live")
        return f"live[{self._body.context.index}]" if self._in_loop else "live"

    def draw(self) -> str:
        """Seed, place in the file, positions and examples of a draw."""
        self._body.uses("seed", "B")
        index = self._body.context.index
        when = "0"
        if self._node.over_t:
            when = f"{index} + 1" if self._in_loop else self._body.positions()
        return f"seed, {self.attrs['site']}, {when}, B"

"""Results of one family where those of another are asked for: nodes of trees, links, examples.

What an example has is there for each of its nodes, what a node has for each of its links; what
is the same for several is computed once and then handed on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from rnndsl.graph.families import axis_of, part_of
from rnndsl.graph.node import Node
from rnndsl.ops import components, elementwise, products
from rnndsl.ops.operation import Operation

_BY_ITSELF = frozenset(
    row.name for rows in (elementwise.ROWS, products.ROWS, components.ROWS) for row in rows
)
"""What computes each result from operands of the same example, or node."""


class Lifting(ABC):
    """The part of a builder that knows of families."""

    nodes: list[Node]

    @abstractmethod
    def raw(self, op: str, inputs: Sequence[Node], **attrs: Any) -> Node:
        """A node as it is."""

    def tree(self, op: str, inputs: Sequence[Node], family: str, **attrs: Any) -> Node:
        """An operation that knows of trees; its results are of a family."""
        known = [self.nodes[item.number] for item in inputs]
        node = self.raw(op, known, family=family, **attrs)
        node.kind, node.shape = known[0].kind, known[0].shape
        node.over_b, node.family = True, family
        return node

    def kin(self, op: str, axis: str) -> Node:
        """What is known of each node of a tree, or of each example's nodes."""
        node = self.raw(op, (), axis=axis)
        node.kind = "bool" if op == "is_root" else "integer"
        node.over_b, node.family = True, "" if op == "node_count" else axis
        return node

    def part(self, node: Node, family: str) -> Node:
        """The leaves, or the other nodes, of what is over all nodes."""
        return self.tree("part", (node,), family)

    def lifted(self, node: Node, family: str) -> Node:
        """A node once for each of a family: what an example has for each node, and so on."""
        if not node.over_b or node.family == family:
            return node
        axis = axis_of(family)
        if not node.family:
            node = self.tree("owned", (node,), axis)
        if node.family == family:
            return node
        return self.tree("link_node" if part_of(family) == "links" else "part", (node,), family)

    def of_examples(self, node: Node) -> Node:
        """What nodes, or links, of a tree send to their examples: the sum."""
        axis, part = axis_of(node.family), part_of(node.family)
        if part:
            node = self.tree("sum_links" if part == "links" else "whole", (node,), axis)
        return self.tree("sum_nodes", (node,), "")

    def together(self, inputs: list[Node]) -> list[Node]:
        """Operands of one family."""
        families = {item.family for item in inputs if item.over_b}
        if len(families) < 2:
            return inputs
        most = max(families, key=lambda family: (bool(family), bool(part_of(family))))
        return [self.lifted(item, most) for item in inputs]


def common_lift(row: Operation, inputs: list[Node]) -> Node | None:
    """The operand that is the same for all nodes of an example, or for all children of a node.

    Where all others are the same everywhere, the result is computed once and then handed on.
    """
    lifted = [item for item in inputs if item.over_b]
    if not lifted or row.across or row.name not in _BY_ITSELF:
        return None
    lift = lifted[0]
    is_common = lift.op in ("owned", "link_node") and all(item.op == lift.op for item in lifted)
    return lift if is_common and len({item.inputs[0].family for item in lifted}) == 1 else None

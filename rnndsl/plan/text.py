"""A plan as text: blocks in their order, one operation a line, loops with what runs in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rnndsl.graph.node import Node
from rnndsl.graph.text import show_node
from rnndsl.plan.schedule import Block, Loop


def show_blocks(blocks: Iterable[Block], numbers: dict[Node, int]) -> Iterator[str]:
    """The lines of a schedule; each node goes by its number."""
    for block in blocks:
        if isinstance(block, Loop):
            yield f"loop {'forwards' if block.step > 0 else 'backwards'}:"
            yield from (f"  {show_node(node, numbers)}" for node in block.body)
        else:
            yield show_node(block, numbers)

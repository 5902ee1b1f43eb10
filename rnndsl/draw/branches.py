"""Where the nodes of a tree stand: the root on top, all leaves below, in one row.

It places blocks of given extent and knows nothing of what is in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rnndsl.draw.scene import Point
from rnndsl.graph.tree_shape import TreeShape

Extent = tuple[float, float, float, float]
"""How far a block reaches from its centre: to the left, down, to the right and up."""

BETWEEN = 26.0
RISE = 58.0
HOLE = 30.0


def place_nodes(
    tree: TreeShape, extents: Mapping[int, Extent], rise: float = RISE
) -> dict[int, Point]:
    """The centre of each node's block; the leaves' at y = 0, `rise` between one row and the next.

    Each node has a strip of its own with all that is below it, and stands in its middle. A
    missing child of a tree with slots leaves a gap.
    """
    strips = _strips(tree, extents)
    heights = _rows(tree, extents, rise)
    found: dict[int, Point] = {}
    starts = {tree.root: 0.0}
    for node in tree.downwards:
        strip, left = strips[node], starts[node]
        found[node] = (round(left + strip.centre, 1), heights[tree.heights[node]])
        for kid, offset in strip.offsets.items():
            starts[kid] = left + offset
    return found


@dataclass(frozen=True)
class _Strip:
    """A node with all below it: how wide, where in it the node stands, where its children begin."""

    width: float
    centre: float
    offsets: Mapping[int, float]


def _strips(tree: TreeShape, extents: Mapping[int, Extent]) -> dict[int, _Strip]:
    found: dict[int, _Strip] = {}
    for node in reversed(tree.downwards):
        found[node] = _strip(tree, node, extents[node], found)
    return found


def _strip(tree: TreeShape, node: int, extent: Extent, known: Mapping[int, _Strip]) -> _Strip:
    left, _, right, _ = extent
    row = [] if tree.is_leaf(node) else tree.children[node - 1]
    items = [kid for kid in row if kid or tree.slots]
    at, offsets, middles = 0.0, dict[int, float](), list[float]()
    for kid in items:
        if kid:
            offsets[kid] = at
        middles.append(at + (known[kid].centre if kid else HOLE / 2))
        at += (known[kid].width if kid else HOLE) + BETWEEN
    if not items:
        return _Strip(left + right, left, {})
    width, centre = at - BETWEEN, (middles[0] + middles[-1]) / 2
    more = max(0.0, left - centre)
    whole = max(width + more, centre + more + right)
    return _Strip(whole, centre + more, {kid: offset + more for kid, offset in offsets.items()})


def _rows(tree: TreeShape, extents: Mapping[int, Extent], rise: float) -> list[float]:
    """The height of the centres of each row: leaves are row 0, a node is above its children."""
    tops = [0.0] * (tree.heights[tree.root] + 1)
    lows = list(tops)
    for node in tree.nodes:
        _, down, _, up = extents[node]
        row = tree.heights[node]
        tops[row], lows[row] = max(tops[row], up), max(lows[row], down)
    found = [0.0]
    for row in range(1, len(tops)):
        found.append(round(found[-1] + tops[row - 1] + rise + lows[row], 1))
    return found

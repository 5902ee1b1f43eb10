"""The table: every operation of the graph by name."""

from __future__ import annotations

from rnndsl.ops import components, elementwise, positions, products, trees
from rnndsl.ops.operation import Operation

TABLE: dict[str, Operation] = {
    row.name: row
    for rows in (elementwise.ROWS, products.ROWS, components.ROWS, positions.ROWS, trees.ROWS)
    for row in rows
}
LEAVES = ("param", "data", "number", "size", "length", "index", "seed", "cotangent", "kept")
"""Nodes that are given rather than computed."""

KIN = tuple(row.name for row in trees.ROWS)
"""Nodes that only hand results on between the nodes of trees, or sum them up."""

READS = ("shift", "at", "gather", "place", "scatter")
"""Nodes that read or write at other positions; `value` nodes hold what they read."""

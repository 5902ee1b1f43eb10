"""Whose results a node holds where not those of examples: nodes of a tree, or links to children.

The nodes of all trees of a batch stand in one array, as examples do; what is computed at one
height is a part of it. Leaves come first in it, then all others.
"""

from __future__ import annotations

UP = ("child", "link_child")
"""Reads of what stands below: computed before."""
DOWN = ("parent", "up", "of_link")
"""Reads of what stands above."""
MOVERS = (*UP, *DOWN)


def axis_of(family: str) -> str:
    """The axis of a family of nodes or links."""
    return family.partition(".")[0]


def leaves(axis: str) -> str:
    """The family of nodes without children."""
    return f"{axis}.leaves"


def inner(axis: str) -> str:
    """The family of all other nodes."""
    return f"{axis}.inner"


def links(axis: str) -> str:
    """The family of links from a node to each of its children."""
    return f"{axis}.links"


def part_of(family: str) -> str:
    """`leaves`, `inner` or `links`; empty for all nodes and for examples."""
    return family.partition(".")[2]

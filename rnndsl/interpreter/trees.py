"""Trees as the interpreter walks them: one example's nodes, numbered from 1, 0 for none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnndsl.interpreter.elementwise import Array


@dataclass(frozen=True)
class Tree:
    """The nodes of one example.

    `numbers`: where each stands in the forest, in the order in which they stand there. `kids`:
    for each node its children by slot, 0 where there is none. `parents`: 0 for the root's.
    """

    numbers: Array
    kids: tuple[tuple[int, ...], ...]
    parents: tuple[int, ...]
    root: int

    def children(self, node: int) -> tuple[int, ...]:
        """The children that a node has."""
        return tuple(kid for kid in self.kids[node - 1] if kid)

    def step(self, node: int, link: str, slots: Sequence[str]) -> int:
        """The parent of a node, or its child in a slot; 0 for none, and from none."""
        if node == 0:
            return 0
        if link == "parent":
            return self.parents[node - 1]
        return self.kids[node - 1][slots.index(link)]


def trees_of(forest: Any) -> list[Tree]:
    """The trees of a forest: anything with `children` (nodes, slots) and `roots` (B,), or both."""
    children, roots = forest if isinstance(forest, tuple) else (forest.children, forest.roots)
    return [_tree(np.asarray(children), int(root)) for root in np.asarray(roots)]


def _tree(children: Array, root: int) -> Tree:
    found, stack = [], [root]
    while stack:
        node = stack.pop()
        found.append(node)
        stack.extend(int(kid) for kid in children[node] if kid >= 0)
    numbers = np.array(sorted(found))
    place = {int(node): number for number, node in enumerate(numbers, 1)}
    kids = tuple(tuple(place.get(int(kid), 0) for kid in children[node]) for node in numbers)
    parents = [0] * len(numbers)
    for parent, own in enumerate(kids, 1):
        for kid in own:
            if kid:
                parents[kid - 1] = parent
    return Tree(numbers, kids, tuple(parents), place[root])

"""One tree as unfolding walks it: its nodes are positions from 1, its links lead between them.

It knows the shape of a tree and nothing of values.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from rnndsl.forest.forest import Forest
from rnndsl.graph.equations import CHILDREN

PARENT = "parent"


@dataclass(frozen=True)
class TreeShape:
    """A tree: node n has `children[n - 1]`, by slot, 0 where one is missing.

    `labels`: what stands at each node, "" where nothing does. `slots`: the names of children,
    none where a node may have any number of them.
    """

    children: tuple[tuple[int, ...], ...]
    root: int
    labels: tuple[str, ...]
    slots: tuple[str, ...] = ()

    @property
    def nodes(self) -> range:
        """All nodes, 1..n."""
        return range(1, len(self.children) + 1)

    @cached_property
    def parents(self) -> dict[int, int]:
        """The parent of every node but the root."""
        return {kid: node for node in self.nodes for kid in self.below(node)}

    @cached_property
    def heights(self) -> dict[int, int]:
        """How far below each node its deepest leaf is; 0 for a leaf."""
        found: dict[int, int] = {}
        for node in reversed(self.downwards):
            found[node] = max((found[kid] + 1 for kid in self.below(node)), default=0)
        return found

    @cached_property
    def downwards(self) -> tuple[int, ...]:
        """Every node, each before its children, these from left to right."""
        found, stack = [], [self.root]
        while stack:
            node = stack.pop()
            found.append(node)
            stack.extend(reversed(self.below(node)))
        return tuple(found)

    def below(self, node: int) -> tuple[int, ...]:
        """The children that a node has."""
        return tuple(kid for kid in self.children[node - 1] if kid)

    def is_leaf(self, node: int) -> bool:
        """Whether a node has no children."""
        return not self.below(node)

    def follow(self, node: int, link: Sequence[str]) -> tuple[int, ...]:
        """Where steps lead from a node: to one node, to none, or over `children` to several."""
        found: Iterable[int] = (node,)
        for step in link:
            found = [there for at in found for there in self._step(at, step)]
        return tuple(found)

    def _step(self, node: int, step: str) -> tuple[int, ...]:
        if step == CHILDREN:
            return self.below(node)
        if step == PARENT:
            return (self.parents[node],) if node in self.parents else ()
        kid = self.children[node - 1][self.slots.index(step)] if self.children[node - 1] else 0
        return (kid,) if kid else ()


def tree_shape(forest: Forest, slots: Sequence[str] = ()) -> TreeShape:
    """The first tree of a forest; nodes in the order of their numbers there."""
    alone, _ = forest.select([0])
    children = tuple(tuple(int(kid) + 1 for kid in row) for row in alone.children)
    labels = tuple("" if label is None else str(label) for label in alone.labels)
    return TreeShape(children, int(alone.roots[0]) + 1, labels, tuple(slots))

"""`Forest`: the trees of a batch, as plain arrays over all their nodes.

It holds the shapes of trees and what stood at their nodes; values at nodes are arrays beside it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from rnndsl.forest import messages
from rnndsl.forest.check import Whole, examples, whole
from rnndsl.forest.grow import Growth, grow, grow_ast, write


class Forest:
    """Trees as arrays: one tree an example, nodes numbered through all of them.

    `children` (nodes, slots): node numbers, -1 for none. `roots` (B,): the root of each example.
    `slots`: the names of the columns of `children`, or None where a node may have any number of
    children. `labels`: for each node what stood there, None where nothing did. The arrays are
    copies, and read-only. DataError RNN450 names the node where this is no forest: a cycle, two
    parents, a root below another node, a node below no root, a number that is none of the nodes.
    """

    __hash__ = None  # type: ignore[assignment]  # it compares by arrays

    def __init__(
        self,
        children: Any,
        roots: Any,
        labels: Iterable[object] | None = None,
        slots: Sequence[str] | None = None,
    ) -> None:
        self.slots = _names(slots)
        self.children, self.roots = whole("children", children, 2), whole("roots", roots, 1)
        nodes, columns = self.children.shape
        if self.slots is not None and columns != len(self.slots):
            raise messages.wrong_width(columns, self.slots)
        self.labels: tuple[object, ...] = (None,) * nodes if labels is None else tuple(labels)
        if len(self.labels) != nodes:
            raise messages.wrong_labels(len(self.labels), nodes)
        self.examples: Whole = examples(self.children, self.roots, self.slots)
        """The example of each node, (nodes,)."""

    @classmethod
    def of(cls, trees: Any, slots: Sequence[str] | None = None) -> Forest:
        """A forest of one tree, or of a list of them; nodes are numbered before their children.

        A tree is a bracketed text, `"(a (b c))"`, or a nested tuple, `("a", ("b", "c"))`: a tuple
        is a node with children, whatever else stands in it a leaf with that label. A label of a
        node with children stands before the bracket, `"plus(a b)"`, or before a list of them,
        `("plus", ["a", "b"])`. With `slots` each node has none or as many children as slots,
        and where one is missing stands None, in a text `_`.
        """
        names = _names(slots)
        return cls._grown(grow(trees if isinstance(trees, list) else [trees], names), names)

    @classmethod
    def of_ast(
        cls, nodes: ast.AST | Iterable[ast.AST], leave_out: tuple[type[ast.AST], ...] = ()
    ) -> Forest:
        """A forest of syntax trees of Python: children as `ast.iter_child_nodes` has them, labels
        the kinds of nodes (`"For"`). Nodes of the kinds to `leave_out` are missing, with all that
        is below them (`ast.expr_context`: whether a name is read or written)."""
        given = [nodes] if isinstance(nodes, ast.AST) else nodes
        return cls._grown(grow_ast(given, leave_out), None)

    @classmethod
    def _grown(cls, growth: Growth, slots: tuple[str, ...] | None) -> Forest:
        return cls(growth.children(), np.array(growth.roots, np.int64), growth.labels, slots)

    @property
    def nodes(self) -> int:
        """How many nodes there are, in all trees together."""
        return len(self.children)

    def __len__(self) -> int:
        return len(self.roots)

    def select(self, chosen: Any) -> tuple[Forest, Whole]:
        """A forest of the chosen examples alone, and the numbers that its nodes have here.

        `x[taken]` are then the data of its nodes. An example may be chosen more than once; its
        nodes keep their order, and stand behind those of the example chosen before.
        """
        which = self._known(chosen)
        order, counts, first, rank = self._sorted
        sizes = counts[which]
        offsets = np.cumsum(sizes) - sizes
        before = np.repeat(offsets, sizes)
        taken = order[np.arange(len(before)) - before + np.repeat(first[which], sizes)]
        old = self.children[taken]
        children = np.where(old < 0, -1, before[:, None] + rank[old])
        roots = offsets + rank[self.roots[which]]
        labels = [self.labels[node] for node in taken.tolist()]
        return Forest(children, roots, labels, self.slots), taken

    @cached_property
    def _sorted(self) -> tuple[Whole, Whole, Whole, Whole]:
        """Nodes sorted by example; of each example how many it has, and where its first one
        stands among the sorted; of each node its place among those of its example."""
        order = np.argsort(self.examples, kind="stable")
        counts = np.bincount(self.examples, minlength=len(self))
        first = np.cumsum(counts) - counts
        rank = np.empty_like(order)
        rank[order] = np.arange(self.nodes) - np.repeat(first, counts)
        return order, counts, first, rank

    def _known(self, chosen: Any) -> Whole:
        which = np.asarray(chosen)
        if which.ndim != 1 or not which.size or which.dtype.kind not in "iu":
            raise messages.wrong_examples(chosen, len(self))
        outside = (which < 0) | (which >= len(self))
        if outside.any():
            raise messages.wrong_examples(int(which[np.argmax(outside)]), len(self))
        return which.astype(np.int64)

    def tokens(self, vocabulary: Mapping[Any, int]) -> npt.NDArray[np.int64]:
        """The labels as tokens, (nodes,): -1 where there is none. DataError RNN450 for a label
        that the vocabulary has not."""
        found = np.full(self.nodes, -1)
        for node, label in enumerate(self.labels):
            if label is not None:
                if label not in vocabulary:
                    raise messages.no_token(node, label)
                found[node] = vocabulary[label]
        return found

    def texts(self) -> list[str]:
        """Each tree as a bracketed text, which `Forest.of` reads; DataError RNN450 for a label
        with blanks or brackets."""
        roots = [int(root) for root in self.roots]
        return [write(self.children, root, self.labels, self.slots is not None) for root in roots]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Forest):
            return NotImplemented
        mine, its = self._width(), other._width()
        return (
            self.slots == other.slots
            and np.array_equal(self.roots, other.roots)
            and np.array_equal(self.children[:, :mine], other.children[:, :its])
            and self.labels == other.labels
        )

    def _width(self) -> int:
        """The columns of `children`, without empty ones at the end where they have no names."""
        used = np.flatnonzero((self.children >= 0).any(axis=0))
        if self.slots is not None:
            return len(self.slots)
        return int(used[-1]) + 1 if used.size else 0

    def __repr__(self) -> str:
        trees = f"{len(self)} tree{'s' * (len(self) != 1)}"
        nodes = f"{self.nodes} node{'s' * (self.nodes != 1)}"
        slots = "any number of children" if self.slots is None else f"slots {self.slots}"
        return f"<Forest: {trees}, {nodes}, {slots}>"


def _names(slots: Sequence[str] | None) -> tuple[str, ...] | None:
    if slots is None:
        return None
    names = tuple(slots) if not isinstance(slots, str) else (slots,)
    if not names or not all(isinstance(name, str) for name in names) or len({*names}) < len(names):
        raise messages.wrong_slots(names)
    return names

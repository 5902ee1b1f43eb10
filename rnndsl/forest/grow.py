"""Trees from nested tuples, bracketed texts and Python's `ast`; and texts from trees.

Nodes are numbered as they are met: a node before its children, a tree before the next. Nothing
here recurses, so that depth has no bound. Whether what comes out is a forest is not looked at.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from rnndsl.forest import messages

MISSING = "_"
_WORD = r"[^\s()]+"
_TOKEN = re.compile(rf"(?P<label>{_WORD})?(?P<open>\()|(?P<close>\))|(?P<leaf>{_WORD})")
_LABEL = re.compile(_WORD)
_HOLE = object()
Apart = Callable[[Any, int], tuple[object, Sequence[Any]]]
"""A node's label and its children, from what stands for it and its number."""


@dataclass
class Growth:
    """A forest that grows node by node; `filled`: children so far, with those that are missing."""

    slots: tuple[str, ...] | None
    labels: list[object] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    filled: list[int] = field(default_factory=list)
    roots: list[int] = field(default_factory=list)

    def add(self, label: object, parent: int) -> int:
        """A node behind its parent's children so far, a root where that is -1; its number."""
        node = len(self.labels)
        if parent < 0:
            self.roots.append(node)
        self.places.append(self.skip(parent))
        self.labels.append(label)
        self.parents.append(parent)
        self.filled.append(0)
        return node

    def skip(self, parent: int) -> int:
        """The place of the next child of a node, which is taken from now on."""
        if parent < 0:
            return -1
        self.filled[parent] += 1
        return self.filled[parent] - 1

    def children(self) -> npt.NDArray[np.int64]:
        """The children of each node, (nodes, slots)."""
        filled = np.array(self.filled, np.int64)
        width = int(filled.max(initial=0)) if self.slots is None else len(self.slots)
        if self.slots is not None and (wrong := (filled != 0) & (filled != width)).any():
            node = int(np.argmax(wrong))
            missing = f"None (`{MISSING}` in a text)"
            raise messages.wrong_count(node, self.filled[node], self.slots, missing)
        table = np.full((len(filled), width), -1)
        parents, places = np.array(self.parents, np.int64), np.array(self.places, np.int64)
        below = np.flatnonzero(parents >= 0)
        table[parents[below], places[below]] = below
        return table


def grow(trees: Iterable[Any], slots: tuple[str, ...] | None) -> Growth:
    """A forest of nested tuples and texts."""
    growth = Growth(slots)
    for number, tree in enumerate(trees):
        if isinstance(tree, str):
            _read(growth, tree, number)
        else:
            _descend(growth, tree, _tuple_apart)
    return growth


def grow_ast(nodes: Iterable[ast.AST], leave_out: tuple[type[ast.AST], ...]) -> Growth:
    """A forest of syntax trees, labelled by kinds of nodes."""

    def apart(node: ast.AST, _: int) -> tuple[str, list[ast.AST]]:
        below = [item for item in ast.iter_child_nodes(node) if not isinstance(item, leave_out)]
        return type(node).__name__, below

    growth = Growth(None)
    for node in nodes:
        _descend(growth, node, apart)
    return growth


def _tuple_apart(item: Any, node: int) -> tuple[object, Sequence[Any]]:
    if isinstance(item, list):
        raise messages.loose_list(node)
    if not isinstance(item, tuple):
        return item, ()
    if len(item) == 2 and isinstance(item[1], list):
        label, below = item
        if isinstance(label, tuple | list):
            raise messages.loose_list(node)
        return label, below
    return None, item


def _descend(growth: Growth, tree: Any, apart: Apart) -> None:
    waiting: list[tuple[Any, int]] = [(tree, -1)]
    while waiting:
        item, parent = waiting.pop()
        if item is _HOLE:
            growth.skip(parent)
            continue
        label, below = apart(item, len(growth.labels))
        node = growth.add(label, parent)
        for child in reversed(below):
            if child is None and growth.slots is None:
                raise messages.hole(node)
            waiting.append((_HOLE if child is None else child, node))


def _read(growth: Growth, text: str, number: int) -> None:
    """One tree from a text; `number` is the text's own."""
    first, opened = len(growth.labels), list[tuple[int, int]]()
    for token in _TOKEN.finditer(text):
        column, node = token.start() + 1, len(growth.labels)
        if token["close"]:
            if not opened:
                raise messages.closing_bracket(number, None if node == first else node - 1, column)
            opened.pop()
            continue
        parent = opened[-1][0] if opened else -1
        if token["leaf"] == MISSING and growth.slots is not None:
            growth.skip(parent)
            continue
        if not opened and node > first:
            raise messages.several_roots(number, node, column)
        growth.add(token["label"] or token["leaf"], parent)
        if token["open"]:
            opened.append((node, token.end()))
    if opened:
        raise messages.open_bracket(number, *opened[-1])
    if len(growth.labels) == first:
        raise messages.no_tree(number)


def write(children: npt.NDArray[np.int64], root: int, labels: Sequence[object], slots: bool) -> str:
    """The text of the tree below a root."""
    parts: list[str] = []
    waiting: list[int | str] = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            parts.append(node)
            continue
        below = [int(child) for child in children[node] if slots or child >= 0]
        if all(child < 0 for child in below):
            below = []
        label = _label(node, labels[node], slots and not below)
        if below or not label:
            parts.append(f"{label}(")
            waiting.append(")")
            for place, child in reversed(list(enumerate(below))):
                waiting += [MISSING if child < 0 else child, *([" "] if place else [])]
        else:
            parts.append(label)
    return "".join(parts)


def _label(node: int, label: object, may_miss: bool) -> str:
    """A label as it is written; `may_miss`: where the sign for a missing child would be read."""
    text = "" if label is None else str(label)
    if label is not None and (not _LABEL.fullmatch(text) or (may_miss and text == MISSING)):
        raise messages.unwritable(node, label)
    return text

"""The nodes of a tree, each with the values that stand there, laid out as the tree.

What runs up the tree stands in the middle of a node, what runs down it on its right, and what
only follows from these aside. Values without axis stand above the root, or below the leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import networkx as nx

from rnndsl.draw.arrange import GAP, Spots
from rnndsl.draw.block import BELOW, PANELLED, Side, node_id
from rnndsl.draw.branches import RISE, Extent, place_nodes
from rnndsl.draw.notation import Symbol, sans_width
from rnndsl.draw.parts import HEIGHT, Parts
from rnndsl.draw.scene import Box, Panel, Scene, Writing, bounds, moved
from rnndsl.graph.outer import Outer
from rnndsl.graph.tree_shape import PARENT, TreeShape
from rnndsl.model.model import Boundary

WORD = 11.0
DROP = 16.0
ABOVE = 84.0
WIDEST = 100.0
EDGE = 10.0


@dataclass
class TreeBlock:
    """The part of an unfolded graph that stands at the nodes of a tree.

    `rest` says on which side each value without axis stands that belongs to it.
    """

    parts: Parts
    graph: nx.DiGraph
    axis: str
    tree: TreeShape
    rest: dict[str, Side]

    line = 0.0

    @property
    def caption(self) -> str:
        """Which axis it runs along, in words."""
        return f"{self.axis}: the nodes of a tree"

    @cached_property
    def cell(self) -> Spots:
        """Where each name stands at its node; the first of what runs on is at (0, 0)."""
        found: Spots = {}
        groups = [names for names in self._groups if names]
        pairs = self._pairs()
        right = 0.0
        for number, names in enumerate(groups):
            spots = self.parts.arranged(names, pairs, {})
            wide = {name: self._wide(name) for name in names}
            left = min(spots[name][0] - wide[name] / 2 for name in names)
            dx = right + GAP - left if number else 0.0
            dy = self._lift(spots, found, pairs) if number else 0.0
            found |= {name: (spots[name][0] + dx, spots[name][1] + dy) for name in names}
            right = max(found[name][0] + wide[name] / 2 for name in names)
        x, y = found[self._stem(groups)] if found else (0.0, 0.0)
        return {name: (at[0] - x, at[1] - y) for name, at in found.items()}

    def _wide(self, name: str) -> float:
        return self.parts.box(name, name, self.parts.shown(name), 0.0, 0.0).width

    def _lift(self, spots: Spots, before: Spots, pairs: Iterable[tuple[str, str]]) -> float:
        """How far a group is lifted so that what it starts with stands beside what it reads."""
        gaps = [before[a][1] - spots[b][1] for a, b in pairs if a in before and b in spots]
        return max(gaps, default=0.0)

    def _stem(self, groups: Sequence[Sequence[str]]) -> str:
        """The name that stands at the centre of a node: the last that other nodes read."""
        carried = {item.source for item in self.parts.references if self._is_link(item.source)}
        names = [name for name in groups[0] if name in carried] or list(groups[0])
        return names[-1]

    def _is_link(self, name: str) -> bool:
        found = self.parts.outer
        return any(i.source == name and found.is_moved(i) for i in self.parts.references)

    def _pairs(self) -> list[tuple[str, str]]:
        """What is read at the node where it stands."""
        outer = self.parts.outer
        found = []
        for item in self.parts.references:
            along = outer.along(item)
            is_near = along is not None and along.kind in ("shift", "all")
            if is_near and not outer.is_moved(item):
                found.append((item.source, item.target))
        return found

    @cached_property
    def _groups(self) -> tuple[list[str], list[str], list[str]]:
        """The names that lead to what is read from children; from the parent; and the others."""
        outer = self.parts.outer
        names = [name for name in self.parts.roles if outer.axis(name) == self.axis]
        near = nx.DiGraph(self._pairs())
        near.add_nodes_from(names)
        read: dict[bool, set[str]] = {True: set(), False: set()}
        for item in self.parts.references:
            at = outer.along(item)
            if at and at.place and at.axis == self.axis and outer.is_moved(item):
                read[PARENT in at.place.link].add(item.source)
        up = {a for name in read[False] for a in (name, *nx.ancestors(near, name))}
        down = {a for name in read[True] for a in (name, *nx.ancestors(near, name))} - up
        side = [name for name in names if name not in up | down]
        return [n for n in names if n in up], [n for n in names if n in down], side

    def scene(self) -> Scene:
        """The boxes of the block, its panels and words; the leaves' centres are at y = 0."""
        scene = Scene("", "")
        cells = {node: self._cell(node) for node in self.tree.nodes}
        extents = {node: self._extent(boxes) for node, boxes in cells.items()}
        for node, (x, y) in place_nodes(self.tree, extents, self._rise()).items():
            own = [moved(box, x, y) for box in cells[node]]
            scene.boxes += own
            inside = [box for box in own if box.kind != "word"]
            scene.writings += [
                _written(box, self.tree.labels[node - 1]) for box in own[len(inside) :]
            ]
            if len(inside) >= PANELLED:
                left, low, right, high = bounds(inside)
                id = f"node {node}"
                panel = Panel(id, left - EDGE, low - EDGE, right + EDGE, high + EDGE)
                scene.panels.append(panel)
        for is_above in (True, False):
            self._stack(scene, is_above)
        return scene

    def _cell(self, node: int) -> list[Box]:
        """The boxes of one node about its centre, then the word that stands there."""
        mirror = self._mirror if self._is_mirrored(node) else {}
        found = []
        for name, (x, y) in self.cell.items():
            if (name, node) in self.graph:
                label = self.parts.shown(name, self.parts.outer.inner(name))
                box = self.parts.box(node_id((name, node)), name, label, mirror.get(name, x), y)
                found.append(replace(box, tooltip=self._tooltip(name, node) or box.tooltip))
        word = self.tree.labels[node - 1]
        if word:
            found.append(self._word(node, word, found))
        return found

    def _word(self, node: int, word: str, boxes: Sequence[Box]) -> Box:
        """What keeps room for a word: below a leaf, else beside the foot of the node."""
        left, low, right, _ = bounds(boxes)
        pad = EDGE if len(boxes) >= PANELLED else 0.0
        wide = sans_width(word, WORD)
        x, y = (left + right) / 2, low - pad - DROP
        if not self.tree.is_leaf(node):
            x, y = right + pad + 6 + wide / 2, low - pad + WORD / 2
        return Box(f"word {node}", Symbol(""), "word", "none", x, y, wide, WORD + 2)

    def _tooltip(self, name: str, node: int) -> str:
        """The equation that holds at a node, where it is one for leaves or the root."""
        given = given_at(self.parts, self.tree, name, node)
        return given.text if given else ""

    @cached_property
    def _mirror(self) -> dict[str, float]:
        """Where what stands aside stands on the other side of what runs up."""
        up, _, side = self._groups
        ends = [(self.cell[name][0], self._wide(name) / 2) for name in up]
        twice = min(x - half for x, half in ends) + max(x + half for x, half in ends)
        return {name: twice - self.cell[name][0] for name in side}

    def _rise(self) -> float:
        """The room between rows: more where many arrows are lettered in it."""
        found = self.parts.outer
        links = {(i.source, i.target) for i in self.parts.references if found.is_moved(i)}
        return min(RISE + 8.0 * max(0, len(links) - 1), WIDEST)

    def _is_mirrored(self, node: int) -> bool:
        """Whether what stands aside stands on the left: below the left half of a parent."""
        up, down, _ = self._groups
        if down or not up or node == self.tree.root:
            return False
        row = self.tree.children[self.tree.parents[node] - 1]
        return row.index(node) < (len([kid for kid in row if kid or self.tree.slots]) - 1) / 2

    def _extent(self, boxes: Sequence[Box]) -> Extent:
        left, low, right, high = bounds(boxes)
        pad = EDGE if sum(box.kind != "word" for box in boxes) >= PANELLED else 0.0
        return pad - left, pad - low, right + pad, high + pad

    def _stack(self, scene: Scene, is_above: bool) -> None:
        """Values without axis: above what follows from nodes, or what the root alone reads."""
        names = [name for name, side in self.rest.items() if self._is_above(name, side) == is_above]
        if not names:
            return
        edges = [(a[0], b[0]) for a, b in self.graph.edges if a[1] is None and b[1] is None]
        spots = self.parts.arranged(names, edges, {})
        label = {name: self.parts.shown(name, self.parts.outer.inner(name)) for name in spots}
        boxes = [self.parts.box(name, name, label[name], *spots[name]) for name in spots]
        left, low, right, high = bounds(scene.boxes)
        if is_above:
            dx, dy = self._above_root(scene, spots), high + ABOVE - HEIGHT / 2
        else:
            dx, dy = (left + right) / 2, low - max(box.y for box in boxes) - BELOW
        scene.boxes.extend(moved(box, dx, dy) for box in boxes)

    def _above_root(self, scene: Scene, spots: Spots) -> float:
        """How far what stands above is moved, so that it is right above what it has to do with."""
        at = {box.id: box.x for box in scene.boxes}
        root = self.tree.root
        ends = [(a[0], b[0]) if b[1] is None else (b[0], a[0]) for a, b in self.graph.edges]
        near = [
            (at[node_id((n, root))], spots[name][0])
            for n, name in ends
            if name in spots
            if node_id((n, root)) in at
        ]
        if not near:
            own = [box.x for box in scene.boxes if box.id.endswith(f"({root})")]
            return sum(own) / len(own)
        return sum(there - here for there, here in near) / len(near)

    def _is_above(self, name: str, side: Side) -> bool:
        if side == "right":
            return True
        outer: Outer = self.parts.outer
        found = [p for n, p in nx.descendants(self.graph, (name, None)) if outer.axis(n)]
        near = [p for n, p in self.graph[name, None] if outer.axis(n) == self.axis]
        return bool(found) and all(place == self.tree.root for place in near) and bool(near)


def given_at(parts: Parts, tree: TreeShape, name: str, node: int) -> Boundary | None:
    """The equation for leaves or the root that a value has at a node."""
    equation = parts.model.equations.get(name)
    ends = {item.place.anchor: item for item in equation.boundaries} if equation else {}
    if node == tree.root and "root" in ends:
        return ends["root"]
    return ends.get("leaf") if tree.is_leaf(node) else None


def _written(box: Box, word: str) -> Writing:
    return Writing(f"{box.id} text", word, box.x, box.y, WORD)

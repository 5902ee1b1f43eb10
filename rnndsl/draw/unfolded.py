"""The unfolded graph: one column a step, time from left to right; over a tree, the tree.

Every sequence axis has a block of columns, every tree a block of its own shape. Blocks stand
side by side, what is read on the left of what reads it; where one axis reads all positions of
another, its block stands above, and a rail between them gathers the arrows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import networkx as nx

from rnndsl.draw.block import Block, Side, node_id
from rnndsl.draw.folded import folded_scene
from rnndsl.draw.frame import add_frame
from rnndsl.draw.notation import sans_width
from rnndsl.draw.parts import Parts
from rnndsl.draw.places import place_text
from rnndsl.draw.rails import Rails
from rnndsl.draw.rest import rest
from rnndsl.draw.scene import Arrow, Scene, Writing, bounds
from rnndsl.draw.spans import Span, spans
from rnndsl.draw.terms import by_position
from rnndsl.draw.tree_block import TreeBlock
from rnndsl.graph.equations import Reference
from rnndsl.graph.unfold import Node, Trees, unfold
from rnndsl.model.model import Model
from rnndsl.model.sizes import known_sizes

ASIDE = 76.0
WORD = 9.0
OVER = 34.0


def unfolded_scene(
    model: Model,
    steps: Mapping[str, int],
    sizes: Mapping[str, int] | None = None,
    trees: Trees | None = None,
) -> Scene:
    """The picture of a model over so many steps of each axis (at least 1); no axis is fixed.

    `trees` has a tree for each axis that runs over one.

    A delay by a size without a value is drawn as 2; what has nothing along an axis is drawn folded.
    """
    picture = _Picture(Parts(by_position(model)), steps, dict(sizes or {}), trees or {})
    if not model.axes or not picture.order:
        return folded_scene(model)
    return picture.scene()


@dataclass
class _Picture:
    """One unfolded picture in the making."""

    parts: Parts
    steps: Mapping[str, int]
    given: dict[str, int]
    trees: Trees

    @cached_property
    def delays(self) -> list[str]:
        """The sizes that delays and places are given by."""
        places = [at.place for item in self.parts.references for at in item.along if at.place]
        for equation in self.parts.model.equations.values():
            places += [place for boundary in equation.boundaries for place in boundary.places]
        return sorted({name for place in places for name in place.offset.names})

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Values for the sizes, 2 for a delay that has none."""
        known = known_sizes(self.parts.model, self.given)
        return dict.fromkeys(self.delays, 2) | known

    def _note(self) -> str:
        fixed = [axis.length for axis in self.parts.model.fixed.values()]
        names = [*self.delays, *(name for name in fixed if name in self.sizes)]
        values = ", ".join(f"{name} = {self.sizes[name]}" for name in names)
        return f"drawn with {values}" if values else ""

    @cached_property
    def spans(self) -> dict[str, Span]:
        """How far each axis is unfolded."""
        return spans(self.parts, self.steps, self.sizes)

    @cached_property
    def graph(self) -> nx.DiGraph:
        """The unfolded graph."""
        lengths = {axis: span.length for axis, span in self.spans.items()}
        elided = {axis: span.elided for axis, span in self.spans.items()}
        return unfold(self.parts.model, lengths, sizes=self.sizes, elided=elided, trees=self.trees)

    @cached_property
    def order(self) -> list[str]:
        """The axes that values stand along, what is read before what reads it."""
        found: nx.DiGraph = nx.DiGraph()
        names = self.parts.outer.slots
        axes = [self.parts.outer.axis(name) for name in names]
        found.add_nodes_from(axis for axis in self.parts.model.axes if axis in axes)
        for a, b in self.graph.edges:
            one, other = self.parts.outer.axis(a[0]), self.parts.outer.axis(b[0])
            if one and other and one != other and not nx.has_path(found, other, one):
                found.add_edge(one, other)
        rank = {axis: number for number, axis in enumerate(found)}
        return list(nx.lexicographical_topological_sort(found, key=rank.__getitem__))

    @cached_property
    def rails(self) -> Rails:
        """The rails between the blocks."""
        return Rails(self.parts, self.graph, self.order)

    def scene(self) -> Scene:
        """Boxes in columns, those without axis round them, and the arrows."""
        model = self.parts.model
        scene = Scene(model.name, model.title, self._note())
        sides = rest(self.graph, self.parts.outer, self.order)
        blocks = {axis: self._block(axis, sides[axis]) for axis in self.order}
        self._place(scene, blocks)
        self._add_arrows(scene)
        add_frame(scene)
        return scene

    def _block(self, axis: str, rest: dict[str, Side]) -> Block | TreeBlock:
        if axis in self.trees:
            return TreeBlock(self.parts, self.graph, axis, self.trees[axis], rest)
        return Block(self.parts, self.graph, self.spans[axis], rest)

    def _place(self, scene: Scene, blocks: Mapping[str, Block | TreeBlock]) -> None:
        """The blocks side by side, their states in one line; or one above the other."""
        base = 0.0
        for axis, block in blocks.items():
            inner = block.scene()
            left, low, right, high = bounds(inner.boxes)
            dx, dy = 0.0, 0.0
            if self.rails.join_axes:
                dx, dy = -(left + right) / 2, base - low + self.rails.room_below(axis)
                base = dy + high + self.rails.room_above(axis)
            elif scene.boxes:
                dx, dy = bounds(scene.boxes)[2] + ASIDE - left, base - block.line
            else:
                base = block.line
            if len(blocks) > 1:
                inner.writings.append(self._caption(axis, block, left))
            scene.add(inner, dx, dy)

    def _caption(self, axis: str, block: Block | TreeBlock, left: float) -> Writing:
        """Which axis a block runs along: on its left, else above what stands leftmost."""
        half = sans_width(block.caption, WORD) / 2
        x, y = left + half, block.line + OVER
        if self.rails.join_axes:
            x, y = left - 14 - half, block.line
        return Writing(f"axis {axis}", block.caption, x, y, WORD)

    def _add_arrows(self, scene: Scene) -> None:
        for source, target, items in self.graph.edges(data="references"):
            direct = tuple(item for item in items if not self.rails.carries(item))
            if direct:
                scene.arrows.append(self._arrow(source, target, direct))
        self.rails.add(scene)

    def _arrow(self, source: Node, target: Node, items: tuple[Reference, ...]) -> Arrow:
        label = self.parts.label(items, self._aside(items))
        style = self.parts.style(items)
        if target[1] is ... or (style == "boundary" and self._is_outside(target)):
            style = "plain"
        if target[1] is ...:
            label = label if len({item.target for item in items}) == 1 else None
        axes = {self.parts.outer.axis(name) for name, _ in (source, target)}
        over_time = len(axes) == 1 and None not in axes and source[1] != target[1]
        if over_time and all(self._is_one_of_all(item) for item in items):
            label, over_time = None, False  # one of many alike: the step's own is lettered
        return Arrow(node_id(source), node_id(target), label, style, over_time=over_time)

    def _is_outside(self, node: Node) -> bool:
        """Whether a node has no row of steps: it stands before or behind it, alone, in a tree."""
        if self.parts.outer.axis(node[0]) in self.trees:
            return True
        return node[1] is None or self.graph.nodes[node]["role"] == "boundary"

    def _is_one_of_all(self, item: Reference) -> bool:
        at = self.parts.outer.along(item)
        return at is not None and at.kind != "fixed" and self.parts.outer.is_spread(item)

    def _aside(self, items: tuple[Reference, ...]) -> str:
        """The shifts of one read along axes that the picture does not unfold a value over."""
        if len(items) > 1:
            return ""
        slot = self.parts.outer.slots[items[0].source]
        found = [
            place_text(at.place, self.parts.model)
            for number, at in enumerate(items[0].along)
            if number != slot and at.kind == "shift" and at.place is not None and not at.is_here
        ]
        return ", ".join(found)

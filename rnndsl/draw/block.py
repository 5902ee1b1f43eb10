"""The columns of one axis, one a step from left to right, and what stands round them.

Values without axis stand on the left where only what is before the first step reads them, below
where all steps do, and on the right where they follow from the steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import networkx as nx

from rnndsl.draw.arrange import Spots
from rnndsl.draw.notation import at
from rnndsl.draw.parts import Parts
from rnndsl.draw.scene import Box, Panel, Scene, Writing, bounds, moved
from rnndsl.draw.spans import Span
from rnndsl.graph.unfold import Node

Side = Literal["left", "right", "below"]

GUTTER = 40.0
DOTS = 22.0
BELOW = 84.0
PANELLED = 3


@dataclass
class Block:
    """The part of an unfolded graph that stands along one axis.

    `rest` says on which side each value without axis stands that belongs to it.
    """

    parts: Parts
    graph: nx.DiGraph
    span: Span
    rest: dict[str, Side]

    @property
    def caption(self) -> str:
        """Which axis it runs along, in words."""
        return f"{self.span.axis} = 1 … {self.span.end}"

    @cached_property
    def names(self) -> list[str]:
        """The names along the axis, in the order of the file."""
        found = self.parts.outer
        return [name for name in self.parts.roles if found.axis(name) == self.span.axis]

    @cached_property
    def cell(self) -> Spots:
        """Where each name stands in its column."""
        inside = [
            (item.source, item.target)
            for item in self.parts.references
            for along in [self.parts.outer.along(item)]
            if item.via is None and along is not None and along.kind in ("shift", "all")
            if not self.parts.outer.is_moved(item)
        ]
        return self.parts.arranged(self.names, [*inside, *self._in_depth()], self.parts.pulls)

    def _in_depth(self) -> Iterator[tuple[str, str]]:
        """What follows from what through values without axis, where an axis is unrolled."""
        if not self.parts.model.fixed:
            return
        alone = [node for node in self.graph if node[1] is None]
        through = nx.transitive_closure(self.graph.subgraph(alone), reflexive=True)
        own = set(self.names)
        for first, last in through.edges:
            for name, _ in self.graph.predecessors(first):
                for other in self.graph[last]:
                    if {name, other[0]} <= own:
                        yield name, other[0]

    @cached_property
    def line(self) -> float:
        """The height of the lowest of what runs on from step to step; 0 where nothing does."""
        outer = self.parts.outer
        found = {item.source for item in self.parts.references if outer.is_moved(item)}
        return min((y for name, (_, y) in self.cell.items() if name in found), default=0.0)

    def scene(self) -> Scene:
        """The boxes of the block, its panels among them; its lowest row is at y = 0."""
        scene = Scene("", "")
        end = self._place(scene, self._columns())
        for side in ("right", "left", "below"):
            self._stack(scene, [name for name, at in self.rest.items() if at == side], side, end)
        if len(self.cell) >= PANELLED:
            self._add_panels(scene)
        return scene

    def _columns(self) -> list[list[Node]]:
        """The nodes with a position, column by column; none where only dots are to be shown."""
        elided = self.span.elided
        between = elided.start + 0.5
        found: dict[float, list[Node]] = {between: []} if elided else {}
        for name, place in self.graph:
            if name in self.cell:
                key = between if place is ... else float(place)
                found.setdefault(key, []).append((name, place))
        return [found[key] for key in sorted(found)]

    def _place(self, scene: Scene, columns: Sequence[Sequence[Node]]) -> float:
        """The columns side by side; gives where the next one would begin."""
        heights = [y for _, y in self.cell.values()]
        middle = (min(heights) + max(heights)) / 2
        edge = 0.0
        for column in columns:
            boxes = [self._box(node, *self.cell[node[0]]) for node in column]
            if not boxes:
                dots = Writing("the dots", "⋯", edge + DOTS / 2, middle, DOTS)
                scene.writings.append(dots)
                edge += DOTS + GUTTER
                continue
            left, _, right, _ = bounds(boxes)
            scene.boxes.extend(moved(box, edge - left, 0.0) for box in boxes)
            edge += right - left + GUTTER
        return edge

    def _box(self, node: Node, x: float, y: float) -> Box:
        name, place = node
        label = self.parts.shown(name, self.parts.outer.inner(name))
        if place is not None:
            label = at(label, self.span.text(place))
        box = self.parts.box(node_id(node), name, label, x, y)
        if place is ...:
            return replace(box, line="dotted", double=False, tooltip=f"{name} at the steps between")
        if self.graph.nodes[node]["role"] == "boundary":
            given = self.graph.nodes[node]["equation"]
            tooltip = given.text if given else f"{name} is 0 here"
            return replace(box, line="dashed", double=False, tooltip=tooltip)
        return box

    def _stack(self, scene: Scene, names: Sequence[str], side: str, right: float) -> None:
        if not names:
            return
        edges = [(a[0], b[0]) for a, b in self.graph.edges if a[1] is None and b[1] is None]
        spots = self.parts.arranged(names, edges, {})
        boxes = [self._box((name, None), *spots[name]) for name in spots]
        low, _, high, _ = bounds(boxes)
        left, _, end, _ = bounds(scene.boxes)
        if side == "below":
            dx, dy = (left + end) / 2, -max(box.y for box in boxes) - BELOW
        elif side == "right":
            dx, dy = right - low, self._height(names, scene)
        else:
            dx, dy = left - GUTTER - high, self._height(names, scene)
        scene.boxes.extend(moved(box, dx, dy) for box in boxes)

    def _height(self, names: Sequence[str], scene: Scene) -> float:
        """The mean height of what is next to these names."""
        y = {box.id: box.y for box in scene.boxes}
        near = [
            y[node_id(other)]
            for name in names
            for other in (*self.graph.predecessors((name, None)), *self.graph[name, None])
            if node_id(other) in y
        ]
        return sum(near) / len(near) if near else 0.0

    def _add_panels(self, scene: Scene) -> None:
        columns: dict[int, list[Box]] = {}
        at = {box.id: box for box in scene.boxes}
        for node in self.graph:
            is_step = isinstance(node[1], int) and node[0] in self.cell
            if is_step and self.graph.nodes[node]["role"] != "boundary":
                columns.setdefault(node[1], []).append(at[node_id(node)])
        several = f"{self.span.axis} " if len(self.parts.model.axes) > 1 else ""
        for position, boxes in columns.items():
            left, low, right, high = bounds(boxes)
            id = f"step {several}{position}"
            scene.panels.append(Panel(id, left - 10, low - 10, right + 10, high + 10))


def node_id(node: Node) -> str:
    """The name of a node in the drawing: `h(1)`, `h(...)`, `context`."""
    name, place = node
    if place is None:
        return name
    return f"{name}(...)" if place is ... else f"{name}({place})"

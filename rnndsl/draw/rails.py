"""Rails: where every step reads all positions of another axis, or of its own.

Arrows from each position to each reader would cover the picture. They are gathered instead: all
positions lead up to a rail, and from it one arrow leads to each reader. Between two axes the
rail stands between their blocks, else right above what it gathers; within a tree below it. A model
of a single axis with a single index, which is no tree, has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import networkx as nx

from rnndsl.draw.block import node_id
from rnndsl.draw.notation import Symbol, at, sans_width
from rnndsl.draw.parts import Parts
from rnndsl.draw.scene import Arrow, Box, Panel, Scene, Writing, bounds
from rnndsl.graph.equations import Reference
from rnndsl.graph.unfold import Node

FIRST = 30.0
NEXT = 22.0
CLEAR = 52.0
INSIDE = 33.0
FAR = 160.0
UNDER = 52.0
CLOSE = 8.0
THICK = 2.0
APART = 14.0
ASIDE = 26.0
WORD = 9.0


@dataclass
class Rails:
    """The rails of an unfolded graph; `order` names its axes from the lowest block up."""

    parts: Parts
    graph: nx.DiGraph
    order: Sequence[str]

    @property
    def join_axes(self) -> bool:
        """Whether a rail leads from one axis to another."""
        return any(self._way(a, b) for a, b, _ in self._carried)

    def carries(self, item: Reference) -> bool:
        """Whether what is read comes by a rail."""
        outer = self.parts.outer
        one, other = outer.axis(item.source), outer.axis(item.target)
        if one is None or other is None or not outer.is_spread(item):
            return False
        model = self.parts.model
        if one == other and model.axes[one].is_tree:
            return True
        return one != other or len(model.axes[one].indices) + len(model.fixed) > 1

    def room_above(self, axis: str) -> float:
        """How much room a block needs above it."""
        return CLEAR + NEXT * len(self._names(axis, 1))

    def room_below(self, axis: str) -> float:
        """How much room a block needs below it, besides."""
        within = len(self._names(axis, 0)) if self.parts.model.axes[axis].is_tree else 0
        return NEXT * len(self._names(axis, -1)) + (UNDER + NEXT * within if within else 0.0)

    def add(self, scene: Scene) -> None:
        """The rails with their arrows and words, once every block has its place."""
        boxes = {box.id: box for box in scene.boxes}
        for axis in self.order:
            own = [boxes[node_id(n)] for n in self.graph if self.parts.outer.axis(n[0]) == axis]
            _, low, _, high = bounds(own)
            for way in (1, -1):
                for number, name in enumerate(self._names(axis, way)):
                    away = FIRST + NEXT * number
                    self._add(scene, boxes, name, way, high + away if way == 1 else low - away)
            rows: dict[float, int] = {}
            if self.parts.model.axes[axis].is_tree:
                for number, name in enumerate(self._names(axis, 0)):
                    self._add(scene, boxes, name, 0, low - UNDER - NEXT * number)
                continue
            for name in self._names(axis, 0):
                row = next(boxes[node_id(a)].y for a, _, _ in self._carried if a[0] == name)
                self._add(scene, boxes, name, 0, row + INSIDE + CLOSE * rows.get(row, 0))
                rows[row] = rows.get(row, 0) + 1

    @cached_property
    def _carried(self) -> list[tuple[Node, Node, tuple[Reference, ...]]]:
        found = []
        for a, b, items in self.graph.edges(data="references"):
            carried = tuple(item for item in items if self.carries(item))
            if carried:
                found.append((a, b, carried))
        return found

    @cached_property
    def _lanes(self) -> dict[str, list[str]]:
        """By reader: no two arrows that leave rails below it start at the same place."""
        readers = list(dict.fromkeys((b[0], a[0]) for a, b, _ in self._carried))
        found: dict[str, list[str]] = {axis: [] for axis in self.order}
        for reader, source in readers:
            found[self.parts.outer.axis(reader) or ""].append(f"{reader} {source}")
        return found

    def _way(self, source: Node, target: Node) -> int:
        """1 where a rail leads to a block further up, -1 further down, 0 within one."""
        one, other = (self.parts.outer.axis(name) or "" for name, _ in (source, target))
        at = self.order.index(one), self.order.index(other)
        return (at[0] < at[1]) - (at[0] > at[1])

    def _names(self, axis: str, way: int) -> list[str]:
        """What is gathered above (below, within) a block."""
        found = [
            a[0]
            for a, b, _ in self._carried
            if self.parts.outer.axis(a[0]) == axis and self._way(a, b) == way
        ]
        return list(dict.fromkeys(found))

    def _add(self, scene: Scene, boxes: dict[str, Box], name: str, way: int, y: float) -> None:
        edges = [e for e in self._carried if e[0][0] == name and self._way(*e[:2]) == way]
        ends: list[float] = []
        for source in dict.fromkeys(a for a, _, _ in edges):
            x = self._arriving(boxes, source)
            dock = self._dock(scene, f"{name}(all, {source[1]}, {way})", x, y)
            scene.arrows.append(Arrow(node_id(source), dock, has_head=False))
            ends.append(x)
        for reader, items in {b: items for _, b, items in edges}.items():
            x = self._leaving(boxes, name, reader, way)
            dock = self._dock(scene, f"{name}(all, {node_id(reader)})", x, y)
            label, style = self.parts.label(items), self.parts.style(items)
            is_node = self.parts.model.axes[self.parts.outer.axis(reader[0]) or ""].is_tree
            style = "plain" if is_node and style == "boundary" else style
            scene.arrows.append(Arrow(dock, node_id(reader), label, style))
            ends.append(x)
        left, right = min(ends) - 8, max(ends) + 8
        rail = Panel(f"rail {name} {way}", left, y - THICK, right, y + THICK, is_rail=True)
        scene.panels.append(rail)
        index = self.parts.indices(name)[self.parts.outer.slots[name] or 0]
        word = f"all {at(self.parts.shown(name), index).inline}"
        x = right + sans_width(word, WORD) / 2 + 6
        scene.writings.append(Writing(f"rail {name} {way} word", word, x, y, WORD))

    def _arriving(self, boxes: dict[str, Box], source: Node) -> float:
        """Where the line from a position meets a rail: above it, or beside what stands there."""
        own, column = boxes[node_id(source)], self._column(boxes, source)
        is_free = all(box.y <= own.y or abs(box.x - own.x) > box.width / 2 for box in column)
        return own.x if is_free else own.x + ASIDE

    def _column(self, boxes: dict[str, Box], node: Node) -> list[Box]:
        axis = self.parts.outer.axis
        names = [n for n in self.graph if n[1] == node[1] and axis(n[0]) == axis(node[0])]
        return [boxes[node_id(name)] for name in names]

    def _leaving(self, boxes: dict[str, Box], name: str, reader: Node, way: int) -> float:
        """Where the arrow to a reader leaves a rail: below it, or beside its column."""
        own = boxes[node_id(reader)]
        axis = self.parts.outer.axis(reader[0]) or ""
        if way == 0 and own.y > min(boxes[node_id(a)].y for a, _, _ in self._carried) + FAR:
            return bounds(self._column(boxes, reader))[2] + APART
        lane = self._lanes[axis].index(f"{reader[0]} {name}")
        return own.x + APART * (lane if way else lane + 1)

    def _dock(self, scene: Scene, id: str, x: float, y: float) -> str:
        scene.boxes.append(Box(id, Symbol(""), "rail", "none", x, y, 1, 1))
        return id

"""The unfolded graph: one column a step, time from left to right.

The first steps are drawn, then dots. Where the end matters (something is read at T, or runs
back from it) the last column is T and the dots stand before it; else they stand last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import networkx as nx

from rnndsl.draw.arrange import Spots
from rnndsl.draw.folded import folded_scene, shown_name
from rnndsl.draw.frame import add_frame
from rnndsl.draw.notation import at
from rnndsl.draw.parts import Parts
from rnndsl.draw.places import is_recurrent
from rnndsl.draw.scene import Arrow, Box, Panel, Scene, Writing, bounds
from rnndsl.draw.terms import by_position
from rnndsl.graph.unfold import Node, offset_value, unfold
from rnndsl.model.model import Model
from rnndsl.model.sizes import known_sizes

Side = Literal["left", "right", "below"]

GUTTER = 40.0
DOTS = 22.0
BELOW = 84.0
PANELLED = 3


def unfolded_scene(model: Model, steps: int, sizes: Mapping[str, int] | None = None) -> Scene:
    """The picture of a model over so many steps (at least 1).

    A delay by a size without a value is drawn as 2; a model without axis is drawn folded.
    """
    if not model.axes:
        return folded_scene(model)
    return _Picture(Parts(by_position(model)), steps, dict(sizes or {})).scene()


@dataclass
class _Picture:
    """One unfolded picture in the making."""

    parts: Parts
    steps: int
    given: dict[str, int]

    @cached_property
    def delays(self) -> list[str]:
        """The sizes that delays and places are given by."""
        places = [item.place for item in self.parts.references if item.place is not None]
        return sorted({name for place in places for name in place.offset.names})

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Values for the sizes, 2 for a delay that has none."""
        known = known_sizes(self.parts.model, self.given)
        return dict.fromkeys(self.delays, 2) | known

    def _note(self) -> str:
        values = ", ".join(f"{name} = {self.sizes[name]}" for name in self.delays)
        return f"drawn with {values}" if values else ""

    @cached_property
    def shifts(self) -> list[int]:
        """Every shift along the axis."""
        return [
            offset_value(item.place.offset, self.sizes)
            for item in self.parts.references
            if item.kind == "shift" and item.place is not None
        ]

    @cached_property
    def fixed(self) -> list[int]:
        """Every position that is read by its number, and 0."""
        return [0] + [
            offset_value(item.place.offset, self.sizes)
            for item in self.parts.references
            if item.kind == "fixed" and item.place is not None and item.place.anchor == "start"
        ]

    @cached_property
    def shows_end(self) -> bool:
        """Whether something is read at the end, or comes from behind the reader."""
        places = [item.place for item in self.parts.references if item.place is not None]
        return any(place.anchor == "end" for place in places) or any(s > 0 for s in self.shifts)

    @cached_property
    def length(self) -> int:
        """The T that is unfolded, the steps left out among it."""
        if self.shows_end and self.steps == 1:
            return 1
        hidden = max((abs(shift) for shift in self.shifts), default=0)
        return max(self.steps + hidden, *self.fixed) + 1

    @cached_property
    def elided(self) -> range:
        """The positions behind the dots."""
        if self.shows_end:
            return range(self.steps, self.length)
        return range(self.steps + 1, self.length + 1)

    @cached_property
    def graph(self) -> nx.DiGraph:
        """The unfolded graph."""
        return unfold(self.parts.model, self.length, sizes=self.sizes, elided=self.elided)

    @cached_property
    def cell(self) -> Spots:
        """Where each name with an axis stands in its column."""
        names = [name for name in self.parts.roles if self.parts.axes(name)]
        inside = [
            (item.source, item.target)
            for item in self.parts.references
            if item.via is None and not is_recurrent(item) and item.kind in ("shift", "all")
        ]
        return self.parts.arranged(names, inside, self.parts.pulls)

    def scene(self) -> Scene:
        """Boxes in columns, those without axis round them, and the arrows."""
        model = self.parts.model
        scene = Scene(model.name, model.title, self._note())
        self._place_rest(scene, self._place(scene, self._columns()))
        if len(self.cell) >= PANELLED:
            self._add_panels(scene)
        self._add_arrows(scene)
        add_frame(scene)
        return scene

    def _columns(self) -> list[list[Node]]:
        """The nodes with a position, column by column; none where only dots are to be shown."""
        between = self.elided.start + 0.5
        found: dict[float, list[Node]] = {between: []} if self.elided else {}
        for name, place in self.graph:
            if place is not None:
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
                scene.writings.append(Writing("the dots", "⋯", edge + DOTS / 2, middle, DOTS))
                edge += DOTS + GUTTER
                continue
            left, _, right, _ = bounds(boxes)
            scene.boxes.extend(_moved(box, edge - left, 0.0) for box in boxes)
            edge += right - left + GUTTER
        return edge

    def _box(self, node: Node, x: float, y: float) -> Box:
        name, place = node
        label = shown_name(name)
        if place is not None:
            label = at(label, self._place_text(place))
        box = self.parts.box(node_id(node), name, label, x, y)
        if place is ...:
            return replace(box, line="dotted", double=False, tooltip=f"{name} at the steps between")
        if self.graph.nodes[node]["role"] == "boundary":
            given = self.graph.nodes[node]["equation"]
            tooltip = given.text if given else f"{name} is 0 here"
            return replace(box, line="dashed", double=False, tooltip=tooltip)
        return box

    def _place_text(self, place: object) -> str:
        if not isinstance(place, int):
            return "⋯"
        past = place - self.length
        if self.shows_end and self.length > 1 and past >= 0:
            name = next(iter(self.parts.model.axes.values())).length
            return f"{name}+{past}" if past else name
        return str(place)

    def _place_rest(self, scene: Scene, right: float) -> None:
        """Values without axis: what all steps read below, what starts left, what ends right."""
        names = [name for name, place in self.graph if place is None]
        after = self._after_steps(names)
        late = [name for name in names if self._is_late(name, after)]
        early = [name for name in names if name not in late]
        starts = [n for n in early if all(self._is_start(r) for r in self.graph[n, None])]
        ground = [name for name in early if name not in starts]
        self._stack(scene, late, "right", right)
        self._stack(scene, starts, "left", right)
        self._stack(scene, ground, "below", right)

    def _after_steps(self, names: Sequence[str]) -> set[Node]:
        """Those of the values without axis that follow from values with one."""
        return {
            (name, None)
            for name in names
            if any(place is not None for _, place in nx.ancestors(self.graph, (name, None)))
        }

    def _is_late(self, name: str, after: set[Node]) -> bool:
        """Whether it follows from the steps, or is only read by what does."""
        readers = list(self.graph[name, None])
        return (name, None) in after or (
            bool(readers)
            and all(place is None and (other, None) in after for other, place in readers)
        )

    def _is_start(self, node: Node) -> bool:
        return bool(self.graph.nodes[node]["role"] == "boundary")

    def _stack(
        self,
        scene: Scene,
        names: Sequence[str],
        side: Side,
        right: float,
    ) -> None:
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
        scene.boxes.extend(_moved(box, dx, dy) for box in boxes)

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
            if isinstance(node[1], int) and self.graph.nodes[node]["role"] != "boundary":
                columns.setdefault(node[1], []).append(at[node_id(node)])
        for position, boxes in columns.items():
            left, low, right, high = bounds(boxes)
            panel = Panel(f"step {position}", left - 10, low - 10, right + 10, high + 10)
            scene.panels.append(panel)

    def _add_arrows(self, scene: Scene) -> None:
        for source, target, items in self.graph.edges(data="references"):
            label = self.parts.label(items)
            style = self.parts.style(items)
            if style == "boundary" or target[1] is ...:
                style = "plain"
            if target[1] is ...:
                label = label if len({item.target for item in items}) == 1 else None
            over_time = None not in (source[1], target[1]) and source[1] != target[1]
            if over_time and all(item.kind == "all" for item in items):
                label, over_time = None, False  # one of many alike: the step's own is lettered
            arrow = Arrow(node_id(source), node_id(target), label, style, over_time=over_time)
            scene.arrows.append(arrow)


def node_id(node: Node) -> str:
    """The name of a node in the drawing: `h(1)`, `h(...)`, `context`."""
    name, place = node
    if place is None:
        return name
    return f"{name}(...)" if place is ... else f"{name}({place})"


def _moved(box: Box, dx: float, dy: float) -> Box:
    return replace(box, x=round(box.x + dx, 1), y=round(box.y + dy, 1))

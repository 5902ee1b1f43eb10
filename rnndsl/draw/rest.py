"""Where values without axis stand in an unfolded picture: by which block, and on which side."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx

from rnndsl.draw.block import Side
from rnndsl.graph.outer import Outer
from rnndsl.graph.unfold import Node

Home = tuple[str, Side]


def rest(graph: nx.DiGraph, outer: Outer, order: Sequence[str]) -> dict[str, dict[str, Side]]:
    """By axis, the values without axis that stand by its block, and on which side.

    What only follows from steps stands on the right of their block. The rest belongs to what it
    leads to: on the left what starts it, below what all its steps read.
    """
    names = [name for name, place in graph if place is None]
    homes = _after(graph, outer, order, names)
    late = dict(homes)
    for name in names:
        if name not in late:
            readers = list(graph[name, None])
            is_aside = readers and all(p is None and other in late for other, p in readers)
            homes[name] = late[readers[0][0]] if is_aside else _early(graph, outer, order, name)
    found: dict[str, dict[str, Side]] = {axis: {} for axis in order}
    for name in names:
        axis, side = homes[name]
        found[axis][name] = side
    return found


def _after(
    graph: nx.DiGraph, outer: Outer, order: Sequence[str], names: Sequence[str]
) -> dict[str, Home]:
    """The homes of those that follow from steps."""
    homes: dict[str, Home] = {}
    for name in names:
        node = (name, None)
        before = [axis for axis in order if axis in _axes(outer, nx.ancestors(graph, node))]
        behind = [axis for axis in order if axis in _axes(outer, nx.descendants(graph, node))]
        onward = [axis for axis in behind if before and axis not in before]
        if onward:
            homes[name] = onward[0], _side(graph, name)
        elif before:
            homes[name] = before[-1], "right"
    return homes


def _early(graph: nx.DiGraph, outer: Outer, order: Sequence[str], name: str) -> Home:
    """The home of what follows from no step."""
    behind = _axes(outer, nx.descendants(graph, (name, None)))
    home = next((axis for axis in order if axis in behind), order[-1])
    return home, _side(graph, name)


def _side(graph: nx.DiGraph, name: str) -> Side:
    """On the left what only starts the steps, below them what they read."""
    is_start = all(graph.nodes[reader]["role"] == "boundary" for reader in graph[name, None])
    return "left" if is_start else "below"


def _axes(outer: Outer, nodes: set[Node]) -> set[str]:
    """The axes that some nodes stand along."""
    return {axis for name, _ in nodes for axis in [outer.axis(name)] if axis}

"""Where the values of one step stand: rows by what needs what, inputs below, targets on top.

A layered layout (after Sugiyama): longest paths give the rows, barycentres the order in a row,
and a least-squares fit the places in it. It moves names, and knows neither time nor shapes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import networkx as nx

ROW = 74.0
STAGGER = 40.0
GAP = 26.0
LOOSE = 1e-6
SWEEPS = 200

Spots = dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Plan:
    """What is to be arranged.

    `widths` gives the names in their order, `edges` who is read by whom at the same step;
    `ground` stays in the lowest row, `top` goes above its readers, each of `lines` (values that
    run on sideways) has its row for itself, and `loose` names make way for the others.
    `pulls` draw names to the left (below 0) or right, in places.
    """

    widths: Mapping[str, float]
    edges: Sequence[tuple[str, str]]
    ground: frozenset[str] = frozenset()
    top: frozenset[str] = frozenset()
    lines: frozenset[str] = frozenset()
    loose: frozenset[str] = frozenset()
    pulls: Mapping[str, float] = field(default_factory=dict)


def arrange(plan: Plan) -> Spots:
    """The centre of each name; the lowest row at y = 0, the whole about x = 0."""
    levels = _levels(plan)
    rows: list[list[str]] = [[] for _ in range(max(levels.values(), default=-1) + 1)]
    for name in plan.widths:
        rows[levels[name]].append(name)
    rows = [row for row in rows if row]
    near = _neighbours(plan)
    _order(rows, near, plan.pulls)
    across = _across(rows, near, plan)
    spots: Spots = {}
    y = 0.0
    for row in rows:
        lifts = _lifts(row, plan.lines)
        for name in row:
            spots[name] = (across[name], y + lifts[name])
        y += ROW + max(lifts.values())
    return spots


def _levels(plan: Plan) -> dict[str, int]:
    """Rows from below: the longest path from anything in the lowest row."""
    graph: nx.DiGraph = nx.DiGraph()
    graph.add_nodes_from(plan.widths)
    graph.add_edges_from((a, b) for a, b in plan.edges if a not in plan.top and a != b)
    order = _without_cycles(graph)
    levels: dict[str, int] = {}
    lowest = 1 if plan.ground else 0
    for name in order:
        below = [levels[item] + 1 for item in graph.predecessors(name)]
        levels[name] = 0 if name in plan.ground else max([lowest, *below])
    for name in plan.top:
        readers = [levels[b] + 1 for a, b in plan.edges if a == name]
        levels[name] = max(readers, default=0)
    return levels


def _without_cycles(graph: nx.DiGraph) -> list[str]:
    """A topological order; a cycle (free running and teacher drawn in one) loses an edge."""
    rank = {name: number for number, name in enumerate(graph)}
    while not nx.is_directed_acyclic_graph(graph):
        graph.remove_edge(*nx.find_cycle(graph)[-1][:2])
    return list(nx.lexicographical_topological_sort(graph, key=rank.__getitem__))


def _neighbours(plan: Plan) -> dict[str, list[str]]:
    """Who pulls whom; a value at the end of the line follows, and does not pull."""
    near: dict[str, list[str]] = {name: [] for name in plan.widths}
    for a, b in plan.edges:
        if a != b:
            near[b].append(a)
            if b not in plan.loose:
                near[a].append(b)
    return near


def _order(
    rows: list[list[str]], near: Mapping[str, Sequence[str]], pulls: Mapping[str, float]
) -> None:
    """Each row ordered by the mean place of its neighbours, upwards and downwards in turn."""
    place = {name: number - (len(row) - 1) / 2 for row in rows for number, name in enumerate(row)}
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wish = {name: _mean((place[item] for item in near[name]), place[name]) for name in row}
            row.sort(key=lambda name: wish[name] + pulls.get(name, 0.0))
            for number, name in enumerate(row):
                place[name] = number - (len(row) - 1) / 2


def _across(
    rows: Sequence[Sequence[str]], near: Mapping[str, Sequence[str]], plan: Plan
) -> dict[str, float]:
    """Places from left to right: each near the mean of its neighbours, none too close."""
    x: dict[str, float] = {}
    for row in rows:
        x |= _spread([(name, 0.0) for name in row], plan)
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wishes = [(name, _mean((x[item] for item in near[name]), x[name])) for name in row]
            x |= _spread(wishes, plan)
    middle = (min(x.values()) + max(x.values())) / 2 if x else 0.0
    return {name: round(value - middle, 1) for name, value in x.items()}


def _spread(wishes: Sequence[tuple[str, float]], plan: Plan) -> dict[str, float]:
    """The places nearest to the wishes (least squares) that keep order and distance."""
    blocks: list[tuple[float, float, int]] = []
    at = 0.0
    offsets: list[float] = []
    for number, (name, wish) in enumerate(wishes):
        if number:
            at += (plan.widths[wishes[number - 1][0]] + plan.widths[name]) / 2 + GAP
        offsets.append(at)
        mean, weight, count = wish - at, LOOSE if name in plan.loose else 1.0, 1
        while blocks and blocks[-1][0] >= mean:
            other, pull, more = blocks.pop()
            mean = (mean * weight + other * pull) / (weight + pull)
            weight, count = weight + pull, count + more
        blocks.append((mean, weight, count))
    means = [mean for mean, _, count in blocks for _ in range(count)]
    return {name: means[i] + offsets[i] for i, (name, _) in enumerate(wishes)}


def _lifts(row: Sequence[str], lines: frozenset[str]) -> dict[str, float]:
    """How far each name of a row is lifted so that sideways lines meet nobody."""
    if len(row) == 1 or not lines & set(row):
        return dict.fromkeys(row, 0.0)
    rest = [name for name in row if name not in lines]
    base = STAGGER if rest else 0.0
    own = [name for name in row if name in lines]
    lifts = dict.fromkeys(rest, 0.0)
    return lifts | {name: base + STAGGER * number for number, name in enumerate(own)}


def _mean(values: Iterable[float], otherwise: float) -> float:
    found = list(values)
    return sum(found) / len(found) if found else otherwise

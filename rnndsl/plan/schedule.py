"""Order: strongly connected components are loops, all else is computed for all positions at once.

One rule for the forward and the adjoint graph. Without `grouped` the unit is the operation, so
that input products, output layers and weight gradients leave the loop by themselves; with it
the unit is the equation, as on paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rnndsl.graph.families import MOVERS, UP, axis_of
from rnndsl.graph.node import Node
from rnndsl.graph.reading import Run, running
from rnndsl.model.dims import Dim
from rnndsl.ops.table import LEAVES, READS, TABLE
from rnndsl.plan.order import components, in_order


@dataclass(frozen=True)
class Loop:
    """Operations computed position by position: upwards (`step` 1) or downwards (-1)."""

    step: int
    body: tuple[Node, ...]
    index: str


Block = Node | Loop
Unit = int | str
"""The number of a node that is computed by itself, or the equation of several."""
MOVING = ("shift", "at", "gather", *MOVERS)
"""Reads at other positions, or at other nodes, than where the reader stands."""


def needed(targets: Iterable[Node], given: Iterable[Node] = ()) -> set[Node]:
    """Everything that targets depend on, down to what is given."""
    stop, found = set(given), set[Node]()
    stack = list(targets)
    while stack:
        node = stack.pop()
        if node not in found and node not in stop:
            found.add(node)
            stack.extend(node.inputs)
    return found


def schedule(nodes: set[Node], grouped: bool) -> list[Block]:
    """Blocks in an order in which each can be computed from those before it."""
    ordered = sorted(nodes, key=lambda node: node.number)
    units: dict[Node, Unit] = {n: _unit(n) if grouped else n.number for n in ordered}
    blocks: list[Block] = []
    for part in _components(ordered, units):
        if grouped and len({units[node] for node in part}) < len(part) and _must_split(part):
            single: dict[Node, Unit] = {node: node.number for node in part}
            for piece in _components(part, single):
                blocks.extend(_blocks(piece))
        else:
            blocks.extend(_blocks(part))
    return blocks


def _unit(node: Node) -> Unit:
    """The equation that a node belongs to, where it can be computed beside the others of it."""
    apart = node.op in LEAVES or node.op in READS or node.op == "rename"
    apart = apart or not node.over_t or not node.unit
    if apart or (node.op in TABLE and TABLE[node.op].across):
        return node.number
    return node.unit


def _components(nodes: Sequence[Node], units: dict[Node, Unit]) -> Iterator[list[Node]]:
    """Strongly connected components in order, ties broken by the order of making."""
    needs: dict[Unit, set[Unit]] = {unit: set() for unit in units.values()}
    members: dict[Unit, list[Node]] = {}
    for node in nodes:
        own = units[node]
        members.setdefault(own, []).append(node)
        needs[own].update(units[item] for item in node.inputs if item in units)
    found: dict[int, list[Node]] = {}
    of: dict[Unit, int] = {}
    for part in components(needs):
        inside = [node for unit in part for node in members[unit]]
        inside.sort(key=lambda node: node.number)
        first = inside[0].number
        found[first] = inside
        of.update(dict.fromkeys(part, first))
    whole: dict[int, set[int]] = {first: set() for first in found}
    for unit, others in needs.items():
        whole[of[unit]].update(of[other] for other in others if of[other] != of[unit])
    for first in in_order(whole):
        yield found[first]


def _must_split(part: list[Node]) -> bool:
    """Whether nodes came together only because their equations did."""
    way = _way(part)
    return way is None or any(_is_whole(node, way[0]) for node in part)


def _is_whole(node: Node, index: str) -> bool:
    """Whether a node cannot be computed position by position: it needs, or makes, all at once."""
    if node.op == "shift":
        return False
    looks = node.op in READS and index not in running(node.attrs["places"])
    return _is_over(node, index) or looks or not node.runs(index)


def _is_over(node: Node, index: str) -> bool:
    """Whether a node works over all positions of an index: it reduces over it, or turns it."""
    if node.op == "rename":
        return any(index in pair for pair in node.attrs["names"])
    if node.op not in TABLE or not TABLE[node.op].across:
        return False
    return index in node.attrs.get("over", (node.attrs.get("index", index),))


def _movers(part: Sequence[Node]) -> list[Node]:
    """The reads at other positions of what is computed here."""
    inside = set(part)
    return [n for n in part if n.op in MOVING and n.inputs[0] in inside]


def _moves(node: Node) -> dict[str, int | None]:
    """The way in which a read moves along each index: 1 where it reads what comes before."""
    if node.op in MOVERS:
        return {axis_of(node.inputs[0].family): 1 if node.op in UP else -1}
    if node.op == "shift":
        return {index: _direction(by) for index, by in node.attrs["by"]}
    runs = [place for place in node.attrs["places"] if isinstance(place, Run)]
    return {run.index: _direction(run.by) for run in runs if run.by.terms}


def _way(part: list[Node]) -> tuple[str, int] | None:
    """The index along which nodes form a loop, and its direction."""
    movers = _movers(part)
    moved = {index for node in movers for index in _moves(node)}
    for index in part[0].builder.order if movers else ():
        if index not in moved or any(_is_over(node, index) for node in part):
            continue
        steps = {_moves(node)[index] for node in movers if index in _moves(node)}
        if len(steps) == 1 and None not in steps and _is_ordered(_needs(part, index)):
            return index, next(iter(steps)) or 1
    return None


def _is_ordered(needs: dict[int, set[int]]) -> bool:
    return all(
        len(part) == 1 and part[0] not in needs[part[0]] for part in map(list, components(needs))
    )


def _blocks(part: list[Node]) -> Iterator[Block]:
    if len(part) == 1:
        yield part[0]
        return
    way = _way(part)
    inside = {node.number: node for node in part}
    steps = [inside[n] for n in in_order(_needs(part, way[0] if way else ""))]
    if way:
        yield Loop(way[1], tuple(steps), way[0])
    else:
        yield from steps


def _direction(by: Dim) -> int | None:
    """Upwards (1) where earlier positions are read, downwards (-1) where later; None: by sizes."""
    least, most = by.least, by.most
    if most is not None and most < 0:
        return 1
    return -1 if least is not None and least > 0 else None


def _needs(part: list[Node], index: str) -> dict[int, set[int]]:
    """What each needs within one position: reads that move along the index find it there."""
    inside = set(part)
    needs: dict[int, set[int]] = {}
    for node in part:
        is_mover = node.op in MOVING and index in _moves(node)
        inputs = node.inputs[1:] if is_mover else node.inputs
        needs[node.number] = {item.number for item in inputs if item in inside}
    return needs


def loop_count(blocks: Iterable[Block]) -> int:
    """How many loops over positions there are."""
    return sum(isinstance(block, Loop) for block in blocks)

"""Order: strongly connected components are loops, all else is computed for all positions at once.

One rule for the forward and the adjoint graph. Without `grouped` the unit is the operation, so
that input products, output layers and weight gradients leave the loop by themselves; with it
the unit is the equation, as on paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rnndsl.graph.node import Node
from rnndsl.ops.table import LEAVES, READS, TABLE
from rnndsl.plan.order import components, in_order


@dataclass(frozen=True)
class Loop:
    """Operations computed position by position: upwards (`step` 1) or downwards (-1)."""

    step: int
    body: tuple[Node, ...]


Block = Node | Loop
Unit = int | str
"""The number of a node that is computed by itself, or the equation of several."""


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
    apart = node.op in LEAVES or node.op in READS or not node.over_t or not node.unit
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
    directions = {_direction(node) for node in _shifts(part)}
    is_loop = len(directions) == 1 and None not in directions
    return not is_loop or any(_is_whole(node) for node in part)


def _is_whole(node: Node) -> bool:
    """Whether a node cannot be computed position by position: it needs, or makes, all at once."""
    if node.op == "shift":
        return False
    across = node.op in TABLE and TABLE[node.op].across
    return across or node.op in READS or not node.over_t


def _shifts(part: Sequence[Node]) -> list[Node]:
    inside = set(part)
    return [node for node in part if node.op == "shift" and node.inputs[0] in inside]


def _blocks(part: list[Node]) -> Iterator[Block]:
    shifts = _shifts(part)
    if shifts:
        yield Loop(_direction(shifts[0]) or 1, tuple(_steps(part)))
    else:
        yield from _steps(part)


def _direction(shift: Node) -> int | None:
    """Upwards (1) where earlier positions are read, downwards (-1) where later; None: by sizes."""
    least, most = shift.attrs["by"].least, shift.attrs["by"].most
    if most is not None and most < 0:
        return 1
    return -1 if least is not None and least > 0 else None


def _steps(part: list[Node]) -> list[Node]:
    """The order within one position: shifts read what is there already."""
    if len(part) == 1:
        return part
    inside = {node.number: node for node in part}
    needs = {
        node.number: {item.number for item in node.inputs if item.number in inside}
        if node.op != "shift"
        else set[int]()
        for node in part
    }
    return [inside[number] for number in in_order(needs)]


def loop_count(blocks: Iterable[Block]) -> int:
    """How many loops over positions there are."""
    return sum(isinstance(block, Loop) for block in blocks)

"""Ways through the graph of operations: who reads what, what leads where, which places meet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from rnndsl.graph.families import MOVERS
from rnndsl.graph.node import Node
from rnndsl.graph.reading import moves
from rnndsl.model.dims import Dim
from rnndsl.model.expr import Position


def readers_of(nodes: Sequence[Node]) -> dict[Node, list[Node]]:
    """For each node those that read it, in the order of making."""
    readers: dict[Node, list[Node]] = {}
    for node in nodes:
        for item in dict.fromkeys(node.inputs):
            readers.setdefault(item, []).append(node)
    return readers


def closure(starts: Iterable[Node], after: Callable[[Node], Iterable[Node]]) -> set[Node]:
    """Everything that `after` leads to from `starts`, themselves among them."""
    found: set[Node] = set()
    stack = list(starts)
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack.extend(after(node))
    return found


def before(node: Node, early: Collection[Node]) -> Sequence[Node]:
    """What comes after a node on the way back: a shift sends to boundaries, not to its value.

    What is read at another node of a tree waits for nothing either.

    Nothing waits for what is sent early.
    """
    if node in early or node.op in MOVERS:
        return ()
    return node.inputs[0].inputs[1:] if node.op == "shift" else node.inputs


def early_reads(nodes: Iterable[Node]) -> set[Node]:
    """Reads of another step that may send to boundaries which need these very reads.

    Those are the lookups beside a running index, and shifts that lead to boundaries of what
    they read.
    """
    found: set[Node] = set()
    under: dict[Node, set[Node]] = {}
    for node in nodes:
        if node.op in ("at", "gather") and moves(node):
            found.add(node)
        elif node.op == "shift" and (bounds := node.inputs[0].inputs[1:]):
            value = node.inputs[0]
            if value not in under:
                under[value] = closure(bounds, lambda item: item.inputs)
            if node in under[value]:
                found.add(node)
    return found


def bounds_of(value: Node) -> Iterable[tuple[tuple[Position | None, ...], Node]]:
    """The boundaries of a value: where along each of its indices (None: it runs), and what."""
    return zip(value.attrs.get("places", ()), value.inputs[1:], strict=True)


def meeting(place: Position, bounds: Sequence[Position]) -> list[int]:
    """The boundary written for a position outside `1..T`, or all that some sizes put there."""
    written = [number for number, bound in enumerate(bounds) if bound == place]
    possible = [number for number, bound in enumerate(bounds) if _may_meet(bound, place)]
    return written[:1] or possible


def _may_meet(one: Position, other: Position) -> bool:
    gap = one.offset - other.offset
    is_apart = (gap.least is not None and gap.least > 0) or (gap.most is not None and gap.most < 0)
    return one.anchor == other.anchor and not is_apart


def never_meet(place: Position, bound: Position) -> bool:
    """Whether two positions differ whatever the sizes and the length."""
    if place.anchor == bound.anchor:
        gap = place.offset - bound.offset
        least, most = gap.least, gap.most
    elif bound.anchor == "start":
        gap = place.offset - bound.offset + Dim.number(1)
        least, most = gap.least, None
    else:
        return False
    return (least is not None and least > 0) or (most is not None and most < 0)

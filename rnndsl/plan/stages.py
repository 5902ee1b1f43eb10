"""What each generated function computes, and what it hands to the next.

`outputs` and `loss` run forwards, `params` and `inputs` backwards; a later stage finds what an
earlier one kept, and computes again what costs less than keeping it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rnndsl.graph.node import Node
from rnndsl.ops.table import LEAVES, TABLE
from rnndsl.plan.schedule import needed

AGAIN = ("to_real", "to_whole", "transpose", "spread", "fill")


@dataclass
class Stage:
    """One stretch of computation: its nodes, what it finds, what it must leave."""

    name: str
    targets: tuple[Node, ...]
    nodes: set[Node]
    given: set[Node]
    exports: set[Node] = field(default_factory=set)


def plan_stage(
    name: str,
    targets: Sequence[Node],
    earlier: Sequence[Stage],
    ends: Iterable[Node] = (),
    beside: Stage | None = None,
) -> Stage:
    """The stage that reaches targets from what earlier stages computed; marks their exports.

    `ends` are nodes that earlier stages hold beside what they computed (views of it);
    `beside` is the stage in whose function this one runs on, so that nothing is computed again.
    """
    near = beside.nodes if beside else set[Node]()
    done = {node for stage in earlier for node in stage.nodes} | set(ends) | near
    nodes, given = set[Node](), set[Node]()
    stack = list(targets)
    while stack:
        node = stack.pop()
        if node in nodes or node in given:
            continue
        is_written = node in near and node.op not in LEAVES and not node.is_number
        if node in done and (is_written or not _is_cheap(node)):
            given.add(node)
        else:
            nodes.add(node)
            stack.extend(node.inputs)
    for stage in (*earlier, *([beside] if beside else [])):
        stage.exports |= given & stage.nodes
    return Stage(name, tuple(targets), nodes, given)


def _is_cheap(node: Node) -> bool:
    """Whether a later stage computes it again.

    What was kept is 0 in the padding, where a quotient of it would not be finite.
    """
    if node.op in LEAVES or node.op in AGAIN or node.is_number:
        return True
    row = TABLE.get(node.op)
    if row is None or not row.is_cheap:
        return False
    return not (row.is_singular and node.inputs[1].over)


def reachable(stages: Iterable[Stage]) -> set[Node]:
    """All that any stage computes."""
    return needed(target for stage in stages for target in stage.targets)

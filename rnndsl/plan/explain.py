"""How each equation is run, and why: in a loop, for all positions at once, or once an example.

The answer comes from the same schedule as the code, as data; the command line words it. Loops
are named by their place in the list of their mode.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from rnndsl.graph.causality import loops, modes
from rnndsl.graph.differentiate import differentiate
from rnndsl.graph.equations import Mode, Reference, references
from rnndsl.graph.formula import formula
from rnndsl.graph.lower import Forward, lower
from rnndsl.graph.node import Node
from rnndsl.model.model import Equation, Model
from rnndsl.model.unroll import unroll_by_default
from rnndsl.passes import run_passes
from rnndsl.plan.cost import FREE, Cost, costs, forward_nodes
from rnndsl.plan.schedule import Loop as Block
from rnndsl.plan.schedule import needed, schedule

How = Literal["loop", "parallel", "once", "unused"]
"""Position by position; for all positions at once; once an example; not at all."""


@dataclass(frozen=True)
class LoopRow:
    """A loop: its axis, its direction (1 forwards, -1 backwards), what runs in it, and why.

    `because` are the reads across positions that close it.
    """

    axis: str
    step: int
    names: tuple[str, ...]
    because: tuple[Reference, ...]


@dataclass(frozen=True)
class EquationRow:
    """One equation in one mode.

    `loop` is the number of its loop, from 0; `because` its own reads of what runs in it.
    `before` are the parts that leave the loop at -O1: computed for all positions at once.
    """

    equation: Equation
    how: How
    loop: int | None
    because: tuple[Reference, ...]
    before: tuple[str, ...]
    cost: Cost


@dataclass(frozen=True)
class Explanation:
    """One mode: its loops, its equations, and the loops of its gradients.

    `gradient_loops` holds their directions, `gradient_axes` the axis of each.
    """

    mode: Mode
    loops: tuple[LoopRow, ...]
    rows: tuple[EquationRow, ...]
    gradient_loops: tuple[int, ...]
    gradient_axes: tuple[str, ...]


def explain(model: Model) -> tuple[Explanation, ...]:
    """Every mode in which the model differs; one where nothing is taught.

    Along a fixed axis each position has equations of its own.
    """
    model = unroll_by_default(model)
    return tuple(_explain(model, mode) for mode in modes(model))


def _explain(model: Model, mode: Mode) -> Explanation:
    forward = run_passes(lower(model, mode))
    nodes = forward_nodes(forward)
    blocks = schedule(nodes, grouped=False)
    reads = [item for item in references(model, mode) if item.via is None]
    found = tuple(
        LoopRow(loop.axis, loop.step, loop.names, tuple(_inside(reads, loop.names, shifted=True)))
        for loop in loops(model, mode)
    )
    spent = costs(nodes, model)
    rows = tuple(
        _row(equation, forward, nodes, blocks, found, reads, spent.get(equation.name, Cost()))
        for equation in model.all_equations
    )
    back = _gradient_loops(forward)
    axes = tuple(forward.model.axis_of(block.index) for block in back)
    return Explanation(mode, found, rows, tuple(block.step for block in back), axes)


def _row(
    equation: Equation,
    forward: Forward,
    nodes: set[Node],
    blocks: Iterable[Node | Block],
    found: tuple[LoopRow, ...],
    reads: list[Reference],
    cost: Cost,
) -> EquationRow:
    name = equation.name
    if forward.values[name] not in nodes:
        return EquationRow(equation, "unused", None, (), (), cost)
    number = next((i for i, loop in enumerate(found) if name in loop.names), None)
    if number is None:
        how: How = "parallel" if equation.axes else "once"
        return EquationRow(equation, how, None, (), (), cost)
    own = [item for item in reads if item.target == name]
    because = tuple(_inside(own, found[number].names, shifted=False))
    return EquationRow(equation, "loop", number, because, _before(name, forward, blocks), cost)


def _inside(
    reads: Iterable[Reference], names: tuple[str, ...], shifted: bool
) -> Iterable[Reference]:
    """The reads between the equations of a loop, each once; all, or those of other positions."""
    seen: set[tuple[str, str, object]] = set()
    for item in reads:
        key = (item.target, item.source, item.place)
        is_across = item.place is not None and not item.place.is_here
        if {item.source, item.target} <= {*names} and (is_across or not shifted):
            if key not in seen:
                yield item
            seen.add(key)


def _before(name: str, forward: Forward, blocks: Iterable[Node | Block]) -> tuple[str, ...]:
    """The largest parts of an equation that no loop holds, as formulas."""
    parts = [
        block
        for block in blocks
        if isinstance(block, Node) and block.origin == name and _is_many(block) and _is_work(block)
    ]
    used = {item for node in parts for item in node.inputs}
    texts = [formula(node, forward.model) for node in parts if node not in used]
    return tuple(dict.fromkeys(texts))


def _is_many(node: Node) -> bool:
    """Whether a node has results for positions, or for nodes of a tree."""
    return node.over_t or bool(node.family)


def _is_work(node: Node) -> bool:
    """Whether a node computes something that is worth a word."""
    return node.op == "pick" or node.op not in (*FREE, "coin")


def _gradient_loops(forward: Forward) -> list[Block]:
    """The loops on the way back from the loss (else the outputs)."""
    done = set(forward.builder.nodes)
    ends = [forward.loss] if forward.loss else [*forward.outputs.values()]
    given = forward.builder.given
    seeds = {
        end: given("cotangent", end.name, "real", end.shape, end.over, True)
        for end in ends
        if end.kind == "real" and end.op != "number"
    }
    back = differentiate(forward, seeds)
    blocks = schedule(needed(back.params.values(), done), grouped=False)
    return [block for block in blocks if isinstance(block, Block)]

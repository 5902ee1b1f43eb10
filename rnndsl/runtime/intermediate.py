"""What a model is on its way to code, as text: `tree`, `graph` and `plan`.

Each shows the same model a floor further down; the code itself comes from `compile`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from rnndsl.graph.causality import modes
from rnndsl.graph.equations import Mode
from rnndsl.graph.lower import lower
from rnndsl.graph.text import show
from rnndsl.model.model import Model
from rnndsl.passes import run_passes
from rnndsl.plan.modes import ModePlan
from rnndsl.plan.schedule import schedule
from rnndsl.plan.text import show_blocks
from rnndsl.syntax.outline import outline
from rnndsl.syntax.parser import parse

Kind = Literal["tree", "graph", "plan"]


def show_intermediate(model: Model, kind: Kind, optimize: int = 1) -> str:
    """The syntax tree, the graph of operations, or the plan of every function, of a model."""
    if kind == "tree":
        return f"{outline(parse(model.source).statements)}\n"
    show_it = _graph if kind == "graph" else _plan
    return "".join(f"{line}\n" for line in show_it(model, optimize))


def _headed(model: Model) -> Iterator[tuple[tuple[str, ...], Mode]]:
    """The modes in which a model differs, each with its heading; none where there is one."""
    found = modes(model)
    for number, mode in enumerate(found):
        heading = ("",) * (number > 0) + (f"mode {mode}:",)
        yield heading if len(found) > 1 else (), mode


def _graph(model: Model, optimize: int) -> Iterator[str]:
    """For each mode the operations that outputs and loss depend on."""
    for heading, mode in _headed(model):
        yield from heading
        forward = run_passes(lower(model, mode, share=optimize > 0))
        targets = [*forward.outputs.values(), *([forward.loss] if forward.loss else [])]
        yield show(targets)


def _plan(model: Model, optimize: int) -> Iterator[str]:
    """For each mode the functions of the generated code: what they compute in which order."""
    for heading, mode in _headed(model):
        yield from heading
        plan = ModePlan(model, mode, optimize > 0)
        numbers = {node: node.number for node in plan.forward.builder.nodes}
        for stage in plan.stages:
            blocks = schedule(stage.nodes, grouped=optimize == 0)
            if blocks:
                yield f"{stage.name}:"
                yield from (f"  {line}" for line in show_blocks(blocks, numbers))

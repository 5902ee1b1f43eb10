"""The way back in a drawing: arrows turned round where gradients flow, pale where none do.

Every place stays where the forward picture has it, so that the two can be laid side by side. What
is turned follows from the names: gradients flow between values of real numbers, from the loss
(else the outputs) down to inputs.
"""

from __future__ import annotations

from dataclasses import replace

import networkx as nx

from rnndsl.draw.frame import SQUARES
from rnndsl.draw.scene import Arrow, Scene
from rnndsl.graph.equations import LOSS, references
from rnndsl.model.model import Model

SCALES = "legend scaling"  # what scales on the way forward has no mark on the way back
WORDS = "gradients flow back along the red arrows"


def titled(model: Model) -> Model:
    """The model with a title that says what the picture shows."""
    return replace(model, title=f"{model.title or model.name}: {WORDS}")


def turned(scene: Scene, model: Model) -> Scene:
    """The scene with its arrows turned; those of the legend stay, but for the one that scales."""
    flowing = gradient_names(model)
    squares = {box.id for box in scene.boxes if box.kind in SQUARES}
    return replace(
        scene,
        boxes=[box for box in scene.boxes if not box.id.startswith(SCALES)],
        arrows=[
            _turned(arrow, flowing, squares)
            for arrow in scene.arrows
            if not arrow.tail.startswith(SCALES)
        ],
        writings=[item for item in scene.writings if not item.id.startswith(SCALES)],
    )


def gradient_names(model: Model) -> set[str]:
    """What has a gradient: real values and inputs that the loss, else an output, depends on."""
    real = {item.name for item in model.inputs.values() if item.type.kind == "real"}
    real |= {item.name for item in model.all_equations if item.type.kind == "real"}
    graph = nx.DiGraph()
    graph.add_nodes_from(real)
    for item in references(model):
        if {item.source, item.target} <= real:
            graph.add_edge(item.source, item.target)
    ends = {LOSS} if model.loss is not None else {item.read.name for item in model.outputs}
    return {name for end in ends & real for name in (end, *nx.ancestors(graph, end))}


def _turned(arrow: Arrow, flowing: set[str], squares: set[str]) -> Arrow:
    """An arrow as the way back has it; a head points at a value, not at a delay's square."""
    if arrow.tail.startswith("legend "):
        return arrow
    ends = {id.partition("(")[0] for id in (arrow.tail, arrow.head)}
    if not ends <= flowing:
        return replace(arrow, flow="none")
    return replace(arrow, flow="back", has_head=arrow.tail not in squares)

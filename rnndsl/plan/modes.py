"""What one mode of a model computes: forward, the loss, and the two ways back.

How the operations of a stage are ordered is the business of `schedule`.
"""

from __future__ import annotations

from collections.abc import Sequence

from rnndsl.graph.differentiate import Backward, differentiate
from rnndsl.graph.equations import Mode
from rnndsl.graph.lower import lower
from rnndsl.graph.node import Node
from rnndsl.model.model import Model
from rnndsl.passes import run_passes
from rnndsl.plan.stages import Stage, plan_stage


class ModePlan:
    """The graph of a model in one mode, with its adjoints, parted into stages.

    `first` computes the outputs and `second` the loss; `ways` holds, by the name of its
    function, each way back: the stages of parameters and inputs, and their gradients. With
    `share`, equal operations of different equations are computed once. Writing code from a
    plan leaves it as it is. `model` is the one given, its fixed axes unrolled.
    """

    def __init__(self, model: Model, mode: Mode, share: bool) -> None:
        self.forward = forward = run_passes(lower(model, mode, share=share))
        self.model = forward.model
        self.first = plan_stage("forward", tuple(forward.outputs.values()), ())
        self.second: Stage | None = None
        self.stages = [self.first]
        self.ways: dict[str, tuple[Stage, Stage, Backward]] = {}
        if forward.loss is not None:
            views = self._views(self.stages)
            self.second = plan_stage("loss", (forward.loss,), self.stages, views)
            self.stages.append(self.second)
            seed = forward.builder.given("seed", "d_loss", "real", (), (), True)
            self._way("backward", {forward.loss: seed})
        seeds = self._cotangents()
        if seeds or any(o.read.type.kind == "real" for o in model.outputs):
            self._way("backward_outputs", seeds)

    def _cotangents(self) -> dict[Node, Node]:
        """An adjoint from outside for every real output, and for the loss."""
        seeds: dict[Node, Node] = {}
        named = {**self.forward.outputs}
        if self.forward.loss is not None:
            named["loss"] = self.forward.loss
        for label, node in named.items():
            if node.kind == "real" and node.op != "number":
                own = self.forward.layouts.get(label, ())
                given = self.forward.builder.given(
                    "cotangent", label, "real", node.shape, own, True
                )
                given.family = node.family
                seeds[node] = seeds[node] + given if node in seeds else given
        return seeds

    def _way(self, name: str, seeds: dict[Node, Node]) -> None:
        back = differentiate(self.forward, seeds)
        forwards = [stage for stage in (self.first, self.second) if stage]
        views = self._views(forwards)
        params = plan_stage(name, tuple(back.params.values()), forwards, views)
        inputs = plan_stage("inputs", tuple(back.inputs.values()), forwards, views, beside=params)
        self.stages += [params, inputs]
        self.ways[name] = (params, inputs, back)

    def _views(self, stages: Sequence[Stage]) -> list[Node]:
        """Shifts of what stages compute: cut there, whoever reads them."""
        done = {node for stage in stages for node in stage.nodes}
        return [
            node
            for node in self.forward.builder.nodes
            if node.op == "shift" and node.inputs[0] in done and "flow" not in node.inputs[0].attrs
        ]

"""The stage functions of one mode: forward, loss and the two ways back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rnndsl.emit.body import Body
from rnndsl.emit.context import Context
from rnndsl.emit.handing import Handing
from rnndsl.emit.heads import head, wrapped
from rnndsl.emit.reuse import Reusing
from rnndsl.emit.writer import Writer
from rnndsl.graph.differentiate import Backward
from rnndsl.plan.modes import ModePlan
from rnndsl.plan.rooms import find_rooms
from rnndsl.plan.schedule import loop_count, schedule
from rnndsl.plan.stages import Stage, reachable


@dataclass
class ModeCode:
    """The functions of one mode as lines, the helpers they call, their position loops."""

    lines: list[str] = field(default_factory=list)
    helpers: set[str] = field(default_factory=set)
    loops: dict[str, int] = field(default_factory=dict)


@dataclass
class _Function:
    """One function on its way: its body is written before its head is known."""

    stage: Stage
    body: Body
    writer: Writer


class ModeEmitter:
    """Writes all functions of a model in one mode."""

    def __init__(self, plan: ModePlan, level: int, suffix: str) -> None:
        self.model, self.forward = plan.model, plan.forward
        self.first, self.second = plan.first, plan.second
        self.stages, self.ways = plan.stages, plan.ways
        self.level = level
        self.suffix = suffix
        self.kind = Reusing if level > 1 else Body
        self.code = ModeCode()
        self.context = Context(plan.model, find_rooms(reachable(plan.stages)))
        self.handing = Handing(plan.forward)

    # Writing

    def write(self) -> ModeCode:
        """All functions, the last ones first: they tell what the first must keep."""
        forwards = [stage for stage in (self.first, self.second) if stage]
        functions = {stage.name: self._body(stage, forwards) for stage in forwards}
        imports: dict[str, set[str]] = {}
        back_lines: list[list[str]] = []
        for name, (params, inputs, back) in self.ways.items():
            lines, used = self._backward(name, params, inputs, back, forwards)
            back_lines.append(lines)
            imports[name] = used
        wanted_back = set().union(*imports.values()) if imports else set()
        loss_imports = functions["loss"].body.imports if self.second else set()
        for name, function in functions.items():
            later = wanted_back | (loss_imports if name == "forward" else set())
            self._forward_function(name, function, later, wanted_back)
        for lines in back_lines:
            self.code.lines += lines
        return self.code

    def _body(self, stage: Stage, forwards: Sequence[Stage]) -> _Function:
        held = {node for other in forwards if other is not stage and self._is_before(other, stage)
                for node in other.nodes}  # fmt: skip
        writer = Writer()
        body = self.kind(self.context, stage, writer, held)
        blocks = schedule(stage.nodes, grouped=self.level == 0)
        body.write(blocks)
        self.code.loops[stage.name] = loop_count(blocks)
        self.code.helpers |= body.helpers
        return _Function(stage, body, writer)

    def _is_before(self, one: Stage, other: Stage) -> bool:
        return self.stages.index(one) < self.stages.index(other)

    def _forward_function(
        self, name: str, function: _Function, later: set[str], back: set[str]
    ) -> None:
        body, writer = function.body, Writer()
        kept = sorted(key for key in body.defined if key in later)
        words = {"forward": "the outputs", "loss": "the loss of each example"}[name]
        arguments = "params, data, run" if name == "forward" else "params, data, run, kept"
        with writer.block(f"def _{name}{self.suffix}({arguments}):"):
            tail = self._tail(name, body, kept, back)
            writer.line(f'"""From parameters and data to {words}, and what the way back needs."""')
            writer.extend(head(body))
            writer.extend(function.writer.lines)
            writer.extend(tail)
        self.code.lines += ["", "", *writer.lines]

    def _tail(self, name: str, body: Body, kept: list[str], back: set[str]) -> list[str]:
        """Padding cleared, and everything that is handed on."""
        lines: list[str] = []
        cleared = self._cleared(body, [key for key in kept if key in back])
        for mask, names in cleared.items():
            self.code.helpers.add("_clear")
            lines.append(f"_clear({mask}, {', '.join(names)})")
        if name == "forward":
            lines += self.handing.outputs(body)
            lines += self._state(body)
            results = ["outputs", "after"]
        else:
            assert self.forward.loss is not None
            lines += self._state(body)
            loss = body._code(self.forward.loss, False)
            self.code.helpers.add("_for_each")
            body.uses("B")
            lines.append(f"loss = _for_each({loss}, B, 0)")
            results = ["loss", "after"]
        lines += wrapped([f'"{key}": {key}' for key in kept], "kept")
        lines.append(f"return {', '.join(results)}, kept")
        return lines

    def _cleared(self, body: Body, kept: Sequence[str]) -> dict[str, list[str]]:
        """What is kept and has padding, by its mask; of views the value that they are views of."""
        found: dict[str, dict[str, None]] = {}
        for key in kept:
            node = body.defined[key]
            node = node.inputs[0] if node is not None and node.op == "shift" else node
            if node is None or node.op == "data" or not (node.over_t and node.over_b):
                continue
            room = self.context.rooms.get(node)
            if room is None or not room.is_masked:
                mask = str(body.mask(node.over, False))
                found.setdefault(mask, {}).setdefault(self.context.variable(node))
        return {mask: list(names) for mask, names in found.items()}

    def _state(self, body: Body) -> list[str]:
        """The last values of everything that is read with a delay."""
        items: list[str] = []
        for node, room in self.context.rooms.items():
            is_here = node in body.stage.nodes or node in body.ready_rooms
            if not room.delays or "flow" in node.attrs or not is_here:
                continue
            whole = self.context.room_name(node)
            if whole not in body.defined:
                continue
            before = body._largest(room.along[node.over[0]].before)
            count, lengths = body._largest(room.delays), body.lengths_of(node.over[0])
            self.code.helpers.add("_last")
            items.append(f"{node.name!r}: _last({whole}, {before}, {count}, {lengths})")
        return [f"after = {{{', '.join(items)}}}"]

    def _backward(
        self, name: str, params: Stage, inputs: Stage, back: Backward, forwards: Sequence[Stage]
    ) -> tuple[list[str], set[str]]:
        held = {node for stage in forwards for node in stage.nodes}
        context, writer = self.context.apart(), Writer()
        first, lines = self.kind(context, params, writer, held), Writer()
        blocks = schedule(params.nodes, grouped=self.level == 0)
        first.write(blocks)
        self.code.loops[name] = loop_count(blocks)
        more = self.kind(context, inputs, Writer(), held | params.nodes)
        own = {context.variable(node) for node in params.nodes if node.op != "number"}
        second = schedule(inputs.nodes, grouped=self.level == 0)
        more.write(second)
        self.code.loops[f"{name}_inputs"] = loop_count(second)
        grads = self.handing.grads(first, back.params)
        data = self.handing.input_grads(more, back.inputs)
        first.used |= more.used
        first.sizes |= more.sizes
        first.imports |= {key for key in more.imports if key not in first.defined} - own
        first.imports -= set(first.defined)
        seeds = self.handing.seeds(first, more)
        self.code.helpers |= first.helpers | more.helpers
        with lines.block(f"def _{name}{self.suffix}(params, data, run, kept, seeds, inputs):"):
            words = "the loss" if name == "backward" else "the outputs"
            lines.line(
                f'"""Gradients for parameters, and inputs if asked, from those of {words}."""'
            )
            lines.extend(head(first))
            lines.extend(seeds)
            lines.extend(writer.lines)
            lines.extend(wrapped(grads, "grads"))
            with lines.block("if not inputs:"):
                lines.line("return grads, None")
            lines.extend(more.writer.lines)
            lines.extend(wrapped(data, "input_grads"))
            lines.line("return grads, input_grads")
        return ["", "", *lines.lines], first.imports

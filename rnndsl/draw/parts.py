"""From names and references to boxes and arrows: what the folded and unfolded picture share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from rnndsl.draw.arrange import Plan, Spots, arrange
from rnndsl.draw.marks import Mark, marks, shown
from rnndsl.draw.notation import Symbol, symbol, width
from rnndsl.draw.places import is_recurrent, looks_back
from rnndsl.draw.roles import Role, output_names, roles
from rnndsl.draw.scene import Box, Shape, Style
from rnndsl.graph.equations import LOSS, Reference, references
from rnndsl.graph.outer import Outer, outer
from rnndsl.model.expr import Read
from rnndsl.model.instances import base_name
from rnndsl.model.model import Model

TEXT_SIZE = 14.0
HEIGHT = 42.0
PADDING = 14.0
PULL = 0.75
SHAPES: Mapping[str, Shape] = {
    "input": "box",
    "target": "box",
    "gate": "diamond",
    "state": "circle",
    "value": "circle",
    "loss": "hexagon",
    "dots": "none",
}


@dataclass(frozen=True)
class Parts:
    """A model with all that drawing asks of it."""

    model: Model

    @cached_property
    def roles(self) -> Mapping[str, Role]:
        """The role of every name."""
        return roles(self.model)

    @cached_property
    def outputs(self) -> frozenset[str]:
        """The names a run hands back."""
        return output_names(self.model)

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """Every reference, both sides of `teach` among them."""
        return tuple(references(self.model))

    @cached_property
    def marks(self) -> Mapping[Read, tuple[Mark, ...]]:
        """What each read passes through."""
        return marks(self.model)

    @cached_property
    def outer(self) -> Outer:
        """Along which axis each name is unfolded."""
        return outer(self.model)

    def indices(self, name: str) -> tuple[str, ...]:
        """The indices of a value or of data."""
        data = self.model.data.get(name)
        if data is not None:
            return data.indices
        loss = self.model.loss
        return loss.indices if name == LOSS and loss else self.model.equations[name].indices

    def shown(self, name: str, indices: Iterable[str] = ()) -> Symbol:
        """A name as its box shows it, the loss as L; positions of fixed axes below the line."""
        base = base_name(name)
        places = [part.replace("m", "−") for part in name[len(base) + 1 :].split(".")]
        below = [*filter(None, places), *indices]
        found = Symbol("L") if name == LOSS else symbol(base)
        return found.indexed(below) if below else found.settled

    def tooltip(self, name: str) -> str:
        """The equation, or how the data is declared."""
        data = self.model.data.get(name)
        if data is not None:
            index = f"[{','.join(data.indices)}]" if data.indices else ""
            return f"{data.role} {name}{index}: {data.type}"
        equation = self.model.loss if name == LOSS else self.model.equations[name]
        return equation.text if equation else name

    def box(self, id: str, name: str, label: Symbol, x: float, y: float) -> Box:
        """The box of a name, its centre at a place."""
        kind = self.roles[name]
        wide = box_width(kind, label)
        tooltip = self.tooltip(name)
        shape = SHAPES[kind]
        high = HEIGHT + 10 if kind == "gate" else HEIGHT
        is_output = name in self.outputs
        return Box(id, label, kind, shape, x, y, wide, high, double=is_output, tooltip=tooltip)

    def label(self, items: Iterable[Reference], remark: str = "") -> Symbol | None:
        """The parameters on an edge that stands for some references, and a remark."""
        names: list[tuple[str, ...]] = []
        for item in items:
            for mark in self.marks.get(item.read, ()):
                if mark.factors and mark.factors not in names:
                    names.append(mark.factors)
        if not remark and len(names) == 1 and len(names[0]) == 1 and names[0][0].isidentifier():
            return symbol(names[0][0])
        words = ["".join(shown(factor) for factor in factors) for factors in names]
        text = ", ".join([*words, remark] if remark else words)
        return Symbol(text) if text else None

    def style(self, items: Iterable[Reference]) -> Style:
        """Whether an edge is a boundary's, the free side of a `teach`, or scales what it meets."""
        found = list(items)
        if all(item.via is not None for item in found):
            return "boundary"
        if all(item.teach == "free" for item in found):
            return "free"
        scaling = (mark.scales for item in found for mark in self.marks.get(item.read, ()))
        is_gate = all(self.roles[item.source] == "gate" for item in found)
        return "scaling" if is_gate and any(scaling) else "plain"

    @cached_property
    def pulls(self) -> Mapping[str, float]:
        """Unfolded: to the right what is read later, to the left what reads what was earlier."""
        pulls: dict[str, float] = {}
        for item in self.references:
            at = self.outer.along(item)
            if at and at.place and self.outer.is_moved(item) and item.source != item.target:
                side = 1.0 if looks_back(at.place) else -1.0
                pulls[item.source] = pulls.get(item.source, 0.0) + side
                pulls[item.target] = pulls.get(item.target, 0.0) - side
        return {name: PULL * max(-1.0, min(1.0, value)) for name, value in pulls.items()}

    @cached_property
    def folded_pulls(self) -> Mapping[str, float]:
        """Folded: to the left what the past is kept of, to the right what the future is."""
        back = [
            (item.source, looks_back(item.place))
            for item in self.references
            if is_recurrent(item) and item.place is not None
        ]
        return {name: -PULL if is_past else PULL for name, is_past in reversed(back)}

    def arranged(
        self,
        names: Iterable[str],
        edges: Iterable[tuple[str, str]],
        pulls: Mapping[str, float],
    ) -> Spots:
        """Places for some names, inputs below, targets and losses on top."""
        kept = list(names)
        inside = set(kept)
        pairs = [(a, b) for a, b in dict.fromkeys(edges) if a in inside and b in inside]
        wide = {name: box_width(self.roles[name], self.shown(name)) for name in kept}
        scored = {a for a, b in pairs if b == LOSS}
        read = {a for a, _ in pairs}
        return arrange(
            Plan(
                wide,
                pairs,
                ground=frozenset(name for name in kept if self.roles[name] == "input"),
                top=frozenset(name for name in scored if self.roles[name] == "target"),
                pulls=pulls,
                loose=frozenset(name for name in kept if name not in read and name != LOSS),
                lines=frozenset(
                    item.source
                    for item in self.references
                    if is_recurrent(item) and item.source == item.target and item.via is None
                ),
            )
        )


def box_width(kind: str, label: Symbol) -> float:
    """How wide a box must be for its label."""
    room = width(label.inline, TEXT_SIZE) + PADDING
    least = HEIGHT + 10 if kind == "gate" else HEIGHT
    return max(least, round(room * (1.35 if kind == "gate" else 1.0)))

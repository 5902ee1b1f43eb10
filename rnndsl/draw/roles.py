"""What part each name plays in a picture: input, target, gate, state, value or loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from rnndsl.draw.marks import Mark, marks
from rnndsl.draw.places import is_recurrent
from rnndsl.graph.equations import LOSS, references
from rnndsl.model.expr import Apply, Read
from rnndsl.model.model import Model, Parts

Role = Literal["input", "target", "gate", "state", "value", "loss"]


def roles(model: Model) -> dict[str, Role]:
    """The role of every name that is drawn, in the order of the file.

    A gate is a sigmoid that scales other values; a state is a value read at another step.
    """
    read_as = marks(model)
    refs = list(references(model))
    scaling = {item.source for item in refs if _scales(read_as, item.read)}
    carried = {item.source for item in refs if is_recurrent(item)}
    found: dict[str, Role] = {data.name: data.role for data in model.data.values()}
    for equation in model.all_equations:
        name = equation.name
        outermost = equation.expr.operation if isinstance(equation.expr, Apply) else None
        if name == LOSS:
            found[name] = "loss"
        elif outermost == "sigmoid" and name in scaling:
            found[name] = "gate"
        else:
            found[name] = "state" if name in carried else "value"
    return found


def output_names(model: Model) -> frozenset[str]:
    """The names that a run hands back."""
    found: set[str] = set()
    for output in model.outputs:
        found |= {output.read.name} | {read.name for read in _flat(output.parts)}
    return frozenset(found)


def _flat(parts: Parts) -> Iterator[Read]:
    for part in parts:
        if isinstance(part, Read):
            yield part
        else:
            yield from _flat(part)


def _scales(read_as: Mapping[Read, tuple[Mark, ...]], read: Read) -> bool:
    return any(mark.scales for mark in read_as.get(read, ()))

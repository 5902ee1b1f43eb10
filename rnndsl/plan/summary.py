"""What there is in a model, counted: parameters, data and values with shapes, and their cost.

It tells nothing of order; how equations are run stands in `explain`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rnndsl.graph.lower import lower
from rnndsl.model.dims import ZERO, Dim
from rnndsl.model.instances import base_name
from rnndsl.model.model import Model
from rnndsl.passes import run_passes
from rnndsl.plan.cost import Cost, costs, forward_nodes, volume


@dataclass(frozen=True)
class ParameterRow:
    """A parameter, its initialiser in the words of the language, and how many numbers it has."""

    name: str
    shape: tuple[Dim, ...]
    initialiser: str
    count: Dim


@dataclass(frozen=True)
class ValueRow:
    """Data or a value: `role` is `input`, `target`, `value` or `loss`; `type` as in the file."""

    name: str
    role: str
    axes: tuple[str, ...]
    type: str
    shape: tuple[Dim, ...]
    cost: Cost


@dataclass(frozen=True)
class Summary:
    """All rows, in the order of the file, and the totals; with teaching, those of the teacher.

    What stands along a fixed axis costs what all its positions do.
    """

    parameters: tuple[ParameterRow, ...]
    values: tuple[ValueRow, ...]
    count: Dim
    cost: Cost


def summarise(model: Model) -> Summary:
    """The summary of a checked model."""
    found: dict[str, Cost] = {}
    forward = run_passes(lower(model))
    for name, cost in costs(forward_nodes(forward), model).items():
        found[base_name(name)] = found.get(base_name(name), Cost()) + cost
    parameters = tuple(
        ParameterRow(
            item.name,
            item.whole,
            _initialiser(item.initialiser.name, item.initialiser.arguments),
            volume(item.whole),
        )
        for item in model.params.values()
    )
    data = tuple(
        ValueRow(item.name, item.role, item.axes, str(item.type), item.type.shape, Cost())
        for item in model.data.values()
    )
    values = tuple(
        ValueRow(
            item.name,
            "loss" if item is model.loss else "value",
            item.axes,
            str(item.type),
            item.type.shape,
            found.get(item.name, Cost()),
        )
        for item in model.all_equations
    )
    count = sum((row.count for row in parameters), ZERO)
    return Summary(parameters, data + values, count, sum(found.values(), Cost()))


def _initialiser(name: str, arguments: tuple[float, ...]) -> str:
    """`orthogonal`, `normal(0.1)`, `0.5`."""
    numbers = ", ".join(f"{value:g}" for value in arguments)
    if name == "number":
        return numbers
    return f"{name}({numbers})" if numbers else name


def number(dim: Dim, sizes: Mapping[str, int]) -> int | None:
    """A count under the sizes that are known; None where one is missing."""
    return int(dim.value(sizes)) if dim.names <= sizes.keys() else None

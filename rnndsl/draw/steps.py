"""Over how many positions each axis is unfolded, as people ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from rnndsl.model.model import Axis, Model
from rnndsl.model.sizes import fixed_axes, known_sizes, running_axes
from rnndsl.model.unroll import DEFAULT_LENGTH
from rnndsl.text.diagnostics import DataError

LEFT_OUT = 3


def steps_of(
    model: Model, unfold: int | Mapping[str, int], sizes: Mapping[str, int]
) -> tuple[dict[str, int], dict[str, int]]:
    """Steps by sequence axis, and the sizes, those of fixed axes that `unfold` names among them.

    DataError RNN421 for fewer steps than one, for an axis that there is not, for one over a
    tree, and for a fixed axis whose length follows from other sizes.
    """
    running = [name for name, axis in running_axes(model).items() if not axis.is_tree]
    known = dict(sizes)
    if not isinstance(unfold, Mapping):
        return dict.fromkeys(running, _at_least_one(unfold)), known
    steps = dict.fromkeys(running, LEFT_OUT)
    for index, count in unfold.items():
        axis = _axis(model, index)
        if axis.is_tree:
            text = f"`{index}` runs over a tree: say which, not how many steps"
            raise DataError(f'{text}, as in `--tree "((a b) c)"`', "RNN421")
        if axis.size is None:
            steps[axis.name] = _at_least_one(count)
        elif model.sizes[axis.length].is_derived:
            text = f"the length `{axis.length}` of `{axis.name}` follows from other sizes"
            raise DataError(f"{text}: give those instead of `{index}={count}`", "RNN421")
        else:
            known[axis.length] = _at_least_one(count)
    return steps, known


def with_lengths(model: Model, sizes: Mapping[str, int]) -> dict[str, int]:
    """The sizes known, and 3 for those open that the length of a fixed axis needs."""
    known = known_sizes(model, sizes)
    needed = {name for axis in fixed_axes(model).values() if axis.size for name in axis.size.names}
    while derived := [name for name in needed - known.keys() if model.sizes[name].is_derived]:
        default = model.sizes[derived[0]].default
        needed = needed - {derived[0]} | (default.names if default is not None else frozenset())
    return dict.fromkeys(sorted(needed - known.keys()), DEFAULT_LENGTH) | known


def instances(model: Model, sizes: Mapping[str, int]) -> int:
    """How many values the unrolled model has, whatever is read outside its fixed axes."""
    known = known_sizes(model, sizes)
    ends = {a.name: int(a.size.value(known)) for a in fixed_axes(model).values() if a.size}
    return sum(prod(ends.get(axis, 1) for axis in item.axes) for item in model.all_equations)


def _axis(model: Model, index: str) -> Axis:
    for axis in model.axes.values():
        if index in axis.indices:
            return axis
    there = ", ".join(f"`{name}`" for name in model.axes) or "none"
    raise DataError(f"there is no axis `{index}` to unfold: there is {there}", "RNN421")


def _at_least_one(steps: int) -> int:
    if steps < 1:
        raise DataError(f"cannot unfold over {steps} steps: there is at least 1", "RNN421")
    return steps

"""Forests among data: `v_children` and `v_roots` of a `.npz` file, or `trees` of a dict.

Whether arrays are a forest says `rnndsl.forest`; which examples are taken of it, `array_data`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from rnndsl.forest.forest import Forest
from rnndsl.model.model import Model
from rnndsl.model.sizes import tree_axes
from rnndsl.text.diagnostics import DataError

Array = npt.NDArray[Any]
TREES, CHILDREN, ROOTS = "trees", "_children", "_roots"


def tree_of(model: Model, axes: tuple[str, ...]) -> str | None:
    """The axis over nodes among these, if there is one."""
    return next((axis for axis in axes if axis in tree_axes(model)), None)


def leading(model: Model, axes: tuple[str, ...]) -> tuple[str, ...]:
    """The axes that stand in front in an array: the nodes of a forest stand where examples do."""
    return tuple(axis for axis in axes if axis not in tree_axes(model))


def flat(data: Mapping[str, Any]) -> dict[str, Any]:
    """Data with the arrays of each forest under `trees` by their own names, `v_children` and
    `v_roots`; DataError RNN441 where what stands there is no forest."""
    found = {name: value for name, value in data.items() if name != TREES}
    for axis, given in _by_axis(data.get(TREES)).items():
        for name, array in zip((CHILDREN, ROOTS), _pair(axis, given), strict=True):
            if axis + name in found:
                raise DataError(
                    f"the trees over `{axis}` are given twice: as `{TREES}` and as `{axis}{name}`",
                    "RNN441",
                )
            found[axis + name] = array
    return found


def names(model: Model) -> set[str]:
    """What the arrays of a model's forests are called."""
    return {axis + name for axis in tree_axes(model) for name in (CHILDREN, ROOTS)}


def forests(model: Model, data: Mapping[str, Any]) -> dict[str, Forest]:
    """The forest of each axis over nodes, of data that may have them either way.

    DataError RNN441 where one is missing or fits no axis, RNN450 where it is none.
    """
    axes, arrays = tree_axes(model), flat(data)
    given = _by_axis(data.get(TREES))
    for axis in given:
        if axis not in axes:
            own = ", ".join(f"`{name}`" for name in axes) or "none"
            raise DataError(
                f"there are trees over `{axis}`, and `{model.name}` has no such axis; it has over "
                f"nodes of trees: {own}",
                "RNN441",
            )
        _require_slots(axis, axes[axis].slots, getattr(given[axis], "slots", None))
    return {name: _forest(name, axis.slots, arrays) for name, axis in axes.items()}


def _forest(axis: str, slots: tuple[str, ...], arrays: Mapping[str, Any]) -> Forest:
    missing = [f"`{axis}{name}`" for name in (CHILDREN, ROOTS) if axis + name not in arrays]
    if missing:
        columns = ", ".join(slots) or "a column for each"
        raise DataError(
            f"the data hold no {' and no '.join(missing)}: the trees over `{axis}` are "
            f"`{axis}{CHILDREN}` (nodes, children: {columns}), the number of each child or -1, "
            f"and `{axis}{ROOTS}` (B,); in Python `{TREES}={{'{axis}': forest}}`",
            "RNN441",
        )
    try:
        return Forest(arrays[axis + CHILDREN], arrays[axis + ROOTS], slots=slots or None)
    except DataError as problem:
        raise DataError(f"the trees over `{axis}`: {problem}", problem.code) from None


def _by_axis(trees: Any) -> Mapping[str, Any]:
    """What `trees` holds; DataError RNN441 where it is no dict."""
    if trees is None:
        return {}
    if not isinstance(trees, Mapping):
        raise DataError(
            f"`{TREES}` is a dict, {{'v': forest}} say, not {type(trees).__name__}", "RNN441"
        )
    return trees


def _pair(axis: str, given: Any) -> tuple[Any, Any]:
    """Children and roots of a forest as people give it."""
    if isinstance(given, tuple) and len(given) == 2:
        return given[0], given[1]
    if hasattr(given, "children") and hasattr(given, "roots"):
        return given.children, given.roots
    raise DataError(
        f"the trees over `{axis}` are a `rnndsl.Forest` or (children, roots), not "
        f"{type(given).__name__}",
        "RNN441",
    )


def _require_slots(axis: str, slots: tuple[str, ...], own: Any) -> None:
    """DataError RNN441 where the slots of a forest are others than the axis has."""
    if slots and own is not None and tuple(own) != slots:
        raise DataError(
            f"the forest has the slots {', '.join(own)}, and `{axis}` {', '.join(slots)}", "RNN441"
        )


def sizes_of(forest: Forest) -> Array:
    """How many nodes each example has, (B,)."""
    return np.bincount(forest.examples, minlength=len(forest))

"""The trees that a picture is unfolded over, as people give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rnndsl.forest.forest import Forest
from rnndsl.graph.tree_shape import TreeShape, tree_shape
from rnndsl.model.model import Axis, Model
from rnndsl.text.diagnostics import DataError


def tree_axes(model: Model) -> dict[str, Axis]:
    """The axes that run over the nodes of trees, by name."""
    return {name: axis for name, axis in model.axes.items() if axis.is_tree}


def over_trees(
    model: Model, unfold: int | Mapping[str, int] | None, tree: Any
) -> dict[str, TreeShape]:
    """The trees of a picture: none where it is folded, or where the model runs over none.

    DataError RNN421 where a model over a tree is to be unfolded, and nothing says over which.
    """
    if tree is not None:
        return trees_of(model, tree)
    axes = tree_axes(model)
    if unfold is not None and axes:
        name = next(iter(axes))
        text = f"axis `{name}` runs over a tree: give one to unfold the model over"
        raise DataError(f'{text}, as in `--tree "((a b) c)"`', "RNN421")
    return {}


def trees_of(model: Model, tree: Any) -> dict[str, TreeShape]:
    """A tree for each axis over one: one for all of them, or by axis.

    `tree`: a bracketed text, nested tuples, or a `Forest` of one tree. DataError RNN421 where the
    model has no such axis, where an axis is left without a tree, or for more trees than one;
    RNN450 for what is no tree.
    """
    axes = tree_axes(model)
    if not axes:
        raise DataError("this model runs over no tree: there is no `axis v in tree`", "RNN421")
    given = tree if isinstance(tree, Mapping) else dict.fromkeys(axes, tree)
    found = {}
    for index, item in given.items():
        name = next((name for name, axis in axes.items() if index in axis.indices), None)
        if name is None:
            there = ", ".join(f"`{name}`" for name in axes)
            raise DataError(f"no tree is called `{index}`: there is {there}", "RNN421")
        found[name] = _shape(axes[name], item)
    for name in axes:
        if name not in found:
            raise DataError(f"axis `{name}` runs over a tree too: give one for it", "RNN421")
    return {name: found[name] for name in axes}


def _shape(axis: Axis, item: Any) -> TreeShape:
    slots = axis.slots or None
    try:
        forest = item if isinstance(item, Forest) else Forest.of(item, slots)
    except DataError as problem:
        said = str(problem).replace("text 0", "the text")
        raise DataError(f"no tree to draw: {said}", problem.code) from None
    if len(forest) != 1:
        said = f"a picture shows one tree, and here are {len(forest)}"
        raise DataError(f"{said}: take one out with `select([0])`", "RNN421")
    if slots is not None and forest.slots not in (None, slots):
        named = ", ".join(forest.slots or ())
        raise DataError(
            f"the children are called {named} here; `{axis.name}` has {', '.join(slots)}", "RNN421"
        )
    if slots is not None and forest.children.shape[1] != len(slots):
        columns = forest.children.shape[1]
        raise DataError(
            f"nodes have up to {columns} children here; `{axis.name}` has {', '.join(slots)}",
            "RNN421",
        )
    return tree_shape(forest, axis.slots)

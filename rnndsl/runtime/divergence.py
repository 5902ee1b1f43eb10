"""Where a loss that is no number comes from: the first value that is none, in the interpreter.

The interpreter works values out in the order in which they need each other, so the first one that
is not finite was made of finite ones. It computes in float64; what float32 cannot hold counts as
infinite where the program computes in float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from rnndsl.interpreter.evaluate import LOSS, Interpreter
from rnndsl.interpreter.expressions import Env
from rnndsl.interpreter.tasks import Task
from rnndsl.interpreter.trees import Tree, trees_of
from rnndsl.model.expr import Apply, Expr, Over
from rnndsl.model.model import Data, Model
from rnndsl.model.sizes import running_axes
from rnndsl.runtime.feed import Batch
from rnndsl.runtime.forest_data import TREES, leading, tree_of

Array = npt.NDArray[Any]
Found = tuple[str, tuple[int, ...], str]
HIGHEST, LOWEST = "too large", "-inf"


class _Watched(Interpreter):
    """An example that notes its first values that are not finite: NaN or too large, and -inf.

    The logarithm of 0 is -inf in models that are sound, so it is told only where nothing is
    wrong but the loss.
    """

    largest = np.inf
    first: Found | None = None
    lowest: Found | None = None

    def _settle(self, name: str, at: tuple[int, ...]) -> Task:
        value = yield from super()._settle(name, at)
        if value.dtype.kind == "f":
            if self.first is None and self._is(HIGHEST, value):
                word = "nan" if np.isnan(value).any() else HIGHEST
                self.first = (name, at, word)
            elif self.lowest is None and self._is(LOWEST, value):
                self.lowest = (name, at, LOWEST)
        return value

    @property
    def fault(self) -> Found | None:
        """The name, the position and what is wrong, if something is."""
        if self.first is not None and (self.lowest is None or self.first[0] != LOSS):
            return self.first
        return self.lowest

    def sentence(self, found: Found, called: str, nodes: Mapping[str, Array]) -> str:
        """What is wrong where, in the example of that name. `nodes`: by axis over trees the
        numbers of this example's nodes in the data."""
        name, at, word = found
        item = self._named[name]
        places = list(zip(item.indices, item.axes, at, strict=True))
        rule = self._rule(name, at)
        if rule is not None:
            places += self._summed(*rule, word)
        words = [
            f"node {nodes[axis][place - 1]}" if axis in nodes else f"{index} = {place}"
            for index, axis, place in places
        ]
        where = f" at {', '.join(words)}" if words else ""
        if isinstance(item, Data):
            return f"the data `{name}` hold {word}{where} in {called}"
        own = [bound.text for bound in item.boundaries if rule and rule[0] is bound.expr]
        return f"`{own[0] if own else item.text}` is {word}{where} in {called}"

    def _summed(self, expr: Expr, env: Env, word: str) -> list[tuple[str, str, int]]:
        """Where inside its sums a right side is first that word: index, axis and position.

        A branch that may not be taken is not looked into.
        """
        if isinstance(expr, Over) and expr.operation != "softmax" and not expr.within:
            for position in range(1, self.lengths[expr.axis] + 1):
                inner = (*env, (expr.index, position))
                if self._is(word, self._run(self._step(expr.body, inner))):
                    here = (expr.index, expr.axis, position)
                    return [here, *self._summed(expr.body, inner, word)]
        if isinstance(expr, Apply) and expr.operation != "where":
            for child in expr.children:
                if found := self._summed(child, env, word):
                    return found
        return []

    def _is(self, word: str, value: Array) -> bool:
        """Whether a value is what is said of it."""
        if word == LOWEST:
            return bool(np.any(value < -self.largest))
        return not np.all(value <= self.largest)


def first_fault(
    model: Model,
    dtype: str,
    sizes: Mapping[str, int],
    params: Mapping[str, Array],
    batch: Batch,
    options: Mapping[str, Any],
) -> str:
    """A sentence that names the first value that is not finite, its position and its example.

    `options`: mode, forcing, seed and state of the step. A node goes by its number in the data.
    """
    for name, value in params.items():
        if not np.isfinite(value).all():
            return f"the parameter `{name}` is no longer finite"
    forests = {axis: trees_of(forest) for axis, forest in batch.data.get(TREES, {}).items()}
    for number, called in enumerate(batch.names):
        trees = {axis: found[number] for axis, found in forests.items()}
        example = _example(model, sizes, params, batch, options, number, trees)
        example.largest = float(np.finfo(dtype).max)
        example.loss()
        found = example.fault
        if found is not None:
            nodes = {axis: batch.nodes[axis][tree.numbers] for axis, tree in trees.items()}
            return example.sentence(found, called, nodes)
    return f"in float64 all of its values are finite, so {dtype} is too coarse for it"


def _example(
    model: Model,
    sizes: Mapping[str, int],
    params: Mapping[str, Array],
    batch: Batch,
    options: Mapping[str, Any],
    number: int,
    trees: Mapping[str, Tree],
) -> _Watched:
    """One example of the batch, as the step ran it."""
    lengths = {axis: _length(model, batch, axis, number) for axis in running_axes(model)}
    own = {}
    for name, item in model.data.items():
        if name in batch.data:
            tree = tree_of(model, item.axes)
            cut = tuple(slice(lengths.get(axis)) for axis in leading(model, item.axes))
            row = number if tree is None else trees[tree].numbers
            own[name] = batch.data[name][(*cut, row)]
    state = options.get("state") or {}
    return _Watched(
        *(model, sizes, params, own, lengths),
        example=number,
        state={name: array[:, number] for name, array in state.items()},
        trees=trees,
        training=True,
        mode=options["mode"],
        forcing=options["forcing"],
        seed=options["seed"],
    )


def _length(model: Model, batch: Batch, axis: str, number: int) -> int:
    if axis in batch.data.get("lengths", {}):
        return int(batch.data["lengths"][axis][number])
    for name, item in model.data.items():
        if name in batch.data and axis in item.axes:
            return int(batch.data[name].shape[item.axes.index(axis)])
    return int(batch.data[model.axes[axis].length])

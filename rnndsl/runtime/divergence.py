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
from rnndsl.interpreter.tasks import Task
from rnndsl.model.model import Data, Equation, Model
from rnndsl.model.sizes import running_axes
from rnndsl.runtime.feed import Batch

Array = npt.NDArray[Any]
Found = tuple[str, tuple[int, ...], str]


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
            if self.first is None and not np.all(value <= self.largest):
                word = "nan" if np.isnan(value).any() else "too large"
                self.first = (name, at, word)
            elif self.lowest is None and np.any(value < -self.largest):
                self.lowest = (name, at, "-inf")
        return value

    @property
    def fault(self) -> Found | None:
        """The name, the position and what is wrong, if something is."""
        if self.first is not None and (self.lowest is None or self.first[0] != LOSS):
            return self.first
        return self.lowest


def first_fault(
    model: Model,
    dtype: str,
    sizes: Mapping[str, int],
    params: Mapping[str, Array],
    batch: Batch,
    options: Mapping[str, Any],
) -> str:
    """A sentence that names the first value that is not finite, its position and its example.

    `options`: mode, forcing, seed and state of the step.
    """
    for name, value in params.items():
        if not np.isfinite(value).all():
            return f"the parameter `{name}` is no longer finite"
    for number, called in enumerate(batch.names):
        example = _example(model, sizes, params, batch, options, number)
        example.largest = float(np.finfo(dtype).max)
        example.loss()
        found = example.fault
        if found is not None:
            return _sentence(model, *found, called)
    return f"in float64 all of its values are finite, so {dtype} is too coarse for it"


def _example(
    model: Model,
    sizes: Mapping[str, int],
    params: Mapping[str, Array],
    batch: Batch,
    options: Mapping[str, Any],
    number: int,
) -> _Watched:
    """One example of the batch, as the step ran it."""
    lengths = {axis: _length(model, batch, axis, number) for axis in running_axes(model)}
    own = {}
    for name, item in model.data.items():
        if name in batch.data:
            cut = tuple(slice(lengths.get(axis)) for axis in item.axes)
            own[name] = batch.data[name][(*cut, number)]
    state = options.get("state") or {}
    return _Watched(
        *(model, sizes, params, own, lengths),
        example=number,
        state={name: array[:, number] for name, array in state.items()},
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


def _sentence(model: Model, name: str, at: tuple[int, ...], word: str, called: str) -> str:
    named: dict[str, Data | Equation] = {**model.data, **model.equations}
    item = model.loss if name == LOSS else named[name]
    assert item is not None  # a loss was computed
    places = [f"{index} = {place}" for index, place in zip(item.indices, at, strict=True)]
    where = f" at {', '.join(places)}" if places else ""
    what = f"the data `{name}`" if isinstance(item, Data) else f"`{item.text}`"
    verb = "hold" if isinstance(item, Data) else "is"
    return f"{what} {verb} {word}{where} in {called}"

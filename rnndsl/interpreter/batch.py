"""A batch of examples, one after the other, in the layout of the generated file.

Axes stand in front of the examples, in their written order: (T, B, ...), (T, S, B, ...), and
(B, ...) where there is none; padding is 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Unpack

import numpy as np

from rnndsl.interpreter.elementwise import Array
from rnndsl.interpreter.evaluate import Interpreter, fixed_lengths
from rnndsl.interpreter.expressions import Settings
from rnndsl.interpreter.sizes import Sizes
from rnndsl.interpreter.trees import trees_of
from rnndsl.model.model import Model
from rnndsl.text.diagnostics import DataError


class BatchSettings(Settings, total=False):
    """Also `batch`, the number of examples where no data says it, and `state`, the values
    before this window, (d, B, ...), as `Interpreter` has them, and `trees`, the forests."""

    batch: int | None
    state: Mapping[str, Any] | None
    trees: Mapping[str, Any] | None


class Batch:
    """A model on a batch.

    `lengths`: by the name of the axis, one number an example, or one for all; without it the
    data are taken to be full. Fixed axes are as long as their sizes say. `trees`: by the name of
    the axis a forest, with `children` and `roots`; what is over its nodes is (nodes, ...).
    """

    def __init__(
        self,
        model: Model,
        sizes: Mapping[str, int] | Sizes,
        params: Mapping[str, Any],
        data: Mapping[str, Any],
        lengths: Mapping[str, Any] | None = None,
        *,
        batch: int | None = None,
        state: Mapping[str, Any] | None = None,
        trees: Mapping[str, Any] | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        self.model = model
        self.trees = {axis: trees_of(forest) for axis, forest in (trees or {}).items()}
        for found in self.trees.values():
            batch = len(found)
        self.sizes = sizes if isinstance(sizes, Sizes) else Sizes(model, sizes)
        self.params = dict(params)
        self.data = {name: np.asarray(value) for name, value in data.items()}
        self.before = {name: np.asarray(value) for name, value in (state or {}).items()}
        self.settings = settings
        self.count = _count(model, self.data, lengths or {}, batch)
        self.lengths = {
            axis: np.broadcast_to(np.asarray(length), (self.count,))
            for axis, length in {
                **self._full(),
                **(lengths or {}),
                **fixed_lengths(model, self.sizes),
            }.items()
        }

    def _full(self) -> dict[str, int]:
        """The length of each axis that some data carries."""
        return {
            axis: self.data[name].shape[k]
            for name in self.data
            for k, axis in enumerate(self.model.data[name].axes)
            if axis not in self.trees
        }

    def _end(self, axis: str) -> int:
        """How long arrays along an axis are."""
        return max([self._full().get(axis, 0), *map(int, self.lengths[axis])])

    def example(
        self, b: int, params: Mapping[str, Any] | None = None, data: Mapping[str, Any] | None = None
    ) -> Interpreter:
        """Example b by itself, with other parameters or data than the batch's if given."""
        known = {**self.lengths, **self.trees}
        missing = [axis for axis in self.model.axes if axis not in known]
        if missing:
            raise DataError(f"no data says how long axis `{missing[0]}` is")
        lengths = {axis: int(length[b]) for axis, length in self.lengths.items()}
        own = {}
        for name, array in (self.data if data is None else data).items():
            axes = self.model.data[name].axes
            if axes and axes[0] in self.trees:
                own[name] = array[self.trees[axes[0]][b].numbers]
                continue
            own[name] = array[corner([lengths[axis] for axis in axes], b)]
        return Interpreter(
            self.model,
            self.sizes,
            self.params if params is None else params,
            own,
            lengths,
            example=b,
            state={name: array[:, b] for name, array in self.before.items()},
            trees={axis: found[b] for axis, found in self.trees.items()},
            **self.settings,
        )

    @cached_property
    def examples(self) -> tuple[Interpreter, ...]:
        """All examples of the batch."""
        return tuple(self.example(b) for b in range(self.count))

    def loss(self) -> complex:
        """The mean over the examples of their losses."""
        return sum(example.loss() for example in self.examples) / self.count

    def outputs(self) -> dict[str, Array]:
        """Every output by its label, the axes of its free indices in front of the examples."""
        found: dict[str, Array] = {}
        each = [example.outputs() for example in self.examples]
        for output in self.model.outputs:
            axes = output.axes
            parts = [outputs[output.label] for outputs in each]
            tree = next((axis for axis in axes if axis in self.trees), "")
            if tree:
                found[output.label] = self._over_nodes(tree, parts, axes.index(tree))
                continue
            inner = parts[0].shape[len(axes) :]
            shape = (*(self._end(axis) for axis in axes), self.count, *inner)
            found[output.label] = np.zeros(shape, dtype=np.result_type(*parts))
            for b, part in enumerate(parts):
                found[output.label][corner(part.shape[: len(axes)], b)] = part
        return found

    def _over_nodes(self, axis: str, parts: list[Array], place: int) -> Array:
        """What each example's nodes have, in the order of the forest: (..., nodes, ...)."""
        trees = self.trees[axis]
        count = 1 + max(int(tree.numbers[-1]) for tree in trees)
        shape = (*parts[0].shape[:place], count, *parts[0].shape[place + 1 :])
        result = np.zeros(shape, np.result_type(*parts))
        for tree, part in zip(trees, parts, strict=True):
            np.moveaxis(result, place, 0)[tree.numbers] = np.moveaxis(part, place, 0)
        return result

    def state(self) -> dict[str, Array]:
        """What the next window needs of this one, (d, B, ...)."""
        each = [example.state() for example in self.examples]
        return {name: np.stack([state[name] for state in each], axis=1) for name in each[0]}


def corner(lengths: Iterable[int], b: int) -> Any:
    """What indexes the part of a batch's array that is example b's own."""
    return (*(slice(length) for length in lengths), b)


def _count(
    model: Model, data: Mapping[str, Array], lengths: Mapping[str, Any], batch: int | None
) -> int:
    """The number of examples, from whatever says it; 1 where nothing does."""
    if batch is not None:
        return batch
    for name, array in data.items():
        return int(array.shape[len(model.data[name].axes)])
    return max([1, *(np.size(length) for length in lengths.values())])


def batch_loss(
    model: Model,
    sizes: Mapping[str, int] | Sizes,
    params: Mapping[str, Any],
    data: Mapping[str, Any],
    lengths: Mapping[str, Any] | None = None,
    **settings: Unpack[BatchSettings],
) -> float:
    """The mean loss of a batch; see `Batch`."""
    return Batch(model, sizes, params, data, lengths, **settings).loss().real


def batch_outputs(
    model: Model,
    sizes: Mapping[str, int] | Sizes,
    params: Mapping[str, Any],
    data: Mapping[str, Any],
    lengths: Mapping[str, Any] | None = None,
    **settings: Unpack[BatchSettings],
) -> dict[str, Array]:
    """The outputs of a batch; see `Batch`."""
    return Batch(model, sizes, params, data, lengths, **settings).outputs()

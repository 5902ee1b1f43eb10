"""Derivatives of a batch by moving its numbers: no rule of differentiation is used.

A complex step (Squire and Trapp 1998) moves a number by ih and reads the derivative off the
imaginary part, with no difference taken and so no digit lost. One number is moved at a time,
which is exact and slow. What is differentiated is the batch loss or, where `cotangents` are
given, the sum over outputs (by label) of cotangent times output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Unpack

import numpy as np

from rnndsl.interpreter.batch import Batch, BatchSettings, corner
from rnndsl.interpreter.elementwise import Array
from rnndsl.interpreter.evaluate import Interpreter
from rnndsl.interpreter.sizes import Sizes
from rnndsl.model.model import Model

STEP = 1e-30
Arrays = Mapping[str, Any]


def complex_step_gradients(
    model: Model,
    sizes: Mapping[str, int] | Sizes,
    params: Arrays,
    data: Arrays,
    lengths: Arrays | None = None,
    *,
    wanted: Iterable[str] | None = None,
    cotangents: Arrays | None = None,
    **settings: Unpack[BatchSettings],
) -> dict[str, Array]:
    """The gradient for every number of the names wanted (all that have one), padding 0."""
    batch = Batch(model, sizes, params, data, lengths, **settings)

    def slope(name: str, index: tuple[int, ...], examples: Iterable[int]) -> float:
        moved = {name: _moved(_array(batch, name), index, 1j * STEP)}
        return sum(_objective(batch, b, moved, cotangents).imag for b in examples) / STEP

    return _by_entries(batch, wanted, slope)


def finite_difference(
    model: Model,
    sizes: Mapping[str, int] | Sizes,
    params: Arrays,
    data: Arrays,
    lengths: Arrays | None = None,
    *,
    wanted: Iterable[str] | None = None,
    cotangents: Arrays | None = None,
    step: float = 1e-5,
    **settings: Unpack[BatchSettings],
) -> dict[str, Array]:
    """The same by central differences, for comparison: good to about half the digits."""
    batch = Batch(model, sizes, params, data, lengths, **settings)

    def slope(name: str, index: tuple[int, ...], examples: Iterable[int]) -> float:
        ends = []
        for distance in (step, -step):
            moved = {name: _moved(_array(batch, name), index, distance)}
            ends.append(sum(_objective(batch, b, moved, cotangents).real for b in examples))
        return (ends[0] - ends[1]) / (2 * step)

    return _by_entries(batch, wanted, slope)


def directional(
    model: Model,
    sizes: Mapping[str, int] | Sizes,
    params: Arrays,
    data: Arrays,
    lengths: Arrays | None = None,
    *,
    directions: Arrays,
    cotangents: Arrays | None = None,
    **settings: Unpack[BatchSettings],
) -> float:
    """The derivative along one direction in all its names at once, by one complex step.

    It is the sum over the names of gradient times direction, at the cost of one run.
    """
    batch = Batch(model, sizes, params, data, lengths, **settings)
    moved = {
        name: _array(batch, name) + 1j * STEP * np.asarray(direction)
        for name, direction in directions.items()
    }
    slopes = (_objective(batch, b, moved, cotangents).imag for b in range(batch.count))
    return sum(slopes) / STEP


def random_directions(
    model: Model, params: Arrays, data: Arrays, seed: int = 0
) -> dict[str, Array]:
    """A random direction for every name that has a gradient."""
    draw = np.random.default_rng(seed).standard_normal
    names = differentiable(model, data)
    return {name: draw(np.shape(params[name] if name in params else data[name])) for name in names}


def differentiable(model: Model, data: Arrays) -> list[str]:
    """The names that have gradients: all parameters, and the real inputs that were given."""
    inputs = model.inputs.values()
    real = [item.name for item in inputs if item.type.kind == "real" and item.name in data]
    return [*model.params, *real]


def _by_entries(
    batch: Batch,
    wanted: Iterable[str] | None,
    slope: Callable[[str, tuple[int, ...], Iterable[int]], float],
) -> dict[str, Array]:
    """An array of slopes for each name, one number at a time."""
    gradients = {}
    for name in differentiable(batch.model, batch.data) if wanted is None else wanted:
        gradient = np.zeros(_array(batch, name).shape)
        for index in np.ndindex(gradient.shape):
            examples = _touched(batch, name, index)
            if examples:
                gradient[index] = slope(name, index, examples)
        gradients[name] = gradient
    return gradients


def _touched(batch: Batch, name: str, index: tuple[int, ...]) -> list[int]:
    """The examples that an entry takes part in: of an input one, or in its padding none."""
    if name not in batch.model.data:
        return list(range(batch.count))
    axes = batch.model.data[name].axes
    if axes and axes[0] in batch.trees:
        trees = batch.trees[axes[0]]
        return [b for b, tree in enumerate(trees) if index[0] in tree.numbers]
    b = index[len(axes)]
    inside = all(k < batch.lengths[axis][b] for k, axis in zip(index, axes, strict=False))
    return [b] if inside else []


def _array(batch: Batch, name: str) -> Array:
    return np.asarray(batch.params[name] if name in batch.params else batch.data[name], float)


def _moved(array: Array, index: tuple[int, ...], distance: complex) -> Array:
    moved = array.astype(np.result_type(array, distance))
    moved[index] += distance
    return moved


def _objective(
    batch: Batch, b: int, moved: Mapping[str, Array], cotangents: Arrays | None
) -> complex:
    """What example b adds to what is differentiated, some arrays replaced."""
    params = {name: moved.get(name, value) for name, value in batch.params.items()}
    data = {name: moved.get(name, value) for name, value in batch.data.items()}
    example = batch.example(b, params, data)
    if cotangents is None:
        return example.loss() / batch.count
    return _pairing(batch, example, b, cotangents)


def _pairing(batch: Batch, example: Interpreter, b: int, cotangents: Arrays) -> complex:
    """The sum over outputs of cotangent times output, for one example."""
    total: complex = 0.0
    for output in batch.model.outputs:
        if output.label in cotangents:
            value = example.output(output)
            own = value.shape[: len(output.axes)]
            where = corner(own, b)
            for place, axis in enumerate(output.axes):
                if axis in batch.trees:
                    where = (*[slice(None)] * place, batch.trees[axis][b].numbers)
            weights = np.asarray(cotangents[output.label])[where]
            total += np.sum(weights * value).item()
    return total

"""Random sizes, parameters and data for a model: small, all different, nothing 0.

Made to find faults, not to train on: lengths are ragged and padding holds numbers that must not
matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
import numpy.typing as npt

from rnndsl.model.model import Data, Model
from rnndsl.runtime.memory_model import known_sizes

Array = npt.NDArray[Any]
LENGTHS = (6, 4, 1)


@dataclass(frozen=True)
class Batch:
    """Data by name, and the lengths of the axes by index."""

    data: dict[str, Array]
    lengths: dict[str, Array]


def small_sizes(model: Model, given: Mapping[str, int]) -> dict[str, int]:
    """The given sizes and for the others small numbers, as far as may be all different.

    A size in many dimensions of parameters gets a small one. Sizes that follow from others come
    out whole.
    """
    uses = Counter(
        name for item in model.params.values() for dim in item.shape for name in dim.names
    )
    factors = _factors(model)
    free = [item.name for item in model.sizes.values() if not item.is_derived]
    sizes = dict(given)
    for name in sorted(free, key=lambda name: -uses[name]):
        if name not in sizes:
            step = factors.get(name, 1)
            first = step * -(-2 // step)
            candidates = range(first, first + 50 * step, step)
            fresh = (size for size in candidates if _is_fresh(model, sizes, name, size))
            sizes[name] = next(fresh, first)
    return sizes


def _is_fresh(model: Model, sizes: Mapping[str, int], name: str, size: int) -> bool:
    """Whether a size, and what follows from it, are numbers not there yet."""
    before, after = _numbers(model, sizes), _numbers(model, {**sizes, name: size})
    return len(set(after)) - len(set(before)) == len(after) - len(before)


def _numbers(model: Model, sizes: Mapping[str, int]) -> list[Fraction]:
    """The numbers of the given sizes and of those that follow from them."""
    derived = [size.default for size in model.sizes.values() if size.default and size.is_derived]
    known = [default.value(sizes) for default in derived if default.names <= sizes.keys()]
    return [*map(Fraction, sizes.values()), *known]


def _factors(model: Model) -> dict[str, int]:
    """By size, what it must be a multiple of: `size q = m / 4` makes it 4 for `m`."""
    factors: dict[str, int] = {}
    for size in model.sizes.values():
        if size.default is None:
            continue
        for names, coefficient in size.default.terms:
            for name in names:
                factors[name] = lcm(factors.get(name, 1), coefficient.denominator)
    return factors


def random_params(params: Mapping[str, Array], seed: int) -> dict[str, Array]:
    """Every parameter moved away from where it starts, so that none is 0; float64."""
    moved = {}
    for number, (name, value) in enumerate(params.items()):
        random = np.random.default_rng((seed, number))
        sign = random.choice((-1.0, 1.0), np.shape(value))
        moved[name] = np.asarray(value, float) + sign * random.uniform(0.1, 0.5, np.shape(value))
    return moved


def random_batch(model: Model, sizes: Mapping[str, int], seed: int) -> Batch:
    """Three examples of 6, 4 and 1 positions on every axis."""
    known = known_sizes(model, sizes)
    random = np.random.default_rng((seed, len(model.params)))
    data = {item.name: _random(item, known, random) for item in model.data.values()}
    return Batch(data, {axis: np.array(LENGTHS) for axis in model.axes})


def _random(item: Data, sizes: Mapping[str, int], random: np.random.Generator) -> Array:
    """Data `(T, B, …)`: normal numbers, tokens with one -1, positions inside each example."""
    inner = tuple(int(dim.value(sizes)) for dim in item.type.shape)
    shape = (LENGTHS[0],) * len(item.axes) + (len(LENGTHS), *inner)
    if item.type.kind == "token" and item.type.size is not None:
        return random.integers(0, int(item.type.size.value(sizes)), shape)
    if item.type.kind == "position":
        return random.integers(1, np.array(LENGTHS) + 1, shape)
    return random.standard_normal(shape)

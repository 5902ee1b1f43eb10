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
from rnndsl.model.sizes import fixed_axes, known_sizes, running_axes

Array = npt.NDArray[Any]
LENGTHS = (6, 4, 1)
OTHERS = ((2, 5, 3), (1, 2, 4))  # for further axes


@dataclass(frozen=True)
class Batch:
    """Data by name, and the lengths of the axes by name."""

    data: dict[str, Array]
    lengths: dict[str, Array]


def small_sizes(model: Model, given: Mapping[str, int]) -> dict[str, int]:
    """The given sizes and for the others small numbers, as far as may be all different.

    A size in many dimensions of parameters gets a small one. Sizes that follow from others come
    out whole.
    """
    uses = Counter(
        name for item in model.params.values() for dim in item.whole for name in dim.names
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
    """Three examples of 6, 4 and 1 positions on the first axis, of others on others."""
    known = known_sizes(model, sizes)
    random = np.random.default_rng((seed, len(model.params)))
    lengths = random_lengths(model)
    ends = dict(lengths)
    for name, axis in fixed_axes(model).items():
        assert axis.size is not None
        ends[name] = np.full(len(LENGTHS), int(axis.size.value(known)))
    data = {item.name: _random(item, known, ends, random) for item in model.data.values()}
    return Batch(data, lengths)


def random_lengths(model: Model) -> dict[str, Array]:
    """How long each of the three examples is, by sequence axis."""
    rows = (LENGTHS, *OTHERS)
    return {
        axis: np.array(rows[place % len(rows)]) for place, axis in enumerate(running_axes(model))
    }


def _random(
    item: Data,
    sizes: Mapping[str, int],
    ends: Mapping[str, Array],
    random: np.random.Generator,
) -> Array:
    """Data `(T, B, …)`: normal numbers, tokens, positions inside each example."""
    inner = tuple(int(dim.value(sizes)) for dim in item.type.shape)
    shape = (*(int(ends[axis].max()) for axis in item.axes), len(LENGTHS), *inner)
    if item.type.kind == "token" and item.type.size is not None:
        return random.integers(0, int(item.type.size.value(sizes)), shape)
    if item.type.kind == "position" and item.type.axis is not None:
        return random.integers(1, ends[item.type.axis] + 1, shape)
    return random.standard_normal(shape)

"""Random sizes, parameters and data for a model: small, all different, nothing 0.

Made to find faults, not to train on: lengths are ragged and padding holds numbers that must not
matter. Trees are of different forms, a single node among them.
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

from rnndsl.forest.forest import Forest
from rnndsl.model.model import Data, Model
from rnndsl.model.sizes import fixed_axes, known_sizes, running_axes, tree_axes
from rnndsl.runtime.forest_data import leading, tree_of

Array = npt.NDArray[Any]
LENGTHS = (6, 4, 1)
OTHERS = ((2, 5, 3), (1, 2, 4))  # for further axes
NODES = (8, 4, 1)
MOST_CHILDREN = 3  # where a node may have any number


@dataclass(frozen=True)
class Batch:
    """Data by name, the lengths of the axes by name, and the trees of those over nodes."""

    data: dict[str, Array]
    lengths: dict[str, Array]
    trees: dict[str, Forest]

    @property
    def options(self) -> dict[str, Any]:
        """What a program is given besides the data."""
        return {"lengths": self.lengths, **({"trees": self.trees} if self.trees else {})}


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
    trees = random_forests(model, seed)
    data = {}
    for item in model.data.values():
        tree = tree_of(model, item.axes)
        owners = np.arange(len(LENGTHS)) if tree is None else trees[tree].examples
        data[item.name] = _random(item, known, ends, owners, leading(model, item.axes), random)
    return Batch(data, lengths, trees)


def random_forests(model: Model, seed: int) -> dict[str, Forest]:
    """Three trees of 8, 4 and 1 nodes on every axis over nodes, their numbers mixed.

    The first one has every slot filled from the root down, as far as its nodes go.
    """
    found = {}
    for number, (name, axis) in enumerate(tree_axes(model).items()):
        random = np.random.default_rng((seed, 1, number))
        rows: list[list[int]] = []
        roots = []
        for place, nodes in enumerate(NODES):
            roots.append(len(rows))
            columns = len(axis.slots) or MOST_CHILDREN
            rows += _random_tree(random, len(rows), nodes, columns, full=place == 0)
        if not axis.slots:
            rows = [sorted(row, key=lambda child: child < 0) for row in rows]
        new = random.permutation(len(rows))
        children = np.empty((len(rows), len(rows[0])), int)
        children[new] = [[-1 if child < 0 else new[child] for child in row] for row in rows]
        found[name] = Forest(children, new[roots], slots=axis.slots or None)
    return found


def _random_tree(
    random: np.random.Generator, first: int, nodes: int, columns: int, full: bool
) -> list[list[int]]:
    """The children of each node of a tree that grows level by level, or at random places."""
    rows = [[-1] * columns]
    while len(rows) < nodes:
        if full:
            above, place = divmod(len(rows) - 1, columns)
        else:
            above, place = int(random.integers(len(rows))), int(random.integers(columns))
        if rows[above][place] < 0:
            rows[above][place] = first + len(rows)
            rows.append([-1] * columns)
    return rows


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
    owners: Array,
    axes: tuple[str, ...],
    random: np.random.Generator,
) -> Array:
    """Data `(T, B, …)`: normal numbers, tokens, positions inside each example.

    `axes`: those in front. `owners`: the example of each row behind them, of each node over trees.
    """
    inner = tuple(int(dim.value(sizes)) for dim in item.type.shape)
    shape = (*(int(ends[axis].max()) for axis in axes), len(owners), *inner)
    if item.type.kind == "token" and item.type.size is not None:
        return random.integers(0, int(item.type.size.value(sizes)), shape)
    if item.type.kind == "position" and item.type.axis is not None:
        return random.integers(1, ends[item.type.axis][owners] + 1, shape)
    return random.standard_normal(shape)

"""The order of an array's dimensions, and the names that indices go by inside loops.

The index that a loop runs along comes first, so that a step is one slice; then the order in
which values and data are written; then that of the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from rnndsl.graph.causality import loops
from rnndsl.graph.equations import Mode
from rnndsl.model.model import Model


def all_indices(model: Model) -> tuple[str, ...]:
    """Every index of the file, in its order."""
    return tuple(index for axis in model.axes.values() for index in axis.indices)


def loop_names(model: Model, mode: Mode) -> dict[str, dict[str, str]]:
    """By equation the indices that change names, so that a loop runs along one index.

    Two indices over one axis may name the running position of two equations of one loop; in
    one of them the two then change places.
    """
    found: dict[str, dict[str, str]] = {}
    for loop in loops(model, mode):
        first = loop.indices[0]
        for name, other in zip(loop.names, loop.indices, strict=True):
            if other != first:
                found[name] = {first: other, other: first}
    return found


def loop_slots(model: Model, mode: Mode) -> dict[str, int]:
    """By equation of a loop the place of the index that runs with it."""
    return {
        name: model.equations[name].indices.index(index)
        for loop in loops(model, mode)
        for name, index in zip(loop.names, loop.indices, strict=True)
        if index
    }


def completed(names: Mapping[str, str], model: Model) -> dict[str, str]:
    """New names for some indices, and for the others of their axes, so that no two are one."""
    found = dict(names)
    for axis in model.axes.values():
        free = [index for index in axis.indices if index not in names.values()]
        left = [index for index in axis.indices if index not in names]
        kept = [index for index in left if index in free]
        pairs = zip(
            [index for index in left if index not in kept],
            [index for index in free if index not in kept],
            strict=True,
        )
        found.update(pairs)
    return found


def dimension_order(model: Model, mode: Mode) -> tuple[str, ...]:
    """All indices in the order of dimensions."""
    indices = all_indices(model)
    if len(indices) < 2:
        return indices
    after: dict[str, set[str]] = {index: set() for index in indices}
    for first, second in _wishes(model, mode):
        if first != second and first not in _behind(second, after):
            after[first].add(second)
    order: list[str] = []
    while len(order) < len(indices):
        left = [index for index in indices if index not in order]
        order.append(next(i for i in left if not any(i in after[other] for other in left)))
    return tuple(order)


def _wishes(model: Model, mode: Mode) -> Iterator[tuple[str, str]]:
    """Pairs of indices, the first to come before the second; stronger wishes first."""
    swaps = loop_names(model, mode)
    for loop in loops(model, mode):
        for name in loop.names:
            swap = swaps.get(name, {})
            for index in model.equations[name].indices:
                yield loop.indices[0], swap.get(index, index)
    for equation in model.equations.values():
        swap = swaps.get(equation.name, {})
        yield from pairwise(swap.get(index, index) for index in equation.indices)
    for data in model.data.values():
        yield from pairwise(axis for axis in data.axes if axis in model.axes)


def _behind(start: str, after: dict[str, set[str]]) -> set[str]:
    """Everything that must come after an index, itself among it."""
    found, stack = set[str](), [start]
    while stack:
        index = stack.pop()
        if index not in found:
            found.add(index)
            stack.extend(after[index])
    return found

"""What a model needs in memory, counted from its shapes before anything is allocated.

The counts are lower bounds: named values and parameters, not the temporaries between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from rnndsl.model.dims import Dim
from rnndsl.model.model import Data, Equation, Model
from rnndsl.model.sizes import fixed_axes


def parameter_bytes(model: Model, sizes: Mapping[str, int], itemsize: int = 4) -> int:
    """Bytes of one array for each parameter; an open size counts as 1."""
    shapes = (parameter.whole for parameter in model.params.values())
    return itemsize * sum(_count(shape, sizes) for shape in shapes)


def value_bytes(
    model: Model,
    sizes: Mapping[str, int],
    extents: Mapping[str, int],
    batch: int,
    itemsize: int = 4,
) -> int:
    """Bytes of every named value and all data for `batch` examples.

    `extents`: the positions of each sequence axis; an axis that is not there counts as 1.
    """
    ends = {name: axis.size for name, axis in fixed_axes(model).items() if axis.size is not None}
    total = 0
    items: list[Data | Equation] = [*model.data.values(), *model.all_equations]
    for item in items:
        count = batch * _count(item.type.shape, sizes)
        for axis in item.axes:
            count *= _count((ends[axis],), sizes) if axis in ends else extents.get(axis, 1)
        total += count
    return itemsize * total


def _count(shape: Iterable[Dim], sizes: Mapping[str, int]) -> int:
    total = Fraction(1)
    for dim in shape:
        filled = {name: sizes.get(name, 1) for name in dim.names}
        total *= max(Fraction(0), dim.value(filled))
    return int(total)

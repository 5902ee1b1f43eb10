"""What a model needs in memory, counted from its shapes before anything is allocated.

The counts are lower bounds: named values and parameters, not the temporaries between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from rnndsl.model.dims import Dim
from rnndsl.model.model import Data, Equation, Model


def known_sizes(model: Model, given: Mapping[str, int]) -> dict[str, int]:
    """Every size that follows from the given ones and the defaults; a size left open is absent."""
    known = {name: given[name] for name in model.sizes if name in given}
    for name, size in model.sizes.items():
        if size.default is not None and size.default.constant is not None:
            known.setdefault(name, int(size.default.constant))
    derived = {name: size.default for name, size in model.sizes.items() if size.is_derived}
    for _ in derived:
        for name, default in derived.items():
            if name not in known and default is not None and default.names <= known.keys():
                known[name] = int(default.value(known))
    return known


def parameter_bytes(model: Model, sizes: Mapping[str, int], itemsize: int = 4) -> int:
    """Bytes of one array for each parameter; an open size counts as 1."""
    shapes = (parameter.shape for parameter in model.params.values())
    return itemsize * sum(_count(shape, sizes) for shape in shapes)


def value_bytes(
    model: Model, sizes: Mapping[str, int], length: int, batch: int, itemsize: int = 4
) -> int:
    """Bytes of every named value and all data for `batch` examples of `length` positions."""
    total = 0
    items: list[Data | Equation] = [*model.data.values(), *model.all_equations]
    for item in items:
        positions = length ** len(item.axes)
        total += positions * batch * _count(item.type.shape, sizes)
    return itemsize * total


def _count(shape: Iterable[Dim], sizes: Mapping[str, int]) -> int:
    total = Fraction(1)
    for dim in shape:
        filled = {name: sizes.get(name, 1) for name in dim.names}
        total *= max(Fraction(0), dim.value(filled))
    return int(total)

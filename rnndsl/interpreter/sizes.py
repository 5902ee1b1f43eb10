"""A model under given sizes: every size with its number, shapes and delays as integers.

Lengths are not sizes: they belong to an example.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rnndsl.model.dims import Dim
from rnndsl.model.expr import Expr, Position, Read, reads
from rnndsl.model.model import Model
from rnndsl.text.diagnostics import DataError


class Sizes:
    """Numbers for all sizes of a model, defaults and derived ones filled in.

    DataError where one is missing or not a whole number of at least 1.
    """

    def __init__(self, model: Model, given: Mapping[str, int]) -> None:
        self.numbers: dict[str, int] = {}
        for name in model.sizes:
            self._settle(model, given, name)
        self._shapes: dict[Expr, tuple[int, ...]] = {}
        self._integers: dict[Dim, int] = {}

    def _settle(self, model: Model, given: Mapping[str, int], name: str) -> None:
        """Give one size its number, and before it those that it follows from."""
        waiting = [name]
        while waiting:
            size = model.sizes[waiting[-1]]
            if size.name in given and not size.is_derived:
                value = Dim.number(given[size.name])
            elif size.default is not None:
                value = size.default
            else:
                raise DataError(f"size `{size.name}` has no value")
            missing = sorted(value.names - self.numbers.keys())
            if missing:
                waiting.append(missing[0])
                continue
            number = value.value(self.numbers)
            if number < 1 or number.denominator != 1:
                raise DataError(f"size `{size.name}` is {number}, not a positive integer")
            self.numbers[size.name] = int(number)
            waiting.pop()

    def integer(self, dim: Dim) -> int:
        """The number of a dimension, an offset or a delay."""
        if not dim.terms:
            return 0
        if dim not in self._integers:
            value = dim.value(self.numbers)
            if value.denominator != 1:
                raise DataError(f"`{dim}` is {value}, not an integer")
            self._integers[dim] = int(value)
        return self._integers[dim]

    def shape(self, expr: Expr) -> tuple[int, ...]:
        """The shape of an expression at one position."""
        if expr not in self._shapes:
            self._shapes[expr] = self.dims(expr.type.shape)
        return self._shapes[expr]

    def dims(self, shape: tuple[Dim, ...]) -> tuple[int, ...]:
        """A shape as integers."""
        return tuple(self.integer(dim) for dim in shape)


def delays(model: Model, sizes: Sizes) -> dict[str, int]:
    """The longest delay at which each value or data is read (`h[t-3]`: 3), where there is one.

    This is how many values of it a later window needs of an earlier one. Only what carries one
    axis, and that a sequence axis, is handed on.
    """
    longest: dict[str, int] = {}
    for read in _all_reads(model):
        for place in read.places if len(read.places) == 1 else ():
            if isinstance(place, Position) and place.anchor == "index":
                if (model.axes.get(place.axis) or model.fixed[place.axis]).size is not None:
                    continue
                delay = -sizes.integer(place.offset)
                if delay > longest.get(read.name, 0):
                    longest[read.name] = delay
    return dict(sorted(longest.items()))


def _all_reads(model: Model) -> Iterator[Read]:
    for equation in model.all_equations:
        yield from reads(equation.expr)
        for boundary in equation.boundaries:
            yield from reads(boundary.expr)
    for output in model.outputs:
        yield output.read

"""Positions: what may stand between the brackets of something that carries an axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rnndsl.model.dims import ZERO, Dim
from rnndsl.model.expr import Position
from rnndsl.model.nodes import node_place
from rnndsl.model.numbers import MAX_TERMS
from rnndsl.model.symbols import Table
from rnndsl.syntax import tree

Counts = Mapping[str, int]


@dataclass(frozen=True)
class Affine:
    """Indices and lengths of axes, each by its name times a number, plus `offset`."""

    indices: Counts
    lengths: Counts
    offset: Dim

    def plus(self, other: Affine, sign: int) -> Affine:
        """The sum, or the difference."""
        offset = self.offset + other.offset if sign > 0 else self.offset - other.offset
        return Affine(
            _sum(self.indices, other.indices, sign), _sum(self.lengths, other.lengths, sign), offset
        )

    @property
    def moves(self) -> bool:
        """Whether it depends on an index or on a length."""
        return bool(self.indices or self.lengths)


def _number(value: int) -> Affine:
    return Affine({}, {}, Dim.number(value))


def _sum(one: Counts, other: Counts, sign: int) -> Counts:
    names = [*one, *(name for name in other if name not in one)]
    found = {name: one.get(name, 0) + sign * other.get(name, 0) for name in names}
    return {name: count for name, count in found.items() if count}


def position(expr: tree.Expr, table: Table, axis: str) -> Position | None:
    """A position on an axis written as arithmetic; None where it is something else."""
    if table.is_tree(axis):
        return node_place(expr, table, axis)
    form = affine(expr, table, axis)
    if form is None or set(form.lengths) - {axis}:
        return None
    if not form.moves:
        return Position("start", form.offset, axis)
    if form.lengths == {axis: 1} and not form.indices:
        return Position("end", form.offset, axis)
    index = next(iter(form.indices), "")
    if form.lengths or form.indices != {index: 1} or table.axis_of(index) != axis:
        return None
    return Position("index", form.offset, axis, index)


def stranger(expr: tree.Expr, table: Table, axis: str) -> str | None:
    """An index, or the length, of another axis that a sum in the place of a position holds."""
    form = affine(expr, table, axis)
    if form is None:
        return None
    of_others = [index for index in form.indices if table.axis_of(index) != axis]
    lengths = [table.axes[name].length for name in form.lengths if name != axis]
    return next(iter([*of_others, *lengths]), None)


def affine(expr: tree.Expr, table: Table, axis: str | None = None) -> Affine | None:
    """An expression as indices, lengths and sizes, where it is one.

    The length of a fixed axis is a size, but for places along this `axis`.
    """
    match expr:
        case tree.Number(value=int(value)):
            return _number(value)
        case tree.Name(name=name):
            return _name(name, table, axis)
        case tree.Unary(operator="-", operand=operand):
            inner = affine(operand, table, axis)
            return None if inner is None else _number(0).plus(inner, -1)
        case tree.Binary(operator="+" | "-" as operator, left=left, right=right):
            first, second = affine(left, table, axis), affine(right, table, axis)
            if first is None or second is None:
                return None
            return first.plus(second, 1 if operator == "+" else -1)
        case tree.Binary(operator="*", left=left, right=right):
            first, second = affine(left, table, axis), affine(right, table, axis)
            if first is None or second is None or first.moves or second.moves:
                return None
            if len(first.offset.terms) * len(second.offset.terms) > MAX_TERMS:
                return None
            return Affine({}, {}, first.offset * second.offset)
    return None


def _name(name: str, table: Table, axis: str | None) -> Affine | None:
    symbol = table.symbols.get(name)
    if symbol is None:
        return None
    if symbol.what == "size":
        table.used.add(name)
        if axis is not None and table.axes[axis].length == name:
            return Affine({}, {axis: 1}, ZERO)
        return Affine({}, {}, Dim.size(name))
    value = table.consts.get(name)
    if isinstance(value, int):
        table.used.add(name)
        return _number(value)
    if symbol.what == "axis":
        return Affine({name: 1}, {}, ZERO)
    if symbol.what == "length":
        return Affine({}, {symbol.axes[0]: 1}, ZERO)
    return None

"""Positions: what may stand between the brackets of something that carries an axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rnndsl.model.dims import ZERO, Dim
from rnndsl.model.expr import Position
from rnndsl.model.numbers import MAX_TERMS
from rnndsl.model.symbols import Table
from rnndsl.syntax import tree


@dataclass(frozen=True)
class Affine:
    """`indices` times the running index plus `lengths` times the length plus `offset`."""

    indices: int
    lengths: int
    offset: Dim

    def plus(self, other: Affine, sign: int) -> Affine:
        """The sum, or the difference."""
        offset = self.offset + other.offset if sign > 0 else self.offset - other.offset
        return Affine(
            self.indices + sign * other.indices, self.lengths + sign * other.lengths, offset
        )


def position(expr: tree.Expr, table: Table) -> Position | None:
    """A position written as arithmetic; None where the brackets hold something else."""
    form = affine(expr, table)
    axis = table.axis
    if form is None or axis is None:
        return None
    anchors: dict[tuple[int, int], Literal["index", "start", "end"]]
    anchors = {(1, 0): "index", (0, 0): "start", (0, 1): "end"}
    anchor = anchors.get((form.indices, form.lengths))
    if anchor is None:
        return None
    return Position(anchor, form.offset, axis.name, axis.name if anchor == "index" else None)


def affine(expr: tree.Expr, table: Table) -> Affine | None:
    """An expression as index, length and sizes, where it is one."""
    match expr:
        case tree.Number(value=int(value)):
            return Affine(0, 0, Dim.number(value))
        case tree.Name(name=name):
            return _name(name, table)
        case tree.Unary(operator="-", operand=operand):
            inner = affine(operand, table)
            return None if inner is None else Affine(0, 0, ZERO).plus(inner, -1)
        case tree.Binary(operator="+" | "-" as operator, left=left, right=right):
            first, second = affine(left, table), affine(right, table)
            if first is None or second is None:
                return None
            return first.plus(second, 1 if operator == "+" else -1)
        case tree.Binary(operator="*", left=left, right=right):
            first, second = affine(left, table), affine(right, table)
            if first is None or second is None or _moves(first) or _moves(second):
                return None
            if len(first.offset.terms) * len(second.offset.terms) > MAX_TERMS:
                return None
            return Affine(0, 0, first.offset * second.offset)
    return None


def _moves(form: Affine) -> bool:
    return bool(form.indices or form.lengths)


def _name(name: str, table: Table) -> Affine | None:
    symbol = table.symbols.get(name)
    if symbol is None:
        return None
    if symbol.what == "size":
        table.used.add(name)
        return Affine(0, 0, Dim.size(name))
    value = table.consts.get(name)
    if isinstance(value, int):
        table.used.add(name)
        return Affine(0, 0, Dim.number(value))
    if symbol.what == "axis":
        return Affine(1, 0, ZERO)
    if symbol.what == "length":
        return Affine(0, 1, ZERO)
    return None

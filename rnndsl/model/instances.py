"""Expressions where the indices of fixed axes stand at one position each.

What stands outside expressions (equations, outputs) is for `unroll`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import reduce

from rnndsl.model import expr as ir
from rnndsl.model.dims import Dim
from rnndsl.model.expr import Position, Type
from rnndsl.model.model import Axis, Data, Equation, Model
from rnndsl.text.diagnostics import DataError
from rnndsl.text.source import Span

INTEGER, CONDITION = Type("integer"), Type("bool")
Where = Mapping[str, int]
"""Where the indices of fixed axes stand."""


def instance_name(name: str, at: tuple[int, ...]) -> str:
    """`h.2` for `h` at 2, `h.m1` for -1: no name of a file."""
    return ".".join((name, *(str(p) if p >= 0 else f"m{-p}" for p in at)))


def base_name(name: str) -> str:
    """The name of the file that an unrolled name stands for."""
    return re.sub(r"(\.m?\d+)+$", "", name)


def outside(kind: Type) -> int:
    """What is read where nothing is given: no token, else 0."""
    return -1 if kind.kind == "token" else 0


class Instances:
    """Rewrites expressions of one model; `instance` names a value at fixed positions."""

    def __init__(
        self,
        model: Model,
        fixed: Mapping[str, Axis],
        lengths: Mapping[str, int],
        sizes: Mapping[str, int],
        instance: Callable[[str, tuple[int, ...]], str],
    ) -> None:
        self.model = model
        self.fixed = fixed
        self.lengths = lengths
        self.sizes = sizes
        self.instance = instance

    def side(self, expr: ir.Expr, order: Sequence[str], where: Where) -> ir.Expr:
        """An expression; `order` holds all running indices as draws count them."""
        return self._expr(expr, tuple(order), where)

    def type(self, kind: Type) -> Type:
        """A type: positions of fixed axes are integers."""
        return INTEGER if kind.kind == "position" and kind.axis in self.fixed else kind

    def number(self, place: Position, where: Where) -> int:
        """A place along a fixed axis as a number."""
        missing = sorted(place.offset.names - self.sizes.keys())
        if missing:
            raise DataError(f"size `{missing[0]}` has no value: an axis is unrolled with it")
        offset = int(place.offset.value(self.sizes))
        if place.anchor == "index":
            return where[place.index or ""] + offset
        return offset + (self.lengths[place.axis] if place.anchor == "end" else 0)

    def _expr(self, expr: ir.Expr, order: tuple[str, ...], where: Where) -> ir.Expr:
        kind = self.type(expr.type)
        at = tuple(where.get(index) for index in order)
        at = at if any(position is not None for position in at) else ()
        match expr:
            case ir.IndexNumber(index=index) if index in where:
                return ir.Literal(expr.span, where[index], type=INTEGER)
            case ir.Param():
                return self._param(expr, order, where)
            case ir.Read():
                return self._read(expr, order, where)
            case ir.Pick(base=base, index=row):
                inside = self._expr(base, order, where), self._expr(row, order, where)
                return replace(expr, base=inside[0], index=inside[1], type=kind)
            case ir.Apply(arguments=arguments):
                items = tuple(self._expr(item, order, where) for item in arguments)
                at = at if expr.site is not None else ()
                return replace(expr, arguments=items, at=at, type=kind)
            case ir.Teach(teacher=teacher, free=free):
                teacher, free = (self._expr(item, order, where) for item in (teacher, free))
                return replace(expr, teacher=teacher, free=free, at=at, type=kind)
            case ir.Over():
                return self._over(expr, order, where)
        return replace(expr, type=kind)

    def _over(self, expr: ir.Over, order: tuple[str, ...], where: Where) -> ir.Expr:
        inner = (*(index for index in order if index != expr.index), expr.index)
        if expr.axis not in self.fixed:
            body = self._expr(expr.body, inner, where)
            return replace(expr, body=body, type=self.type(expr.type))
        bodies = [
            self._expr(expr.body, inner, {**where, expr.index: position})
            for position in range(1, self.lengths[expr.axis] + 1)
        ]
        if expr.operation == "softmax":
            total = _fold("logaddexp", bodies, expr.span, expr.type)
            difference = _call("sub", (bodies[where[expr.index] - 1], total), expr)
            return _call("exp", (difference,), expr)
        if expr.operation == "argmax":
            return _argmax(bodies, expr.span)
        if expr.operation == "mean":
            size = self.fixed[expr.axis].size
            assert size is not None
            count = ir.SizeNumber(expr.span, size, type=INTEGER)
            return _call("div", (_fold("add", bodies, expr.span, expr.type), count), expr)
        names = {"sum": "add", "prod": "mul", "logsumexp": "logaddexp"}
        return _fold(names.get(expr.operation, expr.operation), bodies, expr.span, expr.type)

    # Names --------------------------------------------------------------------------------

    def _param(self, expr: ir.Param, order: tuple[str, ...], where: Where) -> ir.Expr:
        param = self.model.params[expr.name]
        whole = replace(expr, places=(), type=Type("real", param.whole))

        def at(positions: tuple[int, ...], _: tuple[Position | ir.Expr, ...]) -> ir.Expr:
            found: ir.Expr = whole
            for depth, position in enumerate(positions, 1):
                is_inside = 1 <= position <= self.lengths[param.axes[depth - 1]]
                row = ir.Literal(expr.span, position - 1 if is_inside else -1, type=INTEGER)
                kind = Type("real", param.whole[depth:])
                found = ir.Pick(expr.span, found, row, type=kind)
            return found

        return self._chosen(expr, param.axes, order, where, at)

    def _read(self, expr: ir.Read, order: tuple[str, ...], where: Where) -> ir.Expr:
        owner: Data | Equation = self.model.data.get(expr.name) or self.model.equations[expr.name]
        kind = self.type(expr.type)

        def at(positions: tuple[int, ...], rest: tuple[Position | ir.Expr, ...]) -> ir.Expr:
            if isinstance(owner, Data):
                return replace(expr, places=self._data_places(owner, positions, rest))
            name = self.instance(owner.name, positions)
            return replace(expr, name=name, places=rest, type=kind)

        return self._chosen(expr, owner.axes, order, where, at)

    def _data_places(
        self, data: Data, positions: tuple[int, ...], rest: tuple[Position | ir.Expr, ...]
    ) -> tuple[Position | ir.Expr, ...]:
        fixed, running = iter(positions), iter(rest)
        found: list[Position | ir.Expr] = []
        for axis in data.axes:
            if axis not in self.fixed:
                found.append(next(running))
                continue
            position, length = next(fixed), self.lengths[axis]
            is_beyond = position > length
            offset = Dim.number(position - length if is_beyond else position)
            found.append(Position("end" if is_beyond else "start", offset, axis))
        return tuple(found)

    def _chosen(
        self,
        expr: ir.Read | ir.Param,
        axes: tuple[str, ...],
        order: tuple[str, ...],
        where: Where,
        at: Callable[[tuple[int, ...], tuple[Position | ir.Expr, ...]], ir.Expr],
    ) -> ir.Expr:
        """What is read where its fixed places are; a choice where one of them is computed."""
        rest: list[Position | ir.Expr] = []
        fixed: list[int | ir.Expr] = []
        ends: list[list[int]] = []
        for slot, (axis, place) in enumerate(zip(axes, expr.places, strict=True)):
            if isinstance(place, ir.Expr):
                computed = self._expr(place, order, where)
                (fixed if axis in self.fixed else rest).append(computed)
            elif axis in self.fixed:
                fixed.append(self.number(place, where))
            else:
                rest.append(place)
            if axis in self.fixed:
                ends.append(self._possible(expr.name, axis, slot))
        return self._choice(expr, (), fixed, ends, lambda positions: at(positions, tuple(rest)))

    def _possible(self, name: str, axis: str, slot: int) -> list[int]:
        """The positions at which something may be: inside, and those of boundaries."""
        inside = range(1, self.lengths[axis] + 1)
        equation = self.model.equations.get(name)
        places = [bound.places[slot] for bound in equation.boundaries] if equation else []
        given = [self.number(place, {}) for place in places if place.index is None]
        return list(dict.fromkeys((*inside, *given)))

    def _choice(
        self,
        expr: ir.Expr,
        before: tuple[int, ...],
        left: Sequence[int | ir.Expr],
        ends: Sequence[list[int]],
        at: Callable[[tuple[int, ...]], ir.Expr],
    ) -> ir.Expr:
        if not left:
            return at(before)
        place = left[0]
        if isinstance(place, int):
            return self._choice(expr, (*before, place), left[1:], ends[1:], at)
        found: ir.Expr = ir.Literal(expr.span, outside(expr.type), type=INTEGER)
        for position in reversed(ends[0]):
            number = ir.Literal(expr.span, position, type=INTEGER)
            is_there = ir.Apply(expr.span, "eq", (place, number), type=CONDITION)
            value = self._choice(expr, (*before, position), left[1:], ends[1:], at)
            kind = self.type(expr.type)
            found = ir.Apply(expr.span, "where", (is_there, value, found), type=kind)
        return found


def _call(operation: str, arguments: tuple[ir.Expr, ...], like: ir.Expr) -> ir.Expr:
    return ir.Apply(like.span, operation, arguments, type=like.type)


def _fold(operation: str, items: Sequence[ir.Expr], span: Span, kind: Type) -> ir.Expr:
    """`a + b + c`, from the left."""
    return reduce(lambda a, b: ir.Apply(span, operation, (a, b), type=kind), items)


def _argmax(items: Sequence[ir.Expr], span: Span) -> ir.Expr:
    """The first position at which the numbers are largest."""
    best, found = items[0], ir.Literal(span, 1, type=INTEGER)
    where: ir.Expr = found
    for position, item in enumerate(items[1:], 2):
        is_more = ir.Apply(span, "gt", (item, best), type=CONDITION)
        number = ir.Literal(span, position, type=INTEGER)
        where = ir.Apply(span, "where", (is_more, number, where), type=INTEGER)
        best = ir.Apply(span, "max", (best, item), type=best.type)
    return where

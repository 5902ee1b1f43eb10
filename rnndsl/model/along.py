"""Which axis a position is one of, for values and expressions that are positions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rnndsl.model import axis_messages
from rnndsl.model import expr as ir
from rnndsl.text.diagnostics import Diagnostic


class Along:
    """The axes of positions.

    `given`: the axis of each name that is declared to be a position. `sides`: the right sides
    of values whose kind is found to be one. `faults`: choices between positions of two axes.
    """

    def __init__(self, given: Mapping[str, str], sides: Mapping[str, tuple[ir.Expr, ...]]) -> None:
        self.values = dict(given)
        self.faults: list[Diagnostic] = []
        for _ in sides:
            known = len(self.values)
            for name, exprs in sides.items():
                axis = next((a for expr in exprs for a in self._found(expr)), None)
                if axis is not None:
                    self.values.setdefault(name, axis)
            if len(self.values) == known:
                break
        for name, exprs in sides.items():
            self._check(name, exprs)

    def of(self, expr: ir.Expr) -> str | None:
        """The axis of an expression that is a position; None where nothing says."""
        return next(self._found(expr), None)

    def _found(self, expr: ir.Expr) -> Iterator[str]:
        match expr:
            case ir.Over(operation="argmax", axis=axis):
                yield axis
            case ir.Over(body=body):
                yield from self._found(body)
            case ir.Read(name=name):
                if name in self.values:
                    yield self.values[name]
            case ir.Pick(base=base):
                yield from self._found(base)
            case ir.Teach(teacher=teacher, free=free):
                yield from self._found(teacher)
                yield from self._found(free)
            case ir.Apply(operation="where", arguments=(_, *branches)):
                for branch in branches:
                    yield from self._found(branch)

    def _check(self, name: str, exprs: tuple[ir.Expr, ...]) -> None:
        for expr in exprs:
            for axis in self._found(expr):
                if axis != self.values[name]:
                    one, other = self.values[name], axis
                    self.faults.append(axis_messages.two_axes(expr.span, one, other))
                    break

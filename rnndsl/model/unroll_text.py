"""Equations as text where fixed indices stand at a position: `h[2,t] = tanh(W[2] @ h[1,t])`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rnndsl.model.model import Model
from rnndsl.syntax import tree
from rnndsl.syntax.parser import parse
from rnndsl.syntax.printer import print_equation, print_expr
from rnndsl.text.source import Source, Span

Given = Mapping[str, int]


def unrolled_text(model: Model, text: str, where: Given, lengths: Mapping[str, int]) -> str:
    """An equation with numbers for the fixed indices, and without the shape it declares.

    `where` the indices stand; `lengths` of the fixed axes by their names.
    """
    statements = parse(Source("", text)).statements
    if len(statements) != 1 or not isinstance(statements[0], tree.EquationStatement):
        return text
    found, writer = statements[0], _Writer(model, lengths)
    left = tree.Index(found.span, tree.Name(found.span, _name(found.target)), found.indices or ())
    indices = writer.expr(left, where)
    assert isinstance(indices, tree.Index)
    value = writer.expr(found.value, where)
    items = indices.items if found.indices else found.indices
    return print_equation(replace(found, indices=items, shape=None, value=value))


def _name(target: tree.Expr) -> str:
    """The name of what is read or defined; `enc.h` of an instance."""
    return print_expr(target) if isinstance(target, tree.Name | tree.Member) else ""


class _Writer:
    """Puts numbers into expressions."""

    def __init__(self, model: Model, lengths: Mapping[str, int]) -> None:
        self.lengths = lengths
        self.axes = {name: item.axes for name, item in model.params.items()}
        self.axes |= {name: item.axes for name, item in model.data.items()}
        self.axes |= {item.name: item.axes for item in model.all_equations}
        self.ends = {name: axis.length for name, axis in model.axes.items()}

    def expr(self, expr: tree.Expr, where: Given) -> tree.Expr:
        """An expression where the fixed indices stand."""
        match expr:
            case tree.Name(name=name) if name in where:
                return _number(where[name], expr.span)
            case tree.Index(base=base, items=items):
                axes = self.axes.get(_name(base), ())
                inside = [self.expr(item, where) for item in items]
                for slot, axis in enumerate(axes[: len(items)]):
                    if axis in self.lengths:
                        end = {self.ends[axis]: self.lengths[axis]}
                        inside[slot] = _folded(self.expr(inside[slot], end))
                found = base if isinstance(base, tree.Name) else self.expr(base, where)
                return replace(expr, base=found, items=tuple(inside))
            case tree.Unary(operand=operand):
                return replace(expr, operand=self.expr(operand, where))
            case tree.Binary(left=left, right=right):
                return replace(expr, left=self.expr(left, where), right=self.expr(right, where))
            case tree.Call(arguments=arguments, binder=binder):
                bound = binder.index if binder is not None else ""
                free = {index: position for index, position in where.items() if index != bound}
                given = tuple(
                    item if isinstance(item, tree.Argument) else self.expr(item, free)
                    for item in arguments
                )
                return replace(expr, arguments=given)
        return expr


def _number(value: int, span: Span) -> tree.Expr:
    number = tree.Number(span, abs(value))
    return number if value >= 0 else tree.Unary(span, "-", number)


def _folded(expr: tree.Expr) -> tree.Expr:
    """Sums of numbers as one number."""
    value = _value(expr)
    return expr if value is None else _number(value, expr.span)


def _value(expr: tree.Expr) -> int | None:
    match expr:
        case tree.Number(value=int(value)):
            return value
        case tree.Unary(operator="-", operand=operand):
            inner = _value(operand)
            return None if inner is None else -inner
        case tree.Binary(operator="+" | "-" as operator, left=left, right=right):
            one, two = _value(left), _value(right)
            if one is None or two is None:
                return None
            return one + two if operator == "+" else one - two
    return None

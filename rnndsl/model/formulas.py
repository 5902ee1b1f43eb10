"""Formulas are pure substitution: calls replaced by bodies, on the syntax tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rnndsl.model import messages
from rnndsl.model.symbols import Table
from rnndsl.syntax import tree

MAX_NODES = 20_000
MAX_WRITTEN = 100_000
"""What the formulas of a whole file may write out together."""
MAX_DEPTH = 120


class FormulaError(Exception):
    """A formula cannot be written out; already reported."""


class Expander:
    """Writes out the formulas of one expression, counting what it makes."""

    def __init__(self, table: Table, whole: tree.Node) -> None:
        self.table = table
        self.whole = whole
        self.count = 0

    def expand(self, expr: tree.Expr, depth: int = 0, path: tuple[str, ...] = ()) -> tree.Expr:
        """`expr` without calls of formulas; FormulaError where there is no end of it."""
        self.count += 1
        if path:
            self.table.written += 1
        if self.count > MAX_NODES or self.table.written > MAX_WRITTEN:
            self.table.report(messages.too_large(self.whole.span, MAX_NODES))
            raise FormulaError
        if depth > MAX_DEPTH:
            self.table.report(messages.too_nested(self.whole.span, MAX_DEPTH))
            raise FormulaError
        match expr:
            case tree.Call(function=name) if name in self.table.formulas and not expr.binder:
                return self._call(expr, depth, path)
            case tree.Call(arguments=arguments):
                items = tuple(self._argument(item, depth, path) for item in arguments)
                return replace(expr, arguments=items)
            case tree.Index(base=base, items=items):
                inside = tuple(
                    item if isinstance(item, tree.Binder) else self.expand(item, depth + 1, path)
                    for item in items
                )
                return replace(expr, base=self.expand(base, depth + 1, path), items=inside)
            case tree.Unary(operand=operand):
                return replace(expr, operand=self.expand(operand, depth + 1, path))
            case tree.Binary(left=left, right=right):
                first = self.expand(left, depth + 1, path)
                return replace(expr, left=first, right=self.expand(right, depth + 1, path))
        return expr

    def _argument(
        self, item: tree.Expr | tree.Argument, depth: int, path: tuple[str, ...]
    ) -> tree.Expr | tree.Argument:
        if isinstance(item, tree.Argument):
            return item
        return self.expand(item, depth + 1, path)

    def _call(self, call: tree.Call, depth: int, path: tuple[str, ...]) -> tree.Expr:
        formula = self.table.formulas[call.function]
        self.table.called.add(call.function)
        name, names = formula.name.name, formula.parameters
        if name in path:
            circle = (*path[path.index(name) :], name)
            self.table.report(messages.recursive_formula(name, call.span, circle))
            raise FormulaError
        arguments = [item for item in call.arguments if not isinstance(item, tree.Argument)]
        if len(arguments) != len(call.arguments):
            self.table.report(messages.named_argument(call.span))
            raise FormulaError
        if len(arguments) != len(names):
            got, wanted, span = len(arguments), len(names), formula.name.span
            item = messages.wrong_arguments(name, call.span, got, wanted, wanted, span)
            self.table.report(item)
            raise FormulaError
        expanded = [self.expand(item, depth + 1, path) for item in arguments]
        given = {item.name: value for item, value in zip(names, expanded, strict=True)}
        return self.expand(substitute(formula.body, given), depth + 1, (*path, name))


def substitute(expr: tree.Expr, given: Mapping[str, tree.Expr]) -> tree.Expr:
    """`expr` with names replaced by expressions."""
    match expr:
        case tree.Name(name=name):
            return given.get(name, expr)
        case tree.Index(base=base, items=items):
            inside = tuple(
                item if isinstance(item, tree.Binder) else substitute(item, given) for item in items
            )
            return replace(expr, base=substitute(base, given), items=inside)
        case tree.Unary(operand=operand):
            return replace(expr, operand=substitute(operand, given))
        case tree.Binary(left=left, right=right):
            first = substitute(left, given)
            return replace(expr, left=first, right=substitute(right, given))
        case tree.Call(arguments=arguments, binder=binder):
            given_to = tuple(
                item if isinstance(item, tree.Argument) else substitute(item, given)
                for item in arguments
            )
            if binder is not None and isinstance(index := given.get(binder.index), tree.Name):
                binder = replace(binder, index=index.name)
            return replace(expr, arguments=given_to, binder=binder)
    return expr

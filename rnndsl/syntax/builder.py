"""What the grammar's rules become: one function a rule, from its children to a tree node.

The parser calls these bottom up, so nothing here recurses; children are tokens and nodes.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

from lark import Token

from rnndsl.syntax import tree
from rnndsl.text.source import Span

Child = Any
LARGEST_INTEGER = 2**63
DIGITS = 19


class Builder:
    """Callbacks for Lark; `offset` is where the statement starts in the file."""

    def __init__(self) -> None:
        self.offset = 0

    def span(self, *children: Child) -> Span:
        """From the first to the last child that is there."""
        there = [child for child in children if child is not None]
        first = self._one(there[0])
        return first if len(there) == 1 else first.to(self._one(there[-1]))

    def _one(self, child: Child) -> Span:
        if isinstance(child, Token):
            start, end = child.start_pos or 0, child.end_pos or 0
            return Span(start + self.offset, end + self.offset)
        if isinstance(child, list):
            return self.span(*child)
        span: Span = child.span
        return span

    # Expressions

    def _name(self, token: Token) -> tree.Name:
        return tree.Name(self.span(token), str(token))

    def name(self, children: list[Child]) -> tree.Name:
        return self._name(children[0])

    def number(self, children: list[Child]) -> tree.Number:
        text, span = str(children[0]), self.span(children[0])
        is_whole = text.isdigit()
        if is_whole and len(text.lstrip("0")) > DIGITS:
            raise BadNumber(span)
        value = int(text) if is_whole else float(text)
        if value >= (LARGEST_INTEGER if is_whole else math.inf):
            raise BadNumber(span)
        return tree.Number(span, value)

    def group(self, children: list[Child]) -> tree.Expr:
        inner: tree.Expr = children[1]
        return replace(inner, span=self.span(*children))

    def member(self, children: list[Child]) -> tree.Member:
        *first, _, last = children
        base = tree.Name(self.span(*first), "".join(str(token) for token in first))
        return tree.Member(self.span(*children), base, str(last))

    def unary(self, children: list[Child]) -> tree.Unary:
        operator: Any = str(children[0])
        return tree.Unary(self.span(*children), operator, children[1])

    def binary(self, children: list[Child]) -> tree.Binary:
        left, operator, right = children
        return tree.Binary(self.span(*children), str(operator), left, right)

    def index(self, children: list[Child]) -> tree.Index:
        base, items = children
        return tree.Index(self.span(base, items), base, tuple(_separated(items)))

    def indices(self, children: list[Child]) -> list[Child]:
        return children

    def children(self, children: list[Child]) -> tree.Binder:
        index, _, base, _, member = children
        within = tree.Member(self.span(base, member), self._name(base), str(member))
        return tree.Binder(self.span(*children), str(index), within)

    def arguments(self, children: list[Child]) -> list[Child]:
        return children

    def named_argument(self, children: list[Child]) -> tree.Argument:
        return tree.Argument(self.span(*children), str(children[0]), children[2])

    def call(self, children: list[Child]) -> tree.Call:
        base, arguments = children[0], children[2]
        items = tuple(_separated(arguments)) if isinstance(arguments, list) else ()
        span = self.span(*children)
        if isinstance(base, tree.Name):
            return tree.Call(span, base.name, items)
        binder = _binder(base)
        if binder is None:
            raise NotCallable(self._one(base))
        assert isinstance(base, tree.Index)
        assert isinstance(base.base, tree.Name)
        return tree.Call(span, base.base.name, items, binder)

    def reversed_call(self, children: list[Child]) -> tree.Call:
        call = self.call([self._name(children[1]), *children[2:]])
        return tree.Call(self.span(*children), call.function, call.arguments, call.binder, True)

    # Parts of statements

    def names(self, children: list[Child]) -> list[tree.Name]:
        return [self._name(token) for token in _separated(children)]

    def type_of(self, children: list[Child]) -> tree.Shape | tree.IntegerType:
        expr = children[0]
        if isinstance(expr, tree.Call) and expr.function in ("token", "position"):
            kind: Any = expr.function
            if len(expr.arguments) == 1 and not isinstance(expr.arguments[0], tree.Argument):
                return tree.IntegerType(expr.span, kind, expr.arguments[0])
        return tree.Shape(expr.span, (expr,))

    def scalar_type(self, children: list[Child]) -> tree.Shape:
        return tree.Shape(self.span(*children), ())

    def tuple_type(self, children: list[Child]) -> tree.Shape:
        return tree.Shape(self.span(*children), tuple(_separated(children)))

    def size_entry(self, children: list[Child]) -> tree.SizeEntry:
        name, value = self._name(children[0]), _after(children, "=")
        return tree.SizeEntry(self.span(*children), name, value)

    def data_entry(self, children: list[Child]) -> tree.DataEntry:
        return tree.DataEntry(
            self.span(*children), self._name(children[0]), _indices(children), _after(children, ":")
        )

    def param_entry(self, children: list[Child]) -> tree.ParamEntry:
        return tree.ParamEntry(
            self.span(*children),
            self._name(children[0]),
            _indices(children),
            _after(children, ":"),
            _after(children, "="),
        )

    def const_entry(self, children: list[Child]) -> tree.ConstEntry:
        return tree.ConstEntry(self.span(*children), self._name(children[0]), children[2])

    def limit(self, children: list[Child]) -> tree.Expr:
        last = children[-1]
        value: tree.Expr = self.number([last]) if last.type == "NUMBER" else self._name(last)
        return tree.Unary(self.span(*children), "-", value) if len(children) == 2 else value

    def clipped(self, children: list[Child]) -> list[Child]:
        return [children[0], self.index([children[1], children[2]])]

    def clip_names(self, children: list[Child]) -> list[tree.Name | tree.Member]:
        return list(_separated(children))

    # Statements

    def model(self, children: list[Child]) -> tree.ModelStatement:
        title = str(children[2])[1:-1] if len(children) > 2 and children[2] is not None else None
        return tree.ModelStatement(self.span(*children), self._name(children[1]), title)

    def axis(self, children: list[Child]) -> tree.AxisStatement:
        _, names, _, first, _, length = children
        return tree.AxisStatement(
            self.span(*children), tuple(names), self.number([first]), self._name(length)
        )

    def tree_axis(self, children: list[Child]) -> tree.TreeStatement:
        slots = [child for child in children[2:] if isinstance(child, list)]
        names = tuple(slots[0]) if slots else ()
        return tree.TreeStatement(self.span(*children), tuple(children[1]), names)

    def size(self, children: list[Child]) -> tree.SizeStatement:
        return tree.SizeStatement(self.span(*children), tuple(_separated(children[1:])))

    def data(self, children: list[Child]) -> tree.DataStatement:
        role: Any = str(children[0])
        return tree.DataStatement(self.span(*children), role, tuple(_separated(children[1:])))

    def param(self, children: list[Child]) -> tree.ParamStatement:
        return tree.ParamStatement(self.span(*children), tuple(_separated(children[1:])))

    def const(self, children: list[Child]) -> tree.ConstStatement:
        return tree.ConstStatement(self.span(*children), tuple(_separated(children[1:])))

    def formula(self, children: list[Child]) -> tree.FormulaStatement:
        name, _, names, _, _, body = children
        return tree.FormulaStatement(self.span(*children), self._name(name), tuple(names), body)

    def equation(self, children: list[Child]) -> tree.EquationStatement:
        has_indices = any(isinstance(child, list) for child in children)
        return tree.EquationStatement(
            self.span(*children),
            children[0],
            _indices(children) if has_indices else None,
            _after(children, ":"),
            _after(children, "="),
        )

    def output(self, children: list[Child]) -> tree.OutputStatement:
        return tree.OutputStatement(self.span(*children), tuple(_separated(children[1:])))

    def clip(self, children: list[Child]) -> tree.ClipStatement:
        kind, limit = self._name(children[1]), children[2]
        rest = children[3] if len(children) > 3 and children[3] is not None else []
        is_flow = len(rest) == 2 and isinstance(rest[0], Token)
        if is_flow and str(rest[0]) != "d":
            raise NotDelta(self._one(rest[0]))
        params, reference = ((), rest[1]) if is_flow else (tuple(rest), None)
        return tree.ClipStatement(self.span(*children), kind, limit, params, reference)

    def use(self, children: list[Child]) -> tree.UseStatement:
        path = str(children[1])[1:-1]
        return tree.UseStatement(self.span(*children), path, self._name(children[3]))


class Misplaced(Exception):
    """What the grammar lets through and the language does not have; `span` is where."""

    def __init__(self, span: Span) -> None:
        self.span = span
        super().__init__(span)


class NotCallable(Misplaced):
    """A bracket that cannot follow what stands before it."""


class NotDelta(Misplaced):
    """A word other than `d` before a clipped reference."""


class BadNumber(Misplaced):
    """A number that is no 64-bit integer or float."""


def _separated(children: list[Child]) -> list[Child]:
    """The children without punctuation."""
    punctuation = {"COMMA", "LPAR", "RPAR", "LSQB", "RSQB"}
    return [
        child
        for child in children
        if child is not None and not (isinstance(child, Token) and child.type in punctuation)
    ]


def _after(children: list[Child], mark: str) -> Any:
    """The child that follows a mark, if the mark is there."""
    for mark_child, child in pairwise(children):
        if isinstance(mark_child, Token) and mark_child == mark:
            return child
    return None


def _indices(children: list[Child]) -> tuple[Child, ...]:
    lists = [child for child in children if isinstance(child, list)]
    return tuple(_separated(lists[0])) if lists else ()


def _binder(base: Child) -> tree.Binder | None:
    """`sum[t]` or `sum[u in v.children]` before a bracket."""
    if not (isinstance(base, tree.Index) and isinstance(base.base, tree.Name)):
        return None
    if len(base.items) != 1:
        return None
    item = base.items[0]
    if isinstance(item, tree.Binder):
        return item
    return tree.Binder(item.span, item.name) if isinstance(item, tree.Name) else None

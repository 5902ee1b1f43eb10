"""Brackets in expressions: which of them are places on axes, and which pick a row or component.

What stands inside them and around them is for `resolve`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from rnndsl.model import axis_messages, place_messages, slips, tree_messages
from rnndsl.model import expr as ir
from rnndsl.model.expr import Position
from rnndsl.model.nodes import leads_nowhere, meant
from rnndsl.model.places import affine, position, stranger
from rnndsl.model.symbols import LOSS, Symbol, Table
from rnndsl.syntax import tree
from rnndsl.syntax.printer import print_expr
from rnndsl.text.diagnostics import Diagnostic


class Unresolved(Exception):
    """An expression is at fault; already reported."""


class WrongAxis(Exception):
    """A place that moves along another axis: the place, what it holds, and the axis wanted."""


class Brackets(ABC):
    """The part of a resolver that reads brackets.

    `left` is the left side of the equation as messages show it, `is_value` whether it is that
    of a value, `is_leaf` whether it is for leaves; `value` the right side, until an index is told
    that does not run in it.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.left = ""
        self.is_value = False
        self.is_leaf = False
        self.value: tree.Expr | None = None

    @abstractmethod
    def _expr(self, expr: tree.Expr, running: frozenset[str]) -> ir.Expr:
        """An expression, under the indices that run."""

    @abstractmethod
    def _symbol(self, name: tree.Name) -> Symbol:
        """What a name is; Unresolved, and reported, where it is nothing."""

    @abstractmethod
    def _name(self, name: tree.Name, running: frozenset[str]) -> ir.Expr:
        """A name without brackets."""

    def _unbound(self, node: tree.Node, index: str) -> None:
        """An index that does not run: told once a right side."""
        symbol, value = self.table.symbols.get(self.left), self.value
        left, over = (symbol.left, symbol.indices) if symbol else (self.left, ())
        wanted = f"{self.left}[{','.join((*over, index))}]" if self.is_value else None
        if value is not None and self.table.is_tree(self.table.axis_of(index) or ""):
            self.table.report(tree_messages.unbound_node(index, node.span, left, wanted))
        elif value is not None:
            is_plain = self.left == LOSS and len(self.table.axes) == 1
            summed = slips.summed(value, self.left, self.table) if is_plain else None
            say = place_messages.unbound_index
            self.table.report(say(index, node.span, left, wanted, summed))
        self.value = None
        raise Unresolved

    def _index(self, expr: tree.Index, running: frozenset[str]) -> ir.Expr:
        base: tree.Expr = expr
        groups: list[tuple[tree.Expr, ...]] = []
        while isinstance(base, tree.Index):
            if any(isinstance(item, tree.Binder) for item in base.items):
                self.table.report(tree_messages.index_within_tree(base.span))
                raise Unresolved
            groups.insert(0, base.items)
            base = base.base
        result, picks = self._root(base, expr, groups, running)
        for item in picks:
            result = ir.Pick(expr.span, result, self._expr(item, running))
        return result

    def _root(
        self,
        base: tree.Expr,
        whole: tree.Index,
        groups: list[tuple[tree.Expr, ...]],
        running: frozenset[str],
    ) -> tuple[ir.Expr, list[tree.Expr]]:
        """What the brackets follow, read at its places, and the brackets that are left."""
        items = [item for group in groups for item in group]
        if not isinstance(base, tree.Name):
            return self._expr(base, running), items
        symbol = self._symbol(base)
        if not symbol.axes or symbol.what in ("axis", "length"):
            form = affine(items[0], self.table)
            if form is not None and form.moves:
                self._no_position(symbol, items[0])
            return self._name(base, running), items
        count = self._places(symbol, whole, groups)
        written = items[:count]
        try:
            places = [
                self._place(*pair, running) for pair in zip(written, symbol.axes, strict=True)
            ]
        except WrongAxis as fault:
            shown, (item, found, axis) = print_expr(whole), fault.args
            length = self.table.length(axis)
            at = item.span
            self.table.report(axis_messages.other_axis(shown, at, found, axis, length))
            raise Unresolved from None
        span = whole.span if len(items) == count else base.span.to(written[-1].span)
        kind = ir.Param if symbol.what == "param" else ir.Read
        return kind(span, base.name, tuple(places)), items[count:]

    def _places(
        self, symbol: Symbol, whole: tree.Index, groups: list[tuple[tree.Expr, ...]]
    ) -> int:
        """How many places a symbol has; says so where the brackets hold others."""
        wanted, got = len(symbol.axes), 0
        for group in groups:
            before, got = got, got + len(group)
            if before < wanted < got:
                extra = [item for item in group[wanted - before :] if self._moves(item)]
                if extra:
                    item = axis_messages.many_places(
                        symbol.name, symbol.left, extra[0].span, got, wanted
                    )
                    self.table.report(item)
                    raise Unresolved
        if got < wanted:
            self.table.report(axis_messages.few_places(symbol.left, whole.span, got, wanted))
            raise Unresolved
        return wanted

    def _moves(self, item: tree.Expr) -> bool:
        form = affine(item, self.table)
        return form is not None and form.moves

    def _no_position(self, symbol: Symbol, item: tree.Expr) -> None:
        """`c[t]` or `W[t]`, where nothing carries an axis."""
        words = self.table.words(symbol)
        if symbol.what in ("value", "input", "target"):
            words = "one value an example"
        self.table.report(place_messages.no_position(symbol.name, item.span, words))
        raise Unresolved

    def _node(
        self, item: tree.Expr, axis: str, place: Position | None, running: frozenset[str]
    ) -> Position:
        """A place on a tree."""
        if place is None:
            if not self._is_told(item, axis):
                self.table.report(self._no_node(item, axis))
            raise Unresolved
        if place.index is not None and place.index not in running:
            self._unbound(item, place.index)
        if place.anchor == "leaf" and not self.is_leaf:
            self.table.report(tree_messages.leaf_elsewhere(item.span, axis))
            raise Unresolved
        return place

    def _no_node(self, item: tree.Expr, axis: str) -> Diagnostic:
        """What is said of a place that is none on a tree."""
        base = item.base if isinstance(item, tree.Member) else item
        index = base.name.partition(".")[0] if isinstance(base, tree.Name) else ""
        other = self.table.axis_of(index)
        if other is None or other == axis:
            return tree_messages.not_a_node(item.span, axis, meant(item, self.table, axis))
        return tree_messages.other_axis(index, item.span, axis, self.table.is_tree(other))

    def _is_told(self, item: tree.Expr, axis: str) -> bool:
        """Whether it has been said what is wrong with a place on a tree."""
        names = [item.name] if isinstance(item, tree.Name) else []
        return leads_nowhere(item, self.table, axis) or any(map(self.table.excuses, names))

    def _place(self, item: tree.Expr, axis: str, running: frozenset[str]) -> Position | ir.Expr:
        """A place on an axis: written as arithmetic, or a value that says where."""
        place = position(item, self.table, axis)
        if self.table.is_tree(axis):
            return self._node(item, axis, place, running)
        if place is not None:
            if place.index is not None and place.index not in running:
                self._unbound(item, place.index)
            return place
        if isinstance(item, tree.Name) and item.name in ("root", "leaf"):
            self.table.report(tree_messages.no_node_here(item.name, item.span, axis))
            raise Unresolved
        found = stranger(item, self.table, axis)
        if found is not None:
            raise WrongAxis(item, found, axis)
        computed = self._expr(item, running)
        if isinstance(computed, ir.Literal | ir.SizeNumber | ir.Param):
            length = self.table.length(axis)
            self.table.report(place_messages.bad_position(item.span, axis, length))
            raise Unresolved
        return computed

"""Names in expressions: from the syntax tree to expressions of the checked model, untyped."""

from __future__ import annotations

from collections.abc import Mapping

from rnndsl.model import expr as ir
from rnndsl.model import messages
from rnndsl.model.dims import Dim
from rnndsl.model.formulas import Expander, FormulaError
from rnndsl.model.places import position
from rnndsl.model.symbols import Symbol, Table
from rnndsl.ops.signatures import FUNCTIONS, OPERATORS, OVER_AXIS
from rnndsl.syntax import tree

UNARY = {"-": "neg", "not": "not"}


class Unresolved(Exception):
    """An expression is at fault; already reported."""


class Resolver:
    """Resolves the expressions of one file; `sites` numbers the calls that draw."""

    def __init__(self, table: Table, consts: Mapping[str, float]) -> None:
        self.table = table
        self.consts = consts
        self.sites = 0
        self.equation = ""
        self.used: set[str] = set()

    def resolve(self, expr: tree.Expr, equation: str, running: frozenset[str]) -> ir.Expr | None:
        """A right side; None where it is at fault. `running` holds the indices that run."""
        self.equation = equation
        before = len(self.table.diagnostics)
        try:
            expanded = Expander(self.table, expr).expand(expr)
            result = self._expr(expanded, running)
        except (Unresolved, FormulaError):
            return None
        return result if len(self.table.diagnostics) == before else None

    def _expr(self, expr: tree.Expr, running: frozenset[str]) -> ir.Expr:
        match expr:
            case tree.Number(value=value):
                return ir.Literal(expr.span, value)
            case tree.Name():
                return self._name(expr, running)
            case tree.Index():
                return self._index(expr, running)
            case tree.Unary(operator=operator, operand=operand):
                inner = self._expr(operand, running)
                return ir.Apply(expr.span, UNARY[operator], (inner,))
            case tree.Binary(operator=operator, left=left, right=right):
                both = self._all((left, right), running)
                return ir.Apply(expr.span, OPERATORS[operator], both)
            case tree.Call():
                return self._call(expr, running)
            case tree.Member(base=base):
                if base.name not in self.table.broken:
                    names = self.table.symbols
                    if base.name in names:
                        self.table.report(messages.later("a member of a tree", expr.span))
                    else:
                        self.table.report(messages.unknown_name(base.name, base.span, names))
                raise Unresolved

    def _all(self, items: tuple[tree.Expr, ...], running: frozenset[str]) -> tuple[ir.Expr, ...]:
        """Every item resolved, so that all their faults are reported."""
        found: list[ir.Expr] = []
        for item in items:
            try:
                found.append(self._expr(item, running))
            except Unresolved:
                continue
        if len(found) < len(items):
            raise Unresolved
        return tuple(found)

    def _symbol(self, name: tree.Name) -> Symbol:
        symbol = self.table.symbols.get(name.name)
        if symbol is None:
            if name.name == "loss":
                self.table.report(messages.reserved(name.name, name.span))
            elif name.name not in self.table.broken:
                known = self.table.symbols
                self.table.report(messages.unknown_name(name.name, name.span, known))
            raise Unresolved
        self.used.add(name.name)
        return symbol

    def _name(self, name: tree.Name, running: frozenset[str]) -> ir.Expr:
        symbol = self._symbol(name)
        match symbol.what:
            case "size":
                return ir.SizeNumber(name.span, Dim.size(name.name))
            case "const":
                return ir.Literal(name.span, self.consts.get(name.name, 0.0), name.name)
            case "param":
                return ir.Param(name.span, name.name)
            case "length":
                return ir.Length(name.span, self.table.index)
            case "axis":
                if name.name not in running:
                    self._unbound(name)
                return ir.IndexNumber(name.span, name.name)
            case _:
                if symbol.axes:
                    index = self.table.index
                    self.table.report(messages.needs_index(name.name, name.span, index))
                    raise Unresolved
                return ir.Read(name.span, name.name, ())

    def _unbound(self, node: tree.Node) -> None:
        item = messages.unbound_index(self.table.index, node.span, self.equation)
        self.table.report(item)
        raise Unresolved

    def _index(self, expr: tree.Index, running: frozenset[str]) -> ir.Expr:
        base: tree.Expr = expr
        items: list[tree.Expr] = []
        while isinstance(base, tree.Index):
            if any(isinstance(item, tree.Binder) for item in base.items):
                self.table.report(messages.later("the children of a tree's node", base.span))
                raise Unresolved
            items[:0] = base.items
            base = base.base
        result, picks = self._root(base, expr, items, running)
        for item in picks:
            index = self._expr(item, running)
            result = ir.Pick(expr.span, result, index)
        return result

    def _root(
        self, base: tree.Expr, whole: tree.Index, items: list[tree.Expr], running: frozenset[str]
    ) -> tuple[ir.Expr, list[tree.Expr]]:
        """What the brackets follow, read at its position, and the brackets that are left."""
        if not isinstance(base, tree.Name):
            return self._expr(base, running), items
        symbol = self._symbol(base)
        if symbol.what not in ("value", "input", "target") or not symbol.axes:
            return self._name(base, running), items
        place = position(items[0], self.table)
        if place is None:
            return self._through(base, whole, items, running), items[1:]
        if place.anchor == "index" and self.table.index not in running:
            self._unbound(items[0])
        read = ir.Read(base.span.to(items[0].span), base.name, (place,))
        return self._closed(read, whole), items[1:]

    def _through(
        self,
        base: tree.Name,
        whole: tree.Index,
        items: list[tree.Expr],
        running: frozenset[str],
    ) -> ir.Expr:
        place = self._expr(items[0], running)
        if isinstance(place, ir.Literal | ir.SizeNumber | ir.Param):
            table = self.table
            table.report(messages.bad_position(items[0].span, table.index, table.length))
            raise Unresolved
        return self._closed(ir.Read(base.span.to(items[0].span), base.name, (place,)), whole)

    def _closed(self, read: ir.Read, whole: tree.Index) -> ir.Read:
        """The read with its closing bracket in its span, where nothing else is picked."""
        has_picks = isinstance(whole.base, tree.Index) or len(whole.items) > 1
        return read if has_picks else ir.Read(whole.span, read.name, read.places)

    def _call(self, call: tree.Call, running: frozenset[str]) -> ir.Expr:
        arguments = tuple(item for item in call.arguments if not isinstance(item, tree.Argument))
        if call.reverse or len(arguments) < len(call.arguments):
            is_broken = call.function in self.table.broken
            if not is_broken:
                self.table.report(messages.named_argument(call.span))
            raise Unresolved
        if call.binder is not None:
            return self._over(call, arguments, running)
        if call.function == "teach":
            return self._teach(call, arguments, running)
        signature = FUNCTIONS.get(call.function)
        if signature is None:
            self._no_function(call)
            raise Unresolved
        count, most = len(arguments), signature.most
        if count < signature.least or (most is not None and count > most):
            least = signature.least
            table = self.table
            table.report(messages.wrong_arguments(call.function, call.span, count, least, most))
            raise Unresolved
        items = self._all(arguments, running)
        return ir.Apply(call.span, call.function, items, self._site() if signature.draws else None)

    def _site(self) -> int:
        self.sites += 1
        return self.sites - 1

    def _no_function(self, call: tree.Call) -> None:
        known = [*FUNCTIONS, "teach", *self.table.formulas]
        is_value = call.function in self.table.symbols
        if call.function not in self.table.broken:
            item = messages.unknown_function(call.function, call.span, known, is_value)
            self.table.report(item)

    def _teach(
        self, call: tree.Call, arguments: tuple[tree.Expr, ...], running: frozenset[str]
    ) -> ir.Expr:
        if len(arguments) != 2:
            got = len(arguments)
            self.table.report(messages.wrong_arguments("teach", call.span, got, 2, 2))
            raise Unresolved
        site = self._site()
        teacher, free = self._all(arguments, running)
        return ir.Teach(call.span, teacher, free, site)

    def _over(
        self, call: tree.Call, arguments: tuple[tree.Expr, ...], running: frozenset[str]
    ) -> ir.Expr:
        binder = call.binder
        assert binder is not None
        if binder.within is not None:
            self.table.report(messages.later("a sum over the children of a node", binder.span))
            raise Unresolved
        if call.function not in OVER_AXIS:
            self.table.report(messages.not_over_axis(call.function, call.span, OVER_AXIS))
            raise Unresolved
        symbol = self._symbol(tree.Name(binder.span, binder.index))
        if symbol.what != "axis":
            table = self.table
            table.report(messages.bad_position(binder.span, table.index, table.length))
            raise Unresolved
        if len(arguments) != 1:
            got = len(arguments)
            self.table.report(messages.wrong_arguments(call.function, call.span, got, 1, 1))
            raise Unresolved
        if call.function == "softmax" and binder.index not in running:
            self._unbound(binder)
        body = self._expr(arguments[0], running | {binder.index})
        return ir.Over(call.span, call.function, binder.index, symbol.name, body)

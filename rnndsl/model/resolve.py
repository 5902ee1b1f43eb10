"""Names in expressions: from the syntax tree to expressions of the checked model, untyped."""

from __future__ import annotations

from collections.abc import Mapping

from rnndsl.model import call_slips, messages, place_messages, slips, tree_messages, use_messages
from rnndsl.model import expr as ir
from rnndsl.model.brackets import Brackets, Unresolved
from rnndsl.model.dims import Dim
from rnndsl.model.formulas import Expander, FormulaError
from rnndsl.model.nodes import OVER_CHILDREN, OVER_NODES, mixed
from rnndsl.model.symbols import LOSS, Symbol, Table
from rnndsl.ops.signatures import FUNCTIONS, OPERATORS, OVER_AXIS
from rnndsl.syntax import tree
from rnndsl.text.source import Span

UNARY = {"-": "neg", "not": "not"}


class Resolver(Brackets):
    """Resolves the expressions of one file; `sites` numbers the calls that draw."""

    def __init__(self, table: Table, consts: Mapping[str, float]) -> None:
        super().__init__(table)
        self.consts = consts
        self.sites = 0

    def resolve(self, expr: tree.Expr, left: str, running: frozenset[str]) -> ir.Expr | None:
        """A right side; None where it is at fault.

        `left` is the left side as messages show it, `running` the indices that run.
        """
        self.left, self.value = left, expr
        self.is_value = left in self.table.symbols
        self.is_leaf = "leaf" in left.partition("[")[2].rstrip("]").split(",")
        try:
            return self._expr(Expander(self.table, expr).expand(expr), running)
        except (Unresolved, FormulaError):
            return None

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
                self._member(expr, base)
                raise Unresolved

    def _member(self, expr: tree.Member, base: tree.Name) -> None:
        """`v.left`, or a member that no instance has: those that one has are names by now."""
        table = self.table
        if base.name in table.instances or table.excuses(base.name):
            return
        slip = slips.member_slip(expr, table)
        if slip is not None:
            table.report(slip)
        elif table.is_tree(table.axis_of(base.name.partition(".")[0]) or ""):
            shown = f"{base.name}.{expr.member}"
            table.report(tree_messages.node_as_number(shown, expr.span))
        elif base.name in table.symbols:
            shown = table.words(table.symbols[base.name])
            table.report(tree_messages.no_member(base.name, expr.member, expr.span, shown))
        else:
            declare = f"{base.name} = cell(x = e)"
            table.report(messages.unknown_name(base.name, base.span, table.proposals, declare))

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
        table = self.table
        if name.name in table.bound:
            return Symbol(name.name, "axis", name.span, name, (table.bound[name.name][0],))
        symbol = table.symbols.get(name.name)
        if symbol is not None:
            table.used.add(name.name)
            return symbol
        if name.name == LOSS and LOSS not in table.broken:
            table.report(messages.loss_read(name.span))
        elif table.excuses(name.name):
            pass
        elif name.name in ("leaf", "root"):
            table.report(tree_messages.end_as_value(name.name, name.span, table.has_tree))
        else:
            declare = f"param {name.name}"
            unknown = messages.unknown_name(name.name, name.span, table.proposals, declare)
            table.report(slips.name_slip(name.name, name.span, table) or unknown)
        raise Unresolved

    def _name(self, name: tree.Name, running: frozenset[str]) -> ir.Expr:
        symbol = self._symbol(name)
        if symbol.what == "size":
            return ir.SizeNumber(name.span, Dim.size(name.name))
        if symbol.what == "const":
            return ir.Literal(name.span, self.consts.get(name.name, 0.0), name.name)
        if symbol.what == "length":
            return ir.Length(name.span, symbol.axes[0])
        if symbol.what == "axis":
            if self.table.is_tree(symbol.axes[0]):
                self.table.report(tree_messages.node_as_number(name.name, name.span))
                raise Unresolved
            if name.name not in running:
                self._unbound(name, name.name)
            return ir.IndexNumber(name.span, name.name)
        if symbol.what == "instance":
            self.table.report(use_messages.bare(name.name, name.span))
            raise Unresolved
        if symbol.axes:
            self.table.report(place_messages.needs_index(symbol.left, name.name, name.span))
            raise Unresolved
        if symbol.what == "param":
            return ir.Param(name.span, name.name)
        return ir.Read(name.span, name.name, ())

    def _call(self, call: tree.Call, running: frozenset[str]) -> ir.Expr:
        arguments = tuple(item for item in call.arguments if not isinstance(item, tree.Argument))
        if call.reverse or len(arguments) < len(call.arguments):
            self._instance(call)
            raise Unresolved
        if call.binder is not None:
            return self._over(call, call.binder, arguments, running)
        if call.function == "teach":
            return self._teach(call, arguments, running)
        signature = FUNCTIONS.get(call.function)
        if signature is None:
            self._no_function(call)
            raise Unresolved
        self._count(call, signature.least, signature.most)
        if (slip := call_slips.swapped_slip(call, self.table)) is not None:
            self.table.report(slip)
            raise Unresolved
        items = self._all(arguments, running)
        site = self._site() if signature.draws else None
        return ir.Apply(call.span, call.function, items, site, signature.meaning)

    def _count(self, call: tree.Call, least: int, most: int | None) -> None:
        """The number of arguments."""
        count, name = len(call.arguments), call.function
        if count < least or (most is not None and count > most):
            wrong = messages.wrong_arguments(name, call.span, count, least, most)
            self.table.report(call_slips.reduced_slip(call, self.table) or wrong)
            raise Unresolved

    def _site(self) -> int:
        self.sites += 1
        return self.sites - 1

    def _instance(self, call: tree.Call) -> None:
        """`lstm(x = e)` without its `use`, or inside an expression; a function with names."""
        name = call.function
        if name in FUNCTIONS or name == "teach":
            is_turned = not any(isinstance(item, tree.Argument) for item in call.arguments)
            say = use_messages.function_reversed if is_turned else call_slips.named_slip
            self.table.report(say(call))
        elif name in self.table.cells:
            self.table.report(use_messages.stands_alone(name, call.span))
        elif not self.table.excuses(name):
            self.table.report(use_messages.no_use(name, call.span))

    def _no_function(self, call: tree.Call) -> None:
        table, name = self.table, call.function
        if name in table.cells:
            table.report(use_messages.stands_alone(name, call.span))
            return
        span = Span(call.span.start, call.span.start + len(name))
        symbol = table.symbols.get(name)
        if symbol is not None:
            table.report(call_slips.called_slip(call, span, symbol, table))
        elif not table.excuses(name):
            known = [*FUNCTIONS, "teach", *table.formulas]
            unknown = messages.unknown_function(name, span, known)
            table.report(call_slips.function_slip(call, span, table) or unknown)

    def _teach(
        self, call: tree.Call, arguments: tuple[tree.Expr, ...], running: frozenset[str]
    ) -> ir.Expr:
        self._count(call, 2, 2)
        site = self._site()
        teacher, free = self._all(arguments, running)
        return ir.Teach(call.span, teacher, free, site)

    def _over(
        self,
        call: tree.Call,
        binder: tree.Binder,
        arguments: tuple[tree.Expr, ...],
        running: frozenset[str],
    ) -> ir.Expr:
        if binder.within is not None:
            return self._over_children(call, binder, binder.within, arguments, running)
        if call.function not in OVER_AXIS:
            self._not_over_axis(call)
            raise Unresolved
        self._bound(binder)
        self._count(call, 1, 1)
        if call.function == "softmax" and binder.index not in running:
            symbol = self.table.symbols.get(self.left)
            over = symbol.indices if symbol else ()
            self.table.report(place_messages.unbound_softmax(binder.index, binder.span, over))
            raise Unresolved
        body = self._expr(arguments[0], running | {binder.index})
        axis = self.table.axis_of(binder.index) or ""
        self._known_over(call, binder, axis, OVER_NODES, "the nodes of a tree")
        self._apart(body, call.span)
        return ir.Over(call.span, call.function, binder.index, axis, body)

    def _over_children(
        self,
        call: tree.Call,
        binder: tree.Binder,
        within: tree.Member,
        arguments: tuple[tree.Expr, ...],
        running: frozenset[str],
    ) -> ir.Expr:
        """`sum[u in v.children](…)`."""
        table, node = self.table, within.base.name
        axis = table.axis_of(node) or ""
        if node in table.bound:
            table.report(tree_messages.children_within_children(binder.span))
            raise Unresolved
        if not table.is_tree(axis):
            if not table.excuses(node):
                table.report(tree_messages.not_children(node, within.span))
            raise Unresolved
        if node not in running:
            self._unbound(within, node)
        self._child(binder)
        self._count(call, 1, 1)
        self._known_over(call, binder, axis, OVER_CHILDREN, "the children of a node")
        table.bound[binder.index] = axis, node
        try:
            body = self._expr(arguments[0], running | {binder.index})
            self._apart(body, call.span)
        finally:
            del table.bound[binder.index]
        return ir.Over(call.span, call.function, binder.index, axis, body, node)

    def _child(self, binder: tree.Binder) -> None:
        """The name of a child: nothing else has it."""
        symbol = self.table.symbols.get(binder.index)
        if symbol is not None:
            words = self.table.words(symbol)
            self.table.report(tree_messages.child_is_known(binder.index, binder.span, words))
            raise Unresolved

    def _known_over(
        self, call: tree.Call, binder: tree.Binder, axis: str, known: tuple[str, ...], what: str
    ) -> None:
        """A reduction that works over nodes, where the index is one."""
        if self.table.is_tree(axis) and call.function not in known:
            name, span = call.function, binder.span
            self.table.report(tree_messages.not_over_tree(name, span, known, what))
            raise Unresolved

    def _apart(self, body: ir.Expr, span: Span) -> None:
        """What runs over nodes runs over nothing else."""
        found = mixed(body, self.table)
        if found is not None:
            is_pair = self.table.is_tree(self.table.axis_of(found[1]) or "")
            self.table.report(tree_messages.two_families(*found, span, is_pair))
            raise Unresolved

    def _not_over_axis(self, call: tree.Call) -> None:
        span = Span(call.span.start, call.span.start + len(call.function))
        if call.function in FUNCTIONS or call.function in self.table.formulas:
            self.table.report(messages.not_over_axis(call.function, span, OVER_AXIS))
        else:
            self._no_function(call)

    def _bound(self, binder: tree.Binder) -> None:
        """The index that a reduction binds."""
        table, name = self.table, binder.index
        if name not in table.symbols and table.axes and not table.excuses(name):
            table.report(messages.unknown_index(name, binder.span, table.ways))
            raise Unresolved
        if self._symbol(tree.Name(binder.span, name)).what != "axis":
            table.report(place_messages.not_an_axis(name, binder.span, table.ways))
            raise Unresolved

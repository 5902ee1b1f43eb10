"""Declarations and left sides into the table of names, in whatever order the file has them.

It says what clashes, what is reserved and what waits for a later version; right sides of
equations are for `resolve`.
"""

from __future__ import annotations

from collections.abc import Sequence

from rnndsl.model import declaration_messages as wording
from rnndsl.model import messages
from rnndsl.model.symbols import LOSS, RESERVED, RESERVED_DATA, Symbol, Table
from rnndsl.ops.signatures import FUNCTIONS
from rnndsl.syntax import tree
from rnndsl.text.source import Span

BUILT_IN = (*FUNCTIONS, "teach")


def collect(statements: Sequence[tree.Statement], mentioned: frozenset[str]) -> Table:
    """The table of a file: axes first, then all other declarations, then left sides."""
    table = Table(mentioned=mentioned)
    lengths = {
        entry.name.name
        for statement in statements
        if isinstance(statement, tree.SizeStatement)
        for entry in statement.entries
    }
    for statement in statements:
        if isinstance(statement, tree.AxisStatement):
            _axis(table, statement, lengths)
        elif isinstance(statement, tree.TreeStatement):
            table.wait("tree", messages.later("an axis over a tree", statement.span))
            table.broken.update(name.name for name in statement.indices)
    for statement in statements:
        _declare(table, statement)
    for statement in statements:
        if isinstance(statement, tree.EquationStatement):
            _equation(table, statement)
    return table


CLASHES = {
    "input": RESERVED_DATA,
    "target": RESERVED_DATA,
    "length": RESERVED_DATA,
    "size": frozenset({"seed"}),
}
"""Names that generated functions give to arguments of their own, by what else has them."""


def _add(table: Table, symbol: Symbol) -> None:
    name = symbol.name
    if name in RESERVED:
        table.report(messages.reserved(name, symbol.span))
        table.broken.add(name)
    elif name in CLASHES.get(symbol.what, ()):
        words = {"length": "a length", "size": "a size"}.get(symbol.what, "data")
        table.report(messages.data_reserved(name, symbol.span, words))
        table.broken.add(name)
    elif name not in table.symbols:
        table.symbols[name] = symbol
    elif name not in table.broken:
        _clash(table, table.symbols[name], symbol)


def _clash(table: Table, one: Symbol, other: Symbol) -> None:
    first, again = sorted((one, other), key=lambda symbol: symbol.span)
    if one.what == other.what == "value":
        left = f"{one.name}[{one.axes[0]}]" if one.axes else one.name
        table.report(messages.two_equations(one.name, left, again.span, first.span))
    else:
        table.report(messages.duplicate(one.name, again.span, first.span))


def _declare(table: Table, statement: tree.Statement) -> None:
    match statement:
        case tree.ModelStatement():
            _once(table, statement)
        case tree.UseStatement():
            table.wait("use", messages.later("another model as a cell (`use`)", statement.span))
            table.broken.add(statement.name.name)
        case tree.SizeStatement(entries=entries):
            for size in entries:
                _add(table, Symbol(size.name.name, "size", size.name.span, size))
        case tree.ConstStatement(entries=entries):
            for const in entries:
                _add(table, Symbol(const.name.name, "const", const.name.span, const))
        case tree.DataStatement(entries=entries):
            for data in entries:
                _data(table, statement, data)
        case tree.ParamStatement(entries=entries):
            for param in entries:
                _param(table, param)
        case tree.FormulaStatement():
            _formula(table, statement)
        case tree.OutputStatement():
            table.outputs.append(statement)
        case tree.ClipStatement():
            table.clips.append(statement)


def _once(table: Table, statement: tree.ModelStatement) -> None:
    if table.header is not None:
        table.report(messages.second("`model` statement", statement.span, table.header.span))
    elif statement.name.name in RESERVED:
        table.report(messages.reserved(statement.name.name, statement.name.span))
    else:
        table.header = statement


def _axis(table: Table, statement: tree.AxisStatement, sizes: set[str]) -> None:
    index, length = statement.indices[0], statement.length
    names = [name.name for name in (*statement.indices, length)]
    if statement.first.value != 1:
        table.report(wording.bad_axis_start(statement.first.span, length.name))
    waits = None
    if length.name in sizes:
        waits = "an axis whose length is a size"
    elif len(statement.indices) > 1:
        waits = "several indices over one axis"
    elif table.axis is not None:
        waits = "a second axis"
    if waits is not None:
        table.wait("axes", messages.later(waits, statement.span))
        table.broken.update(names)
    else:
        _add(table, Symbol(index.name, "axis", index.span, statement))
        _add(table, Symbol(length.name, "length", length.span, statement))


def _data(table: Table, statement: tree.DataStatement, entry: tree.DataEntry) -> None:
    name = entry.name.name
    if len(entry.indices) > 1:
        table.wait("axes", messages.later("data over several axes", entry.span))
        table.broken.add(name)
        return
    if not all(_is_axis(table, item) for item in entry.indices):
        table.broken.add(name)
        return
    axes = tuple(item.name for item in entry.indices if isinstance(item, tree.Name))
    _add(table, Symbol(name, statement.role, entry.name.span, entry, axes))


def _param(table: Table, entry: tree.ParamEntry) -> None:
    if len(entry.indices) == 1 and _names_axis(table, entry.indices[0]):
        table.report(wording.param_over_positions(entry.name.name, entry.indices[0].span))
        table.broken.add(entry.name.name)
    elif entry.indices:
        table.wait("axes", messages.later("a parameter that carries an axis", entry.span))
        table.broken.add(entry.name.name)
    else:
        _add(table, Symbol(entry.name.name, "param", entry.name.span, entry))


def _formula(table: Table, statement: tree.FormulaStatement) -> None:
    name = statement.name
    seen: dict[str, Span] = {}
    for item in statement.parameters:
        if item.name in RESERVED:
            table.report(messages.reserved(item.name, item.span))
        elif item.name in seen:
            table.report(messages.duplicate(item.name, item.span, seen[item.name]))
        seen.setdefault(item.name, item.span)
    if name.name in table.formulas:
        first = table.formulas[name.name].name.span
        table.report(messages.duplicate(name.name, name.span, first))
    elif name.name in BUILT_IN:
        table.report(messages.built_in(name.name, name.span))
    elif name.name in RESERVED:
        table.report(messages.reserved(name.name, name.span))
    else:
        table.formulas[name.name] = statement


def _is_axis(table: Table, item: tree.Expr) -> bool:
    """Whether the bracket of a declaration holds an axis; says so where it does not."""
    if not isinstance(item, tree.Name):
        table.report(wording.bad_data_index(item.span, table.index))
        return False
    symbol = table.symbols.get(item.name)
    if symbol is not None and symbol.what == "axis":
        return True
    if not table.excuses(item.name):
        _unknown_index(table, item)
    return False


def _unknown_index(table: Table, item: tree.Name) -> None:
    """A bracket with a name that is no index: told once a name."""
    if table.axis is None:
        if not table.mentioned & {"axis"}:
            table.wait("axis", messages.no_axis(item.name, item.span))
    elif item.name not in table.symbols:
        table.report(messages.unknown_index(item.name, item.span, table.index))
    else:
        table.report(wording.bad_data_index(item.span, table.index))
    table.broken.add(item.name)


def _equation(table: Table, statement: tree.EquationStatement) -> None:
    target, indices = statement.target, statement.indices
    if isinstance(target, tree.Member):
        table.wait("use", messages.later("an equation for an instance", statement.span))
    elif target.name == LOSS:
        _loss(table, statement)
    elif not indices:
        _add(table, Symbol(target.name, "value", target.span, statement))
    elif len(indices) == 1 and _names_axis(table, indices[0]):
        axes = (table.index,)
        _add(table, Symbol(target.name, "value", target.span, statement, axes))
    elif _waits(table, statement, indices):
        table.broken.add(target.name)
    else:
        table.boundaries.append(statement)


def _loss(table: Table, statement: tree.EquationStatement) -> None:
    if statement.indices:
        table.report(wording.loss_with_index(statement.target.span.to(statement.indices[-1].span)))
        table.broken.add(LOSS)
    elif table.loss is not None:
        table.report(messages.second("`loss`", statement.span, table.loss.span))
    else:
        table.loss = statement


def _names_axis(table: Table, item: tree.Expr) -> bool:
    return isinstance(item, tree.Name) and table.axis is not None and item.name == table.index


def _waits(table: Table, statement: tree.EquationStatement, indices: tuple[tree.Expr, ...]) -> bool:
    """Whether the left side belongs to a part of the language that waits, or is at fault."""
    names = [item for item in indices if isinstance(item, tree.Name)]
    if any(item.name in ("leaf", "root") for item in names):
        table.wait("tree", messages.later("an equation for leaves or the root", statement.span))
        return True
    if len(indices) > 1:
        table.wait("axes", messages.later("a value over several axes", statement.span))
        return True
    unknown = [item for item in names if item.name not in table.symbols]
    for item in unknown:
        if not table.excuses(item.name):
            _unknown_index(table, item)
    return bool(unknown)

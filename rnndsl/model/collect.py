"""Declarations and left sides into the table of names, in whatever order the file has them.

It says what clashes and what is reserved; right sides of equations are for `resolve`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rnndsl.model import axis_messages, messages, tree_messages
from rnndsl.model import declaration_messages as wording
from rnndsl.model.dims import Dim
from rnndsl.model.model import Axis
from rnndsl.model.nodes import are_mixed
from rnndsl.model.symbols import LOSS, RESERVED, RESERVED_DATA, Symbol, Table
from rnndsl.model.uses import Whole
from rnndsl.ops.signatures import FUNCTIONS
from rnndsl.syntax import tree
from rnndsl.text.diagnostics import Diagnostic
from rnndsl.text.source import Span

BUILT_IN = (*FUNCTIONS, "teach")


def collect(whole: Whole) -> Table:
    """The table of a file: axes first, then all other declarations, then left sides."""
    statements = whole.statements
    table = Table(mentioned=whole.mentioned, cells=whole.cells, instances=whole.instances)
    table.broken.update(whole.broken)
    sizes = {
        entry.name.name
        for statement in statements
        if isinstance(statement, tree.SizeStatement)
        for entry in statement.entries
    }
    for statement in statements:
        if isinstance(statement, tree.AxisStatement):
            _axis(table, statement, sizes)
        elif isinstance(statement, tree.TreeStatement):
            _tree(table, statement)
    for statement in statements:
        _declare(table, statement)
    for statement in statements:
        if isinstance(statement, tree.EquationStatement):
            _equation(table, statement)
    for instance in whole.instances.values():
        target, owner = instance.statement.target, instance.owner
        _add(table, Symbol(instance.name, "instance", target.span, instance.statement))
        if instance.read:
            table.used.update({instance.name, owner.name if owner else instance.name})
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
        table.report(messages.two_equations(one.name, one.left, again.span, first.span))
    else:
        table.report(messages.duplicate(one.name, again.span, first.span))


def _declare(table: Table, statement: tree.Statement) -> None:
    match statement:
        case tree.ModelStatement():
            _once(table, statement)
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
    """An axis: fixed where its length is declared as a size."""
    first, length = statement.indices[0], statement.length
    if statement.first.value != 1:
        table.report(wording.bad_axis_start(statement.first.span, length.name))
    indices = tuple(dict.fromkeys(name.name for name in statement.indices))
    if first.name in table.axes:
        known = table.symbols.get(first.name)  # not there where the name is reserved
        if known is not None:
            _clash(table, known, Symbol(first.name, "axis", first.span, statement))
        return
    is_fixed = length.name in sizes
    size = Dim.size(length.name) if is_fixed else None
    table.axes[first.name] = Axis(first.name, indices, length.name, first.span, size)
    for name in statement.indices:
        _add(table, Symbol(name.name, "axis", name.span, statement, (first.name,), (name.name,)))
    if is_fixed:
        table.used.add(length.name)
    else:
        _add(table, Symbol(length.name, "length", length.span, statement, (first.name,)))


def _tree(table: Table, statement: tree.TreeStatement) -> None:
    """An axis over the nodes of a tree."""
    first = statement.indices[0]
    if first.name in table.axes:
        known = table.symbols.get(first.name)
        if known is not None:
            _clash(table, known, Symbol(first.name, "axis", first.span, statement))
        return
    indices = tuple(dict.fromkeys(name.name for name in statement.indices))
    seen = _distinct(table, statement.slots, tree_messages.slot_twice)
    axis = Axis(first.name, indices, "", first.span, is_tree=True, slots=tuple(seen))
    table.axes[first.name] = axis
    for name in statement.indices:
        _add(table, Symbol(name.name, "axis", name.span, statement, (first.name,), (name.name,)))


def _data(table: Table, statement: tree.DataStatement, entry: tree.DataEntry) -> None:
    name = entry.name.name
    found = _carried(table, entry.indices)
    if found is None:
        table.broken.add(name)
    else:
        axes, indices = found
        _add(table, Symbol(name, statement.role, entry.name.span, entry, axes, indices))


def _param(table: Table, entry: tree.ParamEntry) -> None:
    name = entry.name.name
    found = _carried(table, entry.indices)
    running = [axis for axis in (found or ((), ()))[0] if table.axes[axis].size is None]
    if running:
        at = next(item for item in entry.indices if table.axis_of(_written(item)) == running[0])
        length = table.axes[running[0]].length
        over_tree = tree_messages.parameter_over_tree(name, at.span)
        over_sequence = axis_messages.parameter_over_sequence(name, at.span, length)
        table.report(over_tree if table.is_tree(running[0]) else over_sequence)
    if found is None or running:
        table.broken.add(name)
    else:
        _add(table, Symbol(name, "param", entry.name.span, entry, *found))


def _carried(
    table: Table, items: tuple[tree.Expr, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The axes and indices in the bracket of a declaration; None where they are at fault."""
    if [item for item in items if not _is_axis(table, item)]:
        return None
    indices = tuple(_written(item) for item in items)
    axes = tuple(table.axis_of(index) or "" for index in indices)
    return None if are_mixed(table, items, axes, True) else (axes, indices)


def _written(item: tree.Expr) -> str:
    return item.name if isinstance(item, tree.Name) else ""


def _distinct(
    table: Table, names: Sequence[tree.Name], twice: Callable[[str, Span, Span], Diagnostic]
) -> dict[str, Span]:
    """Names that stand in one list, and where: none reserved, none twice, which is told."""
    seen: dict[str, Span] = {}
    for item in names:
        if item.name in RESERVED:
            table.report(messages.reserved(item.name, item.span))
        elif item.name in seen:
            table.report(twice(item.name, item.span, seen[item.name]))
        seen.setdefault(item.name, item.span)
    return seen


def _formula(table: Table, statement: tree.FormulaStatement) -> None:
    name = statement.name
    _distinct(table, statement.parameters, messages.duplicate)
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
    """Whether the bracket of a declaration holds an index; says so where it does not."""
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
    if not table.axes:
        if not table.mentioned & {"axis"}:
            table.report_once("axis", messages.no_axis(item.name, item.span))
    elif item.name not in table.symbols:
        table.report(messages.unknown_index(item.name, item.span, table.ways))
    else:
        table.report(wording.bad_data_index(item.span, table.index))
    table.broken.add(item.name)


def _equation(table: Table, statement: tree.EquationStatement) -> None:
    target, items = statement.target, statement.indices or ()
    if isinstance(target, tree.Member):
        base = target.base
        if not table.excuses(base.name):
            declare = f"{base.name} = cell(x = e)"
            names = table.instances
            table.report(messages.unknown_name(base.name, base.span, names, declare))
    elif target.name == LOSS:
        _loss(table, statement)
    elif all(table.axis_of(_written(item)) is not None for item in items):
        indices = tuple(_written(item) for item in items)
        twice = [number for number, index in enumerate(indices) if index in indices[:number]]
        if twice:
            at = items[twice[0]].span
            table.report(axis_messages.index_twice(target.name, indices[twice[0]], at))
            table.broken.add(target.name)
            return
        axes = tuple(table.axis_of(index) or "" for index in indices)
        if are_mixed(table, items, axes, False):
            table.broken.add(target.name)
            return
        _add(table, Symbol(target.name, "value", target.span, statement, axes, indices))
    elif _names_nothing(table, items):
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


def _names_nothing(table: Table, items: tuple[tree.Expr, ...]) -> bool:
    """Whether the bracket of a left side holds a name that nothing has, which is told."""
    names = [item for item in items if isinstance(item, tree.Name)]
    ends = ("leaf", "root") if table.has_tree else ()
    unknown = [i for i in names if i.name not in table.symbols and i.name not in ends]
    for item in unknown:
        if item.name in ("leaf", "root"):
            table.report(tree_messages.no_tree(item.name, item.span))
        elif not table.excuses(item.name):
            _unknown_index(table, item)
    return bool(unknown)

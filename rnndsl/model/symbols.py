"""The one table of names of a file: what each name is and where it was declared.

It collects declarations; right sides of equations are for `resolve`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from rnndsl.model import messages
from rnndsl.syntax import tree
from rnndsl.text.diagnostics import Diagnostic
from rnndsl.text.source import Span

RESERVED = frozenset(
    "model axis size input target param const output clip use as in tree reverse and or not "
    "leaf root children parent loss".split()
)
RESERVED_DATA = frozenset(
    "params lengths trees inputs mode seed state batch forcing return_state".split()
)
LOSS = "loss"
What = Literal["axis", "length", "size", "const", "param", "input", "target", "value", "formula"]


@dataclass(frozen=True)
class Symbol:
    """One declared name; `entry` is the part of the tree that declares it."""

    name: str
    what: What
    span: Span
    entry: tree.Node
    axes: tuple[str, ...] = ()


@dataclass
class Table:
    """All declarations of a file, by kind, in the order of the file."""

    symbols: dict[str, Symbol] = field(default_factory=dict)
    formulas: dict[str, tree.FormulaStatement] = field(default_factory=dict)
    boundaries: list[tree.EquationStatement] = field(default_factory=list)
    outputs: list[tree.OutputStatement] = field(default_factory=list)
    clips: list[tree.ClipStatement] = field(default_factory=list)
    loss: tree.EquationStatement | None = None
    header: tree.ModelStatement | None = None
    diagnostics: list[Diagnostic] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    """Names whose declarations are at fault: references to them are not errors of their own."""

    def of(self, *what: What) -> Iterator[Symbol]:
        """The symbols of some kinds."""
        return (item for item in self.symbols.values() if item.what in what)

    def report(self, item: Diagnostic) -> None:
        """Keep a diagnostic."""
        self.diagnostics.append(item)

    @property
    def axis(self) -> Symbol | None:
        """The sequence axis, if the model has one."""
        return next(self.of("axis"), None)

    @property
    def index(self) -> str:
        """The running index, for messages too where there is none."""
        return self.axis.name if self.axis else "t"

    @property
    def length(self) -> str:
        """The name of the axis' length, likewise."""
        return next((item.name for item in self.of("length")), "T")


def collect(statements: tuple[tree.Statement, ...]) -> Table:
    """The table of a file; its diagnostics say what clashes or waits for a later version."""
    table = Table()
    for statement in statements:
        _declare(table, statement)
    for statement in statements:
        if isinstance(statement, tree.EquationStatement):
            _equation(table, statement)
    return table


def _add(table: Table, symbol: Symbol) -> None:
    name = symbol.name
    if name in RESERVED:
        table.report(messages.reserved(name, symbol.span))
        table.broken.add(name)
    elif symbol.what in ("input", "target") and name in RESERVED_DATA:
        table.report(messages.data_reserved(name, symbol.span))
        table.broken.add(name)
    elif name in table.symbols:
        table.report(messages.duplicate(name, symbol.span, table.symbols[name].span))
    else:
        table.symbols[name] = symbol


def _declare(table: Table, statement: tree.Statement) -> None:
    match statement:
        case tree.ModelStatement():
            _once(table, statement)
        case tree.AxisStatement():
            _axis(table, statement)
        case tree.TreeStatement():
            table.report(messages.later("an axis over a tree", statement.span))
            table.broken.update(name.name for name in statement.indices)
        case tree.UseStatement():
            table.report(messages.later("another model as a cell (`use`)", statement.span))
            table.broken.add(statement.name.name)
        case tree.SizeStatement(entries=entries):
            for size in entries:
                _add(table, Symbol(size.name.name, "size", size.name.span, size))
        case tree.ConstStatement(entries=entries):
            for const in entries:
                _add(table, Symbol(const.name.name, "const", const.name.span, const))
        case tree.DataStatement(role=role, entries=entries):
            for data in entries:
                axes = _axes(table, data.indices)
                _add(table, Symbol(data.name.name, role, data.name.span, data, axes))
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
        table.report(messages.second("name", statement.span, table.header.span))
    elif statement.name.name in RESERVED:
        table.report(messages.reserved(statement.name.name, statement.name.span))
    else:
        table.header = statement


def _axis(table: Table, statement: tree.AxisStatement) -> None:
    index, length = statement.indices[0], statement.length
    names = [name.name for name in (*statement.indices, length)]
    if statement.first.value != 1:
        table.report(messages.bad_axis_start(statement.first.span))
    if len(statement.indices) > 1:
        table.report(messages.later("several indices over one axis", statement.span))
        table.broken.update(names)
    elif table.axis is not None:
        table.report(messages.later("a second axis", statement.span))
        table.broken.update(names)
    else:
        _add(table, Symbol(index.name, "axis", index.span, statement))
        _add(table, Symbol(length.name, "length", length.span, statement))


def _param(table: Table, entry: tree.ParamEntry) -> None:
    if entry.indices:
        table.report(messages.later("a parameter that carries an axis", entry.span))
        table.broken.add(entry.name.name)
    else:
        _add(table, Symbol(entry.name.name, "param", entry.name.span, entry))


def _formula(table: Table, statement: tree.FormulaStatement) -> None:
    name = statement.name
    if name.name in table.formulas:
        first = table.formulas[name.name].name.span
        table.report(messages.duplicate(name.name, name.span, first))
    elif name.name in RESERVED:
        table.report(messages.reserved(name.name, name.span))
    else:
        table.formulas[name.name] = statement


def _axes(table: Table, indices: tuple[tree.Expr, ...]) -> tuple[str, ...]:
    """The axes that data declares, each of them a bare index."""
    for item in indices:
        if not isinstance(item, tree.Name):
            table.report(messages.bad_position(item.span, table.index, table.length))
        elif (known := table.symbols.get(item.name)) is None or known.what != "axis":
            if item.name not in table.broken:
                names = [axis.name for axis in table.of("axis")]
                table.report(messages.unknown_name(item.name, item.span, names))
    return tuple(item.name for item in indices if isinstance(item, tree.Name))


def _equation(table: Table, statement: tree.EquationStatement) -> None:
    target = statement.target
    if isinstance(target, tree.Member):
        table.report(messages.later("an equation for an instance", statement.span))
        return
    name, indices = target.name, statement.indices
    if name == LOSS:
        if table.loss is not None:
            table.report(messages.second("loss", statement.span, table.loss.span))
        table.loss = table.loss or statement
    elif not indices:
        _add(table, Symbol(name, "value", target.span, statement))
    elif len(indices) == 1 and isinstance(indices[0], tree.Name) and _is_axis(table, indices[0]):
        axes = (indices[0].name,)
        _add(table, Symbol(name, "value", target.span, statement, axes))
    elif not _waits(table, statement, indices):
        table.boundaries.append(statement)


def _is_axis(table: Table, item: tree.Name) -> bool:
    symbol = table.symbols.get(item.name)
    return symbol is not None and symbol.what == "axis"


def _waits(table: Table, statement: tree.EquationStatement, indices: tuple[tree.Expr, ...]) -> bool:
    """Whether the left side belongs to a part of the language that waits, or is at fault."""
    names = {item.name for item in indices if isinstance(item, tree.Name)}
    assert isinstance(statement.target, tree.Name)
    if names & {"leaf", "root"} or names & table.broken:
        table.broken.add(statement.target.name)
        if names & {"leaf", "root"}:
            table.report(messages.later("an equation for leaves or the root", statement.span))
        return True
    if len(indices) > 1:
        table.broken.add(statement.target.name)
        table.report(messages.later("a value over several axes", statement.span))
        return True
    return False

"""Equations, boundaries, outputs and clips with their names resolved, not yet typed.

It checks left sides of boundaries and what outputs and clips may name; shapes and kinds are
for `infer`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from rnndsl.model import declaration_messages as wording
from rnndsl.model import expr as ir
from rnndsl.model import messages, place_messages, slips, tree_messages
from rnndsl.model.edges import boundary_places, covered
from rnndsl.model.expr import Position
from rnndsl.model.places import affine
from rnndsl.model.resolve import Resolver
from rnndsl.model.symbols import LOSS, Table
from rnndsl.syntax import tree
from rnndsl.syntax.printer import print_equation, print_expr
from rnndsl.text.source import Span


@dataclass
class Draft:
    """An equation on its way: resolved, not yet typed."""

    statement: tree.EquationStatement
    name: str
    expr: ir.Expr
    axes: tuple[str, ...] = ()
    indices: tuple[str, ...] = ()
    places: tuple[Position, ...] = ()
    """Of a boundary."""

    @property
    def text(self) -> str:
        """The equation in the canonical spacing; that of an instance without its shape."""
        statement = self.statement
        return print_equation(replace(statement, shape=None) if "." in self.name else statement)

    @property
    def left(self) -> Span:
        """The left side without its shape."""
        return left_span(self.statement)


@dataclass
class Drafts:
    """Everything of a file that has a right side, and what its statements name."""

    equations: list[Draft] = field(default_factory=list)
    boundaries: list[Draft] = field(default_factory=list)
    loss: Draft | None = None
    covered: dict[tuple[str, tuple[Position | None, ...]], Draft] = field(default_factory=dict)
    """The boundary that stands first at its places."""
    outputs: list[ir.Read] = field(default_factory=list)
    references: dict[tree.ClipStatement, ir.Read] = field(default_factory=dict)

    @property
    def sides(self) -> list[Draft]:
        """All that has a right side."""
        loss = [self.loss] if self.loss else []
        return [*self.equations, *self.boundaries, *loss]

    def of(self, name: str) -> Iterator[Draft]:
        """The boundaries of a value."""
        return (draft for draft in self.boundaries if draft.name == name)


def left_span(statement: tree.EquationStatement) -> Span:
    """The left side of an equation without its shape: `h[t]`."""
    span = statement.target.span
    return Span(span.start, statement.indices[-1].span.end + 1) if statement.indices else span


def draft(statements: tuple[tree.Statement, ...], table: Table, resolver: Resolver) -> Drafts:
    """Right sides in the order of the file, which numbers the calls that draw."""
    drafts = Drafts()
    boundaries = {id(statement) for statement in table.boundaries}
    for statement in statements:
        if not isinstance(statement, tree.EquationStatement):
            continue
        if isinstance(statement.target, tree.Member):
            continue
        if id(statement) in boundaries:
            found = _boundary(statement, statement.target.name, table, resolver)
            if found is not None and _is_new(found, drafts, table):
                drafts.boundaries.append(found)
        elif statement is table.loss:
            expr = resolver.resolve(statement.value, LOSS, frozenset())
            drafts.loss = Draft(statement, LOSS, expr) if expr else None
        else:
            _value(statement, statement.target.name, table, resolver, drafts)
    _outputs(table, resolver, drafts)
    _references(table, resolver, drafts)
    return drafts


def _value(
    statement: tree.EquationStatement, name: str, table: Table, resolver: Resolver, drafts: Drafts
) -> None:
    symbol = table.symbols.get(name)
    if symbol is None or symbol.entry is not statement:
        resolver.resolve(statement.value, name, table.indices)
        return
    expr = resolver.resolve(statement.value, symbol.name, frozenset(symbol.indices))
    if expr is not None:
        drafts.equations.append(Draft(statement, symbol.name, expr, symbol.axes, symbol.indices))


def _boundary(
    statement: tree.EquationStatement, name: str, table: Table, resolver: Resolver
) -> Draft | None:
    assert statement.indices
    symbol = table.symbols.get(name)
    left = print_equation(statement).partition(" = ")[0].partition(":")[0]
    found = _indices(statement.indices, table)
    if symbol is None and not table.excuses(name):
        table.broken.add(name)
        _no_equation(name, statement, table)
    elif symbol is not None and not symbol.axes:
        words = "one value an example" if symbol.what == "value" else table.words(symbol)
        table.report(place_messages.boundary_of_no_value(name, left_span(statement), words))
    elif symbol is not None and symbol.what == "param":
        words = "a parameter"
        table.report(place_messages.boundary_of_no_value(name, left_span(statement), words))
    elif symbol is not None and symbol.what != "value":
        end = _end(statement) if table.is_tree(symbol.axes[0]) else ""
        said = place_messages.boundary_of_data(symbol.left, name, left_span(statement))
        if end:
            said = tree_messages.end_of_data(name, symbol.indices[0], left_span(statement), end)
        table.report(said)
    elif symbol is not None:
        expr = resolver.resolve(statement.value, left, found)
        places = boundary_places(symbol, statement, table)
        is_end = places is not None and places[0].anchor in ("leaf", "root")
        if places is not None and (is_end or _has_no_shape(statement, name, table)):
            return Draft(statement, name, expr, places=places) if expr else None
        return None
    resolver.resolve(statement.value, left, found)
    return None


def _indices(items: tuple[tree.Expr, ...], table: Table) -> frozenset[str]:
    """The indices that the brackets of a left side name, shifted or not."""
    forms = [affine(item, table) for item in items]
    return frozenset(index for form in forms if form is not None for index in form.indices)


def _end(statement: tree.EquationStatement) -> str:
    """`leaf` or `root` where a left side says one of them, else ""."""
    items = statement.indices or ()
    names = [item.name for item in items if isinstance(item, tree.Name)]
    return next((name for name in names if name in ("leaf", "root")), "")


def _no_equation(name: str, statement: tree.EquationStatement, table: Table) -> None:
    """`g[0] = …` or `g[t-1] = …` where there is no `g[t] = …`."""
    assert statement.indices
    trees = [axis.name for axis in table.axes.values() if axis.is_tree]
    if _end(statement) and trees:
        end = _end(statement)
        table.report(tree_messages.end_alone(name, trees[0], left_span(statement), end))
        return
    for item in statement.indices:
        for index in sorted(_indices((item,), table)):
            if not isinstance(item, tree.Name):
                left, length = f"{name}[{index}]", table.length(table.axis_of(index))
                shifted = slips.shifted(statement, table)
                table.report(place_messages.bad_left_side(name, left, item.span, length, shifted))
                return
    shown = [
        item.name if isinstance(item, tree.Name) and table.axis_of(item.name) else table.index
        for item in statement.indices
    ]
    left = f"{name}[{','.join(shown)}]"
    table.report(place_messages.boundary_without_equation(name, left, left_span(statement)))


def _has_no_shape(statement: tree.EquationStatement, name: str, table: Table) -> bool:
    if statement.shape is not None:
        table.report(place_messages.boundary_shape(name, statement.shape.span))
    return statement.shape is None


def _is_new(found: Draft, drafts: Drafts, table: Table) -> bool:
    """Whether no boundary before gives the same places, however their indices are called."""
    first = drafts.covered.setdefault((found.name, covered(found.places)), found)
    if first is not found:
        left = first.text.partition(" = ")[0]
        table.report(messages.two_boundaries(left, found.left, first.left))
    return first is found


def _outputs(table: Table, resolver: Resolver, drafts: Drafts) -> None:
    """What the `output` statements name: values and data, at one place."""
    for statement in table.outputs:
        for item in statement.values:
            expr = resolver.resolve(item, "output", table.indices)
            if isinstance(expr, ir.Read):
                drafts.outputs.append(expr)
            elif expr is not None:
                table.report(wording.bad_output(item.span))


def _references(table: Table, resolver: Resolver, drafts: Drafts) -> None:
    """The recurrent references that clips name: shifted reads of values."""
    for statement in table.clips:
        if statement.reference is None:
            continue
        expr = resolver.resolve(statement.reference, "clip", table.indices)
        is_whole = not table.has_errors
        if isinstance(expr, ir.Read) and _is_recurrent(expr, table, drafts if is_whole else None):
            drafts.references[statement] = expr
        elif expr is not None:
            text = print_expr(statement.reference)
            table.report(wording.not_recurrent(text, statement.reference.span))


def _is_recurrent(read: ir.Read, table: Table, drafts: Drafts | None) -> bool:
    """Whether a shifted reference to a value is read; with `drafts` by one of these."""
    places = [place for place in read.places if isinstance(place, Position)]
    if not any(place.anchor == "index" and not place.is_here for place in places):
        return False
    if table.symbols[read.name].what != "value":
        return False
    return drafts is None or any(
        item.name == read.name and item.places == read.places
        for side in drafts.sides
        for item in ir.reads(side.expr)
    )

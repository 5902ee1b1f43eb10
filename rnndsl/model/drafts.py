"""Equations, boundaries, outputs and clips with their names resolved, not yet typed.

It checks left sides of boundaries and what outputs and clips may name; shapes and kinds are
for `infer`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rnndsl.model import declaration_messages as wording
from rnndsl.model import expr as ir
from rnndsl.model import messages, place_messages, slips
from rnndsl.model.expr import Position
from rnndsl.model.places import affine, position
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
    place: Position | None = None

    @property
    def text(self) -> str:
        """The equation in the canonical spacing."""
        return print_equation(self.statement)

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
    places: set[tuple[str, Position]] = set()
    for statement in statements:
        if not isinstance(statement, tree.EquationStatement):
            continue
        if isinstance(statement.target, tree.Member):
            continue
        if id(statement) in boundaries:
            found = _boundary(statement, statement.target.name, table, resolver)
            if found is not None and _is_new(found, drafts, places, table):
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
        resolver.resolve(statement.value, name, frozenset({table.index}))
        return
    expr = resolver.resolve(statement.value, symbol.name, frozenset(symbol.axes))
    if expr is not None:
        drafts.equations.append(Draft(statement, symbol.name, expr, symbol.axes))


def _boundary(
    statement: tree.EquationStatement, name: str, table: Table, resolver: Resolver
) -> Draft | None:
    assert statement.indices
    item, index = statement.indices[0], table.index
    symbol, place = table.symbols.get(name), position(item, table)
    is_shifted = place is not None and place.anchor == "index"
    left = print_equation(statement).partition(" = ")[0].partition(":")[0]
    running = frozenset({index}) if is_shifted else frozenset[str]()
    if symbol is None and not table.excuses(name):
        table.broken.add(name)
        if is_shifted:
            _shifted(statement, name, item, table)
        else:
            table.report(
                place_messages.boundary_without_equation(name, left_span(statement), index)
            )
    elif symbol is not None and not symbol.axes:
        words = "one value an example" if symbol.what == "value" else table.words(symbol)
        table.report(place_messages.boundary_of_no_value(name, left_span(statement), words))
    elif symbol is not None and symbol.what != "value":
        table.report(place_messages.boundary_of_data(name, left_span(statement), index))
    elif symbol is not None:
        expr = resolver.resolve(statement.value, left, running)
        if _is_place(statement, name, place, table) and _has_no_shape(statement, name, table):
            return Draft(statement, name, expr, (), place) if expr else None
        return None
    resolver.resolve(statement.value, left, running)
    return None


def _shifted(statement: tree.EquationStatement, name: str, item: tree.Expr, table: Table) -> None:
    shifted = slips.shifted(statement, table)
    say = place_messages.bad_left_side
    table.report(say(name, item.span, table.index, table.length, shifted))


def _is_place(
    statement: tree.EquationStatement, name: str, place: Position | None, table: Table
) -> bool:
    """Whether the bracket of a boundary holds a position outside the sequence."""
    assert statement.indices
    item = statement.indices[0]
    if place is None or place.anchor == "index":
        if not any(table.excuses(unknown) for unknown in _unknown(item, table)):
            _shifted(statement, name, item, table)
        return False
    if not place.is_outside:
        table.report(place_messages.boundary_inside(name, item.span, table.length))
        return False
    return True


def _unknown(item: tree.Expr, table: Table) -> list[str]:
    if isinstance(item, tree.Name):
        return [] if affine(item, table) else [item.name]
    if isinstance(item, tree.Binary):
        return _unknown(item.left, table) + _unknown(item.right, table)
    return []


def _has_no_shape(statement: tree.EquationStatement, name: str, table: Table) -> bool:
    if statement.shape is not None:
        table.report(place_messages.boundary_shape(name, statement.shape.span))
    return statement.shape is None


def _is_new(found: Draft, drafts: Drafts, places: set[tuple[str, Position]], table: Table) -> bool:
    assert found.place is not None
    key = (found.name, found.place)
    if key not in places:
        places.add(key)
        return True
    first = next(item for item in drafts.of(found.name) if item.place == found.place)
    left = first.text.partition(" = ")[0]
    table.report(messages.two_boundaries(left, found.left, first.left))
    return False


def _outputs(table: Table, resolver: Resolver, drafts: Drafts) -> None:
    """What the `output` statements name: values and data, at one place."""
    running = frozenset({table.index}) if table.axis else frozenset[str]()
    for statement in table.outputs:
        for item in statement.values:
            expr = resolver.resolve(item, "output", running)
            if isinstance(expr, ir.Read):
                drafts.outputs.append(expr)
            elif expr is not None:
                table.report(wording.bad_output(item.span))


def _references(table: Table, resolver: Resolver, drafts: Drafts) -> None:
    """The recurrent references that clips name: shifted reads of values."""
    running = frozenset({table.index}) if table.axis else frozenset[str]()
    for statement in table.clips:
        if statement.reference is None:
            continue
        expr = resolver.resolve(statement.reference, "clip", running)
        is_whole = not table.has_errors
        if isinstance(expr, ir.Read) and _is_recurrent(expr, table, drafts if is_whole else None):
            drafts.references[statement] = expr
        elif expr is not None:
            text = print_expr(statement.reference)
            table.report(wording.not_recurrent(text, statement.reference.span))


def _is_recurrent(read: ir.Read, table: Table, drafts: Drafts | None) -> bool:
    """Whether a shifted reference to a value is read; with `drafts` by one of these."""
    place = read.places[0] if read.places else None
    if not isinstance(place, Position) or place.anchor != "index" or place.is_here:
        return False
    if table.symbols[read.name].what != "value":
        return False
    return drafts is None or any(
        item.name == read.name and item.places == read.places
        for side in drafts.sides
        for item in ir.reads(side.expr)
    )

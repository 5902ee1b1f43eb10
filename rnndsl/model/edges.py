"""The places of a boundary: which indices run, and where outside its axes a value is given."""

from __future__ import annotations

from rnndsl.model import axis_messages, place_messages, slips, tree_messages
from rnndsl.model.expr import Position
from rnndsl.model.nodes import leads_nowhere
from rnndsl.model.places import affine, position, stranger
from rnndsl.model.symbols import Symbol, Table
from rnndsl.syntax import tree
from rnndsl.text.source import Span


def boundary_places(
    symbol: Symbol, statement: tree.EquationStatement, table: Table
) -> tuple[Position, ...] | None:
    """The places on the left side of a boundary; None where they are at fault."""
    assert statement.indices
    items, wanted = statement.indices, len(symbol.axes)
    whole = Span(statement.target.span.start, items[-1].span.end + 1)
    if len(items) < wanted:
        table.report(axis_messages.few_places(symbol.left, whole, len(items), wanted))
        return None
    if len(items) > wanted:
        at = items[wanted].span
        got = len(items)
        table.report(axis_messages.many_places(symbol.name, symbol.left, at, got, wanted))
        return None
    found = []
    shifted = slips.shifted(statement, table)
    for item, axis, index in zip(items, symbol.axes, symbol.indices, strict=True):
        place = _place(symbol, item, axis, index, table, shifted)
        if place is None:
            return None
        found.append(place)
    if _repeats(found, symbol, items, table):
        return None
    return tuple(found)


def _repeats(
    places: list[Position], symbol: Symbol, items: tuple[tree.Expr, ...], table: Table
) -> bool:
    """Whether an index runs twice, which is told."""
    running = [place.index for place in places]
    for number, index in enumerate(running):
        if index is not None and index in running[:number]:
            span = items[number].span
            table.report(axis_messages.index_twice(symbol.name, index, span))
            return True
    return False


def _place(
    symbol: Symbol, item: tree.Expr, axis: str, index: str, table: Table, shifted: str | None
) -> Position | None:
    """One place of a boundary: a running index of the axis, or a position outside."""
    place = position(item, table, axis)
    if table.is_tree(axis):
        if place is not None and (place.is_here or place.anchor in ("leaf", "root")):
            return place
        if not leads_nowhere(item, table, axis):
            table.report(tree_messages.bad_left_side(symbol.name, index, item.span))
        return None
    if place is not None and (place.is_here or place.is_outside):
        return place
    other = stranger(item, table, axis)
    length = table.length(axis)
    if other is not None:
        name, left = symbol.name, symbol.left
        table.report(axis_messages.other_axis_left(name, left, item.span, other, index))
    elif place is not None and place.anchor != "index":
        shown = [
            f"{symbol.name}[{','.join(at if own == index else own for own in symbol.indices)}]"
            for at in ("0", f"{length}+1")
        ]
        table.report(place_messages.boundary_inside(symbol.name, item.span, length, *shown))
    elif not any(table.excuses(name) for name in _unknown(item, table)):
        name, left = symbol.name, symbol.left
        table.report(place_messages.bad_left_side(name, left, item.span, length, shifted))
    return None


def covered(places: tuple[Position, ...]) -> tuple[Position | None, ...]:
    """What a boundary covers, however its running indices are called."""
    return tuple(None if place.is_here else place for place in places)


def _unknown(item: tree.Expr, table: Table) -> list[str]:
    if isinstance(item, tree.Name):
        return [] if affine(item, table) else [item.name]
    if isinstance(item, tree.Binary):
        return _unknown(item.left, table) + _unknown(item.right, table)
    return []

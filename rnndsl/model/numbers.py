"""Arithmetic that is known while reading: sizes as polynomials, consts as numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from operator import add, mul, sub

from rnndsl.model import declaration_messages as wording
from rnndsl.model import messages
from rnndsl.model.dims import Dim
from rnndsl.model.model import Initialiser, Size
from rnndsl.model.symbols import Table
from rnndsl.syntax import tree

MAX_TERMS = 1_000
EXACT = 2**53
ARITHMETIC = {"+": add, "-": sub, "*": mul}
INITIALISERS = {
    "zeros": "zeros",
    "ones": "ones",
    "normal": "normal(std)",
    "uniform": "uniform(a, b)",
    "glorot": "glorot",
    "orthogonal": "orthogonal",
    "identity": "identity",
}


def dimension(expr: tree.Expr, table: Table) -> Dim | None:
    """Arithmetic over sizes; reports and gives None where it is something else."""
    match expr:
        case tree.Number(value=int(value)):
            return Dim.number(value)
        case tree.Name():
            return _size(expr, table)
        case tree.Unary(operator="-", operand=operand):
            inner = dimension(operand, table)
            return None if inner is None else -inner
        case tree.Binary(operator="+" | "-" | "*" as operator, left=left, right=right):
            first, second = dimension(left, table), dimension(right, table)
            if first is None or second is None:
                return None
            if len(first.terms) * len(second.terms) > MAX_TERMS:
                table.report(wording.large_size(expr.span))
                return None
            total: Dim = ARITHMETIC[operator](first, second)
            return total
        case tree.Binary(operator="/", left=left, right=tree.Number(value=int(value))) if value:
            first = dimension(left, table)
            return None if first is None else first.divided(value)
    table.report(wording.bad_size(expr.span))
    return None


def _size(expr: tree.Name, table: Table) -> Dim | None:
    symbol = table.symbols.get(expr.name)
    if symbol is None:
        if not table.excuses(expr.name):
            names = [name for name in table.proposals if table.symbols[name].what == "size"]
            declare = f"size {expr.name}"
            table.report(messages.unknown_name(expr.name, expr.span, names, declare))
        return None
    table.used.add(expr.name)
    if symbol.what == "size":
        return Dim.size(expr.name)
    table.report(wording.no_size(expr.name, expr.span, table.words(symbol)))
    return None


def sizes(table: Table) -> dict[str, Size]:
    """Every declared size, with its default or definition checked."""
    found: dict[str, Size] = {}
    for symbol in table.of("size"):
        entry = symbol.entry
        assert isinstance(entry, tree.SizeEntry)
        default = None if entry.value is None else dimension(entry.value, table)
        if entry.value is not None and default is not None and not _is_size(default):
            table.report(wording.size_not_positive(default, entry.value.span))
            default = None
        found[symbol.name] = Size(symbol.name, default, symbol.span)
    needs = {name: size.default.names for name, size in found.items() if size.default}
    for circle in circles(needs):
        table.report(wording.circular_size(circle, found[circle[0]].span))
    return found


def _is_size(dim: Dim) -> bool:
    """Whether a dimension can be a whole number of at least 1."""
    value = dim.constant
    if value is None:
        return dim.most is None or dim.most >= 1
    return value >= 1 and value.denominator == 1


def circles(needs: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, ...]]:
    """Every circle of definitions, told once: from its first name back to that name."""
    done: set[str] = set()
    for start in needs:
        path = [start]
        steps = [iter(sorted(needs[start]))] if start not in done else []
        while steps:
            name = next(steps[-1], None)
            if name is None:
                done.add(path.pop())
                steps.pop()
            elif name in path:
                yield (*path[path.index(name) :], name)
                done.add(name)
            elif name in needs and name not in done:
                path.append(name)
                steps.append(iter(sorted(needs[name])))


def consts(table: Table) -> dict[str, float]:
    """Every const as a number, kept in the table too; consts may use consts from anywhere."""
    entries = {item.name: item.entry for item in table.of("const")}
    values = {name: e.value for name, e in entries.items() if isinstance(e, tree.ConstEntry)}
    needs = {name: [n for n in _names(value) if n in values] for name, value in values.items()}
    failed: set[str] = set()
    for circle in circles(needs):
        table.report(wording.circular_const(circle, entries[circle[0]].span))
        failed.update(circle)
    order = TopologicalSorter({name: needs[name] for name in values if name not in failed})
    found: dict[str, float] = {}
    for name in order.static_order():
        value = const(values[name], found)
        if value is not None:
            found[name] = value
            continue
        if name not in failed and not _is_echo(values[name], table, failed):
            table.report(wording.bad_const(values[name].span))
        failed.add(name)
    table.consts = {name: found.get(name, 0.0) for name in values}
    return table.consts


def _is_echo(expr: tree.Expr, table: Table, failed: set[str]) -> bool:
    """Whether a const has no value because a name in it is at fault."""
    return any(
        name in failed or (name not in table.symbols and table.excuses(name))
        for name in _names(expr)
    )


def _names(expr: tree.Expr) -> list[str]:
    match expr:
        case tree.Name(name=name):
            return [name]
        case tree.Unary(operand=operand):
            return _names(operand)
        case tree.Binary(left=left, right=right):
            return _names(left) + _names(right)
    return []


def const(expr: tree.Expr, known: Mapping[str, float]) -> float | None:
    """Arithmetic over numbers and known consts; None where it is something else."""
    match expr:
        case tree.Number(value=value):
            return value
        case tree.Unary(operator="-", operand=operand):
            inner = const(operand, known)
            return None if inner is None else -inner
        case tree.Name(name=name):
            return known.get(name)
        case tree.Binary(left=left, right=right, operator=operator):
            first, second = const(left, known), const(right, known)
            if first is not None and second is not None:
                return _arithmetic(operator, first, second)
    return None


def _arithmetic(operator: str, first: float, second: float) -> float | None:
    """One step; whole numbers stay whole as long as floats hold them exactly."""
    is_whole = isinstance(first, int) and isinstance(second, int) and operator in "+-*"
    try:
        match operator:
            case "+" | "-" | "*":
                value = ARITHMETIC[operator](first, second)
            case "/":
                value = first / second
            case "%":
                value = first % second
            case "^":
                value = pow(float(first), float(second))
            case _:
                return None
    except (ZeroDivisionError, OverflowError):
        return None
    if isinstance(value, complex) or not math.isfinite(value):
        return None
    return int(value) if is_whole and abs(value) < EXACT else float(value)


def shape(node: tree.Shape, table: Table) -> tuple[Dim, ...] | None:
    """A declared shape; every dimension must be able to be at least 1."""
    dims = [dimension(item, table) for item in node.dims]
    for item, dim in zip(node.dims, dims, strict=True):
        if dim is not None and not _is_size(dim):
            table.report(wording.size_not_positive(dim, item.span))
            return None
    if any(dim is None for dim in dims):
        return None
    return tuple(dim for dim in dims if dim is not None)


def initialiser(expr: tree.Expr, table: Table, known: Mapping[str, float]) -> Initialiser | None:
    """What follows `=` in a `param` statement."""
    table.used.update(_names(expr))
    value = const(expr, known)
    if value is not None:
        return Initialiser("number", (float(value),))
    name, arguments = "", tuple[tree.Expr | tree.Argument, ...]()
    if isinstance(expr, tree.Name):
        name = expr.name
    elif isinstance(expr, tree.Call) and expr.binder is None:
        name, arguments = expr.function, expr.arguments
    if name not in INITIALISERS:
        if not table.excuses(name):
            table.report(wording.bad_initialiser(expr.span, INITIALISERS.values(), name or None))
        return None
    values = [None if isinstance(a, tree.Argument) else const(a, known) for a in arguments]
    form = INITIALISERS[name]
    wanted = form.count(",") + 1 if "(" in form else 0
    numbers = tuple(float(item) for item in values if item is not None)
    fits = len(values) == wanted == len(numbers)
    if not fits or (why := _impossible(name, numbers)):
        table.report(wording.bad_initialiser_arguments(expr.span, form, why if fits else ""))
        return None
    return Initialiser(name, numbers)


def _impossible(name: str, numbers: tuple[float, ...]) -> str:
    """What keeps an initialiser from drawing any number, if anything does."""
    if name == "normal" and numbers[0] < 0:
        return ", with a deviation of at least 0"
    return ", with a below b" if name == "uniform" and numbers[0] > numbers[1] else ""

"""Arithmetic that is known while reading: sizes as polynomials, consts as numbers."""

from __future__ import annotations


from rnndsl.model import messages
from rnndsl.model.dims import Dim
from rnndsl.model.model import Initialiser, Size
from rnndsl.model.symbols import Table
from rnndsl.syntax import tree

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
        case tree.Name(name=name):
            symbol = table.symbols.get(name)
            if symbol is not None and symbol.what == "size":
                return Dim.size(name)
            if symbol is None and name not in table.broken:
                names = [item.name for item in table.of("size")]
                table.report(messages.unknown_name(name, expr.span, names))
                return None
        case tree.Binary(operator="+" | "-" | "*" as operator, left=left, right=right):
            first, second = dimension(left, table), dimension(right, table)
            if first is None or second is None:
                return None
            return {"+": first + second, "-": first - second, "*": first * second}[operator]
        case tree.Binary(operator="/", left=left, right=tree.Number(value=int(value))) if value:
            first = dimension(left, table)
            return None if first is None else first.divided(value)
    if not (isinstance(expr, tree.Name) and expr.name in table.broken):
        table.report(messages.bad_size(expr.span))
    return None


def sizes(table: Table) -> dict[str, Size]:
    """Every declared size, with its default or definition checked."""
    found: dict[str, Size] = {}
    for symbol in table.of("size"):
        entry = symbol.entry
        assert isinstance(entry, tree.SizeEntry)
        default = None if entry.value is None else dimension(entry.value, table)
        if default is not None and (value := default.constant) is not None:
            if value < 1 or value.denominator != 1:
                table.report(messages.size_not_positive(symbol.name, value, entry.span))
                default = None
        found[symbol.name] = Size(symbol.name, default, symbol.span)
    for size in found.values():
        if _is_circular(size, found):
            table.report(messages.circular_size(size.name, size.span))
    return found


def _is_circular(size: Size, found: dict[str, Size]) -> bool:
    seen: set[str] = set()
    waiting = set(size.default.names) if size.default else set[str]()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        default = found[name].default if name in found else None
        waiting |= (default.names if default else frozenset()) - seen
    return size.name in seen


def consts(table: Table) -> dict[str, float]:
    """Every const as a number; consts may use consts declared anywhere in the file."""
    found: dict[str, float] = {}
    entries = {item.name: item.entry for item in table.of("const")}
    for name, entry in entries.items():
        assert isinstance(entry, tree.ConstEntry)
        value = _const(entry.value, table, (name,))
        if value is None:
            table.report(messages.bad_const(entry.value.span))
        found[name] = 0.0 if value is None else value
    return found


def _const(expr: tree.Expr, table: Table, path: tuple[str, ...]) -> float | None:
    match expr:
        case tree.Number(value=value):
            return value
        case tree.Unary(operator="-", operand=operand):
            inner = _const(operand, table, path)
            return None if inner is None else -inner
        case tree.Name(name=name) if name not in path:
            symbol = table.symbols.get(name)
            if symbol is not None and isinstance(symbol.entry, tree.ConstEntry):
                return _const(symbol.entry.value, table, (*path, name))
        case tree.Binary(left=left, right=right, operator=operator):
            first, second = _const(left, table, path), _const(right, table, path)
            if first is not None and second is not None:
                return _arithmetic(operator, first, second)
    return None


def _arithmetic(operator: str, first: float, second: float) -> float | None:
    try:
        match operator:
            case "+":
                return first + second
            case "-":
                return first - second
            case "*":
                return first * second
            case "/":
                return first / second
            case "^":
                power = first**second
                return power if isinstance(power, int | float) else None
    except (ZeroDivisionError, OverflowError):
        return None
    return None


def shape(node: tree.Shape, table: Table) -> tuple[Dim, ...] | None:
    """A declared shape; every dimension must be able to be at least 1."""
    dims = [dimension(item, table) for item in node.dims]
    for item, dim in zip(node.dims, dims, strict=True):
        constant = None if dim is None else dim.constant
        if constant is not None and (constant < 1 or constant.denominator != 1):
            table.report(messages.bad_size(item.span))
            return None
    if any(dim is None for dim in dims):
        return None
    return tuple(dim for dim in dims if dim is not None)


def initialiser(expr: tree.Expr, table: Table) -> Initialiser | None:
    """What follows `=` in a `param` statement."""
    value = _const(expr, table, ())
    if value is not None:
        return Initialiser("number", (float(value),))
    name, arguments = "", tuple[tree.Expr | tree.Argument, ...]()
    if isinstance(expr, tree.Name):
        name = expr.name
    elif isinstance(expr, tree.Call) and expr.binder is None:
        name, arguments = expr.function, expr.arguments
    if name not in INITIALISERS:
        shown = name or "this"
        table.report(messages.bad_initialiser(expr.span, INITIALISERS, shown))
        return None
    values = [None if isinstance(a, tree.Argument) else _const(a, table, ()) for a in arguments]
    form = INITIALISERS[name]
    wanted = form.count(",") + 1 if "(" in form else 0
    numbers = tuple(float(item) for item in values if item is not None)
    if len(values) != wanted or len(numbers) != wanted or _is_impossible(name, numbers):
        table.report(messages.bad_initialiser_arguments(expr.span, form))
        return None
    return Initialiser(name, numbers)


def _is_impossible(name: str, numbers: tuple[float, ...]) -> bool:
    if name == "normal":
        return numbers[0] < 0
    return name == "uniform" and numbers[0] > numbers[1]

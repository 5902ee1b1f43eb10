"""Declared data and parameters, outputs and clips, checked entry by entry."""

from __future__ import annotations

from typing import Literal

from rnndsl.model import expr as ir
from rnndsl.model import messages
from rnndsl.model.expr import Type
from rnndsl.model.model import Clip, Data, Initialiser, Model, Output, Parameter
from rnndsl.model.numbers import consts, dimension, initialiser, shape
from rnndsl.model.resolve import Resolver
from rnndsl.model.settle import Settled
from rnndsl.model.symbols import Table
from rnndsl.syntax import tree


def data(table: Table) -> dict[str, Data]:
    """Every input and target."""
    found: dict[str, Data] = {}
    for symbol in table.of("input", "target"):
        entry = symbol.entry
        assert isinstance(entry, tree.DataEntry)
        kind: Type | None = Type()
        if isinstance(entry.type, tree.IntegerType):
            kind = integer_type(entry.type, table)
        elif entry.type is not None:
            dims = shape(entry.type, table)
            kind = None if dims is None else Type("real", dims)
        role: Literal["input", "target"] = "input" if symbol.what == "input" else "target"
        if len(symbol.axes) > 1:
            table.report(messages.later("data over several axes", entry.span))
        found[symbol.name] = Data(symbol.name, role, symbol.axes, kind or Type(), symbol.span)
    return found


def integer_type(node: tree.IntegerType, table: Table) -> Type | None:
    """`token(k)` or `position(t)`."""
    if node.kind == "token":
        size = dimension(node.argument, table)
        return None if size is None else Type("token", (), size)
    argument = node.argument
    symbol = table.symbols.get(argument.name) if isinstance(argument, tree.Name) else None
    if symbol is None or symbol.what != "axis":
        if not (isinstance(argument, tree.Name) and argument.name in table.broken):
            table.report(messages.bad_position(argument.span, table.index, table.length))
        return None
    return Type("position", (), None, symbol.name)


def parameters(table: Table) -> dict[str, tuple[Parameter, bool]]:
    """Every parameter, and whether its shape is declared; the initialiser as written."""
    found: dict[str, tuple[Parameter, bool]] = {}
    for symbol in table.of("param"):
        entry = symbol.entry
        assert isinstance(entry, tree.ParamEntry)
        dims = None if entry.shape is None else shape(entry.shape, table)
        start = None if entry.initialiser is None else initialiser(entry.initialiser, table)
        param = Parameter(symbol.name, dims or (), start or Initialiser("default"), symbol.span)
        found[symbol.name] = (param, entry.shape is not None)
    return found


def outputs(table: Table, resolver: Resolver, model: Model, settled: Settled) -> tuple[Output, ...]:
    """What a run hands back; without a statement, the values that the loss reads."""
    found: dict[str, Output] = {}
    for statement in table.outputs:
        for item in statement.values:
            running = frozenset(model.axes)
            expr = resolver.resolve(item, "output", running)
            if expr is None:
                continue
            if not isinstance(expr, ir.Read) or expr.name not in {**model.equations, **model.data}:
                table.report(messages.bad_output(item.span))
                continue
            output = Output(label(expr, model), settled.typed_read(expr))
            if output.label in found:
                first = found[output.label].read.span
                table.report(messages.duplicate(output.label, item.span, first))
            found[output.label] = output
    if table.outputs or model.loss is None:
        return tuple(found.values())
    for read in ir.reads(model.loss.expr):
        if read.name in model.equations and all(isinstance(p, ir.Position) for p in read.places):
            found.setdefault(label(read, model), Output(label(read, model), read))
    return tuple(found.values())


def label(read: ir.Read, model: Model) -> str:
    """The name of an output: the value's, with its position unless that runs over all."""
    if not read.places:
        return read.name
    place = read.places[0]
    if not isinstance(place, ir.Position):
        return f"{read.name}[…]"
    return read.name if place.is_here else f"{read.name}[{place_text(place, model)}]"


def place_text(place: ir.Position, model: Model) -> str:
    """A position as the language writes it: `t-1`, `T+1`, `1`."""
    start = {"index": place.index or "", "end": model.axes[place.axis].length, "start": ""}
    offset = str(place.offset).replace(" ", "")
    anchor = start[place.anchor]
    if not anchor:
        return offset
    if offset == "0":
        return anchor
    return anchor + (offset if offset.startswith("-") else f"+{offset}")


def clips(table: Table, resolver: Resolver, model: Model) -> tuple[Clip, ...]:
    """How gradients are clipped."""
    found: list[Clip] = []
    numbers = consts(table)
    for statement in table.clips:
        kind = statement.kind.name
        limit = _limit(statement.limit, numbers)
        if kind not in ("norm", "value"):
            table.report(messages.bad_clip(statement.kind.span, kind))
            continue
        if limit is None:
            table.report(messages.bad_clip_limit(statement.limit.span))
            continue
        word: Literal["norm", "value"] = "norm" if kind == "norm" else "value"
        names = tuple(item.name for item in statement.params)
        for item in statement.params:
            if item.name not in model.params:
                table.report(messages.bad_clip_target(item.span, item.name))
        reference = _reference(statement, table, resolver, model)
        if statement.reference is None or reference is not None:
            found.append(Clip(word, limit, names, reference))
    return tuple(found)


def _limit(expr: tree.Expr, numbers: dict[str, float]) -> float | None:
    value: float | None = None
    if isinstance(expr, tree.Number):
        value = float(expr.value)
    elif isinstance(expr, tree.Name):
        value = numbers.get(expr.name)
    return value if value is not None and value > 0 else None


def _reference(
    statement: tree.ClipStatement, table: Table, resolver: Resolver, model: Model
) -> ir.Read | None:
    """The recurrent reference that a clip names: one that some equation reads."""
    if statement.reference is None:
        return None
    expr = resolver.resolve(statement.reference, "clip", frozenset(model.axes))
    if isinstance(expr, ir.Read) and expr.places and expr.name in model.equations:
        place = expr.places[0]
        is_shift = isinstance(place, ir.Position) and place.anchor == "index"
        if is_shift and not place.is_here and _is_read(expr, model):
            return expr
    if expr is not None:
        text = table.index if not isinstance(expr, ir.Read) else label(expr, model)
        table.report(messages.bad_clip_target(statement.reference.span, text))
    return None


def _is_read(read: ir.Read, model: Model) -> bool:
    return any(
        item.name == read.name and item.places == read.places
        for equation in model.all_equations
        for item in ir.reads(equation.expr)
    )

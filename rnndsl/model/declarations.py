"""Declared data and parameters, outputs and clips, checked entry by entry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from rnndsl.model import declaration_messages as wording
from rnndsl.model import expr as ir
from rnndsl.model import messages, place_messages, tree_messages
from rnndsl.model.dims import ZERO
from rnndsl.model.drafts import Drafts
from rnndsl.model.expr import Type
from rnndsl.model.model import Clip, Data, Initialiser, Model, Output, Parameter
from rnndsl.model.numbers import initialiser, shape
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
        if kind is None:
            table.broken.add(symbol.name)
        role: Literal["input", "target"] = "input" if symbol.what == "input" else "target"
        found[symbol.name] = Data(
            symbol.name, role, symbol.axes, kind or Type(), symbol.span, symbol.indices
        )
    return found


def integer_type(node: tree.IntegerType, table: Table) -> Type | None:
    """`token(k)` or `position(t)`."""
    if node.kind == "token":
        dims = shape(tree.Shape(node.argument.span, (node.argument,)), table)
        return None if dims is None else Type("token", (), dims[0])
    argument = node.argument
    symbol = table.symbols.get(argument.name) if isinstance(argument, tree.Name) else None
    if symbol is None or symbol.what != "axis":
        if not (isinstance(argument, tree.Name) and table.excuses(argument.name)):
            table.report(place_messages.position_of_no_axis(argument.span, table.index))
        return None
    if table.is_tree(symbol.axes[0]):
        table.report(tree_messages.position_of_tree(argument.span, symbol.name))
        return None
    return Type("position", (), None, symbol.axes[0])


def parameters(table: Table, consts: Mapping[str, float]) -> dict[str, tuple[Parameter, bool]]:
    """Every parameter, and whether its shape is declared; the initialiser as written."""
    found: dict[str, tuple[Parameter, bool]] = {}
    for symbol in table.of("param"):
        entry = symbol.entry
        assert isinstance(entry, tree.ParamEntry)
        if isinstance(entry.shape, tree.IntegerType):
            table.report(wording.parameter_of_integers(symbol.name, entry.shape.span))
            table.broken.add(symbol.name)
            continue
        dims = None if entry.shape is None else shape(entry.shape, table)
        if entry.shape is not None and dims is None:
            table.broken.add(symbol.name)
        start = None
        if entry.initialiser is not None:
            start = initialiser(entry.initialiser, table, consts)
        lead = tuple(table.axes[axis].size or ZERO for axis in symbol.axes)
        start = start or Initialiser("default")
        param = Parameter(symbol.name, dims or (), start, symbol.span, symbol.axes, lead)
        found[symbol.name] = (param, entry.shape is not None)
    return found


def outputs(table: Table, drafts: Drafts, model: Model, settled: Settled) -> tuple[Output, ...]:
    """What a run hands back; without a statement, the values that the loss reads."""
    found: dict[str, Output] = {}
    for read in drafts.outputs:
        typed = settled.typed(read)
        assert isinstance(typed, ir.Read)
        output = Output(label(read, model), typed, tuple(ir.free_indices(read).values()))
        if output.label in found:
            table.report(wording.second_output(output.label, read.span))
        found[output.label] = output
    if table.outputs or model.loss is None:
        return tuple(found.values())
    for read in ir.reads(model.loss.expr):
        if read.name in model.equations and all(isinstance(p, ir.Position) for p in read.places):
            read = _plain(read, model)
            axes = tuple(ir.free_indices(read).values())
            found.setdefault(label(read, model), Output(label(read, model), read, axes))
    return tuple(found.values())


def _plain(read: ir.Read, model: Model) -> ir.Read:
    """A read at all places, under whatever indices, as the left side of the value has it."""
    equation = model.equations[read.name]
    places = [place for place in read.places if isinstance(place, ir.Position) and place.is_here]
    if len({place.index for place in places}) < len(equation.axes):
        return read
    own = zip(places, equation.indices, strict=True)
    return replace(read, places=tuple(replace(place, index=index) for place, index in own))


def label(read: ir.Read, model: Model) -> str:
    """The name of an output: the value's, with its places unless they run over all.

    They run over all where each is the index that the value is defined over, in that order;
    one alone may be called otherwise. A computed place stands there as written, without
    spaces: `h[argmax[t](e[t])]`.
    """
    places = read.places
    owner = model.equations.get(read.name) or model.data.get(read.name)
    running = [p.index for p in places if isinstance(p, ir.Position) and p.is_here]
    own = list(owner.indices) if owner is not None else running
    if len(running) == len(places) and (len(places) < 2 or running == own):
        return read.name
    texts = [
        place_text(place, model)
        if isinstance(place, ir.Position)
        else re.sub(r"#[^\n]*|\s", "", model.source.slice(place.span))
        for place in places
    ]
    return f"{read.name}[{','.join(texts)}]"


def place_text(place: ir.Position, model: Model) -> str:
    """A position as the language writes it: `t-1`, `T+1`, `1`."""
    offset = str(place.offset).replace(" ", "")
    anchor: str = place.anchor if place.anchor in ("root", "leaf") else ""
    if place.link:
        return ".".join([place.index or "", *place.link])
    if place.anchor == "index":
        anchor = place.index or ""
    elif place.anchor == "end":
        anchor = {**model.fixed, **model.axes}[place.axis].length
    if not anchor:
        return offset
    if offset == "0":
        return anchor
    return anchor + (offset if offset.startswith("-") else f"+{offset}")


def check_clips(table: Table, consts: Mapping[str, float]) -> None:
    """Everything that can be said of clips without the equations."""
    params = [symbol.name for symbol in table.of("param")]
    for statement in table.clips:
        if statement.kind.name not in ("norm", "value"):
            table.report(wording.bad_clip(statement.kind.span, statement.kind.name))
        if isinstance(statement.limit, tree.Name):
            table.used.add(statement.limit.name)
        if _limit(statement.limit, consts) is None:
            table.report(wording.bad_clip_limit(statement.limit.span))
        for item in statement.params:
            if isinstance(item, tree.Member):
                name, known = item.base, table.instances
                if name.name not in known and not table.excuses(name.name):
                    declare = f"{name.name} = cell(x = e)"
                    table.report(messages.unknown_name(name.name, name.span, known, declare))
            elif item.name not in params and not table.excuses(item.name):
                table.report(wording.not_clippable(item.name, item.span, params))


def clips(table: Table, drafts: Drafts, consts: Mapping[str, float]) -> list[Clip]:
    """How gradients are clipped."""
    found: list[Clip] = []
    for statement in table.clips:
        word: Literal["norm", "value"] = "norm" if statement.kind.name == "norm" else "value"
        limit = _limit(statement.limit, consts)
        reference = drafts.references.get(statement)
        names = tuple(item.name for item in statement.params if isinstance(item, tree.Name))
        found.append(Clip(word, limit or 0.0, names, reference))
    return found


def _limit(expr: tree.Expr, consts: Mapping[str, float]) -> float | None:
    value: float | None = None
    if isinstance(expr, tree.Number):
        value = float(expr.value)
    elif isinstance(expr, tree.Name):
        value = consts.get(expr.name)
    return value if value is not None and value > 0 else None

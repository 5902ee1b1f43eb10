"""From statements to the checked model: the walk through names, kinds, shapes and roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rnndsl.model import declaration_messages as wording
from rnndsl.model import expr as ir
from rnndsl.model import tree_messages
from rnndsl.model.along import Along
from rnndsl.model.collect import collect
from rnndsl.model.declarations import (
    check_clips,
    clips,
    data,
    integer_type,
    outputs,
    parameters,
)
from rnndsl.model.drafts import Draft, Drafts, draft
from rnndsl.model.expr import Kind, Type
from rnndsl.model.hints import hinted, powers
from rnndsl.model.infer import Inference, Named
from rnndsl.model.kinds import solve
from rnndsl.model.model import Boundary, Data, Equation, Model, Parameter, Size
from rnndsl.model.numbers import consts, shape, sizes
from rnndsl.model.resolve import Resolver
from rnndsl.model.roles import check_targets, unused
from rnndsl.model.settle import Settled, settle
from rnndsl.model.symbols import LOSS, Table
from rnndsl.model.together import match_inputs, settle_sizes, without_echoes
from rnndsl.model.unify import ShapeVar
from rnndsl.model.uses import Whole
from rnndsl.syntax import tree
from rnndsl.text.diagnostics import Diagnostic
from rnndsl.text.source import Source, Span


@dataclass(frozen=True)
class Declared:
    """Data and parameters of a file, and the types that its equations declare."""

    data: Mapping[str, Data]
    params: Mapping[str, tuple[Parameter, bool]]
    values: Mapping[str, Type | None]


def build_model(whole: Whole, stem: str) -> tuple[Model | None, list[Diagnostic]]:
    """The model of a file, or None, and everything that is to be said of it.

    Where names are at fault, shapes are checked as far as they do not depend on these names.
    """
    source, table = whole.source, collect(whole)
    known, numbers = sizes(table), consts(table)
    inner = {name: size for name, size in known.items() if "." in name}
    resolver = Resolver(table, numbers)
    drafts = draft(whole.statements, table, resolver)
    declared = _declared(table, drafts, numbers)
    check_clips(table, numbers)
    if whole.diagnostics or table.has_errors:
        apart = _faults_apart(table, drafts, declared)
        return None, [*table.diagnostics, *hinted(apart, drafts, source)]
    if not drafts.equations and drafts.loss is None:
        end = len(source.text.rstrip())
        table.report(wording.no_model(Span(max(0, end - 1), max(1, end))))
        return None, table.diagnostics
    inference = _infer(drafts, declared, table, whole, inner)
    settled, faults = settle(inference, table)
    if faults:
        told = without_echoes(faults, source)
        return None, [*table.diagnostics, *hinted(told, drafts, source)]
    model = _assembled(table, drafts, declared, settled, source)
    outer = {name: size for name, size in known.items() if name not in inner}
    model = replace(model, name=model.name or stem, sizes=outer, consts=numbers)
    model = replace(model, sites=resolver.sites, outputs=outputs(table, drafts, model, settled))
    model = replace(model, clips=tuple(clips(table, drafts, numbers)))
    for item in check_targets(model):
        table.report(item)
    warnings = (*unused(model, table), *powers(model))
    diagnostics = [*table.diagnostics, *warnings]
    return (None if table.has_errors else replace(model, warnings=warnings)), diagnostics


def _assembled(
    table: Table, drafts: Drafts, declared: Declared, settled: Settled, source: Source
) -> Model:
    """The model but for its sizes, consts, outputs and clips."""
    header, entries = table.header, declared.data
    return Model(
        name=header.name.name if header else "",
        title=(header.title or "") if header else "",
        source=source,
        axes=dict(table.axes),
        sizes={},
        consts={},
        params=settled.parameters(declared.params, table),
        inputs={name: item for name, item in entries.items() if item.role == "input"},
        targets={name: item for name, item in entries.items() if item.role == "target"},
        equations={item.name: _equation(item, drafts, settled) for item in drafts.equations},
        loss=_loss(drafts, settled),
        outputs=(),
        clips=(),
        sites=0,
        warnings=(),
    )


def _declared(table: Table, drafts: Drafts, numbers: Mapping[str, float]) -> Declared:
    values: dict[str, Type | None] = {}
    for item in drafts.equations:
        statement = _shaped(item, drafts, table)
        values[item.name] = _type(statement, table)
        if values[item.name] is None and statement.shape is not None:
            table.broken.add(item.name)
    return Declared(data(table), parameters(table, numbers), values)


def _shaped(item: Draft, drafts: Drafts, table: Table) -> tree.EquationStatement:
    """The statement that declares the shape of a value: its own, or that of leaves or the root."""
    sides = [item.statement, *(bound.statement for bound in drafts.of(item.name))]
    shaped = [side for side in sides if side.shape is not None]
    for other in shaped[1:]:
        assert other.shape is not None
        table.report(tree_messages.second_shape(item.name, other.shape.span))
    return shaped[0] if shaped else item.statement


def _type(statement: tree.EquationStatement, table: Table) -> Type | None:
    node = statement.shape
    if node is None:
        return None
    if isinstance(node, tree.IntegerType):
        return integer_type(node, table)
    dims = shape(node, table)
    return None if dims is None else Type("real", dims)


def _faults_apart(table: Table, drafts: Drafts, declared: Declared) -> list[Diagnostic]:
    """Shape faults of the equations that read nothing at fault."""
    known = {*declared.data, *declared.params, *(item.name for item in drafts.equations)}
    known -= table.broken
    needs = {id(item): {*_read(item.expr), item.name} - {LOSS} for item in drafts.sides}
    readers: dict[str, list[str]] = {}
    for item in drafts.equations:
        for name in needs[id(item)]:
            readers.setdefault(name, []).append(item.name)
    waiting = [name for name in readers if name not in known]
    while waiting:
        lost = [name for name in readers.get(waiting.pop(), ()) if name in known]
        known.difference_update(lost)
        waiting.extend(lost)
    kept = [item for item in drafts.equations if item.name in known]
    loss = drafts.loss
    sound = Drafts(
        equations=kept,
        boundaries=[item for item in drafts.boundaries if needs[id(item)] <= known],
        loss=loss if loss is not None and needs[id(loss)] <= known else None,
    )
    return _infer(sound, declared, table).diagnostics


def _read(expr: ir.Expr) -> set[str]:
    return {item.name for item in expr.walk() if isinstance(item, ir.Read | ir.Param)}


def _infer(
    drafts: Drafts,
    declared: Declared,
    table: Table,
    whole: Whole | None = None,
    inner: Mapping[str, Size] | None = None,
) -> Inference:
    """The shapes and kinds of everything, as far as they follow.

    `inner`: the sizes of used files, which are found with the shapes.
    """
    given: dict[str, Kind] = {name: item.type.kind for name, item in declared.data.items()}
    for name, kind in declared.values.items():
        if kind is not None and kind.kind != "real":
            given[name] = kind.kind
    values: dict[str, tuple[ir.Expr, ...]] = {}
    for item in drafts.sides:
        values[item.name] = (*values.get(item.name, ()), item.expr)
    for number, read in enumerate(drafts.outputs):
        values[f"output {number}"] = (read,)
    value_kinds, kinds = solve(values, given)
    names = _names(drafts, declared, value_kinds)
    inference = Inference(names, value_kinds, kinds, _along(values, value_kinds, declared))
    inference.diagnostics.extend(inference.along.faults)
    for item in drafts.sides:
        if item is drafts.loss:
            inference.loss(item.expr)
        else:
            inference.side(item.name, item.expr, is_boundary=bool(item.places))
    for read in drafts.outputs:
        if read.name in names:
            inference.output(read)
    if whole is not None:
        match_inputs(whole, table, declared.data, inference)
        settle_sizes(inner or {}, whole.defaults, inference)
    inference.solve()
    return inference


def _names(drafts: Drafts, declared: Declared, value_kinds: Mapping[str, Kind]) -> dict[str, Named]:
    """The shapes of all names, as they are declared."""
    names = {
        item.name: _named(item, declared.values[item.name], value_kinds[item.name])
        for item in drafts.equations
    }
    for name, data_item in declared.data.items():
        kind = data_item.type
        shape_ = ShapeVar(kind.shape)
        names[name] = Named(name, shape_, kind.size, data_item.span, False, True, data_item.axes)
    for name, (param, has_shape) in declared.params.items():
        variable = ShapeVar(param.shape if has_shape else None)
        names[name] = Named(name, variable, None, param.span, True, has_shape, param.axes)
    return names


def _named(item: Draft, declared: Type | None, kind: Kind) -> Named:
    has_shape = declared is not None or kind in ("token", "position")
    dims = declared.shape if declared is not None else () if has_shape else None
    size = declared.size if declared else None
    return Named(item.name, ShapeVar(dims), size, item.left, False, has_shape, item.axes)


def _along(
    values: Mapping[str, tuple[ir.Expr, ...]], kinds: Mapping[str, Kind], declared: Declared
) -> Along:
    """The axes of all positions."""
    types = {name: item.type for name, item in declared.data.items()}
    types |= {name: item for name, item in declared.values.items() if item is not None}
    given = {name: item.axis for name, item in types.items() if item.axis is not None}
    sides = {name: values[name] for name, kind in kinds.items() if kind == "position"}
    return Along(given, sides)


def _equation(item: Draft, drafts: Drafts, settled: Settled) -> Equation:
    bounds = tuple(
        Boundary(
            d.name,
            tuple(settled.place(place) for place in d.places),
            settled.typed(d.expr),
            d.text,
            d.statement.span,
        )
        for d in drafts.of(item.name)
    )
    kind, expr = settled.types[item.name], settled.typed(item.expr)
    span = item.statement.span
    return Equation(item.name, item.indices, item.axes, kind, expr, item.text, span, bounds)


def _loss(drafts: Drafts, settled: Settled) -> Equation | None:
    item = drafts.loss
    if item is None:
        return None
    expr = settled.typed(item.expr)
    return Equation(LOSS, (), (), Type(), expr, item.text, item.statement.span)

"""From statements to the checked model: the walk through names, kinds, shapes and roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rnndsl.model import expr as ir
from rnndsl.model import messages
from rnndsl.model.declarations import clips, data, integer_type, outputs, parameters
from rnndsl.model.expr import Kind, Position, Type
from rnndsl.model.infer import Inference, Named, Side
from rnndsl.model.kinds import closed, solve
from rnndsl.model.model import Axis, Boundary, Data, Equation, Model, Output, Parameter
from rnndsl.model.numbers import consts, shape, sizes
from rnndsl.model.places import position
from rnndsl.model.resolve import Resolver
from rnndsl.model.roles import check_targets, unused
from rnndsl.model.settle import Settled, settle
from rnndsl.model.symbols import LOSS, Table, collect
from rnndsl.model.unify import ShapeVar
from rnndsl.syntax import tree
from rnndsl.syntax.printer import print_equation
from rnndsl.text.diagnostics import Diagnostic
from rnndsl.text.source import Source, Span


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


@dataclass
class Drafts:
    """The equations, boundaries and outputs of a file, resolved."""

    equations: list[Draft] = field(default_factory=list)
    boundaries: list[Draft] = field(default_factory=list)
    loss: Draft | None = None
    outputs: list[Output] = field(default_factory=list)

    @property
    def sides(self) -> list[Draft]:
        """All that has a right side."""
        loss = [self.loss] if self.loss else []
        return [*self.equations, *self.boundaries, *loss]


def build_model(
    statements: tuple[tree.Statement, ...], source: Source, stem: str, broken: bool = False
) -> tuple[Model | None, list[Diagnostic]]:
    """The model of a file, or None, and everything that is to be said of it.

    `broken` tells that some statements did not parse: then names may be missing through no
    fault of the others, and only what stands on its own is reported.
    """
    table = collect(statements)
    known, numbers = sizes(table), consts(table)
    resolver = Resolver(table, numbers)
    drafts = _resolve(statements, table, resolver)
    entries = data(table)
    params = parameters(table)
    if broken or any(item.is_error for item in table.diagnostics):
        return None, _without_echo(table.diagnostics, broken)
    if not drafts.equations:
        table.report(messages.no_model(Span(0, len(source.text))))
        return None, table.diagnostics
    names, inference = _infer(table, drafts, entries, params)
    settled, faults = settle(names, inference, table)
    if faults:
        return None, faults
    model = Model(
        name=table.header.name.name if table.header else stem,
        title=(table.header.title or "") if table.header else "",
        source=source,
        axes=_axes(table),
        sizes=known,
        consts=numbers,
        params=settled.parameters(params, table),
        inputs={name: item for name, item in entries.items() if item.role == "input"},
        targets={name: item for name, item in entries.items() if item.role == "target"},
        equations={draft.name: _equation(draft, drafts, settled) for draft in drafts.equations},
        loss=_loss(drafts, settled),
        outputs=(),
        clips=(),
        sites=resolver.sites,
        warnings=(),
    )
    model = replace(model, outputs=outputs(table, resolver, model, settled))
    model = replace(model, clips=clips(table, resolver, model))
    table.diagnostics.extend(check_targets(model))
    warnings = tuple(unused(model, resolver.used, table))
    if any(item.is_error for item in table.diagnostics):
        return None, [*table.diagnostics, *warnings]
    return replace(model, warnings=warnings), [*table.diagnostics, *warnings]


def _without_echo(diagnostics: list[Diagnostic], broken: bool) -> list[Diagnostic]:
    """Beside a statement that did not parse, unknown names may only be its echo."""
    return [item for item in diagnostics if not (broken and item.code in ("RNN110", "RNN122"))]


def _axes(table: Table) -> dict[str, Axis]:
    axis = table.axis
    if axis is None:
        return {}
    return {axis.name: Axis(axis.name, (axis.name,), table.length, axis.span)}


def _resolve(statements: tuple[tree.Statement, ...], table: Table, resolver: Resolver) -> Drafts:
    """Right sides in the order of the file, which numbers the calls that draw."""
    drafts = Drafts()
    for statement in statements:
        if not isinstance(statement, tree.EquationStatement):
            continue
        target = statement.target
        if isinstance(target, tree.Member) or target.name in table.broken:
            continue
        if statement in table.boundaries:
            _boundary(statement, table, resolver, drafts)
        elif statement is table.loss:
            expr = resolver.resolve(statement.value, LOSS, frozenset())
            if statement.indices:
                table.report(messages.second("loss, without an index", statement.span, target.span))
            drafts.loss = Draft(statement, LOSS, expr) if expr else None
        else:
            _value(statement, table, resolver, drafts)
    return drafts


def _value(
    statement: tree.EquationStatement, table: Table, resolver: Resolver, drafts: Drafts
) -> None:
    assert isinstance(statement.target, tree.Name)
    symbol = table.symbols.get(statement.target.name)
    if symbol is None or symbol.entry is not statement:
        return
    expr = resolver.resolve(statement.value, symbol.name, frozenset(symbol.axes))
    if expr is not None:
        drafts.equations.append(Draft(statement, symbol.name, expr, symbol.axes))


def _boundary(
    statement: tree.EquationStatement, table: Table, resolver: Resolver, drafts: Drafts
) -> None:
    assert isinstance(statement.target, tree.Name) and statement.indices
    name, span = statement.target.name, statement.span
    symbol, place = table.symbols.get(name), position(statement.indices[0], table)
    expr = resolver.resolve(statement.value, name, frozenset())
    if symbol is not None and symbol.what in ("input", "target"):
        table.report(messages.boundary_of_data(name, span))
    elif symbol is None or not symbol.axes:
        if name not in table.broken:
            table.report(messages.boundary_without_equation(name, span, table.index))
    elif place is None or len(statement.indices) > 1 or place.anchor == "index":
        table.report(messages.bad_left_side(name, statement.indices[0].span, table.index))
    elif not _is_outside(place):
        item = messages.boundary_inside(name, statement.indices[0].span, table.length)
        table.report(item)
    elif first := _same_place(name, place, drafts):
        table.report(messages.duplicate(f"{name}[…]", span, first.statement.span))
    elif expr is not None:
        drafts.boundaries.append(Draft(statement, name, expr, (), place))


def _is_outside(place: Position) -> bool:
    """Whether a position is outside `1..T` whatever the sizes and the length."""
    if place.anchor == "end":
        return place.offset.least is not None and place.offset.least >= 1
    return place.offset.most is not None and place.offset.most <= 0


def _same_place(name: str, place: Position, drafts: Drafts) -> Draft | None:
    return next((d for d in drafts.boundaries if d.name == name and d.place == place), None)


def _infer(
    table: Table,
    drafts: Drafts,
    entries: Mapping[str, Data],
    params: Mapping[str, tuple[Parameter, bool]],
) -> tuple[dict[str, Named], Inference]:
    declared: dict[str, Kind] = {name: item.type.kind for name, item in entries.items()}
    types = {d.name: _declared(d.statement, table) for d in drafts.equations}
    declared |= {name: kind.kind for name, kind in types.items() if kind and kind.kind != "real"}
    values: dict[str, tuple[ir.Expr, ...]] = {}
    for draft in drafts.sides:
        values[draft.name] = (*values.get(draft.name, ()), draft.expr)
    kinds, expr_kinds = solve(values, declared)
    names = {d.name: _named(d, types[d.name], kinds[d.name]) for d in drafts.equations}
    for name, item in entries.items():
        variable = ShapeVar(item.type.shape)
        names[name] = Named(name, variable, item.type.size, item.span, declared=True)
    for name, (param, has_shape) in params.items():
        variable = ShapeVar(param.shape if has_shape else None)
        names[name] = Named(name, variable, None, param.span, True, has_shape)
    inference = Inference(names, expr_kinds)
    for name, kind in kinds.items():
        if kind == "token" and name != LOSS:
            inference.declare_token(names[name])
    for draft in drafts.sides:
        if draft is drafts.loss:
            inference.scalar(draft.expr, LOSS)
        else:
            inference.side(Side(draft.name, draft.expr))
    inference.solve()
    inference.value_kinds = kinds
    return names, inference


def _named(draft: Draft, declared: Type | None, kind: Kind) -> Named:
    span = draft.statement.target.span
    has_shape = declared is not None or kind in ("token", "position")
    dims = declared.shape if declared is not None else () if has_shape else None
    size = declared.size if declared else None
    return Named(draft.name, ShapeVar(dims), size, span, declared=has_shape)


def _declared(statement: tree.EquationStatement, table: Table) -> Type | None:
    node = statement.shape
    if node is None:
        return None
    if isinstance(node, tree.IntegerType):
        return integer_type(node, table)
    dims = shape(node, table)
    return None if dims is None else Type("real", dims)


def _equation(draft: Draft, drafts: Drafts, settled: Settled) -> Equation:
    bounds = tuple(
        Boundary(d.name, d.place, settled.typed(d.expr), d.text, d.statement.span)
        for d in drafts.boundaries
        if d.name == draft.name and d.place is not None
    )
    kind = settled.types[draft.name]
    expr = settled.typed(draft.expr)
    span = draft.statement.span
    return Equation(draft.name, draft.axes, draft.axes, kind, expr, draft.text, span, bounds)


def _loss(drafts: Drafts, settled: Settled) -> Equation | None:
    draft = drafts.loss
    if draft is None:
        return None
    expr = settled.typed(draft.expr)
    return Equation(LOSS, (), (), Type(), expr, draft.text, draft.statement.span)

"""What inference found, put into the model: types of names and of every expression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rnndsl.model import expr as ir
from rnndsl.model import messages
from rnndsl.model import shape_messages as wording
from rnndsl.model.dims import Dim, show_shape
from rnndsl.model.expr import Type
from rnndsl.model.infer import Inference, Named
from rnndsl.model.kinds import closed
from rnndsl.model.model import Initialiser, Parameter
from rnndsl.model.symbols import Table
from rnndsl.text.diagnostics import Diagnostic

MATRIX_STARTS = ("orthogonal", "identity")


class Settled:
    """Types of all names and expressions."""

    def __init__(self, inference: Inference, types: Mapping[str, Type]) -> None:
        self._inference = inference
        self.types = dict(types)

    def typed(self, expr: ir.Expr) -> ir.Expr:
        """An expression with the types of all its parts filled in."""
        kind = self._type(expr)
        match expr:
            case ir.Read(places=places):
                inside = tuple(self.typed(p) if isinstance(p, ir.Expr) else p for p in places)
                return replace(expr, type=kind, places=inside)
            case ir.Pick(base=base, index=index):
                return replace(expr, type=kind, base=self.typed(base), index=self.typed(index))
            case ir.Apply(arguments=arguments):
                items = tuple(self.typed(item) for item in arguments)
                return replace(expr, type=kind, arguments=items)
            case ir.Over(body=body):
                return replace(expr, type=kind, body=self.typed(body))
            case ir.Teach(teacher=teacher, free=free):
                return replace(expr, type=kind, teacher=self.typed(teacher), free=self.typed(free))
        return replace(expr, type=kind)

    def typed_read(self, read: ir.Read) -> ir.Read:
        """A read outside all equations, typed by what it names."""
        inside = tuple(
            replace(place, type=self.types.get(getattr(place, "name", ""), Type("position")))
            if isinstance(place, ir.Expr)
            else place
            for place in read.places
        )
        return replace(read, type=self.types[read.name], places=inside)

    def _type(self, expr: ir.Expr) -> Type:
        inference = self._inference
        unifier = inference.unifier
        kind = closed(inference.kinds.get(expr, "real"))
        dims = unifier.shape(inference.shapes[expr]) or ()
        size = inference.sizes.get(expr)
        if kind == "token":
            return Type("token", dims, unifier.dim(size) if size is not None else None)
        if kind == "position":
            return Type("position", dims, None, next(iter(inference.axes), None))
        return Type(kind, dims)

    def parameters(
        self, params: Mapping[str, tuple[Parameter, bool]], table: Table
    ) -> dict[str, Parameter]:
        """Parameters with their shapes and the initialiser that these shapes give."""
        found: dict[str, Parameter] = {}
        for name, (param, _) in params.items():
            shape = self.types[name].shape
            start = param.initialiser
            if start.name == "default":
                start = Initialiser("glorot" if len(shape) == 2 else "zeros")
            if start.name in MATRIX_STARTS and len(shape) != 2:
                words = show_shape(shape)
                table.report(messages.initialiser_shape(name, start.name, words, param.span))
            found[name] = replace(param, shape=shape, initialiser=start)
        return found


def settle(
    names: Mapping[str, Named], inference: Inference, table: Table
) -> tuple[Settled, list[Diagnostic]]:
    """Types of all names, or what keeps them from being known."""
    faults = list(inference.diagnostics)
    types: dict[str, Type] = {}
    told: set[str] = set()
    inference.axes = tuple(item.name for item in table.of("axis"))
    ordered = sorted(names.values(), key=lambda named: named.is_param)
    for named in ordered:
        shape = inference.unifier.shape(named.shape)
        axes = table.symbols[named.name].axes if named.name in table.symbols else ()
        written = f"{named.name}[{axes[0]}]" if axes else named.name
        if shape is None:
            faults.append(wording.open_shape(named.name, named.span, _annotation(named, written)))
            continue
        if named.size is not None:
            shape = (*shape, inference.unifier.dim(named.size))
        unknown = {name for dim in shape for name in dim.names if name.startswith("?")}
        if unknown - told:
            faults.append(
                wording.nothing_fixes(named.name, named.span, _annotation(named, written))
            )
        told |= unknown
        types[named.name] = _type(named, inference)
    if inference.diagnostics:
        faults = list(inference.diagnostics)
    return Settled(inference, types), faults


def _annotation(named: Named, written: str) -> str:
    if named.is_param:
        return f"`param {named.name}: m`, or `()`, or `(n, m)`"
    return f"`{written}: m = …` with `size m = 128`, or `()` for a scalar"


def _type(named: Named, inference: Inference) -> Type:
    dims = inference.unifier.shape(named.shape) or ()
    kind = inference.value_kinds.get(named.name, "real")
    if kind == "token" or named.size is not None:
        size: Dim | None = None if named.size is None else inference.unifier.dim(named.size)
        return Type("token", dims, size)
    if kind == "position":
        return Type("position", dims, None, next(iter(inference.axes), None))
    return Type(kind, dims)

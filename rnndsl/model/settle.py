"""What inference found, put into the model: types of names and of every expression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rnndsl.model import declaration_messages as words
from rnndsl.model import expr as ir
from rnndsl.model import shape_messages as wording
from rnndsl.model.dims import Dim, show_shape
from rnndsl.model.expr import Type
from rnndsl.model.infer import Inference, Named
from rnndsl.model.kinds import closed
from rnndsl.model.model import Initialiser, Parameter
from rnndsl.model.symbols import Table
from rnndsl.model.unify import is_unknown
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
            case ir.Read(places=places) | ir.Param(places=places):
                inside = tuple(
                    self.typed(p) if isinstance(p, ir.Expr) else self.place(p) for p in places
                )
                return replace(expr, type=kind, places=inside)
            case ir.SizeNumber(dim=dim):
                found = self._inference.unifier.dim(dim)
                value = found.constant
                if value is not None and value.denominator == 1:
                    return ir.Literal(expr.span, int(value), type=kind)
                return replace(expr, type=kind, dim=found)
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

    def place(self, place: ir.Position) -> ir.Position:
        """A place with the sizes that were found in it."""
        return replace(place, offset=self._inference.unifier.dim(place.offset))

    def _type(self, expr: ir.Expr) -> Type:
        inference = self._inference
        unifier = inference.unifier
        kind = closed(inference.kinds.get(expr, "real"))
        dims = unifier.shape(inference.shapes[expr]) or ()
        size = inference.sizes.get(expr)
        if kind == "token":
            return Type("token", dims, unifier.dim(size) if size is not None else None)
        if kind == "position":
            return Type("position", dims, None, inference.along.of(expr))
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
                shown = show_shape(shape)
                table.report(words.initialiser_shape(name, start.name, shown, param.span))
            found[name] = replace(param, shape=shape, initialiser=start)
        return found


def settle(inference: Inference, table: Table) -> tuple[Settled, list[Diagnostic]]:
    """Types of all names, or what keeps them from being known.

    What is open is told once: it is then taken as settled, and all that follows from it too.
    """
    faults = list(inference.diagnostics)
    if faults:
        return Settled(inference, {}), faults
    unifier = inference.unifier
    told: set[str] = set()
    ordered = sorted(inference.names.values(), key=lambda named: named.is_param)
    for named in ordered:
        if unifier.shape(named.shape) is None:
            if not named.is_param or named.name in table.used:
                example = _open_annotation(named, table)
                faults.append(wording.open_shape(named.name, named.span, example))
            unifier.set(named.shape, ())
            inference.solve()
    for named in ordered:
        unknown = _unknown(named, inference)
        if unknown - told:
            help = f"declare it, for example {_annotation(named, inference, table)}"
            for name in sorted(unknown):
                if "." in name:
                    owner, _, own = name.rpartition(".")
                    help = f"give `{owner}` its size: `{own} = 64`"
            faults.append(wording.nothing_fixes(named.name, named.span, help))
        told |= unknown
    if faults:
        return Settled(inference, {}), faults
    return Settled(inference, {n.name: _type(n, inference) for n in ordered}), []


def _unknown(named: Named, inference: Inference) -> set[str]:
    """The unknown dimensions of a name."""
    dims = inference.unifier.shape(named.shape) or ()
    if named.size is not None:
        dims = (*dims, inference.unifier.dim(named.size))
    return {name for dim in dims for name in dim.names if is_unknown(name)}


def _left(named: Named, table: Table) -> str:
    return table.symbols[named.name].left


def _open_annotation(named: Named, table: Table) -> str:
    size = _new_size(table)
    if named.is_param:
        return f"`param {named.name}: ()` for a scalar, `param {named.name}: {size}` for a vector"
    left = _left(named, table)
    return f"`{left}: () = …` for a scalar, `{left}: {size} = …` for a vector of `size {size}`"


def _annotation(named: Named, inference: Inference, table: Table) -> str:
    """The declaration that would settle it, with a new size for what is unknown."""
    unifier, size = inference.unifier, _new_size(table)
    shape = unifier.shape(named.shape) or ()
    dims = [size if unifier.show_dim(dim) == "?" else str(dim) for dim in shape]
    shown = f"token({size})" if named.size is not None else show_shape(map(Dim.size, dims))
    left = f"`param {named.name}: {shown}`"
    if not named.is_param:
        left = f"`{_left(named, table)}: {shown} = …`"
    return f"{left} with `size {size} = 128`"


def _new_size(table: Table) -> str:
    """A name for a size that the file does not have yet."""
    return next(name for name in ("m", "p", "q", "r", "size_") if name not in table.symbols)


def _type(named: Named, inference: Inference) -> Type:
    dims = inference.unifier.shape(named.shape) or ()
    kind = inference.value_kinds.get(named.name, "real")
    if kind == "token" or named.size is not None:
        size: Dim | None = None if named.size is None else inference.unifier.dim(named.size)
        return Type("token", dims, size)
    if kind == "position":
        return Type("position", dims, None, inference.along.values.get(named.name))
    return Type(kind, dims)

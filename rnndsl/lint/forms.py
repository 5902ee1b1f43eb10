"""The form of an expression as a text: equal for expressions that are written alike.

Places in the file and numbers of draws do not count; names do. It rewrites nothing:
`a + b` and `b + a` are two forms.
"""

from __future__ import annotations

from rnndsl.model import expr as ir
from rnndsl.model.expr import Expr, Position


def form(expr: Expr) -> str:
    """The form of an expression."""
    inside = ",".join(form(item) for item in expr.children)
    return f"{_head(expr)}({inside})"


def _head(expr: Expr) -> str:
    """What stands outermost, names and positions with it."""
    match expr:
        case ir.Literal(value=value):
            return repr(float(value))
        case ir.SizeNumber(dim=dim):
            return f"size {dim}"
        case ir.Length(axis=axis):
            return f"length {axis}"
        case ir.IndexNumber(index=index):
            return f"index {index}"
        case ir.Param(name=name):
            return name
        case ir.Read(name=name, places=places):
            return f"{name}[{'; '.join(_place(item) for item in places)}]"
        case ir.Apply(operation=operation):
            return operation
        case ir.Over(operation=operation, index=index):
            return f"{operation}[{index}]"
    return type(expr).__name__


def _place(place: Position | Expr) -> str:
    if isinstance(place, Expr):
        return "_"
    return f"{place.anchor} {place.index or ''} {place.offset}"


def is_number(expr: Expr, value: float) -> bool:
    """Whether an expression is this number."""
    return isinstance(expr, ir.Literal) and expr.value == value


def complement(expr: Expr) -> Expr | None:
    """The `f` of `1 - f`; None for anything else."""
    if isinstance(expr, ir.Apply) and expr.operation == "sub" and is_number(expr.arguments[0], 1):
        return expr.arguments[1]
    return None


def is_here(read: ir.Read) -> bool:
    """Whether a value is read at the running position, or has no axis."""
    return all(isinstance(place, Position) and place.is_here for place in read.places)

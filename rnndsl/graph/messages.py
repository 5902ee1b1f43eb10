"""What is said of equations that no order can compute."""

from __future__ import annotations

from collections.abc import Sequence

from rnndsl.graph.equations import Reference
from rnndsl.model.declarations import label
from rnndsl.model.model import Equation, Model
from rnndsl.text.diagnostics import Diagnostic, Label, error
from rnndsl.text.source import Span


def _equation(model: Model, name: str) -> Equation:
    return next(item for item in model.all_equations if item.name == name)


def _defined(model: Model, name: str) -> str:
    indices = _equation(model, name).indices
    return f"{name}[{indices[0]}]" if indices else name


def _left(model: Model, name: str) -> Label:
    equation = _equation(model, name)
    width = len(_defined(model, name))
    span = Span(equation.span.start, equation.span.start + width)
    at = f" at {equation.indices[0]}" if equation.indices else ""
    return Label(span, f"defines {name}{at}")


def _read(model: Model, ref: Reference) -> str:
    text = label(ref.read, model)
    is_here = ref.place is not None and ref.place.is_here
    return f"{text}[{ref.place.index}]" if is_here and ref.place else text


def same_step(model: Model, circle: Sequence[Reference]) -> Diagnostic:
    """A circle of references without delay."""
    last = circle[-1]
    name = last.target
    names = [_defined(model, ref.source) for ref in circle]
    path = " -> ".join([*reversed(names), names[-1]])
    is_over_axis = bool(_equation(model, name).indices)
    index = _equation(model, name).indices[0] if is_over_axis else ""
    at = f" at {index}" if is_over_axis else ""
    within = "itself within one step" if is_over_axis else "itself"
    help = (
        f"to read the state of the step before, write `{last.source}[{index}-1]`"
        if is_over_axis
        else "a value without axis is computed once; give it an axis to make it a recurrence"
    )
    labels = [_left(model, name)] if last.source == name else [_left(model, last.source)]
    return error(
        "RNN203",
        f"`{name}` needs {within}",
        last.read.span,
        f"reads {last.source}{at}",
        more=labels,
        notes=[f"the cycle is {path}"],
        help=help,
    )


def mixed(model: Model, back: Reference, ahead: Reference) -> Diagnostic:
    """A loop that would have to run both ways."""
    names = f"`{_read(model, back)}` and `{_read(model, ahead)}`"
    return error(
        "RNN201",
        f"a loop cannot run both ways: {names} depend on each other",
        ahead.read.span,
        "needs the position after",
        more=[Label(back.read.span, "needs the position before")],
        help="split it into two values, one for each direction, as a bidirectional model does",
    )


def blocked(model: Model, ref: Reference, names: Sequence[str]) -> Diagnostic:
    """A reduction over, or a fixed position of, the axis that the loop runs along."""
    words = {
        "fixed": "one position of",
        "all": "all positions of",
        "through": "a position given by data of",
    }
    loop = ", ".join(f"`{name}`" for name in names)
    return error(
        "RNN202",
        f"`{ref.target}` needs {words[ref.kind]} `{ref.source}` while both are being computed",
        ref.read.span,
        f"not known before the loop over {loop} has ended",
        help="read positions relative to the running index (`h[t-1]`), or compute this "
        "after the loop, in a value that the loop does not read",
    )


def unknown_direction(ref: Reference) -> Diagnostic:
    """`h[t-d+1]`: before, here or after, as the size will have it."""
    return error(
        "RNN204",
        f"whether `{ref.source}` is read before, at or after the position depends on a size",
        ref.read.span,
        help="a delay in a loop is at least 1 for every size: `t-d`, `t-d-1`",
    )

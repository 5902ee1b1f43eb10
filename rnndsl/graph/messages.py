"""What is said of equations that no order can compute."""

from __future__ import annotations

from collections.abc import Sequence

from rnndsl.graph.equations import Reference
from rnndsl.model.declarations import label
from rnndsl.model.model import Model
from rnndsl.text.diagnostics import Diagnostic, Label, error
from rnndsl.text.source import Span


def _left(model: Model, ref: Reference) -> str:
    """The left side of the equation, or of the boundary, that a reference stands in."""
    if ref.via is not None:
        return ref.via.text.partition(" = ")[0]
    equation = model.equations.get(ref.target)
    indices = equation.indices if equation else ()
    return f"{ref.target}[{indices[0]}]" if indices else ref.target


def _defined(model: Model, ref: Reference) -> Label:
    """The left side of an equation in the text."""
    start = model.equations[ref.target].span.start if ref.via is None else ref.via.span.start
    left = _left(model, ref)
    return Label(Span(start, start + len(left)), f"defines {_at(left)}")


def _at(text: str) -> str:
    """`h[t]` as `h at t`."""
    return text.replace("[", " at ").removesuffix("]")


def _who(model: Model, ref: Reference) -> str:
    """What a reference stands in: a value's name, or a boundary."""
    return ref.target if ref.via is None else _at(_left(model, ref))


def _read(model: Model, ref: Reference) -> str:
    text = label(ref.read, model)
    is_here = ref.place is not None and ref.place.is_here
    return f"{text}[{ref.place.index}]" if is_here and ref.place else text


def same_step(model: Model, circle: Sequence[Reference]) -> Diagnostic:
    """A circle of references without delay, from the first value that needs itself back to it."""
    needs = list(reversed(circle))
    first, text = needs[0], _read(model, needs[0])
    path = " -> ".join([_left(model, ref) for ref in needs] + [_left(model, needs[0])])
    index = first.place.index if first.place is not None and first.place.is_here else None
    if index is not None:
        within = f"`{first.target}` needs itself within one step"
        help = f"to read the state of the step before, write `{first.source}[{index}-1]`"
    else:
        within = f"`{_left(model, first)}` needs itself"
        help = "a value is computed once; only an equation over an axis can be a recurrence"
    notes = [f"the cycle is {path}"]
    if any(ref.teach == "free" for ref in circle):
        notes.append("it closes where `teach` reads its second argument, in free running")
    is_alone = len(needs) == 1
    more = [Label(r.read.span, f"{_who(model, r)} reads {_at(_read(model, r))}") for r in needs[1:]]
    return error(
        "RNN203",
        within,
        first.read.span,
        f"reads {_at(text)}" if is_alone else f"{_who(model, first)} reads {_at(text)}",
        more=[_defined(model, first)] if is_alone else more,
        notes=notes,
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
    reads = {
        "fixed": f"`{_read(model, ref)}` inside the loop that computes it",
        "all": f"all positions of `{ref.source}` inside the loop that computes them",
        "through": f"`{ref.source}` at a computed position inside the loop that computes it",
    }[ref.kind if ref.kind in ("fixed", "all") else "through"]
    message = f"`{ref.target}` reads {reads}"
    help = "read positions relative to the running index (`h[t-1]`), or define what needs this "
    help += "as a value of its own that the loop does not read"
    if ref.via is not None:
        what = "all positions" if ref.kind == "all" else f"`{_read(model, ref)}`"
        message = f"the boundary `{_left(model, ref)}` reads {what} of a loop that starts from it"
        help = "a boundary may read data, parameters and values that do not depend on it"
    over = [name for name in names if name in model.equations and model.equations[name].indices]
    loop = ", ".join(f"`{name}`" for name in over)
    return error(
        "RNN202", message, ref.read.span, f"known only after the loop over {loop}", help=help
    )


def unknown_direction(ref: Reference) -> Diagnostic:
    """`h[t-d+1]`: before, here or after, as the size will have it."""
    return error(
        "RNN204",
        f"whether `{ref.source}` is read before, at or after the position depends on a size",
        ref.read.span,
        "may be any of them",
        help="every size is at least 1, so `t-d` and `t-d-1` are always before the position",
    )

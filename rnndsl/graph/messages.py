"""What is said of equations that no order can compute."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rnndsl.graph.equations import Reference
from rnndsl.model.declarations import label
from rnndsl.model.expr import Position
from rnndsl.model.instances import base_name
from rnndsl.model.model import Model
from rnndsl.text.diagnostics import Diagnostic, Label, error
from rnndsl.text.source import Span


def _left(model: Model, ref: Reference) -> str:
    """The left side of the equation, or of the boundary, that a reference stands in."""
    equation = ref.via or model.equations.get(ref.target)
    return equation.text.partition(" = ")[0].partition(":")[0] if equation else ref.target


def _defined(model: Model, ref: Reference) -> Label:
    """The left side of an equation in the text."""
    span = model.equations[ref.target].span if ref.via is None else ref.via.span
    left, written = _left(model, ref), model.source.slice(span)
    end = written.index("]") + 1 if "[" in left else len(left)
    return Label(Span(span.start, span.start + end), f"defines {_at(left)}")


def _at(text: str) -> str:
    """`h[t]` as `h at t`."""
    return text.replace("[", " at ").removesuffix("]")


def _who(model: Model, ref: Reference) -> str:
    """What a reference stands in: a value's name, or a boundary."""
    return base_name(ref.target) if ref.via is None else _at(_left(model, ref))


def _read(model: Model, ref: Reference) -> str:
    """A read as it is written."""
    if not ref.read.places:
        return base_name(ref.source)
    if base_name(ref.source) != ref.source:
        return re.sub(r"#[^\n]*|\s", "", model.source.slice(ref.read.span))
    text = label(ref.read, model)
    if text != ref.source:
        return text
    indices = [place.index or "" for place in ref.read.places if isinstance(place, Position)]
    return f"{text}[{','.join(indices)}]"


def same_step(model: Model, circle: Sequence[Reference]) -> Diagnostic:
    """A circle of references without delay, from the first value that needs itself back to it."""
    needs = list(reversed(circle))
    first, text = needs[0], _read(model, needs[0])
    path = " -> ".join([_left(model, ref) for ref in needs] + [_left(model, needs[0])])
    index = first.place.index if first.place is not None and first.place.is_here else None
    if index is not None and first.along[0].axis in _trees(model):
        within = f"`{base_name(first.target)}` needs itself at the same node"
        help = f"a recurrence reads children or the parent: `{base_name(first.source)}"
        help += f"[{index}.parent]`"
    elif index is not None:
        within = f"`{base_name(first.target)}` needs itself within one step"
        before = text.replace(index, f"{index}-1", 1) if len(first.along) > 1 else None
        before = before or f"{base_name(first.source)}[{index}-1]"
        help = f"to read the state of the step before, write `{before}`"
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


def _trees(model: Model) -> list[str]:
    return [axis.name for axis in model.axes.values() if axis.is_tree]


def mixed(model: Model, back: Reference, ahead: Reference) -> Diagnostic:
    """A loop that would have to run both ways."""
    is_tree = back.place is not None and bool(back.place.link)
    before, after = ("children", "parent") if is_tree else ("position before", "position after")
    two = "as a pass up the tree and one down" if is_tree else "as a bidirectional model does"
    names = f"`{_read(model, back)}` and `{_read(model, ahead)}`"
    return error(
        "RNN201",
        f"a loop cannot run both ways: {names} depend on each other",
        ahead.read.span,
        f"needs the {after}",
        more=[Label(back.read.span, f"needs the {before}")],
        help=f"split it into two values, one for each direction, {two}",
    )


def grid(one: Reference, other: Reference, axes: Sequence[str]) -> Diagnostic:
    """A loop along two axes at once."""
    first, second = axes[:2]
    more = (
        []
        if other.read.span == one.read.span
        else [Label(other.read.span, f"moves along `{second}`")]
    )
    return error(
        "RNN205",
        f"this loop runs along `{first}` and `{second}` at once: it is a grid",
        one.read.span,
        f"moves along `{first}`",
        more=more,
        help=f"a loop runs along one axis. Along `{first}`, every value of the loop is to be read "
        f"at an earlier `{first}` only (what it reads along `{second}` is then free); or let a "
        f"second value run along `{second}`, over what the first has computed",
    )


def blocked(model: Model, ref: Reference, names: Sequence[str], axis: str | None) -> Diagnostic:
    """A reduction over, or a fixed position of, the axis that the loop runs along."""
    source = base_name(ref.source)
    own = [item.kind for item in ref.along if item.axis == axis]
    kind = next((item for item in own if item != "shift"), "shift")
    reads = {
        "fixed": f"`{_read(model, ref)}` inside the loop that computes it",
        "all": f"all positions of `{source}` inside the loop that computes them",
        "through": f"`{source}` at a computed position inside the loop that computes it",
        "shift": f"`{_read(model, ref)}` at another index inside the loop that computes it",
    }[kind]
    near, places = "read positions relative to the running index (`h[t-1]`)", "positions"
    if axis in _trees(model):
        near, places = f"read children or the parent (`h[{axis}.parent]`)", "nodes"
    message = f"`{base_name(ref.target)}` reads {reads}".replace("positions", places)
    help = f"{near}, or define what needs this "
    help += "as a value of its own that the loop does not read"
    if ref.via is not None:
        what = f"all {places}" if kind == "all" else f"`{_read(model, ref)}`"
        message = f"the boundary `{_left(model, ref)}` reads {what} of a loop that starts from it"
        help = "a boundary may read data, parameters and values that do not depend on it"
    over = [name for name in names if name in model.equations and model.equations[name].indices]
    loop = ", ".join(f"`{name}`" for name in dict.fromkeys(base_name(name) for name in over))
    return error(
        "RNN202", message, ref.read.span, f"known only after the loop over {loop}", help=help
    )


def unknown_direction(ref: Reference) -> Diagnostic:
    """`h[t-d+1]`: before, here or after, as the size will have it."""
    source = base_name(ref.source)
    if ref.place is not None and ref.place.link:
        return error(
            "RNN204",
            f"`{source}` is read at a sibling, inside the loop that computes it",
            ref.read.span,
            "neither above nor below",
            help="a loop runs from the leaves up or the root down: read children or the parent",
        )
    return error(
        "RNN204",
        f"whether `{source}` is read before, at or after the position depends on a size",
        ref.read.span,
        "may be any of them",
        help="every size is at least 1, so `t-d` and `t-d-1` are always before the position",
    )

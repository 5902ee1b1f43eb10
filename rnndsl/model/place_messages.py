"""What is said of brackets: positions, running indices and the left sides of equations."""

from __future__ import annotations

from rnndsl.text.diagnostics import Diagnostic, error
from rnndsl.text.source import Span


def needs_index(left: str, name: str, span: Span) -> Diagnostic:
    """`h` for `h[t]`, which is its left side."""
    return error(
        "RNN116",
        f"`{name}` has a value at every position",
        span,
        "which position is not said",
        help=f"write `{left}`",
    )


def no_position(name: str, span: Span, what: str) -> Diagnostic:
    """`c[t]` for a value without axis."""
    return error(
        "RNN117",
        f"`{name}` is {what}: it is the same at every position",
        span,
        "a position",
        help=f"write `{name}`",
    )


def unbound_index(
    index: str, span: Span, left: str, wanted: str | None, summed: str | None
) -> Diagnostic:
    """`t` where no `t` runs; `left` is the left side, `wanted` one over `t` too for a value,
    `summed` an equation that sums over `t`."""
    ways = f"reduce over the positions, as in `sum[{index}](…)`, or name one: `1`, or the length"
    if wanted is not None and left.endswith(f"_{index}"):
        ways = f"positions stand in square brackets: write `{left[: -len(index) - 1]}[{index}] = …`"
    elif wanted is not None:
        ways = f"define `{wanted}` for every position, {ways}"
    elif summed is not None:
        ways = f"sum over the positions: `{summed}`"
    elif left != "loss":
        ways = "a boundary is one value: read one position, such as `1` or the length"
    message = f"the index `{index}` does not run here"
    return error("RNN118", message, span, f"no `{index}` in `{left}`", help=ways)


def unbound_softmax(index: str, span: Span, indices: tuple[str, ...]) -> Diagnostic:
    """`softmax[t](…)` where no `t` runs; `indices` are those of the left side."""
    left = f"p[{','.join((*indices, index))}]"
    return error(
        "RNN118",
        f"the index `{index}` does not run here",
        span,
        help=f"`softmax[{index}]` gives a value at every position: define `{left} = …`",
    )


def bad_position(span: Span, index: str, length: str) -> Diagnostic:
    """Something in the place of a position that is none."""
    return error(
        "RNN119",
        "this is not a position",
        span,
        help=f"a position is `{index}`, `{index}-1`, `{index}+2`, a delay by a size "
        f"(`{index}-d`), `1`, `{length}`, or data declared `position({index})`",
    )


def not_an_axis(name: str, span: Span, indices: str) -> Diagnostic:
    """`sum[n](…)`; `indices` as a message lists them."""
    return error(
        "RNN119",
        f"`{name}` is not the index of an axis",
        span,
        help=f"the axis of this file runs over {indices}; components are summed by `sum(…)`"
        if " and " not in indices
        else f"the axes of this file run over {indices}; components are summed by `sum(…)`",
    )


def position_of_no_axis(span: Span, index: str) -> Diagnostic:
    """`position(n)`."""
    return error(
        "RNN119",
        "a position is one along an axis, named by its index",
        span,
        "no index",
        help=f"write `position({index})`",
    )


def bad_left_side(name: str, left: str, span: Span, length: str, shifted: str | None) -> Diagnostic:
    """`h[t-1] = …` for the left side `h[t]`; `shifted` is the same equation for that."""
    if "," in left:
        return error(
            "RNN120",
            f"an equation defines `{left}`, or `{name}` at one position outside an axis",
            span,
            help=f"shift the right side instead, so that the left side reads `{left}`; in a "
            f"boundary this place is the running index, `0`, `-1`, `{length}+1` and so on",
        )
    help = (
        f"shift the right side instead, so that the left side reads `{left}`; "
        f"boundaries are `{name}[0]`, `{name}[-1]`, `{name}[{length}+1]` and so on"
    )
    return error(
        "RNN120",
        f"an equation defines `{left}`, or `{name}` at one position outside the sequence",
        span,
        help=f"write `{shifted}`" if shifted else help,
    )


def boundary_inside(name: str, span: Span, length: str, before: str, after: str) -> Diagnostic:
    """`h[1] = …`; `before` and `after` are left sides outside."""
    return error(
        "RNN121",
        f"this boundary of `{name}` lies inside the sequence, which runs from 1 to {length}",
        span,
        "not before 1, and not after the end",
        help=f"give the value before the first position (`{before}`) or after the last (`{after}`)",
    )


def boundary_shape(name: str, span: Span) -> Diagnostic:
    """`h[0]: m = …`."""
    return error(
        "RNN120",
        f"a boundary has the shape of `{name}` and declares none",
        span,
        help=f"declare the shape at the equation of `{name}`",
    )


def boundary_without_equation(name: str, left: str, span: Span) -> Diagnostic:
    """`h[0] = …` with no `h[t] = …`."""
    return error(
        "RNN122",
        f"`{name}` has a boundary but no equation over an axis",
        span,
        "a boundary",
        help=f"add the equation `{left} = …`",
    )


def boundary_of_no_value(name: str, span: Span, what: str) -> Diagnostic:
    """`W[0] = …` for a parameter."""
    return error(
        "RNN122",
        f"`{name}` is {what}: it has no positions, and so no boundary",
        span,
        "a boundary",
    )


def boundary_of_data(read: str, name: str, span: Span) -> Diagnostic:
    """`x[0] = …` for an input; `read` is how it is read."""
    inside = read.removeprefix(f"{name}[")
    rest = inside[inside.index(",") :] if "," in inside else "]"
    return error(
        "RNN122",
        f"`{name}` is data: outside the sequence it reads as 0, or as no token",
        span,
        "a boundary",
        help=f"name a value for it: `z[{inside} = {read}` with `z[0{rest} = …`",
    )

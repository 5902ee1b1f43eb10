"""What is said where several axes do not hold together: places, left sides and positions."""

from __future__ import annotations

from rnndsl.text.diagnostics import Diagnostic, error
from rnndsl.text.source import Span


def other_axis(shown: str, span: Span, found: str, wanted: str, length: str) -> Diagnostic:
    """`h[j]` for `h[i]`: an index or length of another axis; `length` is that of `wanted`."""
    return error(
        "RNN131",
        f"`{shown}` is read along `{wanted}`, and `{found}` is of another axis",
        span,
        f"a place on the axis of `{wanted}`",
        help=f"this place is `{wanted}`, `{wanted}-1`, `1`, `{length}` and the like; positions of "
        f"one axis are places on another only through data declared `position({wanted})`",
    )


def other_axis_left(name: str, left: str, span: Span, found: str, wanted: str) -> Diagnostic:
    """A boundary `e[0,j]` of `e[j,i]`: the index of another axis on a left side."""
    return error(
        "RNN131",
        f"`{name}` is defined as `{left}`, and `{found}` is of another axis",
        span,
        f"a place on the axis of `{wanted}`",
        help=f"where the boundary holds for all positions, write `{wanted}`",
    )


def position_of_other_axis(shown: str, span: Span, found: str, wanted: str) -> Diagnostic:
    """`h[p[j]]` where `p[j]` is a position of `j` and `h` is over `i`."""
    return error(
        "RNN131",
        f"`{shown}` is read along `{wanted}`, and this is a position of `{found}`",
        span,
        f"`position({found})`",
        help=f"a place along `{wanted}` is computed by `argmax[{wanted}](…)`, or is data "
        f"declared `position({wanted})`",
    )


def two_axes(span: Span, one: str, other: str) -> Diagnostic:
    """A choice between positions of two axes."""
    return error(
        "RNN131",
        f"this is a position of `{one}` in one case and of `{other}` in another",
        span,
        "of two axes",
        help="a position is along one axis: keep the two in values of their own",
    )


def few_places(left: str, span: Span, got: int, wanted: int) -> Diagnostic:
    """`e[j]` for `e[j,i]`."""
    missing = "one more place" if wanted - got == 1 else f"{wanted - got} more places"
    return error(
        "RNN132",
        f"`{left}` has {_places(wanted)}, and here {_are(got)}",
        span,
        f"{missing} needed",
        help=f"say where along every axis, as in `{left}`; over all positions of one, reduce: "
        "`sum[…](…)`",
    )


def many_places(name: str, left: str, span: Span, got: int, wanted: int) -> Diagnostic:
    """`h[i,j]` for `h[i]`."""
    return error(
        "RNN132",
        f"`{left}` has {_places(wanted)}, and here {_are(got)}",
        span,
        "one too many",
        help=f"read `{left}`, or define `{name}` over this index too; a component is picked in "
        "brackets of its own, by a token or a number counted from 0",
    )


def _places(count: int) -> str:
    return "one place" if count == 1 else f"{count} places"


def _are(count: int) -> str:
    return "is one" if count == 1 else f"are {count}"


def index_twice(name: str, index: str, span: Span) -> Diagnostic:
    """`e[i,i] = …`."""
    return error(
        "RNN133",
        f"the left side of `{name}` has the index `{index}` twice",
        span,
        "again",
        help=f"for pairs of positions declare a second index, `axis {index}, {index}_ = …`; "
        f"a diagonal is read as `{name}[{index},{index}]` on a right side",
    )


def parameter_over_sequence(name: str, span: Span, length: str) -> Diagnostic:
    """`param W[t]` where the length of `t` differs between examples."""
    return error(
        "RNN134",
        f"`{name}` is a parameter, and this axis is as long as each example",
        span,
        "a sequence axis",
        help=f"parameters carry fixed axes: declare `size {length} = 3` for an axis of that "
        "length, or leave the index away",
    )

"""What is said of shapes and kinds that do not hold together."""

from __future__ import annotations

from collections.abc import Sequence

from rnndsl.text.diagnostics import Diagnostic, Label, error
from rnndsl.text.source import Span

Shown = Sequence[tuple[Span, str]]
"""Places and the shapes of what stands there."""

NO_BROADCAST = "only scalars broadcast; different sizes are different whatever their values"


def has_shape(shape: str) -> str:
    """A shape in words."""
    return "is a scalar" if shape == "()" else f"has shape {shape}"


def _labels(span: Span, shown: Shown) -> tuple[Label, list[Label]]:
    labels = [Label(place, has_shape(shape)) for place, shape in shown]
    return (labels[0], labels[1:]) if labels else (Label(span), [])


def do_not_meet(span: Span, left: str, right: str, shown: Shown) -> Diagnostic:
    """Two shapes that would have to be one."""
    first, more = _labels(span, shown)
    return error(
        "RNN301",
        f"shapes do not meet: {left} against {right}",
        first.span,
        first.text,
        more=more,
        help=NO_BROADCAST,
    )


def inner_sizes(span: Span, left: str, right: str, shown: Shown) -> Diagnostic:
    """`W @ x` where W has other columns than x has rows."""
    first, more = _labels(span, shown)
    return error(
        "RNN301",
        f"`@` sums over {left} on its left and over {right} on its right",
        first.span,
        first.text,
        more=more,
        help="the last size of the left side and the first of the right side are one size",
    )


def token_does_not_fit(base: tuple[Span, str], what: str, size: str, token: str) -> Diagnostic:
    """`E[w[t]]` where E has other rows than there are tokens."""
    span, shape = base
    return error(
        "RNN301",
        f"a token({token}) cannot pick among {size} {what}",
        span,
        f"has shape {shape}",
        help="the first size of what is picked from is the size of the token",
    )


def right_side(name: str, span: Span, left: str, right: str, named: Span) -> Diagnostic:
    """`h[t]: m = x[t]`."""
    return error(
        "RNN301",
        f"`{name}` {has_shape(left)}, and its right side {has_shape(right)}",
        span,
        has_shape(right),
        more=[Label(named, has_shape(left))],
        help=NO_BROADCAST,
    )


def boundary(name: str, span: Span, left: str, right: str, named: Span) -> Diagnostic:
    """`h[0] = c` where c has another shape."""
    return error(
        "RNN301",
        f"`{name}` {has_shape(left)}, and its boundary {has_shape(right)}",
        span,
        has_shape(right),
        more=[Label(named, has_shape(left))],
        help=NO_BROADCAST,
    )


def loss_shape(span: Span, shape: str) -> Diagnostic:
    """`loss = h[T]`."""
    return error(
        "RNN308",
        "the loss is one number an example",
        span,
        f"has shape {shape}",
        help="sum over the components with `sum(…)`, over the positions with `sum[t](…)`",
    )


def not_scalar(what: str, span: Span, shape: str) -> Diagnostic:
    """`argmax[t](h[t])` for a vector."""
    return error(
        "RNN303",
        what,
        span,
        f"has shape {shape}",
        help="pick a component, as in `h[t][0]`",
    )


def teach_shapes(first: tuple[Span, str], second: tuple[Span, str]) -> Diagnostic:
    """`teach(y[t], o[t])` of two shapes."""
    return error(
        "RNN301",
        "both arguments of `teach` have one shape",
        first[0],
        has_shape(first[1]),
        more=[Label(second[0], has_shape(second[1]))],
        help="what is read in training stands in for what is read in use",
    )


def nothing_fixes(name: str, span: Span, help: str) -> Diagnostic:
    """A dimension that no declaration reaches; `help` is a way to declare it."""
    return error(
        "RNN302",
        f"nothing fixes the size of `{name}`",
        span,
        "its size is open",
        help=help,
    )


def open_shape(name: str, span: Span, annotation: str) -> Diagnostic:
    """Not even the number of dimensions is known."""
    return error(
        "RNN302",
        f"nothing says whether `{name}` is a scalar, a vector or a matrix",
        span,
        "its shape is open",
        help=f"declare it, for example {annotation}",
    )


def misuse(span: Span, message: str, help: str, code: str, shown: Shown) -> Diagnostic:
    """A shape that an operation does not take."""
    first, more = _labels(span, shown)
    return error(code, message, first.span, first.text, more=more, help=help)


# Kinds ----------------------------------------------------------------------------------


def token_in_product(span: Span, found: str) -> Diagnostic:
    """`W @ w[t]`."""
    return error(
        "RNN305",
        f"`@` takes vectors and matrices, and this is {found}",
        span,
        "a whole number",
        help="make a vector of it with `one_hot(…)`, or pick a row of a matrix: `E[w[t]]`",
    )


def not_an_index(span: Span, found: str, data: str | None) -> Diagnostic:
    """A real number in the place of a token; `data` is its name where it is data."""
    help = f"declare it as data of kind token: `{data}: token(k)`" if data else None
    return error(
        "RNN306",
        f"rows and components are picked by a token or a whole number, not by {found}",
        span,
        f"is {found}",
        help=help or "`argmax(…)` and `sample(…)` make tokens of logits",
    )


def not_a_position(span: Span, found: str, index: str) -> Diagnostic:
    """A real number in the place of a position."""
    return error(
        "RNN119",
        f"this is {found}, not a position",
        span,
        help=f"a position is `{index}`, `{index}-1`, `1`, the length, data declared "
        f"`position({index})`, or `argmax[{index}](…)`",
    )


def needs_token(function: str, span: Span, found: str) -> Diagnostic:
    """`cross_entropy(o[t], yhat[t])`."""
    return error(
        "RNN306",
        f"`{function}` takes a token here, not {found}",
        span,
        f"is {found}",
        help=OTHER_LOSSES.get(function, "declare the data as `token(k)`"),
    )


OTHER_LOSSES = dict.fromkeys(
    ("cross_entropy", "nll"),
    "declare the data as `token(k)`; for real values take `squared_error` or "
    "`binary_cross_entropy`",
)


def two_kinds(span: Span, first: str, second: str) -> Diagnostic:
    """`teach(y[t], o[t])` with a token and logits."""
    return error(
        "RNN307",
        f"both arguments of `teach` are of one kind; here {first} and {second}",
        span,
        help="for tokens write `teach(y[t], argmax(o[t]))` or `teach(y[t], sample(o[t]))`",
    )


def two_tokens(span: Span, first: str, second: str) -> Diagnostic:
    """Tokens of different alphabets."""
    return error(
        "RNN301",
        f"tokens of different sizes meet: token({first}) and token({second})",
        span,
        help="different sizes are different whatever their values",
    )

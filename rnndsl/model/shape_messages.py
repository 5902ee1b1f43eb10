"""What is said of shapes and kinds that do not hold together."""

from __future__ import annotations

from collections.abc import Sequence

from rnndsl.text.diagnostics import Diagnostic, Label, error
from rnndsl.text.source import Span


def do_not_meet(
    span: Span, left: str, right: str, operands: Sequence[tuple[Span, str]]
) -> Diagnostic:
    """Two shapes that would have to be one."""
    labels = [Label(place, f"has shape {shape}") for place, shape in operands]
    first, more = (labels[0], labels[1:]) if labels else (Label(span), [])
    help = "only scalars broadcast; different sizes are different whatever their values"
    return error(
        "RNN301",
        f"shapes do not meet: {left} against {right}",
        first.span,
        first.text,
        more=more,
        help=help,
    )


def nothing_fixes(name: str, span: Span, annotation: str) -> Diagnostic:
    """A dimension that no declaration reaches."""
    return error(
        "RNN302",
        f"nothing fixes the size of `{name}`",
        span,
        help=f"declare it: {annotation}",
    )


def open_shape(name: str, span: Span, annotation: str) -> Diagnostic:
    """Not even the number of dimensions is known."""
    return error(
        "RNN302",
        f"nothing says whether `{name}` is a scalar, a vector or a matrix",
        span,
        help=f"declare it: {annotation}",
    )


def misuse(span: Span, message: str, help: str, code: str) -> Diagnostic:
    """A shape that an operation does not take."""
    return error(code, message, span, help=help)


def token_in_product(span: Span) -> Diagnostic:
    """`W @ w[t]`."""
    return error(
        "RNN305",
        "a token is no vector: `@` cannot take it",
        span,
        "an integer",
        help="write `one_hot(…)` around it, or pick a row: `E[w[t]]`",
    )


def not_an_index(span: Span, found: str) -> Diagnostic:
    """A real number in the place of a token."""
    return error(
        "RNN306",
        f"rows and components are picked by a token or a whole number, not by {found}",
        span,
        help="`argmax(…)` gives a token",
    )


def not_a_position(span: Span, found: str) -> Diagnostic:
    """A real number in the place of a position."""
    return error(
        "RNN119",
        f"this is {found}, not a position",
        span,
        help="a position is `t`, `t-1`, `1`, `T`, data declared `position(t)`, or `argmax[t](…)`",
    )


def needs_token(function: str, span: Span, found: str) -> Diagnostic:
    """`cross_entropy(o[t], yhat[t])`."""
    return error(
        "RNN306",
        f"`{function}` takes a token here, not {found}",
        span,
        help="declare the data as `token(k)`, or take `squared_error` or `binary_cross_entropy` "
        "for real values",
    )


def two_kinds(span: Span, first: str, second: str) -> Diagnostic:
    """`teach(y[t], o[t])` with a token and logits."""
    return error(
        "RNN307",
        f"both arguments of `teach` must be of one kind; here {first} and {second}",
        span,
        help="for tokens write `teach(y[t], argmax(o[t]))` or `teach(y[t], sample(o[t]))`",
    )


def two_tokens(span: Span, first: str, second: str) -> Diagnostic:
    """Tokens of different alphabets."""
    return error("RNN301", f"tokens of different sizes meet: token({first}), token({second})", span)

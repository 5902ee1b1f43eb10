"""What is said of names and functions that do not hold together, one function a diagnostic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from rnndsl.text.diagnostics import Diagnostic, Label, error
from rnndsl.text.source import Span

LONGEST_NAME = 60
FORMS = {
    "where": "condition, a, b",
    "clamp": "a, least, most",
    "dropout": "a, p",
    "cross_entropy": "logits, token",
    "nll": "probabilities, token",
    "binary_cross_entropy": "logits, values",
    "circular_conv": "values, weights",
    "teach": "y[t], o[t]",
    **dict.fromkeys(("squared_error", "logaddexp", "dot", "outer", "cosine"), "a, b"),
}
"""What the arguments of the functions of more than one are."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that somebody may have meant."""
    names = sorted(set(known))
    folded = {item.lower(): item for item in reversed(names)}
    if name.lower() in folded:
        return folded[name.lower()]
    if len(name) > LONGEST_NAME:
        return None
    near = [item for item in names if abs(len(item) - len(name)) <= 3]
    close = get_close_matches(name, near, n=1, cutoff=0.6)
    return close[0] if close else None


def unknown_name(name: str, span: Span, known: Iterable[str], declare: str) -> Diagnostic:
    """A name that nothing declares; `declare` is a statement that would."""
    near = nearest(name, known)
    help = f"did you mean `{near}`?" if near else f"declare it, for example `{declare}`"
    return error("RNN110", f"nothing is called `{name}`", span, "not declared", help=help)


def duplicate(name: str, span: Span, first: Span) -> Diagnostic:
    """Two declarations of one name."""
    return error(
        "RNN111",
        f"`{name}` is declared twice",
        span,
        "declared again",
        more=[Label(first, "first declared here")],
        help="sizes, axes, consts, parameters, data and values share one set of names",
    )


def two_equations(name: str, left: str, span: Span, first: Span) -> Diagnostic:
    """`h[t] = …` twice."""
    is_over_axis = left != name
    rest = left[left.index(",") :] if "," in left else "]"
    return error(
        "RNN111",
        f"`{left}` is defined twice",
        span,
        "defined again",
        more=[Label(first, "first defined here")],
        help=f"one equation holds at every position; a boundary is written `{name}[0{rest} = …`"
        if is_over_axis
        else "a value has one equation: give the second one another name",
    )


def two_boundaries(left: str, span: Span, first: Span) -> Diagnostic:
    """`h[0] = …` twice."""
    return error(
        "RNN111",
        f"the boundary `{left}` is given twice",
        span,
        "given again",
        more=[Label(first, "first given here")],
        help="each boundary covers one position: remove one of them",
    )


def second(what: str, span: Span, first: Span) -> Diagnostic:
    """Two `model` or two `loss` statements."""
    return error(
        "RNN111",
        f"a file has one {what}",
        span,
        "a second",
        more=[Label(first, "the first")],
        help="remove one of them",
    )


def reserved(name: str, span: Span) -> Diagnostic:
    """A word of the language as a name."""
    return error(
        "RNN112",
        f"`{name}` is a word of the language and cannot be a name",
        span,
        help=f"choose another name, such as `{name}_`",
    )


def data_reserved(name: str, span: Span, what: str) -> Diagnostic:
    """Data, a length or a size that would clash with an argument of the generated functions."""
    return error(
        "RNN112",
        f"{what} may not be called `{name}`: the generated functions have an argument of that name",
        span,
        help=f"choose another name, such as `{name}_`",
    )


def built_in(name: str, span: Span) -> Diagnostic:
    """A formula with the name of a function."""
    return error(
        "RNN112",
        f"`{name}` is a function of the language and cannot be defined again",
        span,
        help=f"choose another name, such as `my_{name}`",
    )


def loss_read(span: Span) -> Diagnostic:
    """`g = 2 * loss`."""
    return error(
        "RNN112",
        "the loss is the end of a model: no expression can read it",
        span,
        help="name what it holds, as in `cost = …`, then write `loss = cost`",
    )


def no_axis(name: str, span: Span) -> Diagnostic:
    """`x[t]` in a file without an axis."""
    return error(
        "RNN110",
        f"nothing is called `{name}`: the file has no axis",
        span,
        "not declared",
        help=f"declare it: `axis {name} = 1..T`",
    )


def unknown_index(name: str, span: Span, indices: str) -> Diagnostic:
    """`x[s]` where the axis runs over `t`; `indices` as a message lists them."""
    return error(
        "RNN110",
        f"nothing is called `{name}`",
        span,
        "not declared",
        help=f"the axis of this file runs over {indices}"
        if " and " not in indices
        else f"the axes of this file run over {indices}",
    )


# Functions ------------------------------------------------------------------------------


def unknown_function(name: str, span: Span, known: Iterable[str]) -> Diagnostic:
    """A call of something that is no function."""
    near = nearest(name, known)
    help = f"did you mean `{near}`?" if near else f"define it by a formula: `{name}(a) = …`"
    return error("RNN113", f"there is no function `{name}`", span, help=help)


def wrong_arguments(
    name: str, span: Span, got: int, least: int, most: int | None, first: Span | None = None
) -> Diagnostic:
    """Too few or too many arguments; `first` is where a formula is defined."""
    wanted = str(least) if least == most else f"at least {least}"
    if most is not None and most != least:
        wanted = f"{least} to {most}"
    plural = "" if wanted == "1" else "s"
    more = [] if first is None else [Label(first, "the formula")]
    message = f"`{name}` takes {wanted} argument{plural}, not {got}"
    form = f"`{name}({FORMS[name]})`" if name in FORMS and first is None else None
    help = f"it is written {form}" if form else None
    return error("RNN114", message, span, more=more, help=help)


def named_argument(span: Span) -> Diagnostic:
    """`f(x = 1)` where `f` is no instance."""
    return error(
        "RNN114",
        "only instances of another model take named arguments",
        span,
        help="write the arguments without names, in their order",
    )


def not_over_axis(name: str, span: Span, known: Sequence[str]) -> Diagnostic:
    """`tanh[t](…)`."""
    near = ", ".join(f"`{item}`" for item in known)
    return error("RNN113", f"`{name}` does not work over an axis", span, help=f"these do: {near}")


def recursive_formula(name: str, span: Span, chain: Sequence[str]) -> Diagnostic:
    """A formula that needs itself."""
    return error(
        "RNN115",
        f"the formula `{name}` uses itself",
        span,
        notes=["the circle is " + " -> ".join(chain)],
        help="a formula is only shorthand; a recurrence is an equation, as in `h[t] = … h[t-1] …`",
    )


def too_large(span: Span, limit: int) -> Diagnostic:
    """Formulas that grow without bound."""
    return error(
        "RNN105",
        f"this grows past {limit:,} operations once its formulas are written out",
        span,
        help="give parts of it names of their own, in equations before this one",
    )


def too_nested(span: Span, limit: int) -> Diagnostic:
    """Formulas that nest too deep."""
    return error(
        "RNN104",
        f"this is more than {limit} operations deep once its formulas are written out",
        span,
        help="give parts of it names of their own, in equations before this one",
    )

"""What is said of models that parse but do not hold together, one function a diagnostic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from rnndsl.text.diagnostics import Diagnostic, Label, error, warning
from rnndsl.text.source import Span


def _nearest(name: str, known: Iterable[str]) -> str | None:
    names = sorted(set(known))
    folded = {item.lower(): item for item in reversed(names)}
    if name.lower() in folded:
        return folded[name.lower()]
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    return close[0] if close else None


# Names ----------------------------------------------------------------------------------


def unknown_name(name: str, span: Span, known: Iterable[str]) -> Diagnostic:
    """A name that nothing declares."""
    near = _nearest(name, known)
    help = f"did you mean `{near}`?" if near else f"declare it, for example `param {name}`"
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


def reserved(name: str, span: Span) -> Diagnostic:
    """A word of the language as a name."""
    return error(
        "RNN112",
        f"`{name}` is a word of the language and cannot be a name",
        span,
        help=f"choose another name, such as `{name}_`",
    )


def data_reserved(name: str, span: Span) -> Diagnostic:
    """Data that would clash with an argument of the generated functions."""
    return error(
        "RNN112",
        f"data may not be called `{name}`: the generated functions have an argument of that name",
        span,
        help=f"choose another name, such as `{name}_`",
    )


def unknown_function(name: str, span: Span, known: Iterable[str], is_value: bool) -> Diagnostic:
    """A call of something that is no function."""
    near = _nearest(name, known)
    if is_value:
        message, help = f"`{name}` is a value, not a function", f"read it with `{name}[…]`"
    else:
        message = f"there is no function `{name}`"
        help = f"did you mean `{near}`?" if near else "see the functions of the language manual"
    return error("RNN113", message, span, help=help)


def wrong_arguments(name: str, span: Span, got: int, least: int, most: int | None) -> Diagnostic:
    """Too few or too many arguments."""
    wanted = str(least) if least == most else f"at least {least}"
    if most is not None and most != least:
        wanted = f"{least} to {most}"
    plural = "" if wanted == "1" else "s"
    return error("RNN114", f"`{name}` takes {wanted} argument{plural}, not {got}", span)


def named_argument(span: Span) -> Diagnostic:
    """`f(x = 1)` where `f` is no instance."""
    return error("RNN114", "only instances of another model take named arguments", span)


def not_over_axis(name: str, span: Span, known: Sequence[str]) -> Diagnostic:
    """`tanh[t](…)`."""
    near = ", ".join(known)
    return error("RNN113", f"`{name}` does not work over an axis", span, help=f"these do: {near}")


def recursive_formula(name: str, span: Span, chain: Sequence[str]) -> Diagnostic:
    """A formula that needs itself."""
    note = "the circle is " + " -> ".join(chain)
    return error("RNN115", f"the formula `{name}` uses itself", span, notes=[note])


def too_large(span: Span, limit: int) -> Diagnostic:
    """Formulas that grow without bound."""
    return error(
        "RNN105",
        f"this equation grows past {limit} operations once its formulas are written out",
        span,
        help="give parts of it names of their own",
    )


# Brackets and positions -----------------------------------------------------------------


def needs_index(name: str, span: Span, index: str) -> Diagnostic:
    """`h` for `h[t]`."""
    return error(
        "RNN116",
        f"`{name}` has a value at every position",
        span,
        "which position is not said",
        help=f"write `{name}[{index}]`",
    )


def too_many_indices(name: str, span: Span, shape: str) -> Diagnostic:
    """More brackets than dimensions."""
    return error("RNN117", f"`{name}` has shape {shape}: there is nothing to pick from", span)


def unbound_index(index: str, span: Span, equation: str) -> Diagnostic:
    """`t` where no `t` runs."""
    return error(
        "RNN118",
        f"the index `{index}` does not run here",
        span,
        help=f"define `{equation}[{index}]` for every position, reduce over the positions "
        f"(`sum[{index}](…)`) or name one (`1`, the length)",
    )


def bad_position(span: Span, index: str, length: str) -> Diagnostic:
    """Something in the place of a position that is none."""
    return error(
        "RNN119",
        "this is not a position",
        span,
        help=f"a position is `{index}`, `{index}-1`, `{index}+2`, `1`, `{length}`, a delay by a "
        f"size (`{index}-d`), or a value of kind position",
    )


def bad_token_index(span: Span, found: str) -> Diagnostic:
    """A real number as a row number."""
    return error(
        "RNN306",
        f"rows and components are picked by a token or a whole number, not by {found}",
        span,
    )


def bad_left_side(name: str, span: Span, index: str) -> Diagnostic:
    """`h[t-1] = …`."""
    return error(
        "RNN120",
        f"an equation defines `{name}[{index}]`, or `{name}` at one position outside the axis",
        span,
        help=f"shift the right side instead, so that the left side reads `{name}[{index}]`",
    )


def boundary_inside(name: str, span: Span, length: str) -> Diagnostic:
    """`h[1] = …`."""
    return error(
        "RNN121",
        f"a boundary of `{name}` lies inside the sequence, which runs from 1 to {length}",
        span,
        "every sequence may hold this position",
        help=f"give the value before the first position (`{name}[0]`) or after the last "
        f"(`{name}[{length}+1]`)",
    )


def boundary_without_equation(name: str, span: Span, index: str) -> Diagnostic:
    """`h[0] = …` with no `h[t] = …`."""
    return error(
        "RNN122",
        f"`{name}` has a boundary but no equation over an axis",
        span,
        help=f"add the equation `{name}[{index}] = …`",
    )


def boundary_of_data(name: str, span: Span) -> Diagnostic:
    """`x[0] = …` for an input."""
    return error(
        "RNN122",
        f"`{name}` is data: outside the sequence it reads as 0, or as no token",
        span,
        help=f"name a value for it: `z[t] = {name}[t]` with `z[0] = …`",
    )


# Declarations ---------------------------------------------------------------------------


def bad_axis_start(span: Span) -> Diagnostic:
    """`axis t = 0..T`."""
    return error("RNN123", "positions are counted from 1", span, help="write `1..T`")


def bad_size(span: Span) -> Diagnostic:
    """A size that is no arithmetic over sizes."""
    return error(
        "RNN124",
        "a size is a positive whole number, or arithmetic over sizes with + - * and / by a number",
        span,
    )


def size_not_positive(name: str, value: object, span: Span) -> Diagnostic:
    """`size m = 0`."""
    return error("RNN124", f"the size `{name}` is {value}; sizes are whole and at least 1", span)


def circular_size(name: str, span: Span) -> Diagnostic:
    """A size defined through itself."""
    return error("RNN124", f"the size `{name}` is defined through itself", span)


def bad_const(span: Span) -> Diagnostic:
    """A const that is no number."""
    return error("RNN125", "a const is a number, or arithmetic over numbers and other consts", span)


def bad_initialiser(span: Span, known: Iterable[str], name: str) -> Diagnostic:
    """An initialiser that there is not."""
    near = _nearest(name, known)
    help = f"did you mean `{near}`?" if near else "one of: a number, " + ", ".join(known)
    return error("RNN126", f"`{name}` is not an initialiser", span, help=help)


def bad_initialiser_arguments(span: Span, form: str) -> Diagnostic:
    """`normal(1, 2)`."""
    return error("RNN126", f"this initialiser is written `{form}`", span)


def initialiser_shape(name: str, initialiser: str, shape: str, span: Span) -> Diagnostic:
    """`orthogonal` for a vector."""
    return error("RNN126", f"`{initialiser}` needs a matrix, and `{name}` has shape {shape}", span)


def second(what: str, span: Span, first: Span) -> Diagnostic:
    """Two `model` or two `loss` statements."""
    return error(
        "RNN111", f"a file has one {what}", span, "a second", more=[Label(first, "the first")]
    )


def no_model(span: Span) -> Diagnostic:
    """A file without equations."""
    return error(
        "RNN127",
        "the file holds no equation",
        span,
        help="a model has at least one, such as `h[t]: m = tanh(W @ h[t-1])`",
    )


def bad_output(span: Span) -> Diagnostic:
    """`output tanh(h[t])`."""
    return error(
        "RNN128",
        "an output names a value: `yhat[t]`, `h[T]`, `o`",
        span,
        help="give the expression a name in an equation of its own",
    )


def bad_clip(span: Span, kind: str) -> Diagnostic:
    """`clip sum 3`."""
    return error("RNN129", f"gradients are clipped by `norm` or by `value`, not by `{kind}`", span)


def bad_clip_limit(span: Span) -> Diagnostic:
    """A limit that is no positive number."""
    return error("RNN129", "the limit of a clip is a number above 0", span)


def bad_clip_target(span: Span, name: str) -> Diagnostic:
    """A clip of something that is neither parameter nor recurrent reference."""
    return error(
        "RNN129",
        f"`{name}` is not what can be clipped here",
        span,
        help="name parameters (`clip norm 1 W, U`) or a recurrent reference that an equation "
        "reads (`clip norm 1 d h[t-1]`)",
    )


def target_read(name: str, equation: str, span: Span, reader: str | None) -> Diagnostic:
    """A target that would not be known in use."""
    note = f"`{equation}` is read by `{reader}`" if reader else None
    return error(
        "RNN130",
        f"`{equation}` reads the target `{name}`, which is not known in use",
        span,
        "the target is read here",
        notes=[note] if note else [],
        help=f"read it through `teach({name}[…], …)`, which takes the model's own output in use, "
        "or declare it as an input",
    )


# What waits -----------------------------------------------------------------------------


def later(what: str, span: Span) -> Diagnostic:
    """A part of the language that this version does not have."""
    return error(
        "RNN601",
        f"{what}: this is part of the language, but not of this version",
        span,
        help="this version has models with one sequence axis and values without axis",
    )


# Lint -----------------------------------------------------------------------------------


def unused_value(name: str, span: Span) -> Diagnostic:
    """A value that reaches neither loss nor output."""
    return warning(
        "RNN701",
        f"`{name}` reaches neither the loss nor an output",
        span,
        help=f"remove it, or add `output {name}`",
    )


def unused_name(what: str, name: str, span: Span) -> Diagnostic:
    """A declaration that nothing reads."""
    return warning("RNN702", f"the {what} `{name}` is never used", span, help="remove it")

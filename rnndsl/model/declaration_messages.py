"""What is said of declarations, outputs and clips, and of what nobody reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rnndsl.model.messages import nearest
from rnndsl.text.diagnostics import Diagnostic, error, warning
from rnndsl.text.source import Span


def bad_axis_start(span: Span, length: str) -> Diagnostic:
    """`axis t = 0..T`."""
    return error("RNN123", "positions are counted from 1", span, help=f"write `1..{length}`")


def bad_data_index(span: Span, index: str) -> Diagnostic:
    """`input x[t-1]: n`."""
    return error(
        "RNN120",
        "data is declared over an axis, by its index alone",
        span,
        help=f"write `[{index}]`; without brackets it is one value an example",
    )


def bad_size(span: Span) -> Diagnostic:
    """A size that is no arithmetic over sizes."""
    return error(
        "RNN124",
        "a size is a whole number, or arithmetic over sizes with `+`, `-`, `*` and `/` by a number",
        span,
        "not a size",
    )


def no_size(name: str, span: Span, what: str) -> Diagnostic:
    """A parameter where a size should stand."""
    return error("RNN124", f"`{name}` is {what}, not a size", span, help=f"declare `size {name}_`")


def large_size(span: Span) -> Diagnostic:
    """A product of sums of sizes that nobody means."""
    return error(
        "RNN105", "this size has too many terms", span, help="name parts of it: `size q = m + n`"
    )


def size_not_positive(value: object, span: Span) -> Diagnostic:
    """`size m = 0`."""
    return error("RNN124", f"a size is a whole number of at least 1, and this is {value}", span)


def circular_size(chain: Sequence[str], span: Span) -> Diagnostic:
    """A size defined through itself."""
    return error(
        "RNN124",
        f"the size `{chain[0]}` is defined through itself",
        span,
        notes=["the circle is " + " -> ".join(chain)],
        help="give one of them a number",
    )


def bad_const(span: Span) -> Diagnostic:
    """A const that is no number."""
    return error(
        "RNN125",
        "a const is a number, or arithmetic over numbers and other consts",
        span,
        "no such number",
    )


def circular_const(chain: Sequence[str], span: Span) -> Diagnostic:
    """A const defined through itself."""
    return error(
        "RNN125",
        f"the const `{chain[0]}` is defined through itself",
        span,
        notes=["the circle is " + " -> ".join(chain)],
        help="give one of them a number",
    )


def bad_initialiser(span: Span, forms: Iterable[str], name: str | None) -> Diagnostic:
    """An initialiser that there is not; `forms` as they are written."""
    names = {form.partition("(")[0]: form for form in forms}
    near = nearest(name, names) if name else None
    known = ", ".join(f"`{form}`" for form in names.values())
    help = f"did you mean `{names[near]}`?" if near else f"one of: a number, {known}"
    what = f"`{name}` is not an initialiser" if name else "this is not an initialiser"
    return error("RNN126", what, span, help=help)


def bad_initialiser_arguments(span: Span, form: str, why: str) -> Diagnostic:
    """`normal(1, 2)`."""
    return error("RNN126", f"this initialiser is written `{form}`{why}", span)


def initialiser_shape(name: str, initialiser: str, shape: str, span: Span) -> Diagnostic:
    """`orthogonal` for a vector."""
    return error(
        "RNN126",
        f"`{initialiser}` is for matrices, and `{name}` has shape {shape}",
        span,
        help="leave the initialiser out, or write `normal(0.1)` or `uniform(-0.1, 0.1)`",
    )


def no_model(span: Span) -> Diagnostic:
    """A file without equations."""
    return error(
        "RNN127",
        "the file holds no equation",
        span,
        "it ends here",
        help="a model has at least one, such as `h[t]: m = tanh(W @ h[t-1])`",
    )


def loss_with_index(span: Span) -> Diagnostic:
    """`loss[t] = …`."""
    return error(
        "RNN120",
        "the loss is one number an example and carries no index",
        span,
        help="sum over the positions: `loss = sum[t](…)`",
    )


def bad_output(span: Span) -> Diagnostic:
    """`output tanh(h[t])`."""
    return error(
        "RNN128",
        "an output names a value, as in `yhat[t]`, `h[T]` or `o`",
        span,
        "no value",
        help="give the expression a name in an equation of its own",
    )


def second_output(name: str, span: Span) -> Diagnostic:
    """`output h[T], h[T]`."""
    return error("RNN111", f"`{name}` is put out twice", span, "again", help="remove it")


# Clips ----------------------------------------------------------------------------------


def bad_clip(span: Span, kind: str) -> Diagnostic:
    """`clip sum 3`."""
    return error(
        "RNN129",
        f"gradients are clipped by `norm` or by `value`, not by `{kind}`",
        span,
        help="`norm` scales them together, `value` cuts each number",
    )


def bad_clip_limit(span: Span) -> Diagnostic:
    """A limit that is no positive number."""
    return error(
        "RNN129", "the limit of a clip is a number above 0", span, help="for example `clip norm 5`"
    )


def not_clippable(name: str, span: Span, known: Iterable[str]) -> Diagnostic:
    """A clip of something that is no parameter."""
    near = nearest(name, known)
    return error(
        "RNN129",
        f"`{name}` is not a parameter",
        span,
        help=f"did you mean `{near}`?"
        if near
        else "name parameters (`clip norm 1 W, U`) or a recurrent reference "
        "(`clip norm 1 d h[t-1]`)",
    )


def not_recurrent(text: str, span: Span) -> Diagnostic:
    """A clip along a reference that no equation reads."""
    return error(
        "RNN129",
        f"no equation reads `{text}` as its recurrence",
        span,
        help="name a shifted reference as an equation has it, for example `clip norm 1 d h[t-1]`",
    )


# Who reads what -------------------------------------------------------------------------


def target_read(name: str, read: str, equation: str, span: Span, reader: str | None) -> Diagnostic:
    """A target that would not be known in use."""
    note = f"`{equation}` is read by `{reader}`, so it is needed in use" if reader else None
    return error(
        "RNN130",
        f"`{equation}` reads the target `{name}`, which is not known in use",
        span,
        "the target is read here",
        notes=[note] if note else [],
        help=f"read it through `teach({read}, …)`, which takes the model's own output in use, "
        "or declare it as an input",
    )


def unused_value(name: str, left: str, span: Span) -> Diagnostic:
    """A value that reaches neither loss nor output."""
    return warning(
        "RNN701",
        f"`{name}` reaches neither the loss nor an output",
        span,
        help=f"remove it, or add `output {left}`",
    )


def unused_name(what: str, name: str, span: Span) -> Diagnostic:
    """A declaration that nothing reads."""
    return warning("RNN702", f"the {what} `{name}` is never used", span, help="remove it")


def parameter_of_integers(name: str, span: Span) -> Diagnostic:
    """`param W: token(k)`."""
    return error(
        "RNN101",
        f"`{name}` is a parameter: it holds real numbers, neither tokens nor positions",
        span,
        help=f"declare its shape, as in `param {name}: (n, m)`, or leave it to its use",
    )

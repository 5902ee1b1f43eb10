"""What is said of used files and of their instances."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rnndsl.model.messages import nearest
from rnndsl.syntax import tree
from rnndsl.text.diagnostics import Diagnostic, Label, error
from rnndsl.text.source import Span


def no_file(path: str, why: str, span: Span) -> Diagnostic:
    """`use "nowhere.rnn" as cell`."""
    return error(
        "RNN135",
        f"`{path}` cannot be used: {why}",
        span,
        help="name a file beside this one, or a spec of the gallery such as `lstm.rnn`",
    )


def circle(names: Sequence[str], span: Span) -> Diagnostic:
    """Files that use each other."""
    return error(
        "RNN136",
        "files that use each other in a circle",
        span,
        notes=["the circle is " + " -> ".join(names)],
        help="a cell stands by itself; what feeds back into it is read with a delay, as in "
        "`z[t] = enc.h[t-1]`",
    )


def too_many(span: Span, limit: int) -> Diagnostic:
    """Files that use files that use files."""
    return error(
        "RNN105",
        f"this grows past {limit:,} statements once its uses are written out",
        span,
        help="use fewer instances",
    )


def second_use(name: str, span: Span, what: str) -> Diagnostic:
    """`use "gru.rnn" as tanh`, or twice one name."""
    return error("RNN111", f"`{name}` is {what} already", span, help="use the file by another name")


# Arguments ------------------------------------------------------------------------------


def no_argument(name: str, file: str, span: Span, known: Sequence[str]) -> Diagnostic:
    """`lstm(z = e)` where the file has no z to be given."""
    near = nearest(name, known)
    help = f"did you mean `{near}`?" if near else f"it takes {_listed(known)}"
    return error("RNN137", f"`{file}` takes no argument `{name}`", span, help=help)


def unnamed_argument(file: str, span: Span, example: str) -> Diagnostic:
    """`lstm(e)`."""
    message = f"what `{file}` is given goes by its names there"
    return error("RNN137", message, span, help=f"write `{example}`")


def argument_twice(name: str, span: Span) -> Diagnostic:
    """`lstm(x = e, x = f)`."""
    return error("RNN137", f"`{name}` is given twice", span, help="leave one of them out")


def no_name(name: str, span: Span) -> Diagnostic:
    """`lstm(x = e[t])`."""
    return error(
        "RNN137",
        f"`{name}` is given the name of a value, without an index",
        span,
        help=f"write `{name} = e`, and give an expression an equation of its own: `e[t] = …`",
    )


def no_size(name: str, span: Span) -> Diagnostic:
    """`lstm(m = 0)`."""
    return error(
        "RNN137",
        f"`{name}` is a size: a positive whole number, a size, or arithmetic of these",
        span,
        help=f"write `{name} = 64`",
    )


def size_follows(name: str, file: str, span: Span) -> Diagnostic:
    """`cell(q = 8)` where the file has `size q = m / 2`."""
    message = f"the size `{name}` of `{file}` follows from others there"
    return error("RNN137", message, span, help="give those instead")


def no_share(span: Span, file: str) -> Diagnostic:
    """`share = x`, where x is no instance of that file."""
    return error(
        "RNN137",
        f"`share` names another instance of `{file}`",
        span,
        help=f"write `enc = …` for an instance of `{file}`, and `share = enc` in the next",
    )


def share_circle(span: Span) -> Diagnostic:
    """Two instances that share each other's parameters."""
    message = "the parameters of instances that share them in a circle belong to none"
    return error("RNN137", message, span, help="let one of them have parameters of its own")


def missing(file: str, name: str, read: str, span: Span, is_target: bool) -> Diagnostic:
    """`lstm(m = 64)` without its input."""
    what = f"the target `{name}`, which falls away in a use" if is_target else f"`{name}`"
    return error(
        "RNN137",
        f"`{read}` needs {what} of `{file}`",
        span,
        f"`{name}` is not given",
        help=f"give it: `{name} = …`",
    )


def other_kind(name: str, file: str, span: Span, wanted: str, got: str) -> Diagnostic:
    """A token for real numbers."""
    message = f"`{name}` of `{file}` is {wanted}, and what it is given is {got}"
    return error("RNN307", message, span, got, help="give it a value of the kind it declares")


def other_shape(name: str, file: str, span: Span, wanted: str, got: str) -> Diagnostic:
    """A matrix for a vector, or another size than the one given."""
    message = f"`{name}` of `{file}` has shape {wanted}, and what it is given has shape {got}"
    help = "give its sizes, or bring it to that shape"
    return error("RNN301", message, span, f"has shape {got}", help=help)


# Axes -----------------------------------------------------------------------------------


def axis_missing(index: str, file: str, span: Span, own: str) -> Diagnostic:
    """An instance whose inputs carry no axis."""
    return error(
        "RNN138",
        f"which axis is `{index}` of `{file}`? no input that it is given carries one",
        span,
        help=f"name an index of this file: `{index} = {own}`",
    )


def axes_differ(index: str, one: str, other: str, span: Span) -> Diagnostic:
    """Two inputs over two axes that are one in the used file."""
    message = f"`{index}` cannot be both `{one}` and `{other}`"
    return error("RNN138", message, span, help="give it values over one axis")


def axes_count(name: str, file: str, span: Span, wanted: str, got: str) -> Diagnostic:
    """A value without an axis for an input with one."""
    message = f"`{name}` of `{file}` is {wanted}, and what it is given is {got}"
    return error("RNN138", message, span, got, help="give it a value over as many axes")


def no_axis(name: str, span: Span, ways: str) -> Diagnostic:
    """`lstm(x = e, t = 3)`."""
    help = f"this file has {ways}" if ways else "declare an axis: `axis t = 1..T`"
    return error("RNN138", f"`{name}` is an index, and is given one of this file", span, help=help)


# Members and places of instances ----------------------------------------------------------


def no_member(base: str, member: str, file: str, span: Span, known: Iterable[str]) -> Diagnostic:
    """`enc.g[t]` where the file has no g."""
    known = list(known)
    near = nearest(member, known)
    help = f"did you mean `{base}.{near}`?" if near else f"it has {_listed(known)}"
    return error(
        "RNN139", f"`{file}` has no `{member}`, so there is no `{base}.{member}`", span, help=help
    )


def bare(name: str, span: Span) -> Diagnostic:
    """`enc` where one of its values is meant."""
    message = f"`{name}` is an instance, not a value"
    return error("RNN139", message, span, help=f"read one of its values, such as `{name}.h[t]`")


def function_reversed(call: tree.Call) -> Diagnostic:
    """`reverse tanh(a)`."""
    return error(
        "RNN139",
        f"`{call.function}` is a function: only another model can run in reverse",
        call.span,
        help="leave `reverse` out; a value that runs backwards reads what comes after, `h[t+1]`",
    )


def stands_alone(name: str, span: Span) -> Diagnostic:
    """`o[t] = V @ lstm(x = e)`."""
    return error(
        "RNN139",
        f"an instance of `{name}` stands alone, on the right of a name without index",
        span,
        help=f"write `enc = {name}(…)` on a line of its own, and read its values: `enc.h[t]`",
    )


def no_use(name: str, span: Span) -> Diagnostic:
    """`enc = lstm(x = e)` without the statement that names the file."""
    help = f'declare it: `use "{name}.rnn" as {name}`'
    return error("RNN139", f"no file is used as `{name}`", span, help=help)


def own_equation(name: str, span: Span) -> Diagnostic:
    """`enc.h[t] = …`."""
    return error(
        "RNN139",
        f"`{name}` has its equation from the used file",
        span,
        help="only boundaries may be replaced, `enc.h[0] = …`; write the equations out otherwise",
    )


def cannot_reverse(file: str, span: Span, at: Span) -> Diagnostic:
    """`reverse` of a file that computes positions."""
    return error(
        "RNN139",
        f"`{file}` cannot run in reverse: a position is computed in it",
        span,
        more=[Label(at, "computed here")],
        help="write its equations out, from the last position to the first",
    )


def other_tree(
    index: str,
    outside: str,
    file: str,
    span: Span,
    own: tuple[str, ...] | None,
    given: tuple[str, ...] | None,
) -> Diagnostic:
    """A cell over a tree for a sequence, or over nodes with other children."""
    message = f"`{index}` of `{file}` runs over {_nodes(own)}, and `{outside}` over {_nodes(given)}"
    help = "a cell over a tree is given values over a tree with the same children"
    return error("RNN138", message, span, _nodes(given), help=help)


def _nodes(slots: tuple[str, ...] | None) -> str:
    if slots is None:
        return "positions"
    return f"nodes with {' and '.join(f'`{slot}`' for slot in slots)}" if slots else "nodes"


def tree_to_reverse(file: str, span: Span) -> Diagnostic:
    """`reverse` of a file over a tree."""
    return error(
        "RNN139",
        f"`{file}` cannot run in reverse: it runs over a tree",
        span,
        help="`reverse` is for sequences; what runs down a tree reads `v.parent`",
    )


def two_to_reverse(file: str, span: Span) -> Diagnostic:
    """`reverse` of a file with several sequence axes."""
    return error(
        "RNN139",
        f"`{file}` cannot run in reverse: it has several sequence axes",
        span,
        help="`reverse` is for files with one",
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nothing"

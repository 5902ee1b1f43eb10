"""Calls of functions that are called or written otherwise elsewhere: what may have been meant.

Each function knows some slips and words their diagnostic; None where it knows none. Whether
anything is at fault at all is decided by `resolve`.
"""

from __future__ import annotations

import re
from dataclasses import replace

from rnndsl.model.slips import LONGEST, shown, write
from rnndsl.model.symbols import Symbol, Table
from rnndsl.ops.signatures import FUNCTIONS, OVER_AXIS
from rnndsl.syntax import tree
from rnndsl.text.diagnostics import Diagnostic, error
from rnndsl.text.source import Span

INSTEAD = {
    **dict.fromkeys(("sigma", "logistic", "expit", "Sigmoid", "hard_sigmoid"), "sigmoid({0})"),
    **dict.fromkeys(("matmul", "mm", "mv", "bmm", "mul_mat"), "{0} @ {1}"),
    **dict.fromkeys(("pow", "power"), "{0} ^ {1}"),
    **dict.fromkeys(("mul", "multiply", "hadamard"), "{0} * {1}"),
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    **dict.fromkeys(("square", "sqr"), "{0} ^ 2"),
    **dict.fromkeys(("ln", "logn"), "log({0})"),
    **dict.fromkeys(("mse", "mse_loss", "MSELoss", "sse", "l2_loss"), "squared_error({0}, {1})"),
    **dict.fromkeys(("bce", "bce_with_logits"), "binary_cross_entropy({0}, {1})"),
    **dict.fromkeys(("ce", "xent", "crossentropy", "CrossEntropy"), "cross_entropy({0}, {1})"),
    **dict.fromkeys(("nll_loss", "NLLLoss"), "nll({0}, {1})"),
    **dict.fromkeys(("average", "avg"), "mean({0})"),
    **dict.fromkeys(("cat", "concatenate", "hstack", "vstack", "stack"), "concat({0}, {1})"),
    **dict.fromkeys(("ifelse", "cond", "select", "if"), "where({0}, {1}, {2})"),
    **dict.fromkeys(("clip", "clamp_"), "clamp({0}, {1}, {2})"),
    **dict.fromkeys(("onehot", "OneHot"), "one_hot({0}, {1})"),
    **dict.fromkeys(("rsqrt",), "1 / sqrt({0})"),
    **dict.fromkeys(("zeros", "zeros_like", "zero"), "0"),
    **dict.fromkeys(("ones", "ones_like"), "1"),
}
"""What is written here for functions that are called something else elsewhere."""
CELLS = {
    "lstm": "lstm",
    "gru": "gru",
    "rnn": "elman",
    "rnncell": "elman",
    "lstmcell": "lstm",
    "grucell": "gru",
    "linear": "",
    "dense": "",
    "embedding": "",
}


def function_slip(call: tree.Call, span: Span, table: Table) -> Diagnostic | None:
    """A call of what is no function here, but somewhere else."""
    name = call.function
    arguments = [item for item in call.arguments if not isinstance(item, tree.Argument)]
    message = f"there is no function `{name}`"
    operation, _, index = name.partition("_")
    if operation in OVER_AXIS and index == table.index and len(arguments) == 1:
        meant = tree.Call(call.span, operation, call.arguments, tree.Binder(span, index))
        help = write(shown(meant), f"write `{operation}[{index}](…)`")
        return error("RNN113", f"{message}: an index stands in square brackets", span, help=help)
    if (cell := CELLS.get(name.lower())) is not None and name not in FUNCTIONS:
        message += ": a cell or a layer is written as its equations"
        help = f"`rnndsl new {cell}` starts from them" if cell else _layer(call)
        return error("RNN113", message, span, help=help)
    if name in INSTEAD and name not in table.formulas:
        form = INSTEAD[name]
        is_call = "(" in form
        try:
            help = write(form.format(*(_text(item, is_call) for item in arguments)), "")
        except IndexError:
            return None
        return error("RNN113", message, span, help=help if len(help) <= LONGEST else None)
    return None


def _layer(call: tree.Call) -> str:
    """The equation of a layer, of what it is called with."""
    read = (shown(call.arguments[0]) if call.arguments else None) or "x[t]"
    return (
        f"write `E[{read}]`" if call.function.lower() == "embedding" else f"write `b + W @ {read}`"
    )


def _text(expr: tree.Expr, is_argument: bool) -> str:
    """An argument, or an operand: in brackets where it is no single word."""
    text = shown(expr) or "…"
    is_open = not is_argument and isinstance(expr, tree.Binary | tree.Unary)
    return f"({text})" if is_open else text


def called_slip(call: tree.Call, span: Span, symbol: Symbol, table: Table) -> Diagnostic:
    """`h(t-1)` for `h[t-1]`, `W(a + b)` for a product."""
    name, arguments = call.function, call.arguments
    message = f"`{name}` is no function"
    if symbol.axes and len(arguments) == 1 and not isinstance(arguments[0], tree.Argument):
        read = shown(tree.Index(call.span, tree.Name(span, name), (arguments[0],)))
        if read and re.match(rf"\w+\[({table.index}|{table.length()}|-?\d+)\b", read):
            message += ": positions stand in square brackets"
            return error("RNN113", message, span, "followed by `(`", help=f"write `{read}`")
    read = f"{name}[{table.index}]" if symbol.axes else name
    help = f"it is read as `{read}`; a product is written with `*` or `@`"
    return error("RNN113", message, span, "followed by `(`", help=help)


def reduced_slip(call: tree.Call, table: Table) -> Diagnostic | None:
    """`sum(t, e)` and `sum(e, t)` for `sum[t](e)`."""
    items = [item for item in call.arguments if not isinstance(item, tree.Argument)]
    bare = [item for item in items if isinstance(item, tree.Name) and item.name == table.index]
    rest = [item for item in items if item not in bare]
    if call.function not in OVER_AXIS or len(bare) != 1 or len(rest) != 1:
        return None
    meant = tree.Call(call.span, call.function, (rest[0],), tree.Binder(bare[0].span, bare[0].name))
    message = f"the index of `{call.function}` stands in square brackets behind its name"
    help = write(shown(meant), f"write `{call.function}[{table.index}](…)`")
    return error("RNN114", message, bare[0].span, help=help)


def named_slip(call: tree.Call) -> Diagnostic:
    """`softmax(a, axis=0)`, `cross_entropy(logits=a, token=b)`."""
    options = ("axis", "dim", "keepdims", "keepdim", "reduction", "dtype", "out")
    kept = tuple(
        item.value if isinstance(item, tree.Argument) else item
        for item in call.arguments
        if not (isinstance(item, tree.Argument) and item.name in options)
    )
    message = "only instances of another model take named arguments"
    if len(kept) < len(call.arguments):
        message = "a function works over the components of one value: it takes no options"
    first = next(item for item in call.arguments if isinstance(item, tree.Argument))
    help = write(
        shown(replace(call, arguments=kept)), "write the arguments without names, in their order"
    )
    return error("RNN114", message, first.span, help=help)


def swapped_slip(call: tree.Call, table: Table) -> Diagnostic | None:
    """`cross_entropy(y[t], o[t])` for `cross_entropy(o[t], y[t])`."""
    items = [item for item in call.arguments if not isinstance(item, tree.Argument)]
    if call.function not in ("cross_entropy", "nll") or len(items) != 2:
        return None
    if not _is_token(items[0], table) or _is_token(items[1], table):
        return None
    what = "logits" if call.function == "cross_entropy" else "probabilities"
    message = f"`{call.function}` takes the {what} first, the token behind them"
    meant = replace(call, arguments=(items[1], items[0]))
    help = write(shown(meant), f"write `{call.function}({what}, token)`")
    return error("RNN114", message, items[0].span, "a token", help=help)


def _is_token(expr: tree.Expr, table: Table) -> bool:
    """Whether an expression reads data that is declared as a token."""
    base = expr.base if isinstance(expr, tree.Index) else expr
    symbol = table.symbols.get(base.name) if isinstance(base, tree.Name) else None
    entry = None if symbol is None else symbol.entry
    is_data = isinstance(entry, tree.DataEntry) and isinstance(entry.type, tree.IntegerType)
    return is_data and not (isinstance(expr, tree.Index) and isinstance(expr.base, tree.Index))

"""Names and left sides that other languages have, where the statement parses: what was meant.

Each function knows some slips and words their diagnostic; None where it knows none. Whether
anything is at fault at all is decided by `resolve` and `drafts`; calls are for `call_slips`.
"""

from __future__ import annotations

import re

from rnndsl.model.symbols import Symbol, Table
from rnndsl.ops.signatures import FUNCTIONS
from rnndsl.syntax import tree
from rnndsl.syntax.printer import print_equation, print_expr
from rnndsl.text.diagnostics import Diagnostic, error
from rnndsl.text.source import Span

LONGEST = 120
CONSTANTS = {"True": "1", "False": "0", "true": "1", "false": "0"}
NOTHING = ("None", "null", "nil", "nan", "NaN")
NUMBERS = {"pi": "3.141592653589793", "inf": "1e300", "Inf": "1e300"}
BEFORE = ("prev", "previous", "old", "last", "tm1", "t_1", "tminus1", "minus1", "tm")
AFTER = ("next", "new", "tp1", "tplus1")
SCORES = ("cross_entropy", "nll", "squared_error", "binary_cross_entropy", "dot", "norm")
LIBRARIES = ("np", "numpy", "torch", "math", "tf", "jnp")


def shown(expr: tree.Expr | tree.Argument | tree.Binder) -> str | None:
    """An expression as text, if it is short enough to be shown."""
    if expr.span.end - expr.span.start > 2 * LONGEST:
        return None
    text = print_expr(expr)
    return text if len(text) <= LONGEST else None


def write(text: str | None, otherwise: str) -> str:
    """What to write, if that is short enough to be shown."""
    return f"write `{text}`" if text else otherwise


# Names ----------------------------------------------------------------------------------


def name_slip(name: str, span: Span, table: Table) -> Diagnostic | None:
    """An unknown name that other languages know, or that holds a position."""
    if name in CONSTANTS:
        number = CONSTANTS[name]
        message = f"there is no `{name}`: a condition that always holds is 1, one that never does 0"
        return error("RNN110", message, span, "not declared", help=f"write `{number}`")
    if name in NOTHING:
        message = f"there is no `{name}`: every value is a number"
        help = "write a number; a boundary that is not given is 0, and its line is left out"
        return error("RNN110", message, span, "not declared", help=help)
    if name in NUMBERS:
        help = f"declare it: `const {name} = {NUMBERS[name]}`"
        return error("RNN110", f"nothing is called `{name}`", span, "not declared", help=help)
    if name in FUNCTIONS:
        message = f"`{name}` is a function: its argument stands in round brackets"
        return error("RNN110", message, span, "not declared", help=f"write `{name}(…)`")
    read = _indexed(name, table) or _side_by_side(name, table)
    if read is None:
        return None
    message = f"nothing is called `{name}`: positions stand in square brackets"
    if "@" in read:
        message = f"nothing is called `{name}`: a product has its sign"
    return error("RNN110", message, span, "not declared", help=f"write `{read}`")


def _indexed(name: str, table: Table) -> str | None:
    """`h_prev`, `h_t`, `h_0`, `prev_h` as reads of `h`."""
    index = table.index
    ends = {**dict.fromkeys(BEFORE, f"{index}-1"), **dict.fromkeys(AFTER, f"{index}+1")}
    length = table.length()
    ends |= {index: index, length: length, "0": "0", f"{index}m1": f"{index}-1"}
    for end, place in ends.items():
        for base in (name.removesuffix(f"_{end}"), name.removeprefix(f"{end}_")):
            if base != name and _runs(base, table):
                return f"{base}[{place}]"
    return None


def _runs(name: str, table: Table) -> bool:
    symbol = table.symbols.get(name)
    return symbol is not None and bool(symbol.axes)


def _side_by_side(name: str, table: Table) -> str | None:
    """`Wh` where there are a parameter `W` and a value `h`."""
    for at in range(1, min(len(name), 12)):
        first = table.symbols.get(name[:at])
        if first is not None and first.what == "param" and _runs(name[at:], table):
            return f"{name[:at]} @ {name[at:]}[…]"
    return None


def member_slip(expr: tree.Member, table: Table) -> Diagnostic | None:
    """`W.T`, `x.shape`, `self.W`, `np.pi`."""
    base, member = expr.base.name, expr.member
    if base in ("self", "this") and base not in table.symbols:
        message = "a file is one model: its names stand alone"
        return error("RNN110", message, expr.span, help=f"write `{member}`")
    if base in LIBRARIES and base not in table.symbols:
        message = "functions and numbers stand alone, without the name of a library"
        return error("RNN110", message, expr.span, help=f"write `{member}`")
    symbol = table.symbols.get(base)
    if symbol is None or symbol.what in ("axis", "length"):
        return None
    if member in ("T", "t", "H", "mT"):
        message = "a transpose is a function"
        return error("RNN101", message, expr.span, help=f"write `transpose({base})`")
    if member in ("shape", "size", "ndim", "dtype"):
        message = "a size has a name of its own"
        return error("RNN101", message, expr.span, help=_size_help(symbol))
    return None


def _size_help(symbol: Symbol) -> str:
    entry = symbol.entry
    kind = getattr(entry, "type", None) or getattr(entry, "shape", None)
    if isinstance(kind, tree.Shape) and len(kind.dims) == 1:
        return write(shown(kind.dims[0]), "write its name")
    return "write its name, as the `size` statement has it"


# Equations ------------------------------------------------------------------------------


def shifted(statement: tree.EquationStatement, table: Table) -> str | None:
    """`h[t+1] = … h[t] …` as `h[t] = … h[t-1] …`; None where that is too long to show."""
    if statement.span.end - statement.span.start > LONGEST or not statement.indices:
        return None
    item = statement.indices[0]
    if not (
        isinstance(item, tree.Binary)
        and item.operator in ("+", "-")
        and isinstance(item.left, tree.Name)
        and item.left.name == table.index
        and isinstance(item.right, tree.Number)
        and isinstance(item.right.value, int)
    ):
        return None
    by = item.right.value if item.operator == "+" else -item.right.value
    text = print_equation(statement)
    pattern = re.compile(rf"\b{table.index}(?: *([-+]) *(\d+))?\b(?=[\],])")
    return pattern.sub(lambda match: _moved(match, table.index, by), text)


def _moved(match: re.Match[str], index: str, by: int) -> str:
    sign, digits = match.groups()
    offset = (int(digits) if sign == "+" else -int(digits)) if digits else 0
    offset -= by
    return index if offset == 0 else f"{index}{offset:+d}"


def summed(value: tree.Expr, left: str, table: Table) -> str | None:
    """`loss = f(o[t])` as `loss = sum[t](f(o[t]))`; None where that is too long to show."""
    if isinstance(value, tree.Call) and value.function == "sum" and not value.binder:
        inside = value.arguments[0] if value.arguments else value
        if isinstance(inside, tree.Call) and inside.function in SCORES:
            value = inside
    text = shown(value)
    return None if text is None else f"{left} = sum[{table.index}]({text})"

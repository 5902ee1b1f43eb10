"""Habits from other languages inside expressions: what is written there and what is written here.

Each row knows a piece of text that stops the parser and the text that stands for it in this
language. Nothing is parsed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from rnndsl.syntax.place import OPERAND, OVER, Place, Slip

Instead = str | Callable[[re.Match[str]], str]
LIBRARIES = "np|numpy|jnp|jax|torch|math|tf|F|nn|K|keras|scipy|mx"
_REACH = 200


@dataclass(frozen=True)
class Habit:
    """A pattern that covers the place of the fault, what is said, and what is written instead."""

    pattern: re.Pattern[str]
    instead: Instead
    message: str
    help: str
    code: str = "RNN101"


def _habit(pattern: str, instead: Instead, message: str, help: str, code: str = "RNN101") -> Habit:
    return Habit(re.compile(pattern), instead, message, help, code)


def _same(match: re.Match[str]) -> str:
    """A list of one number many times is that number; any other list its items."""
    items = [item.strip() for item in match.group(1).split(",")]
    return items[0] if len(set(items)) == 1 else f"concat({', '.join(items)})"


NO_DOTS = "every operator but `@` works component by component: there is none with a dot"
TRANSPOSED = "a transpose is a function, `transpose(A)`"
CHOICE = "a choice is the function `where(condition, a, b)`"
ALONE = "functions stand alone, without the name of a library"
REDUCED = "a reduction is written `sum[t](…)`: its index in brackets, then what is summed"
ADJACENT = "two operands stand side by side"
SLICES = "there are no slices: an equation speaks of one position"
PRODUCTS = "a product is written with `*`, a matrix product with `@`"
CHILDREN = "the children of a node are summed by name: `sum[u in v.children](h[u])`"
STEP = "a step to another node is taken inside the brackets: `h[v.left]`"
LOGIC = "conditions are joined by words"
_C = r"[^=(),?:\s][^=(),?:]{0,80}?"


def _of_children(match: re.Match[str]) -> str:
    """A sum that names no child, over what the node has."""
    function, node, body = match.groups()
    return f"{function}[u in {node}.children]({body.replace(f'[{node}]', '[u]')})"


HABITS = (
    _habit(
        r"\[ *(\w+) +in +children\( *(\w+) *\) *\]",
        r"[\1 in \2.children]",
        CHILDREN,
        "write `[u in v.children]`",
    ),
    _habit(
        rf"\b({OVER})\[ *(\w+)\.children *\]\(([^()]{{0,80}})\)",
        _of_children,
        CHILDREN,
        "name the child: `[u in v.children]`",
    ),
    _habit(
        rf"\b({OVER})\[ *(\w+) +in +(\w+) *\](?=\()",
        r"\1[\2 in \3.children]",
        CHILDREN,
        "write `[u in v.children]`",
    ),
    _habit(
        rf"(\[ *\w+ +in +\w+\.children *\]) *({OPERAND})",
        r"\1(\2)",
        "what is summed stands in round brackets",
        "write `sum[u in v.children](h[u])`",
    ),
    _habit(
        r"\b([A-Za-z]\w*)\[(\w+)\]\.(left|right|parent)\b",
        r"\1[\2.\3]",
        STEP,
        STEP,
    ),
    _habit(
        rf"\b(?:{LIBRARIES})\.(?:dot|matmul|mm|mv)\(({OPERAND}), *({OPERAND})\)",
        r"\1 @ \2",
        "a matrix product is the operator `@`",
        "write `A @ b`",
    ),
    _habit(rf"\b(?:{LIBRARIES})\.(?:\w+\.)?(\w+)\(", r"\1(", ALONE, "write the function alone"),
    _habit(rf"({OPERAND})\.(?:T\b|t\(\)|transpose\(\))", r"transpose(\1)", TRANSPOSED, TRANSPOSED),
    _habit(rf"({OPERAND})'", r"transpose(\1)", TRANSPOSED, TRANSPOSED, "RNN103"),
    _habit(
        rf"{OPERAND}\.(?:shape|size)\b(?:\(\)|\[[^\[\]]*\])?",
        "n",
        "a size has a name of its own, given where the data is declared",
        "name the size: `input x[t]: n` has `n` components",
    ),
    _habit(r" ?\*\* ?", " ^ ", "there is no `**`: a power is written `^`", "write `^`"),
    _habit(
        r"\s*(?://|%)\s*([A-Za-z]+(?:[ ,]+[A-Za-z]+)+[^=]*)$",
        r"  # \1",
        "a comment starts with `#`",
        "write `#` before it",
    ),
    _habit(
        r" ?// ?",
        " / ",
        "there is no `//`: `/` is the real quotient, `%` the floor remainder",
        "write `/`",
    ),
    _habit(r" ?\.([*/^]) ?", r" \1 ", NO_DOTS, "write the operator without its dot"),
    _habit(r"<>", "!=", "there is no `<>`: unequal is written `!=`", "write `!=`"),
    _habit(r"([=!])==", r"\1=", "a comparison is `==` or `!=`, of two characters", "write `==`"),
    _habit(r"=([<>])", r"\1=", "`<=` and `>=` are written with the `=` behind", "write `<=`"),
    _habit(r" ?&&? ?", " and ", f"{LOGIC}: `and`", "write `and`", "RNN103"),
    _habit(
        r"([-+*/@=(,] ?)\|([^|]{1,60})\|",
        r"\1abs(\2)",
        "the absolute value is the function `abs`",
        "write `abs(…)`",
        "RNN103",
    ),
    _habit(r" ?\|\|? ?", " or ", f"{LOGIC}: `or`", "write `or`", "RNN103"),
    _habit(r"(?<=[(,=d ])[!~] ?(?=[\w(])", "not ", f"{LOGIC}: `not`", "write `not …`", "RNN103"),
    _habit(
        rf"({_C}) \? ({_C}) : ([^=(),?:]{{1,80}})",
        r"where(\1, \2, \3)",
        CHOICE,
        "write `where(condition, a, b)`",
        "RNN103",
    ),
    _habit(
        r"([^=(),\s][^=(),]{0,80}?) +if +([^=(),]{1,80}?) +else +([^=(),]{1,80})",
        r"where(\2, \1, \3)",
        CHOICE,
        "write `where(condition, a, b)`",
    ),
    _habit(
        rf"\b({OVER})\[ *(\w+) *(?:=|in) *\w+ *(?:\.\.|:) *\w+ *\]", r"\1[\2]", REDUCED, REDUCED
    ),
    _habit(rf"\b({OVER})\[ *1 *\.\. *\w+ *\]", r"\1[t]", REDUCED, REDUCED),
    _habit(
        rf"\b({OVER})\(([^=]{{1,200}}?) +for +(\w+) +in\b[^=]{{0,80}}\)$",
        r"\1[\3](\2)",
        REDUCED,
        REDUCED,
    ),
    _habit(rf"\b({OVER})\[ *(\w+) *\] +([^( ].*)$", r"\1[\2](\3)", REDUCED, REDUCED),
    _habit(rf"\b({OVER})_(\w) +([^( ].*)$", r"\1[\2](\3)", REDUCED, REDUCED),
    _habit(
        r"([\w)\]]) +for +\w+ +in\b.*$",
        r"\1",
        "an equation holds at every position: no loop is written",
        "leave the loop out",
    ),
    _habit(
        r"\(\s*\[([^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)+)\]\s*\)",
        r"(\1)",
        "there are no lists: arguments follow each other",
        "write the arguments without the square brackets",
    ),
    _habit(
        r"(?<![\w\]])\[([^\[\]:]+)\]",
        _same,
        "there are no lists: a number fills any shape, and `concat` joins components",
        "write one number, or `concat(a, b)`",
    ),
    _habit(r"\[ *:? *\]", "[t]", SLICES, "write one position, such as `h[t]`"),
    _habit(r"(\[[^\[\]:]{1,40}), *: *\]", r"\1]", SLICES, "write one position, such as `h[t]`"),
    _habit(r"\[[^\[\]]{0,40}:[^\[\]]{0,40}\]", "[t]", SLICES, "write one position: `h[t]`"),
    _habit(r'\b[fFrRbBuU](")', r"\1", "a text has no letter before it", 'write `"…"`'),
    _habit(r"(\d),(\d)", r"\1.\2", "a number has a decimal point", "write `1.5`"),
    _habit(
        r"(\d)_(?=\d)", r"\1", "a number is written without `_`", "write the digits alone", "RNN103"
    ),
    _habit(
        r"\b0[xX]([0-9a-fA-F]{1,15})\b",
        lambda match: str(int(match.group(1), 16)),
        "a number is written with ten digits",
        "write it without `0x`",
    ),
    _habit(r", *(\)|\]|$)", r"\1", "nothing follows this comma", "remove the comma"),
    _habit(r"; *$", "", "a line break ends a statement: no `;` is written", "remove it", "RNN103"),
    _habit(r" *:= *", " = ", "an equation is written with `=`", "write `=`"),
    _habit(r"([-+*/@^%]) ?([+*/@^%])", r"\1", "an operator stands twice", "remove one of them"),
    _habit(r"(?<![\w.])(\d+\.?\d*) ?(?=[A-Za-z(])", r"\1 * ", ADJACENT, PRODUCTS),
    _habit(rf"\b([A-Z]\w*) +(?={OPERAND}(?:[\[ )]|$))", r"\1 @ ", ADJACENT, PRODUCTS),
)
"""In the order in which they are looked for: the more special before the more general."""


def habit(place: Place) -> Slip | None:
    """The first habit that covers the place where the statement stopped."""
    start = max(0, place.at - _REACH)
    if place.first in ("axis", "model", "use"):
        return None
    for row in HABITS:
        for match in row.pattern.finditer(place.text, start):
            if match.start() <= place.at <= match.end():
                mended = row.pattern.sub(row.instead, place.text)
                if place.index != "t":
                    mended = mended.replace("[t]", f"[{place.index}]")
                return Slip(row.message, row.help, row.code, mended)
            if match.start() > place.at:
                break
    return None

"""What is said of text that does not parse."""

from __future__ import annotations

import unicodedata

from lark import UnexpectedToken

from rnndsl.syntax.lines import Line
from rnndsl.syntax.slips import find_slip
from rnndsl.text.diagnostics import Diagnostic, error
from rnndsl.text.source import Source, Span

WORDS = {
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": "a text in double quotes",
    "EQUAL": "`=`",
    "$END": "the end of the statement",
    "COMPARE": "a comparison",
    "RPAR": "`)`",
    "RSQB": "`]`",
    "LPAR": "`(`",
    "LSQB": "`[`",
    "COMMA": "`,`",
    "COLON": "`:`",
}
OPERATORS = {"PLUS", "MINUS", "TIMES", "OVER", "MODULO", "AT", "POWER", "COMPARE", "AND", "OR"}

INSTEAD = {
    **dict.fromkeys("−–—‐‑", "a minus is written `-`"),
    **dict.fromkeys("·×∙⋅", "a product is written with `*`, a matrix product with `@`"),
    **dict.fromkeys("÷∕⁄", "a quotient is written with `/`"),
    **dict.fromkeys("²³", "a power is written with `^`: `a ^ 2`"),
    **dict.fromkeys("'‘’′", 'a transpose is written `transpose(A)`, a text `"…"`'),
    **dict.fromkeys("“”„‟", 'a text stands in straight double quotes: `"…"`'),
    **dict.fromkeys("{}", "use brackets `( )` and `[ ]`"),
    **dict.fromkeys("&|", "write `and` or `or`"),
    **dict.fromkeys(";\\", "a line break ends a statement, except inside brackets"),
    "≤": "write `<=`",
    "≥": "write `>=`",
    "≠": "write `!=`",
    "→": "an equation is written with `=`",
    "…": "positions from 1 to T are written `1..T`",
    "!": "write `not a`, or `a != b`",
    "?": "a choice is written `where(condition, a, b)`",
    "\u00a0": "this is a space that does not break: write a plain one",
}


def too_deep(span: Span, limit: int) -> Diagnostic:
    """Nesting beyond the limit."""
    return error(
        "RNN104",
        f"this expression is more than {limit} operations deep",
        span,
        "too deep here",
        help="give parts of it names of their own, in equations before this one",
    )


def unclosed(span: Span, source: Source) -> Diagnostic:
    """A bracket that nothing closes."""
    bracket = source.slice(span)
    other = {"(": ")", "[": "]"}[bracket]
    return error(
        "RNN102",
        f"the bracket `{bracket}` is never closed",
        span,
        "opened here",
        help=f"add the missing `{other}`",
    )


def too_long(span: Span, limit: int) -> Diagnostic:
    """One statement of more characters than anybody writes by hand."""
    return error(
        "RNN107",
        f"this statement is longer than {limit:,} characters",
        span,
        "it starts here",
        help="give parts of it names of their own, in equations before this one",
    )


def bad_number(span: Span) -> Diagnostic:
    """`1e999`."""
    return error(
        "RNN106",
        "this number is too large",
        span,
        help="whole numbers are below 2^63, others below 1.8e308",
    )


def not_callable(span: Span) -> Diagnostic:
    """`h[t,0](…)` and the like."""
    return error(
        "RNN101",
        "only a function, or a function with one index in brackets, is followed by `(`",
        span,
        "this is no function",
        help="write a product with `*`, a matrix product with `@`",
    )


def not_delta(span: Span) -> Diagnostic:
    """`clip norm 1 grad h[t-1]`."""
    return error(
        "RNN101",
        "a clip along a reference is written with `d`",
        span,
        help="for example `clip norm 1 d h[t-1]`",
    )


def unexpected_character(span: Span, source: Source) -> Diagnostic:
    """A character that no word of the language has."""
    char = source.slice(span)
    if char == '"':
        return error(
            "RNN102",
            "this text is never closed",
            span,
            "opened here",
            help='close it with another `"` on the same line',
        )
    shown = char if char.isprintable() else f"U+{ord(char):04X}"
    return error(
        "RNN103", f"the character `{shown}` has no meaning here", span, help=_instead(char)
    )


def _instead(char: str) -> str:
    """What to write for a character."""
    words = unicodedata.name(char, "").split()
    if words[:1] == ["GREEK"] and len(words) == 4:
        return f"write the letter's name: `{words[-1].lower()}`; drawings show it as {char}"
    if char in INSTEAD:
        return INSTEAD[char]
    if char.isalnum() and not char.isascii():
        return "names are written with the letters a to z and A to Z, digits and `_`"
    return "the language is written in ASCII: letters, digits, `_` and the operators"


def unreadable(span: Span) -> Diagnostic:
    """A statement of no known form."""
    return error("RNN101", "this is not a statement of the language", span)


def unexpected_token(span: Span, fault: UnexpectedToken, line: Line, source: Source) -> Diagnostic:
    """A word that cannot stand where it stands."""
    slip = find_slip(fault, span, line, source)
    if slip is not None:
        start = line.span.start + (slip.at or 0)
        place = span if slip.at is None else Span(start, start + max(1, len(slip.word)))
        return error(slip.code, slip.message, place, help=slip.help)
    expected = set(fault.accepts or fault.expected or ())
    help = f"expected here: {_expected(expected)}" if expected else None
    if fault.token.type == "$END":
        return error("RNN101", "the statement ends too early", span, help=help)
    return error("RNN101", f"`{source.slice(span)}` cannot stand here", span, help=help)


def _expected(names: set[str]) -> str:
    words = sorted({WORDS[name] for name in names if name in WORDS})
    if names & OPERATORS:
        words.append("an operator")
    return ", ".join(words) if words else "another word"

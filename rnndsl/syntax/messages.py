"""What is said of text that does not parse."""

from __future__ import annotations

import unicodedata

from lark import UnexpectedToken

from rnndsl.syntax.lines import KEYWORDS, Line
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


def too_deep(span: Span, limit: int) -> Diagnostic:
    """Nesting beyond the limit."""
    return error(
        "RNN104",
        f"this expression is nested more than {limit} levels deep",
        span,
        "deeper than the limit from here on",
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


def not_callable(span: Span, source: Source) -> Diagnostic:
    """`h[t](…)` and the like."""
    return error(
        "RNN101",
        "only a function, or a function with one index in brackets, is followed by `(`",
        span,
        "this is no function",
        help="write a product with `*`, a matrix product with `@`",
    )


def unexpected_character(span: Span, source: Source) -> Diagnostic:
    """A character that no word of the language has."""
    char = source.slice(span)
    name = unicodedata.name(char, "")
    words = name.split()
    help = "the language is written in ASCII: letters, digits, `_` and the operators"
    if name.startswith("GREEK") and len(words) == 4:
        help = f"write the letter's name: `{words[-1].lower()}`; drawings show it as {char}"
    elif char == '"':
        help = 'close the text with another `"` on the same line'
    elif char == "!":
        help = "write `not a`, or `a != b`"
    elif char in "&|":
        help = "write `and` or `or`"
    elif char in "{}":
        help = "use brackets `( )` and `[ ]`"
    shown = char if char.isprintable() else f"U+{ord(char):04X}"
    return error("RNN103", f"the character `{shown}` has no meaning here", span, help=help)


def unreadable(span: Span) -> Diagnostic:
    """A statement of no known form."""
    return error("RNN101", "this is not a statement of the language", span)


def unexpected_token(span: Span, fault: UnexpectedToken, line: Line, source: Source) -> Diagnostic:
    """A word that cannot stand where it stands."""
    found = "the end" if fault.token.type == "$END" else f"`{source.slice(span)}`"
    expected = set(fault.accepts or fault.expected or ())
    help = _slip(fault, span, line, source)
    if help is None and expected:
        help = f"expected here: {_expected(expected)}"
    return error("RNN101", f"{found} cannot stand here", span, help=help)


def _expected(names: set[str]) -> str:
    words = sorted({WORDS[name] for name in names if name in WORDS})
    if names & OPERATORS:
        words.append("an operator")
    return ", ".join(words) if words else "another word"


def _slip(fault: UnexpectedToken, span: Span, line: Line, source: Source) -> str | None:
    """A sentence for the slips that people make."""
    text = source.slice(span)
    before = line.text[: max(0, span.start - line.span.start)].rstrip()
    first = line.text.split(None, 1)[0] if line.text.split() else ""
    if text == "=" and before in KEYWORDS:
        return f"`{before}` is a word of the language; choose another name"
    if text == "=" and line.text.count("=") > 1 and "=" in before:
        return "a comparison is written `==`"
    if text == "*" and before.endswith("*"):
        return "a power is written `^`"
    if text == "/" and before.endswith("/"):
        return "`/` is the real quotient; there is no floor division"
    if first in ("def", "for", "while", "if", "import", "return", "class", "from", "let", "var"):
        return "a file holds declarations and equations, one to a line, and no program"
    if fault.token.type == "NUMBER" and before and (before[-1].isalnum() or before[-1] in ")]"):
        return "a product is written with `*`"
    if fault.token.type in ("NAME", "LPAR") and before and before[-1] in ")]":
        return "a product is written with `*`, a matrix product with `@`"
    return None

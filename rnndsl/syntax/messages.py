"""What is said of text that does not parse."""

from __future__ import annotations

from rnndsl.syntax.place import Place, Slip
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
    **dict.fromkeys("{}", "use brackets `( )` and `[ ]`"),
    ";": "a line break ends a statement, except inside brackets",
    "\\": "a line break ends a statement, except inside brackets",
    "'": 'a text stands in double quotes: `"…"`',
    "?": "a choice is written `where(condition, a, b)`",
    "!": "write `not a`, or `a != b`",
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


def unclosed(span: Span, source: Source, mended: str | None) -> Diagnostic:
    """A bracket that nothing closes."""
    bracket = source.slice(span)
    other = {"(": ")", "[": "]"}[bracket]
    return error(
        "RNN102",
        f"the bracket `{bracket}` is never closed",
        span,
        "opened here",
        help=f"add the missing `{other}`" + (f": `{mended}`" if mended else ""),
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


def not_delta(span: Span) -> Diagnostic:
    """`clip norm 1 grad h[t-1]`."""
    return error(
        "RNN101",
        "a clip along a reference is written with `d`",
        span,
        help="for example `clip norm 1 d h[t-1]`",
    )


def fault(place: Place, slip: Slip | None, span: Span, start: int) -> Diagnostic:
    """A statement at `start` that does not parse; `span` is the word where it stopped."""
    if slip is not None:
        return _slip(slip, span, start)
    if place.type == "CALL":
        return error(
            "RNN101",
            "only a function, or a function with one index in brackets, is followed by `(`",
            span,
            "this is no function",
            help="write a product with `*`, a matrix product with `@`",
        )
    if place.type == "CHAR":
        return _character(place.text[place.at], span)
    expected = place.expected()
    help = f"expected here: {_expected(expected)}" if expected else None
    if place.type == "$END":
        return error("RNN101", "the statement ends too early", span, help=help)
    word = place.text[place.at : place.at + span.end - span.start]
    return error("RNN101", f"`{word}` cannot stand here", span, help=help)


def _slip(slip: Slip, span: Span, start: int) -> Diagnostic:
    if slip.at is not None:
        span = Span(start + slip.at, start + slip.at + slip.width)
    help = slip.help
    if slip.mended is not None:
        help = f"write `{slip.mended}`" if slip.mended else "remove this line"
    return error(slip.code, slip.message, span, help=help)


def _character(char: str, span: Span) -> Diagnostic:
    """A character that no word of the language has."""
    if char == '"':
        return error(
            "RNN102",
            "this text is never closed",
            span,
            "opened here",
            help='close it with another `"` on the same line',
        )
    shown = char if char.isprintable() else f"U+{ord(char):04X}"
    help = "the language is written in ASCII: letters, digits, `_` and the operators"
    if char.isalnum() and not char.isascii():
        help = "names are written with the letters a to z and A to Z, digits and `_`"
    message = f"the character `{shown}` has no meaning here"
    return error("RNN103", message, span, help=INSTEAD.get(char, help))


def _expected(names: frozenset[str]) -> str:
    words = sorted({WORDS[name] for name in names if name in WORDS})
    if names & OPERATORS:
        words.append("an operator")
    return ", ".join(words) if words else "another word"


def called_left(span: Span, mended: str | None) -> Diagnostic:
    """`h(t) = …` for `h[t] = …`."""
    help = f"write `{mended}`" if mended else "write `h[t] = …`"
    return error("RNN101", "positions stand in square brackets", span, help=help)


def typed_position(span: Span, mended: str) -> Diagnostic:
    """`input x: n[t]`."""
    message = "the index of data stands behind its name, not behind its shape"
    return error("RNN101", message, span, help=f"write `{mended}`")


def goes_on(span: Span, mended: str | None) -> Diagnostic:
    """An expression that goes on in the next line, outside brackets."""
    help = f"write `{mended}`" if mended else "put the right side in brackets"
    message = "a line break ends a statement, except inside brackets"
    return error("RNN101", message, span, "it would go on", help=help)

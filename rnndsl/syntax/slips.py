"""Slips that people make who know other languages, each with its word.

It looks at the place where a statement stopped to parse; it does not parse.
"""

from __future__ import annotations

from dataclasses import dataclass

from lark import UnexpectedToken

from rnndsl.syntax.lines import KEYWORDS, Line
from rnndsl.text.source import Source, Span

PROGRAM = ("def", "for", "while", "if", "else", "import", "return", "class", "from", "let", "var")
ENDS_OPERAND = ")]_"


@dataclass(frozen=True)
class Slip:
    """What is said of a slip."""

    message: str
    help: str | None = None
    code: str = "RNN101"
    at: int | None = None
    word: str = ""
    """Where in the statement which word is at fault, if not where it stopped to parse."""


@dataclass(frozen=True)
class _Place:
    """Where a statement stopped: the word, its type, and what stands before and after."""

    word: str
    type: str
    before: str
    after: str
    first: str
    text: str


def find_slip(fault: UnexpectedToken, span: Span, line: Line, source: Source) -> Slip | None:
    """The slip behind a word that cannot stand where it stands, if it is a known one."""
    text = line.text
    cut = max(0, span.start - line.span.start)
    first = text.split(None, 1)[0] if text else ""
    at_end = fault.token.type == "$END"
    before = text if at_end else text[:cut].rstrip()
    place = _Place(source.slice(span), fault.token.type, before, text[cut:], first, text)
    for rule in (_program, _equals, _end, _declaration, _operator, _bracket, _product):
        slip = rule(place)
        if slip is not None:
            return slip
    return None


def _program(place: _Place) -> Slip | None:
    if place.first not in PROGRAM:
        return None
    return Slip(
        "a file holds declarations and equations, one to a line, and no program",
        "an equation such as `h[t] = …` holds at every position: no loop is written",
    )


def _equals(place: _Place) -> Slip | None:
    if place.word == "=" and place.before in KEYWORDS:
        word = place.before
        return Slip(
            f"`{word}` is a word of the language and cannot be a name",
            f"choose another name, such as `{word}_`",
            "RNN112",
            0,
            word,
        )
    if place.word == "=" and place.before[-1:] in "+-*/@":
        return Slip(
            "an equation is no assignment: there is no `+=`, `-=` and so on",
            "write the whole right side after one `=`",
        )
    if place.word == "=" and "=" in place.before:
        return Slip("one equation has one `=`", "a comparison is written `==`")
    return None


def _end(place: _Place) -> Slip | None:
    if place.type != "$END":
        return None
    if "=" in place.text.replace("==", "").replace("<=", "").replace(">=", "").replace("!=", ""):
        return None
    if "==" in place.text:
        at = place.text.index("==")
        return Slip("an equation is written with one `=`", "`==` compares", at=at, word="==")
    if place.first == "clip":
        return Slip(
            "this clip ends too early",
            "for example `clip norm 5`, `clip norm 1 W, U` or `clip norm 1 d h[t-1]`",
        )
    if place.first not in KEYWORDS:
        return Slip("this equation has no right side", "add `= …`")
    return None


def _declaration(place: _Place) -> Slip | None:
    if place.first == "axis" and place.type == "NUMBER" and place.before.endswith(".."):
        return Slip("the length of an axis has a name", "write `1..T`: each example has its own T")
    if place.first == "clip" and place.word == "[":
        return Slip(
            "parameters are clipped by their names, references with a `d` before them",
            "for example `clip norm 1 W, U` or `clip norm 1 d h[t-1]`",
        )
    is_list = place.first in KEYWORDS and "=" not in place.before and ":" not in place.before
    if is_list and place.type == "NAME" and place.before[-1:].isalnum():
        return Slip(
            f"`{place.word}` follows a name without a comma",
            f"names are parted by commas: `{place.first} a, b`",
        )
    return None


def _operator(place: _Place) -> Slip | None:
    if place.word == "*" and place.before.endswith("*"):
        return Slip("there is no `**`", "a power is written `^`")
    if place.word == "/" and place.before.endswith("/"):
        return Slip("there is no `//`", "`/` is the real quotient, `%` the floor remainder")
    if place.type == "COMPARE" and place.before:
        return Slip("comparisons do not chain", "write `a < b and b < c`")
    return None


def _bracket(place: _Place) -> Slip | None:
    if place.word not in (")", "]"):
        return None
    opened = {")": "(", "]": "["}[place.word]
    is_open = _open(place.before)
    if not is_open:
        return Slip(f"nothing opens the bracket that this `{place.word}` closes", "remove it")
    if is_open[-1] != opened:
        other = {"(": ")", "[": "]"}[is_open[-1]]
        return Slip(
            f"`{place.word}` closes a bracket that was opened with `{is_open[-1]}`",
            f"write `{other}` before it",
        )
    return None


def _open(text: str) -> list[str]:
    """The brackets that are open at the end of a text."""
    found: list[str] = []
    for char in text:
        if char in "([":
            found.append(char)
        elif char in ")]" and found:
            found.pop()
    return found


def _product(place: _Place) -> Slip | None:
    last = place.before[-1:]
    if place.first in KEYWORDS or "=" not in place.before:
        return None
    if place.type in ("NAME", "NUMBER", "LPAR") and (last.isalnum() or last in ENDS_OPERAND):
        return Slip(
            "two operands stand side by side",
            "a product is written with `*`, a matrix product with `@`",
        )
    return None

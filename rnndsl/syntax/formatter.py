"""One canonical layout for a spec: spaces, line breaks, comments; never a word of it.

It works on tokens, so that numbers and brackets stay as they were written and comments stay where
they belong. Line breaks inside brackets and the order of statements are the author's. A text
with syntax errors is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from rnndsl.syntax.parser import parse
from rnndsl.text.diagnostics import SpecError
from rnndsl.text.source import Source

PADDED = ("axis", "size", "input", "target", "param", "const")
COLUMN = 7  # where what is declared starts: behind the longest of these words
INDENT = 4
GAP = 2  # between code and comment
OPERATORS = ("+", "-", "*", "/", "%", "@", "^", "=", "==", "!=", "<", "<=", ">", ">=")
WORDS = ("and", "or", "not", "in", "reverse", "as")
_TOKEN = re.compile(
    r'(?P<comment>\#[^\n]*)|(?P<text>"[^"\n]*")|(?P<newline>\n)|(?P<space>[ \t\f\r]+)'
    r"|(?P<number>([0-9]+(\.(?!\.)[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z][A-Za-z0-9_]*)|(?P<mark>\.\.|==|!=|<=|>=|.)"
)


@dataclass
class _Line:
    """A line: its tokens, each with the bracket that it stands in ("" for none), its comment.

    `depth` counts the brackets open at its start, `column` is where its comment stood.
    """

    depth: int = 0
    tokens: list[tuple[str, str, str]] = field(default_factory=list)
    comment: str = ""
    column: int = 0


def format_source(source: Source) -> str:
    """The text of a spec in the canonical layout; SpecError where it has syntax errors."""
    found = parse(source).diagnostics
    if found:
        raise SpecError(found, source)
    return "".join(f"{line}\n" for line in _laid_out(list(_lines(source.text))))


def _lines(text: str) -> Iterator[_Line]:
    """The physical lines of a text; those without anything mark a blank line."""
    line, start, open_ = _Line(), 0, list[str]()
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup or "", match.group()
        if kind == "newline":
            yield line
            line, start = _Line(len(open_)), match.end()
        elif kind == "comment":
            line.comment, line.column = token.rstrip(), match.start() - start
        elif kind != "space":
            if token in (")", "]") and open_:
                open_.pop()
            line.tokens.append((kind, token, open_[-1] if open_ else ""))
            if token in ("(", "["):
                open_.append(token)
    yield line


def _laid_out(lines: list[_Line]) -> Iterator[str]:
    """The lines as they are written: single blank lines, comments of neighbours in one column."""
    kind: Literal["start", "blank", "text"] = "start"
    run: list[tuple[str, str]] = []
    column = 0
    for line in lines:
        if not line.tokens and not line.comment:
            kind = "blank" if kind == "text" and not line.depth else kind
            continue
        code = _code(line)
        is_beside = bool(line.comment and code) or _goes_on(line, run, column, kind)
        if not is_beside or kind == "blank":
            yield from _aligned(run)
            run = []
        if kind == "blank":
            yield ""
        kind, column = "text", line.column
        if is_beside:
            run.append((code, line.comment))
        else:
            yield code or " " * (INDENT * line.depth) + line.comment
    yield from _aligned(run)


def _goes_on(line: _Line, run: list[tuple[str, str]], column: int, kind: str) -> bool:
    """Whether a comment alone on its line goes on with the one above, at `column`."""
    is_alone = not line.tokens and not line.depth
    return is_alone and kind == "text" and bool(run) and line.column == column


def _aligned(run: list[tuple[str, str]]) -> Iterator[str]:
    width = max((len(code) for code, _ in run), default=0) + GAP
    yield from (f"{code:<{width}}{comment}" for code, comment in run)


def _code(line: _Line) -> str:
    """The tokens of a line in their spacing, indented by the brackets that are open."""
    closing = 0
    for _, token, _ in line.tokens:
        if token not in (")", "]"):
            break
        closing += 1
    text = " " * (INDENT * max(0, line.depth - closing)) if line.tokens else ""
    before: tuple[str, str, str] | None = None
    is_sign = False
    for item in line.tokens:
        if before is not None:
            text += _between(before, item, is_sign)
        is_sign = item[1] == "-" and _starts(before)
        text += item[1]
        if before is None and not line.depth and item[1] in PADDED:
            text = text.ljust(COLUMN - 1)
        before = item
    return text


def _starts(before: tuple[str, str, str] | None) -> bool:
    """Whether what follows starts an operand, so that a minus there is a sign."""
    if before is None:
        return True
    kind, token, _ = before
    return token in WORDS if kind == "name" else token in (*OPERATORS, "(", "[", ",", ":")


def _between(left: tuple[str, str, str], right: tuple[str, str, str], is_sign: bool) -> str:
    """The space between two tokens; inside square brackets everything is set close."""
    (kind, token, where), (next_kind, after, inside) = left, right
    words = ("name", "number", "text")
    if kind in words and next_kind in words:
        return " "
    if ".." in (token, after):
        return " " if after == ".." and token.endswith(".") else ""
    if "." in (token, after) or token in ("(", "[") or after in (")", "]", ",", ":", "["):
        return ""
    if after == "(":
        is_call = kind == "name" and token not in WORDS
        return "" if is_call or token in (")", "]") or is_sign else _around(token, where)
    if is_sign:
        return ""
    if token in (",", ":"):
        return "" if where == "[" and token == "," else " "
    if token in OPERATORS or after in OPERATORS:
        return _around(
            token if token in OPERATORS else after, where if token in OPERATORS else inside
        )
    return " "


def _around(operator: str, inside: str) -> str:
    """What stands on both sides of an operator."""
    return "" if inside == "[" and operator in ("+", "-", "*", "/", "%", "^") else " "

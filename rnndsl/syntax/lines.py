"""A file cut into statements: logical lines, comments and the breaks inside brackets gone.

It knows brackets, strings and comments, and how a statement starts; nothing else of the
language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rnndsl.text.source import Span

KEYWORDS = ("model", "axis", "size", "input", "target", "param", "const", "output", "clip", "use")
_DECLARATION = re.compile(rf"(?:{'|'.join(KEYWORDS)})[ \t]+[A-Za-z\"]")
_LEFT_SIDE = re.compile(r"[A-Za-z]\w*(\[[^\[\]\n]*\]|\([^()\n]*\))?[ \t]*(:[^=<>!\n]*)?=(?!=)")
_OPEN, _CLOSE = "([", ")]"


@dataclass(frozen=True)
class Line:
    """One statement's text: as long as the source it covers, comments blanked out."""

    text: str
    span: Span
    unclosed: int | None = None
    """Offset of a bracket that nothing closes before the next statement starts."""


def logical_lines(text: str) -> Iterator[Line]:
    """Every statement of a file, in order; spans are offsets into `text`."""
    start, kept, brackets = 0, list[str](), list[int]()
    for begin, end in _physical(text):
        if brackets and _starts(text, begin, end):
            yield from _line(kept, start, begin, brackets[-1])
            start, kept, brackets = begin, [], []
        kept.append(_scan(text, begin, end, brackets))
        if not brackets:
            yield from _line(kept, start, end, None)
            start, kept = end, []
    yield from _line(kept, start, len(text), brackets[-1] if brackets else None)


def _physical(text: str) -> Iterator[tuple[int, int]]:
    begin = 0
    while begin < len(text):
        end = text.find("\n", begin) + 1 or len(text)
        yield begin, end
        begin = end


def _starts(text: str, begin: int, end: int) -> bool:
    """Whether a line inside brackets starts a statement all the same: a bracket was forgotten.

    `x = e,` and `m = 64)` are arguments of an instance, and start none.
    """
    if _DECLARATION.match(text, begin):
        return True
    if not _LEFT_SIDE.match(text, begin):
        return False
    code = text[begin:end].partition("#")[0]
    opened, closed = (sum(code.count(mark) for mark in marks) for marks in (_OPEN, _CLOSE))
    return opened >= closed and not code.rstrip().endswith(",")


def _scan(text: str, begin: int, end: int, brackets: list[int]) -> str:
    """One physical line with its comment blanked; `brackets` holds what is open."""
    at = begin
    while at < end:
        char = text[at]
        if char == "#":
            return text[begin:at] + " " * (end - at)
        if char == '"':
            close = text.find('"', at + 1, end)
            at = close if close >= 0 else end
        elif char in _OPEN:
            brackets.append(at)
        elif char in _CLOSE and brackets:
            brackets.pop()
        at += 1
    return text[begin:end]


def _line(kept: list[str], start: int, end: int, unclosed: int | None) -> Iterator[Line]:
    text = "".join(kept)
    stripped = text.strip()
    if stripped:
        first = start + len(text) - len(text.lstrip())
        yield Line(stripped, Span(first, first + len(stripped)), unclosed)

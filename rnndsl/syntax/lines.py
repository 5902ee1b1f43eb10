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
_GOES_ON = re.compile(r"[ \t]*(?:[+*@^]|/(?![/*])|-(?!-))[ \t]*[\w(]|[ \t]*(?:and|or)[ \t]")
_BREAKS_OFF = re.compile(r"(?:[-+*/@^%\\]|\b(?:and|or))$")
_OPEN, _CLOSE = "([", ")]"


@dataclass(frozen=True)
class Line:
    """One statement's text: as long as the source it covers, comments blanked out."""

    text: str
    span: Span
    unclosed: int | None = None
    """Offset of a bracket that nothing closes before the next statement starts."""
    broken: int | None = None
    """Offset of a line break, outside brackets, over which an expression goes on."""


def logical_lines(text: str) -> Iterator[Line]:
    """Every statement of a file, in order; spans are offsets into `text`."""
    start, kept, brackets = 0, list[str](), list[int]()
    broken: int | None = None
    for begin, end in _physical(text):
        if brackets and _starts(text, begin, end):
            yield from _line(kept, start, begin, brackets[-1])
            start, kept, brackets, broken = begin, [], [], None
        kept.append(_scan(text, begin, end, brackets))
        has_left = broken is not None or "=" in kept[-1]
        if not brackets and has_left and _goes_on(text, kept[-1], end):
            broken = broken or begin + len(kept[-1].rstrip())
        elif not brackets:
            yield from _line(kept, start, end, None, broken)
            start, kept, broken = end, [], None
    yield from _line(kept, start, len(text), brackets[-1] if brackets else None)


def _goes_on(text: str, line: str, end: int) -> bool:
    """Whether the line from `end` on goes on with an expression that `line` breaks off."""
    code = line.rstrip()
    if not code or end >= len(text):
        return False
    if _GOES_ON.match(text, end):
        return True
    following = text[end : end + 1]
    is_statement = _DECLARATION.match(text, end) or _LEFT_SIDE.match(text, end)
    return bool(_BREAKS_OFF.search(code[-4:])) and following not in "\n#" and not is_statement


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


def _line(
    kept: list[str], start: int, end: int, unclosed: int | None, broken: int | None = None
) -> Iterator[Line]:
    text = "".join(kept)
    stripped = text.strip()
    if stripped:
        first = start + len(text) - len(text.lstrip())
        if unclosed is not None:
            unclosed = _unpaired(text, start, unclosed)
        yield Line(stripped, Span(first, first + len(stripped)), unclosed, broken)


def _unpaired(text: str, start: int, last: int) -> int:
    """Offset of the first bracket that is open where an outer one is closed; else `last`."""
    found: list[tuple[str, int]] = []
    for at, char in enumerate(text, start):
        if char in _OPEN:
            found.append((_CLOSE[_OPEN.index(char)], at))
        elif char in _CLOSE and found:
            if found[-1][0] != char and len(found) > 1 and found[-2][0] == char:
                return found[-1][1]
            found.pop()
    return last

"""Long lines of generated code, broken where a person would break them.

Comments break between words, sums and products before an operator, calls between arguments.
It knows brackets and strings and nothing else of Python; short lines stay as they are.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from itertools import pairwise

WIDTH = 96
OPERATORS = ((" + ", " - "), (" * ", " / ", " @ ", " % "))
TOKENS = re.compile(
    r"""(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<open>[(\[{])|(?P<close>[)\]}])"""
    r"""|(?P<plain>[^"'()\[\]{}]+|.)"""
)


def folded(lines: Iterable[str]) -> Iterator[str]:
    """The lines, long ones in several."""
    for line in lines:
        if len(line) <= WIDTH:
            yield line
            continue
        text = line.lstrip(" ")
        indent = line[: len(line) - len(text)]
        if text.startswith("# "):
            inside = indent + "#   "
            yield from textwrap.wrap(line, WIDTH, subsequent_indent=inside, break_long_words=False)
        else:
            head, equals, value = _parted(text)
            yield from _fold(value, indent, head + equals, "", bool(equals))


def _fold(text: str, indent: str, before: str, after: str, may_wrap: bool) -> Iterator[str]:
    """An expression with what stands before and after it, each piece on lines of its own."""
    if len(indent + before + text + after) <= WIDTH:
        yield f"{indent}{before}{text}{after}"
        return
    inner = indent + "    "
    pieces = next((p for p in (_split(text, signs) for signs in OPERATORS) if len(p) > 1), [])
    if pieces and may_wrap:
        yield f"{indent}{before}("
        for piece in pieces:
            yield from _fold(piece, inner, "", "", False)
        yield f"{indent}){after}"
        return
    start, end = _widest(text)
    if end <= start:
        yield f"{indent}{before}{text}{after}"
        return
    yield f"{indent}{before}{text[: start + 1]}"
    parts = _split(text[start + 1 : end], (", ",))
    for place, part in enumerate(parts):
        comma = "," if place < len(parts) - 1 else ""
        yield from _fold(part.removeprefix(", "), inner, "", comma, False)
    yield f"{indent}{text[end:]}{after}"


def _parted(text: str) -> tuple[str, str, str]:
    """`a = b` in its parts; a statement without `=` is all value."""
    for at in _outside(text):
        if text.startswith(" = ", at):
            return text[:at], " = ", text[at + 3 :]
    return "", "", text


def _split(text: str, signs: tuple[str, ...]) -> list[str]:
    """The pieces between some operators outside all brackets, each operator with what follows."""
    cuts = [at for at in _outside(text) if at and text.startswith(signs, at)]
    ends = [*cuts, len(text)]
    return [text[a:b].strip(" ") for a, b in zip([0, *cuts], ends, strict=True)]


def _widest(text: str) -> tuple[int, int]:
    """The longest pair of brackets outside all others."""
    outside = list(_outside(text))
    pairs = [(a, b) for a, b in pairwise(outside) if text[a] in "([{"]
    return max(pairs, key=lambda pair: pair[1] - pair[0], default=(0, 0))


def _outside(text: str) -> Iterator[int]:
    """The places of characters outside all brackets and strings, outer brackets among them."""
    depth = 0
    for token in TOKENS.finditer(text):
        kind = token.lastgroup
        depth -= kind == "close"
        if not depth:
            yield from range(*token.span()) if kind == "plain" else (token.start(),)
        depth += kind == "open"

"""Text to statements, each parsed by itself; what does not parse becomes a diagnostic.

It decides nothing about names or meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from lark import Lark, UnexpectedCharacters, UnexpectedToken

from rnndsl.gallery import grammar
from rnndsl.syntax import messages, tree
from rnndsl.syntax.builder import BadNumber, Builder, NotCallable, NotDelta
from rnndsl.syntax.foreign import plain
from rnndsl.syntax.lines import Line, logical_lines
from rnndsl.syntax.place import Place, axis_names
from rnndsl.syntax.slips import LONGEST, brackets, find_slip
from rnndsl.text.diagnostics import Diagnostic
from rnndsl.text.source import Source, Span

MAX_DEPTH = 100
MAX_LENGTH = 20_000
MANY_FAULTS = 100
"""From so many on nobody reads what may have been meant."""
_PLACE = re.compile(r" *\w+(?: *[-+] *\w+)?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Parsed:
    """The statements that parse, and what is wrong with those that do not."""

    statements: tuple[tree.Statement, ...]
    diagnostics: tuple[Diagnostic, ...]
    mentioned: frozenset[str] = frozenset()
    """Every word of the statements that do not parse: they may declare any of these names."""


@lru_cache(maxsize=1)
def _parser() -> tuple[Lark, Builder]:
    builder = Builder()
    lark = Lark(
        grammar().read_text(encoding="utf-8"),
        parser="lalr",
        start="statement",
        keep_all_tokens=True,
        maybe_placeholders=False,
        transformer=builder,
    )
    return lark, builder


@lru_cache(maxsize=5_000)
def _statement(text: str, start: int) -> tree.Statement:
    """The statement of a text that stands at `start`; kept, for a file is read again and again."""
    lark, builder = _parser()
    builder.offset = start
    statement: tree.Statement = lark.parse(text)  # type: ignore[assignment]
    return statement


def parse(source: Source) -> Parsed:
    """Every statement of a source."""
    statements: list[tree.Statement] = []
    diagnostics: list[Diagnostic] = []
    mentioned: set[str] = set()
    indices = axis_names(source.text)
    for line in logical_lines(source.text):
        result = _parse_line(line, source, indices, len(diagnostics) < MANY_FAULTS)
        if isinstance(result, Diagnostic):
            diagnostics.append(result)
            mentioned.update(_mentioned(line.text, indices))
        else:
            statements.append(result)
    return Parsed(tuple(statements), tuple(diagnostics), frozenset(mentioned))


def _mentioned(text: str, indices: tuple[str, ...]) -> Iterator[str]:
    """The words of a text that does not parse; `h` too where it has `h_t` or `ĥ`."""
    is_short = len(text) <= MAX_LENGTH // 10
    for words in (text, plain(text, indices)) if is_short else (text,):
        for name in _NAME.findall(words):
            yield name
            base, _, below = name.partition("_")
            if below in ("", *indices):
                yield base


def _parse_line(
    line: Line, source: Source, indices: tuple[str, ...], mends: bool
) -> tree.Statement | Diagnostic:
    """A statement, or what is wrong with it; with `mends`, what may have been meant."""
    start = line.span.start
    if line.unclosed is not None:
        span = Span(line.unclosed, line.unclosed + 1)
        return messages.unclosed(span, source, _closed(line, indices) if mends else None)
    if len(line.text) > MAX_LENGTH:
        return messages.too_long(Span(start, start + 1), MAX_LENGTH)
    if line.broken is not None:
        mended = " ".join(re.sub(r"\\?[ \t]*\n", " ", line.text).split())
        is_short = len(mended) <= LONGEST and _stops(mended, indices) is None
        span = Span(line.broken - 1, line.broken)
        return messages.goes_on(span, mended if is_short else None)
    try:
        statement = _attempt(line.text, start, indices)
    except NotDelta as fault:
        return messages.not_delta(fault.span)
    except BadNumber as fault:
        return messages.bad_number(fault.span)
    if isinstance(statement, Fault):
        place = statement.place
        if not mends:
            return messages.fault(replace(place, expected=frozenset), None, statement.span, start)
        slip = find_slip(place, lambda text: _stops(text, indices))
        return messages.fault(place, slip, statement.span, start)
    deep = _too_deep(statement) if len(line.text) > MAX_DEPTH // 2 else None
    if deep is not None:
        return messages.too_deep(deep, MAX_DEPTH)
    return _doubtful(statement, line, source, indices) or statement


@dataclass(frozen=True)
class Fault:
    """Where a text stops to parse."""

    place: Place
    span: Span


def _attempt(text: str, start: int, indices: tuple[str, ...]) -> tree.Statement | Fault:
    """The statement of a text that stands at `start` in its file, or where it stops to parse."""
    try:
        return _statement(text, start)
    except NotCallable as fault:
        at = fault.span.start - start
        return Fault(Place(text, at, "CALL", indices), fault.span)
    except UnexpectedCharacters as fault:
        at = fault.pos_in_stream or 0
        place = Place(text, at, "CHAR", indices)
        return Fault(place, Span(start + at, start + at + 1))
    except UnexpectedToken as fault:
        return _unexpected(fault, text, start, indices)


def _unexpected(fault: UnexpectedToken, text: str, start: int, indices: tuple[str, ...]) -> Fault:
    token = fault.token

    def expected() -> frozenset[str]:
        return frozenset(fault.accepts or fault.expected or ())

    at, width = token.start_pos or 0, len(token)
    if token.type == "$END":
        at, width = max(0, len(text) - 1), 1
    span = Span(start + at, start + at + max(1, width))
    at = len(text) if token.type == "$END" else at
    return Fault(Place(text, at, token.type, indices, expected), span)


def _stops(text: str, indices: tuple[str, ...]) -> Place | None:
    """Where a text stops to parse; None where it is a statement."""
    try:
        found = _attempt(text, 0, indices)
    except (NotDelta, BadNumber):
        return Place(text, 0, "CALL", indices)
    return found.place if isinstance(found, Fault) else None


def _closed(line: Line, indices: tuple[str, ...]) -> str | None:
    """The statement with its bracket closed at the end, if that makes a statement of it."""
    if line.unclosed is None or len(line.text) > LONGEST or "\n" in line.text:
        return None
    at = line.unclosed - line.span.start
    closing = {"(": ")", "[": "]"}[line.text[at]]
    index = _PLACE.match(line.text, at + 1)
    ends = [len(line.text), *([index.end()] if index else [])]
    for end in ends if closing == ")" else reversed(ends):
        text = line.text[:end] + closing + line.text[end:]
        if _stops(text, indices) is None:
            return text
    return None


def _doubtful(
    statement: tree.Statement, line: Line, source: Source, indices: tuple[str, ...]
) -> Diagnostic | None:
    """What parses as something else than was meant."""
    if isinstance(statement, tree.FormulaStatement):
        names = [item.name for item in statement.parameters]
        if len(names) == 1 and names[0] in indices:
            name = statement.name
            mended = brackets(line.text, name.name, indices)
            is_short = len(mended) <= LONGEST and "\n" not in mended
            span = Span(name.span.end, statement.parameters[-1].span.end + 1)
            return messages.called_left(span, mended if is_short else None)
    for entry in statement.entries if isinstance(statement, tree.DataStatement) else ():
        kind = entry.type
        first = kind.dims[0] if isinstance(kind, tree.Shape) and kind.dims else None
        if isinstance(first, tree.Index) and not entry.indices:
            size, whole = source.slice(first.base.span), source.slice(first.span)
            mended = f"{entry.name.name}{whole[len(size) :].strip()}: {size}"
            return messages.typed_position(first.span, mended)
    return None


def _too_deep(statement: tree.Statement) -> Span | None:
    """The place at which nesting passes what later floors walk through."""
    stack: list[tuple[object, int]] = [(statement, 0)]
    while stack:
        node, depth = stack.pop()
        if isinstance(node, tuple):
            stack.extend((item, depth) for item in node)
        elif isinstance(node, tree.Node):
            if depth > MAX_DEPTH:
                return Span(node.span.start, node.span.start + 1)
            stack.extend((value, depth + 1) for value in vars(node).values())
    return None

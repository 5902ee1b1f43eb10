"""Text to statements, each parsed by itself; what does not parse becomes a diagnostic.

It decides nothing about names or meaning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from lark import Lark, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from rnndsl.gallery import grammar
from rnndsl.syntax import messages, tree
from rnndsl.syntax.builder import BadNumber, Builder, NotCallable, NotDelta
from rnndsl.syntax.lines import Line, logical_lines
from rnndsl.text.diagnostics import Diagnostic
from rnndsl.text.source import Source, Span

MAX_DEPTH = 100
MAX_LENGTH = 20_000
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


def parse(source: Source) -> Parsed:
    """Every statement of a source."""
    statements: list[tree.Statement] = []
    diagnostics: list[Diagnostic] = []
    mentioned: set[str] = set()
    for line in logical_lines(source.text):
        result = _parse_line(line, source)
        if isinstance(result, Diagnostic):
            diagnostics.append(result)
            mentioned.update(_NAME.findall(line.text))
        else:
            statements.append(result)
    return Parsed(tuple(statements), tuple(diagnostics), frozenset(mentioned))


def _parse_line(line: Line, source: Source) -> tree.Statement | Diagnostic:
    if line.unclosed is not None:
        return messages.unclosed(Span(line.unclosed, line.unclosed + 1), source)
    if len(line.text) > MAX_LENGTH:
        return messages.too_long(Span(line.span.start, line.span.start + 1), MAX_LENGTH)
    lark, builder = _parser()
    builder.offset = line.span.start
    try:
        statement: tree.Statement = lark.parse(line.text)  # type: ignore[assignment]
    except NotCallable as fault:
        return messages.not_callable(fault.span)
    except NotDelta as fault:
        return messages.not_delta(fault.span)
    except BadNumber as fault:
        return messages.bad_number(fault.span)
    except UnexpectedCharacters as fault:
        at = line.span.start + (fault.pos_in_stream or 0)
        return messages.unexpected_character(Span(at, at + 1), source)
    except UnexpectedToken as fault:
        return messages.unexpected_token(_token_span(fault, line), fault, line, source)
    except UnexpectedInput:
        return messages.unreadable(line.span)
    span = _too_deep(statement)
    return statement if span is None else messages.too_deep(span, MAX_DEPTH)


def _token_span(fault: UnexpectedToken, line: Line) -> Span:
    token = fault.token
    if token.type == "$END":
        return Span(line.span.end - 1, line.span.end)
    start = line.span.start + (token.start_pos or 0)
    return Span(start, start + max(1, len(token)))


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

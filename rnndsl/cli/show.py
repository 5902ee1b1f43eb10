"""What people see: diagnostics in colour, and text of unknown origin made harmless.

The wording is not decided here; `rnndsl.text.render` lays diagnostics out.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from typing import TextIO

import click

from rnndsl.text.diagnostics import DataError, Diagnostic, SpecError
from rnndsl.text.render import render, render_all
from rnndsl.text.source import Source

_HEADING = re.compile(r"(error|warning)(\[\w+\]): ")
_GUTTER = re.compile(r"( *(?:\d+ )?\||\s*-->|\s*=|\.\.\.)(.*)")
_COLOURS = {"error": "red", "warning": "yellow"}


def wants_colour(stream: TextIO) -> bool:
    """Whether colours belong on a stream: a terminal, and NO_COLOR is not set."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def printable(text: str) -> str:
    """Text in which control characters and lone surrogates are written out; line breaks stay."""
    return "".join(char if char.isprintable() or char == "\n" else _escaped(char) for char in text)


def say(text: str) -> None:
    """A line of results on standard output."""
    click.echo(printable(text))


def note(text: str) -> None:
    """A line about the work on standard error."""
    click.echo(printable(text), err=True)


def show_problem(problem: SpecError | DataError) -> None:
    """Every diagnostic of an error, on standard error."""
    if isinstance(problem, SpecError):
        _show(render_all(problem.diagnostics, problem.source))
    else:
        _show(render(Diagnostic(problem.code, "error", str(problem)), None))


def show_warnings(warnings: Iterable[Diagnostic], source: Source) -> None:
    """Warnings about a sound spec, on standard error."""
    for item in warnings:
        _show(render(item, source))


def _show(text: str) -> None:
    clean = printable(text)
    click.echo(f"{coloured(clean) if wants_colour(sys.stderr) else clean}\n", err=True)


def coloured(text: str) -> str:
    """Rendered diagnostics with terminal colours: headings, gutters, what is underlined."""
    severity = "error"
    lines = []
    for line in text.split("\n"):
        heading = _HEADING.match(line)
        if heading:
            severity = heading[1]
            head = click.style(heading[1] + heading[2], fg=_COLOURS[severity], bold=True)
            lines.append(head + click.style(": " + line[heading.end() :], bold=True))
        else:
            lines.append(_body(line, severity))
    return "\n".join(lines)


def _body(line: str, severity: str) -> str:
    gutter = _GUTTER.fullmatch(line)
    if gutter is None:
        return line
    left, right = gutter.groups()
    marks = re.fullmatch(r"( +)(\^+|-+)(.*)", right)
    if marks and left.strip() == "|":
        colour = _COLOURS[severity] if marks[2][0] == "^" else "blue"
        right = marks[1] + click.style(marks[2] + marks[3], fg=colour, bold=True)
    return click.style(left, fg="blue", bold=True) + right


def _escaped(char: str) -> str:
    return "    " if char == "\t" else repr(char)[1:-1]

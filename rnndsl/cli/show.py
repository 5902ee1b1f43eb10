"""What people see: diagnostics in colour, and text of unknown origin made harmless.

The wording is not decided here; `rnndsl.text.render` lays diagnostics out.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

import click

from rnndsl.text.diagnostics import DataError, Diagnostic, SpecError
from rnndsl.text.render import render, render_all
from rnndsl.text.source import Source

_HEADING = re.compile(r"(error|warning)(\[\w+\]): ")
_GUTTER = re.compile(r"( *(?:\d+ )?\||\s*-->|\s*=|\.\.\.)(.*)")
_COLOURS = {"error": "red", "warning": "yellow"}
WIDE = 10_000  # no line of a file is broken


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


def say_json(data: object) -> None:
    """Results for a program, on standard output: JSON in ASCII."""
    import json

    click.echo(json.dumps(data, indent=2, allow_nan=False))


def say_table(headings: Sequence[str], rows: Iterable[Sequence[str]], right: str = "") -> None:
    """Rows under their headings on standard output; the columns named in `right` are numbers."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    is_terminal = sys.stdout.isatty()
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right.split(",") else "left")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    console = Console(width=None if is_terminal else WIDE, no_color=not wants_colour(sys.stdout))
    with console.capture() as capture:
        console.print(table)
    click.echo("\n".join(line.rstrip() for line in capture.get().rstrip().split("\n")))


def show_problem(problem: SpecError | DataError) -> None:
    """Every diagnostic of an error, on standard error."""
    if isinstance(problem, SpecError):
        _show(render_all(problem.diagnostics, problem.source))
    else:
        _show(render(Diagnostic(problem.code, "error", str(problem)), None))


def problem_data(item: Diagnostic, source: Source | None) -> dict[str, object]:
    """A diagnostic for a program; lines and columns are counted from 1, ends are past the end."""
    labels = []
    for label in item.labels:
        if source is not None:
            line, column = source.place(label.span.start)
            end_line, end_column = source.place(label.span.end)
            place = {"line": line, "column": column, "end_line": end_line, "end_column": end_column}
            labels.append({**place, "text": label.text})
    return {
        "code": item.code,
        "severity": item.severity,
        "message": item.message,
        "labels": labels,
        "notes": list(item.notes),
        "help": item.help,
    }


def show_warnings(warnings: Iterable[Diagnostic], source: Source | None) -> None:
    """Warnings, or other diagnostics, of one spec, on standard error."""
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

"""Diagnostics as plain text with line numbers and carets.

It renders one form for every door: the command line prints it, `str(SpecError)` returns it,
the tests compare it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rnndsl.text.diagnostics import Diagnostic, Label
from rnndsl.text.source import Source

MAX_WIDTH = 160


def render_all(diagnostics: Iterable[Diagnostic], source: Source | None) -> str:
    """All diagnostics, a blank line between two of them."""
    return "\n\n".join(render(item, source) for item in diagnostics)


def render(item: Diagnostic, source: Source | None) -> str:
    """One diagnostic: heading, place, the lines with what is said of them, notes, help."""
    lines = [f"{item.severity}[{item.code}]: {item.message}"]
    gutter = 1
    if source is not None and item.labels:
        first, column = source.place(item.labels[0].span.start)
        numbers = sorted({source.place(label.span.start)[0] for label in item.labels})
        gutter = len(str(numbers[-1]))
        lines.append(f"{' ' * gutter}--> {source.name}:{first}:{column}")
        lines.append(f"{' ' * gutter} |")
        lines.extend(_excerpt(source, numbers, item.labels, gutter))
        if item.notes or item.help:
            lines.append(f"{' ' * gutter} |")
    lines.extend(f"{' ' * gutter} = note: {note}" for note in item.notes)
    if item.help:
        lines.append(f"{' ' * gutter} = help: {item.help}")
    return "\n".join(lines)


def _excerpt(
    source: Source, numbers: Sequence[int], labels: Sequence[Label], gutter: int
) -> Iterable[str]:
    previous = None
    for number in numbers:
        if previous is not None and number > previous + 1:
            yield f"{' ' * gutter}..."
        previous = number
        text = _shown(source.line(number))
        yield f"{number:>{gutter}} | {text}".rstrip()
        here = [label for label in labels if source.place(label.span.start)[0] == number]
        for label in sorted(here, key=lambda label: label.span):
            yield f"{' ' * gutter} | {_underline(source, label, label is labels[0], len(text))}"


def _underline(source: Source, label: Label, is_first: bool, width: int) -> str:
    _, column = source.place(label.span.start)
    column = min(column, width + 1)
    length = max(1, min(label.span.end - label.span.start, width - column + 1))
    mark = "^" if is_first else "-"
    return f"{' ' * (column - 1)}{mark * length} {label.text}".rstrip()


def _shown(line: str) -> str:
    clean = "".join(char if char.isprintable() else " " for char in line)
    return clean if len(clean) <= MAX_WIDTH else clean[: MAX_WIDTH - 1] + "…"

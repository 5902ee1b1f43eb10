"""Diagnostics as plain text with line numbers and carets.

It renders one form for every door: the command line prints it, `str(SpecError)` returns it,
the tests compare it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from rnndsl.text.diagnostics import Diagnostic, Label
from rnndsl.text.source import Source, Span

MAX_WIDTH = 160


def render_all(diagnostics: Iterable[Diagnostic], source: Source | None) -> str:
    """All diagnostics, a blank line between two of them."""
    return "\n\n".join(render(item, source) for item in diagnostics)


def render(item: Diagnostic, source: Source | None) -> str:
    """One diagnostic: heading, place, the lines with what is said of them, notes, help.

    Where the place is in a used file, where that is used follows; each file stands apart.
    """
    lines = [f"{item.severity}[{item.code}]: {item.message}"]
    gutter = 1
    if source is not None and item.labels:
        files = _by_file(item, source)
        gutter = max(_width(file, labels) for file, labels in files)
        for number, (file, labels) in enumerate(files):
            if number:
                lines.append(f"{' ' * gutter} |")
            lines.extend(_excerpt(file, labels, gutter, is_first=not number))
        if item.notes or item.help:
            lines.append(f"{' ' * gutter} |")
    lines.extend(f"{' ' * gutter} = note: {note}" for note in item.notes)
    if item.help:
        lines.append(f"{' ' * gutter} = help: {item.help}")
    return "\n".join(lines)


def _by_file(item: Diagnostic, source: Source) -> list[tuple[Source, list[Label]]]:
    """The labels of each file, with places of that file; the first of all stands first."""
    users = source.users(item.labels[0].span.start)
    labels = [*item.labels, *(Label(span, "used here") for span in users)]
    files: list[tuple[Source, list[Label]]] = []
    for label in labels:
        file, start = source.leaf(label.span.start)
        length = label.span.end - label.span.start
        own = replace(label, span=Span(start, start + length))
        known = next((found for one, found in files if one.name == file.name), None)
        if known is None:
            files.append((file, [own]))
        elif own not in known:
            known.append(own)
    return files


def _width(file: Source, labels: Sequence[Label]) -> int:
    return len(str(max(file.place(label.span.start)[0] for label in labels)))


def _excerpt(
    file: Source, labels: Sequence[Label], gutter: int, *, is_first: bool
) -> Iterable[str]:
    """The place in one file and the lines around it."""
    arrow = "--> " if is_first else "::: "
    first, column = file.place(labels[0].span.start)
    yield f"{' ' * gutter}{arrow}{file.name}:{first}:{column}"
    yield f"{' ' * gutter} |"
    previous = None
    for number in sorted({file.place(label.span.start)[0] for label in labels}):
        if previous is not None and number > previous + 1:
            yield f"{' ' * gutter}..."
        previous = number
        text = _shown(file.line(number))
        yield f"{number:>{gutter}} | {text}".rstrip()
        here = [label for label in labels if file.place(label.span.start)[0] == number]
        for label in sorted(here, key=lambda label: label.span):
            is_main = is_first and label is labels[0]
            yield f"{' ' * gutter} | {_underline(file, label, is_main, len(text))}"


def _underline(source: Source, label: Label, is_first: bool, width: int) -> str:
    _, column = source.place(label.span.start)
    column = min(column, width + 1)
    length = max(1, min(label.span.end - label.span.start, width - column + 1))
    mark = "^" if is_first else "-"
    return f"{' ' * (column - 1)}{mark * length} {label.text}".rstrip()


def _shown(line: str) -> str:
    clean = "".join(char if char.isprintable() else " " for char in line)
    return clean if len(clean) <= MAX_WIDTH else clean[: MAX_WIDTH - 1] + "…"

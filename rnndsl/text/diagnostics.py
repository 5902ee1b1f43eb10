"""Diagnostics are values: a code, a sentence, places in the text, notes and a way out.

How they are worded stands in the `messages` modules of the floors that find them; how they
are shown stands in `render`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from rnndsl.text.source import Source, Span

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Label:
    """A place in the source and what is to be said of it."""

    span: Span
    text: str = ""


@dataclass(frozen=True)
class Diagnostic:
    """One thing that is wrong (or doubtful): the first label is the place it is found at."""

    code: str
    severity: Severity
    message: str
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None

    @property
    def is_error(self) -> bool:
        """Whether it stops the compiler."""
        return self.severity == "error"


class RnndslError(Exception):
    """The base of every error that this package raises on purpose."""


class SpecError(RnndslError):
    """A specification is at fault; carries every diagnostic, rendered by `str()`."""

    def __init__(self, diagnostics: Iterable[Diagnostic], source: Source | None = None) -> None:
        self.diagnostics = tuple(diagnostics)
        self.source = source
        super().__init__(self.diagnostics, source)

    def __str__(self) -> str:
        from rnndsl.text.render import render_all  # the renderer imports this module

        return render_all(self.diagnostics, self.source)


class DataError(RnndslError, ValueError):
    """Data, sizes or files given to a sound model are at fault; the message says how."""

    def __init__(self, message: str, code: str = "RNN401") -> None:
        self.code = code
        super().__init__(message)


def error(
    code: str,
    message: str,
    span: Span | None = None,
    label: str = "",
    *,
    more: Iterable[Label] = (),
    notes: Iterable[str] = (),
    help: str | None = None,
) -> Diagnostic:
    """An error at a span, with further labelled places in `more`."""
    first = () if span is None else (Label(span, label),)
    return Diagnostic(code, "error", message, first + tuple(more), tuple(notes), help)


def warning(
    code: str,
    message: str,
    span: Span,
    label: str = "",
    *,
    more: Iterable[Label] = (),
    notes: Iterable[str] = (),
    help: str | None = None,
) -> Diagnostic:
    """A warning at a span, with further labelled places in `more`."""
    labels = (Label(span, label), *more)
    return Diagnostic(code, "warning", message, labels, tuple(notes), help)

"""A piece of source text and places in it; behind it the texts of the files that it uses.

It knows lines and columns; it does not read files and does not know the language.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, order=True)
class Span:
    """A half-open range `start:end` of character offsets in one source."""

    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The smallest span that covers both."""
        return Span(min(self.start, other.start), max(self.end, other.end))


NOWHERE = Span(0, 0)


@dataclass(frozen=True)
class Part:
    """A copy of a used text: where its places begin in the whole, and where it is used."""

    start: int
    source: Source
    used_at: Span


@dataclass(frozen=True)
class Source:
    """A named text; `name` is what a diagnostic shows after `-->`.

    `folder` is where the files are looked for that it uses ("" for the working folder);
    `uses` holds those that were found, by the path that is written, None where none was looked
    for. Each instance of a used file has places of its own, behind the text and in one of
    the `parts`.
    """

    name: str
    text: str
    folder: str = ""
    uses: tuple[tuple[str, Source], ...] | None = None
    parts: tuple[Part, ...] = ()

    @property
    def end(self) -> int:
        """Where places are free: behind the text and all parts."""
        last = self.parts[-1] if self.parts else None
        return len(self.text) + 1 if last is None else last.start + last.source.end

    def leaf(self, offset: int) -> tuple[Source, int]:
        """The text that a place of the whole stands in, and the place in that text."""
        part = self._part(offset)
        return (self, offset) if part is None else part.source.leaf(offset - part.start)

    def users(self, offset: int) -> tuple[Span, ...]:
        """Where the text of a place is used, from the innermost use to that in the file itself."""
        part = self._part(offset)
        if part is None:
            return ()
        inner = part.source.users(offset - part.start)
        return (*(moved(span, part.start) for span in inner), part.used_at)

    def _part(self, offset: int) -> Part | None:
        at = bisect_right([part.start for part in self.parts], offset)
        return self.parts[at - 1] if at else None

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        starts = [0]
        starts.extend(i + 1 for i, char in enumerate(self.text) if char == "\n")
        return tuple(starts)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without its line break."""
        start = self._starts[number - 1]
        end = self._starts[number] - 1 if number < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r")

    def slice(self, span: Span) -> str:
        """The characters of a span, of whichever text it is a place."""
        source, start = self.leaf(span.start)
        return source.text[start : start + span.end - span.start]


def moved(span: Span, by: int) -> Span:
    """A span further behind."""
    return Span(span.start + by, span.end + by)

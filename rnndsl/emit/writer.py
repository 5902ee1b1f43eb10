"""Lines of generated code, indented."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class Writer:
    """Collects lines at the indentation at hand."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._depth = 0

    def line(self, text: str = "") -> None:
        """One line; it must hold no line break."""
        assert "\n" not in text, text
        assert "\r" not in text, text
        self.lines.append("    " * self._depth + text if text else "")

    def extend(self, lines: Iterable[str]) -> None:
        """Several lines."""
        for text in lines:
            self.line(text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """What `head` opens, one step further in."""
        self.line(head)
        self._depth += 1
        yield
        self._depth -= 1

    def text(self) -> str:
        """Everything, with a line break at the end."""
        return "\n".join(self.lines) + "\n"

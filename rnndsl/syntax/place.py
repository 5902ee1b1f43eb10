"""Where a statement stopped to parse, and what is said of a slip found there.

It holds what the rules of `slips`, `habits`, `declared` and `foreign` share, and no rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

OVER = "sum|mean|max|min|prod|logsumexp|argmax|softmax"
"""What takes an index in brackets, as a pattern."""
OPERAND = r"[A-Za-z]\w*(?:\[[^\[\]]{0,40}\])*"
"""A name with its brackets, as a pattern."""
_AXIS = re.compile(r"^[ \t]*axis[ \t]+(\w+(?:[ \t]*,[ \t]*\w+)*)", re.MULTILINE)
_WORD = re.compile(r"[A-Za-z]\w*|\d+|.?", re.DOTALL)


@dataclass(frozen=True)
class Slip:
    """What is said of a slip; `mended` is the statement as it may have been meant."""

    message: str
    help: str | None = None
    code: str = "RNN101"
    mended: str | None = None
    at: int | None = None
    """Where in the statement the slip is, if not where it stopped to parse."""
    width: int = 1


@dataclass(frozen=True)
class Place:
    """A statement's text, where it stopped (`at`), at a word of which type; what could follow.

    `type` is that of the parser's token, "CHAR" for a character without meaning, "CALL" for a
    bracket behind what is no function. `indices` are the names that the file's axes have.
    """

    text: str
    at: int
    type: str
    indices: tuple[str, ...]
    expected: Callable[[], frozenset[str]] = frozenset

    @property
    def word(self) -> str:
        """The word that cannot stand where it stands."""
        match = _WORD.match(self.text, self.at)
        return match.group() if match else ""

    @property
    def before(self) -> str:
        """What stands before it."""
        return self.text[: self.at].rstrip()

    @property
    def first(self) -> str:
        """The statement's first word."""
        match = _WORD.match(self.text)
        return match.group() if match else ""

    @property
    def index(self) -> str:
        """The index of the file's axis, `t` where it has none."""
        return self.indices[0] if self.indices else "t"

    @property
    def depth(self) -> int:
        """How many brackets are open here."""
        return len(open_brackets(self.before))


Rule = Callable[[Place], Slip | None]


def axis_names(text: str) -> tuple[str, ...]:
    """The indices that a file's `axis` statements name."""
    found = (re.split(r"[ \t]*,[ \t]*", match.group(1)) for match in _AXIS.finditer(text))
    return tuple(name for names in found for name in names)


def open_brackets(text: str) -> list[str]:
    """The brackets that are open at the end of a text."""
    found: list[str] = []
    for char in text:
        if char in "([":
            found.append(char)
        elif char in ")]" and found:
            found.pop()
    return found

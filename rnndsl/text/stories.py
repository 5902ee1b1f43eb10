"""The long story of each diagnostic, from the pages beside this module, one a code.

A page has a title, what it means in words, and a spec that fails with exactly this code with a
mended one; or, where no spec can show it, a command that helps. Nothing is checked here: the
tests run the examples.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGES = Path(__file__).resolve().parent / "pages"
_BLOCK = re.compile(r"^```(.+)\n((?:.*\n)*?)```\n", re.MULTILINE)


@dataclass(frozen=True)
class Story:
    """What there is to tell of a code; `fails` and `mended` are specs, `command` a line to type."""

    code: str
    title: str
    words: str
    fails: str | None
    mended: str | None
    command: str | None


def codes() -> list[str]:
    """Every code with a story, in order."""
    return sorted(path.stem for path in PAGES.glob("RNN*.md"))


def story(code: str) -> Story | None:
    """The story of a code such as `RNN203`; None where there is no such code."""
    if code not in codes():
        return None
    text = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    blocks = dict(_BLOCK.findall(text))
    title, _, words = _BLOCK.sub("", text).strip().partition("\n\n")
    command = blocks.get("console")
    return Story(
        code,
        title.removeprefix("# "),
        words.strip(),
        blocks.get("rnn fails"),
        blocks.get("rnn mended"),
        None if command is None else command.strip().removeprefix("$ "),
    )

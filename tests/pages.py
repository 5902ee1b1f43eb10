"""The documents as sessions: their fenced blocks, and a page run from top to bottom.

A block's opening line is its language and, behind it, words for the tests:

    rnn                 a whole model that checks without a word
    rnn broken          a whole model with mistakes
    python              runs, after all that stands above it on the page
    py from=FILE        an excerpt of FILE: of the project, or written further up on the page
    console             commands behind `$ `, each with all that it prints
    text, py, sh        nothing to run: a drawing, or a file (see below)
    math                equations of the gallery's page, which is tested as a whole

`file=NAME` writes any block to a file of the page's folder. In a transcript `…` stands for
whatever a line holds there, and for any number of lines where it has a line of its own; so it
does in an excerpt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.shell import Shell

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    str(path.relative_to(ROOT)): path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
}
FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUN = {"rnn", "python", "console"}
WRITTEN = {"text", "py", "sh"}


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the words behind it, its text, the line that it begins on."""

    language: str
    words: tuple[str, ...]
    text: str
    line: int

    def value(self, name: str) -> str | None:
        """What stands behind `name=`."""
        return next((w.partition("=")[2] for w in self.words if w.startswith(f"{name}=")), None)

    @property
    def is_run(self) -> bool:
        """Whether a test does something with it."""
        is_file = self.value("file") is not None or self.value("from") is not None
        is_drawing = self.language == "text" and "drawing" in self.words
        is_math = self.language == "math"
        return (
            is_math or self.language in RUN or (self.language in WRITTEN and is_file) or is_drawing
        )


def blocks(name: str) -> list[Block]:
    """The fenced blocks of a page, from top to bottom."""
    text = PAGES[name].read_text(encoding="utf-8")
    return list(_blocks(text))


def _blocks(text: str) -> Iterator[Block]:
    for found in FENCE.finditer(text):
        language, *words = found[1].split() or [""]
        line = text.count("\n", 0, found.start(2)) + 1
        yield Block(language, tuple(words), found[2], line)


@dataclass
class Command:
    """One command of a transcript, what the page says that it prints, and what it printed."""

    text: str
    said: str
    line: int
    printed: str = ""

    @property
    def is_told(self) -> bool:
        """Whether it printed what the page says."""
        return matches(self.said, self.printed)

    def shown(self) -> str:
        """The command with what it prints."""
        return f"$ {self.text}\n{self.said if self.is_told else self.printed}"


def commands(block: Block) -> list[Command]:
    """The commands of a block; what stands before the first `$ ` is an error."""
    found: list[Command] = []
    for number, line in enumerate(block.text.splitlines(keepends=True)):
        if line.startswith("$ "):
            found.append(Command(line[2:].rstrip("\n"), "", block.line + number))
        else:
            assert found, f"line {block.line + number}: no command before what it prints"
            found[-1].said += line
    return found


def matches(said: str, printed: str) -> bool:
    """Whether a text is the one said, `…` standing for anything within a line, or for lines."""
    parts = []
    for line in said.splitlines():
        if line.strip() == "…":
            parts.append("(?:[^\n]*\n)*?")
        else:
            parts.append(r"[^\n]*".join(map(re.escape, line.split("…"))) + "\n")
    return re.fullmatch("".join(parts), _lines(printed)) is not None


def _lines(text: str) -> str:
    """The text, its last line ended."""
    return text if not text or text.endswith("\n") else f"{text}\n"


def is_excerpt(shown: str, whole: str) -> bool:
    """Whether lines stand in a file, one after the other, `…` for what is left out.

    How far the first line is indented does not matter.
    """
    lines = [line.rstrip() for line in whole.splitlines()]
    wanted = [line.rstrip() for line in shown.splitlines()]
    pieces: list[list[str]] = [[]]
    for line in wanted:
        if line.strip() in ("…", "# …"):
            pieces.append([])
        else:
            pieces[-1].append(line)
    start = 0
    for piece in pieces:
        place = _find(piece, lines, start)
        if place is None:
            return False
        start = place + len(piece)
    return True


def _find(piece: Sequence[str], lines: Sequence[str], start: int) -> int | None:
    for place in range(start, len(lines) - len(piece) + 1):
        there = lines[place : place + len(piece)]
        depth = min((len(t) - len(t.lstrip()) for t in there if t), default=0)
        own = min((len(t) - len(t.lstrip()) for t in piece if t), default=0)
        if [t[depth:] for t in there] == [t[own:] for t in piece]:
            return place
    return None


@dataclass
class Session:
    """A page on its way: its folder, its Python names, all commands run so far."""

    name: str
    folder: Path
    names: dict[str, object] = field(default_factory=dict)
    told: list[tuple[Block, list[Command]]] = field(default_factory=list)

    def run(self) -> None:
        """Every block of the page, in the page's folder, which is the current one."""
        shell = Shell(self.folder)
        for block in blocks(self.name):
            file = block.value("file")
            if file is not None:
                (self.folder / file).write_text(block.text, encoding="utf-8")
            match block.language:
                case "rnn":
                    self._model(block)
                case "python" if file is None:
                    self._python(block)
                case "console":
                    found = commands(block)
                    for command in found:
                        command.printed = shell.run(command.text)
                    self.told.append((block, found))
            self._excerpt(block)

    def _model(self, block: Block) -> None:
        from rnndsl import driver
        from rnndsl.text.diagnostics import SpecError

        words: list[str]
        try:
            words = [item.code for item in driver.parse(block.text, self.name).warnings]
        except SpecError as error:
            words = [item.code for item in error.diagnostics]
        assert bool(words) == ("broken" in block.words), f"{self.name}:{block.line}: {words}"

    def _python(self, block: Block) -> None:
        code = "\n" * (block.line - 1) + block.text
        exec(compile(code, str(PAGES[self.name]), "exec"), self.names)

    def _excerpt(self, block: Block) -> None:
        origin = block.value("from")
        if origin is not None:
            place = next(f for f in (self.folder / origin, ROOT / origin) if f.exists())
            whole = place.read_text(encoding="utf-8")
            words = f"{self.name}:{block.line} is no excerpt of {origin}"
            assert is_excerpt(block.text, whole), words

    def retold(self) -> str:
        """The page with every transcript as it is now."""
        lines = PAGES[self.name].read_text(encoding="utf-8").splitlines(keepends=True)
        for block, found in reversed(self.told):
            shown = "".join(_lines(command.shown()) for command in found)
            start = block.line - 1
            lines[start : start + block.text.count("\n")] = [shown]
        return "".join(lines)

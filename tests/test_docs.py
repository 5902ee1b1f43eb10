"""What the pages say holds: models check, Python runs, commands print what stands there.

`RNNDSL_UPDATE=1 pytest tests/test_docs.py` writes the transcripts anew; then read the difference,
and put `…` where a number differs from machine to machine.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests import pages
from tests.pages import PAGES, Session, blocks
from tools import pictures

UPDATE = bool(os.environ.get("RNNDSL_UPDATE"))
CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")

each_page = pytest.mark.parametrize("name", sorted(PAGES))


@pytest.mark.parametrize("name", [name for name in sorted(PAGES) if blocks(name)])
def test_a_page_runs_from_top_to_bottom(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", os.environ.get("OPENBLAS_NUM_THREADS", "1"))
    session = Session(name, tmp_path)
    session.run()
    if UPDATE:
        PAGES[name].write_text(session.retold(), encoding="utf-8")
    for _, found in session.told:
        for command in found:
            shown = f"{name}:{command.line}: $ {command.text}\n{command.printed}"
            assert command.is_told or UPDATE, shown


@each_page
def test_no_block_stands_there_unread(name: str) -> None:
    unread = [f"line {b.line}: {b.language or 'no language'}" for b in blocks(name) if not b.is_run]
    assert unread == []


def test_every_command_has_a_transcript() -> None:
    from rnndsl.cli.main import COMMANDS

    told = [
        command.text
        for block in blocks("docs/command-line.md")
        if block.language == "console"
        for command in pages.commands(block)
    ]
    shown = set(re.findall(r"rnndsl (\w+)", "\n".join(told)))
    assert set(COMMANDS) <= shown
    assert any("explain RNN" in text for text in told)
    for option in ("--version", "--help", "--json", "--emit tree", "--emit graph", "--emit plan"):
        assert any(option in text for text in told), option


@pytest.mark.parametrize(
    ("said", "printed", "same"),
    [
        ("a\nb\n", "a\nb\n", True),
        ("a\nb\n", "a\nc\n", False),
        ("a\n", "a\nb\n", False),
        ("a\nb\n", "a\n", False),
        ("loss … after 3\n", "loss 1.25 after 3\n", True),
        ("loss … after 3\n", "loss 1.25 after 4\n", False),
        ("loss …\n", "loss\n1.25\n", False),
        ("a\n…\nd\n", "a\nb\nc\nd\n", True),
        ("a\n…\nd\n", "a\nd\n", True),
        ("a\n…\nd\n", "a\nb\n", False),
        ("", "", True),
        ("", "a\n", False),
    ],
)
def test_transcripts_are_compared(said: str, printed: str, same: bool) -> None:
    assert pages.matches(said, printed) is same


@pytest.mark.parametrize("picture", list(pictures.pictures()), ids=lambda picture: picture.file)
def test_a_picture_is_of_the_model_that_stands_beside_it(picture: pictures.Picture) -> None:
    """`python tools/pictures.py` draws them; which Graphviz rendered them does not matter."""
    drawn = pictures.drawn_from(pictures.FOLDER / picture.file)
    assert drawn == pictures.digest(picture.source())


def test_no_picture_lies_about_unseen() -> None:
    shown = {picture.file for picture in pictures.pictures()}
    assert {path.name for path in pictures.FOLDER.iterdir()} == shown


def test_every_room_is_on_the_map() -> None:
    text = PAGES["docs/architecture.md"].read_text(encoding="utf-8")
    package = pages.ROOT / "rnndsl"
    rooms = {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}
    rooms |= {path.name for path in package.glob("[a-z]*.py")}
    assert set(re.findall(r"^\| \d \| `([\w./]+)`", text, re.MULTILINE)) == rooms


def test_every_function_is_on_the_language_s_page() -> None:
    from rnndsl.ops.signatures import FUNCTIONS, OVER_AXIS

    text = PAGES["docs/language.md"].read_text(encoding="utf-8")
    words = set(re.findall(r"\w+", text.split("### Functions")[1].split("## Shapes")[0]))
    assert [n for n, item in FUNCTIONS.items() if n not in words and not item.meaning] == []
    assert [name for name in OVER_AXIS if f"{name}[t]" not in text] == []


def test_every_command_has_its_section() -> None:
    from rnndsl.cli.main import COMMANDS

    text = PAGES["docs/command-line.md"].read_text(encoding="utf-8")
    assert set(re.findall(r"^### `rnndsl (\w+)", text, re.MULTILINE)) == set(COMMANDS)


def test_every_option_named_is_there() -> None:
    from rnndsl.cli import main

    known = {"--help", "--traceback", "--version"}
    for name in main.COMMANDS:
        command = main.cli.get_command(None, name)
        known |= {flag for option in command.params for flag in option.opts}
    text = PAGES["docs/command-line.md"].read_text(encoding="utf-8")
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) <= known


@pytest.mark.parametrize(
    ("shown", "same"),
    [
        ("a = 1\nb = 2\n", True),
        ("a = 1\n# …\nd = 4\n", True),
        ("for t in x:\n    c = 3\n", True),
        ("b = 2\na = 1\n", False),
        ("a = 1\nfor t in x:\n", False),
        ("for t in x:\nc = 3\n", False),
    ],
)
def test_excerpts_are_compared(shown: str, same: bool) -> None:
    whole = "def f():\n    a = 1\n    b = 2\n    for t in x:\n        c = 3\n    d = 4\n"
    assert pages.is_excerpt(shown, whole) is same


@each_page
def test_links_lead_somewhere(name: str) -> None:
    page = PAGES[name]
    prose = CODE.sub("", page.read_text(encoding="utf-8"))
    for target in LINK.findall(prose):
        assert (page.parent / target).exists(), f"{name} links to {target}"

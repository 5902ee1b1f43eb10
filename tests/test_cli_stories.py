"""`rnndsl explain RNN203`: every code has a story, and its examples do what it says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import rnndsl
from rnndsl.cli.main import COMMANDS
from rnndsl.driver import check
from rnndsl.text.source import Source
from rnndsl.text.stories import codes, story
from tests.test_cli import run

SOURCES = [*Path(rnndsl.__file__).parent.rglob("*.py")]
CODE = re.compile(r"\bRNN\d{3}\b")

SAME_STEP = """\
RNN203: A value needs itself within one step

Following what each equation reads at the same position leads back to the start: to compute the
value one would need the value. The message gives the circle. Somewhere on it the state of the step
before is meant: read it at `t-1`. Where the circle closes in free running only, `teach` reads an
output that is made from it.

This fails:

    axis  t = 1..T
    size  n, m = 8
    input x[t]: n
    param W, U, R
    z[t]: m = sigmoid(W @ x[t] + U @ h[t-1])
    h[t] = z[t] * h[t] + (1 - z[t]) * (R @ x[t])
    output h[T]

    error[RNN203]: `h` needs itself within one step
     --> example.rnn:6:15
      |
"""


def said(text: str) -> set[str]:
    """The codes of everything that is said of a spec."""
    model, diagnostics = check(Source("example.rnn", text))
    return {item.code for item in (*diagnostics, *(model.warnings if model else ()))}


def test_every_code_has_a_story() -> None:
    used = {code for path in SOURCES for code in CODE.findall(path.read_text(encoding="utf-8"))}
    assert used <= set(codes())
    assert set(codes()) <= used


@pytest.mark.parametrize("code", codes())
def test_the_examples_do_what_the_story_says(code: str) -> None:
    found = story(code)
    assert found is not None
    assert found.title
    assert found.words
    assert not found.title.endswith(".")
    if found.fails is None:
        assert found.mended is None
        assert found.command is not None
        first, *rest = found.command.split()
        assert first != "rnndsl" or rest[0] in (*COMMANDS, "--version")
    else:
        assert found.mended is not None
        assert found.command is None
        assert said(found.fails) == {code}
        assert said(found.mended) == set()


def test_most_codes_of_specs_have_examples() -> None:
    """Only a statement of 20,000 characters is not printed."""
    without = {code for code in codes() if (found := story(code)) and found.fails is None}
    assert {code for code in without if code[3] in "12367"} == {"RNN107", "RNN602"}


@pytest.mark.parametrize("code", ["RNN203", "rnn203"])
def test_a_story_with_examples(code: str) -> None:
    result = run("explain", code)
    assert result.exit_code == 0
    assert result.stdout.startswith(SAME_STEP)
    assert "\nThis is fine:\n\n    axis  t = 1..T\n" in result.stdout


def test_a_story_with_a_command() -> None:
    result = run("explain", "RNN020")
    assert result.exit_code == 0
    assert result.stdout.endswith('\nFor example:\n\n    pip install "rnndsl[viz]"\n')


def test_a_story_for_a_program() -> None:
    data = json.loads(run("explain", "RNN701", "--json").stdout)
    assert set(data) == {"code", "title", "words", "fails", "mended", "command", "diagnostic"}
    assert data["diagnostic"].startswith("warning[RNN701]: `g` reaches neither")


def test_a_code_that_is_none() -> None:
    result = run("explain", "RNN999")
    assert result.exit_code == 2
    assert "Error: there is no diagnostic RNN999; they are RNN001 to RNN0" in result.stderr


def test_a_file_may_be_called_like_a_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("RNN203").write_text("axis t = 1..T\n")
    assert run("explain", "RNN203").stderr.startswith("error[RNN127]")

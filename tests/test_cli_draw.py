"""`rnndsl draw`: which file, in which format, and what is refused before it is drawn."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rnndsl.cli.main import cli
from rnndsl.gallery import specs

ELMAN = specs()["elman"]


def run(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["draw", *map(str, arguments)], input=stdin)


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "name", "start"),
    [
        ([], "elman.svg", b"<?xml"),
        (["-o", "a.svg", "--unfold", 3], "a.svg", b"<?xml"),
        (["-o", "a.PNG"], "a.PNG", b"\x89PNG"),
        (["-o", "a.pdf"], "a.pdf", b"%PDF"),
        (["-o", "a.dot"], "a.dot", b"digraph"),
        (["-o", "a.txt", "--format", "dot"], "a.txt", b"digraph"),
        (["--format", "dot"], "elman.dot", b"digraph"),
    ],
)
def test_a_picture_is_written(arguments: list[object], name: str, start: bytes) -> None:
    result = run(ELMAN, *arguments)
    assert (result.exit_code, result.output) == (0, f"drawing: {name}\n")
    assert os.listdir() == [name]
    assert Path(name).read_bytes().startswith(start)


def test_a_picture_goes_to_standard_output() -> None:
    result = run("-", "-o", "-", "--format", "dot", stdin=ELMAN.read_text(encoding="utf-8"))
    assert result.exit_code == 0
    assert result.stdout.startswith("digraph")
    assert os.listdir() == []


def test_unfolding_draws_every_step() -> None:
    folded = run(ELMAN, "-o", "-", "--format", "dot").stdout
    unfolded = run(ELMAN, "-o", "-", "--format", "dot", "--unfold", 5).stdout
    assert unfolded.count(" -> ") > 3 * folded.count(" -> ")


def test_another_suffix_is_refused() -> None:
    result = run(ELMAN, "-o", "a.gif")
    assert result.exit_code == 1
    assert result.stderr == "error[RNN021]: no format `gif`: choose svg, png, pdf or dot\n\n"


def test_the_spec_is_not_written_over() -> None:
    Path("a.rnn").write_bytes(ELMAN.read_bytes())
    result = run("a.rnn", "-o", "a.rnn", "--format", "dot")
    assert result.exit_code == 1
    assert result.stderr == "error[RNN004]: `a.rnn` is read here; write to another file\n\n"
    assert Path("a.rnn").read_bytes() == ELMAN.read_bytes()


def test_a_folder_that_is_not_there_is_said() -> None:
    result = run(ELMAN, "-o", "no/a.svg")
    assert result.exit_code == 1
    assert result.stderr == "error[RNN003]: cannot write `no/a.svg`: there is no such folder\n\n"


def test_unfolding_beyond_the_memory_is_refused() -> None:
    result = run(ELMAN, "--unfold", 10**12, "--max-memory", "1GB")
    assert result.exit_code == 1
    assert result.stderr == (
        "error[RNN501]: the 7,000,000,000,001 nodes and 7,000,000,000,000 edges of "
        "1,000,000,000,000 steps need at least 168 PB of memory, and 1 GB is the limit; "
        "take smaller sizes, or raise `--max-memory` (in Python `max_memory`)\n\n"
    )
    assert run(ELMAN, "--unfold", 10**12).exit_code == 1
    assert os.listdir() == []


def test_without_graphviz_the_text_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    result = run(ELMAN, "-o", "a.svg")
    assert result.exit_code == 1
    assert result.stderr == (
        'error[RNN020]: there is no Graphviz to draw with; `pip install "rnndsl[viz]"` '
        "brings one; wrote `a.dot` instead\n\n"
    )
    assert os.listdir() == ["a.dot"]
    assert Path("a.dot").read_text(encoding="utf-8").startswith("digraph")
    assert run(ELMAN, "-o", "-").stderr == (
        'error[RNN020]: there is no Graphviz to draw with; `pip install "rnndsl[viz]"` '
        "brings one\n\n"
    )


def test_steps_are_at_least_one() -> None:
    assert run(ELMAN, "--unfold", 0).exit_code == 2


DEPTH = """
axis t = 1..T
axis l = 1..L
size n = 2, L = 2
input x[t]: n
param W[l]
h[l,t]: n = tanh(W[l] @ h[l,t-1] + h[l-1,t])
h[0,t] = x[t]
output h[L,t]
"""


def test_axes_are_unfolded_by_their_names() -> None:
    text = run("-", "-o", "-", "--format", "dot", "--unfold", "t=2,l=3", stdin=DEPTH).stdout
    assert '"h.3(2)"' in text
    assert '"h.3(3)"' not in text
    assert '"h.4(1)"' not in text


@pytest.mark.parametrize("steps", ["0", "-1", "x", "t=0", "t=", "=3", "t=2,,l=3", "t=1,t=2", "1.5"])
def test_steps_that_are_none_are_wrong_usage(steps: str) -> None:
    result = run("-", "-o", "-", "--unfold", steps, stdin=DEPTH)
    assert result.exit_code == 2, result.output


def test_an_axis_that_there_is_not_is_told() -> None:
    result = run("-", "-o", "-", "--unfold", "q=3", stdin=DEPTH)
    assert result.exit_code == 1
    assert "there is no axis `q` to unfold: there is `t`, `l`" in result.output


@pytest.mark.parametrize("steps", ["t=1000000000000", "l=1000000000000"])
def test_what_could_never_be_drawn_is_refused_before(steps: str) -> None:
    result = run("-", "-o", "-", "--unfold", steps, stdin=DEPTH)
    assert result.exit_code == 1
    assert "RNN501" in result.output


TREES = str(specs()["tree_over_bidirectional"])


def test_a_model_over_a_given_tree(tmp_path: Path) -> None:
    path = tmp_path / "tree.dot"
    result = run(TREES, "--tree", "((the cat) sat)", "--unfold", "t=2", "-o", path)
    assert result.stdout == f"drawing: {path}\n"
    text = path.read_text()
    assert all(f"label={word} " in text for word in ("the", "cat", "sat"))
    assert '"h(2)" -> "h(1)"' in text
    by_axis = run(TREES, "--tree", "v=((the cat) sat)", "--unfold", "t=2", "-o", "-",
                  "--format", "dot")  # fmt: skip
    assert by_axis.stdout == text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--tree", "((a b) c"), "no tree to draw: the text: the bracket of node 0"),
        (("--tree", "(a b c)"), "node 0 has 3 children for the slots left, right"),
        (("--tree", "(a b)", "--tree", "(c d)"), "give one tree, or several by axis"),
        (("--tree", "u=(a b)"), "no tree is called `u`: there is `v`"),
        (("--unfold", "3"), "axis `v` runs over a tree: give one to unfold the model over"),
        (("--tree", "(a b)", "--max-memory", "100KB"), "edges of 3 steps and 3 nodes of `v`"),
    ],
)
def test_trees_that_cannot_be_drawn(arguments: tuple[str, ...], words: str) -> None:
    result = run(TREES, *arguments, "-o", "-")
    assert result.exit_code == 1
    assert words in result.stderr

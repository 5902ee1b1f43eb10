"""What the command line tells programs: JSON, intermediate stages, shell completion."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rnndsl.cli.main import COMMANDS
from rnndsl.gallery import specs
from rnndsl.runtime import gradcheck
from tests.sample import sampled
from tests.test_cli import GOOD, run

SMALL = """\
axis t = 1..T
size m = 3
input x[t]: m
param W
z[t] = teach(x[t], h[t])
h[t]: m = tanh(W @ z[t-1])
output h[T]
"""
TREE = """\
AxisStatement
  indices:
    Name t
  first: Number 1
  length: Name T
"""
PLAN = """\
mode teacher:
forward:
  %0: (m, m) = param()  # W
  %1: (t, b, m) = data()  # x
  %2: (t, b, m) = value(%1)  # z
  %4: (t, b, m) = shift(%2) [t-1]
  %5: (t, b, m) = matvec(%0, %4)
  %6: (t, b, m) = tanh(%5)
  %3: (t, b, m) = value(%6)  # h
  %7: (b, m) = at(%3) [end]
"""
LOOP = """\
mode free:
forward:
  %0: (m, m) = param()  # W
  loop forwards:
    %4: (t, b, m) = shift(%2) [t-1]
    %5: (t, b, m) = matvec(%0, %4)
    %6: (t, b, m) = tanh(%5)
    %3: (t, b, m) = value(%6)  # h
    %2: (t, b, m) = value(%3)  # z
"""


def test_diagnostics_for_a_program(tmp_path: Path) -> None:
    bad, good = tmp_path / "a.rnn", tmp_path / "b.rnn"
    bad.write_text(GOOD.replace("W @ h[t-1]", "W @ hh[t-1]"))
    good.write_text(GOOD + "param lonely: m\n")
    result = run("check", "--json", bad, good, tmp_path / "c.rnn")
    assert (result.exit_code, result.stderr) == (1, "")
    first, second, third = json.loads(result.stdout)
    assert (first["spec"], first["fine"]) == (str(bad), False)
    (problem,) = first["diagnostics"]
    assert (problem["code"], problem["severity"]) == ("RNN110", "error")
    assert problem["message"] == "nothing is called `hh`"
    place = {"line": 6, "column": 20, "end_line": 6, "end_column": 22}
    assert problem["labels"] == [{**place, "text": "not declared"}]
    assert second["fine"]
    assert [item["code"] for item in second["diagnostics"]] == ["RNN702"]
    assert third["diagnostics"][0]["code"] == "RNN001"
    assert third["diagnostics"][0]["labels"] == []


def test_too_little_memory_for_a_program(tmp_path: Path) -> None:
    path = tmp_path / "a.rnn"
    path.write_text(GOOD.replace("m = 4", "m = 1000000000"))
    result = run("check", "--json", path)
    assert result.exit_code == 1
    (answer,) = json.loads(result.stdout)
    assert [item["code"] for item in answer["diagnostics"]] == ["RNN501"]


def test_the_gallery_for_a_program() -> None:
    found = json.loads(run("specs", "--json").stdout)
    assert {row["name"]: row["file"] for row in found} == {
        name: str(path) for name, path in specs().items()
    }
    assert all(row["title"] for row in found)


def test_gradients_for_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("gradcheck", specs()["elman"], "--json")
    assert result.exit_code == 0
    rows = json.loads(result.stdout)
    assert {row["name"] for row in rows} >= {"W", "U", "b", "x"}
    assert all(row["agrees"] and row["complex_error"] < 1e-10 for row in rows)
    row = gradcheck.Row("teacher", "W", "parameter", (2,), 1.0, float("nan"), 0.5)
    wrong = gradcheck.GradientCheck({}, (row,))
    monkeypatch.setattr(gradcheck, "check_gradients", lambda *_, **__: wrong)
    result = run("gradcheck", specs()["elman"], "--json")
    assert result.exit_code == 1
    (told,) = json.loads(result.stdout)
    assert (told["agrees"], told["complex_error"]) == (False, None)


def test_the_syntax_tree() -> None:
    result = run("compile", "-", "--emit", "tree", stdin=SMALL)
    assert result.exit_code == 0
    assert result.stdout.startswith(TREE)
    words = [line.strip() for line in result.stdout.splitlines()]
    at = words.index("Binary -")
    assert words[at : at + 3] == ["Binary -", "left: Name t", "right: Number 1"]


def test_the_graph() -> None:
    result = run("compile", "-", "--emit", "graph", stdin=SMALL)
    lines = result.stdout.splitlines()
    assert [line for line in lines if line.startswith("mode")] == [
        "mode teacher:",
        "mode free:",
        "mode scheduled:",
    ]
    assert "%5: (t, b, m) = matvec(%0, %4)" in lines


def test_the_plan() -> None:
    result = run("compile", "-", "--emit", "plan", stdin=SMALL)
    assert result.stdout.startswith(PLAN)
    assert LOOP in result.stdout
    assert result.stdout.count("loop backwards:") == 2


@pytest.mark.parametrize("name", sampled(sorted(specs())))
@pytest.mark.parametrize("stage", ["tree", "graph", "plan"])
def test_every_spec_has_stages(tmp_path: Path, name: str, stage: str) -> None:
    path = tmp_path / "stage.txt"
    assert run("compile", specs()[name], "--emit", stage, "-o", path).exit_code == 0
    assert path.read_text().endswith("\n")
    again = run("compile", specs()[name], "--emit", stage)
    assert again.stdout == path.read_text()


def test_a_plan_of_one_mode_has_no_heading() -> None:
    for level in ("0", "1", "2"):
        result = run("compile", "-", "--emit", "plan", "-O", level, stdin=GOOD)
        assert result.stdout.startswith("forward:\n")
        assert result.stdout.count("loop forwards:") == 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    code = "import sys; sys.argv[0] = 'rnndsl'; from rnndsl.cli.main import main; main()"
    command = [sys.executable, "-c", code]
    words = {"COMP_WORDS": "rnndsl ", "COMP_CWORD": "" if shell == "fish" else "1"}
    env = {**os.environ, **words, "_RNNDSL_COMPLETE": f"{shell}_complete"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert all(name in done.stdout for name in COMMANDS)

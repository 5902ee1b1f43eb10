"""Everything behind the model, where names have dots: files, commands, checkpoints, pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import rnndsl
from tests.test_cli import run

CELL = """
axis t = 1..T
size k, m = 3
input x[t]: m
param W, U
h[t]: m = tanh(W @ h[t-1] + U @ x[t])
output h[T]
"""
LETTERS = """model letters
use "cells/cell.rnn" as cell
axis t = 1..T
size k, m = 4
input x[t]: token(k)
target y[t]: token(k)
param E: (k, m) = normal(0.5), V, c
e[t] = E[x[t]]
now = cell(x = e, m = m)
state = cell(x = now.h, share = now)
o[t] = c + V @ state.h[t]
loss = sum[t](cross_entropy(o[t], y[t]))
output o[t], state.h[T]
clip norm 5 now.W, now.U
"""
TEXT = "abcab\n" * 30
QUICK = ("--epochs", 2, "--batch", 4, "--window", 6, "--rate", 0.05)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cells").mkdir()
    (tmp_path / "cells" / "cell.rnn").write_text(CELL)
    (tmp_path / "letters.rnn").write_text(LETTERS)
    (tmp_path / "text.txt").write_text(TEXT)
    return tmp_path


def ran(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_every_command_takes_names_with_dots(folder: Path) -> None:
    assert "fine" in ran("check", "letters.rnn")
    assert "now.h reads now.h[t-1]" in ran("explain", "letters.rnn")
    assert "now.W" in ran("summary", "letters.rnn")
    assert "now.W" in ran("gradcheck", "letters.rnn")
    assert "UseStatement cells/cell.rnn" in ran("compile", "letters.rnn", "--emit", "tree")
    for kind in ("graph", "plan"):
        assert "now.W" in ran("compile", "letters.rnn", "--emit", kind)
    for more in ((), ("--unfold", 3), ("--backward",)):
        ran("draw", "letters.rnn", "-o", "a.dot", *more)
        assert (folder / "a.dot").read_text().count("now") > 0
    ran("fmt", "letters.rnn")
    ran("fmt", "letters.rnn", "--check")
    assert "state = cell(x = now.h, share = now)" in (folder / "letters.rnn").read_text()
    ran("check", "letters.rnn")


def test_a_text_finds_files_in_the_folder_it_is_given(folder: Path) -> None:
    result = run("check", "-", stdin=LETTERS)
    assert result.exit_code == 0, result.output
    assert "now.h" in rnndsl.parse(LETTERS, base=folder).equations


def test_a_checkpoint_needs_no_other_file(folder: Path) -> None:
    ran("train", "letters.rnn", "--text", "text.txt", "-o", "a.safetensors", *QUICK)
    before = rnndsl.restore("a.safetensors")
    assert set(before.params) == {"E", "V", "c", "now.W", "now.U"}
    (folder / "cells" / "cell.rnn").unlink()
    (folder / "letters.rnn").unlink()
    program, params, alphabet = rnndsl.restore("a.safetensors")
    assert alphabet is not None
    x = np.array([[0], [1], [2]])
    out = program.forward(params, x=x)
    ran("compile", "a.safetensors", "-o", "module.py")
    text = (folder / "module.py").read_text()
    assert "# state.h[t] = tanh(now.W @ state.h[t-1] + now.U @ now.h[t])" in text
    assert out["state.h[T]"].shape == (1, 4)
    ran("generate", "a.safetensors", "--length", 5, "--seed", 1)


def test_a_run_is_taken_up_bit_for_bit(folder: Path) -> None:
    one = ("train", "letters.rnn", "--text", "text.txt", "--seed", 3, *QUICK[2:], "--quiet")
    ran(*one, "--epochs", 3, "-o", "whole.safetensors")
    ran(*one, "--epochs", 1, "-o", "part.safetensors")
    ran(*one, "--epochs", 3, "--resume", "-o", "part.safetensors")
    whole, part = (rnndsl.restore(f"{name}.safetensors").params for name in ("whole", "part"))
    for name, value in whole.items():
        assert np.array_equal(value, part[name]), name


def test_another_cell_is_another_spec(folder: Path) -> None:
    one = ("train", "letters.rnn", "--text", "text.txt", "--seed", 3, *QUICK)
    ran(*one, "-o", "a.safetensors")
    (folder / "cells" / "cell.rnn").write_text(CELL.replace("tanh", "sigmoid"))
    result = run(*one, "--resume", "-o", "a.safetensors")
    assert result.exit_code == 1
    assert "RNN442" in result.output


def test_a_checkpoint_without_its_files_is_damaged(folder: Path) -> None:
    from safetensors.numpy import load, save_file

    program = rnndsl.load("letters.rnn").compile(k=5)
    rnndsl.save("a.safetensors", program, program.init(0))
    data = Path("a.safetensors").read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    fields = json.loads(header["__metadata__"]["rnndsl"])
    assert fields["format"] == 2
    assert fields["files"]["uses"] == {
        "": {"cells/cell.rnn": "cells/cell.rnn"},
        "cells/cell.rnn": {},
    }
    fields["files"]["texts"]["cells/cell.rnn"] += "\n# changed"
    save_file(load(data), "a.safetensors", {"rnndsl": json.dumps(fields)})
    with pytest.raises(rnndsl.DataError, match="no spec of rnndsl"):
        rnndsl.restore("a.safetensors")


def test_the_same_file_gives_the_same_bytes(folder: Path) -> None:
    texts = {rnndsl.load("letters.rnn").compile().source for _ in range(2)}
    assert len(texts) == 1

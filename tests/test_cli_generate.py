"""`rnndsl generate` for models of tokens: lines, data, JSON, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnndsl.driver import parse
from rnndsl.runtime.checkpoint import save
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.generate import generate
from rnndsl.runtime.text_data import Alphabet
from tests.test_cli import run
from tests.test_generate_tokens import LANGUAGE, made, rows_of


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def saved(name: str) -> tuple[Any, ...]:
    """A model of the tests as a checkpoint and its data as a file, with what they were."""
    machine, params, given = made(name)
    save("a.safetensors", machine, params)
    lengths = {f"lengths_{axis}": value for axis, value in given.get("lengths", {}).items()}
    arrays = {key: value for key, value in given.items() if key in machine.model.data}
    np.savez("data.npz", **arrays, **lengths)
    return machine, params, given


@pytest.mark.parametrize("batch", [1, 2, 32])
def test_every_example_has_its_line(batch: int) -> None:
    machine, params, given = saved("attention")
    options = {"length": 5, "beam": 3, "end": 2}
    wanted = generate(machine, params, **given, **options)
    told = ["--length", "5", "--beam", "3", "--end", "2", "--batch", str(batch)]
    result = run("generate", "a.safetensors", "--data", "data.npz", *told)
    assert result.exit_code == 0, result.output
    assert result.stdout == "".join(f"{' '.join(map(str, row))}\n" for row in rows_of(wanted))


@pytest.mark.parametrize("batch", [2, 32])
def test_the_answer_for_a_program(batch: int) -> None:
    machine, params, given = saved("taught")
    wanted = generate(machine, params, **given, length=6, seed=3, prompt=[1, 0])
    told = ["--prompt", "1, 0", "--length", "6", "--seed", "3", "--batch", str(batch), "--json"]
    result = run("generate", "a.safetensors", "--data", "data.npz", *told)
    examples = json.loads(result.stdout)["examples"]
    assert [item["tokens"] for item in examples] == rows_of(wanted)
    np.testing.assert_allclose([item["score"] for item in examples], wanted.scores)


def test_targets_in_the_file_are_not_looked_at() -> None:
    machine, params, given = saved("attention")
    np.savez(
        "data.npz",
        x=given["x"],
        y=np.zeros((2, 3), int),
        lengths_i=given["lengths"]["i"],
        lengths_j=np.array([2, 1, 2]),
    )
    wanted = generate(machine, params, **given, length=5, greedy=True)
    told = ["--data", "data.npz", "--length", "5", "--greedy"]
    result = run("generate", "a.safetensors", *told)
    assert result.stdout == "".join(f"{' '.join(map(str, row))}\n" for row in rows_of(wanted))


def test_a_language_model_goes_on_with_its_prompt() -> None:
    machine, params, _ = saved("language")
    wanted = generate(machine, params, prompt=[2, 1], length=4, greedy=True)
    told = ["--prompt", "2 1", "--length", "4", "--greedy"]
    assert run("generate", "a.safetensors", *told).stdout.split() == [
        str(token) for token in rows_of(wanted)[0]
    ]


def test_a_text_as_json_and_by_beam() -> None:
    machine = compile_model(parse(LANGUAGE), k=3, m=4)
    params = machine.init(seed=2)
    save("a.safetensors", machine, params, Alphabet("abc"))
    told = ["--prompt", "ab", "--length", "5", "--beam", "4"]
    text = generate(machine, params, "abc", prompt="ab", length=5, beam=4)
    assert run("generate", "a.safetensors", *told).stdout == f"{text}\n"
    found = json.loads(run("generate", "a.safetensors", *told, "--json").stdout)
    assert found["prompt"] + found["text"] == text
    assert Alphabet("abc").decode(found["tokens"]) == found["text"]
    bare = generate(machine, params, prompt=[0, 1], length=5, beam=4)
    assert found["score"] == pytest.approx(float(bare.scores[0]), rel=1e-5)
    ended = run("generate", "a.safetensors", "--end", text[-1], "--length", "50", "--greedy")
    assert ended.stdout.rstrip().endswith(text[-1])


@pytest.mark.parametrize(
    ("told", "code", "words"),
    [
        (["--length", "3"], 1, "error[RNN436]: `w[t]` takes the token before: give a prompt"),
        (["--prompt", "1"], 1, "error[RNN436]: no data say how many positions `t` has: give"),
        (["--prompt", "ab", "--length", "3"], 1, "error[RNN439]: the prompt is 'ab'; this model"),
        (["--prompt", "7", "--length", "3"], 1, "error[RNN404]: the prompt holds the token 7;"),
        (["--prompt", "1", "--end", "x"], 1, "error[RNN439]: `--end` is 'x'; this model knows"),
        (["--prompt", "1", "--end", "1 2"], 2, "Error: `--end` is one token"),
        (["--beam", "0"], 2, "Error: Invalid value for '--beam'"),
        (["--prompt", "1", "--beam", "2", "--top-k", "2"], 1, "error[RNN436]: with `beam` nothing"),
        (["--data", "none.npz"], 1, "error[RNN001]: there is no file `none.npz`"),
        (["--data", "data.npz"], 1, "error[RNN444]: `w` takes the tokens chosen: give the first"),
    ],
)
def test_what_makes_no_sense_is_refused(told: list[str], code: int, words: str) -> None:
    machine, params, _ = made("language")
    save("a.safetensors", machine, params)
    np.savez("data.npz", w=np.zeros((3, 2), int))
    result = run("generate", "a.safetensors", *told)
    assert result.exit_code == code, result.output
    assert words in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("name", "told", "fits"),
    [
        ("attention", ["--beam", "9"], True),
        ("attention", ["--beam", "900"], False),
        ("covered", ["--length", "3"], True),
        ("covered", ["--length", "9000"], False),
    ],
)
def test_what_does_not_fit_is_refused(name: str, told: list[str], fits: bool) -> None:
    saved(name)
    options = ["--data", "data.npz", "--length", "3", "--max-memory", "50kB"]
    result = run("generate", "a.safetensors", *options, *told)
    if fits:
        assert result.exit_code == 0, result.output
    else:
        assert (result.exit_code, result.stderr[:14]) == (1, "error[RNN501]:")


def test_a_text_takes_no_data() -> None:
    machine = compile_model(parse(LANGUAGE), k=3, m=4)
    save("a.safetensors", machine, machine.init(), Alphabet("abc"))
    result = run("generate", "a.safetensors", "--data", "data.npz")
    assert result.exit_code == 2
    assert "Error: a model of a text takes no --data" in result.stderr

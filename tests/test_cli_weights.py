"""`rnndsl compile CHECKPOINT`: modules that carry trained weights along."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnndsl.driver import parse
from rnndsl.runtime.checkpoint import save
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.random_data import random_params
from rnndsl.runtime.text_data import Alphabet
from rnndsl.runtime.weights import SMALL
from tests.test_cli import run

SPEC = """axis t = 1..T
size n, m = 4
input x[t]: n
param W, U, a: () = 1
h[t]: m = tanh(a * (W @ h[t-1]) + U @ x[t])
output h[T]
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def checkpoint(dtype: str = "float64", alphabet: str | None = None, **sizes: int) -> Any:
    program = compile_model(parse(SPEC, "model.rnn"), dtype=dtype, **{"n": 3, **sizes})
    params = {
        name: np.asarray(value, dtype) / 3
        for name, value in random_params(program.init(0), 5).items()
    }
    save("a.safetensors", program, params, Alphabet(alphabet) if alphabet else None)
    return program, params


def require_equal(found: dict[str, Any], params: dict[str, Any], dtype: str) -> None:
    assert list(found) == list(params)
    for name, value in params.items():
        assert found[name].dtype == dtype
        assert found[name].shape == np.shape(value)
        np.testing.assert_array_equal(found[name], value)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("place", ["inside", "beside"])
def test_the_module_runs_with_its_weights(dtype: str, place: str) -> None:
    program, params = checkpoint(dtype)
    result = run("compile", "a.safetensors", "-o", "model.py", "--weights", place)
    assert result.exit_code == 0, result.output
    assert result.stderr == ("weights: model.npz\n" if place == "beside" else "")
    assert Path("model.npz").exists() is (place == "beside")
    module = runpy.run_path("model.py")
    require_equal(module["trained"](), params, dtype)
    x = np.ones((5, 2, 3), dtype)
    got, want = module["forward"](module["trained"](), x=x), program.forward(params, x=x)
    np.testing.assert_array_equal(got["h[T]"], want["h[T]"])
    assert all(len(line) <= 100 for line in Path("model.py").read_text().splitlines())


@pytest.mark.parametrize("place", ["inside", "beside"])
def test_the_module_still_checks_itself_and_imports_numpy_alone(place: str) -> None:
    checkpoint()
    run("compile", "a.safetensors", "-o", "model.py", "--weights", place)
    done = subprocess.run([sys.executable, "model.py"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    text = Path("model.py").read_text()
    assert [line for line in text.splitlines() if "import " in line] == ["import numpy as np"]


def test_few_weights_stand_inside_many_beside() -> None:
    checkpoint()
    assert run("compile", "a.safetensors", "-o", "small.py").exit_code == 0
    assert not Path("small.npz").exists()
    checkpoint(m=int(SMALL**0.5) + 1)
    assert run("compile", "a.safetensors", "-o", "large.py").exit_code == 0
    assert Path("large.npz").exists()
    assert "_TRAINED = {" in run("compile", "a.safetensors").stdout


def test_a_model_of_a_text_carries_its_alphabet() -> None:
    checkpoint(alphabet="\n\"'\\aé")
    for place in ("inside", "beside"):
        run("compile", "a.safetensors", "-o", "model.py", "--weights", place)
        assert runpy.run_path("model.py")["ALPHABET"] == "\n\"'\\aé"


def test_other_numbers_may_be_asked_for() -> None:
    _, params = checkpoint("float64")
    for place in ("inside", "beside"):
        args = ("--dtype", "float32", "--weights", place)
        run("compile", "a.safetensors", "-o", "model.py", *args)
        single = {name: value.astype("float32") for name, value in params.items()}
        require_equal(runpy.run_path("model.py")["trained"](), single, "float32")


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["a.safetensors", "--weights", "beside"], 2, "weights lie beside a file"),
        (["a.safetensors", "--weights", "beside", "-o", "model"], 2, "weights lie beside a file"),
        (["model.rnn", "--weights", "beside"], 2, "--weights is for checkpoints"),
        (["a.safetensors", "--size", "m=5"], 1, "error[RNN440]: these weights were trained with m"),
        (["none.safetensors"], 1, "error[RNN001]"),
        (["a.safetensors", "-o", "a.safetensors"], 1, "error[RNN004]"),
        (["bad.safetensors"], 1, "error[RNN005]"),
    ],
)
def test_what_cannot_be(arguments: list[str], status: int, words: str) -> None:
    checkpoint()
    Path("model.rnn").write_text(SPEC)
    Path("bad.safetensors").write_text(SPEC)
    before = sorted(path.name for path in Path().iterdir())
    result = run("compile", *arguments)
    assert result.exit_code == status
    assert words in result.stderr
    assert sorted(path.name for path in Path().iterdir()) == before


def test_sizes_that_fit_and_stages_of_a_checkpoint() -> None:
    checkpoint()
    assert run("compile", "a.safetensors", "--size", "m=4").exit_code == 0
    assert run("compile", "a.safetensors", "--emit", "plan").stdout.startswith("forward:\n")

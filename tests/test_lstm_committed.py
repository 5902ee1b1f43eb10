"""The generated LSTM with NumPy alone gives the numbers that the interpreter once gave.

The numbers are committed (`data/lstm_numbers.json`, made by `data/make_lstm_numbers.py`).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from rnndsl.cli.main import cli
from rnndsl.gallery import specs
from rnndsl.interpreter.batch import Batch
from rnndsl.model.load import load_model

DATA = Path(__file__).parent / "data"
NUMBERS = DATA / "lstm_numbers.json"


def generate(folder: Path, *options: str, spec: Path | None = None) -> Path:
    """`rnndsl compile specs/lstm.rnn -o lstm.py`, without a process of its own."""
    file = folder / "lstm.py"
    done = CliRunner().invoke(
        cli, ["compile", str(spec or specs()["lstm"]), "-o", str(file), *options]
    )
    assert done.exit_code == 0, done.stderr
    return file


def run_alone(file: Path) -> dict[str, np.ndarray]:
    """What `data/numpy_alone.py` finds, in a Python that can import nothing but NumPy."""
    result = file.with_name("result.npz")
    packages = Path(np.__file__).parents[1]
    script = [str(DATA / "numpy_alone.py"), str(packages), str(file), str(NUMBERS), str(result)]
    done = subprocess.run(
        [sys.executable, "-B", "-I", "-S", *script], capture_output=True, text=True, cwd=file.parent
    )
    assert done.returncode == 0, done.stderr
    with np.load(result, allow_pickle=False) as found:
        return dict(found)


def committed() -> dict[str, Any]:
    return json.loads(NUMBERS.read_text(encoding="utf-8"))


def wrong(found: dict[str, np.ndarray], limit: float) -> list[str]:
    """The names whose numbers differ by more than `limit` of the largest."""
    expected = committed()["numbers"]
    assert set(found) == set(expected)
    names = []
    for key, item in found.items():
        right = np.array(expected[key])
        scale = np.abs(right).max() or 1.0
        if item.shape != right.shape or not np.abs(item - right).max() <= limit * scale:
            names.append(key)
    return names


@pytest.mark.parametrize("level", ["0", "1", "2"])
def test_float64(tmp_path: Path, level: str) -> None:
    found = run_alone(generate(tmp_path, "--dtype", "float64", "-O", level))
    assert {item.dtype for item in found.values()} == {np.dtype(np.float64)}
    assert wrong(found, 1e-12) == []


def test_as_the_command_stands(tmp_path: Path) -> None:
    """No option: float32, and as good as float32 can be after two steps."""
    file = tmp_path / "lstm.py"
    command = [sys.executable, "-m", "rnndsl", "compile", str(specs()["lstm"]), "-o", str(file)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = run_alone(file)
    assert found["params0/W"].dtype == np.float32
    assert wrong(found, 1e-4) == []
    assert wrong(found, 1e-12) != []


def test_the_child_can_import_numpy_only(tmp_path: Path) -> None:
    """A generated file that imported anything else would be found out."""
    file = generate(tmp_path)
    for name in ("rnndsl", "networkx"):
        with_import = tmp_path / f"with_{name}.py"
        with_import.write_text(f"import {name}\n" + file.read_text(encoding="utf-8"), "utf-8")
        with pytest.raises(AssertionError, match=f"No module named '{name}'"):
            run_alone(with_import)


def test_another_model_is_noticed(tmp_path: Path) -> None:
    """The same file with one gate's sigmoid bent gives other numbers."""
    spec = specs()["lstm"].read_text(encoding="utf-8")
    bent = tmp_path / "bent.rnn"
    bent.write_text(spec.replace("tanh(s[t]) * q[t]", "s[t] * q[t]"), encoding="utf-8")
    names = wrong(run_alone(generate(tmp_path, "--dtype", "float64", spec=bent)), 1e-3)
    assert {"outputs0/yhat", "losses0/loss", "grads0/W_f", "data_grads0/x"} <= set(names)
    assert not any(key.startswith("params0/") for key in names)


def test_the_numbers_are_still_those_of_the_interpreter() -> None:
    given = committed()
    numbers = given["numbers"]
    data = {key: np.array(item) for key, item in given["data"].items()}
    for step in range(len(given["factors"])):
        group = f"params{step}/"
        params = {
            key.removeprefix(group): np.array(item)
            for key, item in numbers.items()
            if key.startswith(group)
        }
        model = load_model(specs()["lstm"])
        batch = Batch(model, given["sizes"], params, data, {"t": given["lengths"]})
        assert batch.loss().real == pytest.approx(numbers[f"losses{step}/loss"], rel=1e-12)
        assert np.allclose(
            batch.outputs()["yhat"], numbers[f"outputs{step}/yhat"], rtol=0, atol=1e-12
        )


def test_only_the_second_step_was_clipped() -> None:
    """A step moves the parameters by the rate times the norm of what is left of the gradients."""
    given = committed()
    numbers, names = given["numbers"], load_model(specs()["lstm"]).params
    moves = [
        np.sqrt(
            sum(
                np.sum(np.subtract(numbers[f"params{s + 1}/{k}"], numbers[f"params{s}/{k}"]) ** 2)
                for k in names
            )
        )
        for s in range(2)
    ]
    assert moves[0] < 5 * given["rate"] * 0.9
    assert moves[1] == pytest.approx(5 * given["rate"], rel=1e-12)

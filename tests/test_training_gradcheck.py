"""The gradient check: what it feeds a model with, and that it sees a gradient that is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from rnndsl.cli.main import cli
from rnndsl.gallery import specs
from rnndsl.model.load import load_model, parse_model
from rnndsl.runtime import gradcheck
from rnndsl.runtime.gradcheck import check_gradients
from rnndsl.runtime.random_data import LENGTHS, random_batch, random_params, small_sizes
from rnndsl.text.diagnostics import DataError

SPEC = """
axis t = 1..T
size n, m = 128, d = 4, k, q = m / 4, r = 2 * d
input x[t]: n, w: m, p: position(t), u[t]: token(k)
target y: token(k)
param W, U, a: () = 0.5, V, Q: (q, m), E: (k, m), R: (r, r)
h[t]: m = tanh(a * W @ h[t-d] + U @ x[t] + w + E[u[t]])
o = V @ (h[p] + (Q @ h[T]) @ Q)
loss = cross_entropy(o, y) + sum(R @ R)
"""


def test_sizes_are_small_different_and_whole() -> None:
    model = parse_model(SPEC)
    sizes = small_sizes(model, {})
    numbers = {**sizes, "q": sizes["m"] // 4, "r": 2 * sizes["d"]}
    assert set(sizes) == {"n", "m", "d", "k"}
    assert sizes["m"] % 4 == 0
    assert len(set(numbers.values())) == len(numbers)
    assert max(numbers.values()) < 20


def test_given_sizes_stay() -> None:
    sizes = small_sizes(parse_model(SPEC), {"n": 7, "k": 7})
    assert (sizes["n"], sizes["k"]) == (7, 7)


def test_sizes_that_cannot_differ_are_still_found() -> None:
    model = parse_model(
        "axis t = 1..T\nsize m, q = m\nparam A: (m, q)\n"
        "h[t]: m = A @ g[t-1]\ng[t]: q = h[t] @ A\noutput h[t]"
    )
    assert small_sizes(model, {}) == {"m": 2}


def test_data_are_ragged_and_inside_their_bounds() -> None:
    model = parse_model(SPEC)
    sizes = small_sizes(model, {})
    batch = random_batch(model, sizes, 0)
    assert batch.lengths["t"].tolist() == list(LENGTHS)
    assert batch.data["x"].shape == (6, 3, sizes["n"])
    assert batch.data["w"].shape == (3, sizes["m"])
    assert batch.data["u"].shape == (6, 3)
    assert set(batch.data["u"].ravel()) <= set(range(sizes["k"]))
    assert (batch.data["p"] >= 1).all()
    assert (batch.data["p"] <= LENGTHS).all()


def test_parameters_are_moved_from_where_they_start() -> None:
    moved = random_params({"b": np.zeros(50), "s": np.array(1.0)}, 0)
    assert (np.abs(moved["b"]) >= 0.1).all()
    assert moved["s"].shape == ()
    assert moved["s"] != 1
    np.testing.assert_array_equal(moved["b"], random_params({"b": np.zeros(50)}, 0)["b"])


@pytest.mark.parametrize("name", ["elman", "dynamical_system", "teacher_forcing", "bidirectional"])
def test_the_gallery_agrees(name: str) -> None:
    check = check_gradients(load_model(specs()[name]))
    assert check.agrees
    model = load_model(specs()[name])
    names = [*model.params, *(item for item in model.inputs)]
    modes = ["teacher", "free"] if model.has_teach else ["teacher"]
    assert [(row.mode, row.name) for row in check.rows] == [
        (mode, each) for mode in modes for each in names
    ]
    assert all(row.largest > 0 for row in check.rows)


def test_a_small_slope_is_not_lost_in_the_rounding_of_a_large_loss() -> None:
    check = check_gradients(parse_model("param a: ()\nloss = 9999 + tanh(a) / 9999"))
    assert check.agrees
    assert min(row.largest for row in check.rows) < 1e-3


def test_all_kinds_of_data_are_checked() -> None:
    check = check_gradients(parse_model(SPEC))
    assert check.agrees
    roles = {row.name: row.role for row in check.rows}
    assert roles["x"] == roles["w"] == "input"
    assert "u" not in roles
    assert {"W", "U", "a", "V", "Q", "E", "R"} <= roles.keys()


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs whose gradient for `W` is a little off."""
    compiler = gradcheck.compile_model

    def compile_model(*arguments: Any, **options: Any) -> Any:
        program = compiler(*arguments, **options)
        exact = program.loss_and_grads

        def loss_and_grads(*arguments: Any, **options: Any) -> Any:
            loss, grads, *rest = exact(*arguments, **options)
            grads = {**grads, "W": grads["W"] * (1 + 1e-8)}
            return (loss, grads, *rest)

        monkeypatch.setattr(program, "loss_and_grads", loss_and_grads, raising=False)
        return program

    monkeypatch.setattr(gradcheck, "compile_model", compile_model)


@pytest.mark.usefixtures("wrong")
def test_a_gradient_that_is_a_little_off_is_seen() -> None:
    model = load_model(specs()["elman"])
    check = check_gradients(model)
    assert not check.agrees
    assert [row.name for row in check.rows if not row.agrees] == ["W"]
    result = CliRunner().invoke(cli, ["gradcheck", str(specs()["elman"])])
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines if line.endswith("WRONG")] == ["W"]
    assert lines[-1] == f"1 of {len(check.rows)} gradients do not agree"


def test_a_gradient_that_is_no_number_does_not_agree() -> None:
    row = gradcheck.Row("teacher", "W", "parameter", (), 1.0, float("nan"), 0.0)
    assert not row.agrees


def test_nothing_to_differentiate_is_said() -> None:
    model = parse_model("model a\naxis t = 1..T\nsize k\nparam c: k\ni[t] = argmax(c)")
    with pytest.raises(DataError) as caught:
        check_gradients(model)
    assert caught.value.code == "RNN438"
    assert str(caught.value) == "`a` has neither a loss nor a real output, so there is no gradient"


def test_sizes_beyond_the_memory_are_refused() -> None:
    with pytest.raises(DataError) as caught:
        check_gradients(load_model(specs()["elman"]), {"m": 10**6}, max_memory=10**9)
    assert caught.value.code == "RNN501"
    assert str(caught.value).startswith(
        "the parameters, values and gradients of `elman` need at least 24 TB of memory"
    )

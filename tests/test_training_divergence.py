"""What is said where a loss or a gradient is no number: step, equation, position, example."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rnndsl
from rnndsl.text.diagnostics import DataError

SPEC = """model grows
axis t = 1..T
size n
input x[t]: n
target y[t]: n
param A: () = 1, W: (n) = 0.5
e[t] = exp(A * x[t])
h[t]: n = W * h[t-1] + e[t]
q[t] = log(h[t]) - log(e[t])
loss = sum[t](squared_error(q[t], y[t]))
"""


def data(count: int = 6, fault: float = 0.0) -> dict[str, np.ndarray]:
    """Examples 5 positions long or shorter; the fault stands in example 3, at t = 2."""
    x = np.zeros((5, count, 2))
    x[1, 3, 1] = fault
    return {"x": x, "y": np.zeros((5, count, 2)), "lengths_t": np.array([5, 4, 3, 4, 5, 5])[:count]}


def message(found: dict[str, Any], spec: str = SPEC, dtype: str = "float64", **more: Any) -> str:
    program = rnndsl.parse(spec).compile(dtype=dtype, n=2)
    options = {"batch": 6, "validation": 0, "optimiser": "sgd", "rate": 1e-3, **more}
    with pytest.raises(DataError) as caught:
        rnndsl.train(program, found, **options)
    assert caught.value.code == "RNN437"
    return str(caught.value)


def test_the_first_value_that_is_too_large_is_named() -> None:
    assert message(data(fault=1000.0)) == (
        "the loss is inf at step 1: `e[t] = exp(A * x[t])` is too large at t = 2 in example 3; "
        "training diverged, and a lower rate or clipping helps"
    )


def test_what_only_float32_cannot_hold_is_found() -> None:
    assert "`e[t] = exp(A * x[t])` is too large at t = 2 in example 3" in message(
        data(fault=100.0), dtype="float32"
    )


def test_the_data_may_be_the_fault() -> None:
    assert "step 1: the data `x` hold nan at t = 2 in example 3;" in message(data(fault=np.nan))


def test_a_fault_comes_through_later_positions_to_the_first() -> None:
    spec = SPEC.replace("h[t-1]", "h[t+1]").replace("exp(A * x[t])", "log(2 - x[t])")
    assert "`e[t] = log(2 - x[t])` is nan at t = 2 in example 3" in message(
        data(fault=3.0), spec=spec
    )


def test_a_minus_infinity_is_told_where_nothing_else_is() -> None:
    spec = SPEC.replace("exp(A * x[t])", "log(A * x[t])").replace(
        "q[t] = log(h[t]) - log(e[t])", "q[t] = h[t]"
    )
    found = data(fault=0.0)
    found["x"] += 1
    found["x"][1, 3, 1] = 0.0
    assert "`e[t] = log(A * x[t])` is -inf at t = 2 in example 3" in message(found, spec=spec)


def test_the_position_inside_a_sum_is_told() -> None:
    found = data(fault=-1.0)
    spec = SPEC.replace("sum[t](", "n * sum[t](sum(log(1 + x[t])) + ")
    assert "is -inf at t = 2 in example 3" in message(found, spec=spec)
    untaken = "where(n > 1, 0 / (n - 2), sum[t](log(x[t][0] - 1)))"
    spec = SPEC.replace("sum[t](", f"{untaken} + sum[t](")
    assert "` is nan in example" in message(found, spec=spec)


def test_a_boundary_is_told_as_such() -> None:
    spec = SPEC.replace("q[t] =", "h[0] = log(x[2] + 0.5)\nq[t] =")
    assert "`h[0] = log(x[2] + 0.5)` is nan at t = 0 in example 3" in message(
        data(fault=-1.0), spec=spec
    )


def test_a_gradient_that_is_no_number_is_named() -> None:
    spec = SPEC.replace("exp(A * x[t])", "sqrt(A * x[t])").replace("log(h[t]) - log(e[t])", "h[t]")
    assert message(data(), spec=spec).startswith(
        "the loss is finite at step 1: the gradient of `A` is not; training diverged"
    )


def test_a_parameter_that_is_no_number_is_named() -> None:
    program = rnndsl.parse(SPEC).compile(dtype="float64", n=2)
    params = {**program.init(), "W": np.array([1.0, np.inf])}
    with pytest.raises(DataError, match="the parameter `W` is no longer finite"):
        rnndsl.train(program, data(), params)


def test_a_state_that_is_carried_is_seen() -> None:
    spec = """model letters
axis t = 1..T
size k
input x[t]: token(k)
target y[t]: token(k)
param E: (k, 1), V: (k, 1)
h[t]: 1 = 30 * h[t-1] + 1 + E[x[t]]
o[t] = V @ h[t]
loss = sum[t](cross_entropy(o[t], y[t]))
"""
    program = rnndsl.parse(spec).compile(k=2)
    params = {"E": np.zeros((2, 1)), "V": np.zeros((2, 1))}
    # (30^t - 1) / 29 passes what float32 holds, 3.4e38, at 28: the 8th of the third window of 10
    with pytest.raises(DataError) as caught:
        rnndsl.train(
            *(program, "ab" * 40, params),
            batch=1,
            window=10,
            validation=0,
            rate=1e-30,
            optimiser="sgd",
        )
    assert "`h[t]: 1 = 30 * h[t-1] + 1 + E[x[t]]` is too large at t = 8 in stream 0" in str(
        caught.value
    )
    assert " at step 3: " in str(caught.value)


def test_the_last_good_checkpoint_is_kept(tmp_path: Path) -> None:
    program = rnndsl.parse(SPEC).compile(dtype="float64", n=2)
    path, found = tmp_path / "a", data()
    options = {"batch": 6, "validation": 0, "checkpoint": path, "optimiser": "sgd"}
    rnndsl.train(program, found, epochs=1, **options)
    before = path.read_bytes()
    fine = rnndsl.parse(SPEC).compile(dtype="float64", n=2)
    fine.loss_and_grads = lambda *rest, **more: (np.inf, {})  # type: ignore[method-assign]
    with pytest.raises(DataError, match=r"at step 2: .*; the last checkpoint is kept"):
        rnndsl.train(fine, found, epochs=2, resume=True, **options)
    assert path.read_bytes() == before

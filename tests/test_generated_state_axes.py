"""Windows of models with a fixed axis: each of its positions has a state of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rnndsl.driver import parse
from rnndsl.interpreter.batch import Batch
from rnndsl.interpreter.gradients import complex_step_gradients
from rnndsl.model.unroll import unroll
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.program import Program
from tests.agreement import close, random_data, random_params

DEEP = """
axis t = 1..T
axis l = 1..L
size n, m, L
input x[t]: n
param W[l]: (m, m), U[l]: (m, m), P
h[l,t]: m = tanh(W[l] @ h[l,t-1] + U[l] @ h[l-1,t] + 0.3 * h[l,t-3])
h[0,t] = P @ x[t-1]
h[l,0] = 0.1 * l
loss = sum[t](sum(h[L,t]))
output h[l,t], h[L,t]
"""
SIZES = {"n": 3, "m": 4, "L": 2}


def made(level: int, lengths: tuple[int, ...]) -> tuple[Program, dict[str, Any], dict[str, Any]]:
    """A program, parameters and data."""
    rng = np.random.default_rng(2)
    program = compile_model(parse(DEEP), optimize=level, dtype="float64", **SIZES)
    return program, random_params(program, rng), random_data(program, rng, lengths)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_windows_are_one_run(level: int) -> None:
    program, params, data = made(level, (7, 7))
    whole = program.forward(params, **data)
    first = program.forward(params, x=data["x"][:4], return_state=True)
    shapes = {name: value.shape for name, value in first["state"].items()}
    assert shapes == {"x": (1, 2, 3), "h.1": (3, 2, 4), "h.2": (3, 2, 4)}
    second = program.forward(params, x=data["x"][4:], state=first["state"])
    close("h", np.concatenate([first["h"], second["h"]], 1), whole["h"], 1e-12)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_the_unrolled_model_says_the_same(level: int) -> None:
    lengths = (5, 1, 3)
    program, params, data = made(level, lengths)
    flat, rng = unroll(parse(DEEP), SIZES), np.random.default_rng(3)
    state = {name: rng.normal(size=(3, 3, 4)) for name in ("h.1", "h.2")}
    state["x"] = rng.normal(size=(1, 3, 3))
    run: dict[str, Any] = {"lengths": {"t": np.array(lengths)}, "state": state}
    meaning = Batch(flat, SIZES, params, data, **run)
    loss, grads, inputs, after = program.loss_and_grads(
        params, **data, **run, inputs=True, return_state=True
    )
    assert loss == pytest.approx(meaning.loss().real, rel=1e-12)
    outputs = program.forward(params, **data, **run)
    for name, value in meaning.outputs().items():
        close(name, outputs[name], value, 1e-12)
    wanted = meaning.state()
    assert set(after) == set(wanted)
    for name, value in wanted.items():
        close(f"state of {name}", after[name], value, 1e-12)
    exact = complex_step_gradients(flat, SIZES, params, data, **run)
    for name, value in {**grads, **inputs}.items():
        close(f"gradient of {name}", value, exact[name], 1e-10)

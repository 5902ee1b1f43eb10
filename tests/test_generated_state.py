"""Windows with carried state are one run that was cut: values, losses, gradients, state."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from rnndsl import driver
from rnndsl.interpreter.batch import Batch
from rnndsl.interpreter.gradients import complex_step_gradients
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.program import Program
from tests.agreement import close, random_data, random_params, small_sizes
from tests.zoo import CELL, model

READOUT = """
target y[t]: token(k)
param V, c
o[t] = c + V @ h[t]
loss = sum[t](cross_entropy(o[t], y[t]))
output o[t], h[t]
"""
MODELS = {
    "delay_1": model(CELL, READOUT),
    "delay_3": model(
        CELL.replace("W @ h[t-1]", "W @ h[t-1] + 0.5 * h[t-3]"),
        "h[0] = 0.3\nh[-1] = tanh(b)\nh[-2] = b * b",
        READOUT,
    ),
    "delay_by_size": model(
        CELL.replace("W @ h[t-1]", "W @ h[t-1] + 0.5 * h[t-d]"), "h[1-d] = tanh(b)", READOUT
    ),
    "data_with_delay": model(CELL.replace("U @ x[t]", "U @ x[t] + U @ x[t-2]"), READOUT),
    "scalars": model(
        CELL.replace("W @ h[t-1]", "W @ h[t-1] * u[t-2]"),
        "u[t] = 0.5 * u[t-1] + sum(x[t])\nu[0] = 1\nu[-1] = 2",
        READOUT,
    ),
    "matrices": model(
        CELL.replace("W @ h[t-1]", "W @ (M[t-1] @ h[t-1])"),
        "M[t]: (m, m) = 0.5 * M[t-1] + outer(h[t], h[t-1])\nM[0] = W",
        READOUT,
    ),
    "tokens": model(
        """
input w[t]: token(n)
param E, W
v[t] = (w[t] + w[t-2] + 1) % n
h[t]: m = tanh(W @ h[t-1] + E[w[t]] + E[w[t-1]] - 0.5 * E[v[t-2]])
v[0] = 1
""",
        READOUT,
    ),
    "taught": model(
        """
input x[t]: n
target y[t]: k
param W, U, V
z[t] = teach(y[t], o[t])
h[t]: m = tanh(W @ z[t-1] + U @ x[t])
z[0] = 0.5
o[t] = V @ h[t]
loss = sum[t](squared_error(o[t], y[t]))
output o[t], h[t]
"""
    ),
    "target_with_delay": model(
        """
input x[t]: n
target y[t]: k
param W, U, V, R
h[t]: m = tanh(W @ h[t-1] + U @ x[t])
o[t] = V @ h[t]
loss = sum[t](squared_error(o[t] + R @ y[t-2], y[t]))
output o[t], h[t]
"""
    ),
    "farther_than_the_state": model(
        CELL.replace("param", "param p, q,"),
        """
h[0] = p
h[-1] = q
h[-3] = tanh(p * q)
loss = sum(h[-3] * h[T]) + sum(h[-1] * h[0])
output h[t]
""",
    ),
    "after_a_loop": model(CELL, READOUT.replace("V @ h[t]", "V @ h[t-2] + V @ h[t]")),
}
MODES = {name: ("teacher", "free") if name == "taught" else ("teacher",) for name in MODELS}
NOT_CUT = ("farther_than_the_state",)
CASES = [(name, mode) for name, modes in MODES.items() for mode in modes]

each_case = pytest.mark.parametrize(("name", "mode"), CASES, ids=["-".join(case) for case in CASES])
each_level = pytest.mark.parametrize("level", [0, 1, 2])


@cache
def compiled(name: str, level: int) -> Program:
    checked = driver.parse(MODELS[name])
    return compile_model(checked, optimize=level, dtype="float64", **small_sizes(checked, d=3))


def made(name: str, level: int) -> tuple[Program, dict[str, Any], np.random.Generator]:
    """A program with random parameters."""
    rng = np.random.default_rng(4)
    program = compiled(name, level)
    return program, random_params(program, rng), rng


def windows(
    program: Program, params: dict[str, Any], data: dict[str, Any], cuts: list[int], mode: str
) -> tuple[dict[str, Any], float, dict[str, Any]]:
    """Outputs put together, the sum of the losses, the last state."""
    state, parts, total = None, [], 0.0
    for start, end in pairwise(cuts):
        window = {key: array[start:end] for key, array in data.items()}
        outputs = program.forward(params, **window, state=state, return_state=True, mode=mode)
        total += program.loss(params, **window, state=state, mode=mode)
        again = program.loss_and_grads(params, **window, state=state, return_state=True, mode=mode)
        state = again[-1]
        for key, value in outputs.pop("state").items():
            assert np.array_equal(state[key], value)
        parts.append(outputs)
    joined = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    assert state is not None
    return joined, total, state


@each_case
@each_level
@pytest.mark.parametrize("width", [1, 2, 3, 5])
def test_windows_are_one_run(name: str, mode: str, level: int, width: int) -> None:
    if name in NOT_CUT:  # its loss is no sum over positions
        return
    program, params, rng = made(name, level)
    data = random_data(program, rng, (7, 7, 7))
    whole = program.forward(params, **data, mode=mode)
    state = program.loss_and_grads(params, **data, return_state=True, mode=mode)[-1]
    joined, total, last = windows(program, params, data, [*range(0, 7, width), 7], mode)
    for key, value in whole.items():
        close(key, joined[key], value, 1e-12)
    assert total == pytest.approx(program.loss(params, **data, mode=mode), rel=1e-12)
    assert {key: value.shape for key, value in last.items()} == {
        key: value.shape for key, value in state.items()
    }
    for key, value in state.items():
        close(key, last[key], value, 1e-12)


@each_case
@each_level
def test_ragged_windows_with_state_agree_with_the_interpreter(
    name: str, mode: str, level: int
) -> None:
    """Values, losses, gradients and the state that follows, from a random state."""
    program, params, rng = made(name, level)
    lengths = (5, 1, 3, 2)
    data = random_data(program, rng, lengths)
    state = program.loss_and_grads(params, **data, return_state=True, mode=mode)[-1]
    for key, value in state.items():
        if value.dtype.kind == "f":
            state[key] = rng.normal(size=value.shape)
    run = {"lengths": {"t": np.array(lengths)}, "state": state, "mode": mode}
    sizes = program.module._known_sizes({})
    meaning = Batch(program.model, sizes, params, data, **run)
    outputs = program.forward(params, **data, **run)
    for key, want in meaning.outputs().items():
        close(key, outputs[key], want, 1e-12)
    exact = complex_step_gradients(program.model, sizes, params, data, **run)
    found = program.loss_and_grads(params, **data, **run, inputs=True, return_state=True)
    loss, grads, inputs, after = found
    wanted = meaning.state()
    assert set(after) == set(wanted)
    for key, want in wanted.items():
        close(f"state of {key}", after[key], want, 1e-12)
    assert loss == pytest.approx(meaning.loss().real, rel=1e-12)
    for key, value in {**grads, **inputs}.items():
        close(f"gradient of {key}", value, exact[key], 1e-10)


@each_level
def test_no_gradient_reaches_a_boundary_that_a_state_replaced(level: int) -> None:
    spec = model(
        CELL.replace("W @ h[t-1]", "W @ h[t-1] + 0.5 * h[t-2]"),
        "param p, q\nh[0] = tanh(p)\nh[-1] = q",
        READOUT,
    )
    checked = driver.parse(spec)
    program = compile_model(checked, optimize=level, dtype="float64", **small_sizes(checked))
    rng = np.random.default_rng(1)
    params, data = random_params(program, rng), random_data(program, rng, (4, 4))
    loss, grads, state = program.loss_and_grads(params, **data, return_state=True)
    assert np.abs(grads["p"]).min() > 0
    assert np.abs(grads["q"]).min() > 0
    later, grads = program.loss_and_grads(params, **data, state=state)
    assert not grads["p"].any()
    assert not grads["q"].any()
    assert np.abs(grads["W"]).min() > 0
    assert later != loss


def test_forward_leaves_what_its_outputs_read_and_the_loss_all() -> None:
    program, params, rng = made("target_with_delay", 1)
    data = random_data(program, rng, (4, 4))
    assert list(program.forward(params, x=data["x"], return_state=True)["state"]) == ["h"]
    assert list(program.record(params, **data)["state"]) == ["h", "y"]


@each_level
def test_a_state_belongs_to_the_window_that_it_is_given_to(level: int) -> None:
    """It is neither kept for a later call nor changed by the one that reads it."""
    program, params, rng = made("delay_3", level)
    data = random_data(program, rng, (4, 4))
    first = program.forward(params, **data, return_state=True)
    state = {key: value.copy() for key, value in first["state"].items()}
    for value in state.values():
        value.flags.writeable = False
    program.forward(params, **data, state=state)
    program.loss_and_grads(params, **data, state=state)
    again = program.forward(params, **data, return_state=True)
    for key, value in state.items():
        assert np.array_equal(again["state"][key], value)


@each_level
def test_names_without_state_start_at_their_boundaries(level: int) -> None:
    program, params, rng = made("matrices", level)
    data = random_data(program, rng, (4, 4))
    state = program.forward(params, **data, return_state=True)["state"]
    sizes = program.module._known_sizes({})
    for key in state:
        some = {key: state[key]}
        got = program.forward(params, **data, state=some)
        want = Batch(program.model, sizes, params, data, state=some).outputs()
        close(key, got["h"], want["h"], 1e-12)

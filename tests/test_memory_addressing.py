"""A memory's addressing: each step of it by hand, and its gradients where they are hard to have."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
import pytest

from rnndsl.driver import load, parse
from rnndsl.gallery import specs
from rnndsl.interpreter.batch import Batch
from rnndsl.interpreter.gradients import directional, random_directions
from rnndsl.model.model import Model
from rnndsl.runtime.compile import compile_model
from tests.agreement import LEVELS, close, random_params, small_sizes
from tests.sample import sampled

# One head whose steering is given: every number of it is data.
HEAD = """
axis   t = 1..T
size   N, d
input  M0: (N, d), w0: N
input  key[t]: d, beta[t]: (), g[t]: (), s[t]: 3, gamma[t]: (), e[t]: d, a[t]: d

w_c[t] = softmax(beta[t] * cosine(M[t-1], key[t]))
w_g[t] = g[t] * w_c[t] + (1 - g[t]) * w[t-1]
w_s[t] = circular_conv(w_g[t], s[t])
w[t]: N = w_s[t] ^ gamma[t] / sum(w_s[t] ^ gamma[t])
M[t] = M[t-1] * (1 - outer(w[t], e[t])) + outer(w[t], a[t])
r[t] = w[t] @ M[t]
M[0] = M0
w[0] = w0
loss = sum[t](squared_error(r[t], 0.3) + dot(w[t], w_c[t])) + sum(M[T] ^ 2)
output w_c[t], w_g[t], w_s[t], w[t], M[t], r[t]
"""
ROWS = [[3, 0], [0, 2], [-5, 0], [0, 0]]
FULL = [[3, 1], [1, 2], [-5, 1], [1, -1]]
START = [0.5, 0.25, 0.25, 0]
STAY, SHARP = [0, 1, 0], 1
MACHINES = [name for name in specs() if name.startswith("ntm")]
each_machine = pytest.mark.parametrize("name", sampled(MACHINES))
each_level = pytest.mark.parametrize("level", LEVELS)


def steering(steps: int = 1, **given: Any) -> dict[str, Any]:
    """One example of the head, which stays where it is and writes nothing unless told to."""
    usual = {"key": [2, 0], "beta": log(2), "g": 0, "s": STAY, "gamma": SHARP, "e": [0, 0]}
    fixed = {"M0": ROWS, "w0": START}
    found = {}
    for name, value in {**fixed, **usual, "a": [0, 0], **given}.items():
        one = np.asarray(value, float)
        found[name] = one[None] if name in fixed else np.tile(one, (steps, 1, *[1] * one.ndim))
    return found


def run(level: int = 2, steps: int = 1, **given: Any) -> dict[str, Any]:
    """The outputs of the last step."""
    program = compile_model(parse(HEAD, "head"), optimize=level, dtype="float64", N=4, d=2)
    found = program.forward({}, **steering(steps, **given))
    return {name: value[-1, 0] for name, value in found.items()}


def agree(
    model: Model, params: dict[str, Any], data: dict[str, Any], sizes: dict[str, int]
) -> None:
    """Every level has the interpreter's values and gradients, and all of them are finite.

    Gradients are held against complex steps along one random direction for each name.
    """
    batch, ways = Batch(model, sizes, params, data), random_directions(model, params, data)
    want = batch.outputs()
    exact = {
        name: directional(model, sizes, params, data, directions={name: way})
        for name, way in ways.items()
    }
    assert all(np.isfinite(value).all() for value in (*want.values(), *exact.values()))
    for level in LEVELS:
        program = compile_model(model, optimize=level, dtype="float64", **sizes)
        got = program.forward(params, **data)
        loss, grads, inputs = program.loss_and_grads(params, inputs=True, **data)
        close("loss", loss, batch.loss(), 1e-12)
        for name, value in want.items():
            close(name, got[name], value, 1e-12)
        for name, value in {**grads, **inputs}.items():
            assert np.isfinite(value).all()
            close(f"gradient of {name}", np.vdot(ways[name], value), exact[name], 1e-10)


# By hand


@each_level
def test_content(level: int) -> None:
    # cosines 1, 0, -1 and, for the row of zeros, 0; to the power of 2: 2, 1, 1/2, 1
    assert run(level)["w_c"] == pytest.approx([4 / 9, 2 / 9, 1 / 9, 2 / 9], abs=1e-15)


def test_content_with_a_key_of_zeros_or_no_strength_is_even() -> None:
    assert run(key=[0, 0])["w_c"] == pytest.approx([0.25] * 4, abs=1e-15)
    assert run(beta=0)["w_c"] == pytest.approx([0.25] * 4, abs=1e-15)


def test_content_looks_at_directions_only() -> None:
    far = np.multiply(ROWS, [[1e-200], [1e200], [1e-170], [1]])
    for scale in (1e-250, 1e-160, 1e200):
        found = run(M0=far, key=[2 * scale, 0])["w_c"]
        assert found == pytest.approx([4 / 9, 2 / 9, 1 / 9, 2 / 9], abs=1e-15)


@each_level
def test_gating(level: int) -> None:
    # a quarter of 4/9, 2/9, 1/9, 2/9, three quarters of 1/2, 1/4, 1/4, 0
    found = run(level, g=0.25)["w_g"]
    assert found == pytest.approx([35 / 72, 35 / 144, 31 / 144, 1 / 18], abs=1e-15)


@each_level
def test_shift_goes_round(level: int) -> None:
    found = run(level, w0=[1, 0, 0, 0], s=[0.1, 0.7, 0.2])["w_s"]
    assert found == pytest.approx([0.7, 0.2, 0, 0.1], abs=1e-15)
    found = run(level, w0=[0, 0, 0, 1], s=[0.1, 0.7, 0.2])["w_s"]
    assert found == pytest.approx([0.2, 0, 0.1, 0.7], abs=1e-15)


def test_as_many_shifts_as_rows_lead_back() -> None:
    assert list(run(steps=4, s=[0, 0, 1])["w"]) == START
    assert list(run(steps=3, s=[0, 0, 1])["w"]) == [0.25, 0.25, 0, 0.5]


@each_level
def test_sharpening(level: int) -> None:
    # squares 1/4, 1/16, 1/16, 0
    found = run(level, gamma=2)["w"]
    assert found == pytest.approx([2 / 3, 1 / 6, 1 / 6, 0], abs=1e-15)


@each_level
def test_writing_and_reading(level: int) -> None:
    found = run(level, w0=[0.5, 0.5, 0, 0], e=[1, 0.5], a=[4, -4])
    # row 0: (3, 0) less half of 3 and a quarter of 0, and half of (4, -4); row 1 alike
    assert found["M"] == pytest.approx(np.array([[3.5, -2], [2, -0.5], [-5, 0], [0, 0]]))
    assert found["r"] == pytest.approx([2.75, -1.25])


def test_erased_then_written() -> None:
    found = run(w0=[0, 0, 1, 0], e=[1, 1], a=[7, 8])
    assert list(found["M"][2]) == list(found["r"]) == [7, 8]


# Numbers far out


@each_level
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_no_sharpness_loses_the_weights(level: int, dtype: str) -> None:
    program = compile_model(parse(HEAD, "head"), optimize=level, dtype=dtype, N=4, d=2)
    for gamma in (30, 2000, 1e6):
        data = steering(w0=[0.01, 0.02, 0.01, 0], gamma=gamma)
        found = program.forward({}, **data)["w"][0, 0]
        assert found == pytest.approx([0, 1, 0, 0], abs=1e-8)
        _, _, inputs = program.loss_and_grads({}, inputs=True, **data)
        assert all(np.isfinite(value).all() for value in inputs.values())


@each_level
def test_gradients_of_small_weights_are_exact(level: int) -> None:
    tiny = 2.0**-600  # its square is 0 in double precision
    text = HEAD.split("loss")[0] + "loss = w[1][0]\noutput w[1]"
    program = compile_model(parse(text, "head"), optimize=level, dtype="float64", N=4, d=2)
    data = steering(w0=[2 * tiny, tiny, 0, 0], gamma=2)
    loss, _, inputs = program.loss_and_grads({}, inputs=True, **data)
    assert loss == pytest.approx(4 / 5, abs=1e-14)
    # w = 1 / (1 + (v / u)^2): by the exponent w (1 - w) log(u / v), by u 2 w (1 - w) / u
    assert inputs["gamma"][0, 0] == pytest.approx(4 / 25 * log(2), rel=1e-12)
    found = inputs["w0"][0] * tiny
    assert found == pytest.approx([4 / 25, -8 / 25, 0, 0], rel=1e-12)


@each_level
def test_gradients_of_tiny_rows_and_keys_are_those_of_large_ones(level: int) -> None:
    text = HEAD.split("loss")[0] + "loss = dot(w_c[1], w0)\noutput w_c[1]"
    program = compile_model(parse(text, "head"), optimize=level, dtype="float64", N=4, d=2)
    _, _, usual = program.loss_and_grads({}, inputs=True, **steering(M0=FULL, key=[2, 1]))
    for rows, key in ((1e-170, 1), (1e160, 1), (1, 1e-200), (1e-170, 1e170)):
        data = steering(M0=np.multiply(FULL, rows), key=[2 * key, key])
        _, _, inputs = program.loss_and_grads({}, inputs=True, **data)
        close("rows", inputs["M0"] * rows, usual["M0"], 1e-12)
        close("key", inputs["key"] * key, usual["key"], 1e-12)


@pytest.mark.parametrize(
    "given",
    [
        {"M0": ROWS},
        {"M0": np.zeros((4, 2))},
        {"key": [0, 0]},
        {"M0": np.zeros((4, 2)), "key": [0, 0]},
        {"g": 1, "beta": 2000},
        {"g": 1, "beta": 2000, "s": [0, 0, 1], "gamma": 1},
        {"g": 0, "w0": [0, 1, 0, 0], "s": [0, 0, 1], "gamma": 3},
        {"g": 0, "w0": [0, 0, 1, 0], "e": [1, 1]},
    ],
    ids=str,
)
def test_gradients_at_the_edges_are_exact(given: dict[str, Any]) -> None:
    usual = {"M0": FULL, "g": 0.3, "s": [0.2, 0.5, 0.3], "gamma": 2, "e": [0.2, 0.9]}
    data = steering(2, **{**usual, "a": [0.4, -0.3], **given})
    agree(parse(HEAD, "head"), {}, data, {"N": 4, "d": 2})


# The machines of the gallery


def machine(name: str) -> tuple[Model, dict[str, int], dict[str, Any], dict[str, Any]]:
    """A machine with its sizes, random parameters and data."""
    model, random = load(specs()[name]), np.random.default_rng(3)
    sizes = small_sizes(model)
    params = random_params(compile_model(model, dtype="float64", **sizes), random)
    data = {"x": random.normal(size=(3, 2, sizes["n"]))}
    data["y"] = random.integers(0, 2, (3, 2, sizes["k"])).astype(float)
    return model, sizes, params, data


def written(params: dict[str, Any], names: str, number: float) -> dict[str, Any]:
    """The same parameters, but some of them, where they are there, of one number."""
    chosen = set(names.split()) & {*params}
    assert chosen
    return params | {name: np.full_like(params[name], number) for name in chosen}


@each_machine
def test_a_machine_with_an_empty_memory(name: str) -> None:
    model, sizes, params, data = machine(name)
    agree(model, written(params, "M0", 0), data, sizes)


@pytest.mark.long
@each_machine
def test_a_machine_with_keys_of_zeros(name: str) -> None:
    model, sizes, params, data = machine(name)
    agree(model, written(params, "U_k b_k K_w k_w K_r k_r", 0), data, sizes)


@each_machine
@pytest.mark.parametrize("far", [-900, 900])
def test_a_machine_with_saturated_gates(name: str, far: int) -> None:
    model, sizes, params, data = machine(name)
    agree(model, written(params, "b_e b_g g_w g_r", far), data, sizes)


@pytest.mark.long
@each_machine
def test_a_machine_that_moves_a_row_a_step(name: str) -> None:
    model, sizes, params, data = machine(name)
    params = written(params, "b_g g_w g_r", -900)
    for shift, start in (("b_s", "w0"), ("s_w", "w0"), ("s_r", "r0")):
        if shift in params:
            params[shift] = np.array([0.0, 0.0, 900.0])
            params[start] = np.where(np.arange(sizes["N"]) == 0, 900.0, 0.0)
    program = compile_model(model, dtype="float64", **sizes)
    found = program.forward(params, **data)
    where = found["w_w" if "heads" in name else "w"].argmax(-1)
    assert where.T.tolist() == [[step % sizes["N"] for step in (1, 2, 3)]] * 2
    agree(model, params, data, sizes)

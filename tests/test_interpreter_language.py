"""The one-axis models of the language's page, beside loops written by hand in plain NumPy."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from rnndsl.interpreter.batch import Batch
from rnndsl.interpreter.evaluate import Interpreter
from rnndsl.interpreter.gradients import (
    complex_step_gradients,
    directional,
    finite_difference,
    random_directions,
)
from rnndsl.interpreter.sizes import Sizes
from rnndsl.model.load import parse_model
from rnndsl.model.model import Model

Arrays = dict[str, np.ndarray]

ELMAN = """
model elman "Recurrent hidden units"
axis   t = 1..T
size   n, m = 128, k
input  x[t]: n
target y[t]: token(k)
param  U, W = orthogonal, V, b, c
a[t] = b + W @ h[t-1] + U @ x[t]
h[t]: m = tanh(a[t])
o[t] = c + V @ h[t]
yhat[t] = softmax(o[t])
h[0] = 0
loss = sum[t](cross_entropy(o[t], y[t]))
output yhat[t]
clip norm 5
"""

CONTEXT = """
axis  t = 1..T
size  n, m = 32, p, k
input x[t]: n, w: p
target y[t]: k
param W, U, R, Q, b, V, c
z[t] = teach(y[t], o[t])
h[t]: m = tanh(b + W @ z[t-1] + U @ x[t] + R @ w)
z[0] = Q @ w
o[t] = c + V @ h[t]
loss = sum[t](squared_error(o[t], y[t]))
"""

TIME_SCALES = """
axis  t = 1..T
size  n, m = 32, d = 4, k
input x[t]: n
target y: token(k)
param W, D, U, b, Q, R, e, alpha: () = 0.9, V, S, c
h[t]: m = tanh(b + W @ h[t-1] + D @ h[t-d] + U @ x[t])
g[t]: m = tanh(e + Q @ g[t+1] + R @ x[t])
mu[t] = alpha * mu[t-1] + (1 - alpha) * h[t]
o = c + V @ mu[T] + S @ g[1]
loss = cross_entropy(o, y)
"""

MEMORY = """
axis t = 1..T
size n, m = 100, N = 128, W = 20, k
input x[t]: n
target y[t]: k
param A, R, b, Wk, bk, wb, bb, wg, bg, Ws: (3, m), bs, wy, by, We, be, Wa, ba, M0: (N, W) = normal(0.1), V, c
h[t]: m = tanh(b + A @ x[t] + R @ r[t-1])
key[t]: W = tanh(bk + Wk @ h[t])
wc[t] = softmax(softplus(dot(wb, h[t]) + bb) * cosine(M[t-1], key[t]))
g[t] = sigmoid(dot(wg, h[t]) + bg)
wg_[t] = g[t] * wc[t] + (1 - g[t]) * w[t-1]
ws[t] = circular_conv(wg_[t], softmax(bs + Ws @ h[t]))
gamma[t] = 1 + softplus(dot(wy, h[t]) + by)
w[t]: N = ws[t] ^ gamma[t] / sum(ws[t] ^ gamma[t])
e[t] = sigmoid(be + We @ h[t])
a[t] = tanh(ba + Wa @ h[t])
M[t]: (N, W) = M[t-1] * (1 - outer(w[t], e[t])) + outer(w[t], a[t])
r[t] = w[t] @ M[t]
M[0] = M0
w[0] = 1 / N
loss = sum[t](binary_cross_entropy(c + V @ concat(h[t], r[t]), y[t]))
"""  # noqa: E501

SIZES = {
    ELMAN: {"n": 2, "m": 3, "k": 4},
    CONTEXT: {"n": 2, "m": 3, "p": 5, "k": 4},
    TIME_SCALES: {"n": 2, "m": 3, "d": 5, "k": 4},
    MEMORY: {"n": 2, "m": 3, "N": 6, "W": 5, "k": 4},
}
NAMED = {"elman": ELMAN, "context": CONTEXT, "time scales": TIME_SCALES, "memory": MEMORY}
each_model = pytest.mark.parametrize("text", NAMED.values(), ids=NAMED.keys())
LONGEST, LENGTHS = 6, {"t": np.array([6, 1, 3])}


def random(text: str, seed: int = 0) -> tuple[Model, dict[str, int], Arrays, Arrays]:
    """A model, sizes that all differ, random parameters and data of three examples."""
    model, sizes = parse_model(text), SIZES[text]
    known, draw = Sizes(model, sizes), np.random.default_rng(seed)
    params = {
        param.name: 0.8 * draw.standard_normal(known.dims(param.shape))
        for param in model.params.values()
    }
    data = {}
    for item in model.data.values():
        shape = (*((LONGEST,) if item.axes else ()), 3, *known.dims(item.type.shape))
        if item.type.size is not None:
            data[item.name] = draw.integers(-1, known.integer(item.type.size), shape)
        else:
            data[item.name] = draw.standard_normal(shape)
    return model, sizes, params, data


def alone(text: str, b: int, **settings: Any) -> tuple[Interpreter, Arrays, Arrays, int]:
    """One example of those, its parameters, its own data and its length."""
    model, sizes, params, data = random(text)
    own = {}
    for name, array in data.items():
        own[name] = array[: LENGTHS["t"][b], b] if model.data[name].axes else array[b]
    batch = Batch(model, sizes, params, data, LENGTHS, **settings)
    return batch.example(b), params, own, int(LENGTHS["t"][b])


@cache
def gradients(text: str) -> Arrays:
    model, sizes, params, data = random(text)
    return complex_step_gradients(model, sizes, params, data, LENGTHS)


def log_probability(logits: np.ndarray, token: int) -> float:
    return float(np.log(np.exp(logits)[token] / np.exp(logits).sum()))


def logistic(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("b", [0, 1, 2])
def test_elman(b: int) -> None:
    found, p, data, length = alone(ELMAN, b)
    h, loss = np.zeros(3), 0.0
    for t in range(length):
        h = np.tanh(p["b"] + p["W"] @ h + p["U"] @ data["x"][t])
        o = p["c"] + p["V"] @ h
        np.testing.assert_allclose(found.value("h", t + 1), h, rtol=1e-13)
        yhat = np.exp(o) / np.exp(o).sum()
        np.testing.assert_allclose(found.outputs()["yhat"][t], yhat, rtol=1e-13)
        if data["y"][t] >= 0:
            loss -= log_probability(o, data["y"][t])
    np.testing.assert_allclose(found.loss(), loss, rtol=1e-13)


@pytest.mark.parametrize("mode", ["teacher", "free"])
@pytest.mark.parametrize("b", [0, 1, 2])
def test_context_and_output_recurrence(b: int, mode: Any) -> None:
    found, p, data, length = alone(CONTEXT, b, mode=mode)
    z, loss = p["Q"] @ data["w"], 0.0
    for t in range(length):
        h = np.tanh(p["b"] + p["W"] @ z + p["U"] @ data["x"][t] + p["R"] @ data["w"])
        o = p["c"] + p["V"] @ h
        np.testing.assert_allclose(found.value("o", t + 1), o, rtol=1e-13)
        z = data["y"][t] if mode == "teacher" else o
        loss += np.sum((o - data["y"][t]) ** 2)
    np.testing.assert_allclose(found.loss(), loss, rtol=1e-13)


@pytest.mark.parametrize("b", [0, 1, 2])
def test_both_directions_and_time_scales(b: int) -> None:
    found, p, data, length = alone(TIME_SCALES, b)
    h, mu, g = {}, np.zeros(3), np.zeros(3)
    zero, delay = np.zeros(3), 5
    for t in range(length):
        before, long_before = h.get(t - 1, zero), h.get(t - delay, zero)
        x = p["U"] @ data["x"][t]
        h[t] = np.tanh(p["b"] + p["W"] @ before + p["D"] @ long_before + x)
        mu = p["alpha"] * mu + (1 - p["alpha"]) * h[t]
    for t in reversed(range(length)):
        g = np.tanh(p["e"] + p["Q"] @ g + p["R"] @ data["x"][t])
    np.testing.assert_allclose(found.value("mu", length), mu, rtol=1e-13)
    np.testing.assert_allclose(found.value("g", 1), g, rtol=1e-13)
    o = p["c"] + p["V"] @ mu + p["S"] @ g
    expected = -log_probability(o, int(data["y"])) if data["y"] >= 0 else 0.0
    np.testing.assert_allclose(found.loss(), expected, rtol=1e-12)


@pytest.mark.parametrize("b", [0, 1, 2])
def test_turing_machine(b: int) -> None:
    found, p, data, length = alone(MEMORY, b)
    memory, w, r, loss = p["M0"], np.full(6, 1 / 6), np.zeros(5), 0.0
    for t in range(length):
        h = np.tanh(p["b"] + p["A"] @ data["x"][t] + p["R"] @ r)
        key = np.tanh(p["bk"] + p["Wk"] @ h)
        strength = np.log1p(np.exp(p["wb"] @ h + p["bb"]))
        angles = memory @ key / (np.linalg.norm(memory, axis=1) * np.linalg.norm(key))
        wc = np.exp(strength * angles) / np.exp(strength * angles).sum()
        g = logistic(p["wg"] @ h + p["bg"])
        gated = g * wc + (1 - g) * w
        s = np.exp(p["bs"] + p["Ws"] @ h)
        s = s / s.sum()
        moved = [sum(gated[(i - j) % 6] * s[j + 1] for j in (-1, 0, 1)) for i in range(6)]
        sharp = np.array(moved) ** (1 + np.log1p(np.exp(p["wy"] @ h + p["by"])))
        w = sharp / sharp.sum()
        erase = logistic(p["be"] + p["We"] @ h)
        add = np.tanh(p["ba"] + p["Wa"] @ h)
        memory = memory * (1 - np.outer(w, erase)) + np.outer(w, add)
        r = w @ memory
        np.testing.assert_allclose(found.value("M", t + 1), memory, rtol=1e-12)
        q = logistic(p["c"] + p["V"] @ np.concatenate([h, r]))
        y = data["y"][t]
        loss -= np.sum(y * np.log(q) + (1 - y) * np.log(1 - q))
    np.testing.assert_allclose(found.loss(), loss, rtol=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(text, id=name, marks=[pytest.mark.long] if name == "memory" else [])
        for name, text in NAMED.items()
    ],
)
def test_gradients_are_those_of_differences(text: str) -> None:
    model, sizes, params, data = random(text)
    exact = gradients(text)
    rough = finite_difference(model, sizes, params, data, LENGTHS)
    for name, gradient in exact.items():
        scale = max(1e-2, np.abs(gradient).max())
        np.testing.assert_allclose(rough[name], gradient, rtol=0, atol=1e-7 * scale)
        assert gradient.any()


@each_model
def test_one_run_gives_the_derivative_along_a_direction(text: str) -> None:
    model, sizes, params, data = random(text)
    exact = gradients(text)
    directions = random_directions(model, params, data, seed=3)
    assert directions.keys() == exact.keys()
    expected = sum(np.sum(exact[name] * directions[name]) for name in exact)
    found = directional(model, sizes, params, data, LENGTHS, directions=directions)
    np.testing.assert_allclose(found, expected, rtol=1e-11)


@each_model
def test_padding_never_reaches_anything(text: str) -> None:
    model, sizes, params, data = random(text)
    spoilt = {name: array.copy() for name, array in data.items()}
    for name, array in spoilt.items():
        if model.data[name].axes:
            for b, length in enumerate(LENGTHS["t"]):
                array[length:, b] = np.nan if array.dtype.kind == "f" else 10**6
    runs = [Batch(model, sizes, params, given, LENGTHS) for given in (data, spoilt)]
    assert runs[0].loss() == runs[1].loss()
    for label, array in runs[0].outputs().items():
        assert array.tolist() == runs[1].outputs()[label].tolist()
    found = complex_step_gradients(model, sizes, params, spoilt, LENGTHS, wanted=["x"])["x"]
    assert found.tolist() == gradients(text)["x"].tolist()
    for b, length in enumerate(LENGTHS["t"]):
        assert not found[length:, b].any()

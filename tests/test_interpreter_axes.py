"""Values over several axes, by hand: explicit loops in NumPy beside the interpreter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rnndsl.driver import parse
from rnndsl.interpreter import chance
from rnndsl.interpreter.batch import Batch, batch_loss, batch_outputs
from rnndsl.interpreter.evaluate import Interpreter
from rnndsl.interpreter.gradients import complex_step_gradients, finite_difference
from rnndsl.model.model import Model

DRAW = np.random.default_rng(5)
Arrays = dict[str, Any]


def normal(*shape: int) -> Any:
    return DRAW.standard_normal(shape)


def softmax(x: Any) -> Any:
    powers = np.exp(x - x.max())
    return powers / powers.sum()


def one(text: str, data: Arrays, params: Arrays | None = None, **lengths: int) -> Arrays:
    """The outputs of one example."""
    return Interpreter(parse(text), {}, params or {}, data, lengths).outputs()


ATTENTION = """
axis i = 1..S
axis j = 1..T
size a, b, m, q
input  x[i]: token(a)
target y[j]: token(b)
param E, W, p, A: (q, m), B, v, R, K, L, G, F: (b, m), f, V, c
h[i]: m = tanh(p + W @ h[i-1] + E[x[i]])
z[j] = teach(y[j], argmax(o[j]))
e[j,i] = dot(v, tanh(A @ s[j-1] + B @ h[i]))
alpha[j,i] = softmax[i](e[j,i])
ctx[j] = sum[i](alpha[j,i] * h[i])
s[j]: m = tanh(f + R @ s[j-1] + K @ F[z[j-1]] + L @ ctx[j])
s[0] = tanh(G @ h[S])
z[0] = 0
o[j] = c + V @ s[j]
loss = sum[j](cross_entropy(o[j], y[j]))
output o[j], alpha[j,i], e[T,i], h[S]
"""
SIZES = {"a": 5, "b": 4, "m": 3, "q": 2}


def drawn_params(model: Model, sizes: dict[str, int]) -> Arrays:
    return {
        name: 0.7 * normal(*(int(dim.value(sizes)) for dim in param.whole))
        for name, param in model.params.items()
    }


def attention(w: Arrays, x: Any, y: Any, is_taught: bool) -> tuple[float, Arrays]:
    """The encoder-decoder as a program; its loss and outputs."""
    h, states = np.zeros(3), []
    for token in x:
        h = np.tanh(w["p"] + w["W"] @ h + w["E"][token])
        states.append(h)
    s, token, loss = np.tanh(w["G"] @ h), 0, 0.0
    outputs, alphas, energies = [], [], []
    for target in y:
        energies = [w["v"] @ np.tanh(w["A"] @ s + w["B"] @ state) for state in states]
        alphas.append(softmax(np.array(energies)))
        ctx = sum(a * state for a, state in zip(alphas[-1], states, strict=True))
        s = np.tanh(w["f"] + w["R"] @ s + w["K"] @ w["F"][token] + w["L"] @ ctx)
        outputs.append(w["c"] + w["V"] @ s)
        loss -= np.log(softmax(outputs[-1])[target])
        token = target if is_taught else int(np.argmax(outputs[-1]))
    found = {"o": outputs, "alpha": alphas, "e[T,i]": energies, "h[S]": h}
    return loss, {name: np.array(value) for name, value in found.items()}


@pytest.mark.parametrize("mode", ["teacher", "free"])
def test_attention_of_ragged_examples(mode: Any) -> None:
    model = parse(ATTENTION)
    w = drawn_params(model, SIZES)
    lengths = {"i": [4, 1, 3], "j": [2, 5, 3]}
    x, y = DRAW.integers(0, 5, (4, 3)), DRAW.integers(0, 4, (5, 3))
    batch = Batch(model, SIZES, w, {"x": x, "y": y}, lengths, mode=mode)
    found = batch.outputs()
    shapes = {name: value.shape for name, value in found.items()}
    assert shapes == {"o": (5, 3, 4), "alpha": (5, 4, 3), "e[T,i]": (4, 3), "h[S]": (3, 3)}
    total = 0.0
    for b, (end, steps) in enumerate(zip(*lengths.values(), strict=True)):
        loss, wanted = attention(w, x[:end, b], y[:steps, b], mode == "teacher")
        total += loss / 3
        np.testing.assert_allclose(found["o"][:steps, b], wanted["o"], rtol=1e-13)
        np.testing.assert_allclose(found["alpha"][:steps, :end, b], wanted["alpha"], rtol=1e-13)
        np.testing.assert_allclose(found["e[T,i]"][:end, b], wanted["e[T,i]"], rtol=1e-13)
        np.testing.assert_allclose(found["h[S]"][b], wanted["h[S]"], rtol=1e-13)
        assert not found["alpha"][steps:, :, b].any()
        assert not found["alpha"][:, end:, b].any()
    assert batch.loss().real == pytest.approx(total, rel=1e-13)


DEEP = """
axis t = 1..T
axis l = 1..L
size n, m, L, k
input x[t]: n
target y[t]: token(k)
param W[l]: (m, m), U[l]: (m, m), b[l]: m, P, V, c
h[l,t]: m = tanh(b[l] + W[l] @ h[l,t-1] + U[l] @ h[l-1,t])
h[0,t] = P @ x[t]
h[l,0] = b[L+1-l] / l
o[t] = c + V @ h[L,t]
loss = sum[t](cross_entropy(o[t], y[t]))
output o[t], h[l,T], h[L,t]
"""


def test_depth_as_an_axis() -> None:
    model, sizes = parse(DEEP), {"n": 2, "m": 3, "L": 3, "k": 4}
    w = drawn_params(model, sizes)
    assert w["W"].shape == (3, 3, 3)
    x, y = normal(4, 2, 2), DRAW.integers(0, 4, (4, 2))
    lengths = {"t": [4, 2]}
    found = batch_outputs(model, sizes, w, {"x": x, "y": y}, lengths)
    for b, steps in enumerate(lengths["t"]):
        below = [w["P"] @ x[t, b] for t in range(steps)]
        for depth in range(3):
            h, layer = w["b"][2 - depth] / (depth + 1), []
            for row in below:
                h = np.tanh(w["b"][depth] + w["W"][depth] @ h + w["U"][depth] @ row)
                layer.append(h)
            below = layer
            np.testing.assert_allclose(found["h[l,T]"][depth, b], h, rtol=1e-13)
        np.testing.assert_allclose(found["h[L,t]"][:steps, b], below, rtol=1e-13)
    assert found["h[l,T]"].shape == (3, 2, 3)


def test_two_indices_over_one_axis() -> None:
    text = """
    axis i, j = 1..N
    size n = 2
    input x[i]: n
    e[i,j] = dot(x[i], x[j])
    a[i] = sum[j](softmax[j](e[i,j]) * x[j])
    d[i] = e[i,i]
    u[j] = sum[i](e[i,j] * i)
    w = sum[i](sum[j](e[i,j-1] * j) + sum[i](x[i][0]))
    output a[i], d[j], e[j,i], e[i,j], e[j,1], u[j], w, e[i,N]
    """
    x = normal(3, 2)
    found = one(text, {"x": x}, i=3)
    e = x @ x.T
    np.testing.assert_allclose(found["a"], np.array([softmax(row) for row in e]) @ x, rtol=1e-13)
    np.testing.assert_allclose(found["d"], e.diagonal())
    np.testing.assert_allclose(found["e[j,i]"], e)
    np.testing.assert_allclose(found["e[j,1]"], e[:, 0])
    np.testing.assert_allclose(found["u"], np.array([1, 2, 3]) @ e)
    shifted = np.concatenate([np.zeros((3, 1)), e[:, :-1]], axis=1) @ [1, 2, 3]
    np.testing.assert_allclose(found["w"], shifted.sum() + 3 * x[:, 0].sum())


def test_boundaries_along_either_axis() -> None:
    text = """
    axis i, k = 1..S
    axis j = 1..T
    input x[j,i]
    e[j,i] = x[j,i]
    e[0,k] = 10 * k
    e[j,0] = 100 * j
    e[0,0] = -7
    e[T+1,i] = i + T
    g[j,i] = x[j,i]
    g[0,i] = 1
    g[j,0] = 2
    a[j,i] = e[j-1,i-1]
    b[j,i] = e[j+1,i]
    c[j,i] = g[j-1,i-1] + 0 * e[j][i]
    u = e[0,S] + e[T,0] + e[T+1,S+1] + e[1,S+1]
    output a[j,i], b[j,i], c[j,i], u
    """
    x = normal(2, 3)
    found = one(text, {"x": x}, i=3, j=2)
    np.testing.assert_array_equal(found["a"], [[-7, 10, 20], [100, x[0, 0], x[0, 1]]])
    np.testing.assert_array_equal(found["b"], [x[1], [3, 4, 5]])
    np.testing.assert_array_equal(found["c"], [[0, 1, 1], [2, x[0, 0], x[0, 1]]])
    assert found["u"] == 30 + 200


def test_a_loop_along_one_axis_with_shifts_along_the_other() -> None:
    text = """
    axis i = 1..S
    axis j = 1..T
    input x[i,j], p[j]: position(i)
    h[i,j] = 0.5 * h[i,j-1] + 0.25 * h[i-1,j-1] + h[i+1,j-1] * x[i,j]
    h[i,0] = i
    q[j] = argmax[i](x[i,j])
    r[j] = h[p[j],j] + 2 * h[q[j],T]
    s[i] = max[j](h[i,j]) + mean[j](x[i,j])
    output h[i,j], r[j], s[i], h[p[j],j-1], h[argmax[i](x[i,1]),j]
    """
    x, p = normal(3, 4), np.array([2, 0, 3, 1])
    found = one(text, {"x": x, "p": p}, i=3, j=4)
    h = np.zeros((5, 5))
    h[1:4, 0] = [1, 2, 3]
    for j in range(1, 5):
        for i in range(1, 4):
            value = 0.5 * h[i, j - 1] + 0.25 * h[i - 1, j - 1] + h[i + 1, j - 1] * x[i - 1, j - 1]
            h[i, j] = value
    np.testing.assert_allclose(found["h"], h[1:4, 1:], rtol=1e-14)
    r = [h[p[j], j + 1] + 2 * h[x[:, j].argmax() + 1, 4] for j in range(4)]
    np.testing.assert_allclose(found["r"], r, rtol=1e-14)
    np.testing.assert_allclose(found["s"], h[1:4, 1:].max(axis=1) + x.mean(axis=1), rtol=1e-14)
    np.testing.assert_allclose(found["h[p[j],j-1]"], [h[p[j], j] for j in range(4)])
    top = x[:, 0].argmax() + 1
    np.testing.assert_allclose(found["h[argmax[i](x[i,1]),j]"], h[top, 1:], rtol=1e-14)


def test_a_parameter_outside_its_axis_is_zero_and_may_be_read_where_a_value_says() -> None:
    text = """
    axis l = 1..L
    size L = 3, m
    param W[l]: m, q: L
    p = argmax[l](sum(W[l]))
    a[l] = W[l-1] + 10 * W[l+1]
    u = W[p] + W[L] + W[1] + W[L-1] + L
    w = sum[l](W[l][l-1] * l)
    output a[l], u, w
    """
    w = normal(3, 3)
    found = Interpreter(parse(text), {"m": 3}, {"W": w, "q": w[0]}, {}, {}).outputs()
    zero = np.zeros(3)
    a = [zero + 10 * w[1], w[0] + 10 * w[2], w[1] + 10 * zero]
    np.testing.assert_allclose(found["a"], a)
    np.testing.assert_allclose(found["u"], w[w.sum(axis=1).argmax()] + w[2] + w[0] + w[1] + 3)
    np.testing.assert_allclose(found["w"], w.diagonal() @ [1, 2, 3])


def test_draws_count_every_running_index_in_its_order() -> None:
    text = """
    axis i = 1..S
    axis j = 1..T
    input x[i]
    a[j,i] = dropout(x[i], 0.5)
    b[j] = sum[i](dropout(x[i], 0.5))
    c[j,i] = sum[j](dropout(x[i], 0.5))
    d = dropout(x[1], 0.5)
    output a[j,i], b[j], c[j,i], d
    """
    x = np.ones(3)
    found = Interpreter(
        parse(text), {}, {}, {"x": x}, {"i": 3, "j": 2}, example=4, seed=9, training=True
    ).outputs()

    def kept(site: int, *at: int) -> float:
        return 2.0 * float(chance.uniform(9, site, 4, at) >= 0.5)

    rows, columns = range(1, 3), range(1, 4)
    assert found["a"].tolist() == [[kept(0, j, i) for i in columns] for j in rows]
    assert found["b"].tolist() == [sum(kept(1, j, i) for i in columns) for j in rows]
    assert found["c"].tolist() == [[sum(kept(2, i, j) for j in rows) for i in columns]] * 2
    assert found["d"] == kept(3)


def test_gradients_over_two_axes_by_steps_and_by_differences() -> None:
    text = """
    axis i = 1..S
    axis j = 1..T
    size m = 2
    input x[i,j], u[j,i]: m
    param W: (m, m), a: () = 0.5
    h[j,i]: m = tanh(W @ h[j-1,i] + u[j,i] * x[i,j])
    h[0,i] = a * u[1,i]
    loss = sum[i](mean[j](sum(h[j,i]) ^ 2))
    output h[j,i], x[i,1]
    """
    model = parse(text)
    data = {"x": normal(3, 2, 2), "u": normal(2, 3, 2, 2)}
    lengths = {"i": [3, 1], "j": [1, 2]}
    params = {"W": normal(2, 2), "a": 0.3}
    found = complex_step_gradients(model, {}, params, data, lengths)
    other = finite_difference(model, {}, params, data, lengths)
    assert found["u"].shape == (2, 3, 2, 2)
    for name, gradient in found.items():
        np.testing.assert_allclose(gradient, other[name], atol=1e-8)
    assert found["x"][0, 0, 0] != 0
    assert not found["x"][1:, :, 1].any()
    assert not found["u"][1, :, 0].any()
    cotangents = {"h": normal(2, 3, 2, 2)}
    by_output = complex_step_gradients(model, {}, params, data, lengths, cotangents=cotangents)
    wanted = finite_difference(model, {}, params, data, lengths, cotangents=cotangents)
    np.testing.assert_allclose(by_output["W"], wanted["W"], atol=1e-8)


def test_padding_says_nothing() -> None:
    model = parse(ATTENTION)
    w, lengths = drawn_params(model, SIZES), {"i": [2, 3], "j": [3, 1]}
    x, y = DRAW.integers(0, 5, (3, 2)), DRAW.integers(0, 4, (3, 2))
    loss = batch_loss(model, SIZES, w, {"x": x, "y": y}, lengths)
    x[2:, 0], y[1:, 1] = 0, -1
    assert batch_loss(model, SIZES, w, {"x": x, "y": y}, lengths) == loss

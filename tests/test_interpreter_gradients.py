"""Gradients by complex steps: closed forms of small models, and what they are taken of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rnndsl.interpreter.gradients import (
    complex_step_gradients,
    differentiable,
    directional,
    finite_difference,
)
from rnndsl.model.load import parse_model

LINEAR = """
axis t = 1..T
input x[t]: (), c: ()
param w: (), s: (), e: ()
h[t] = w * h[t-1] + x[t]
h[0] = s * c
g[t] = w * g[t+1] + x[t]
g[T+1] = e
loss = h[T] + 10 * g[1]
output h[t], h[T]
"""


def linear() -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    params = {"w": 0.5, "s": 3.0, "e": -2.0}
    data = {"x": np.array([[1.0, 5.0], [2.0, np.nan], [4.0, np.nan]]), "c": np.array([7.0, 9.0])}
    return params, data, {"t": np.array([3, 1])}


def test_a_linear_recurrence_in_both_directions() -> None:
    params, data, lengths = linear()
    found = complex_step_gradients(parse_model(LINEAR), {}, params, data, lengths)
    w, s, e = 0.5, 3.0, -2.0
    x1, x2, _ = data["x"][:, 0]
    c1, c2 = data["c"]
    # h[T] = w^3 s c + w^2 x1 + w x2 + x3 and g[1] = w^3 e + w^2 x3 + w x2 + x1, mean of two.
    first = 3 * w**2 * s * c1 + 2 * w * x1 + x2 + 10 * (3 * w**2 * e + 2 * w * 4.0 + x2)
    second = s * c2 + 10 * e
    assert found["w"] == pytest.approx((first + second) / 2, rel=1e-14)
    assert found["s"] == pytest.approx((w**3 * c1 + w * c2) / 2, rel=1e-14)
    assert found["e"] == pytest.approx((10 * w**3 + 10 * w) / 2, rel=1e-14)
    expected = np.array([[w**2 + 10, 11], [11 * w, 0], [1 + 10 * w**2, 0]]) / 2
    np.testing.assert_allclose(found["x"], expected, rtol=1e-14)
    np.testing.assert_allclose(found["c"], np.array([w**3 * s, w * s]) / 2, rtol=1e-14)


def test_gradients_of_what_stands_against_cotangents() -> None:
    params, data, lengths = linear()
    cotangents = {
        "h": np.array([[1.0, 2.0], [3.0, 1e9], [5.0, 1e9]]),
        "h[T]": np.array([7.0, 11.0]),
    }
    model = parse_model(LINEAR)
    found = complex_step_gradients(model, {}, params, data, lengths, cotangents=cotangents)
    w = 0.5
    expected = np.array([[1 + 3 * w + 12 * w**2, 13], [3 + 12 * w, 0], [12, 0]])
    np.testing.assert_allclose(found["x"], expected, rtol=1e-14)
    assert found["e"] == 0
    one = complex_step_gradients(
        model, {}, params, data, lengths, wanted=["x"], cotangents={"h[T]": np.ones(2)}
    )
    assert list(one) == ["x"]
    assert one["x"].tolist() == [[w**2, 1], [w, 0], [1, 0]]
    along = directional(
        model, {}, params, data, lengths, cotangents=cotangents, directions={"x": np.ones((3, 2))}
    )
    assert along == pytest.approx(expected.sum(), rel=1e-14)
    rough = finite_difference(model, {}, params, data, lengths, cotangents=cotangents, wanted=["w"])
    exact = complex_step_gradients(model, {}, params, data, lengths, cotangents=cotangents)
    assert rough["w"] == pytest.approx(exact["w"], rel=1e-8)


def test_names_that_have_gradients() -> None:
    text = """
    axis t = 1..T
    size n, k
    input x[t]: n, w[t]: token(k), z[t]: n
    target y[t]: n
    param E, s: ()
    h[t] = E[w[t]] + s * x[t] + z[t]
    loss = sum[t](squared_error(h[t], y[t]))
    """
    assert differentiable(parse_model(text), {"x": 0, "w": 0, "y": 0}) == ["E", "s", "x"]


def test_an_embedding_gathers_what_its_rows_were_used_for() -> None:
    text = """
    axis t = 1..T
    size k, m
    input w[t]: token(k)
    param E: (k, m), v: m
    loss = sum[t](t * dot(v, E[w[t]]))
    """
    params = {"E": np.ones((3, 2)), "v": np.array([1.0, -2.0])}
    data = {"w": np.array([[2], [-1], [0], [2]])}
    model = parse_model(text + "h[t] = E[w[t]]\noutput h[t]")
    found = complex_step_gradients(model, {"k": 3, "m": 2}, params, data)
    assert found["E"].tolist() == [[3, -6], [0, 0], [5, -10]]
    assert found["v"].tolist() == [8, 8]


TAUGHT = """
axis t = 1..T
target y[t]: ()
param a: ()
z[t] = teach(y[t], o[t])
o[t] = a * z[t-1]
z[0] = 1
loss = sum[t](o[t])
"""


def test_gradients_flow_only_through_what_teach_takes() -> None:
    model, data = parse_model(TAUGHT), {"y": np.array([[10.0], [20.0], [30.0]])}
    taught = complex_step_gradients(model, {}, {"a": 0.5}, data)
    free = complex_step_gradients(model, {}, {"a": 0.5}, data, mode="free")
    assert taught["a"] == 1 + 10 + 20
    assert free["a"] == 1 + 2 * 0.5 + 3 * 0.25


def test_gradients_flow_where_dropout_kept() -> None:
    text = "axis t = 1..T\ninput x[t]: ()\nd[t] = dropout(x[t], 0.5)\nloss = sum[t](d[t])"
    data = {"x": np.ones((20, 3))}
    model = parse_model(text)
    found = complex_step_gradients(model, {}, {}, data, training=True, seed=4)["x"] * 3
    assert set(found.reshape(-1).tolist()) == {0.0, 2.0}
    other = complex_step_gradients(model, {}, {}, data, training=True, seed=5)["x"] * 3
    assert found.tolist() != other.tolist()
    running = complex_step_gradients(model, {}, {}, data, seed=4)["x"] * 3
    assert set(running.reshape(-1).tolist()) == {1.0}


def test_gradients_are_those_of_the_seed_however_it_is_asked() -> None:
    text = "axis t = 1..T\ninput x[t]: ()\nd[t] = dropout(x[t], 0.5)\nloss = sum[t](d[t])"
    data = {"x": np.ones((4, 2))}
    model, settings = parse_model(text), {"training": True, "seed": 9}
    exact = complex_step_gradients(model, {}, {}, data, **settings)
    rough = finite_difference(model, {}, {}, data, **settings)
    np.testing.assert_allclose(rough["x"], exact["x"], atol=1e-9)


def test_no_gradient_comes_through_the_branch_not_taken() -> None:
    text = (
        "axis t = 1..T\ninput x[t]: ()\nh[t] = where(x[t] > 0, sqrt(x[t]), 3)\nloss = sum[t](h[t])"
    )
    found = complex_step_gradients(parse_model(text), {}, {}, {"x": [[-4.0], [0.0], [4.0]]})
    assert found["x"].tolist() == [[0], [0], [0.25]]


def test_gradients_at_kinks() -> None:
    text = """
    axis t = 1..T
    size m
    input x[t]: m
    param v: m
    a[t] = norm(x[t]) + sum(relu(x[t])) + sum(abs(x[t])) + cosine(x[t], v)
    loss = sum[t](a[t])
    """
    found = complex_step_gradients(
        parse_model(text), {"m": 2}, {"v": np.ones(2)}, {"x": np.zeros((1, 1, 2))}
    )
    assert not found["x"].any()
    assert not found["v"].any()


def test_ties_over_the_axis_go_to_the_first() -> None:
    text = "axis t = 1..T\ninput x[t]: ()\nu = max[t](x[t])\nloss = u + x[argmax[t](x[t])]"
    found = complex_step_gradients(parse_model(text), {}, {}, {"x": [[1.0], [3.0], [3.0]]})
    assert found["x"].tolist() == [[0], [2], [0]]


def test_gradients_through_a_window() -> None:
    text = "axis t = 1..T\ninput x[t]: ()\nparam w: ()\nh[t] = w * h[t-1] + x[t-1]\nloss = h[T]"
    state = {"h": np.array([[4.0]]), "x": np.array([[8.0]])}
    data = {"x": [[1.0], [2.0]]}
    found = complex_step_gradients(parse_model(text), {}, {"w": 0.5}, data, state=state)
    assert found["w"] == 2 * 0.5 * 4 + 8
    assert found["x"].tolist() == [[1], [0]]

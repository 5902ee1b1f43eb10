"""Fixed axes unrolled: the same numbers as the model itself, draws and all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rnndsl.driver import parse
from rnndsl.interpreter.batch import Batch
from rnndsl.interpreter.gradients import complex_step_gradients
from rnndsl.model import expr as ir
from rnndsl.model.instances import base_name, instance_name
from rnndsl.model.model import Model
from rnndsl.model.unroll import unroll, unroll_by_default
from rnndsl.text.diagnostics import DataError

DEEP = """
axis t = 1..T
axis l = 1..L
size n = 2, m = 3, L, k = 4
input x[t]: n
target y[t]: token(k)
param W[l]: (m, m), U[l]: (m, m), b[l]: m, P, V, c
h[l,t]: m = tanh(b[l] + W[l] @ h[l,t-1] + U[l] @ h[l-1,t])
h[0,t] = P @ x[t]
o[t] = c + V @ h[L,t]
loss = sum[t](cross_entropy(o[t], y[t]))
output o[t], h[l,t], h[l,T], h[1,t]
clip norm 1 d h[l,t-1]
"""

BACK = """
axis t, u = 1..T
axis l, k = 1..L
size n = 2, L, d = 2
input x[t]: n
param A[l]: n = normal(1), B[k,l]: n
h[l,t]: n = tanh(A[l] * h[l+1,t-1] + h[l-d,t+0] + l * x[t] / L)
h[L+1,u] = x[u] * A[2-1]
h[L+1,0] = 0.5
h[-1,t] = x[t+1]
h[l,0] = A[L+1-l]
g[t] = sum[l](h[l,t] * B[l,L]) + mean[k](B[k,1]) + prod[l](h[l,t]) + sum[k](sum[l](B[l,k]))
q[l,k,t] = dot(h[l,t], h[k,t-1])
r[l,t] = sum[k](softmax[k](q[l,k,t]) * h[k,t]) + h[0,t] + h[L+1,t-1] + h[L+2,t]
s[t] = max[l](q[l,1,t]) + min[k](q[k,k,t]) + logsumexp[l](q[1,l,t]) + argmax[l](q[l,1,t] > 0)
loss = sum[t](sum(g[t]) + s[t]) + sum[l](sum[t](sum(r[l,t])))
output g[t], h[l,t], q[k,l,t], r[l,T], q[l,l,t]
"""

COMPUTED = """
axis t = 1..T
axis l = 1..L
axis k = 1..K
size L, K = 2, n = 2
input x[t]: n, w[l]: n, v[t,l], p[t]: position(l), u[k,t,l]
param A[l]: n, E[k,l]: n
h[l,t] = A[l] * h[l,t-1] + x[t] + w[l] + w[l-1] + w[l+2]
h[0,t] = 2 * x[t]
q[t] = argmax[l](v[t,l] * sum(A[l]))
a[t] = h[p[t],t] + 2 * h[q[t],t-1] + A[q[t]] + w[p[t]] * v[t,q[t]]
b[k,t] = E[k,p[t]] + E[argmax[k](u[k,t,1]),q[t]] * u[k,t-1,p[t]] + w[q[T] - 1]
loss = sum[t](sum(a[t])) + sum[k](sum[t](sum(b[k,t])))
output a[t], b[k,t], h[argmax[l](v[t,l]),t], h[p[T],t-1], u[k,t,l], q[t], v[T,l]
"""

DRAWN = """
axis t = 1..T
axis l = 1..L
size L
input x[t]
target y[t]
a[l,t] = dropout(x[t], 0.5)
b[t,l] = dropout(x[t], 0.5) + sum[t](dropout(x[t], 0.5))
c[t] = sum[l](dropout(x[t], 0.5) + sum[t](dropout(x[t], 0.25))) + 0 * a[1,t]
z[l,t] = teach(y[t], a[l,t])
g[l] = dropout(x[1], 0.5)
f[l,t] = sum[l](dropout(x[t], 0.5) * l)
output a[l,t], b[t,l], c[t], z[l,t], g[l], f[l,t]
loss = sum[t](c[t])
"""

ONLY = """
axis l = 1..L
size m = 2, L
param W: (m, m), s: m
h[l]: m = tanh(W @ h[l-1])
h[0] = s
loss = sum(h[L])
output h[l], h[L]
"""


def drawn(model: Model, sizes: dict[str, int], examples: int = 2) -> tuple[dict[str, Any], ...]:
    """Parameters, data and lengths."""
    draw = np.random.default_rng(3)
    known = {"n": 2, "m": 3 if "k" in model.sizes else 2, "k": 4, "K": 2, **sizes}
    ends = {axis.name: known.get(axis.length, 4) for axis in model.axes.values()}
    params = {
        name: draw.standard_normal([int(dim.value(known)) for dim in param.whole])
        for name, param in model.params.items()
    }
    data: dict[str, Any] = {}
    for item in model.data.values():
        inner = [int(dim.value(known)) for dim in item.type.shape]
        shape = [*(ends[axis] for axis in item.axes), examples, *inner]
        data[item.name] = draw.standard_normal(shape)
        if item.type.kind == "token":
            data[item.name] = draw.integers(0, 4, shape)
        if item.type.kind == "position":
            data[item.name] = draw.integers(0, sizes["L"] + 1, shape)
    return params, data, {"t": [4, 2]} if "t" in model.axes else {}


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("text", [DEEP, BACK, COMPUTED, ONLY])
def test_the_unrolled_model_means_the_same(text: str, length: int) -> None:
    model, sizes = parse(text), {"L": length}
    flat = unroll(model, sizes)
    params, data, lengths = drawn(model, sizes)
    settings: dict[str, Any] = {"batch": 2}
    one = Batch(model, sizes, params, data, lengths, **settings)
    two = Batch(flat, sizes, params, data, lengths, **settings)
    assert one.loss().real == pytest.approx(two.loss().real, rel=1e-12)
    outputs, others = one.outputs(), two.outputs()
    assert list(outputs) == list(others)
    for name, value in outputs.items():
        np.testing.assert_allclose(others[name], value, rtol=1e-12, atol=1e-14, err_msg=name)
    if length == 2:
        wanted = complex_step_gradients(model, sizes, params, data, lengths, **settings)
        found = complex_step_gradients(flat, sizes, params, data, lengths, **settings)
        for name, value in wanted.items():
            np.testing.assert_allclose(found[name], value, rtol=1e-11, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("mode", ["scheduled", "free"])
def test_draws_stay_what_they_were(mode: Any) -> None:
    model, sizes = parse(DRAWN), {"L": 3}
    _, data, lengths = drawn(model, sizes)
    settings: dict[str, Any] = {"training": True, "mode": mode, "forcing": 0.5, "seed": 8}
    wanted = Batch(model, sizes, {}, data, lengths, **settings).outputs()
    found = Batch(unroll(model, sizes), sizes, {}, data, lengths, **settings).outputs()
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, err_msg=name)
    assert np.any(wanted["a"] == 0)
    assert np.any(wanted["a"][0] != wanted["a"][1])


def test_nothing_of_the_fixed_axis_is_left() -> None:
    flat = unroll(parse(DEEP), {"L": 3})
    assert list(flat.axes) == ["t"]
    assert list(flat.fixed) == ["l"]
    assert list(flat.equations) == ["h.0", "h.1", "h.2", "h.3", "o"]
    second = flat.equations["h.2"]
    assert second.indices == second.axes == ("t",)
    assert second.text == "h[2,t] = tanh(b[2] + W[2] @ h[2,t-1] + U[2] @ h[1,t])"
    assert flat.equations["h.0"].text == "h[0,t] = P @ x[t]"
    assert flat.equations["o"].text == "o[t] = c + V @ h[3,t]"
    output = next(item for item in flat.outputs if item.label == "h")
    assert output.axes == ("l", "t")
    names = [part.name for part in output.parts if isinstance(part, ir.Read)]
    assert names == ["h.1", "h.2", "h.3"]
    clips = [clip.reference.name for clip in flat.clips if clip.reference]
    assert clips == ["h.1", "h.2", "h.3"]
    for item in (item for equation in flat.all_equations for item in equation.expr.walk()):
        if isinstance(item, ir.Pick):
            assert isinstance(item.base, ir.Param)
            assert str(item.base.type.shape[0]) == "L"
        if isinstance(item, ir.Read):
            assert all(isinstance(p, ir.Position) and p.axis == "t" for p in item.places)


def test_data_outside_a_fixed_axis_is_read_outside_for_every_length() -> None:
    flat = unroll(parse(COMPUTED), {"L": 2})
    reads = [item for item in ir.reads(flat.equations["h.1"].expr) if item.name == "w"]
    places = [item.places[0] for item in reads]
    assert [(p.anchor, str(p.offset)) for p in places if isinstance(p, ir.Position)] == [
        ("start", "1"),
        ("start", "0"),
        ("end", "1"),
    ]


def test_a_model_without_fixed_axes_is_itself() -> None:
    model = parse("axis t = 1..T\ninput x[t]\nh[t] = x[t]\noutput h[t]")
    assert unroll(model, {}) is model
    assert unroll_by_default(model) is model


def test_a_length_has_to_be_known_where_it_is_unrolled() -> None:
    model = parse(ONLY)
    with pytest.raises(DataError, match="size `L` has no value"):
        unroll(model, {})
    assert len(unroll_by_default(model).equations) == 4
    assert len(unroll(model, {"L": 40}).equations) == 41


def test_names_of_positions_go_back_to_the_file() -> None:
    for at in [(), (2,), (-1,), (0, 13)]:
        assert base_name(instance_name("h", at)) == "h"
    assert instance_name("h", (-1, 2)) == "h.m1.2"
    assert base_name("enc.h.2") == "enc.h"

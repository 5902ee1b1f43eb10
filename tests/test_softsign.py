"""An operation that stands in one row: its values, its slope, the code that carries it."""

from __future__ import annotations

import numpy as np

import rnndsl
from rnndsl.interpreter.operations import OPERATIONS
from tests.agreement import agree

MODEL = """
axis t = 1..T
size m
input x[t]: m
param a: () = 1
h[t] = softsign(a * x[t])
loss = sum[t](sum(h[t]))
output h[t]
"""
X = np.array([-3.0, -0.25, 0.0, 0.5, 4.0])


def test_values_and_slopes() -> None:
    program = rnndsl.parse(MODEL).compile(dtype="float64", m=5)
    data = {"x": X[None, None]}
    params = program.init(0)
    h = program.forward(params, **data)["h"]
    np.testing.assert_allclose(h[0, 0], [-0.75, -0.2, 0, 1 / 3, 0.8], rtol=1e-15)
    _, _, inputs = program.loss_and_grads(params, inputs=True, **data)
    np.testing.assert_allclose(inputs["x"][0, 0], [1 / 16, 0.64, 1, 4 / 9, 0.04], rtol=1e-15)


def test_the_interpreter_takes_the_meaning_of_the_row() -> None:
    assert "softsign" not in OPERATIONS
    agree(rnndsl.parse(MODEL).model)


def test_the_file_carries_its_function() -> None:
    source = rnndsl.parse(MODEL).compile(m=5).source
    assert source.count("def _softsign(x):\n    return x / (1 + np.abs(x))\n") == 1

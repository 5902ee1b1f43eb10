"""Examples of different lengths on the way back: what the padding holds, and clipped flows."""

from __future__ import annotations

import numpy as np
import pytest

import rnndsl
from tests.agreement import close

each_level = pytest.mark.parametrize("level", [0, 1, 2])
LENGTHS = np.array([13, 1, 4])

GROWING = """
axis t = 1..T
input x[t]: ()
param a = 1
h[t]: () = a * h[t-1] ^ 2 + x[t]
loss = h[T]
"""


@each_level
def test_padding_that_overflows_reaches_no_gradient(level: int) -> None:
    """After an end the loop runs on with x = 0: here 3, 9, 81 and so on, beyond all floats."""
    program = rnndsl.parse(GROWING).compile(optimize=level, dtype="float64")
    x = np.full((13, 3), 0.1)
    x[0, 1] = 3.0
    params = {"a": np.array(1.0)}
    loss, grads = program.loss_and_grads(params, x=x, lengths={"t": LENGTHS})
    alone = [
        program.loss_and_grads(params, x=x[:length, [number]])
        for number, length in enumerate(LENGTHS)
    ]
    close("loss", loss, np.mean([each for each, _ in alone]), 1e-12)
    close("a", grads["a"], np.mean([each["a"] for _, each in alone]), 1e-12)


CLIPPED = """
axis t = 1..T
size m
input x[t]: m
param W: (m, m), v: m
h[t]: m = W @ h[t-1] + x[t]
loss = dot(v, h[T])
clip KIND 0.7 d h[t-1]
"""


def by_hand(kind: str, W: np.ndarray, v: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The gradient of one example, (T, m), for W: what goes back along h[t-1] is clipped."""
    h = np.zeros((len(x) + 1, len(v)))
    for t in range(len(x)):
        h[t + 1] = W @ h[t] + x[t]
    grad, d = np.zeros_like(W), v
    for t in reversed(range(len(x))):
        grad += np.outer(d, h[t])
        d = W.T @ d
        if kind == "value":
            d = np.clip(d, -0.7, 0.7)
        elif kind == "norm":
            d = d * min(1.0, 0.7 / float(np.linalg.norm(d)))
    return grad


@each_level
@pytest.mark.parametrize("kind", ["norm", "value"])
def test_what_goes_back_along_a_reference_is_clipped_for_each_example(
    kind: str, level: int
) -> None:
    rng = np.random.default_rng(3)
    program = rnndsl.parse(CLIPPED.replace("KIND", kind)).compile(
        optimize=level, dtype="float64", m=3
    )
    params = {"W": rng.normal(size=(3, 3)), "v": rng.normal(size=3)}
    x = rng.normal(size=(13, 3, 3))
    for clip, rule in ((True, kind), (False, "")):
        run = {"x": x, "lengths": {"t": LENGTHS}, "clip": clip}
        _, grads = program.loss_and_grads(params, **run)
        each = [by_hand(rule, **params, x=x[:end, b]) for b, end in enumerate(LENGTHS)]
        close("W", grads["W"], np.mean(each, axis=0), 1e-12)
    assert not np.allclose(by_hand(kind, **params, x=x[:, 0]), by_hand("", **params, x=x[:, 0]))

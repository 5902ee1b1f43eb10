"""Optimisers against their formulas, written out once more."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rnndsl.runtime.optimisers import SGD, Adam, Optimiser, RMSProp, optimiser
from rnndsl.text.diagnostics import DataError

GRADS = (2.0, -1.0, 0.5)


def steps(rule: Optimiser, start: float = 1.0) -> list[float]:
    """Where a scalar goes under three gradients."""
    params = {"a": np.array(start)}
    places = []
    for grad in GRADS:
        rule.step(params, {"a": np.array(grad)})
        places.append(float(params["a"]))
    return places


def test_sgd_goes_down_the_gradient() -> None:
    assert steps(SGD(0.1)) == pytest.approx([0.8, 0.9, 0.85])


def test_momentum_keeps_the_velocity() -> None:
    theta, velocity, wanted = 1.0, 0.0, []
    for grad in GRADS:
        velocity = 0.9 * velocity - 0.1 * grad
        theta += velocity
        wanted.append(theta)
    assert steps(SGD(0.1, 0.9)) == pytest.approx(wanted, rel=1e-14)


def test_rmsprop_scales_by_the_mean_square() -> None:
    theta, square, wanted = 1.0, 0.0, []
    for grad in GRADS:
        square = 0.8 * square + 0.2 * grad**2
        theta -= 0.1 / math.sqrt(1e-3 + square) * grad
        wanted.append(theta)
    assert steps(RMSProp(0.1, 0.8, 1e-3)) == pytest.approx(wanted, rel=1e-14)


def test_adam_corrects_its_moments() -> None:
    theta, first, second, wanted = 1.0, 0.0, 0.0, []
    for step, grad in enumerate(GRADS, 1):
        first = 0.7 * first + 0.3 * grad
        second = 0.8 * second + 0.2 * grad**2
        mean, square = first / (1 - 0.7**step), second / (1 - 0.8**step)
        theta -= 0.1 * mean / (math.sqrt(square) + 1e-3)
        wanted.append(theta)
    assert steps(Adam(0.1, (0.7, 0.8), 1e-3)) == pytest.approx(wanted, rel=1e-14)


@pytest.mark.parametrize("rule", [SGD(0.1), SGD(0.1, 0.5), RMSProp(), Adam()])
def test_updates_are_in_place_and_keep_the_dtype(rule: Optimiser) -> None:
    whole = np.ones((2, 3), np.float32)
    params = {"W": whole[:1], "s": np.array(1.0, np.float32)}
    grads = {"W": np.full((1, 3), 2, np.float32), "s": np.array(-2, np.float32)}
    rule.step(params, grads)
    assert (whole[0] < 1).all()
    assert (whole[1] == 1).all()
    assert params["s"] > 1
    assert params["W"].dtype == params["s"].dtype == np.float32
    assert (grads["W"] == 2).all()


def test_optimisers_go_by_name() -> None:
    sgd, rmsprop, adam = (optimiser(name, 0.5, 0.9) for name in ("sgd", "rmsprop", "adam"))
    assert isinstance(sgd, SGD)
    assert (sgd.rate, sgd.momentum, sgd.slots) == (0.5, 0.9, 1)
    assert isinstance(rmsprop, RMSProp)
    assert rmsprop.rate == 0.5
    assert isinstance(adam, Adam)
    assert adam.rate == 0.5
    assert optimiser("sgd").slots == 0


def test_another_name_is_refused() -> None:
    with pytest.raises(DataError) as caught:
        optimiser("adagrad")
    assert caught.value.code == "RNN435"
    assert str(caught.value) == "there is no optimiser `adagrad`; there are adam, rmsprop, sgd"

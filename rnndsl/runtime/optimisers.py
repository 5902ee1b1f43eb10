"""Optimisers: SGD with momentum, RMSProp, Adam. They update dictionaries of arrays in place.

They neither clip nor schedule. Their state goes out and comes in as arrays by name, `mean.W`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from rnndsl.text.diagnostics import DataError

Array = npt.NDArray[Any]
NAMES = ("adam", "rmsprop", "sgd")
RATES = {"adam": 0.002, "rmsprop": 0.002, "sgd": 0.01}


class Optimiser(Protocol):
    """What training asks of an optimiser."""

    slots: int  # arrays kept for each parameter
    rate: float

    def step(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        """Update every parameter in place from its gradient of the same shape."""

    def state(self) -> dict[str, Array]:
        """All that the next step depends on besides the parameters; the arrays themselves."""

    def load(self, state: Mapping[str, Array]) -> None:
        """Go on from a state, whose arrays are taken over."""


class SGD:
    """Gradient descent with momentum (Polyak 1964; Deep Learning, algorithm 8.2).

    v <- momentum v - rate g,  theta <- theta + v
    """

    def __init__(self, rate: float = RATES["sgd"], momentum: float = 0.0) -> None:
        self.rate, self.momentum = rate, momentum
        self.slots = 1 if momentum else 0
        self._velocity: dict[str, Array] = {}

    def step(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        """Update every parameter in place from its gradient of the same shape."""
        for name, param in params.items():
            if not self.momentum:
                param -= self.rate * grads[name]
                continue
            velocity = _slot(self._velocity, name, param)
            velocity *= self.momentum
            velocity -= self.rate * grads[name]
            param += velocity

    def state(self) -> dict[str, Array]:
        """The velocities."""
        return _named("velocity", self._velocity)

    def load(self, state: Mapping[str, Array]) -> None:
        """Take the velocities over."""
        self._velocity = _kept("velocity", state)


class RMSProp:
    """Each entry scaled by the root of its mean square (Hinton 2012; Deep Learning, 8.5).

    r <- decay r + (1 - decay) g^2,  theta <- theta - rate g / sqrt(epsilon + r)
    """

    slots = 1

    def __init__(
        self, rate: float = RATES["rmsprop"], decay: float = 0.95, epsilon: float = 1e-6
    ) -> None:
        self.rate, self.decay, self.epsilon = rate, decay, epsilon
        self._square: dict[str, Array] = {}

    def step(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        """Update every parameter in place from its gradient of the same shape."""
        for name, param in params.items():
            grad = grads[name]
            square = _slot(self._square, name, param)
            square *= self.decay
            square += (1 - self.decay) * np.square(grad)
            param -= self.rate * grad / np.sqrt(square + self.epsilon)

    def state(self) -> dict[str, Array]:
        """The mean squares."""
        return _named("square", self._square)

    def load(self, state: Mapping[str, Array]) -> None:
        """Take the mean squares over."""
        self._square = _kept("square", state)


class Adam:
    """Moments of the gradient, corrected for their start at 0 (Kingma and Ba 2015, algorithm 1).

    s <- b1 s + (1 - b1) g,  r <- b2 r + (1 - b2) g^2,
    theta <- theta - rate (s / (1 - b1^step)) / (sqrt(r / (1 - b2^step)) + epsilon)
    """

    slots = 2

    def __init__(
        self,
        rate: float = RATES["adam"],
        decays: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
    ) -> None:
        self.rate, self.decays, self.epsilon = rate, decays, epsilon
        self._steps = 0
        self._mean: dict[str, Array] = {}
        self._square: dict[str, Array] = {}

    def step(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        """Update every parameter in place from its gradient of the same shape."""
        self._steps += 1
        first, second = self.decays
        correction, correction2 = 1 - first**self._steps, 1 - second**self._steps
        for name, param in params.items():
            grad = grads[name]
            mean, square = _slot(self._mean, name, param), _slot(self._square, name, param)
            mean *= first
            mean += (1 - first) * grad
            square *= second
            square += (1 - second) * np.square(grad)
            root = np.sqrt(square / correction2) + self.epsilon
            param -= self.rate / correction * mean / root

    def state(self) -> dict[str, Array]:
        """Both moments and the number of steps."""
        moments = {**_named("mean", self._mean), **_named("square", self._square)}
        return {**moments, "steps": np.array(self._steps)}

    def load(self, state: Mapping[str, Array]) -> None:
        """Take both moments and the number of steps over."""
        self._mean, self._square = _kept("mean", state), _kept("square", state)
        self._steps = int(state["steps"])


def optimiser(name: str, rate: float | None = None, momentum: float = 0.0) -> Optimiser:
    """The optimiser of that name; `momentum` is for `sgd`. DataError RNN435 for another name."""
    rate = RATES.get(name, 0.0) if rate is None else rate
    if name == "sgd":
        return SGD(rate, momentum)
    if name == "rmsprop":
        return RMSProp(rate)
    if name == "adam":
        return Adam(rate)
    raise DataError(f"there is no optimiser `{name}`; there are {', '.join(NAMES)}", "RNN435")


def _slot(slots: dict[str, Array], name: str, like: Array) -> Array:
    if name not in slots:
        slots[name] = np.zeros_like(like)
    return slots[name]


def _named(slot: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {f"{slot}.{name}": value for name, value in arrays.items()}


def _kept(slot: str, state: Mapping[str, Array]) -> dict[str, Array]:
    start = f"{slot}."
    return {name[len(start) :]: state[name] for name in state if name.startswith(start)}

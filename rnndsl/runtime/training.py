"""Training on a text: windows with carried state, an optimiser, clipping, validation.

It prints nothing and writes no files: `report` is told of every step, `save` is handed the
parameters after every epoch.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from rnndsl.runtime.history import History
from rnndsl.runtime.memory import parse_amount, require
from rnndsl.runtime.memory_model import parameter_bytes, value_bytes
from rnndsl.runtime.optimisers import Optimiser, optimiser
from rnndsl.runtime.program import Program
from rnndsl.runtime.text_data import Text, Windows
from rnndsl.runtime.text_model import TextRoles, sums_over_positions, text_roles
from rnndsl.text.diagnostics import DataError

Array = npt.NDArray[Any]
Params = dict[str, Array]


@dataclass(frozen=True)
class Settings:
    """How to train; DataError RNN436 where a number makes no sense.

    `rate`: None for the optimiser's usual one. `seconds`: an end by the clock, whichever comes
    first. `batch` streams are cut in windows of `window` characters. `validation`: the share of
    the text, at its end, that is only scored. `clip_norm`, `clip_value`: instead of the spec's.
    """

    optimiser: str = "adam"
    rate: float | None = None
    momentum: float = 0.0
    epochs: int = 10
    seconds: float | None = None
    batch: int = 32
    window: int = 64
    validation: float = 0.1
    clip_norm: float | None = None
    clip_value: float | None = None
    mode: str = "teacher"
    forcing: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch", "window"):
            self._check(name, getattr(self, name) >= 1, "at least 1")
        for name in ("rate", "seconds", "clip_norm", "clip_value"):
            value = getattr(self, name)
            self._check(name, value is None or 0 < value < math.inf, "above 0")
        self._check("momentum", 0 <= self.momentum < 1, "from 0 up to but not 1")
        self._check("validation", 0 <= self.validation < 1, "from 0 up to but not 1")
        self._check("forcing", 0 <= self.forcing <= 1, "from 0 to 1")

    def _check(self, name: str, fine: bool, wanted: str) -> None:
        if not fine:
            raise DataError(f"`{name}` must be {wanted}, not {getattr(self, name)}", "RNN436")


@dataclass(frozen=True)
class Progress:
    """Where training stands after a step. `fraction` of the work, by steps or by the clock."""

    step: int
    steps: int
    epoch: int
    fraction: float
    history: History


@dataclass(frozen=True)
class Trained:
    """What training gives back."""

    params: Params
    history: History
    stopped: bool


Report = Callable[[Progress], None]
Save = Callable[[Params], None]


def train(
    program: Program,
    data: Text | str,
    params: Mapping[str, Array] | None = None,
    *,
    report: Report | None = None,
    save: Save | None = None,
    stop: Callable[[], bool] | None = None,
    max_memory: int | str | None = None,
    **settings: Any,
) -> Trained:
    """Train a program on a text, from fresh parameters or from (a copy of) given ones.

    `settings` are the fields of `Settings`; `stop` is asked after every step. DataError where the
    model takes other data than a text (RNN432), where memory does not suffice (RNN501) or where
    the loss is no longer finite (RNN437).
    """
    chosen = Settings(**settings)
    text = Text(data) if isinstance(data, str) else data
    roles = text_roles(program.model)
    sizes = roles.sizes(len(text.alphabet), program.sizes)
    rule = optimiser(chosen.optimiser, chosen.rate, chosen.momentum)
    limit = parse_amount(max_memory) if isinstance(max_memory, str) else max_memory
    require_for_training(program, sizes, chosen, rule.slots, limit)
    if params is None:
        open_sizes = {name: size for name, size in sizes.items() if name not in program.sizes}
        start = program.init(seed=chosen.seed, **open_sizes)
    else:
        start = {name: np.array(value) for name, value in params.items()}
    run = _Run(program, roles, chosen, rule, start, report, stop)
    with np.errstate(all="ignore"):  # a loss that is no longer finite is found by looking at it
        return run.train(text, save)


def require_for_training(
    program: Program, sizes: Mapping[str, int], settings: Settings, slots: int, limit: int | None
) -> None:
    """DataError RNN501 where parameters, gradients, optimiser and one window do not fit."""
    itemsize = np.dtype(program.dtype).itemsize
    kept = parameter_bytes(program.model, sizes, itemsize) * (2 + slots)
    window = value_bytes(program.model, sizes, settings.window, settings.batch, itemsize)
    require(kept + 2 * window, limit, "parameters, gradients and the values of one window")


@dataclass
class _Run:
    """One training run and where it stands."""

    program: Program
    roles: TextRoles
    settings: Settings
    optimiser: Optimiser
    params: Params
    report: Report | None
    stop: Callable[[], bool] | None
    history: History = field(default_factory=History)
    started: float = field(default_factory=lambda: time.monotonic())

    def train(self, text: Text, save: Save | None) -> Trained:
        settings = self.settings
        first, held = text.split(settings.validation)
        windows = Windows(first, settings.batch, settings.window)
        checks = Windows(held, settings.batch, settings.window) if len(held) else None
        steps = len(windows) * settings.epochs
        stopped = ended = False
        for epoch in range(1, settings.epochs + 1):
            state: dict[str, Array] | None = None
            for number, window in enumerate(windows, 1):
                state = self._step(window.now, window.following, state)
                stopped = self.stop is not None and self.stop()
                ended = stopped or self._is_late
                last = ended or number == len(windows)
                if last and checks is not None and not stopped:
                    self.history.validation.append((self.history.steps, self._validate(checks)))
                self._tell(steps, epoch)
                if ended:
                    break
            if save is not None:
                save(self.params)
            if ended:
                break
        return Trained(self.params, self.history, stopped)

    def _step(self, x: Array, y: Array, state: dict[str, Array] | None) -> dict[str, Array]:
        """One update from one window; the state after it."""
        loss, grads, state = self.program.loss_and_grads(
            self.params, clip=True, return_state=True, **self._options(x, y, state)
        )
        if not math.isfinite(loss):
            raise DataError(
                f"the loss is {float(loss)} at step {self.history.steps + 1}: training diverged; "
                "a lower rate or clipping helps",
                "RNN437",
            )
        self.optimiser.step(self.params, self._clipped(grads))
        self.history.losses.append(self._by_character(float(loss), len(x)))
        self.history.characters += x.size
        self.history.seconds = time.monotonic() - self.started
        return state

    def _options(self, x: Array, y: Array, state: dict[str, Array] | None) -> dict[str, Any]:
        settings = self.settings
        return {
            "mode": settings.mode,
            "forcing": settings.forcing,
            "seed": settings.seed + self.history.steps,
            "state": state,
            self.roles.input.name: x,
            self.roles.target.name: y,
        }

    def _clipped(self, grads: Params) -> Params:
        norm, value = self.settings.clip_norm, self.settings.clip_value
        if norm is None and value is None:
            return self.program.clip(grads)
        if norm is not None:
            grads, _ = self.program.clip_by_norm(grads, norm)
        if value is not None:
            grads, _ = self.program.clip_by_value(grads, value)
        return grads

    def _validate(self, windows: Windows) -> float:
        """The loss over the held text, its state carried as in training."""
        state: dict[str, Array] | None = None
        total = characters = 0.0
        for window in windows:
            options = self._options(window.now, window.following, state)
            loss = self.program.loss(self.params, **options)
            state = self.program.forward(self.params, return_state=True, **options)["state"]
            total += self._by_character(float(loss), len(window.now)) * window.count
            characters += window.count
        return total / characters

    def _by_character(self, loss: float, length: int) -> float:
        return loss / length if sums_over_positions(self.program.model) else loss

    @property
    def _is_late(self) -> bool:
        limit = self.settings.seconds
        return limit is not None and time.monotonic() - self.started >= limit

    def _tell(self, steps: int, epoch: int) -> None:
        if self.report is None:
            return
        fraction = self.history.steps / steps
        if self.settings.seconds is not None:
            fraction = max(fraction, (time.monotonic() - self.started) / self.settings.seconds)
        self.report(Progress(self.history.steps, steps, epoch, min(1.0, fraction), self.history))

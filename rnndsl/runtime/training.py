"""Training any model: batches or windows, an optimiser, clipping, validation.

It prints nothing and writes no files: `report` is told of every step, `save` is handed the
parameters after every epoch. What a step is fed comes from `feed`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from rnndsl.runtime.feed import Batch, Feed
from rnndsl.runtime.history import History
from rnndsl.runtime.material import Data, Material, material
from rnndsl.runtime.memory import parse_amount, require
from rnndsl.runtime.memory_model import parameter_bytes, value_bytes
from rnndsl.runtime.optimisers import Optimiser, optimiser
from rnndsl.runtime.program import Program
from rnndsl.runtime.settings import Settings
from rnndsl.text.diagnostics import DataError

Array = npt.NDArray[Any]
Params = dict[str, Array]


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
    """What training gives back; `ended` by `epochs`, the `clock` or an `interrupt`."""

    params: Params
    history: History
    ended: str

    @property
    def stopped(self) -> bool:
        """Whether somebody asked it to stop."""
        return self.ended == "interrupt"


Report = Callable[[Progress], None]
Save = Callable[[Params], None]


def train(
    program: Program,
    data: Data,
    params: Mapping[str, Array] | None = None,
    *,
    validation_data: Data | None = None,
    report: Report | None = None,
    save: Save | None = None,
    stop: Callable[[], bool] | None = None,
    max_memory: int | str | None = None,
    **settings: Any,
) -> Trained:
    """Train a program from fresh parameters or from (a copy of) given ones.

    `data`: a text, or a dict of arrays by name, (T, B, …) along an axis and (B, …) without one,
    with `lengths_t` where examples differ in length. `validation_data`: as `data`, instead of a
    share of it. `settings` are the fields of `Settings`; `stop` is asked after every step.
    DataError where the data do not fit the model (RNN432, RNN441), where memory does not suffice
    (RNN501) or where the loss is no longer finite (RNN437).
    """
    chosen = Settings(**settings)
    if program.model.loss is None:
        raise DataError(f"`{program.model.name}` has no loss to train on", "RNN432")
    found = material(program, data, validation_data, chosen)
    rule = optimiser(chosen.optimiser, chosen.rate, chosen.momentum)
    limit = parse_amount(max_memory) if isinstance(max_memory, str) else max_memory
    require_for_training(program, found, chosen, rule.slots, limit)
    if params is None:
        start = program.init(seed=chosen.seed, **found.open_sizes(program))
    else:
        start = {name: np.array(value) for name, value in params.items()}
    history = History(unit=found.training.unit)
    run = _Run(program, found, chosen, rule, start, history, report, save, stop)
    with np.errstate(all="ignore"):  # a loss that is no longer finite is found by looking at it
        return run.train()


def require_for_training(
    program: Program, found: Material, settings: Settings, slots: int, limit: int | None
) -> None:
    """DataError RNN501 where parameters, gradients, optimiser and one batch do not fit."""
    itemsize = np.dtype(program.dtype).itemsize
    kept = parameter_bytes(program.model, found.sizes, itemsize) * (2 + slots)
    batch = value_bytes(program.model, found.sizes, found.length, settings.batch, itemsize)
    require(kept + 2 * batch, limit, f"parameters, gradients and the values of one {found.part}")


@dataclass
class _Run:
    """One training run and where it stands: `done` batches of an epoch in some order."""

    program: Program
    material: Material
    settings: Settings
    optimiser: Optimiser
    params: Params
    history: History
    report: Report | None
    save: Save | None
    stop: Callable[[], bool] | None
    epoch: int = 1
    done: int = 0
    order: Array | None = None
    state: dict[str, Array] | None = None
    ended: str | None = None
    started: float = field(default_factory=lambda: time.monotonic())

    @property
    def feed(self) -> Feed:
        """What is trained on."""
        return self.material.training

    def train(self) -> Trained:
        while self.ended is None and self.epoch <= self.settings.epochs:
            self._go_on()
            if self.done == len(self.feed) and self.ended != "interrupt":
                self._close_epoch()
            else:
                self._break_off()
        return Trained(self.params, self.history, self.ended or "epochs")

    def _go_on(self) -> None:
        """Steps to the end of the epoch, or of training."""
        if self.order is None:
            self.order = self.feed.order(self.epoch)
        while self.ended is None and self.done < len(self.feed):
            self._step(self.feed.batch(self.order, self.done))
            self.done += 1
            self.ended = self._end()
            if self.ended is None and self.done < len(self.feed):
                self._tell()

    def _close_epoch(self) -> None:
        """Score what was held back, hand out the parameters, stand before the next epoch."""
        self._validate()
        self._tell()
        self.epoch, self.done, self.order, self.state = self.epoch + 1, 0, None, None
        self._hand_out()

    def _break_off(self) -> None:
        """An end in the midst of an epoch."""
        self._hand_out()
        if self.ended == "clock":
            self._validate()
        self._tell()

    def _hand_out(self) -> None:
        if self.save is not None:
            self.save(self.params)

    def _step(self, batch: Batch) -> None:
        """One update from one batch."""
        options = {**self._options(self.feed, self.state), **batch.data}
        loss, grads, *state = self.program.loss_and_grads(
            self.params, clip=True, return_state=self.feed.carries, **options
        )
        if not math.isfinite(loss):
            raise DataError(
                f"the loss is {float(loss)} at step {self.history.steps + 1}: training diverged; "
                "a lower rate or clipping helps",
                "RNN437",
            )
        self.optimiser.step(self.params, self._clipped(grads))
        self.state = state[0] if state else None
        self.history.losses.append(float(loss) / batch.scale)
        self.history.seen += batch.count
        self.history.seconds = time.monotonic() - self.started

    def _options(self, feed: Feed, state: dict[str, Array] | None) -> dict[str, Any]:
        settings = self.settings
        options = {
            "mode": settings.mode,
            "forcing": settings.forcing,
            "seed": settings.seed + self.history.steps,
        }
        return {**options, "state": state} if feed.carries else options

    def _clipped(self, grads: Params) -> Params:
        norm, value = self.settings.clip_norm, self.settings.clip_value
        if norm is None and value is None:
            return self.program.clip(grads)
        if norm is not None:
            grads, _ = self.program.clip_by_norm(grads, norm)
        if value is not None:
            grads, _ = self.program.clip_by_value(grads, value)
        return grads

    def _validate(self) -> None:
        """Note the loss over what is held back, its state carried as in training."""
        feed = self.material.validation
        if feed is None:
            return
        state: dict[str, Array] | None = None
        total = weight = 0.0
        order = feed.order(self.epoch)
        for number in range(len(feed)):
            batch = feed.batch(order, number)
            options = {**self._options(feed, state), **batch.data}
            loss = self.program.loss(self.params, **options)
            if feed.carries:
                state = self.program.forward(self.params, return_state=True, **options)["state"]
            total += float(loss) / batch.scale * batch.weight
            weight += batch.weight
        self.history.validation.append((self.history.steps, total / weight))

    def _end(self) -> str | None:
        """What ends training here, if something does before the last epoch is over."""
        if self.stop is not None and self.stop():
            return "interrupt"
        limit = self.settings.seconds
        is_late = limit is not None and time.monotonic() - self.started >= limit
        return "clock" if is_late else None

    def _tell(self) -> None:
        if self.report is None:
            return
        steps = len(self.feed) * self.settings.epochs
        fraction = self.history.steps / steps
        if self.settings.seconds is not None:
            fraction = max(fraction, (time.monotonic() - self.started) / self.settings.seconds)
        self.report(
            Progress(self.history.steps, steps, self.epoch, min(1.0, fraction), self.history)
        )

"""Training any model: batches or windows, an optimiser, clipping, validation, checkpoints.

It prints nothing: `report` is told of every step. What a step is fed comes from `feed`, where the
run stands is kept in `standing`.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from rnndsl.runtime.checkpoint import read_snapshot, save
from rnndsl.runtime.feed import Batch, Feed
from rnndsl.runtime.history import History
from rnndsl.runtime.material import Data, Material, digest, material
from rnndsl.runtime.memory import parse_amount, require
from rnndsl.runtime.memory_model import parameter_bytes, value_bytes
from rnndsl.runtime.optimisers import Optimiser, optimiser
from rnndsl.runtime.program import Program
from rnndsl.runtime.settings import Settings
from rnndsl.runtime.standing import Snapshot, Standing, identity, require_same
from rnndsl.text.diagnostics import DataError
from rnndsl.text.files import require_writable

Array = npt.NDArray[Any]
Params = dict[str, Array]
File = str | os.PathLike[str]


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


def train(
    program: Program,
    data: Data,
    params: Mapping[str, Array] | None = None,
    *,
    validation_data: Data | None = None,
    checkpoint: File | None = None,
    resume: bool = False,
    report: Report | None = None,
    stop: Callable[[], bool] | None = None,
    max_memory: int | str | None = None,
    **settings: Any,
) -> Trained:
    """Train a program from fresh parameters or from (a copy of) given ones.

    `data`: a text, or a dict of arrays by name, (T, B, …) along an axis and (B, …) without one,
    with `lengths_t` where examples differ in length. `validation_data`: as `data`, instead of a
    share of it. `checkpoint`: a file that is written after every epoch; with `resume` training
    goes on from it where it is there, as if it had never stopped. `settings` are the fields of
    `Settings`; `stop` is asked after every step.

    DataError where the data do not fit the model (RNN432, RNN441), where memory does not suffice
    (RNN501), where what is resumed is another run (RNN442, RNN443) or where the loss is no longer
    finite (RNN437).
    """
    chosen = Settings(**settings)
    if program.model.loss is None:
        raise DataError(f"`{program.model.name}` has no loss to train on", "RNN432")
    found = material(program, data, validation_data, chosen)
    rule = optimiser(chosen.optimiser, chosen.rate, chosen.momentum)
    limit = parse_amount(max_memory) if isinstance(max_memory, str) else max_memory
    require_for_training(program, found, chosen, rule.slots, limit)
    if params is None:
        params = program.init(seed=chosen.seed, **found.open_sizes(program))
    start = {name: np.array(value, order="C") for name, value in params.items()}
    standing = Standing(start, History(unit=found.training.unit))
    if checkpoint is not None:
        require_writable(checkpoint)
        standing.identity = identity(chosen, digest(data, validation_data))
        if resume and os.path.exists(checkpoint):
            _take_up(standing, checkpoint, program, rule)
    elif resume:
        raise DataError("to resume, say from which `checkpoint`", "RNN436")
    run = _Run(program, found, chosen, rule, standing, checkpoint, report, stop)
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


def _take_up(standing: Standing, path: File, program: Program, rule: Optimiser) -> None:
    """Stand where a checkpoint was written; DataError RNN005, RNN006, RNN442, RNN443."""
    name = os.fspath(path)
    snapshot: Snapshot = read_snapshot(path, program)
    then = snapshot.facts.get("identity")
    require_same(name, then if isinstance(then, dict) else {}, standing.identity)
    try:
        standing.take_up(snapshot, rule)
    except (KeyError, TypeError, ValueError):
        raise DataError(f"`{name}` is damaged: its training run is not whole", "RNN005") from None


@dataclass
class _Run:
    """One training run."""

    program: Program
    material: Material
    settings: Settings
    optimiser: Optimiser
    at: Standing
    checkpoint: File | None
    report: Report | None
    stop: Callable[[], bool] | None
    ended: str | None = None
    started: float = field(default_factory=lambda: time.monotonic())

    @property
    def feed(self) -> Feed:
        """What is trained on."""
        return self.material.training

    def train(self) -> Trained:
        while self.ended is None and self.at.epoch <= self.settings.epochs:
            self._go_on()
            if self.at.done == len(self.feed) and self.ended != "interrupt":
                self._close_epoch()
            else:
                self._break_off()
        return Trained(self.at.params, self.at.history, self.ended or "epochs")

    def _go_on(self) -> None:
        """Steps to the end of the epoch, or of training."""
        if self.at.order is None:
            self.at.order = self.feed.order(self.at.epoch)
        every = self.settings.checkpoint_every
        while self.ended is None and self.at.done < len(self.feed):
            self._step(self.feed.batch(self.at.order, self.at.done))
            self.at.done += 1
            self.ended = self._end()
            if self.ended is None and self.at.done < len(self.feed):
                if every is not None and self.at.history.steps % every == 0:
                    self._save()
                self._tell()

    def _close_epoch(self) -> None:
        """Score what was held back, stand before the next epoch, write that down."""
        loss = self._validation_loss()
        if loss is not None:
            self.at.score(loss)
        self._tell()
        self.at.next_epoch()
        self._save()

    def _break_off(self) -> None:
        """An end in the midst of an epoch; the score at such an end is no part of the run."""
        self._save()
        loss = self._validation_loss() if self.ended == "clock" else None
        if loss is not None:
            self.at.score(loss)
        self._tell()

    def _save(self) -> None:
        if self.checkpoint is not None:
            snapshot = self.at.freeze(self.optimiser)
            save(self.checkpoint, self.program, snapshot.params, self.material.alphabet, snapshot)

    def _step(self, batch: Batch) -> None:
        """One update from one batch."""
        history = self.at.history
        options = {**self._options(self.feed, self.at.state), **batch.data}
        loss, grads, *state = self.program.loss_and_grads(
            self.at.params, clip=True, return_state=self.feed.carries, **options
        )
        if not math.isfinite(loss):
            raise DataError(
                f"the loss is {float(loss)} at step {history.steps + 1}: training diverged; "
                "a lower rate or clipping helps",
                "RNN437",
            )
        self.optimiser.step(self.at.params, self._clipped(grads))
        self.at.state = state[0] if state else None
        history.losses.append(float(loss) / batch.scale)
        history.seen += batch.count
        history.seconds = time.monotonic() - self.started

    def _options(self, feed: Feed, state: dict[str, Array] | None) -> dict[str, Any]:
        settings = self.settings
        options = {
            "mode": settings.mode,
            "forcing": settings.forcing,
            "seed": settings.seed + self.at.history.steps,
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

    def _validation_loss(self) -> float | None:
        """The loss over what is held back, its state carried as in training."""
        feed = self.material.validation
        if feed is None:
            return None
        state: dict[str, Array] | None = None
        total = weight = 0.0
        order = feed.order(self.at.epoch)
        for number in range(len(feed)):
            batch = feed.batch(order, number)
            options = {**self._options(feed, state), **batch.data}
            loss = self.program.loss(self.at.params, **options)
            if feed.carries:
                run = self.program.forward(self.at.params, return_state=True, **options)
                state = run["state"]
            total += float(loss) / batch.scale * batch.weight
            weight += batch.weight
        return total / weight

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
        step, steps = self.at.history.steps, len(self.feed) * self.settings.epochs
        fraction = step / steps
        if self.settings.seconds is not None:
            fraction = max(fraction, (time.monotonic() - self.started) / self.settings.seconds)
        self.report(Progress(step, steps, self.at.epoch, min(1.0, fraction), self.at.history))

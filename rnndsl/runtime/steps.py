"""The steps of a training run: an update from each batch, scores, checkpoints, a log, an end.

How a run begins says `training`; where it stands is kept in `standing`.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from rnndsl.runtime.checkpoint import save, settled_sizes
from rnndsl.runtime.divergence import first_fault
from rnndsl.runtime.feed import Batch, Feed
from rnndsl.runtime.history import History
from rnndsl.runtime.log import Log
from rnndsl.runtime.material import Material
from rnndsl.runtime.optimisers import Optimiser
from rnndsl.runtime.program import Program
from rnndsl.runtime.schedules import factor
from rnndsl.runtime.scoring import Scored, scoring_program
from rnndsl.runtime.settings import Settings
from rnndsl.runtime.standing import Standing
from rnndsl.runtime.validation import validate
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
    """What training gives back; `ended` by `epochs`, `patience`, `clock` or `interrupt`."""

    params: Params
    history: History
    ended: str

    @property
    def stopped(self) -> bool:
        """Whether somebody asked it to stop."""
        return self.ended == "interrupt"


Report = Callable[[Progress], None]


@dataclass
class Run:
    """One training run."""

    program: Program
    material: Material
    settings: Settings
    optimiser: Optimiser
    at: Standing
    checkpoint: str | os.PathLike[str] | None
    log: Log | None
    report: Report | None
    stop: Callable[[], bool] | None
    ended: str | None = None
    started: float = field(default_factory=lambda: time.monotonic())

    def __post_init__(self) -> None:
        self.rate = self.optimiser.rate
        self.scoring: tuple[Program, Scored | None] = (self.program, None)
        if self.material.validation is not None:
            self.scoring = scoring_program(self.program)

    @property
    def feed(self) -> Feed:
        """What is trained on."""
        return self.material.training

    def train(self) -> Trained:
        """To the end, whatever ends it."""
        patience = self.settings.patience
        while self.ended is None and self.at.epoch <= self.settings.epochs:
            if patience is not None and self.at.waited >= patience:
                self.ended = "patience"
                break
            self._go_on()
            if self.at.done == len(self.feed) and self.ended != "interrupt":
                self._close_epoch()
            else:
                self._break_off()
        return Trained(self.at.result, self.at.history, self.ended or "epochs")

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
        self._validate()
        self._tell()
        self.at.next_epoch()
        self._save()

    def _break_off(self) -> None:
        """An end in the midst of an epoch; the score at such an end is no part of the run."""
        self._save()
        if self.ended == "clock":
            self._validate()
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
            model = self.program.model
            sizes = settled_sizes(model, self.program.sizes, self.at.params)
            found = (model, self.program.dtype, sizes, self.at.params, batch, options)
            raise self._diverged(f"the loss is {float(loss)}", first_fault(*found))
        for name, grad in grads.items():
            if not np.isfinite(grad).all():
                raise self._diverged("the loss is finite", f"the gradient of `{name}` is not")
        self.optimiser.rate = self.rate * factor(self.settings, history.steps, len(self.feed))
        self.optimiser.step(self.at.params, self._clipped(grads))
        self.at.state = state[0] if state else None
        history.losses.append(float(loss) / batch.scale)
        history.seen += batch.count
        history.seconds = time.monotonic() - self.started
        line = {"loss": history.losses[-1], "rate": self.optimiser.rate}
        self._log({**line, "seconds": history.seconds})

    def _diverged(self, what: str, why: str) -> DataError:
        """The word for a step that must not be made."""
        kept = self.checkpoint is not None and self.at.history.steps > 0
        return DataError(
            f"{what} at step {self.at.history.steps + 1}: {why}; training diverged, and a lower "
            f"rate or clipping helps{'; the last checkpoint is kept' if kept else ''}",
            "RNN437",
        )

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

    def _validate(self) -> None:
        """Score what is held back, if anything is."""
        feed = self.material.validation
        if feed is None:
            return
        loss, metrics = validate(
            *(*self.scoring, self.at.params, feed),
            lambda state: self._options(feed, state),
        )
        self.at.score(loss, metrics, self.settings.patience is not None)
        self._log({"validation": loss, **metrics})

    def _log(self, record: dict[str, float]) -> None:
        if self.log is not None:
            self.log.write({"step": self.at.history.steps, "epoch": self.at.epoch, **record})

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

"""How to train: numbers and names, checked, and nothing that acts."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rnndsl.text.diagnostics import DataError

SCHEDULES = ("constant", "step", "exponential", "cosine")


@dataclass(frozen=True)
class Settings:
    """How to train; DataError RNN436 where a number makes no sense.

    `rate`: None for the optimiser's usual one. `seconds`: an end by the clock, whichever comes
    first. Of arrays `batch` examples make a step; of a text `batch` streams are cut in windows of
    `window` characters. `validation`: the share of the examples, or of the text at its end, that
    is only scored. `clip_norm`, `clip_value`: instead of the spec's. A checkpoint is written
    after every epoch, and every `checkpoint_every` steps. `schedule`, `warmup` (steps), `decay`
    and `decay_every` (epochs) change the rate as `schedules` says. With `patience` training ends
    after so many epochs without a better validation loss, with the parameters that had the best.
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
    checkpoint_every: int | None = None
    schedule: str = "constant"
    warmup: int = 0
    decay: float = 0.5
    decay_every: int = 1
    patience: int | None = None

    def __post_init__(self) -> None:
        for name in ("epochs", "batch", "window", "decay_every"):
            self._check(name, getattr(self, name) >= 1, "at least 1")
        for name in ("checkpoint_every", "patience"):
            value = getattr(self, name)
            self._check(name, value is None or value >= 1, "at least 1")
        self._check("schedule", self.schedule in SCHEDULES, f"one of {', '.join(SCHEDULES)}")
        self._check("warmup", self.warmup >= 0, "at least 0")
        self._check("decay", 0 < self.decay <= 1, "above 0 and at most 1")
        for name in ("rate", "seconds", "clip_norm", "clip_value"):
            value = getattr(self, name)
            self._check(name, value is None or 0 < value < math.inf, "above 0")
        self._check("momentum", 0 <= self.momentum < 1, "from 0 up to but not 1")
        self._check("validation", 0 <= self.validation < 1, "from 0 up to but not 1")
        self._check("forcing", 0 <= self.forcing <= 1, "from 0 to 1")
        self._check("seed", self.seed >= 0, "at least 0")

    def _check(self, name: str, fine: bool, wanted: str) -> None:
        if not fine:
            raise DataError(f"`{name}` must be {wanted}, not {getattr(self, name)}", "RNN436")

"""Learning rates that change on the way: what the rate is multiplied with at a step."""

from __future__ import annotations

import math

from rnndsl.runtime.settings import Settings


def factor(settings: Settings, step: int, steps_per_epoch: int) -> float:
    """The factor for the step after `step` steps.

    It rises in a line over the first `warmup` steps. `step`: times `decay` after every
    `decay_every` epochs; `exponential`: the same as a smooth curve; `cosine`: half a cosine from 1
    after the warm-up to 0 at the end of the last epoch (Loshchilov and Hutter 2017).
    """
    warm = min(1.0, (step + 1) / settings.warmup) if settings.warmup else 1.0
    period = steps_per_epoch * settings.decay_every
    if settings.schedule == "step":
        return float(warm * settings.decay ** (step // period))
    if settings.schedule == "exponential":
        return float(warm * settings.decay ** (step / period))
    if settings.schedule == "cosine":
        left = max(1, steps_per_epoch * settings.epochs - settings.warmup)
        share = min(1.0, max(0.0, (step - settings.warmup) / left))
        return warm * (1 + math.cos(math.pi * share)) / 2
    return warm

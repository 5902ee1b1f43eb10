"""Clipping that is asked for in training instead of what the spec says.

Generated modules carry the same two functions of their own, so that they stand alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def clip_by_norm(grads: Mapping[str, Array], limit: float) -> dict[str, Array]:
    """New arrays: `g limit / ‖g‖` where the norm of all together is above the limit.

    Pascanu, Mikolov and Bengio 2013 (Deep Learning, 10.48 and 10.49). Scaled by the largest entry
    first, so that no square overflows; infinite entries share the limit and the rest becomes 0.
    """
    largest = max((float(np.max(np.abs(grad), initial=0)) for grad in grads.values()), default=0.0)
    if np.isinf(largest):
        scaled = {name: np.where(np.isinf(g), np.sign(g), 0) for name, g in grads.items()}
    else:
        scaled = {name: grad / (largest or 1.0) for name, grad in grads.items()}
    norm = float(np.sqrt(sum(float(np.sum(np.square(grad))) for grad in scaled.values())))
    if largest * norm <= limit:
        return {name: np.array(grad) for name, grad in grads.items()}
    return {name: grad * (limit / norm) for name, grad in scaled.items()}


def clip_by_value(grads: Mapping[str, Array], limit: float) -> dict[str, Array]:
    """New arrays: every entry held between `-limit` and `limit`."""
    return {name: np.clip(grad, -limit, limit) for name, grad in grads.items()}

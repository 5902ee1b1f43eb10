"""What is held against PyTorch's numbers: compiled models, and how far off they are."""

from __future__ import annotations

from functools import cache

import numpy as np

from rnndsl.model.load import parse_model
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.program import Program


@cache
def compiled(text: str, level: int) -> Program:
    """A spec at a level, in float64."""
    return compile_model(parse_model(text), optimize=level, dtype="float64")


def error(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference over the largest expected entry; infinite for NaN or a wrong shape."""
    found, expected = np.asarray(found), np.asarray(expected)
    if found.shape != expected.shape or not np.isfinite(found).all():
        return np.inf
    return float(np.abs(found - expected).max() / (np.abs(expected).max() or 1.0))

"""Passes over the graph of operations: one a file, `graph -> graph`, listed here in order."""

from __future__ import annotations

from collections.abc import Callable

from rnndsl.graph.lower import Forward
from rnndsl.passes.stabilise import stabilise

PASSES: tuple[Callable[[Forward], Forward], ...] = (stabilise,)


def run_passes(forward: Forward) -> Forward:
    """Every pass in its order."""
    for transform in PASSES:
        forward = transform(forward)
    return forward

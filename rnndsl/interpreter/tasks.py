"""Recursion on a stack of its own, so that its depth is bounded by memory alone.

A task is a generator: it yields the steps whose arrays it needs, is sent these arrays and
returns its own. It knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np

from rnndsl.interpreter.elementwise import Array

Task = Generator[Any, Array, Array]
Step = Array | Task
"""A task, or an array that is known already."""


def run(step: Step) -> Array:
    """The array of a step, after all the steps that it asks for."""
    if isinstance(step, np.ndarray):
        return step
    stack, result = [step], None
    while stack:
        try:
            asked = stack[-1].send(result)  # type: ignore[arg-type]
        except StopIteration as stop:
            stack.pop()
            result = stop.value
            continue
        if isinstance(asked, np.ndarray):
            result = asked
        else:
            stack.append(asked)
            result = None
    return np.asarray(result)

"""Sound models that are hardly what was meant: what `check` says beyond errors.

`doubts` is for every way to a model and costs a walk through the equations. `near_misses`
holds loops against the gallery, and is for those who ask.
"""

from __future__ import annotations

from collections.abc import Iterator

from rnndsl.lint.gates import open_gates
from rnndsl.lint.likeness import near_misses
from rnndsl.lint.parameters import useless_parameters
from rnndsl.model.model import Model
from rnndsl.text.diagnostics import Diagnostic

__all__ = ["doubts", "near_misses"]


def doubts(model: Model) -> Iterator[Diagnostic]:
    """Warnings that need nothing but the model."""
    yield from useless_parameters(model)
    yield from open_gates(model)

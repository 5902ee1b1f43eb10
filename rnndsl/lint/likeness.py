"""Cells that are one of the gallery's, except that …

Only cells with gates are compared: one function less in a plain recurrence is another plain
recurrence. The gallery is read when the first such cell is met, and kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from rnndsl import gallery
from rnndsl.lint import messages
from rnndsl.lint.cells import Cell, cells
from rnndsl.lint.difference import Wording
from rnndsl.lint.matching import Match, compare
from rnndsl.model.load import load_model
from rnndsl.model.model import Model
from rnndsl.text.diagnostics import Diagnostic

FEWEST_GATES = 2


def near_misses(model: Model) -> Iterator[Diagnostic]:
    """A warning for each cell that differs from one of the gallery in one thing."""
    for cell in cells(model):
        if cell.gates >= FEWEST_GATES - 1:
            found = _nearest(cell)
            if found is not None:
                yield _said(cell, *found)


@cache
def _known() -> tuple[Cell, ...]:
    """The gated cells of the gallery."""
    models = [load_model(path) for path in gallery.specs().values()]
    found = (cell for model in models for cell in cells(model))
    return tuple(cell for cell in found if cell.gates >= FEWEST_GATES)


def _nearest(cell: Cell) -> tuple[Cell, Match] | None:
    """The cell of the gallery that differs in one thing, with the same kind of input if there
    are several; None where a cell is the same, or all are further away."""
    if any(compare(cell, known, allowed=0) for known in _known()):
        return None
    has_tokens = _has_tokens(cell.model)
    order = sorted(_known(), key=lambda known: _has_tokens(known.model) != has_tokens)
    for known in order:
        match = compare(cell, known, allowed=1)
        if match is not None:
            return known, match
    return None


def _has_tokens(model: Model) -> bool:
    return any(item.type.kind == "token" for item in model.inputs.values())


def _said(cell: Cell, known: Cell, match: Match) -> Diagnostic:
    wording = Wording(cell, known.model, match)
    return messages.nearly(
        wording.place, known.model, wording.left, wording.sentence(), wording.would_be()
    )

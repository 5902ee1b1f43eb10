"""The loss as the textbooks draw it: one term a position, not their sum."""

from __future__ import annotations

from dataclasses import replace

from rnndsl.model.expr import Over
from rnndsl.model.model import Model


def by_position(model: Model) -> Model:
    """The model with `loss = sum[t](e)` (or a mean) read as a value `e` at every position.

    A loss of any other form, or none, is left as it is.
    """
    loss = model.loss
    if (
        loss is None
        or not isinstance(loss.expr, Over)
        or loss.expr.operation not in ("sum", "mean")
    ):
        return model
    over = loss.expr
    term = replace(loss, indices=(over.index,), axes=(over.axis,), expr=over.body)
    return replace(model, loss=term)

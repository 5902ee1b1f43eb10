"""What is held back, scored: the loss, and metrics of tokens where the loss is about tokens.

The metrics are accuracy, perplexity along an axis and bits a character of a text, by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy.typing as npt

from rnndsl.runtime.feed import Feed
from rnndsl.runtime.program import Program
from rnndsl.runtime.scoring import Scored, Tally, bits, losses, perplexity

Array = npt.NDArray[Any]
Options = Callable[[dict[str, Array] | None], dict[str, Any]]


def validate(
    program: Program,
    scored: Scored | None,
    params: Mapping[str, Array],
    feed: Feed,
    given: Options,
) -> tuple[float, dict[str, float]]:
    """The loss over a feed, its state carried as in training, and the metrics that apply.

    `given` makes the options of a run of the state before it; `program` hands out what is scored.
    """
    tally = None if scored is None else Tally(scored)
    total = weight = 0.0
    for batch, loss in losses(program, tally, params, feed, lambda _, state: given(state)):
        total += loss / batch.scale * batch.weight
        weight += batch.weight
    return total / weight, {} if tally is None else _metrics(tally, feed.unit)


def _metrics(tally: Tally, unit: str) -> dict[str, float]:
    """What was counted, by name; nothing where there was no token. `unit` as of the feed."""
    if not tally.tokens:
        return {}
    found = {"accuracy": tally.accuracy}
    if tally.scored.output.axes:
        found["perplexity"] = perplexity(tally.cross_entropy)
    if unit == "characters":
        found["bits_per_character"] = bits(tally.cross_entropy)
    return found

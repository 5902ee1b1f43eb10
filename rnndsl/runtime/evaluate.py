"""How well a trained model does on data, and what it puts out for them.

Nothing is learned here. The loss is the model's own; metrics are made where it compares named
logits or probabilities with a target token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rnndsl.model.model import Model
from rnndsl.runtime.array_data import Examples
from rnndsl.runtime.feed import ArrayFeed, Feed
from rnndsl.runtime.forest_data import tree_of
from rnndsl.runtime.program import Program
from rnndsl.runtime.scoring import (
    Options,
    Tally,
    bits,
    losses,
    perplexity,
    scoring_program,
)
from rnndsl.text.diagnostics import DataError

Array = npt.NDArray[Any]
Params = Mapping[str, Array]


@dataclass(frozen=True)
class Score:
    """`loss`: the mean over the examples (of a text: over characters, as in training).

    `accuracy`: the share of target tokens that are the most likely; `cross_entropy`: the mean over
    target tokens, in nats. Both are None where the model does not score tokens. Where there is no
    token there is nothing to score.
    """

    loss: float
    count: int
    unit: str
    accuracy: float | None = None
    cross_entropy: float | None = None
    tokens: int = 0

    @property
    def perplexity(self) -> float | None:
        """The number of tokens that a blind guess would choose among to do as well."""
        return None if self.cross_entropy is None else perplexity(self.cross_entropy)

    @property
    def bits(self) -> float | None:
        """The cross-entropy in bits: those that a coder needs for a token."""
        return None if self.cross_entropy is None else bits(self.cross_entropy)


def array_feed(model: Model, examples: Examples, batch: int) -> Feed:
    """Every example once, in the order of the data."""
    return ArrayFeed(model, examples, np.arange(examples.count), batch, None)


def evaluate(program: Program, params: Params, feed: Feed, mode: str = "teacher") -> Score:
    """The loss and the metrics over all batches; DataError RNN432 where there is no loss."""
    if program.model.loss is None:
        raise DataError(f"`{program.model.name}` has no loss to evaluate", "RNN432")
    program, scored = scoring_program(program)
    tally = None if scored is None else Tally(scored)
    total = weight = 0.0
    count = 0
    for batch, loss in losses(program, tally, params, feed, _options(feed, mode)):
        scale = batch.scale if feed.carries else 1.0
        amount = batch.weight if feed.carries else batch.count
        total, weight = total + loss / scale * amount, weight + amount
        count += batch.count
    mean = total / weight
    if tally is None or not tally.tokens:
        return Score(mean, count, feed.unit)
    return Score(mean, count, feed.unit, tally.accuracy, tally.cross_entropy, tally.tokens)


def predict(
    program: Program, params: Params, feed: Feed, mode: str = "teacher"
) -> dict[str, Array]:
    """Every output for every example, (T, B, …) or (B, …), each axis to the longest of them;
    over trees (nodes, …), in the order of the data."""
    parts: dict[str, list[Array]] = {}
    nodes: dict[str, list[Array]] = {}
    order, given = feed.order(1), _options(feed, mode)
    state: dict[str, Array] | None = None
    for number in range(len(feed)):
        batch = feed.batch(order, number)
        options = {**given(number, state), **batch.data}
        outputs = program.forward(params, return_state=feed.carries, **options)
        state = outputs.pop("state", None)
        for label, value in outputs.items():
            parts.setdefault(label, []).append(np.asarray(value))
        for axis, taken in batch.nodes.items():
            nodes.setdefault(axis, []).append(taken)
    back = {axis: np.argsort(np.concatenate(taken)) for axis, taken in nodes.items()}
    outputs = {}
    for item in program.model.outputs:
        tree = tree_of(program.model, item.axes)
        place = len(item.axes) if tree is None else item.axes.index(tree)
        found = _joined(parts[item.label], place)
        outputs[item.label] = found if tree is None else np.take(found, back[tree], axis=place)
    return outputs


def _options(feed: Feed, mode: str) -> Options:
    """How to run each batch: a text's state is carried from one to the next."""

    def given(number: int, state: dict[str, Array] | None) -> dict[str, Any]:
        options = {"mode": mode, "seed": number}
        return {**options, "state": state} if feed.carries else options

    return given


def _joined(parts: list[Array], count: int) -> Array:
    """Batches one after the other behind so many axes; shorter ones are padded with 0."""
    longest = np.max([part.shape[:count] for part in parts], axis=0, initial=0)
    padded = []
    for part in parts:
        ends = [(0, int(end) - own) for end, own in zip(longest, part.shape, strict=False)]
        padded.append(np.pad(part, [*ends, *[(0, 0)] * (part.ndim - count)]))
    return np.concatenate(padded, axis=count)

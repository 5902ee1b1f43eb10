"""How well a trained model does on data, and what it puts out for them.

Nothing is learned here. The loss is the model's own; metrics are made where it compares named
logits or probabilities with a target token.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rnndsl.model.expr import Apply, Position, Read
from rnndsl.model.model import Model, Output
from rnndsl.runtime.array_data import Examples
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.feed import ArrayFeed, Batch, Feed
from rnndsl.runtime.program import Program
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
        return None if self.cross_entropy is None else _exp(self.cross_entropy)

    @property
    def bits(self) -> float | None:
        """The cross-entropy in bits: those that a coder needs for a token."""
        return None if self.cross_entropy is None else self.cross_entropy / math.log(2)


@dataclass(frozen=True)
class Scored:
    """What the model compares with a target token: `read`, logits or probabilities."""

    read: Read
    target: str
    are_probabilities: bool


def array_feed(model: Model, examples: Examples, batch: int) -> Feed:
    """Every example once, in the order of the data."""
    return ArrayFeed(model, examples, np.arange(examples.count), batch, None)


def evaluate(program: Program, params: Params, feed: Feed, mode: str = "teacher") -> Score:
    """The loss and the metrics over all batches; DataError RNN432 where there is no loss."""
    model = program.model
    if model.loss is None:
        raise DataError(f"`{model.name}` has no loss to evaluate", "RNN432")
    scored = find_scored(model)
    if scored is not None:
        outputs = (Output(scored.read.name, scored.read),)
        program = compile_model(replace(model, outputs=outputs), dtype=program.dtype)
    total = weight = 0.0
    count, tally = 0, np.zeros(3)
    for batch, options in _batches(program, params, feed, mode):
        loss = program.loss(params, **options)
        scale = batch.scale if feed.carries else 1.0
        amount = batch.weight if feed.carries else batch.count
        total, weight = total + loss / scale * amount, weight + amount
        count += batch.count
        if scored is not None:
            found = program.forward(params, **options)[scored.read.name]
            tally += _tally(scored, np.asarray(found, float), options)
    right, nats, tokens = tally
    known = {"accuracy": right / tokens, "cross_entropy": nats / tokens} if tokens else {}
    return Score(total / weight, count, feed.unit, **known, tokens=int(tokens))


def predict(
    program: Program, params: Params, feed: Feed, mode: str = "teacher"
) -> dict[str, Array]:
    """Every output for every example: (T, B, …) to the longest of them, or (B, …)."""
    parts: dict[str, list[Array]] = {}
    for _, options in _batches(program, params, feed, mode):
        for label, value in program.forward(params, **options).items():
            parts.setdefault(label, []).append(np.asarray(value))
    along = {item.label: _is_along(item.read) for item in program.model.outputs}
    return {label: _joined(found, along[label]) for label, found in parts.items()}


def find_scored(model: Model) -> Scored | None:
    """The one named value that a target token is compared with, if there is one."""
    found = [
        item
        for equation in model.all_equations
        for item in equation.expr.walk()
        if isinstance(item, Apply) and item.operation in ("cross_entropy", "nll")
    ]
    if len(found) != 1:
        return None
    value, target = found[0].arguments
    if not (isinstance(value, Read) and isinstance(target, Read)):
        return None
    is_plain = value.name in model.equations and target.name in model.targets
    if not (is_plain and len(value.places) == len(target.places) and _is_here(value, target)):
        return None
    return Scored(value, target.name, found[0].operation == "nll")


def _is_here(*reads: Read) -> bool:
    """Whether values are read at the running position, or have none."""
    places = [place for read in reads for place in read.places]
    return all(isinstance(place, Position) and place.is_here for place in places)


def _is_along(read: Read) -> bool:
    return any(isinstance(place, Position) and place.is_here for place in read.places)


def _batches(
    program: Program, params: Params, feed: Feed, mode: str
) -> Iterator[tuple[Batch, dict[str, Any]]]:
    """Every batch with what the program is fed; a text's state is carried from one to the next."""
    order, state = feed.order(1), None
    for number in range(len(feed)):
        batch = feed.batch(order, number)
        options = {"mode": mode, "seed": number, **batch.data}
        if feed.carries:
            options["state"] = state
        yield batch, options
        if feed.carries:
            state = program.forward(params, return_state=True, **options)["state"]


def _tally(scored: Scored, values: Array, options: Mapping[str, Any]) -> Array:
    """How many target tokens are the most likely, their cross-entropy in nats, how many there are.

    `values` are (…, k), the targets (…).
    """
    targets = np.asarray(options[scored.target])
    there = (targets >= 0) & (targets < values.shape[-1])
    if targets.ndim == 2 and "lengths" in options:
        (lengths,) = options["lengths"].values()
        there &= np.arange(len(targets))[:, None] < np.asarray(lengths)
    values, targets = values[there], targets[there]
    with np.errstate(divide="ignore"):
        logs = np.log(values) if scored.are_probabilities else _log_softmax(values)
    nats = -np.take_along_axis(logs, targets[:, None], axis=-1).sum()
    return np.array([(values.argmax(axis=-1) == targets).sum(), nats, len(targets)])


def _log_softmax(logits: Array) -> Array:
    shifted = logits - logits.max(axis=-1, keepdims=True, initial=-np.inf)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def _joined(parts: list[Array], is_along: bool) -> Array:
    """Batches one after the other; shorter ones are padded with 0."""
    if not is_along:
        return np.concatenate(parts)
    longest = max(map(len, parts))
    padded = [
        np.pad(part, [(0, longest - len(part)), *[(0, 0)] * (part.ndim - 1)]) for part in parts
    ]
    return np.concatenate(padded, axis=1)


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf

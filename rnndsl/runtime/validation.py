"""What is held back, scored: the loss, and metrics of tokens where the loss is about tokens.

The metrics are taken from the logits (or probabilities) that `cross_entropy` or `nll` compares
with the one token target: accuracy, perplexity along an axis, bits a character of a text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rnndsl.model.expr import Position, Read
from rnndsl.model.model import Data, Model, Output
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.feed import Batch, Feed
from rnndsl.runtime.program import Program
from rnndsl.runtime.text_model import find_logits, scored
from rnndsl.text.diagnostics import DataError

Array = npt.NDArray[Any]
Options = Callable[[dict[str, Array] | None], dict[str, Any]]


class Scorer:
    """Runs a program that also hands out what is compared with the tokens, and counts."""

    def __init__(self, program: Program, target: Data, output: Output, is_log: bool) -> None:
        self._target, self._output, self._is_log = target, output, is_log
        self.program = program
        self.correct = self.count = 0
        self.surprise = 0.0

    def add(self, outputs: Mapping[str, Array], data: Mapping[str, Any]) -> None:
        """Count the tokens of a batch: all but those in the padding and those that are none."""
        logits = outputs[self._output.label].astype(np.float64)
        tokens = np.array(data[self._target.name])
        for axis in self._target.axes:
            lengths = data.get("lengths", {}).get(axis)
            if lengths is not None:
                tokens[np.arange(len(tokens))[:, None] >= lengths] = -1
        known = tokens >= 0
        logits, tokens = logits[known], tokens[known]
        if not self._is_log:
            logits = np.log(logits)
        top = logits.max(axis=-1)
        total = top + np.log(np.exp(logits - top[:, None]).sum(axis=-1))
        self.surprise += float(np.sum(total - logits[np.arange(len(tokens)), tokens]))
        self.correct += int(np.sum(logits.argmax(axis=-1) == tokens))
        self.count += len(tokens)

    def metrics(self, unit: str) -> dict[str, float]:
        """What was counted since the last time, by name; `unit` as of the feed."""
        count, mean = self.count, self.surprise / max(1, self.count)
        found = {"accuracy": self.correct / max(1, count)}
        if self._target.axes:
            found["perplexity"] = math.exp(min(mean, 700.0)) if math.isfinite(mean) else math.inf
        if unit == "characters":
            found["bits_per_character"] = mean / math.log(2)
        self.correct = self.count = 0
        self.surprise = 0.0
        return found if count else {}


def scorer(program: Program) -> Scorer | None:
    """A scorer where the loss compares one value with one token target, position by position."""
    model = program.model
    targets = [data for data in model.targets.values() if data.type.kind == "token"]
    if len(targets) != 1:
        return None
    try:
        output, is_log = _compared(model, targets[0])
    except DataError:
        return None
    if output in model.outputs:
        return Scorer(program, targets[0], output, is_log)
    others = tuple(other for other in model.outputs if other.label != output.label)
    wider = compile_model(replace(model, outputs=(*others, output)), dtype=program.dtype)
    return Scorer(wider, targets[0], output, is_log)


def validate(
    program: Program, found: Scorer | None, params: Mapping[str, Array], feed: Feed, given: Options
) -> tuple[float, dict[str, float]]:
    """The loss over a feed, its state carried as in training, and the metrics that apply.

    `given` makes the options of a run of the state before it.
    """
    state: dict[str, Array] | None = None
    total = weight = 0.0
    order = feed.order(1)
    for number in range(len(feed)):
        batch: Batch = feed.batch(order, number)
        options = {**given(state), **batch.data}
        loss = program.loss(params, **options)
        if feed.carries or found is not None:
            runs = program if found is None else found.program
            outputs = runs.forward(params, return_state=feed.carries, **options)
            state = outputs.get("state")
            if found is not None:
                found.add(outputs, batch.data)
        total += float(loss) / batch.scale * batch.weight
        weight += batch.weight
    return total / weight, {} if found is None else found.metrics(feed.unit)


def _compared(model: Model, target: Data) -> tuple[Output, bool]:
    """What is compared with the target, as an output, and whether it is logits.

    DataError where that is not one value at the target's own position, or at the end.
    """
    if target.axes:
        logits = find_logits(model, target)
        return Output(logits.read.name, logits.read), not logits.are_probabilities
    found = list(scored(model, target))
    first = found[0].arguments[0] if len(found) == 1 else None
    if not isinstance(first, Read) or len(first.places) > 1:
        raise DataError("what is compared with the target is no value", "RNN434")
    label = first.name
    for place in first.places:
        if not isinstance(place, Position) or place.anchor != "end" or place.offset.terms:
            raise DataError("what is compared with the target is not at the end", "RNN434")
        label += f"[{model.axes[place.axis].length}]"
    return Output(label, first), found[0].operation != "nll"

"""What is compared with target tokens, and how well it fares: counted in this one place.

That is the value whose logits (or probabilities) `cross_entropy` or `nll` compares with one token
target. What the counts are called, and over what a loss is a mean, others say.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt

from rnndsl.model.expr import Apply, Position, Read
from rnndsl.model.model import Data, Equation, Model, Output
from rnndsl.model.sizes import tree_axes
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.feed import Batch, Feed
from rnndsl.runtime.forest_data import TREES
from rnndsl.runtime.program import Program

Array = npt.NDArray[Any]
Options = Callable[[int, dict[str, Array] | None], dict[str, Any]]
"""How to run a batch, from its number and the state before it."""


@dataclass(frozen=True)
class Scored:
    """What a model compares with the tokens of `target`: logits, or probabilities.

    `root`: the axis over nodes of which only roots have their tokens compared.
    """

    output: Output
    target: Data
    are_probabilities: bool
    root: str | None = None


@dataclass
class Tally:
    """Target tokens: how many are the most likely (`right`), the surprise at all in `nats`."""

    scored: Scored
    right: int = 0
    nats: float = 0.0
    tokens: int = 0

    def add(self, outputs: Mapping[str, Array], data: Mapping[str, Any]) -> None:
        """Count the tokens of a batch: all but those in the padding and those that are none."""
        values = np.asarray(outputs[self.scored.output.label], float)
        tokens = np.asarray(data[self.scored.target.name])
        if self.scored.root is not None:
            tokens = tokens[data[TREES][self.scored.root].roots]
        known = (tokens >= 0) & (tokens < values.shape[-1])
        for place, axis in enumerate(self.scored.target.axes):
            lengths = data.get("lengths", {}).get(axis)
            if lengths is not None:
                behind = (1,) * (tokens.ndim - place - 1)
                known &= np.arange(tokens.shape[place]).reshape(-1, *behind) < np.asarray(lengths)
        values, tokens = values[known], tokens[known]
        with np.errstate(divide="ignore"):
            logs = np.log(values) if self.scored.are_probabilities else _log_softmax(values)
        self.nats -= float(np.take_along_axis(logs, tokens[:, None], axis=-1).sum())
        self.right += int((values.argmax(axis=-1) == tokens).sum())
        self.tokens += len(tokens)

    @property
    def accuracy(self) -> float:
        """The share of tokens that are the most likely; there must be some."""
        return self.right / self.tokens

    @property
    def cross_entropy(self) -> float:
        """The mean surprise at a token, in nats; there must be some."""
        return self.nats / self.tokens


def perplexity(nats: float) -> float:
    """The number of tokens that a blind guess would choose among to be as surprised."""
    return math.exp(nats) if nats < 700 else math.inf


def bits(nats: float) -> float:
    """The bits that a coder needs."""
    return nats / math.log(2)


def scoring_program(program: Program) -> tuple[Program, Scored | None]:
    """What is scored, and a program that hands it out; the same one where nothing is."""
    scored = find_scored(program.model)
    if scored is None:
        return program, None
    known = {output.label: output.axes for output in program.model.outputs}
    if known.get(scored.output.label) == scored.output.axes:
        return program, scored
    wider = replace(program.model, outputs=(scored.output,))
    return compile_model(wider, dtype=program.dtype), scored


def losses(
    program: Program, tally: Tally | None, params: Mapping[str, Array], feed: Feed, given: Options
) -> Iterator[tuple[Batch, float]]:
    """Every batch with its loss, each run once: a text's state is carried, tokens are counted."""
    state: dict[str, Array] | None = None
    order = feed.order(1)
    for number in range(len(feed)):
        batch: Batch = feed.batch(order, number)
        asked = {"return_outputs": tally is not None, "return_state": feed.carries}
        found = program.loss(params, **asked, **given(number, state), **batch.data)
        loss, *more = found if isinstance(found, tuple) else (found,)
        if tally is not None:
            tally.add(more.pop(0), batch.data)
        state = more[0] if more else None
        yield batch, float(loss)


def find_scored(model: Model) -> Scored | None:
    """The one named value that tokens of a target are compared with, if there is one.

    It is read where the target is (`cross_entropy(o[t], y[t])`), or at the end, or the root, for
    a target without axis (`cross_entropy(o[T], y)`, `cross_entropy(o[root], y)`). Over nodes it is
    compared at all of them, or at the root alone.
    """
    found = [
        (item, target, equation)
        for equation in model.all_equations
        for item in equation.expr.walk()
        if isinstance(item, Apply) and item.operation in ("cross_entropy", "nll")
        for target in item.arguments[1:]
        if isinstance(target, Read) and target.name in model.targets
    ]
    if len(found) != 1:
        return None
    item, target, equation = found[0]
    value = item.arguments[0]
    if not isinstance(value, Read) or value.name not in model.equations:
        return None
    if _is_for_some_nodes(model, target, equation):
        return None
    root = _root(model, target)
    output = _output(model, value, target, root is not None)
    if output is None:
        return None
    return Scored(output, model.targets[target.name], item.operation == "nll", root)


def _is_for_some_nodes(model: Model, target: Read, equation: Equation) -> bool:
    """Whether leaves or the root have an equation of their own, or only children are read."""
    trees = tree_axes(model)
    read = [place for place in target.places if isinstance(place, Position) and place.axis in trees]
    if any(place.index and place.index not in trees[place.axis].indices for place in read):
        return True
    return bool({*equation.axes} & {*trees} and equation.boundaries)


def _root(model: Model, target: Read) -> str | None:
    """The axis at whose root a target is read, if it is."""
    place = target.places[0] if len(target.places) == 1 else None
    is_root = isinstance(place, Position) and _end(model, place) == "root"
    return place.axis if isinstance(place, Position) and is_root else None


def _output(model: Model, value: Read, target: Read, at_root: bool) -> Output | None:
    """What is read beside a target, as an output in the layout of the target."""
    running = () if at_root else _running(target)
    if running is None:
        return None
    if _running(value) == running:
        axes = () if at_root else model.targets[target.name].axes
        return Output(value.name, canonical(value, axes), axes)
    ends = [_end(model, place) for place in value.places]
    if running or None in ends:
        return None
    return Output(f"{value.name}[{','.join(map(str, ends))}]", value)


def _end(model: Model, place: object) -> str | None:
    """The last position of an axis, or the root of a tree, as it is written; None for others."""
    if not isinstance(place, Position) or place.offset.terms or place.link:
        return None
    return {"end": model.axes[place.axis].length, "root": "root"}.get(place.anchor)


def canonical(read: Read, axes: tuple[str, ...]) -> Read:
    """A read at running indices with the first index of each axis, where none comes twice."""
    if len({*axes}) < len(axes):
        return read
    places = (replace(place, index=place.axis) for place in read.places if _is_here(place))
    return replace(read, places=tuple(places))


def _running(read: Read) -> tuple[str | None, ...] | None:
    """The indices at which a value is read, where all places run and all differ."""
    found = tuple(place.index for place in read.places if _is_here(place))
    is_plain = len(found) == len(read.places) and len({*found}) == len(found)
    return found if is_plain else None


def _is_here(place: object) -> TypeGuard[Position]:
    return isinstance(place, Position) and place.is_here


def _log_softmax(logits: Array) -> Array:
    shifted = logits - logits.max(axis=-1, keepdims=True, initial=-np.inf)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))

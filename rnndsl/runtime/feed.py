"""What training takes one step on after the other: windows of a text, or batches of examples.

A feed knows the order of an epoch and the batch at a place in it, so that a run can be taken up
anywhere. It neither runs nor scores a program.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from rnndsl.model.model import Model
from rnndsl.runtime.array_data import Examples
from rnndsl.runtime.text_data import Windows
from rnndsl.runtime.text_model import TextRoles, summed_axes

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Batch:
    """What one step is fed.

    `data`: by name, with `lengths`. `count`: characters or examples. `scale`: the positions that
    the loss of an example sums over on average, else 1. `weight`: how much its loss counts beside
    those of other batches. `names`: what each example is called. `nodes`: by axis over trees, the
    number that each node has in the data.
    """

    data: dict[str, Any]
    count: int
    scale: float
    weight: float
    names: list[str]
    nodes: dict[str, Array] = field(default_factory=dict)


class Feed(Protocol):
    """Batches in an order of its own for every epoch."""

    unit: str  # what `Batch.count` counts
    carries: bool  # whether the state of a batch goes on in the next

    def __len__(self) -> int:
        """Batches in an epoch."""

    def order(self, epoch: int) -> Array:
        """The order of an epoch, counted from 1; the same whenever it is asked for."""

    def batch(self, order: Array, number: int) -> Batch:
        """The batch at a place of an order, from 0."""


class TextFeed:
    """Windows of a text, always in the order of the text."""

    unit, carries = "characters", True

    def __init__(self, model: Model, roles: TextRoles, windows: Windows) -> None:
        self._roles, self._windows = roles, windows
        self._sums = bool(summed_axes(model))

    def __len__(self) -> int:
        return len(self._windows)

    def order(self, epoch: int) -> Array:
        """The places of the windows."""
        return np.arange(len(self))

    def batch(self, order: Array, number: int) -> Batch:
        """The window at a place of the order."""
        window = self._windows[int(order[number])]
        data = {self._roles.input.name: window.now, self._roles.target.name: window.following}
        length, streams = window.now.shape
        names = [f"stream {stream}" for stream in range(streams)]
        return Batch(data, window.count, length if self._sums else 1, window.count, names)


class ArrayFeed:
    """Mini-batches of examples, shuffled anew in every epoch where there is a seed."""

    unit, carries = "examples", False

    def __init__(
        self, model: Model, examples: Examples, chosen: Array, batch: int, seed: int | None
    ) -> None:
        self._examples, self._chosen, self._batch, self._seed = examples, chosen, batch, seed
        self._summed = summed_axes(model)

    def __len__(self) -> int:
        return -(-len(self._chosen) // self._batch)

    def order(self, epoch: int) -> Array:
        """The numbers of the examples, one after the other."""
        if self._seed is None:
            return self._chosen
        return np.random.default_rng((self._seed, epoch)).permutation(self._chosen)

    def batch(self, order: Array, number: int) -> Batch:
        """The examples at a place of the order; the last ones may be fewer."""
        chosen = order[number * self._batch : (number + 1) * self._batch]
        scale = self._examples.mean_positions(self._summed, chosen)
        names = [f"example {number}" for number in chosen]
        weight = scale * len(chosen)
        data, nodes = self._examples.take(chosen)
        return Batch(data, len(chosen), scale, weight, names, nodes)

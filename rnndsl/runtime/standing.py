"""Where a training run stands, and the same as a snapshot that can be written and taken up again.

Draws depend on nothing but the seed, the step and the example, and the order of an epoch on the
seed and the epoch, so that the step, the order and the seed are the whole state of chance. What a
file of a snapshot looks like says `checkpoint`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from rnndsl.runtime.history import History
from rnndsl.runtime.optimisers import Optimiser
from rnndsl.runtime.settings import Settings
from rnndsl.text.diagnostics import DataError

Array = npt.NDArray[Any]
Params = dict[str, Array]
FREE = frozenset({"epochs", "seconds", "checkpoint_every"})  # may change on the way


@dataclass(frozen=True)
class Snapshot:
    """A run between two steps.

    `params`: those to use. `arrays`: all others, their names with a dot, which no parameter has.
    `facts`: what JSON can hold.
    """

    params: Params
    arrays: dict[str, Array]
    facts: dict[str, Any]


@dataclass
class Standing:
    """`done` batches of `epoch` in `order`, the `state` after them, the `best` validation loss
    and how many validations since have `waited` for a better one.

    `best_params`: those of the best, where they are kept.
    """

    params: Params
    history: History
    epoch: int = 1
    done: int = 0
    order: Array | None = None
    state: dict[str, Array] | None = None
    best: float | None = None
    waited: int = 0
    best_params: Params | None = None
    identity: dict[str, Any] = field(default_factory=dict)

    def next_epoch(self) -> None:
        """Stand before the next epoch."""
        self.epoch, self.done, self.order, self.state = self.epoch + 1, 0, None, None

    @property
    def result(self) -> Params:
        """The parameters to use: the best ones where they are kept, else the last ones."""
        return self.params if self.best_params is None else self.best_params

    def score(self, loss: float, metrics: dict[str, float], keeps_best: bool) -> None:
        """Note a validation, and where asked keep a copy of the parameters if it is the best."""
        self.history.validation.append((self.history.steps, loss))
        self.history.metrics.append(metrics)
        self.waited += 1
        if math.isfinite(loss) and (self.best is None or loss < self.best):
            self.best, self.waited = loss, 0
            if keeps_best:
                self.best_params = {name: value.copy() for name, value in self.params.items()}

    def freeze(self, optimiser: Optimiser) -> Snapshot:
        """A snapshot; its arrays are those of the run itself, so write it before the next step."""
        history = self.history
        arrays = {
            "history.losses": np.array(history.losses, np.float64),
            "history.validation": np.array(history.validation, np.float64).reshape(-1, 2),
            **_prefixed("optimiser", optimiser.state()),
            **_prefixed("state", self.state or {}),
        }
        if self.best_params is not None:
            arrays.update(_prefixed("now", self.params))
        if self.order is not None:
            arrays["place.order"] = self.order
        facts = {
            "epoch": self.epoch,
            "done": self.done,
            "best": self.best,
            "waited": self.waited,
            "metrics": history.metrics,
            "identity": self.identity,
        }
        return Snapshot(self.result, arrays, facts)

    def take_up(self, snapshot: Snapshot, optimiser: Optimiser) -> None:
        """Go where a snapshot was taken; the optimiser too.

        KeyError, TypeError or ValueError where something of it is missing or of another sort.
        """
        arrays, facts = snapshot.arrays, snapshot.facts
        kept = {name: np.array(snapshot.params[name], order="C") for name in self.params}
        now = _below("now", arrays)
        self.params, self.best_params = (now, kept) if now else (kept, None)
        self.waited = int(facts["waited"])
        self.epoch, self.done = int(facts["epoch"]), int(facts["done"])
        self.best = None if facts["best"] is None else float(facts["best"])
        self.order = arrays.get("place.order")
        self.state = _below("state", arrays) or None
        self.history.losses = arrays["history.losses"].tolist()
        self.history.validation = [
            (int(step), float(loss)) for step, loss in arrays["history.validation"]
        ]
        self.history.metrics = [dict(item) for item in facts["metrics"]]
        optimiser.load(_below("optimiser", arrays))
        _require_slots(optimiser, self.params)


def identity(settings: Settings, digest: str) -> dict[str, Any]:
    """What must be the same for a run to be taken up: settings and data."""
    fixed = {item.name for item in fields(settings)} - FREE
    if settings.schedule == "cosine":  # it ends with the last epoch
        fixed.add("epochs")
    return {**{name: getattr(settings, name) for name in sorted(fixed)}, "data": digest}


def require_same(path: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """DataError RNN442 names what has changed since a snapshot was taken."""
    for name, value in now.items():
        if name in then and then[name] == value:
            continue
        if name == "data":
            raise DataError(f"`{path}` was trained on other data: it cannot be resumed", "RNN442")
        raise DataError(
            f"`{name}` was {then.get(name)} when `{path}` was written, and is {value}: "
            "a run is resumed with the settings that it began with",
            "RNN442",
        )


def _require_slots(optimiser: Optimiser, params: Params) -> None:
    """ValueError where an optimiser lacks an array for a parameter, or one has another shape."""
    fitting = 0
    for name, array in optimiser.state().items():
        _, dot, parameter = name.partition(".")
        fitting += bool(dot) and array.shape == params[parameter].shape
    if fitting != optimiser.slots * len(params):
        raise ValueError("the optimiser's arrays are not whole")


def _prefixed(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {f"{prefix}.{name}": value for name, value in arrays.items()}


def _below(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    start = f"{prefix}."
    return {
        name.removeprefix(start): np.array(value, order="C")
        for name, value in arrays.items()
        if name.startswith(start)
    }

"""The logits of the next token, given those so far: from the whole run, or from a carried state.

Both feed the tokens chosen where training reads the true ones, so `argmax` or `sample` in the spec
has no say here. What is chosen decides `generate_search`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from rnndsl.model.sizes import running_axes
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.generate_task import Task
from rnndsl.runtime.program import Program
from rnndsl.text.diagnostics import DataError

Array = npt.NDArray[Any]
_KNOWN: WeakKeyDictionary[Program, dict[str, Program]] = WeakKeyDictionary()
"""Programs that hand out the logits alone, by the program and the name of the logits."""


class Machine(Protocol):
    """Gives logits for rows of tokens, each an example of its own."""

    task: Task

    def logits(self, tokens: Array, examples: Array, parents: Array) -> Array:
        """`(R, k)` in float64, of the token that follows each row of `tokens` `(R, n)`.

        `examples`: whose data each row has. `parents`: the row of the call before that it goes
        on from, by one token; the first call does not look at it. DataError RNN437 where all
        logits of a row are infinite, or one is no number.
        """


def machine(
    task: Task, program: Program, params: Mapping[str, Array], data: Mapping[str, Any], seed: int
) -> Machine:
    """Steps with a carried state where that tells all of the past, else whole runs."""
    runner = Runner(task, program, params, data, seed)
    return Steps(runner) if task.is_stepwise else Runs(runner)


class Runner:
    """A program with the logits as its output, run over some positions of some examples.

    `data`: of all examples, by name, with `lengths`, as a program takes them.
    """

    def __init__(
        self,
        task: Task,
        program: Program,
        params: Mapping[str, Array],
        data: Mapping[str, Any],
        seed: int,
    ) -> None:
        self.task = task
        self._params, self._seed = params, seed
        self._program = _compiled(task, program)
        self._lengths: Mapping[str, Array] = data.get("lengths", {})
        model = task.model
        self._data = {name: value for name, value in data.items() if name in model.data}
        axes = running_axes(model)
        self._ends = {
            axis.length: data[axis.length]
            for name, axis in axes.items()
            if axis.length in data and name != task.axis
        }
        self.extent = extent(task, data)

    def run(
        self,
        tokens: Array,
        examples: Array,
        first: int,
        last: int,
        state: Mapping[str, Array] | None = None,
    ) -> tuple[Array, dict[str, Array]]:
        """The logits `(last - first + 1, R, k)` at positions `first` to `last`, and the state."""
        lengths = {axis: value[examples] for axis, value in self._lengths.items()}
        if (first, last) != (1, self.extent):
            lengths.pop(self.task.axis, None)
        outputs = self._program.forward(
            self._params,
            mode="teacher",
            seed=self._seed,
            lengths=lengths,
            state=state,
            return_state=True,
            **self._ends,
            **self._conditions(examples, first, last),
            **self._chosen(tokens, first, last),
        )
        logits = np.asarray(outputs[self.task.logits.read.name], np.float64)
        if self.task.logits.are_probabilities:
            with np.errstate(divide="ignore", invalid="ignore"):
                logits = np.log(logits)
        return logits, outputs["state"]

    def _conditions(self, examples: Array, first: int, last: int) -> dict[str, Array]:
        found = {}
        for name, array in self._data.items():
            axes = self.task.model.data[name].axes
            cut = [slice(first - 1, last) if a == self.task.axis else slice(None) for a in axes]
            found[name] = np.take(array[tuple(cut)], examples, axis=len(axes))
        return found

    def _chosen(self, tokens: Array, first: int, last: int) -> dict[str, Array]:
        """The tokens where the model reads them; -1 where they are not chosen yet."""
        task = self.task
        found = {}
        if task.fed is not None:
            found[task.fed.name] = _window(tokens, first, last)
        if task.taught or task.fed is None:
            found[task.target.name] = _window(tokens, first + task.lag, last + task.lag)
        return found


class Runs:
    """Every token from a run over all positions so far: right for every model, and quadratic."""

    def __init__(self, runner: Runner) -> None:
        self.task, self._runner = runner.task, runner

    def logits(self, tokens: Array, examples: Array, parents: Array) -> Array:
        """As the protocol says."""
        place = tokens.shape[1] + 1 - self.task.lag
        found, _ = self._runner.run(tokens, examples, 1, self._runner.extent or place)
        return _sound(found[place - 1])


class Steps:
    """Every token from a window of one position and the state of those before.

    Under `teach` a position is run twice: for its logits, and with its token for the state.
    """

    def __init__(self, runner: Runner) -> None:
        self.task, self._runner = runner.task, runner
        self._state: dict[str, Array] | None = None
        self._done = 0

    def logits(self, tokens: Array, examples: Array, parents: Array) -> Array:
        """As the protocol says."""
        state = self._state
        if state is not None:
            state = {name: value[:, parents] for name, value in state.items()}
        place = tokens.shape[1] + 1 - self.task.lag
        known = place - 1 if self.task.taught else place
        if known > self._done:
            found, after = self._runner.run(tokens, examples, self._done + 1, known, state)
            state = {name: after[name] for name in after if name in self.task.carried}
            self._state, self._done = state, known
        if known < place:
            found, _ = self._runner.run(tokens, examples, place, place, state)
        return _sound(found[-1])


def extent(task: Task, data: Mapping[str, Any]) -> int | None:
    """How many positions the data give the axis; None where they do not carry it."""
    axis = task.axis
    found = [
        np.shape(value)[task.model.data[name].axes.index(axis)]
        for name, value in data.items()
        if name in task.model.data and axis in task.model.data[name].axes
    ]
    if axis in data.get("lengths", {}):
        found.append(int(np.max(data["lengths"][axis])))
    length = running_axes(task.model)[axis].length
    if length in data:
        found.append(int(data[length]))
    return max(found, default=None)


def _compiled(task: Task, program: Program) -> Program:
    known, name = _KNOWN.setdefault(program, {}), task.logits.read.name
    if name not in known:
        known[name] = compile_model(task.model, dtype=program.dtype)
    return known[name]


def _window(tokens: Array, first: int, last: int) -> Array:
    """Tokens `first` to `last` (from 1) of each row, positions first; -1 behind the last one."""
    found = np.full((last - first + 1, len(tokens)), -1, np.int32)
    part = tokens.T[first - 1 : last]
    found[: len(part)] = part
    return found


def _sound(logits: Array) -> Array:
    if not np.isfinite(np.max(logits, axis=-1)).all():
        raise DataError("the weights give no finite logits to draw from", "RNN437")
    return logits

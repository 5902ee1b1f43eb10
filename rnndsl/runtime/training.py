"""Training any model: how a run begins, or is taken up from its checkpoint.

It prints nothing: `report` is told of every step. The steps themselves are in `steps`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from rnndsl.runtime.checkpoint import read_snapshot
from rnndsl.runtime.history import History
from rnndsl.runtime.log import Log
from rnndsl.runtime.material import Data, Material, digest, material
from rnndsl.runtime.memory import parse_amount, require
from rnndsl.runtime.memory_model import parameter_bytes, value_bytes
from rnndsl.runtime.optimisers import Optimiser, optimiser
from rnndsl.runtime.program import Program
from rnndsl.runtime.settings import Settings
from rnndsl.runtime.standing import Snapshot, Standing, identity, require_same
from rnndsl.runtime.steps import Report, Run, Trained
from rnndsl.text.diagnostics import DataError
from rnndsl.text.files import require_writable

Array = npt.NDArray[Any]
Params = dict[str, Array]
File = str | os.PathLike[str]


def train(
    program: Program,
    data: Data,
    params: Mapping[str, Array] | None = None,
    *,
    validation_data: Data | None = None,
    checkpoint: File | None = None,
    resume: bool = False,
    log: File | None = None,
    report: Report | None = None,
    stop: Callable[[], bool] | None = None,
    max_memory: int | str | None = None,
    **settings: Any,
) -> Trained:
    """Train a program from fresh parameters or from (a copy of) given ones.

    `data`: a text, or a dict of arrays by name, (T, B, …) along an axis and (B, …) without one,
    with `lengths_t` where lengths differ; over trees (nodes, …), with `trees={"v": forest}`.
    `validation_data`: as `data`, instead of a share of it. `checkpoint`: a file written after every
    epoch; with `resume` training goes on from it where it is there, as if it had never stopped.
    `log`: a file for JSON lines. `settings`: as `Settings`; `stop` is asked after every step.

    DataError where the data do not fit the model (RNN432, RNN441), where memory does not suffice
    (RNN501), where what is resumed is another run (RNN442, RNN443) or where the loss is no longer
    finite (RNN437).
    """
    chosen = Settings(**settings)
    _require_sense(program, checkpoint, resume)
    found = material(program, data, validation_data, chosen)
    rule = optimiser(chosen.optimiser, chosen.rate, chosen.momentum)
    require_for_training(program, found, chosen, rule.slots, max_memory)
    standing = _beginning(program, found, chosen, params)
    if checkpoint is not None:
        standing.identity = identity(chosen, digest(data, validation_data))
        if resume and os.path.exists(checkpoint):
            _take_up(standing, checkpoint, program, rule)
    lines = None if log is None else Log(log, standing.history.steps)
    run = Run(program, found, chosen, rule, standing, checkpoint, lines, report, stop)
    with np.errstate(all="ignore"):  # a loss that is no longer finite is found by looking at it
        return run.train()


def _require_sense(program: Program, checkpoint: File | None, resume: bool) -> None:
    """DataError where something is asked for that cannot be."""
    if program.model.loss is None:
        raise DataError(f"`{program.model.name}` has no loss to train on", "RNN432")
    if checkpoint is not None:
        require_writable(checkpoint)
    elif resume:
        raise DataError("to resume, say from which `checkpoint`", "RNN436")


def _beginning(
    program: Program, found: Material, settings: Settings, params: Mapping[str, Array] | None
) -> Standing:
    """Before the first step, with a copy of the given parameters or fresh ones."""
    if params is None:
        params = program.init(seed=settings.seed, **found.open_sizes(program))
    start = {name: np.array(value, order="C") for name, value in params.items()}
    return Standing(start, History(unit=found.training.unit))


def require_for_training(
    program: Program, found: Material, settings: Settings, slots: int, limit: int | str | None
) -> None:
    """DataError RNN501 where parameters, gradients, optimiser and one batch do not fit."""
    itemsize = np.dtype(program.dtype).itemsize
    copies = 2 + slots + (settings.patience is not None)
    kept = parameter_bytes(program.model, found.sizes, itemsize) * copies
    batch = value_bytes(program.model, found.sizes, found.extents, settings.batch, itemsize)
    bound = parse_amount(limit) if isinstance(limit, str) else limit
    require(kept + 2 * batch, bound, f"parameters, gradients and the values of one {found.part}")


def _take_up(standing: Standing, path: File, program: Program, rule: Optimiser) -> None:
    """Stand where a checkpoint was written; DataError RNN005, RNN006, RNN442, RNN443."""
    name = os.fspath(path)
    snapshot: Snapshot = read_snapshot(path, program)
    then = snapshot.facts.get("identity")
    require_same(name, then if isinstance(then, dict) else {}, standing.identity)
    try:
        standing.take_up(snapshot, rule)
    except (KeyError, TypeError, ValueError):
        raise DataError(f"`{name}` is damaged: its training run is not whole", "RNN005") from None

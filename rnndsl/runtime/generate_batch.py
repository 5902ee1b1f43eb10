"""Tokens for a batch of examples: what is given is checked, what is chosen is gathered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rnndsl.model.model import Data
from rnndsl.model.sizes import known_sizes, running_axes
from rnndsl.runtime.array_data import LENGTHS, Examples
from rnndsl.runtime.checkpoint import settled_sizes
from rnndsl.runtime.generate_search import Path, Settings, Wish, search
from rnndsl.runtime.generate_steps import extent, machine
from rnndsl.runtime.generate_task import Task, find_task
from rnndsl.runtime.program import Program
from rnndsl.text.diagnostics import DataError

Array = npt.NDArray[Any]
Params = Mapping[str, Array]
Prompt = Sequence[int] | Sequence[Sequence[int]] | Array


@dataclass(frozen=True)
class Generated:
    """`tokens` `(B, T)`: the prompt, what was chosen behind it, the end token too, then -1.

    `lengths` `(B,)`: how many they are. `scores` `(B,)`: the log-probability that the model gives
    to those behind the prompt.
    """

    tokens: Array
    lengths: Array
    scores: Array


def generate_batch(
    program: Program,
    params: Params,
    settings: Settings,
    prompt: str | Prompt,
    length: int | None,
    data: Mapping[str, Any],
    first: int = 0,
) -> Generated:
    """Tokens for every example of the data; errors as for `generate`.

    `first`: the number of the first example, which decides what is drawn for it.
    """
    task = find_task(program.model, data.keys())
    known = _token_count(task.target, program, params)
    if settings.end is not None:
        _require_tokens("`end`", [settings.end], known)
    count, fed = _conditions(task, data)
    prompts = _prompts(prompt, count)
    for row in prompts:
        _require_tokens("the prompt", row, known)
    totals = _totals(task, fed, prompts, length)
    wishes = [
        Wish(number, row, total)
        for number, (row, total) in enumerate(zip(prompts, totals, strict=True), first)
    ]
    steps = machine(task, program, params, fed, settings.seed)
    *_, beams = search(steps, wishes, settings)
    return _gathered([paths[0] for paths in beams])


def conditions(task: Task, data: Mapping[str, Any]) -> dict[str, Any]:
    """The data without those of the target, and without lengths that belong to it alone."""
    model, axis = task.model, task.axis
    kept = {name: value for name, value in data.items() if name != task.target.name}
    others = (name for name in kept if name in model.data)
    if task.target.name in data and not any(axis in model.data[name].axes for name in others):
        kept.pop(f"{LENGTHS}{axis}", None)
    return kept


def _conditions(task: Task, data: Mapping[str, Any]) -> tuple[int | None, dict[str, Any]]:
    """How many examples the data have, and what a program is fed for all of them."""
    flat = {name: value for name, value in data.items() if name not in ("lengths", "batch")}
    flat |= {f"{LENGTHS}{axis}": value for axis, value in (data.get("lengths") or {}).items()}
    kept = conditions(task, flat)
    examples = Examples(task.model, kept)
    ends = {axis.length for axis in running_axes(task.model).values()}
    if not kept.keys() <= ends:
        count: int | None = examples.count
    else:
        count = None if data.get("batch") is None else _whole("batch", data["batch"])
    fed, _ = examples.take(np.arange(count or 1))
    fed.pop("batch", None)
    for data_name in task.model.inputs:
        is_fed = task.fed is not None and data_name == task.fed.name
        if data_name not in fed and not is_fed:
            raise DataError(f"the input `{data_name}` is missing", "RNN441")
    return count, fed


def _prompts(prompt: str | Prompt, count: int | None) -> list[tuple[int, ...]]:
    """The tokens that stand first in each example."""
    if isinstance(prompt, str):
        if prompt:
            raise DataError("a prompt of characters takes an alphabet; give tokens", "RNN439")
        rows: list[Any] = [()]
    else:
        rows = list(prompt)
        if not rows or np.ndim(rows[0]) == 0:
            rows = [rows]
    found = [_row(row) for row in rows]
    if count is not None and len(found) == 1:
        return found * count
    if count is not None and len(found) != count:
        raise DataError(f"there are {len(found)} prompts for {count} examples", "RNN441")
    return found


def _row(row: Any) -> tuple[int, ...]:
    array = np.asarray(row)
    if array.size and (array.ndim != 1 or array.dtype.kind not in "iu"):
        raise DataError("a prompt is a row of tokens: whole numbers", "RNN441")
    tokens = [int(token) for token in array.reshape(-1)]
    while tokens and tokens[-1] == -1:
        tokens.pop()
    return tuple(tokens)


def _totals(
    task: Task, fed: Mapping[str, Any], prompts: Sequence[tuple[int, ...]], length: int | None
) -> list[int]:
    """How many tokens each example has at most, the prompt among them."""
    if length is not None and length < 0:
        raise DataError(f"`length` must be at least 0, not {length}", "RNN436")
    carried = extent(task, fed)
    if length is None and carried is None:
        said = f"no data say how many positions `{task.axis}` has: give `length`"
        raise DataError(said, "RNN436")
    lengths = fed.get("lengths", {}).get(task.axis)
    found = []
    for number, prompt in enumerate(prompts):
        if len(prompt) < task.lag:
            name = f"{task.fed.name if task.fed else ''}[{task.axis}]"
            said = f"`{name}` takes the token before: give a prompt of at least one token"
            raise DataError(said, "RNN436")
        totals = [] if length is None else [len(prompt) + length]
        if carried is not None:
            room = (carried if lengths is None else int(lengths[number])) + task.lag
            if len(prompt) > room:
                said = (
                    f"the prompt of example {number} has {len(prompt)} tokens, room is for {room}"
                )
                raise DataError(said, "RNN436")
            totals.append(room)
        found.append(min(totals))
    return found


def _gathered(paths: Sequence[Path]) -> Generated:
    lengths = np.array([len(path.tokens) for path in paths])
    tokens = np.full((len(paths), int(max(lengths))), -1, np.int32)
    for row, path in zip(tokens, paths, strict=True):
        row[: len(path.tokens)] = path.tokens
    return Generated(tokens, lengths, np.array([path.score for path in paths]))


def _token_count(target: Data, program: Program, params: Params) -> int | None:
    """How many tokens there are, as far as sizes and weights tell."""
    model, size = program.model, target.type.size
    sizes = known_sizes(model, settled_sizes(model, program.sizes, params))
    if size is None or not size.names <= sizes.keys():
        return None
    return int(size.value(sizes))


def _require_tokens(what: str, tokens: Sequence[int], known: int | None) -> None:
    for token in tokens:
        if isinstance(token, bool) or not isinstance(token, int):
            raise DataError(f"{what} must be a token: a whole number, not {token!r}", "RNN436")
        if token < 0 or (known is not None and token >= known):
            top = "" if known is None else f" to {known - 1}"
            raise DataError(f"{what} holds the token {token}; tokens go from 0{top}", "RNN404")


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise DataError(f"`{name}` must be a whole number above 0, not {value!r}", "RNN436")
    return value

"""Which tokens are chosen from logits: the likeliest, drawn ones, or the best of a beam.

It knows neither models nor data: a machine gives the logits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rnndsl.runtime.generate_steps import Machine

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Settings:
    """How tokens are chosen.

    `temperature`: 0 takes the most likely, else tokens are drawn from softmax(logits /
    temperature), from the `top_k` most likely ones where given. `beam`: so many sequences are kept
    at a time, and nothing is drawn. `end`: the token that ends a sequence. `tokens`: only those
    below are chosen.
    """

    temperature: float = 1.0
    top_k: int | None = None
    beam: int | None = None
    end: int | None = None
    tokens: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class Path:
    """A sequence so far: its tokens, prompt and all, and the log-probability of those behind it.

    `row`: where it stood when logits were last asked for.
    """

    tokens: tuple[int, ...]
    score: float
    row: int
    is_done: bool


@dataclass(frozen=True)
class Wish:
    """An example to generate: its number, its prompt, and how many tokens there are at most."""

    number: int
    prompt: tuple[int, ...]
    total: int


def search(
    machine: Machine, wishes: Sequence[Wish], settings: Settings
) -> Iterator[list[list[Path]]]:
    """The paths of every example after each token, until all are done; the best one first."""
    start = max(machine.task.lag, min(len(wish.prompt) for wish in wishes))
    beams = [[_extended(wish, Path((), 0.0, 0, False), wish.prompt[:start])] for wish in wishes]
    draws = [np.random.default_rng((settings.seed, wish.number)) for wish in wishes]
    while True:
        alive = [(b, path) for b, beam in enumerate(beams) for path in beam if not path.is_done]
        if not alive:
            break
        length = len(alive[0][1].tokens)
        tokens = np.array([path.tokens for _, path in alive], np.int32).reshape(len(alive), length)
        examples, parents = np.array([(b, path.row) for b, path in alive]).T
        logits = machine.logits(tokens, examples, parents)[:, : settings.tokens]
        for number, wish in enumerate(wishes):
            rows = np.flatnonzero(examples == number)
            done = [path for path in beams[number] if path.is_done]
            going = [(alive[row][1], int(row), logits[row]) for row in rows]
            if going:
                beams[number] = _next(wish, done, going, settings, draws[number])
        yield beams
    yield beams


def _next(
    wish: Wish,
    done: list[Path],
    going: list[tuple[Path, int, Array]],
    settings: Settings,
    random: np.random.Generator,
) -> list[Path]:
    """The paths of one example, those that go on longer by a token."""
    first, row, logits = going[0]
    count = len(first.tokens)
    if count < len(wish.prompt):
        return [
            _extended(wish, Path(first.tokens, 0.0, row, False), wish.prompt[count : count + 1])
        ]
    if settings.beam is None:
        token = choose(logits, settings, random)
        score = first.score + float(log_softmax(logits)[token])
        return [_extended(wish, Path(first.tokens, score, row, False), (token,), settings.end)]
    return _beam(wish, done, going, settings.beam, settings.end)


def _beam(
    wish: Wish,
    done: list[Path],
    going: list[tuple[Path, int, Array]],
    width: int,
    end: int | None,
) -> list[Path]:
    """The best paths, as many as the beam is wide; a path that is done competes on.

    Scores can only fall, so that no path is left once the best is done.
    """
    scores = np.array([path.score + log_softmax(logits) for path, _, logits in going])
    kept = np.concatenate([[path.score for path in done], scores.reshape(-1)])
    found = []
    for place in np.argsort(-kept, kind="stable")[:width]:
        if place < len(done):
            found.append(done[place])
        elif np.isfinite(kept[place]):
            which, token = divmod(int(place) - len(done), scores.shape[1])
            path, row, _ = going[which]
            longer = Path(path.tokens, float(kept[place]), row, False)
            found.append(_extended(wish, longer, (token,), end))
    return found[:1] if found[0].is_done else found


def _extended(wish: Wish, path: Path, more: tuple[int, ...], end: int | None = None) -> Path:
    tokens = path.tokens + more
    is_done = len(tokens) >= wish.total or (end is not None and more[-1:] == (end,))
    return Path(tokens, path.score, path.row, is_done)


def choose(logits: Array, settings: Settings, random: np.random.Generator) -> int:
    """The most likely token at temperature 0, else one drawn at random."""
    if settings.temperature == 0:
        return int(np.argmax(logits))
    if settings.top_k is not None:
        behind = np.argsort(-logits, kind="stable")[settings.top_k :]
        logits = logits.copy()
        logits[behind] = -np.inf
    with np.errstate(over="ignore"):
        scaled = (logits - np.max(logits)) / settings.temperature
    sums = np.cumsum(np.exp(scaled))
    return min(int(np.searchsorted(sums, random.random() * sums[-1], side="right")), len(sums) - 1)


def log_softmax(logits: Array) -> Array:
    """The logarithms of the probabilities of one row."""
    shifted = logits - np.max(logits)
    return np.asarray(shifted - np.log(np.exp(shifted).sum()))

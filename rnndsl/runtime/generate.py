"""Generation from a trained model: text from a character model, tokens from any other.

The model is compiled once more with its logits as the only output. What it is fed says
`generate_task`, how it is run `generate_steps`, what is chosen `generate_search`, for a batch
`generate_batch`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from rnndsl.runtime.generate_batch import Generated, Prompt, generate_batch
from rnndsl.runtime.generate_search import Path, Settings, Wish, search
from rnndsl.runtime.generate_steps import machine
from rnndsl.runtime.generate_task import text_task
from rnndsl.runtime.program import Program
from rnndsl.runtime.text_data import Alphabet
from rnndsl.text.diagnostics import DataError

Params = Mapping[str, npt.NDArray[Any]]
LENGTH = 500
"""The characters of a text, where nobody says how many."""


class Written(NamedTuple):
    """The tokens behind a prompt, as characters too, and their log-probability."""

    text: str
    tokens: tuple[int, ...]
    score: float


@overload
def generate(program: Program, params: Params, alphabet: Alphabet | str, **options: Any) -> str: ...


@overload
def generate(
    program: Program, params: Params, alphabet: None = None, **options: Any
) -> Generated: ...


def generate(
    program: Program,
    params: Params,
    alphabet: Alphabet | str | None = None,
    *,
    prompt: str | Prompt = "",
    length: int | None = None,
    temperature: float = 1.0,
    greedy: bool = False,
    top_k: int | None = None,
    beam: int | None = None,
    end: int | str | None = None,
    seed: int = 0,
    **data: Any,
) -> str | Generated:
    """Tokens from a model, one after the other; with an `alphabet` a text, the prompt in front.

    `prompt`: what stands first: tokens for all examples or a row for each (-1 pads), or a text.
    `length`: how many tokens follow at most; 500 characters where it is not said. `temperature`,
    `greedy`, `top_k`, `beam`, `end` and `seed`: as for `Settings`, `end` of a text one character.
    `data`: what the model is given, by name, with `lengths`; where no data are given, `batch`.

    DataError RNN404 and RNN431 (a token, a character that there is not), RNN432, RNN434 and RNN444
    (a model that generates nothing), RNN436 (a setting that makes no sense), RNN441 (data).
    """
    choice: dict[str, Any] = {
        "temperature": temperature,
        "greedy": greedy,
        "top_k": top_k,
        "beam": beam,
    }
    choice |= {"end": end, "seed": seed}
    if alphabet is None:
        settings = make_settings(**choice)
        return generate_batch(program, params, settings, prompt, length, data)
    if data or not isinstance(prompt, str):
        what = f"no data: `{next(iter(data))}`" if data else "a prompt of characters"
        raise DataError(f"a model of text takes {what}", "RNN436")
    written = write(program, params, alphabet, prompt=prompt, length=length, **choice)
    return prompt + written.text


def write(
    program: Program,
    params: Params,
    alphabet: Alphabet | str,
    *,
    prompt: str = "",
    length: int | None = None,
    **choice: Any,
) -> Written:
    """What follows a prompt; errors as for `generate`."""
    known = Alphabet(alphabet) if isinstance(alphabet, str) else alphabet
    count, beams = _beams(program, params, known, prompt, length, choice)
    *_, ((best, *_),) = beams
    return Written(known.decode(best.tokens[count:]), best.tokens[count:], best.score)


def characters(
    program: Program,
    params: Params,
    alphabet: Alphabet | str,
    *,
    prompt: str = "",
    length: int | None = None,
    **choice: Any,
) -> Iterator[str]:
    """What follows a prompt, each character as soon as it is drawn; of a beam when it is done.

    Without a prompt the model starts after a line break. Errors as for `generate`.
    """
    known = Alphabet(alphabet) if isinstance(alphabet, str) else alphabet
    count, beams = _beams(program, params, known, prompt, length, choice)
    return _drawn(beams, known, count, choice.get("beam") is None)


def _drawn(
    beams: Iterator[list[list[Path]]], alphabet: Alphabet, count: int, streams: bool
) -> Iterator[str]:
    for ((best, *_),) in beams:
        if streams or best.is_done:
            yield from alphabet.decode(best.tokens[count:])
            count = len(best.tokens)


def _beams(
    program: Program,
    params: Params,
    alphabet: Alphabet,
    prompt: str,
    length: int | None,
    choice: Mapping[str, Any],
) -> tuple[int, Iterator[list[list[Path]]]]:
    """How many tokens stand first, and the paths after each one that follows."""
    if not len(alphabet):
        raise DataError("an alphabet without characters has none to generate", "RNN431")
    end = choice.get("end")
    if end is not None and not (isinstance(end, str) and len(end) == 1):
        raise DataError(f"`end` of a text is one character, not {end!r}", "RNN436")
    token = None if end is None else int(alphabet.encode(end)[0])
    settings = make_settings(**{**choice, "end": token}, tokens=len(alphabet))
    length = LENGTH if length is None else length
    if length < 0:
        raise DataError(f"`length` must be at least 0, not {length}", "RNN436")
    first = tuple(int(token) for token in alphabet.encode(prompt or _start(alphabet)))
    steps = machine(text_task(program.model), program, params, {}, settings.seed)
    return len(first), search(steps, [Wish(0, first, len(first) + length)], settings)


def make_settings(
    *,
    temperature: float = 1.0,
    greedy: bool = False,
    top_k: int | None = None,
    beam: int | None = None,
    end: int | None = None,
    seed: int = 0,
    tokens: int | None = None,
) -> Settings:
    """The settings that are meant; DataError RNN436 names one that makes no sense."""
    if not 0 < temperature < math.inf:
        raise DataError(f"`temperature` must be above 0, not {temperature}", "RNN436")
    for name, value in (("top_k", top_k), ("beam", beam)):
        is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if value is not None and not (is_whole and value >= 1):
            raise DataError(f"`{name}` must be a whole number above 0, not {value!r}", "RNN436")
    draws = {"temperature": temperature != 1, "top_k": top_k is not None}
    still = "greedy" if greedy else "beam" if beam is not None else None
    for name, is_given in draws.items():
        if still and is_given:
            raise DataError(f"with `{still}` nothing is drawn: leave out `{name}`", "RNN436")
    if greedy and beam is not None and beam > 1:
        raise DataError("either `greedy` or a `beam`: the one is a beam of 1", "RNN436")
    return Settings(0.0 if greedy else temperature, top_k, beam, end, tokens, seed)


def _start(alphabet: Alphabet) -> str:
    """What stands before a text: a line break, else a blank, else the first character known."""
    for character in "\n ":
        if character in alphabet.characters:
            return character
    return alphabet.characters[:1]

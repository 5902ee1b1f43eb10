"""Free running from a trained character model: a prompt, then one character at a time.

The model is compiled once more with its logits as the only output and run in windows of one
position with carried state. What the next character is drawn from says `text_model`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.program import Program
from rnndsl.runtime.text_data import Alphabet
from rnndsl.runtime.text_model import find_logits, text_roles, with_logits
from rnndsl.text.diagnostics import DataError

Array = npt.NDArray[Any]


def generate(
    program: Program,
    params: Mapping[str, Array],
    alphabet: Alphabet | str,
    *,
    prompt: str = "",
    length: int = 500,
    temperature: float = 1.0,
    greedy: bool = False,
    seed: int = 0,
) -> str:
    """The prompt and `length` characters after it; errors as for `characters`."""
    drawn = characters(
        program,
        params,
        alphabet,
        prompt=prompt,
        length=length,
        temperature=temperature,
        greedy=greedy,
        seed=seed,
    )
    return prompt + "".join(drawn)


def characters(
    program: Program,
    params: Mapping[str, Array],
    alphabet: Alphabet | str,
    *,
    prompt: str = "",
    length: int = 500,
    temperature: float = 1.0,
    greedy: bool = False,
    seed: int = 0,
) -> Iterator[str]:
    """Characters after the prompt, each as soon as it is drawn.

    The most likely one where `greedy`, else one drawn from softmax(logits / temperature). Without
    a prompt the model starts after a line break. DataError RNN431 (a character of the prompt that
    the model does not know), RNN432 and RNN434 (a model that does not predict characters),
    RNN436 (a temperature that is not above 0, a negative length).
    """
    known = Alphabet(alphabet) if isinstance(alphabet, str) else alphabet
    if not 0 < temperature < math.inf:
        raise DataError(f"`temperature` must be above 0, not {temperature}", "RNN436")
    if length < 0:
        raise DataError(f"`length` must be at least 0, not {length}", "RNN436")
    if not len(known):
        raise DataError("an alphabet without characters has none to generate", "RNN431")
    first = known.encode(prompt or _start(known))
    machine = _Machine(program, params, seed)
    return _drawn(machine, known, first, length, 0.0 if greedy else temperature, seed)


def _drawn(
    machine: _Machine,
    alphabet: Alphabet,
    first: Array,
    length: int,
    temperature: float,
    seed: int,
) -> Iterator[str]:
    if length == 0:
        return
    random = np.random.default_rng(seed)
    for token in first:
        logits = machine.step(int(token))
    for number in range(length):
        token = _choose(logits[: len(alphabet)], temperature, random)
        yield alphabet.characters[token]
        if number + 1 < length:
            logits = machine.step(token)


class _Machine:
    """A model that is fed one token at a time and remembers its state."""

    def __init__(self, program: Program, params: Mapping[str, Array], seed: int) -> None:
        roles = text_roles(program.model)
        self._logits = find_logits(program.model, roles.target)
        self._input = roles.input.name
        self._mode = "free" if program.model.has_teach else "teacher"
        self._program = compile_model(with_logits(program.model, self._logits), dtype=program.dtype)
        self._params, self._seed = params, seed
        self._state: dict[str, Array] | None = None
        self._steps = 0

    def step(self, token: int) -> Array:
        """The logits `(k,)` of the character after this one, in float64."""
        outputs = self._program.forward(
            self._params,
            mode=self._mode,
            seed=self._seed + self._steps,
            state=self._state,
            return_state=True,
            **{self._input: np.array([[token]], np.int32)},
        )
        self._steps += 1
        self._state = outputs["state"]
        logits: Array = outputs[self._logits.read.name].reshape(-1).astype(np.float64)
        if self._logits.are_probabilities:
            with np.errstate(divide="ignore"):
                logits = np.log(logits)
        if not np.isfinite(np.max(logits)):
            raise DataError("the weights give no finite logits to draw from", "RNN437")
        return logits


def _choose(logits: Array, temperature: float, random: np.random.Generator) -> int:
    """The most likely token at temperature 0, else one drawn at random."""
    if temperature == 0:
        return int(np.argmax(logits))
    with np.errstate(over="ignore"):
        scaled = (logits - np.max(logits)) / temperature
    sums = np.cumsum(np.exp(scaled))
    return min(int(np.searchsorted(sums, random.random() * sums[-1], side="right")), len(sums) - 1)


def _start(alphabet: Alphabet) -> str:
    """What stands before a text: a line break, else a blank, else the first character known."""
    for character in "\n ":
        if character in alphabet.characters:
            return character
    return alphabet.characters[:1]

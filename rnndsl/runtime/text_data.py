"""A text as data: characters become tokens, tokens become windows of parallel streams.

The text is cut into B streams of equal length, read side by side in windows of T characters;
stream b of one window goes on in stream b of the next, so that a model's state can be carried
over. It does not know models: which input and target the tokens fill says `text_model`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnndsl.text.diagnostics import DataError

Tokens = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Alphabet:
    """The characters a model knows, in order: a character's place is its token, from 0."""

    characters: str

    @staticmethod
    def of(text: str) -> Alphabet:
        """Every character of a text, sorted by code point."""
        return Alphabet("".join(sorted(set(text))))

    def __len__(self) -> int:
        return len(self.characters)

    def encode(self, text: str) -> Tokens:
        """The tokens of a text, `(len(text),)`; DataError RNN431 names a character not known."""
        places = {character: place for place, character in enumerate(self.characters)}
        try:
            return np.fromiter(map(places.__getitem__, text), np.int32, len(text))
        except KeyError as missing:
            raise DataError(
                f"the model does not know the character {missing.args[0]!r}: "
                "it is not in the text that the model was trained on",
                "RNN431",
            ) from None

    def decode(self, tokens: npt.ArrayLike) -> str:
        """The characters of tokens."""
        return "".join(self.characters[int(token)] for token in np.ravel(tokens))


class Text:
    """A text to train on: its alphabet and its tokens, `(len(text),)`.

    DataError RNN430 below two characters.
    """

    def __init__(self, text: str) -> None:
        _require_two(len(text))
        self.alphabet = Alphabet.of(text)
        self.tokens = self.alphabet.encode(text)

    def split(self, validation: float) -> tuple[Tokens, Tokens]:
        """The tokens to train on and those at the end to validate on, at least 2 or none."""
        held = int(len(self.tokens) * validation)
        held = held if held >= 2 else 0
        cut = len(self.tokens) - held
        return self.tokens[:cut], self.tokens[cut:]


@dataclass(frozen=True)
class Window:
    """Tokens `(T, B)` and the ones that follow each, `(T, B)`."""

    now: Tokens
    following: Tokens

    @property
    def count(self) -> int:
        """How many characters are predicted: T times B."""
        return self.now.size


class Windows:
    """Windows of up to `length` characters over `batch` streams; a short text gets fewer streams.

    The last window is shorter where the streams do not divide. DataError RNN430 below two
    characters.
    """

    def __init__(self, tokens: Tokens, batch: int, length: int) -> None:
        _require_two(len(tokens))
        follow = len(tokens) - 1
        self.batch = min(batch, max(1, follow // length))
        self.length = length
        steps = follow // self.batch
        places = np.arange(steps + 1)[:, None] + steps * np.arange(self.batch)
        self._streams = tokens[places]

    def __len__(self) -> int:
        return -(-(len(self._streams) - 1) // self.length)

    def __getitem__(self, number: int) -> Window:
        """The window of that number, from 0; IndexError beyond the last."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        start = number * self.length
        end = min(start + self.length, len(self._streams) - 1)
        return Window(self._streams[start:end], self._streams[start + 1 : end + 1])


def _require_two(count: int) -> None:
    if count < 2:
        found = "1 character" if count else "no characters"
        raise DataError(
            f"the text has {found}; to predict the next one from each takes at least 2", "RNN430"
        )

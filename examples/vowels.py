"""Nine men say two vowels: who speaks?

    python3 examples/vowels.py

JapaneseVowels (Kudo, Toyama and Shimbo 1999) comes with sktime: 270 utterances to learn from and
370 to be tried on, each 7 to 29 positions of 12 cepstral coefficients. A bidirectional network of
gated recurrent units (`vowels.rnn`) reads them from both ends, whole batches of different lengths
at a time. All was chosen on the 270 alone. The figure shows who was taken for whom.

Measured: 98.6 %, 97.8 % and 98.4 % of the 370 from three seeds, in 19 s of processor time for all
three (one process).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
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

SPEAKERS, SEEDS, EPOCHS = 9, (0, 1, 2), 100
Array = np.ndarray[Any, Any]


def utterances(split: str) -> tuple[Array, Array, list[int]]:
    """Coefficients (positions, utterances, 12), speakers from 0, lengths; `train` or `test`."""
    from sktime.datasets import load_japanese_vowels

    frames, speakers = load_japanese_vowels(split=split, return_type="df-list")
    lengths = [len(frame) for frame in frames]
    x = np.zeros((max(lengths), len(frames), frames[0].shape[1]))
    for place, frame in enumerate(frames):
        x[: len(frame), place] = frame.to_numpy()
    return x, np.array([int(speaker) - 1 for speaker in speakers]), lengths


def learn(program: rnndsl.Program, data: dict[str, Any], seed: int, steps: int | None) -> Any:
    """The weights after all epochs."""
    with common.bar(f"seed {seed}") as tell:
        watch = common.Watch(tell, steps)
        return rnndsl.train(
            program,
            data,
            validation=0,
            epochs=EPOCHS,
            batch=30,
            rate=0.003,
            schedule="cosine",
            seed=seed,
            report=watch,
            stop=watch.over,
        ).params


def draw(path: Path, table: Array) -> None:
    """How often each speaker (row) was taken for each (column)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.6, 3.4), layout="constrained")
    axes = figure.subplots()
    axes.imshow(np.sqrt(table), cmap="Blues")
    for (row, column), count in np.ndenumerate(table):
        if count:
            colour = "white" if row == column else "black"
            axes.text(column, row, f"{count}", ha="center", va="center", color=colour)
    axes.set_xticks(range(SPEAKERS), [f"{number}" for number in range(1, SPEAKERS + 1)])
    axes.set_yticks(range(SPEAKERS), [f"{number}" for number in range(1, SPEAKERS + 1)])
    axes.set_xlabel("taken for")
    axes.set_ylabel("speaker")
    figure.savefig(path, dpi=100)


def main(argv: Sequence[str] | None = None) -> None:
    """Learn from each seed, score, show the first."""
    options = common.arguments(argv, __doc__)
    clock = common.Clock()
    x, y, lengths = utterances("train")
    spoken = np.concatenate([x[:length, place] for place, length in enumerate(lengths)])
    mean, deviation = spoken.mean(0), spoken.std(0)
    data = {"x": (x - mean) / deviation, "y": y, "lengths_t": lengths}
    x, y, lengths = utterances("test")
    program = rnndsl.load(common.HERE / "vowels.rnn").compile(k=SPEAKERS)

    table = np.zeros((SPEAKERS, SPEAKERS), int)
    for seed in SEEDS:
        params = learn(program, data, seed, options.steps)
        yhat = program.forward(params, x=(x - mean) / deviation, lengths={"t": lengths})["yhat"]
        said = yhat.argmax(1)
        print(f"  seed {seed}: {np.mean(said == y):.1%} of {len(y)} utterances", flush=True)
        if seed == SEEDS[0]:
            np.add.at(table, (y, said), 1)
    draw(options.folder / "vowels.png", table)
    print(clock)


if __name__ == "__main__":
    main()

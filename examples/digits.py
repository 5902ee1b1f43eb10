"""Handwritten digits, read row by row like a text of eight lines.

    python3 examples/digits.py

The 1,797 pictures of 8 by 8 grey values come with scikit-learn. `sequence_to_one` of the gallery,
with 64 hidden units, sees one row after the other and says at the end which digit it was. It learns
from 1,297 pictures; the accuracy is that on the other 500. The figure shows what it would have
said after every row of some of those.

Measured: 98.2 % of the 500 are read right, after 4 s of processor time (one process).
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
from rnndsl import gallery

HELD_OUT, EPOCHS, SHOWN = 500, 60, 6
Array = np.ndarray[Any, Any]


def pictures() -> tuple[Array, Array]:
    """Grey values from 0 to 1 (rows, pictures, columns) and digits (pictures), shuffled."""
    from sklearn.datasets import load_digits

    found = load_digits()
    order = np.random.default_rng(0).permutation(len(found.target))
    return found.images[order].transpose(1, 0, 2) / 16, found.target[order]


def draw(path: Path, x: Array, reading: Array) -> None:
    """Pictures (rows, pictures, columns), beside each the probabilities after each of its rows."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 1.9), layout="constrained")
    for place, axes in enumerate(figure.subplots(1, 2 * x.shape[1])):
        image = reading[:, place // 2] if place % 2 else x[:, place // 2]
        axes.imshow(image, cmap="Blues" if place % 2 else "Greys", vmin=0, vmax=1, aspect="auto")
        axes.set_xticks(range(10) if place % 2 else ())
        axes.set_yticks(())
        axes.tick_params(length=0, labelsize=6)
    figure.savefig(path, dpi=100)


def main(argv: Sequence[str] | None = None) -> None:
    """Learn, score, show."""
    options = common.arguments(argv, __doc__)
    clock = common.Clock()
    x, y = pictures()
    program = rnndsl.load(gallery.specs()["sequence_to_one"]).compile(m=64, k=10)
    with common.bar("digits") as tell:
        watch = common.Watch(tell, options.steps)
        trained = rnndsl.train(
            program,
            {"x": x[:, HELD_OUT:], "y": y[HELD_OUT:]},
            validation=0,
            epochs=EPOCHS,
            rate=0.003,
            schedule="cosine",
            report=watch,
            stop=watch.over,
        )
    x, y = x[:, :HELD_OUT], y[:HELD_OUT]
    said = program.forward(trained.params, x=x)["yhat"].argmax(1)
    print(f"{np.mean(said == y):.1%} of {HELD_OUT} digits held out are read right")

    rows, shown = len(x), x[:, :SHOWN]
    parts = [
        program.forward(trained.params, x=shown, lengths={"t": [row] * SHOWN})["yhat"]
        for row in range(1, rows + 1)
    ]
    draw(options.folder / "digits.png", shown, np.stack(parts))
    print(clock)


if __name__ == "__main__":
    main()

"""Copying: a neural Turing machine learns to write down what it sees, and to read it again.

    python3 examples/ntm_copy.py

Up to twenty vectors of eight random bits go by, then a mark, and then the machine has to give them
back in the same order (Graves, Wayne and Danihelka 2014, section 4.1). `ntm_copy.rnn` has a head to
write and one to read, a feed-forward controller and 64 rows. It learns from sequences made up as it
goes, 16 of a length at a time, short ones first, three times from other weights. Wrong bits
a sequence, measured on 500 of each length, for three seeds:

    length  20,  64 rows    0.000   0.000   0.000   median 0.000
    length  30,  64 rows    0.020   1.336   2.930   median 1.336
    length  50,  64 rows    3.482  66.302 110.256   median 66.302
    length 100, 128 rows    4.630 336.042 388.162   median 336.042

It never saw more than 20; a guess has half of the bits wrong, 400 at length 100. No parameter knows
how many rows there are, so the longest sequences get a larger memory. Each seed took 125 s of
processor time, 375 s together, on a machine with two cores that had much other work to do.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools import environment

if __name__ == "__main__":
    environment.enter("plot")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the products of one step are small

import numpy as np

import rnndsl
from examples import common
from rnndsl.runtime.optimisers import Adam

SEEDS = (0, 1, 2)
BITS, BATCH, STEPS, RATE = 8, 16, 3000, 0.003
SHORT, LONG, GOOD = 3, 20, 0.05
TESTED = {20: 64, 30: 64, 50: 64, 100: 128}  # rows for each length
SHOWN = 20
Params = dict[str, Any]


def problem(length: int, count: int, random: np.random.Generator) -> dict[str, Any]:
    """So many sequences of one length: `x` and, behind the mark, `y`, (positions, examples, …)."""
    bits = random.integers(0, 2, (length, count, BITS))
    x = np.zeros((2 * length + 1, count, BITS + 1), np.float32)
    y = np.zeros((2 * length + 1, count, BITS), np.float32)
    x[:length, :, :BITS], x[length, :, BITS], y[length + 1 :] = bits, 1, bits
    return {"x": x, "y": y}


@cache
def machine(rows: int) -> rnndsl.Program:
    """The program for a memory of so many rows; the parameters are the same for all."""
    return rnndsl.load(common.HERE / "ntm_copy.rnn").compile(N=rows)


def learn(seed: int, steps: int | None) -> Params:
    """Adam, its rate falling to 0 over the second half; lengths grow as soon as they are copied."""
    program, random = machine(64), np.random.default_rng(seed)
    params: Params = program.init(seed=seed)
    adam, longest, recent, total = Adam(), SHORT, 1.0, steps or STEPS
    with common.bar(f"seed {seed}") as tell:
        for step in range(total):
            length = int(random.integers(1, longest + 1))
            loss, grads = program.loss_and_grads(params, **problem(length, BATCH, random))
            adam.rate = RATE * min(1.0, 2 - 2 * step / total)
            adam.step(params, program.clip(grads))
            recent += 0.02 * (float(loss) / (length * BITS * np.log(2)) - recent)
            if recent < GOOD and longest < LONG:
                longest, recent = longest + 1, 1.2 * GOOD
            tell((step + 1) / total, f"up to {longest}, {recent:.4f} bits a bit")
    return params


def wrong(params: Params, length: int, count: int) -> float:
    """Wrong bits a sequence, on average over so many."""
    program, random = machine(TESTED[length]), np.random.default_rng(1000 + length)
    found = 0
    for _ in range(max(1, count // 50)):
        data = problem(length, min(50, count), random)
        run = program.forward(params, x=data["x"])["yhat"][length + 1 :]
        found += int(np.sum((run > 0.5) != (data["y"][length + 1 :] > 0.5)))
    return found / count


def draw(path: Path, params: Params) -> None:
    """One sequence: what goes in and comes out, and where the heads stand at each step."""
    from matplotlib.figure import Figure

    data = problem(SHOWN, 1, np.random.default_rng(5))
    run = machine(64).forward(params, x=data["x"])
    figure = Figure(figsize=(9, 6), layout="constrained")
    panels = figure.subplots(4, 1, sharex=True, height_ratios=(9, 8, 24, 24))
    shown = {
        "input": data["x"],
        "output": run["yhat"],
        "write head": run["w_w"],
        "read head": run["w_r"],
    }
    for axes, (name, values) in zip(panels, shown.items(), strict=True):
        axes.imshow(values[:, 0].T, cmap="Greys", vmin=0, vmax=1, aspect="auto")
        axes.set_ylabel(name)
    panels[-1].set_xlabel("step")
    figure.savefig(path, dpi=100)


def main(argv: Sequence[str] | None = None) -> None:
    """Learn from every seed, count wrong bits, show where the first machine's heads stand."""
    options = common.arguments(argv, __doc__)
    clock = common.Clock()
    learnt = [learn(seed, options.steps) for seed in SEEDS]
    for length, rows in TESTED.items():
        count = 500 if options.steps is None else 2
        errors = [wrong(params, length, count) for params in learnt]
        each = " ".join(f"{error:7.3f}" for error in errors)
        print(f"  length {length:3}, {rows:3} rows  {each}   median {np.median(errors):.3f}")
    draw(options.folder / "ntm_copy.png", learnt[0])
    print(clock)


if __name__ == "__main__":
    main()

"""ListOps: nested lists whose value is their operator's, with the tree that their brackets make.

    python3 examples/listops.py

Expressions such as `[MAX 2 9 [MIN 4 7 ] 0 ]`, drawn as Nangia and Bowman (2018) draw them: the
smallest, the largest, the median or the sum modulo ten of two to five arguments, each of which is
a digit or, one in four, an expression again. All are different; those of more than 50 tokens are
left out. Two models of 64 units (folder `listops`) learn from 40,000 of them and are asked for the
value of 2,000 others: a tree-LSTM along the gold trees, in which an operator takes up one argument
after the other, and an LSTM that reads the text from left to right. Both are told the same, the
value of every list where it closes, in the same batches. The figure shows how many each gets right,
by length.

Measured: the tree-LSTM finds 98.0 % of the values after 79 s of processor time in one process, the
LSTM 59.4 % after 45 s, on a machine with two cores that had much other work to do (10 minutes on
the clock).
"""

from __future__ import annotations

import itertools
import os
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
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

OPERATORS = ("MIN", "MAX", "MED", "SM")
TOKENS = [*map(str, range(10)), *(f"[{name}" for name in OPERATORS), "]"]
NUMBER = {token: number for number, token in enumerate(TOKENS)}
NESTED, MOST, DEEPEST = 0.25, 5, 20  # the chance of a list, its arguments, how deep it may be
POOL, EXAMPLES, HELD_OUT, LONGEST = 100_000, 40_000, 2000, 50
EPOCHS, BATCH, RATE = 10, 64, 0.01
Array = np.ndarray[Any, Any]
Expression = int | tuple[str, list["Expression"]]


def drawn(chance: random.Random, depth: int = 1) -> Expression:
    """A random expression."""
    if depth >= DEEPEST or chance.random() > NESTED:
        return chance.randrange(10)
    arguments = [drawn(chance, depth + 1) for _ in range(chance.randint(2, MOST))]
    return chance.choice(OPERATORS), arguments


def value(expression: Expression) -> int:
    """What an expression is worth; a median between two digits is rounded down."""
    if isinstance(expression, int):
        return expression
    operator, arguments = expression
    values = sorted(map(value, arguments))
    middle = len(values) // 2
    median = values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) // 2
    return {"MIN": values[0], "MAX": values[-1], "MED": median, "SM": sum(values) % 10}[operator]


def written(expression: Expression) -> list[str]:
    """The tokens of the text."""
    if isinstance(expression, int):
        return [str(expression)]
    operator, arguments = expression
    return [f"[{operator}", *(token for item in arguments for token in written(item)), "]"]


def told(expression: Expression) -> list[int]:
    """For each token the value of the list that it closes, else -1."""
    if isinstance(expression, int):
        return [-1]
    return [-1, *(item for part in expression[1] for item in told(part)), value(expression)]


def gold(expression: Expression) -> Any:
    """The tree: the operator takes up its arguments one by one, the bracket closes it. Leaves are
    labelled by their tokens, a node where a list is complete by its value."""
    if isinstance(expression, int):
        return str(expression)
    operator, arguments = expression
    tree: Any = f"[{operator}"
    for item in arguments:
        tree = (tree, gold(item))
    return value(expression), [tree, "]"]


def expressions(pool: int, count: int) -> list[Expression]:
    """So many out of a pool of different ones, in random order."""
    chance = random.Random(0)
    found: dict[str, Expression] = {}
    while len(found) < pool:
        expression = drawn(chance)
        tokens = written(expression)
        if len(tokens) <= LONGEST:
            found[" ".join(tokens)] = expression
    different = list(found.values())
    chance.shuffle(different)
    return different[:count]


@dataclass(frozen=True)
class Problem:
    """Expressions as both models read them."""

    values: Array
    texts: list[list[int]]
    closing: list[list[int]]
    forest: rnndsl.Forest
    x: Array
    y: Array

    @classmethod
    def of(cls, parts: Sequence[Expression]) -> Problem:
        """The tokens and values, over positions and over nodes."""
        forest = rnndsl.Forest.of(
            [(gold(item), []) if isinstance(item, int) else gold(item) for item in parts],
            ("left", "right"),
        )
        x = [NUMBER[label] if isinstance(label, str) else -1 for label in forest.labels]
        y = [label if isinstance(label, int) else -1 for label in forest.labels]
        texts = [[NUMBER[token] for token in written(item)] for item in parts]
        values = np.array([value(item) for item in parts])
        return cls(values, texts, [told(item) for item in parts], forest, np.array(x), np.array(y))

    def over_nodes(self, chosen: Array) -> dict[str, Any]:
        """A batch for the tree-LSTM."""
        forest, taken = self.forest.select(chosen)
        return {"x": self.x[taken], "y": self.y[taken], "trees": {"v": forest}}

    def over_positions(self, chosen: Array) -> dict[str, Any]:
        """A batch for the LSTM."""
        lengths = [len(self.texts[number]) for number in chosen]
        x, y = (np.full((max(lengths), len(chosen)), -1) for _ in range(2))
        for place, number in enumerate(chosen):
            x[: lengths[place], place] = self.texts[number]
            y[: lengths[place], place] = self.closing[number]
        return {"x": x, "y": y, "lengths": {"t": lengths}}

    def batch(self, kind: str, chosen: Array) -> dict[str, Any]:
        """A batch for either."""
        return self.over_nodes(chosen) if kind == "tree_lstm" else self.over_positions(chosen)


def batches(lengths: Array, random: np.random.Generator) -> list[Array]:
    """All examples in random batches of like length, so that little is padded."""
    order = np.argsort(lengths + random.uniform(0, 4, len(lengths)))
    parts = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    return [parts[number] for number in random.permutation(len(parts))]


def learn(kind: str, problem: Problem, steps: int | None) -> tuple[rnndsl.Program, dict[str, Any]]:
    """The model and its weights after training."""
    program = rnndsl.load(common.HERE / "listops" / f"{kind}.rnn").compile(k=len(TOKENS), c=10)
    params = program.init(seed=0)
    lengths = np.array([len(text) for text in problem.texts])
    random, adam = np.random.default_rng(0), Adam()
    done, recent = 0, 0.0
    total = steps or EPOCHS * -(-len(lengths) // BATCH)
    with common.bar(kind) as tell:
        while done < total:
            for chosen in batches(lengths, random)[: total - done]:
                loss, grads = program.loss_and_grads(params, **problem.batch(kind, chosen))
                adam.rate = RATE * 0.5 * (1 + np.cos(np.pi * done / total))
                adam.step(params, program.clip(grads))
                done += 1
                recent += (float(loss) - recent) / min(done, 50)
                tell(done / total, f"loss {recent:.3f} an expression")
    return program, params


def right(kind: str, program: rnndsl.Program, params: dict[str, Any], problem: Problem) -> Array:
    """Whether the value of each expression is found."""
    label = "o[root]" if kind == "tree_lstm" else "o[T]"
    found = []
    for start in range(0, len(problem.values), 250):
        chosen = np.arange(start, min(start + 250, len(problem.values)))
        data = problem.batch(kind, chosen)
        found.append(program.forward(params, **data)[label].argmax(1) == problem.values[chosen])
    return np.concatenate(found)


def draw(path: Path, lengths: Array, scores: dict[str, Array]) -> None:
    """The share of right answers by the length of the text."""
    from matplotlib.figure import Figure

    edges = np.array([1, 6, 9, 13, 19, 27, 37, LONGEST + 1])
    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.subplots()
    for kind, score in scores.items():
        shares = [
            score[(lengths >= low) & (lengths < high)].mean()
            for low, high in itertools.pairwise(edges)
        ]
        axes.plot(range(len(shares)), shares, marker="o", label=kind.replace("_", " "))
    axes.set_xticks(
        range(len(edges) - 1),
        [f"{low}–{high - 1}" for low, high in itertools.pairwise(edges)],
    )
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("tokens")
    axes.set_ylabel("right")
    axes.legend()
    figure.savefig(path, dpi=100)


def main(argv: Sequence[str] | None = None) -> None:
    """Both models, the same expressions."""
    options = common.arguments(argv, __doc__)
    count = EXAMPLES if options.steps is None else BATCH * options.steps
    drawn_up = expressions(POOL if options.steps is None else 2 * HELD_OUT, count + HELD_OUT)
    learnt, held_out = Problem.of(drawn_up[HELD_OUT:]), Problem.of(drawn_up[:HELD_OUT])
    scores = {}
    for kind in ("tree_lstm", "flat_lstm"):
        clock = common.Clock()
        scores[kind] = right(kind, *learn(kind, learnt, options.steps), held_out)
        share = scores[kind].mean()
        print(f"{kind:<9} {share:.1%} of {HELD_OUT:,} values are right, {clock}", flush=True)
    lengths = np.array([len(text) for text in held_out.texts])
    draw(options.folder / "listops.png", lengths, scores)


if __name__ == "__main__":
    main()

"""Loss and gradients of a binary tree-LSTM: rnndsl against two programs in PyTorch.

    python3 benchmarks/trees.py --torch /somewhere/bin/python

Random binary trees of 15 to 63 leaves, 32 to a batch, 128 inputs and 128 units, float32. The model
is `tree_lstm_binary` of the gallery at -O2. Its peers (`torch_trees.py`) compute the same in
PyTorch: one node after the other, and all nodes of one height at once. All three start from the
arrays of the forest and of its data, and end with the loss and the gradients of all parameters;
those are compared before anything is timed. The three take turns, so that whatever else the machine
does meets them alike; what is told are medians, and ratios of medians.

PyTorch may live in another environment: `--torch` (or the variable RNNDSL_TORCH) names an
interpreter that has it; without either it is the one that runs this script.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import threads

if __name__ == "__main__":
    threads.limit()

import numpy as np

import rnndsl
from rnndsl import gallery

EXAMPLES, LEAVES, WIDTH, CLASSES = 32, (15, 63), 128, 5
TOLERANCE = 1e-4  # of the largest entry, in float32
Arrays = dict[str, np.ndarray]


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    given = os.environ.get("RNNDSL_TORCH", sys.executable)
    parser.add_argument("--torch", default=given, help="an interpreter that has PyTorch")
    threads.option(parser)
    parser.add_argument("--rounds", type=int, default=20, help="how often each is timed")
    parser.add_argument("--batches", type=int, default=4, help="different forests, in turn")
    return parser.parse_args(argv)


def forest(random: np.random.Generator) -> rnndsl.Forest:
    """Random binary trees: a node with some leaves below it parts them anywhere."""
    rows: list[list[int]] = []
    roots = []
    for leaves in random.integers(LEAVES[0], LEAVES[1] + 1, EXAMPLES).tolist():
        roots.append(len(rows))
        rows.append([-1, -1])
        waiting = [(len(rows) - 1, leaves)]
        while waiting:
            node, many = waiting.pop()
            if many > 1:
                left = int(random.integers(1, many))
                rows[node] = [len(rows), len(rows) + 1]
                waiting += [(len(rows), left), (len(rows) + 1, many - left)]
                rows += [[-1, -1], [-1, -1]]
    return rnndsl.Forest(rows, roots, slots=("left", "right"))


def batch(number: int) -> Arrays:
    """The forest, an input and a target for each node."""
    random = np.random.default_rng(number)
    trees = forest(random)
    return {
        "children": trees.children,
        "roots": trees.roots,
        "x": random.standard_normal((trees.nodes, WIDTH), dtype=np.float32),
        "y": random.integers(0, CLASSES, trees.nodes),
    }


class Ours:
    """The compiled model."""

    def __init__(self) -> None:
        spec = rnndsl.load(gallery.specs()["tree_lstm_binary"])
        self._program = spec.compile(optimize=2, dtype="float32", m=WIDTH, n=WIDTH, k=CLASSES)
        self.params = self._program.init(seed=0)

    def gradients(self, data: Arrays) -> Arrays:
        """Of the parameters, and the loss."""
        trees = {"v": (data["children"], data["roots"])}
        loss, grads = self._program.loss_and_grads(
            self.params, x=data["x"], y=data["y"], trees=trees
        )
        return {**grads, "loss": np.asarray(loss)}

    def seconds(self, data: Arrays) -> float:
        start = time.perf_counter()
        self.gradients(data)
        return time.perf_counter() - start


class Torch:
    """The other interpreter, asked a line at a time."""

    def __init__(self, interpreter: str, folder: Path, threads: int) -> None:
        script = Path(__file__).with_name("torch_trees.py")
        self._folder = folder
        self._process = subprocess.Popen(
            [interpreter, str(script), str(folder), "--threads", str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.version = self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            sys.exit("the interpreter named by --torch did not answer: has it PyTorch?")
        return line.strip()

    def seconds(self, program: str, number: int, task: str = "time") -> float:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{task},{program},{number}\n")
        self._process.stdin.flush()
        return float(self._answer())

    def gradients(self, program: str, number: int) -> Arrays:
        self.seconds(program, number, "gradients")
        with np.load(self._folder / "gradients.npz") as found:
            return dict(found)


def differ(found: Arrays, expected: Arrays) -> float:
    """The largest difference relative to the largest entry of its array."""
    if set(found) != set(expected):
        sys.exit(f"the gradients have other names: {', '.join(set(found) ^ set(expected))}")
    return max(
        float(np.abs(found[key] - item).max() / np.abs(item).max())
        for key, item in expected.items()
    )


def machine() -> str:
    """The processor, as the system calls it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def measure(options: argparse.Namespace, folder: Path) -> None:
    ours, batches = Ours(), [batch(number) for number in range(options.batches)]
    np.savez(folder / "params.npz", **ours.params)
    for number, data in enumerate(batches):
        np.savez(folder / f"batch-{number}.npz", **data)
    torch, peers = Torch(options.torch, folder, options.threads), ("by node", "by height")
    print(f"{machine()}, {options.threads} threads, NumPy {np.__version__}, {torch.version}")

    nodes = [len(data["children"]) for data in batches]
    print(f"{options.batches} batches of {EXAMPLES} trees, {min(nodes)} to {max(nodes)} nodes each")
    for number, data in enumerate(batches):
        for peer in peers:
            apart = differ(ours.gradients(data), torch.gradients(peer, number))
            if apart > TOLERANCE:
                sys.exit(f"batch {number}: gradients differ from PyTorch {peer} by {apart:.1e}")
    print(f"loss and gradients agree, to {TOLERANCE} of the largest entry")

    spent: dict[str, list[float]] = {"rnndsl": [], **{peer: [] for peer in peers}}
    for turn in range(options.rounds):
        number = turn % options.batches
        spent["rnndsl"].append(ours.seconds(batches[number]))
        for peer in peers:
            spent[peer].append(torch.seconds(peer, number))
    own = float(np.median(spent["rnndsl"]))
    for name, times in spent.items():
        median = float(np.median(times))
        shown = name if name == "rnndsl" else f"PyTorch {name}"
        quick, slow = np.percentile(times, (25, 75))
        print(
            f"  {shown:<18} {1000 * median:7.1f} ms (half of them {1000 * quick:.1f} to "
            f"{1000 * slow:.1f})   {median / own:5.2f} times rnndsl"
        )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        measure(arguments(None), Path(place))

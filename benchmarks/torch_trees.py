"""The binary tree-LSTM in PyTorch, twice: node by node, and all nodes of one height at once.

`benchmarks/trees.py` runs it, in an interpreter that has PyTorch (it imports nothing else but
NumPy), and asks for one thing a line: `time,PROGRAM,BATCH`, which is answered with seconds, or
`gradients,PROGRAM,BATCH`, which leaves them in a file as well. What is timed starts from the arrays
`children` and `roots` alone and ends with the gradients of all parameters.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, linear

Arrays = dict[str, np.ndarray]
LEAF_GATES, GATES = ("i", "", "o"), ("i", "", "o", "l", "r")  # "": what is let in


def named(letter: str, gate: str) -> str:
    """`U_i`, and `U` for what is let in."""
    return f"{letter}_{gate}".rstrip("_")


class Weights:
    """The spec's parameters, in one matrix for leaves and one for the others."""

    def __init__(self, params: Arrays) -> None:
        def tensor(array: np.ndarray) -> Tensor:
            return torch.tensor(array, requires_grad=True)

        self.leaf = tensor(np.concatenate([params[named("U", gate)] for gate in LEAF_GATES]))
        both = [np.hstack([params[named(side, gate)] for side in "LR"]) for gate in GATES]
        self.inner = tensor(np.concatenate(both))
        self.bias = tensor(np.concatenate([params[named("b", gate)] for gate in GATES]))
        self.out, self.out_bias = tensor(params["V"]), tensor(params["c"])
        self.m = len(params["b"])

    @property
    def all(self) -> list[Tensor]:
        return [self.leaf, self.inner, self.bias, self.out, self.out_bias]

    def gradients(self, loss: Tensor) -> Arrays:
        """By the names of the spec."""
        found = [item.numpy() for item in torch.autograd.grad(loss, self.all)]
        leaf, inner, bias, out, out_bias = found
        grads = {"V": out, "c": out_bias, "loss": loss.detach().numpy()}
        for place, gate in enumerate(GATES):
            rows = slice(place * self.m, (place + 1) * self.m)
            grads[named("b", gate)] = bias[rows]
            grads[named("L", gate)], grads[named("R", gate)] = np.split(inner[rows], 2, axis=1)
            if gate in LEAF_GATES:
                grads[named("U", gate)] = leaf[rows]
        return grads

    def at_leaf(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """State and cell of leaves."""
        i, new, q = linear(x, self.leaf, self.bias[: 3 * self.m]).chunk(3, -1)
        s = torch.sigmoid(i) * torch.tanh(new)
        return torch.sigmoid(q) * torch.tanh(s), s

    def at_node(self, h: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
        """State and cell of nodes from those of their two children, (…, 2 m) and (…, 2, m)."""
        both = linear(h, self.inner, self.bias)
        i, new, q, f = both.split((self.m, self.m, self.m, 2 * self.m), -1)
        s = torch.sigmoid(i) * torch.tanh(new) + (torch.sigmoid(f).view(s.shape) * s).sum(-2)
        return torch.sigmoid(q) * torch.tanh(s), s

    def score(self, h: Tensor, y: Tensor, examples: int) -> Tensor:
        """The sum over nodes, the mean over examples."""
        o = linear(h, self.out, self.out_bias)
        return cross_entropy(o, y, ignore_index=-1, reduction="sum") / examples


def by_node(weights: Weights, batch: Arrays) -> Tensor:
    """One node after the other, as one writes it first."""
    x, y = torch.from_numpy(batch["x"]), torch.from_numpy(batch["y"])
    children, roots = batch["children"].tolist(), batch["roots"].tolist()
    order, waiting = [], list(roots)
    while waiting:
        node = waiting.pop()
        order.append(node)
        waiting.extend(child for child in children[node] if child >= 0)
    h: list[Tensor] = [x[0]] * len(children)
    s = list(h)
    for node in reversed(order):
        left, right = children[node]
        if left < 0:
            h[node], s[node] = weights.at_leaf(x[node])
        else:
            below = torch.cat((h[left], h[right])), torch.stack((s[left], s[right]))
            h[node], s[node] = weights.at_node(*below)
    return weights.score(torch.stack(h), y, len(roots))


def heights(children: np.ndarray) -> np.ndarray:
    """The height of each node, leaves 0."""
    found = np.where(children[:, 0] < 0, 0, -1)
    height = 0
    while (found < 0).any():
        height += 1
        ready = np.flatnonzero((found < 0) & (found[children] >= 0).all(axis=1))
        found[ready] = height
    return found


def by_height(weights: Weights, batch: Arrays) -> Tensor:
    """All nodes of one height at once: sorted by height, each height a slice of one array."""
    height = heights(batch["children"])
    order = np.argsort(height, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    children = torch.from_numpy(place[batch["children"][order]])
    x, y = torch.from_numpy(batch["x"]), torch.from_numpy(batch["y"][order])
    ends = np.cumsum(np.bincount(height)).tolist()
    state, cell = weights.at_leaf(x[torch.from_numpy(order[: ends[0]])])
    h, s = (torch.zeros(len(order), weights.m) for _ in range(2))
    h[: ends[0]], s[: ends[0]] = state, cell
    for start, end in itertools.pairwise(ends):
        below = children[start:end]
        h[start:end], s[start:end] = weights.at_node(h[below].flatten(1), s[below])
    return weights.score(h, y, len(batch["roots"]))


PROGRAMS: dict[str, Callable[[Weights, Arrays], Tensor]] = {
    "by node": by_node,
    "by height": by_height,
}


def main() -> None:
    """Do what the lines of the standard input ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="`params.npz`, and a `.npz` for each batch")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    weights = Weights(dict(np.load(options.folder / "params.npz")))
    batches: dict[str, Arrays] = {}
    print(f"PyTorch {torch.__version__}", flush=True)
    for line in sys.stdin:
        task, program, number = line.strip().split(",")
        if number not in batches:
            batches[number] = dict(np.load(options.folder / f"batch-{number}.npz"))
        start = time.perf_counter()
        grads = weights.gradients(PROGRAMS[program](weights, batches[number]))
        spent = time.perf_counter() - start
        if task == "gradients":
            np.savez(options.folder / "gradients.npz", **grads)
        print(spent, flush=True)


if __name__ == "__main__":
    main()

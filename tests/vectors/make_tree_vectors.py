"""Makes `tree_lstm_binary.npz` and `tree_lstm_child_sum.npz`: tree-LSTMs by hand in PyTorch.

Run once with torch 2.13.0 (CPU), never by the tests:

    somewhere/bin/python tests/vectors/make_tree_vectors.py

One tree after the other, one node after the other, as the equations of Tai, Socher and Manning
(2015) read; nothing is batched but the arrays that are written. The files hold what
`make_torch_vectors.py` says, and `children` and `roots` for its lengths. The nodes of all trees are
numbered at random.
"""

from __future__ import annotations

import random

import torch
from make_torch_vectors import Tensors, write
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

INPUTS, STATES, CLASSES = 2, 3, 5
GATES = ("i", "o", "l", "r")
Tree = tuple["Tree | None", ...]
State = tuple[Tensor, Tensor]
LEAF: Tree = ()


def drawn(**shapes: tuple[int, ...]) -> nn.ParameterDict:
    """Parameters with standard deviation 0.6."""
    return nn.ParameterDict({name: 0.6 * torch.randn(*shape) for name, shape in shapes.items()})


def chain(length: int) -> Tree:
    """One node above the other."""
    return (chain(length - 1),) if length > 1 else LEAF


def comb(leaves: int, *, left: bool) -> Tree:
    """Every right child a leaf, or every left one."""
    if leaves == 1:
        return LEAF
    rest = comb(leaves - 1, left=left)
    return (rest, LEAF) if left else (LEAF, rest)


def binary(leaves: int) -> Tree:
    """A random binary tree."""
    if leaves == 1:
        return LEAF
    first = random.randint(1, leaves - 1)
    return (binary(first), binary(leaves - first))


def ragged(nodes: int) -> Tree:
    """A random tree with any numbers of children."""
    parts, nodes = [], nodes - 1
    while nodes:
        parts.append(ragged(random.randint(1, nodes)))
        nodes -= size(parts[-1])
    return tuple(parts)


def size(tree: Tree) -> int:
    """How many nodes."""
    return 1 + sum(size(child) for child in tree if child is not None)


class Numbered:
    """A forest with numbers at random, and the children and roots that they make."""

    def __init__(self, trees: list[Tree]) -> None:
        total = sum(map(size, trees))
        self._numbers = random.sample(range(total), total)
        self.rows: dict[int, list[int]] = {}
        self.roots = [self._number(tree) for tree in trees]
        self.width = max(map(len, self.rows.values()))

    def _number(self, tree: Tree) -> int:
        node = self._numbers.pop()
        self.rows[node] = [-1 if child is None else self._number(child) for child in tree]
        return node

    def arrays(self) -> Tensors:
        """`children` (nodes, slots) and `roots`."""
        rows = [self.rows[node] for node in sorted(self.rows)]
        padded = [row + [-1] * (self.width - len(row)) for row in rows]
        return {"children": torch.tensor(padded), "roots": torch.tensor(self.roots)}


def binary_cell(p: nn.ParameterDict, x: Tensor, below: list[State | None]) -> State:
    """The state of a node and of its cell, (h, s)."""
    if not below:
        s = torch.sigmoid(p["b_i"] + p["U_i"] @ x) * torch.tanh(p["b"] + p["U"] @ x)
        return torch.sigmoid(p["b_o"] + p["U_o"] @ x) * torch.tanh(s), s
    none = (torch.zeros(STATES), torch.zeros(STATES))
    (h_l, s_l), (h_r, s_r) = (none if state is None else state for state in below)
    i, q, f_l, f_r = (
        torch.sigmoid(p[f"b_{g}"] + p[f"L_{g}"] @ h_l + p[f"R_{g}"] @ h_r) for g in GATES
    )
    s = i * torch.tanh(p["b"] + p["L"] @ h_l + p["R"] @ h_r) + f_l * s_l + f_r * s_r
    return q * torch.tanh(s), s


def sum_cell(p: nn.ParameterDict, x: Tensor, below: list[State | None]) -> State:
    """The same where all children are summed."""
    states = [state for state in below if state is not None]
    total = sum((h for h, _ in states), torch.zeros(STATES))
    i, q = (torch.sigmoid(p[f"b_{g}"] + p[f"U_{g}"] @ x + p[f"W_{g}"] @ total) for g in "io")
    s = i * torch.tanh(p["b"] + p["U"] @ x + p["W"] @ total)
    for h, cell in states:
        s = s + torch.sigmoid(p["b_f"] + p["U_f"] @ x + p["W_f"] @ h) * cell
    return q * torch.tanh(s), s


def make(name: str, p: nn.ParameterDict, trees: list[Tree]) -> None:
    """One file."""
    forest = Numbered(trees)
    count = len(forest.rows)
    x = torch.randn(count, INPUTS).requires_grad_()
    y = torch.randint(CLASSES, (count,))
    y[forest.roots[1]] = -1
    cell = binary_cell if "L" in p else sum_cell
    states: dict[int, State] = {}

    def visit(node: int) -> Tensor:
        """The loss of a node and of all below it."""
        children = forest.rows[node]
        loss = sum((visit(child) for child in children if child >= 0), torch.zeros(()))
        below = [None if child < 0 else states[child] for child in children]
        states[node] = cell(p, x[node], below)
        if y[node] >= 0:
            loss = loss + cross_entropy(p["c"] + p["V"] @ states[node][0], y[node])
        return loss

    loss = sum((visit(root) for root in forest.roots), torch.zeros(())) / len(trees)
    h, s = (torch.stack([states[node][part] for node in range(count)]) for part in (0, 1))
    values = {"h": h, "s": s, "o": p["c"] + h @ p["V"].T}
    values |= {"h[root]": h[forest.roots]}
    write(name, p, {"x": x, "y": y}, values, loss, {}, **forest.arrays())


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    into, square, vector = (STATES, INPUTS), (STATES, STATES), (STATES,)
    out = {"V": (CLASSES, STATES), "c": (CLASSES,)}
    letters = {"U": into, "L": square, "R": square, "b": vector}
    named = {f"{key}_{g}": shape for g in GATES for key, shape in letters.items()}
    del named["U_l"], named["U_r"]
    torch.manual_seed(21)
    random.seed(21)
    trees = [comb(4, left=True), LEAF, binary(6), comb(3, left=False), (LEAF, None), binary(2)]
    trees.append((None, (binary(3), (None, LEAF))))
    make("tree_lstm_binary", drawn(**letters, **named, **out), trees)

    letters = {"U": into, "W": square, "b": vector}
    named = {f"{key}_{g}": shape for g in "ifo" for key, shape in letters.items()}
    torch.manual_seed(22)
    random.seed(22)
    trees = [ragged(9), LEAF, chain(5), (LEAF,) * 6, ragged(4), (chain(3), LEAF, (LEAF, LEAF))]
    make("tree_lstm_child_sum", drawn(**letters, **named, **out), trees)

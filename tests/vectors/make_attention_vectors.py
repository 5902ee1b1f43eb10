"""Makes `encoder_decoder.npz` and `attention.npz`: two models written out by hand in PyTorch.

Run once with torch 2.13.0 (CPU), never by the tests:

    somewhere/bin/python tests/vectors/make_attention_vectors.py

One example after the other, one position after the other, as the equations of Bahdanau, Cho and
Bengio (2015) read with plain units; nothing is padded, masked or batched but the arrays that are
written. The file holds what `make_torch_vectors.py` says, and lengths for each of two axes.
"""

from __future__ import annotations

import torch
from make_torch_vectors import Tensors, write
from torch import Tensor, nn

WORDS_IN, WORDS_OUT, STATES, QUERY = 6, 5, 4, 3
ENDS_IN, ENDS_OUT = (3, 5, 1), (4, 2, 3)


def drawn(**shapes: tuple[int, ...]) -> nn.ParameterDict:
    """Parameters with standard deviation 0.6."""
    return nn.ParameterDict({name: 0.6 * torch.randn(*shape) for name, shape in shapes.items()})


def row(table: Tensor, word: int) -> Tensor:
    """An embedding; zeros for no word (-1)."""
    return table[word] if word >= 0 else torch.zeros(table.shape[1])


def encode(p: nn.ParameterDict, words: list[int]) -> list[Tensor]:
    """The encoder's state after each word."""
    states, h = [], torch.zeros(STATES)
    for word in words:
        h = torch.tanh(p["p"] + p["W"] @ h + row(p["E"], word))
        states.append(h)
    return states


def attend(p: nn.ParameterDict, s: Tensor, states: list[Tensor]) -> tuple[Tensor, Tensor]:
    """What the decoder in state s sees, and how much it looks at each of the states."""
    scores = [p["v"] @ torch.tanh(p["A"] @ s + p["B"] @ h) for h in states]
    weights = torch.softmax(torch.stack(scores), 0)
    seen = torch.zeros(STATES)
    for weight, h in zip(weights, states, strict=True):
        seen = seen + weight * h
    return seen, weights


def example(p: nn.ParameterDict, x: list[int], y: list[int]) -> tuple[Tensor, Tensors]:
    """Loss and values of one example, the teacher's word read at each step."""
    states = encode(p, x)
    s = torch.tanh(p["r"] + p["G"] @ states[-1])
    loss, word = torch.zeros(()), -1
    logits, looks = [], []
    for target in y:
        seen = states[-1]
        if "A" in p:
            seen, weights = attend(p, s, states)
            looks.append(weights)
        s = torch.tanh(p["f"] + p["R"] @ s + row(p["F"], word) + p["L"] @ seen)
        o = p["c"] + p["V"] @ s
        if target >= 0:
            loss = loss + torch.logsumexp(o, 0) - o[target]
        logits.append(o)
        word = target
    values = {"h": torch.stack(states), "o": torch.stack(logits), "s[n_y]": s}
    return loss, values | ({"alpha": torch.stack(looks)} if looks else {})


def padded(each: list[Tensor], axes: int) -> Tensor:
    """The examples' arrays side by side behind their axes, 0 where one has no position."""
    ends = [max(item.shape[axis] for item in each) for axis in range(axes)]
    found = torch.zeros(*ends, len(each), *each[0].shape[axes:])
    for number, item in enumerate(each):
        found[(*(slice(end) for end in item.shape[:axes]), number)] = item
    return found


def make(name: str, p: nn.ParameterDict) -> None:
    """One file."""
    longest_in, longest_out, count = max(ENDS_IN), max(ENDS_OUT), len(ENDS_IN)
    x = torch.randint(WORDS_IN, (longest_in, count))
    y = torch.randint(WORDS_OUT, (longest_out, count))
    y[1, 0] = -1
    loss, found = torch.zeros(()), []
    for number, (end_in, end_out) in enumerate(zip(ENDS_IN, ENDS_OUT, strict=True)):
        own, values = example(p, x[:end_in, number].tolist(), y[:end_out, number].tolist())
        loss = loss + own / count
        found.append(values)
    axes = {"h": 1, "o": 1, "s[n_y]": 0, "alpha": 2}
    values = {key: padded([item[key] for item in found], axes[key]) for key in found[0]}
    write(name, p, {"x": x, "y": y}, values, loss, {"i": ENDS_IN, "j": ENDS_OUT})


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    vector, square = (STATES,), (STATES, STATES)
    both = {
        "E": (WORDS_IN, STATES), "W": square, "p": vector,
        "F": (WORDS_OUT, STATES), "R": square, "L": square, "G": square, "r": vector, "f": vector,
        "V": (WORDS_OUT, STATES), "c": (WORDS_OUT,),
    }  # fmt: skip
    more = {"A": (QUERY, STATES), "B": (QUERY, STATES), "v": (QUERY,)}
    torch.manual_seed(11)
    make("encoder_decoder", drawn(**both))
    torch.manual_seed(12)
    make("attention", drawn(**both, **more))

"""The committed vectors, and how the parameters of the specs follow from PyTorch's.

PyTorch stacks the gates of a layer in one matrix (LSTM: i, f, g, o; GRU: r, z, n) and keeps two
biases; the specs name one matrix a gate and have the sum of the biases, but for the GRU's `n`.
Layers are a fixed axis of the specs. Models written out by hand have the names of their specs,
which are the gallery's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rnndsl.gallery import specs

FOLDER = Path(__file__).parent
LAYERS = ("lstm", "gru", "rnn", "bilstm", "lstm2", "bigru2")
BY_HAND = {
    "encoder_decoder": "o[j], h[i], s[n_y]",
    "attention": "o[j], h[i], s[n_y], alpha[j,i]",
}
"""Specs of the gallery, with what they hand out here."""
TREES = {
    "tree_lstm_binary": "h[v], s[v], o[v], h[root]",
    "tree_lstm_child_sum": "h[v], s[v], o[v], h[root]",
}
"""The same over trees."""
NAMES = (*LAYERS, *BY_HAND)
SIZES = {"n": 3, "m": 5, "k": 7}
MORE_SIZES = {
    "rnn": {"v": 8},
    "lstm2": {"L": 2},
    "bigru2": {"L": 2, "m": 2},
}
Arrays = dict[str, np.ndarray]


class Part(NamedTuple):
    """One of the `blocks` that PyTorch stacks in the parameter `name`."""

    name: str
    block: int = 0
    blocks: int = 1

    def of(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        """This block of PyTorch's parameters, or of their gradients."""
        return np.split(arrays[self.name], self.blocks)[self.block]

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that it is in."""
        return (self.name,)


class Stack(NamedTuple):
    """The parts of several layers, one after the other along a fixed axis."""

    parts: tuple[Part, ...]

    def of(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        """These blocks of PyTorch's parameters, or of their gradients."""
        return np.stack([part.of(arrays) for part in self.parts])

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that it is in."""
        return tuple(part.name for part in self.parts)


Mapped = dict[str, tuple[Part | Stack, ...]]  # our parameter is the sum of PyTorch's parts


def layer(name: str, letters: str, gates: str = "") -> Mapped:
    """The parameters of one layer in PyTorch's order of gates; its two biases are added up."""
    mapped: Mapped = {}
    x, h, bias = letters
    for number, gate in enumerate(gates or " "):
        place, end = (number, len(gates) or 1), f"_{gate}".rstrip("_ ")
        mapped[x + end] = (Part(f"rnn.weight_ih_{name}", *place),)
        mapped[h + end] = (Part(f"rnn.weight_hh_{name}", *place),)
        mapped[bias + end] = (
            Part(f"rnn.bias_ih_{name}", *place),
            Part(f"rnn.bias_hh_{name}", *place),
        )
    return mapped


def gru_layer(name: str, letters: str, gates: str) -> Mapped:
    """The same for a GRU, whose `n` keeps its two biases; the last letter is for the second."""
    first, second = Part(f"rnn.bias_ih_{name}", 2, 3), Part(f"rnn.bias_hh_{name}", 2, 3)
    inside: Mapped = {f"{letters[2]}_n": (first,), f"{letters[3]}_n": (second,)}
    return layer(name, letters[:3], gates) | inside


def stacked(*layers: Mapped) -> Mapped:
    """The parameters of several layers, one after the other."""
    return {
        key: tuple(Stack(parts) for parts in zip(*(one[key] for one in layers), strict=True))
        for key in layers[0]
    }


def mapping(name: str, gates: str | None = None) -> Mapped:
    """How the parameters of the spec `name` follow from PyTorch's."""
    if name in BY_HAND:
        return {key: (Part(key),) for key in vectors(name)["param"]}
    out: Mapped = {"V": (Part("out.weight"),), "c": (Part("out.bias"),)}
    if name == "lstm":
        return layer("l0", "UWb", gates or "ifgo") | out
    if name == "gru":
        return gru_layer("l0", "UWbd", gates or "rzn") | out
    into: Mapped = {"P": (Part("into.weight"),)}
    if name == "lstm2":
        return stacked(*(layer(at, "UWb", gates or "ifgo") for at in ("l0", "l1"))) | into | out
    if name == "bigru2":
        ahead = [gru_layer(at, "UWbd", gates or "rzn") for at in ("l0", "l1")]
        back = [gru_layer(f"{at}_reverse", "QRef", gates or "rzn") for at in ("l0", "l1")]
        return stacked(*ahead) | stacked(*back) | into | out
    if name == "rnn":
        return layer("l0", "UWb") | layer("l1", "QRd") | {"E": (Part("embedding.weight"),)} | out
    both = layer("l0", "UWb", gates or "ifgo") | layer("l0_reverse", "PRd", gates or "ifgo")
    heads = {"V": Part("hidden.weight"), "c": Part("hidden.bias"), "S": Part("cell.weight")}
    return both | {key: (part,) for key, part in heads.items()}


@cache
def vectors(name: str) -> dict[str, Arrays]:
    """The committed arrays by what they are: `param`, `data`, `value`, `grad`, …"""
    groups: dict[str, Arrays] = {}
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as file:
        for key in file.files:
            group, _, rest = key.partition("/")
            groups.setdefault(group, {})[rest] = file[key]
    return groups


def spec(name: str) -> str:
    """The spec's text; of one of the gallery's without defaults of sizes, with other outputs."""
    shown = BY_HAND | TREES
    if name not in shown:
        return (FOLDER / f"{name}.rnn").read_text(encoding="ascii")
    text = specs()[name].read_text(encoding="ascii")
    text = re.sub(r"^size .*$", lambda m: re.sub(r" = \d+", "", m[0]), text, flags=re.MULTILINE)
    return re.sub(r"^output .*$", f"output {shown[name]}", text, flags=re.MULTILINE)


def parameters(name: str, mapped: Mapped) -> Arrays:
    """The spec's parameters."""
    given = vectors(name)["param"]
    return {
        key: np.sum([part.of(given) for part in parts], axis=0) for key, parts in mapped.items()
    }


def sizes(name: str) -> dict[str, int]:
    """The spec's sizes."""
    if name in BY_HAND:
        return {"a": 6, "b": 5, "m": 4} | ({"q": 3} if name == "attention" else {})
    return SIZES | MORE_SIZES.get(name, {})


def lengths(name: str) -> Arrays:
    """How many positions each example has, by axis."""
    return {axis or "t": ends for axis, ends in vectors(name)["lengths"].items()}

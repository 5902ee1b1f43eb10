"""The committed vectors, and how the parameters of the specs follow from PyTorch's.

PyTorch stacks the gates of a layer in one matrix (LSTM: i, f, g, o; GRU: r, z, n) and keeps two
biases; the specs name one matrix a gate and have the sum of the biases, but for the GRU's `n`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

FOLDER = Path(__file__).parent
NAMES = ("lstm", "gru", "rnn", "bilstm")
SIZES = {"n": 3, "m": 5, "k": 7}
Arrays = dict[str, np.ndarray]


class Part(NamedTuple):
    """One of the `blocks` that PyTorch stacks in the parameter `name`."""

    name: str
    block: int = 0
    blocks: int = 1

    def of(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        """This block of PyTorch's parameters, or of their gradients."""
        return np.split(arrays[self.name], self.blocks)[self.block]


Mapped = dict[str, tuple[Part, ...]]  # our parameter is the sum of PyTorch's parts


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


def mapping(name: str, gates: str | None = None) -> Mapped:
    """How the parameters of the spec `name` follow from PyTorch's."""
    out: Mapped = {"V": (Part("out.weight"),), "c": (Part("out.bias"),)}
    if name == "lstm":
        return layer("l0", "UWb", gates or "ifgo") | out
    if name == "gru":
        inside: Mapped = {
            "b_n": (Part("rnn.bias_ih_l0", 2, 3),),
            "d_n": (Part("rnn.bias_hh_l0", 2, 3),),
        }
        return layer("l0", "UWb", gates or "rzn") | inside | out
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
    """The spec's text."""
    return (FOLDER / f"{name}.rnn").read_text(encoding="ascii")


def parameters(name: str, mapped: Mapped) -> Arrays:
    """The spec's parameters."""
    given = vectors(name)["param"]
    return {
        key: np.sum([part.of(given) for part in parts], axis=0) for key, parts in mapped.items()
    }


def sizes(name: str) -> dict[str, int]:
    """The spec's sizes."""
    return SIZES | {"v": 8} if name == "rnn" else SIZES


def lengths(name: str) -> Arrays:
    """How many steps each example has."""
    return {"t": vectors(name)["lengths"][""]}

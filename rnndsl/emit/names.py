"""Names in generated code: those of the spec where they can be, words for what has none."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable

from rnndsl.graph.node import Node
from rnndsl.model.dims import Dim

FIXED = (
    "np",
    "DTYPE",
    "B",
    "live",
    "lengths",
    "examples",
    "positions",
    "state",
    "seed",
    "forcing",
    "training",
    "scale",
    "clip",
    "run",
    "work",
    "kept",
    "params",
    "data",
    "inputs",
    "grads",
    "outputs",
    "cotangents",
)
WORDS = {"mul": "scaled", "add": "sum", "sub": "gap", "div": "ratio", "where": "chosen"}
_PLAIN = str.maketrans({".": "_", "[": "_", "]": ""})
LETTERS = "bcdefghijklmnopqrstuvwxyz"


class Names:
    """Hands out names, each once; the spec's own come first and keep theirs."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {*FIXED, *keyword.kwlist, *keyword.softkwlist, *dir(builtins), *taken}
        self._given: dict[object, str] = {}

    def of(self, key: object, wish: str) -> str:
        """The name of something: what is wished for, or the nearest that is free."""
        if key not in self._given:
            self._given[key] = self._free(wish)
        return self._given[key]

    def _free(self, wish: str) -> str:
        name = wish
        if name in self._taken:
            name = f"{wish}_"
        suffixes = iter(f"{a}{b}" for a in ("", *LETTERS) for b in LETTERS)
        while name in self._taken:
            name = f"{wish}_{next(suffixes)}"
        self._taken.add(name)
        return name

    def given_with(self, start: tuple[str, ...]) -> list[tuple[str, str]]:
        """What was named under keys that begin so: the last part of the key, and the name."""
        found = self._given.items()
        return [(key[-1], name) for key, name in found
                if isinstance(key, tuple) and key[: len(start)] == start]  # fmt: skip

    def copy(self) -> Names:
        """The same names given and taken; what follows is apart."""
        other = Names()
        other._taken, other._given = set(self._taken), dict(self._given)
        return other


def wish(node: Node, names: dict[Node, str]) -> str:
    """A telling name for a node that the spec does not name."""
    if node.name:
        return node.name.replace(".", "_")
    origin = node.origin.replace("d ", "d_").translate(_PLAIN) or "all"
    if node.op in ("matvec", "vecmat", "matmat", "outer"):
        known = [names.get(item) or item.name.replace(".", "_") for item in node.inputs]
        if all(known):
            return "_".join(known)
    return f"{origin}_{WORDS.get(node.op, node.op)}"


def view_name(base: str, shift: Node, is_flow: bool) -> str:
    """`h_prev` for `h[t-1]`, `h_next` for `h[t+1]`, `h_back_d` for `h[t-d]`.

    What flows back from a later step is called so: `d_h_later`. Where there are several
    indices, those that move are named: `e_prev_i`.
    """
    several = len(shift.over) > 1
    words = [
        _moved(by, is_flow) + (f"_{index}" if several else "") for index, by in shift.attrs["by"]
    ]
    return "_".join([base, *words])


def _moved(by: Dim, is_flow: bool) -> str:
    text = str(by if (by.least or 0) > 0 else -by)
    words = text.replace(" + ", "_plus_").replace(" - ", "_minus_")
    size = "".join(char if char.isalnum() else "_" for char in words)
    ahead = (by.least or 0) > 0
    if is_flow:
        word = "later" if ahead else "earlier"
        return word if text == "1" else f"{word}_{size}"
    if text == "1":
        return "next" if ahead else "prev"
    return f"ahead_{size}" if ahead else f"back_{size}"

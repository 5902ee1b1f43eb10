"""Trained weights for a generated module: inside it, as numbers, or in a file beside it.

The module gets a function `trained()` beside its `init`; it still needs nothing but NumPy.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Params = Mapping[str, npt.NDArray[Any]]
SMALL = 2_000  # numbers: about as many lines as the code has
WIDTH = 96
_MARK = "# ---- As a script"
_BESIDE = '''
def trained():
    """The trained parameters by name, from the .npz file beside this one."""
    with np.load(__file__.rpartition(".")[0] + ".npz") as found:
        return {name: found[name].astype(DTYPE) for name in found.files}
'''
_INSIDE = '''
def trained():
    """The trained parameters by name."""
    return {
        name: np.array(text.split(), float).astype(DTYPE).reshape(shape)
        for name, (shape, text) in _TRAINED.items()
    }
'''


def is_small(params: Params) -> bool:
    """Whether weights are few enough to stand in the code."""
    return sum(np.size(value) for value in params.values()) <= SMALL


def carrying(source: str, params: Params | None, alphabet: str | None) -> str:
    """Generated code with the weights inside, or for `params` None with those in a file beside.

    A model of a text carries its alphabet along: the character of each token.
    """
    lines = ["# ---- The trained parameters ".ljust(WIDTH, "-"), ""]
    if alphabet is not None:
        lines += ["", f"ALPHABET = {alphabet!a}  # the character of each token"]
    if params is not None:
        lines += ["", "_TRAINED = {", *map(_literal, params, params.values()), "}", ""]
    lines.append(_BESIDE if params is None else _INSIDE)
    before, mark, after = source.partition(_MARK)
    added = "\n".join(lines)
    return f"{before}{added}\n\n{mark}{after}"


def beside(params: Params, dtype: str) -> bytes:
    """The file of the weights: `.npz`, one array a name."""
    file = io.BytesIO()
    np.savez(file, **{name: np.asarray(value, dtype) for name, value in params.items()})  # type: ignore[arg-type]
    return file.getvalue()


def _literal(name: str, value: npt.NDArray[Any]) -> str:
    """A shape and the numbers, each with all its digits."""
    numbers = " ".join(repr(float(item)) for item in np.ravel(value))
    text = textwrap.fill(numbers, WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 8)
    return f'    "{name}": ({tuple(np.shape(value))}, """\n{text}\n    """),'

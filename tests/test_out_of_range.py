"""Tokens and positions that there are not: a code of their own, and the words."""

from __future__ import annotations

import numpy as np
import pytest

import rnndsl

SPEC = """
axis t = 1..T
size k = 3, m = 2
input w[t]: token(k), p: position(t)
param E
h[t]: m = tanh(E[w[t]] + h[t-1])
output h[t], h[p]
"""


@pytest.mark.parametrize(
    ("w", "p", "words"),
    [
        ([[3], [0]], [1], "'w' holds the token 3; expected 0 to 2, or -1 for none"),
        ([[-2], [0]], [1], "'w' holds the token -2; expected 0 to 2, or -1 for none"),
        ([[0], [0]], [3], "'p' holds the position 3; expected 1 to 2, or 0 for none"),
    ],
)
def test_out_of_range(w: list[list[int]], p: list[int], words: str) -> None:
    program = rnndsl.parse(SPEC).compile()
    with pytest.raises(rnndsl.DataError) as caught:
        program.forward(program.init(), w=np.array(w), p=np.array(p))
    assert (str(caught.value), caught.value.code) == (words, "RNN404")


def test_other_faults_of_data_keep_theirs() -> None:
    program = rnndsl.parse(SPEC).compile()
    with pytest.raises(rnndsl.DataError) as caught:
        program.forward(program.init(), w=np.array([[0.5]]), p=np.array([1]))
    assert caught.value.code == "RNN401"

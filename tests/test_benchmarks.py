"""The benchmarks: what they time is what they say. Nothing is timed here, and no peer is needed."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import trees


def test_random_binary_trees() -> None:
    forest = trees.forest(np.random.default_rng(0))
    assert len(forest) == trees.EXAMPLES
    is_leaf = (forest.children < 0).all(axis=1)
    assert np.array_equal(is_leaf, (forest.children < 0).any(axis=1))
    leaves = np.bincount(forest.examples[is_leaf])
    assert trees.LEAVES[0] <= leaves.min() < leaves.max() <= trees.LEAVES[1]


def test_gradients_are_compared_by_name_and_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "EXAMPLES", 2)
    monkeypatch.setattr(trees, "WIDTH", 4)
    grads = trees.Ours().gradients(trees.batch(0))
    assert trees.differ(grads, grads) == 0
    wrong = {**grads, "L_l": grads["L_l"] + 0.01 * np.abs(grads["L_l"]).max()}
    assert trees.differ(wrong, grads) == pytest.approx(0.01, rel=1e-3)
    del wrong["L_l"]
    with pytest.raises(SystemExit, match="other names: L_l"):
        trees.differ(wrong, grads)

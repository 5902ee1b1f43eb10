"""Models over trees: every level against the interpreter, on forests of every form."""

from __future__ import annotations

import numpy as np
import pytest

from rnndsl.driver import load, parse
from rnndsl.gallery import specs
from rnndsl.graph.causality import modes
from rnndsl.model.model import Model
from tests.agreement import agree
from tests.sample import sampled
from tests.zoo_trees import MODELS, Forest, chain, full, random_forest, star


def forest(form: str, slots: int) -> Forest:
    """A forest of a form, for named children or any number of them."""
    rng = np.random.default_rng(7)
    match form:
        case "chain":
            return chain(slots or 1, 5)
        case "star":
            return star(5) if not slots else random_forest(rng, slots, (slots + 1,))
        case "single":
            return random_forest(rng, slots or 3, (1,))
        case "full" if slots == 2:
            return full(rng, 4)
    return random_forest(rng, slots or 3, (6, 1, 4, 2))


GALLERY = ("recursive_network", "tree_lstm_binary", "tree_lstm_child_sum",
           "tree_over_bidirectional", "tree_top_down")  # fmt: skip
FORMS = ("ragged", "chain", "star", "single", "full")


def held(model: Model, form: str, entries: bool) -> None:
    """All modes of a model over a forest of some form, with the gradient of every entry."""
    trees = {"v": forest(form, len(model.axes["v"].slots))}
    lengths = (6, 1, 4, 2)[: len(trees["v"][1])]
    for mode in modes(model):
        agree(model, mode=mode, lengths=lengths, trees=trees, entries=entries)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", sampled(GALLERY, {"recursive_network"}))
def test_the_gallery(name: str, form: str) -> None:
    held(load(specs()[name]), form, entries=True)


@pytest.mark.parametrize("name", list(MODELS))
@pytest.mark.parametrize("form", FORMS)
def test_every_construct(name: str, form: str) -> None:
    held(parse(MODELS[name]), form, entries=False)

"""Every level against the interpreter: values to 1e-12, gradients to 1e-10, in every mode."""

from __future__ import annotations

import pytest

from rnndsl.driver import load, parse
from rnndsl.gallery import specs
from rnndsl.graph.causality import modes
from tests import zoo
from tests.agreement import agree
from tests.sample import SAMPLE

GIVEN = {"memory": {"s": 3}}
SPECS = {name: load(path) for name, path in specs().items()}
MODELS = {name: parse(text, name) for name, text in (zoo.MODELS | zoo.AXES).items()}


def marks(name: str) -> list:
    """Specs beyond the sample, and the slowest of the zoo, are for the long suite."""
    is_quick = (name in MODELS or name in SAMPLE) and name not in ("memory", "fixed_within")
    return [] if is_quick else [pytest.mark.long]


def cases(models: dict) -> list:
    """Each model in each of its modes."""
    return [
        pytest.param(name, mode, id=f"{name}-{mode}", marks=marks(name))
        for name, model in models.items()
        for mode in modes(model)
    ]


@pytest.mark.parametrize(("name", "mode"), cases(SPECS))
def test_the_gallery(name: str, mode: str) -> None:
    agree(SPECS[name], mode=mode, entries=False)


@pytest.mark.parametrize(("name", "mode"), cases(MODELS))
def test_every_construct(name: str, mode: str) -> None:
    agree(MODELS[name], mode=mode, **GIVEN.get(name, {}))


@pytest.mark.parametrize("name", ["delay_by_size", "both_directions", "delays", "backwards_far"])
@pytest.mark.parametrize("lengths", [(1,), (1, 1, 2), (3, 3), (9, 1, 8)])
def test_lengths_around_the_longest_delay(name: str, lengths: tuple[int, ...]) -> None:
    agree(MODELS[name], lengths=lengths, levels=(0, 1, 2))


def test_the_zoo_holds_every_function() -> None:
    from rnndsl.ops.signatures import FUNCTIONS, OVER_AXIS

    text = "\n".join([*zoo.MODELS.values()])
    assert [name for name in FUNCTIONS if f"{name}(" not in text] == []
    assert [name for name in OVER_AXIS if f"{name}[t](" not in text] == []

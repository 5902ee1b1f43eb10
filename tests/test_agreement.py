"""Every level against the interpreter: values to 1e-12, gradients to 1e-10, in every mode."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from rnndsl.graph.causality import modes
from tests import zoo
from tests.agreement import LENGTHS, agree
from tests.generated import GALLERY, checked, modes_of, odd, program
from tests.sample import SAMPLE

MODELS = zoo.MODELS | zoo.AXES


def marks(name: str) -> list:
    """Specs beyond the sample, and the slowest of the zoo, are for the long suite."""
    is_quick = (name in MODELS or name in SAMPLE) and name not in ("memory", "fixed_within")
    return [] if is_quick else [pytest.mark.long]


def cases(names: Iterable[str]) -> list:
    """Each model in each of its modes."""
    return [
        pytest.param(name, mode, id=f"{name}-{mode}", marks=marks(name))
        for name in names
        for mode in modes_of(name)
    ]


def hold(
    name: str,
    mode: str = "teacher",
    lengths: tuple[int, ...] = LENGTHS,
    entries: bool = False,
) -> None:
    """All levels agree on a model of the zoo or the gallery."""
    model = checked(name)
    assert tuple(modes(model)) == modes_of(name)
    options = {"mode": mode, "lengths": lengths, "entries": entries, **odd(model)}
    agree(model, compiled=lambda level: program(name, level), **options)


@pytest.mark.parametrize(("name", "mode"), cases(GALLERY))
def test_the_gallery(name: str, mode: str) -> None:
    hold(name, mode)


@pytest.mark.parametrize(("name", "mode"), cases(MODELS))
def test_every_construct(name: str, mode: str) -> None:
    hold(name, mode)


@pytest.mark.long
@pytest.mark.parametrize(("name", "mode"), cases(MODELS))
def test_every_construct_in_every_number(name: str, mode: str) -> None:
    hold(name, mode, entries=True)


@pytest.mark.parametrize("name", ["delay_by_size", "both_directions", "delays", "backwards_far"])
@pytest.mark.parametrize("lengths", [(1,), (1, 1, 2), (3, 3), (9, 1, 8)])
def test_lengths_around_the_longest_delay(name: str, lengths: tuple[int, ...]) -> None:
    hold(name, lengths=lengths, entries=True)


def test_the_zoo_holds_every_function() -> None:
    from rnndsl.ops.signatures import FUNCTIONS, OVER_AXIS

    text = "\n".join([*zoo.MODELS.values()])
    assert [name for name in FUNCTIONS if f"{name}(" not in text] == []
    assert [name for name in OVER_AXIS if f"{name}[t](" not in text] == []

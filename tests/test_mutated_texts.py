"""Broken texts give diagnostics only, no traceback, none after a second (`mutator` makes them).

The default suite reads two thousand in four parts, the long one a hundred thousand.
"""

from __future__ import annotations

import pytest

from tests.broken_once import TEXTS
from tests.mutator import PLANNED, examine, mutant, seconds

CHUNK = 500
FEW = 2_000
MANY = 100_000
LIMIT = 1.0


def read(numbers: range) -> tuple[int, int]:
    """How many of the mutants are sound, and how many different texts there are."""
    texts = [mutant(number) for number in numbers]
    sound = 0
    for number, text in zip(numbers, texts, strict=True):
        try:
            sound += examine(text, through=number % PLANNED == 0) is not None
        except Exception as fault:
            raise AssertionError(f"mutant {number}: {fault!r}\n{text[:2_000]}") from fault
    return sound, len(set(texts))


@pytest.mark.parametrize("start", range(0, FEW, CHUNK))
def test_broken_texts_give_diagnostics(start: int) -> None:
    sound, different = read(range(start, start + CHUNK))
    assert CHUNK // 30 < sound < CHUNK // 4
    assert different > CHUNK * 9 // 10


@pytest.mark.parametrize("name", list(TEXTS))
def test_what_once_failed(name: str) -> None:
    examine(TEXTS[name], through=True)


def test_a_mutant_is_its_number() -> None:
    assert [mutant(number) for number in range(20)] == [mutant(number) for number in range(20)]
    assert mutant(1) != mutant(2)


@pytest.mark.long
@pytest.mark.parametrize("start", range(FEW, MANY, FEW))
def test_many_broken_texts_give_diagnostics(start: int) -> None:
    sound, _ = read(range(start, start + FEW))
    assert sound


@pytest.mark.long
@pytest.mark.parametrize("start", range(0, MANY, MANY // 10))
def test_no_text_takes_a_second(start: int) -> None:
    """Of the processor: each text that took long is read again alone."""
    for number in range(start, start + FEW // 10):
        text = mutant(number)
        assert min(seconds(text) for _ in range(2)) < LIMIT, number

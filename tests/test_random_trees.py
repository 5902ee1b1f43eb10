"""Random models over trees against the interpreter, at every level and in every mode."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.random_check import check_text
from tests.random_trees import OVER, random_tree_spec

COUNT = int(os.environ.get("RNNDSL_RANDOM_MODELS", "1000"))
CHUNK = 100
WANTED = ("slot", "leaf", "root", "down", "words", "softmax over nodes")
WANTED += tuple(f"{word} over nodes" for word in set(OVER))
WANTED += tuple(f"{word} over children" for word in set(OVER[:-1]))

REGRESSIONS = {
    "leaves_of_what_comes_from_above": """
h[v]: m = tanh(x[v] + h[v.parent])
h[leaf] = x[leaf]
loss = sum[v](sum(h[v]))
output h[v.parent]""",
    "a_branch_that_roots_do_not_take": """
h[v]: m = exp(-(x[v] * w) ^ 2)
h[leaf] = abs(w)
h[root] = w / 3
loss = sum[v](softmax[v](sum(h[v])) * sum(h[v]))
output h[v]""",
}


def check(seed: int) -> set[str]:
    """One model; what it had of the language, or an error that shows it."""
    spec = random_tree_spec(seed)
    try:
        check_text(spec.text, spec.sizes, spec.lengths, seed)
    except Exception as fault:
        raise AssertionError(f"seed {seed}: {fault!r}\n{spec.lengths}\n{spec.text}") from fault
    return spec.used


@pytest.mark.parametrize("name", list(REGRESSIONS))
@pytest.mark.parametrize("lengths", [(5, 1, 2), (1,)], ids=str)
def test_what_once_failed(name: str, lengths: tuple[int, ...]) -> None:
    head = "axis v in tree(left, right)\nsize m\ninput x[v]: m, w: m\n"
    check_text(f"{head}{REGRESSIONS[name]}\n", {"m": 3}, lengths)


@pytest.mark.parametrize("start", range(0, 40, 10))
def test_random_models(start: int) -> None:
    for seed in range(start, start + 10):
        check(seed)


def test_a_seed_is_its_model() -> None:
    assert random_tree_spec(3) == random_tree_spec(3)
    assert random_tree_spec(3).text != random_tree_spec(4).text


@pytest.mark.long
@pytest.mark.parametrize("start", range(1000, 1000 + COUNT, CHUNK))
def test_many_random_models(start: int) -> None:
    for seed in range(start, start + CHUNK):
        check(seed)


@pytest.mark.long
def test_many_random_models_exercise_everything() -> None:
    seen = Counter(
        word for seed in range(1000, 1000 + COUNT) for word in random_tree_spec(seed).used
    )
    assert {word: seen[word] for word in WANTED if seen[word] < COUNT // 100} == {}

"""Draws: fixed numbers, even spread, and nothing that depends on the order of work."""

from __future__ import annotations

import numpy as np

from rnndsl.interpreter.chance import stream, uniform


def by_hand(seed: int, *counters: int) -> float:
    """The rule once more, in numbers that cannot overflow."""
    golden, word = 0x9E3779B97F4A7C15, 2**64

    def mix(z: int) -> int:
        z = (z ^ (z // 2**30)) * 0xBF58476D1CE4E5B9 % word
        z = (z ^ (z // 2**27)) * 0x94D049BB133111EB % word
        return z ^ (z // 2**31)

    z = mix((seed + golden) % word)
    for counter in counters:
        z = mix(z ^ (counter + 1) * golden % word)
    return (z // 2**11) / 2**53


def test_the_first_word_is_that_of_splitmix64() -> None:
    # The first output of SplitMix64 from state 0, as its authors' code gives it.
    assert stream(0) == 0xE220A8397B1DCDAF


def test_draws_are_the_rule() -> None:
    for seed, site, example, position in [
        (0, 0, 0, 0),
        (7, 1, 3, 12),
        (-5, 2, 0, 1),
        (2**70, 0, 1, 2),
    ]:
        found = uniform(seed, site, example, position, (2, 3))
        expected = [by_hand(seed, site, example, position, k) for k in range(6)]
        assert found.reshape(-1).tolist() == expected
        assert uniform(seed, site, example, position) == expected[0]


def test_seeds_count_modulo_two_to_the_64() -> None:
    assert uniform(3, 0, 0, 1) == uniform(3 + 2**64, 0, 0, 1)


def test_each_counter_changes_the_draw() -> None:
    base = [1, 2, 3, 4]
    drawn = {float(uniform(*base))}
    for k in range(4):
        other = list(base)
        other[k] += 1
        drawn.add(float(uniform(*other)))
    assert len(drawn) == 5
    assert uniform(0, 1, 2, 3) != uniform(0, 2, 1, 3)


def test_draws_are_spread_evenly() -> None:
    drawn = uniform(0, 0, 0, 1, (20_000,))
    assert 0 <= drawn.min() < 0.001
    assert 0.999 < drawn.max() < 1
    counts, _ = np.histogram(drawn, bins=20, range=(0, 1))
    chi_squared = float(np.sum((counts - 1000.0) ** 2) / 1000)
    assert chi_squared < 45  # 19 degrees of freedom: 1 in 1,000 goes beyond 43.8
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.03

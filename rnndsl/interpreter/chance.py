"""Draws by chance, counted and not drawn in turn: the same draw whatever the order of work.

A draw is a function of the seed, the place in the file (`site`), the example, the positions
of the running indices and the component. What is done with it stands with the operations.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MASK = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15


def mix(z: int) -> int:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014): 64 bits to 64 bits."""
    z ^= z >> 30
    z = z * 0xBF58476D1CE4E5B9 & MASK
    z ^= z >> 27
    z = z * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


def stream(*counters: int) -> int:
    """The state after the seed and further counters, in this order."""
    seed, *rest = counters
    z = mix((seed + GOLDEN) & MASK)
    for counter in rest:
        z = _next(z, counter)
    return z


def uniform(
    seed: int,
    site: int,
    example: int,
    positions: int | tuple[int, ...],
    shape: tuple[int, ...] = (),
) -> NDArray[Any]:
    """Numbers in [0, 1), one a component, the components counted in C order.

    Where no index runs, the position is 0.
    """
    at = positions if isinstance(positions, tuple) else (positions,)
    start = stream(seed, site, example, *(at or (0,)))
    count = int(np.prod(shape, dtype=np.int64))
    drawn = [(_next(start, component) >> 11) * 2.0**-53 for component in range(count)]
    return np.array(drawn, dtype=np.float64).reshape(shape)


def _next(z: int, counter: int) -> int:
    return mix((z ^ ((counter + 1) * GOLDEN & MASK)) & MASK)

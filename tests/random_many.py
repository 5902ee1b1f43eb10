"""Random models by the thousand: what goes wrong, made small, and what was exercised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context

from tests.random_check import check, shrunk, symptom
from tests.random_counts import exercised
from tests.random_models import random_spec
from tests.random_spec import Spec

CHUNK = 100


@dataclass
class Tally:
    """In how many models each thing was met, and a text for each model that fails."""

    seen: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)


def tally(seeds: Iterable[int], several: bool = False) -> Tally:
    """Random models held to the interpreter, one after the other; the first failure made small."""
    found = Tally()
    for seed in seeds:
        spec = random_spec(seed, several)
        try:
            found.seen.update(exercised(spec, check(spec)))
        except Exception:
            found.failed.append(told(seed, spec if found.failed else shrunk(spec)))
    return found


def told(seed: int, spec: Spec) -> str:
    """A model that fails, and how."""
    how = f"sizes {spec.sizes}, lengths {spec.lengths}"
    return f"seed {seed}: {symptom(lambda: check(spec))}; {how}\n{spec.text()}"


def tally_all(start: int, count: int, several: bool = False) -> Tally:
    """The same on all processors, in chunks."""
    chunks = [
        range(at, min(at + CHUNK, start + count)) for at in range(start, start + count, CHUNK)
    ]
    total = Tally()
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for part in pool.map(partial(tally, several=several), chunks):
            total.seen += part.seen
            total.failed += part.failed
    return total

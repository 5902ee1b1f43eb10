"""Every spec of the gallery has a meaning in every mode, and gradients that are its slopes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnndsl.interpreter.batch import Batch
from rnndsl.interpreter.gradients import directional, random_directions
from rnndsl.interpreter.sizes import Sizes
from rnndsl.model.load import parse_model

SPECS = sorted((Path(__file__).resolve().parent.parent / "specs").glob("*.rnn"))
LENGTHS = {"t": np.array([4, 1, 3])}


def run(batch: Batch, cotangents: dict[str, np.ndarray]) -> float:
    """What stands against the cotangents, padding left out by its zeros."""
    outputs = batch.outputs()
    return float(sum(np.sum(cotangents[label] * outputs[label]) for label in outputs))


@pytest.mark.parametrize("mode", ["teacher", "free", "scheduled"])
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_slopes_along_a_direction_are_those_of_differences(path: Path, mode: Any) -> None:
    model = parse_model(path.read_text(encoding="utf-8"), path.name)
    free = [name for name, size in model.sizes.items() if not size.is_derived]
    sizes = Sizes(model, {name: 2 + k for k, name in enumerate(free)})
    draw = np.random.default_rng(5)
    params = {p.name: draw.standard_normal(sizes.dims(p.shape)) for p in model.params.values()}
    data: dict[str, np.ndarray] = {}
    for item in model.data.values():
        shape = (*((4,) if item.axes else ()), 3, *sizes.dims(item.type.shape))
        is_token = item.type.size is not None
        top = sizes.integer(item.type.size) if item.type.size is not None else 0
        data[item.name] = draw.integers(-1, top, shape) if is_token else draw.normal(size=shape)
    settings: dict[str, Any] = {"mode": mode, "forcing": 0.5, "seed": 1, "training": True}
    outputs = Batch(model, sizes, params, data, LENGTHS, **settings).outputs()
    assert all(np.isfinite(array).all() for array in outputs.values())
    cotangents = {label: draw.standard_normal(array.shape) for label, array in outputs.items()}
    directions = random_directions(model, params, data)
    ends = []
    for step in (1e-5, -1e-5):
        moved = {
            name: array + step * directions[name] if name in directions else array
            for name, array in {**params, **data}.items()
        }
        there = {name: moved[name] for name in params}, {name: moved[name] for name in data}
        ends.append(run(Batch(model, sizes, *there, LENGTHS, **settings), cotangents))
    found = directional(
        model,
        sizes,
        params,
        data,
        LENGTHS,
        cotangents=cotangents,
        directions=directions,
        **settings,
    )
    assert found == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-6)
    assert found != 0

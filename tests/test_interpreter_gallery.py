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
from rnndsl.model.model import Data, Model
from rnndsl.model.sizes import running_axes
from tests.agreement import forests

SPECS = sorted((Path(__file__).resolve().parent.parent / "specs").glob("*.rnn"))
LENGTHS = (np.array([4, 1, 3]), np.array([2, 3, 1]))


def run(batch: Batch, cotangents: dict[str, np.ndarray]) -> float:
    """What stands against the cotangents, padding left out by its zeros."""
    outputs = batch.outputs()
    return float(sum(np.sum(cotangents[label] * outputs[label]) for label in outputs))


def free_sizes(model: Model) -> list[str]:
    return [name for name, size in model.sizes.items() if not size.is_derived]


def drawn(item: Data, sizes: Sizes, lengths: dict[str, Any], draw: np.random.Generator) -> Any:
    """Random data; tokens are sometimes missing, positions sometimes none."""
    trees = [axis for axis in item.axes if axis not in lengths]
    lead = (6,) if trees else (*(max(lengths[axis]) for axis in item.axes), 3)
    shape = (*lead, *sizes.dims(item.type.shape))
    if item.type.kind == "real":
        return draw.normal(size=shape)
    if item.type.kind == "position":
        return draw.integers(0, max(lengths[item.type.axis]) + 1, shape)
    return draw.integers(-1, sizes.integer(item.type.size), shape)


@pytest.mark.parametrize("mode", ["teacher", "free", "scheduled"])
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_slopes_along_a_direction_are_those_of_differences(path: Path, mode: Any) -> None:
    model = parse_model(path.read_text(encoding="utf-8"), path.name)
    chosen = {name: 2 + k for k, name in enumerate(free_sizes(model))}
    sizes = Sizes(model, chosen)
    draw = np.random.default_rng(5)
    params = {p.name: draw.standard_normal(sizes.dims(p.whole)) for p in model.params.values()}
    lengths = {axis: LENGTHS[k] for k, axis in enumerate(running_axes(model))}
    data = {item.name: drawn(item, sizes, lengths, draw) for item in model.data.values()}
    settings: dict[str, Any] = {"mode": mode, "forcing": 0.5, "seed": 1, "training": True}
    settings["trees"] = forests(model, (3, 1, 2))
    outputs = Batch(model, sizes, params, data, lengths, **settings).outputs()
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
        ends.append(run(Batch(model, sizes, *there, lengths, **settings), cotangents))
    found = directional(
        model,
        sizes,
        params,
        data,
        lengths,
        cotangents=cotangents,
        directions=directions,
        **settings,
    )
    assert found == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-6)
    assert found != 0

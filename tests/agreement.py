"""Holds generated code against the interpreter: values to 1e-12, gradients to 1e-10.

Everything is random, sizes all differ, boundaries are not zero, examples differ in length.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import numpy as np

from rnndsl.interpreter.batch import Batch
from rnndsl.interpreter.gradients import complex_step_gradients, directional, random_directions
from rnndsl.model.model import Model
from rnndsl.model.sizes import running_axes, tree_axes
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.program import Program
from tests.zoo_trees import random_forest

LEVELS = (0, 1, 2)
LENGTHS = (6, 1, 4, 2)


def small_sizes(model: Model, **given: int) -> dict[str, int]:
    """Every free size, all different and small."""
    numbers = (n for n in count(2) if n not in given.values())
    free = [name for name, size in model.sizes.items() if not size.is_derived]
    return {name: given.get(name) or next(numbers) for name in free}


def random_params(program: Program, rng: np.random.Generator) -> dict[str, Any]:
    """Parameters of the right shapes, none of them zero or regular."""
    start = program.init(0)
    return {name: rng.normal(0.0, 0.7, value.shape) for name, value in start.items()}


def lengths_by_axis(model: Model, lengths: tuple[int, ...] = LENGTHS) -> dict[str, Any]:
    """Lengths of the examples along the first axis, and others, not longer, along the next."""
    return {
        axis: np.maximum(1, np.roll(lengths, -place) - place)
        for place, axis in enumerate(running_axes(model))
    }


def forests(model: Model, lengths: tuple[int, ...] = LENGTHS) -> dict[str, Any]:
    """For each tree axis trees of so many nodes as there are positions in an example."""
    rng = np.random.default_rng(7)
    return {
        name: random_forest(rng, len(axis.slots) or 3, lengths)
        for name, axis in tree_axes(model).items()
    }


def random_data(
    program: Program,
    rng: np.random.Generator,
    lengths: tuple[int, ...] = LENGTHS,
    trees: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Data with tokens that are sometimes missing; over the nodes of forests where it is."""
    module = program.module
    sizes = module._known_sizes({})
    trees = forests(program.model, lengths) if trees is None else trees
    extents = {key: max(ends) for key, ends in lengths_by_axis(program.model, lengths).items()}
    extents |= {axis: sizes[length] for axis, length in module.FIXED.items()}
    limits, found = module._token_sizes(sizes), {}
    for name, shape in module._data_shapes(sizes).items():
        row = module.DATA[name]
        count = len(trees[row["tree"]][0]) if "tree" in row else len(lengths)
        lead = (*(extents[axis] for axis in row["axes"]), count)
        if row["kind"] == "real":
            found[name] = rng.normal(size=lead + shape)
        elif row["kind"] == "token":
            found[name] = rng.integers(-1, limits[name], lead)
        else:
            found[name] = rng.integers(0, extents[row["of"]] + 1, lead)
    return found


def options(model: Model, lengths: tuple[int, ...] = LENGTHS) -> dict[str, Any]:
    """Lengths for every axis, trees, a batch size where nothing else says it."""
    ends, trees = lengths_by_axis(model, lengths), forests(model, lengths)
    found: dict[str, Any] = {"lengths": ends} if ends else {"batch": len(lengths)}
    return {**found, "trees": trees} if trees else found


def close(name: str, got: Any, want: Any, tolerance: float) -> None:
    """Equal relative to the largest entry."""
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape, f"{name}: {got.shape} against {want.shape}"
    scale = max(1e-300, float(np.max(np.abs(want), initial=0.0)))
    worst = float(np.max(np.abs(got - want), initial=0.0))
    assert worst <= tolerance * max(scale, 1e-3), f"{name}: off by {worst:.2e} of {scale:.2e}"


def agree(
    model: Model,
    *,
    levels: tuple[int, ...] = LEVELS,
    mode: str = "teacher",
    lengths: tuple[int, ...] = LENGTHS,
    seed: int = 1,
    gradients: bool = True,
    entries: bool = False,
    trees: Mapping[str, Any] | None = None,
    compiled: Callable[[int], Program] | None = None,
    **given: int,
) -> None:
    """Interpreter and every level agree on outputs, loss and all gradients.

    Each gradient is compared along one random direction, which costs one run of the interpreter;
    with `entries` every number is, at a run each. `compiled`: the program of a level in float64
    with `small_sizes`, where it is at hand.
    """
    rng = np.random.default_rng(seed)
    sizes = small_sizes(model, **given)
    compiled = compiled or (lambda k: compile_model(model, optimize=k, dtype="float64", **sizes))
    programs = [compiled(level) for level in levels]
    params, data = random_params(programs[0], rng), random_data(programs[0], rng, lengths, trees)
    lengths_of = lengths_by_axis(model, lengths)
    settings: dict[str, Any] = {"mode": mode, "seed": 5, "forcing": 0.6}
    trees = forests(model, lengths) if trees is None else trees
    settings.update({"trees": trees} if trees else {})
    batch = len(lengths)
    meaning = Batch(model, sizes, params, data, lengths_of, batch=batch, **settings)
    want = meaning.outputs()
    for program in programs:
        got = program.forward(params, **data, **{**options(model, lengths), **settings})
        assert set(got) == set(want)
        for name in want:
            close(f"-O{program} {name}", got[name], want[name], 1e-12)
    if not gradients:
        return
    settings["training"] = True
    cotangents = None
    if model.loss is None:
        cotangents = {name: rng.normal(size=value.shape) for name, value in want.items()}
    arguments = (model, sizes, params, data, lengths_of)
    options_of = {"cotangents": cotangents, "batch": batch, **settings}
    ways = {} if entries else random_directions(model, params, data)
    if entries:
        exact = complex_step_gradients(*arguments, **options_of)
    else:
        exact = {
            name: directional(*arguments, directions={name: way}, **options_of)
            for name, way in ways.items()
        }
    del settings["training"]
    for program in programs:
        run = {**data, **options(model, lengths), **settings}
        if cotangents is None:
            loss, grads, inputs = program.loss_and_grads(params, inputs=True, **run)
            training = Batch(model, sizes, params, data, lengths_of, batch=batch, training=True,
                             **settings)  # fmt: skip
            close("loss", loss, training.loss(), 1e-12)
        else:
            trace = program.record(params, **run)
            grads, inputs = program.backward(trace, inputs=True, **cotangents)
        assert {*grads, *inputs} == {*exact}
        for name, value in {**grads, **inputs}.items():
            assert entries or value.shape == ways[name].shape, name
            found = value if entries else np.vdot(ways[name], value)
            close(f"gradient of {name}", found, exact[name], 1e-10)

"""Generated gradients against two others: complex steps and finite differences.

Complex steps are taken in the interpreter, which shares nothing with the compiler; differences
are taken of the generated loss. All in float64, on small random data of different lengths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rnndsl.interpreter.gradients import complex_step_gradients
from rnndsl.model.expr import Apply, Expr, Literal, Over, Position, Read
from rnndsl.model.model import Equation, Model, Parts
from rnndsl.model.sizes import known_sizes, tree_axes
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.memory import require
from rnndsl.runtime.memory_model import parameter_bytes, value_bytes
from rnndsl.runtime.program import Program
from rnndsl.runtime.random_data import (
    LENGTHS,
    NODES,
    Batch,
    random_batch,
    random_lengths,
    random_params,
    small_sizes,
)
from rnndsl.text.diagnostics import DataError
from rnndsl.text.source import NOWHERE

Array = npt.NDArray[Any]
COMPLEX, DIFFERENCE = 1e-10, 1e-5
STEP = 1e-6
ROUNDING = 10 * np.finfo(float).eps / STEP
"""What rounding may leave of a loss of 1 in a slope by differences."""


@dataclass(frozen=True)
class Row:
    """One parameter or input in one mode of `teach`.

    Errors are the largest over the entries, relative to the largest entry of the gradient; of
    differences relative to no less than what they can tell of a loss of that size.
    """

    mode: str
    name: str
    role: str
    shape: tuple[int, ...]
    largest: float
    complex_error: float
    difference_error: float

    @property
    def agrees(self) -> bool:
        """Whether both errors are within bounds; NaN is not."""
        return self.complex_error <= COMPLEX and self.difference_error <= DIFFERENCE


@dataclass(frozen=True)
class GradientCheck:
    """All rows, and the sizes they were computed with."""

    sizes: dict[str, int]
    rows: tuple[Row, ...]

    @property
    def agrees(self) -> bool:
        """Whether every row does."""
        return all(row.agrees for row in self.rows)


def check_gradients(
    model: Model,
    sizes: Mapping[str, int] | None = None,
    *,
    target: str = "numpy",
    optimize: int = 1,
    seed: int = 0,
    max_memory: int | None = None,
) -> GradientCheck:
    """Compare the gradients of every parameter and every real input, in every mode of `teach`.

    Without a loss, the squared distance of the outputs from 0.3 stands in for it.
    """
    scored = model if model.loss is not None else _with_loss(model)
    chosen = small_sizes(scored, sizes or {})
    known = known_sizes(scored, chosen)
    extents = {axis: int(ends.max()) for axis, ends in random_lengths(scored).items()}
    extents |= dict.fromkeys(tree_axes(scored), sum(NODES) // len(LENGTHS))
    needed = value_bytes(scored, known, extents, len(LENGTHS), 8)
    needed += 3 * parameter_bytes(scored, known, 8)
    require(needed, max_memory, f"the parameters, values and gradients of `{model.name}`")
    program = compile_model(scored, target=target, optimize=optimize, dtype="float64", **chosen)
    params = random_params(program.init(seed=seed), seed)
    batch = random_batch(scored, chosen, seed)
    modes = ("teacher", "free") if model.has_teach else ("teacher",)
    rows = [row for mode in modes for row in _rows(program, chosen, params, batch, mode, seed)]
    return GradientCheck(known, tuple(rows))


def _rows(
    program: Program,
    sizes: Mapping[str, int],
    params: dict[str, Array],
    batch: Batch,
    mode: str,
    seed: int,
) -> list[Row]:
    """The rows of one mode."""
    options: dict[str, Any] = {"mode": mode, "seed": seed, **batch.options}
    _, grads, input_grads = program.loss_and_grads(params, inputs=True, **options, **batch.data)
    generated = {**grads, **input_grads}
    exact = complex_step_gradients(
        program.model,
        sizes,
        params,
        batch.data,
        wanted=list(generated),
        training=True,
        **options,
    )

    def loss(moved: Mapping[str, Array]) -> float:
        """The generated loss of training with some arrays replaced."""
        own = {name: moved.get(name, value) for name, value in params.items()}
        data = {name: moved.get(name, value) for name, value in batch.data.items()}
        return float(program.loss_and_grads(own, **options, **data)[0])

    least, told = _least(exact), ROUNDING * abs(loss({})) / DIFFERENCE
    rows = []
    for name, gradient in generated.items():
        start = params[name] if name in params else batch.data[name]
        role = "parameter" if name in params else "input"
        errors = (gradient - exact[name], gradient - _differences(loss, name, start))
        scale = max(_largest(exact[name]), least)
        far = _largest(errors[0]) / scale, _largest(errors[1]) / max(scale, told)
        rows.append(Row(mode, name, role, np.shape(start), _largest(exact[name]), *far))
    return rows


def _least(exact: Mapping[str, Array]) -> float:
    """A gradient that is smaller, beside the others, is as good as 0."""
    return max(1e-6 * max(map(_largest, exact.values()), default=0.0), 1e-30)


def _largest(array: Array) -> float:
    return float(np.max(np.abs(array), initial=0))


def _differences(loss: Callable[[Mapping[str, Array]], float], name: str, start: Array) -> Array:
    """Central differences (f(x + s) - f(x - s)) / 2s, entry by entry."""
    slopes = np.zeros(np.shape(start))
    for index in np.ndindex(slopes.shape):
        ends = []
        for step in (STEP, -STEP):
            moved = np.array(start, float)
            moved[index] += step
            ends.append(loss({name: moved}))
        slopes[index] = (ends[0] - ends[1]) / (2 * STEP)
    return slopes


def _with_loss(model: Model) -> Model:
    """The model with a loss made from its real outputs; DataError RNN438 where it has none."""
    reals = [out for out in model.outputs if out.read.type.kind == "real"]
    parts = [_distance(read) for out in reals for read in _reads(out.parts or (out.read,))]
    if not parts:
        raise DataError(
            f"`{model.name}` has neither a loss nor a real output, so there is no gradient",
            "RNN438",
        )
    total = parts[0]
    for part in parts[1:]:
        total = Apply(NOWHERE, "add", (total, part))
    loss = Equation("loss", (), (), total.type, total, "loss", NOWHERE)
    return replace(model, loss=loss)


def _reads(parts: Parts) -> Iterator[Read]:
    """Every read of an output, also those inside others."""
    for part in parts:
        yield from (part,) if isinstance(part, Read) else _reads(part)


def _distance(read: Read) -> Expr:
    """`squared_error(h[t], 0.3)`, summed over every axis whose index runs, also in `e[j,p[j]]`."""
    scored: Expr = Apply(NOWHERE, "squared_error", (read, Literal(NOWHERE, 0.3)))
    running = {
        place.index or place.axis: place.axis
        for item in read.walk()
        if isinstance(item, Read)
        for place in item.places
        if isinstance(place, Position) and place.anchor == "index"
    }
    for index, axis in running.items():
        scored = Over(NOWHERE, "sum", index, axis, scored)
    return scored

"""Programs of the zoo and the gallery with random parameters and data, ready to be run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from rnndsl import driver
from rnndsl.gallery import specs
from rnndsl.model.expr import Position
from rnndsl.model.model import Model
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.program import Program
from tests.agreement import LENGTHS, random_data, random_params, small_sizes
from tests.zoo import MODELS

ZOO = tuple(MODELS)
GALLERY = tuple(specs())
EVERY = (*ZOO, *GALLERY)
LEVELS = (0, 1, 2)
DTYPES = ("float32", "float64")


@cache
def checked(name: str) -> Model:
    """A model of the zoo or the gallery."""
    return driver.parse(MODELS[name], name) if name in MODELS else driver.load(specs()[name])


@cache
def program(name: str, level: int = 1, dtype: str = "float64") -> Program:
    """The program with all sizes small and different."""
    model = checked(name)
    odd = {"s": 3} if "s" in model.sizes else {}  # weights to convolve by
    sizes = small_sizes(model, **odd)
    return compile_model(model, optimize=level, dtype=dtype, **sizes)


@dataclass(frozen=True)
class Case:
    """A program with what it is run on."""

    program: Program
    params: dict[str, Any]
    data: dict[str, Any]
    lengths: tuple[int, ...]

    @property
    def axis(self) -> str:
        """The axis' name; "" where the model has none."""
        return next(iter(self.program.model.axes), "")

    @property
    def over(self) -> frozenset[str]:
        """Data with an axis."""
        return frozenset(name for name, item in self.program.model.data.items() if item.axes)

    @property
    def modes(self) -> tuple[str, ...]:
        """The modes that differ."""
        return ("teacher", "free", "scheduled") if self.program.model.has_teach else ("teacher",)

    def is_over(self, label: str) -> bool:
        """Whether an output has a value at every position."""
        output = next(o for o in self.program.model.outputs if o.label == label)
        return any(
            isinstance(place, Position) and place.anchor == "index" for place in output.read.places
        )

    def options(self) -> dict[str, Any]:
        """Lengths, the number of examples, a seed."""
        more = {"lengths": {self.axis: np.array(self.lengths)}} if self.axis else {}
        return {"batch": len(self.lengths), "seed": 3, **more}

    def back(self, data: dict[str, Any], **options: Any) -> tuple[Any, dict[str, Any]]:
        """Loss (None without one) and all gradients; of outputs with a fixed cotangent."""
        trace = self.program.record(self.params, **data, **options)
        weights: dict[str, Any] = {}
        if trace["loss"] is None:
            weights = dict.fromkeys(self.program.module.OUTPUTS, 0.5)
        grads, inputs = self.program.backward(trace, inputs=True, **weights)
        return trace["loss"], {**grads, **{f"{name} (input)": g for name, g in inputs.items()}}


@cache
def case(
    name: str, level: int = 1, dtype: str = "float64", lengths: tuple[int, ...] = LENGTHS
) -> Case:
    """The same numbers for every level and dtype."""
    rng = np.random.default_rng(11)
    made = program(name, level, dtype)
    params = random_params(made, rng)
    params = {key: np.asarray(value, dtype) for key, value in params.items()}
    data = random_data(made, rng, lengths)
    for array in (*params.values(), *data.values()):
        array.flags.writeable = False
    return Case(made, params, data, lengths)

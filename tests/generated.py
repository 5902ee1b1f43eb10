"""Programs of the zoo and the gallery with random parameters and data, ready to be run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from rnndsl import driver
from rnndsl.gallery import specs
from rnndsl.interpreter.trees import trees_of
from rnndsl.model.model import Model
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.program import Program
from tests.agreement import (
    LENGTHS,
    forests,
    lengths_by_axis,
    random_data,
    random_params,
    small_sizes,
)
from tests.sample import FEW_FUNCTIONS, sampled
from tests.zoo import AXES, FUNCTIONS, MODELS

ZOO = tuple(MODELS)
GALLERY = tuple(specs())
EVERY = (*ZOO, *GALLERY)
TEXTS = MODELS | AXES | {name: path.read_text(encoding="utf-8") for name, path in specs().items()}
MODES = ("teacher", "free", "scheduled")
FEW = [*sampled(ZOO, FEW_FUNCTIONS | (MODELS.keys() - FUNCTIONS)), *sampled(GALLERY)]
"""Cells for what does not depend on the function: the rest of them are long."""
LEVELS = (0, 1, 2)
DTYPES = ("float32", "float64")


@cache
def checked(name: str) -> Model:
    """A model of the zoo or the gallery."""
    return driver.load(specs()[name]) if name in GALLERY else driver.parse(TEXTS[name], name)


def modes_of(name: str) -> tuple[str, ...]:
    """The modes that differ, from the text: a model is read when it is needed."""
    return MODES if "teach(" in TEXTS[name] else MODES[:1]


def odd(model: Model) -> dict[str, int]:
    """The size that must be odd: weights to convolve by."""
    return {"s": 3} if "s" in model.sizes else {}


@cache
def program(name: str, level: int = 1, dtype: str = "float64") -> Program:
    """The program with all sizes small and different."""
    model = checked(name)
    sizes = small_sizes(model, **odd(model))
    return compile_model(model, optimize=level, dtype=dtype, **sizes)


@dataclass(frozen=True)
class Case:
    """A program with what it is run on."""

    program: Program
    params: dict[str, Any]
    data: dict[str, Any]
    lengths: tuple[int, ...]

    @property
    def ends(self) -> dict[str, Any]:
        """How long each example is, by axis."""
        return lengths_by_axis(self.program.model, self.lengths)

    @property
    def trees(self) -> dict[str, Any]:
        """The trees of the examples, by axis."""
        return forests(self.program.model, self.lengths)

    @property
    def modes(self) -> tuple[str, ...]:
        """The modes that differ."""
        return MODES if self.program.model.has_teach else MODES[:1]

    def axes(self, name: str) -> tuple[str, ...]:
        """The axes of data, or of an output."""
        outputs = {output.label: output.axes for output in self.program.model.outputs}
        return outputs[name] if name in outputs else self.program.model.data[name].axes

    def padding(self, name: str, array: Any) -> Any:
        """Where an example has no position on one of the axes: (positions, …, batch)."""
        axes = self.axes(name)
        if self.trees.keys() & set(axes):
            return np.zeros(array.shape[:1], bool)
        lacks = np.zeros(array.shape[: len(axes) + 1], bool)
        for place, axis in enumerate(axes):
            numbers = np.arange(lacks.shape[place]).reshape(-1, *(1,) * (len(axes) - place))
            lacks |= numbers >= self.ends.get(axis, lacks.shape[place])
        return lacks

    def first(self, name: str, array: Any) -> Any:
        """The first example alone, as a batch of one; of a forest its first tree."""
        for axis in self.axes(name):
            if axis in self.trees:
                return array[trees_of(self.trees[axis])[0].numbers]
        ends = {axis: int(many[0]) for axis, many in self.ends.items()}
        return array[(*(slice(ends.get(axis)) for axis in self.axes(name)), slice(1))]

    def options(self) -> dict[str, Any]:
        """Lengths, the number of examples, a seed."""
        more: dict[str, Any] = {"lengths": self.ends} if self.ends else {}
        more.update({"trees": self.trees} if self.trees else {})
        return {"batch": len(self.lengths), "seed": 3, **more}

    @property
    def first_trees(self) -> dict[str, Any]:
        """The trees of the first example, alone."""
        found = {}
        for axis, (children, roots) in self.trees.items():
            numbers = trees_of((children, roots))[0].numbers
            new = np.full(len(children) + 1, -1)
            new[numbers] = np.arange(len(numbers))
            found[axis] = new[children[numbers]], new[roots[:1]]
        return found

    def bare(self, ends: dict[str, Any]) -> dict[str, int]:
        """The lengths, by name, of the axes that no data carry."""
        model = self.program.model
        carried = {axis for item in model.data.values() for axis in item.axes}
        return {model.axes[axis].length: int(ends[axis]) for axis in ends if axis not in carried}

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

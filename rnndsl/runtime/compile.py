"""From a checked model to a program: sizes put in, code generated, loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rnndsl.emit.module import emit_numpy
from rnndsl.model.dims import Dim
from rnndsl.model.model import Model
from rnndsl.runtime.program import Program
from rnndsl.text.diagnostics import DataError

TARGETS = ("numpy", "native", "cupy")
DTYPES = ("float32", "float64")


def generate_source(
    model: Model,
    target: str = "numpy",
    optimize: int = 1,
    dtype: str = "float32",
    sizes: Mapping[str, int] | None = None,
) -> str:
    """The generated file as text; DataError names a setting or a size that there is not."""
    if target not in TARGETS:
        raise DataError(f"there is no target {target!r}; targets: {', '.join(TARGETS)}", "RNN402")
    if target != "numpy":
        raise DataError(f"the target {target!r} is not part of this version", "RNN602")
    if optimize not in (0, 1, 2):
        raise DataError(f"levels are 0, 1 and 2, not {optimize!r}", "RNN402")
    if dtype not in DTYPES:
        raise DataError(f"dtype is float32 or float64, not {dtype!r}", "RNN402")
    return emit_numpy(with_sizes(model, sizes or {}), optimize, dtype)


def with_sizes(model: Model, given: Mapping[str, int]) -> Model:
    """The model with sizes given at compile time as their defaults."""
    known = dict(model.sizes)
    for name, value in given.items():
        if name not in known:
            names = ", ".join(known) or "none"
            raise DataError(f"{model.name} has no size {name!r}; its sizes: {names}", "RNN403")
        if known[name].is_derived:
            dim = known[name].default
            raise DataError(f"the size {name!r} follows from others: {dim}", "RNN403")
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise DataError(f"the size {name!r} must be a whole number above 0", "RNN403")
        known[name] = replace(known[name], default=Dim.number(value))
    return replace(model, sizes=known)


def compile_model(
    model: Model,
    target: str = "numpy",
    optimize: int = 1,
    dtype: str = "float32",
    **sizes: int,
) -> Program:
    """The program of a model; sizes as keywords."""
    source = generate_source(model, target, optimize, dtype, sizes)
    return Program(with_sizes(model, sizes), source, dtype)

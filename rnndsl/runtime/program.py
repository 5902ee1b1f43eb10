"""A program: a thin wrapper round a generated module."""

from __future__ import annotations

import linecache
import re
import zlib
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnndsl.model.model import Model
from rnndsl.text.diagnostics import DataError

Arrays = dict[str, NDArray[Any]]

OUT_OF_RANGE = re.compile(r" holds the (token|position) ")
"""What generated modules say of tokens and positions that there are not."""


class Program:
    """The generated module of a model; every call goes straight to it.

    `source` is the generated file as text, `module` what it defines, `sizes` the sizes that
    are known (defaults and those given at compile time).
    """

    def __init__(self, model: Model, source: str, dtype: str) -> None:
        self.model = model
        self.source = source
        self.dtype = dtype
        self.module = _load(source, model.name)

    @property
    def sizes(self) -> dict[str, int]:
        """Sizes with a value, by name."""
        known: dict[str, int | None] = self.module.SIZES
        return {name: value for name, value in known.items() if value is not None}

    def init(self, seed: int = 0, **sizes: int) -> Arrays:
        """Fresh parameters by name; DataError names a size that is missing."""
        params: Arrays = self._call("init", seed, **sizes)
        return params

    def forward(self, params: Mapping[str, Any], /, **data: Any) -> dict[str, Any]:
        """Outputs by name: (positions, batch, …) or (batch, …)."""
        outputs: dict[str, Any] = self._call("forward", params, **data)
        return outputs

    def loss(self, params: Mapping[str, Any], /, **data: Any) -> Any:
        """The mean loss of a batch, without gradients and without dropout.

        With `return_outputs=True` the outputs follow, with `return_state=True` the state.
        """
        return self._call("loss", params, **data)

    def loss_and_grads(self, params: Mapping[str, Any], /, **data: Any) -> Any:
        """The mean loss of a batch and its gradients; with `inputs=True` those of inputs too."""
        return self._call("loss_and_grads", params, **data)

    def record(self, params: Mapping[str, Any], /, **data: Any) -> dict[str, Any]:
        """A run that `backward` can go back through."""
        trace: dict[str, Any] = self._call("record", params, **data)
        return trace

    def backward(self, trace: Mapping[str, Any], /, **cotangents: Any) -> Any:
        """Gradients of the loss, or of outputs weighted by cotangents."""
        return self._call("backward", trace, **cotangents)

    def clip(self, grads: Mapping[str, Any]) -> Arrays:
        """Gradients clipped as the spec says; new arrays."""
        clipped: Arrays = self._call("clip", grads)
        return clipped

    def clip_by_norm(self, grads: Mapping[str, Any], limit: float) -> tuple[Arrays, float]:
        """Gradients with a norm of at most `limit`, and the norm before."""
        clipped, norm = self._call("clip_by_norm", grads, limit)
        return clipped, norm

    def clip_by_value(self, grads: Mapping[str, Any], limit: float) -> tuple[Arrays, float]:
        """Gradients with entries between ±`limit`, and the norm before."""
        clipped, norm = self._call("clip_by_value", grads, limit)
        return clipped, norm

    def sgd_step(self, params: Arrays, grads: Mapping[str, Any], rate: float) -> Arrays:
        """One clipped step against the gradients, in place."""
        self._call("sgd_step", params, grads, rate)
        return params

    def _call(self, function: str, /, *arguments: Any, **named: Any) -> Any:
        try:
            return getattr(self.module, function)(*arguments, **named)
        except ValueError as fault:
            is_range = OUT_OF_RANGE.search(str(fault))
            raise DataError(str(fault), "RNN404" if is_range else "RNN401") from None


def _load(source: str, name: str) -> ModuleType:
    """Run generated source as a module that tracebacks can show."""
    file = f"<generated {name} {zlib.crc32(source.encode()):08x}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    module = ModuleType(f"rnndsl_generated_{name}")
    module.__dict__["np"] = np
    exec(compile(source, file, "exec"), module.__dict__)
    return module

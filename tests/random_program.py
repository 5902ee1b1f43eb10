"""Programs of random models at every level, made quickly, and the plans they were made from.

Levels that share a plan are written from one, and what every generated module has alike is
compiled once. The text that runs is the generated file's, part after part, in its order and in
one namespace.
"""

from __future__ import annotations

from functools import lru_cache
from types import CodeType, ModuleType

from rnndsl.emit.module import emit_numpy
from rnndsl.graph.equations import Mode
from rnndsl.model.model import Model
from rnndsl.plan.modes import ModePlan
from rnndsl.runtime.compile import with_sizes
from rnndsl.runtime.program import Program

LEVELS = (0, 1, 2)


class Plans:
    """The plans of one model, each made once."""

    def __init__(self) -> None:
        self.known: dict[tuple[Mode, bool], ModePlan] = {}

    @property
    def model(self) -> Model:
        """The model that was planned."""
        return next(iter(self.known.values())).model

    def __call__(self, model: Model, mode: Mode, share: bool) -> ModePlan:
        if (mode, share) not in self.known:
            self.known[mode, share] = ModePlan(model, mode, share)
        return self.known[mode, share]


class PartedProgram(Program):
    """A program whose module is made of parts; tracebacks do not show its lines."""

    def __init__(self, model: Model, source: str, dtype: str) -> None:
        self.model, self.source, self.dtype = model, source, dtype
        self.module = ModuleType("generated")
        for part in source.split("\n\n\n"):
            exec(_compiled(part), self.module.__dict__)


def random_programs(model: Model, sizes: dict[str, int], plans: Plans) -> list[Program]:
    """The programs of a model at all levels, in float64; the plans are kept in `plans`."""
    sized = with_sizes(model, sizes)
    sources = (emit_numpy(sized, level, "float64", plans) for level in LEVELS)
    return [PartedProgram(sized, source, "float64") for source in sources]


@lru_cache(maxsize=1000)
def _compiled(part: str) -> CodeType:
    return compile(part, "<generated>", "exec")

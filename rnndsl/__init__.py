"""Declarative recurrent networks: equations in, pictures, code and trained models out.

    model = rnndsl.load("lstm.rnn")
    model.draw(unfold=4).save("lstm.svg")
    program = model.compile(optimize=2, m=128)
    params = program.init(seed=0, n=28, k=10)
    loss, grads = program.loss_and_grads(params, x=x, y=y)

Everything is imported when it is first asked for, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from rnndsl.draw.drawing import Drawing
    from rnndsl.forest.forest import Forest
    from rnndsl.runtime.checkpoint import restore, save
    from rnndsl.runtime.curve import save_curve
    from rnndsl.runtime.generate import generate
    from rnndsl.runtime.program import Program
    from rnndsl.runtime.spec import Spec, load, parse
    from rnndsl.runtime.text_data import Text
    from rnndsl.runtime.training import train
    from rnndsl.text.diagnostics import DataError, Diagnostic, SpecError

_HOMES = {
    "DataError": "text.diagnostics",
    "Diagnostic": "text.diagnostics",
    "Drawing": "draw.drawing",
    "Forest": "forest.forest",
    "Program": "runtime.program",
    "Spec": "runtime.spec",
    "SpecError": "text.diagnostics",
    "Text": "runtime.text_data",
    "generate": "runtime.generate",
    "load": "runtime.spec",
    "parse": "runtime.spec",
    "restore": "runtime.checkpoint",
    "save": "runtime.checkpoint",
    "save_curve": "runtime.curve",
    "train": "runtime.training",
}
__all__ = [
    "DataError",
    "Diagnostic",
    "Drawing",
    "Forest",
    "Program",
    "Spec",
    "SpecError",
    "Text",
    "generate",
    "load",
    "parse",
    "restore",
    "save",
    "save_curve",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'rnndsl' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"rnndsl.{_HOMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""Random specs without the annotations that inference can do without."""

from __future__ import annotations

from dataclasses import replace

from rnndsl.driver import parse
from rnndsl.model.model import Model
from rnndsl.text.diagnostics import SpecError
from tests.random_spec import Spec


def bare(spec: Spec) -> Spec:
    """The spec without shapes of parameters and types of values, where it stays the same."""
    less = replace(
        spec,
        declared={
            name: (role, text.replace(f": {_shape(text)}", "", 1) if role == "param" else text)
            for name, (role, text) in spec.declared.items()
        },
        lines=[replace(line, type="") for line in spec.lines],
    )
    try:
        return less if _types(parse(less.text())) == _types(parse(spec.text())) else spec
    except SpecError:
        return spec


def _shape(text: str) -> str:
    return text.partition(": ")[2].partition(" = ")[0]


def _types(model: Model) -> list[tuple[str, object]]:
    values = [(item.name, item.type) for item in model.all_equations]
    return [*values, *((param.name, param.shape) for param in model.params.values())]

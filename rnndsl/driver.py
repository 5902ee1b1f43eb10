"""The pipeline on one screen: from text to the checked model, its graph and its code."""

from __future__ import annotations

from pathlib import Path

from rnndsl.graph.causality import check_causality
from rnndsl.model.load import check_source, read_source, text_source
from rnndsl.model.model import Model
from rnndsl.text.diagnostics import Diagnostic, SpecError
from rnndsl.text.source import Source


def check(source: Source) -> tuple[Model | None, list[Diagnostic]]:
    """The model, or None, and every diagnostic, in the order of the text."""
    model, diagnostics = check_source(source)
    if model is not None:
        found = check_causality(model)
        diagnostics = sorted(
            [*diagnostics, *found], key=lambda item: item.labels[0].span.start if item.labels else 0
        )
        model = None if found else model
    return model, diagnostics


def parse(text: str, name: str = "<text>") -> Model:
    """The checked model of a text; SpecError, which carries every diagnostic, otherwise."""
    return _sound(text_source(text, name))


def load(path: str | Path) -> Model:
    """The checked model of a file; SpecError, which carries every diagnostic, otherwise."""
    return _sound(read_source(path))


def _sound(source: Source) -> Model:
    model, diagnostics = check(source)
    if model is None:
        raise SpecError(diagnostics, source)
    return model

"""The pipeline on one screen: from text to the checked model, its graph and its code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rnndsl.graph.causality import check_causality
from rnndsl.lint import doubts, near_misses
from rnndsl.model.load import check_source, read_source, text_source
from rnndsl.model.model import Model
from rnndsl.text.diagnostics import Diagnostic, SpecError
from rnndsl.text.source import Source


def check(source: Source) -> tuple[Model | None, list[Diagnostic]]:
    """The model, or None, and every diagnostic, in the order of the text.

    The model's own warnings are all but those that take the gallery to see.
    """
    model, diagnostics = _checked(source)
    return model, diagnostics if model is None else list(warnings(model))


def warnings(model: Model) -> tuple[Diagnostic, ...]:
    """All that is doubtful in a sound model, in the order of the text; reads the gallery."""
    return tuple(_in_order([*model.warnings, *near_misses(model)]))


def _checked(source: Source) -> tuple[Model | None, list[Diagnostic]]:
    model, diagnostics = check_source(source)
    if model is None:
        return None, diagnostics
    found = check_causality(model)
    if found:
        return None, _in_order([*diagnostics, *found])
    told = _in_order([*diagnostics, *doubts(model)])
    return replace(model, warnings=tuple(told)), told


def _in_order(items: list[Diagnostic]) -> list[Diagnostic]:
    return sorted(items, key=lambda item: item.labels[0].span.start if item.labels else 0)


def parse(text: str, name: str = "<text>") -> Model:
    """The checked model of a text; SpecError, which carries every diagnostic, otherwise."""
    return _sound(text_source(text, name))


def load(path: str | Path) -> Model:
    """The checked model of a file; SpecError, which carries every diagnostic, otherwise."""
    return _sound(read_source(path))


def _sound(source: Source) -> Model:
    model, diagnostics = _checked(source)
    if model is None:
        raise SpecError(diagnostics, source)
    return model

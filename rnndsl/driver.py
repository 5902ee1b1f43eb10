"""The pipeline on one screen: from text to the checked model, its graph and its code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from rnndsl.graph.causality import check_causality
from rnndsl.lint import doubts, near_misses
from rnndsl.model.load import Checked, check_source, read_source, text_source
from rnndsl.model.model import Model
from rnndsl.text.diagnostics import Diagnostic, SpecError
from rnndsl.text.source import Source


def check(source: Source) -> tuple[Model | None, list[Diagnostic]]:
    """The model, or None, and every diagnostic, in the order of the text.

    The model's own warnings are all but those that take the gallery to see.
    """
    model, diagnostics, _ = check_whole(source)
    return model, diagnostics


def check_whole(source: Source) -> Checked:
    """As `check`, with the text and those of the files that it uses, to show places in."""
    found = _checked(source)
    return found if found.model is None else found._replace(diagnostics=[*warnings(found.model)])


def warnings(model: Model) -> tuple[Diagnostic, ...]:
    """All that is doubtful in a sound model, in the order of the text; reads the gallery."""
    found = _own(near_misses(model), model.source)
    return tuple(_in_order([*model.warnings, *found]))


def _checked(source: Source) -> Checked:
    model, diagnostics, whole = check_source(source)
    if model is None:
        return Checked(None, diagnostics, whole)
    found = check_causality(model)
    if found:
        return Checked(None, _in_order([*diagnostics, *found]), whole)
    told = _in_order([*diagnostics, *_own(doubts(model), whole)])
    return Checked(replace(model, warnings=tuple(told)), told, whole)


def _own(items: Iterable[Diagnostic], source: Source) -> list[Diagnostic]:
    """Without doubts about used files, which are told where those are looked at."""
    return [i for i in items if not any(source.users(label.span.start) for label in i.labels)]


def _in_order(items: list[Diagnostic]) -> list[Diagnostic]:
    return sorted(items, key=lambda item: item.labels[0].span.start if item.labels else 0)


def parse(text: str, name: str = "<text>", base: str | Path = "") -> Model:
    """The checked model of a text; SpecError, which carries every diagnostic, otherwise.

    `base`: the folder of the files that it uses, "" for the working folder.
    """
    return _sound(text_source(text, name, str(base)))


def check_text(source: Source) -> Model:
    """The checked model of a text that may bring the files along that it uses."""
    return _sound(source)


def load(path: str | Path) -> Model:
    """The checked model of a file; SpecError, which carries every diagnostic, otherwise."""
    return _sound(read_source(path))


def _sound(source: Source) -> Model:
    model, diagnostics, whole = _checked(source)
    if model is None:
        raise SpecError(diagnostics, whole)
    return model

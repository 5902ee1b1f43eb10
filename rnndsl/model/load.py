"""From text or file to the checked model, with every diagnostic at once.

Used files are read and checked by themselves first, so that what is wrong in one is told in
its own words. Loops are not its business: whether equations can be computed in some order is
for `graph`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from rnndsl.model import use_messages as wording
from rnndsl.model.build import build_model
from rnndsl.model.contents import contents
from rnndsl.model.given import Cell
from rnndsl.model.library import Library, NotFound, read_source, text_source
from rnndsl.model.model import Model
from rnndsl.model.uses import Whole, write_out
from rnndsl.syntax import tree
from rnndsl.syntax.parser import parse
from rnndsl.text.diagnostics import Diagnostic, Label, SpecError
from rnndsl.text.source import Part, Source, Span, moved

__all__ = ["Checked", "check_source", "load_model", "parse_model", "read_source", "text_source"]


class Checked(NamedTuple):
    """The model, or None, what is to be said, and the text with those of all used files."""

    model: Model | None
    diagnostics: list[Diagnostic]
    source: Source


def check_source(source: Source) -> Checked:
    """The model, or None, and everything that is to be said of the text, in its order."""
    library = Library(source)
    return _Reading(library).check(source, (library.own,), (source.name,))


@dataclass
class _Reading:
    """One spec and the files that it uses, each checked once."""

    library: Library
    known: dict[str, tuple[Checked, Whole]] = field(default_factory=dict)

    def check(self, source: Source, path: tuple[str, ...], names: tuple[str, ...]) -> Checked:
        """`path`: the files that lead here, each by what it is known by, and their names."""
        return self._check(source, path, names)[0]

    def _check(
        self, source: Source, path: tuple[str, ...], names: tuple[str, ...]
    ) -> tuple[Checked, Whole]:
        parsed = parse(source)
        found = list(parsed.diagnostics)
        cells: dict[str, Cell | None] = {}
        used: dict[str, Source] = {}
        for statement in parsed.statements:
            if not isinstance(statement, tree.UseStatement):
                continue
            if statement.name.name in cells:
                name = statement.name
                found.append(wording.second_use(name.name, name.span, "a file"))
                continue
            cell, source = self._cell(statement, source, path, names, found)
            cells[statement.name.name] = cell
            if cell is not None:
                used[statement.path] = replace(cell.source, parts=())
        if source.uses is None:
            source = replace(source, uses=tuple(sorted(used.items())))
        whole = write_out(parsed, source, cells, found)
        model, more = build_model(whole, _stem(source.name))
        told = [*whole.diagnostics, *more]
        told.sort(key=lambda item: item.labels[0].span.start if item.labels else 0)
        return Checked(model, told, whole.source), whole

    def _cell(
        self,
        statement: tree.UseStatement,
        source: Source,
        path: tuple[str, ...],
        names: tuple[str, ...],
        found: list[Diagnostic],
    ) -> tuple[Cell | None, Source]:
        """A used file, None where it is at fault, which is told with the place in that file."""
        span = statement.span
        try:
            own, text = self.library.find(statement.path, source)
        except NotFound as fault:
            found.append(wording.no_file(statement.path, str(fault), span))
            return None, source
        if own in path:
            circle = [*names[path.index(own) :], text.name]
            found.append(wording.circle(circle, span))
            return None, source
        if own not in self.known:
            self.known[own] = self._check(text, (*path, own), (*names, text.name))
        checked, whole = self.known[own]
        if checked.model is None:
            faults = [item for item in checked.diagnostics if item.is_error]
            found.extend(_moved(item, source.end) for item in faults)
            part = Part(source.end, checked.source, span)
            return None, replace(source, parts=(*source.parts, part))
        return _cell(text.name, whole), source


def _cell(name: str, whole: Whole) -> Cell:
    inside = contents(whole.statements)
    for match in whole.matches:
        if isinstance(match.name, tree.Name) and match.type is not None:
            inside.entries.setdefault(match.name.name, []).append(match.type)
    return Cell(name, whole.source, whole.statements, inside, whole.defaults, whole.matches)


def _moved(item: Diagnostic, by: int) -> Diagnostic:
    """A diagnostic of a used file, at its places in the whole."""
    labels = tuple(Label(moved(label.span, by), label.text) for label in item.labels)
    return replace(item, labels=labels or (Label(Span(by, by)),))


def _stem(name: str) -> str:
    stem = "".join(char if char.isascii() and char.isalnum() else "_" for char in Path(name).stem)
    return stem.strip("_") or "model"


def parse_model(text: str, name: str = "<text>") -> Model:
    """The checked model of a text; SpecError with every diagnostic where there is none."""
    return _sound(text_source(text, name))


def load_model(path: str | Path) -> Model:
    """The checked model of a file; SpecError where it is at fault."""
    return _sound(read_source(path))


def _sound(source: Source) -> Model:
    model, diagnostics, whole = check_source(source)
    if model is None:
        raise SpecError(diagnostics, whole)
    return model

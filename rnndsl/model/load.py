"""From text or file to the checked model, with every diagnostic at once.

Loops are not its business: whether equations can be computed in some order is for `graph`.
"""

from __future__ import annotations

from pathlib import Path

from rnndsl.model.build import build_model
from rnndsl.model.model import Model
from rnndsl.syntax.parser import parse
from rnndsl.text.diagnostics import Diagnostic, SpecError, error
from rnndsl.text.source import Source


def check_source(source: Source) -> tuple[Model | None, list[Diagnostic]]:
    """The model, or None, and everything that is to be said of the text, in its order."""
    parsed = parse(source)
    model, found = build_model(parsed, source, _stem(source.name))
    diagnostics = [*parsed.diagnostics, *found]
    diagnostics.sort(key=lambda item: item.labels[0].span.start if item.labels else 0)
    return model, diagnostics


def _stem(name: str) -> str:
    stem = "".join(char if char.isascii() and char.isalnum() else "_" for char in Path(name).stem)
    return stem.strip("_") or "model"


def parse_model(text: str, name: str = "<text>") -> Model:
    """The checked model of a text; SpecError with every diagnostic where there is none."""
    source = text_source(text, name)
    model, diagnostics = check_source(source)
    if model is None:
        raise SpecError(diagnostics, source)
    return model


def text_source(text: str, name: str = "<text>") -> Source:
    """A text with plain line breaks and without a byte order mark."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return Source(name, plain)


def read_source(path: str | Path) -> Source:
    """The text of a file; SpecError where it is missing, unreadable or no text."""
    try:
        data = Path(path).read_bytes()
    except (FileNotFoundError, ValueError):  # a path with a NUL is no path
        raise SpecError([error("RNN001", f"there is no file `{path}`")]) from None
    except IsADirectoryError:
        raise SpecError([error("RNN001", f"`{path}` is a folder, not a file")]) from None
    except OSError as fault:
        item = error("RNN001", f"`{path}` cannot be read: {fault.strerror}")
        raise SpecError([item]) from None
    if b"\0" in data or not _is_text(data):
        raise SpecError([error("RNN002", f"`{path}` is not a text file in UTF-8")])
    return text_source(data.decode("utf-8"), str(path))


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def load_model(path: str | Path) -> Model:
    """The checked model of a file; SpecError where it is at fault."""
    source = read_source(path)
    model, diagnostics = check_source(source)
    if model is None:
        raise SpecError(diagnostics, source)
    return model

"""Texts of specs from files: those that are named, and those that they use.

A used file lies beside the file that uses it, or in the gallery; nothing outside the folder
of the spec and the gallery is read, whatever a path or a link says. What is in a text is no
business of this module.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from rnndsl.gallery import folder
from rnndsl.text.diagnostics import SpecError, error
from rnndsl.text.source import Source

GALLERY = "gallery:"


def text_source(text: str, name: str = "<text>", base: str = "") -> Source:
    """A text with plain line breaks and without a byte order mark; `base` is its folder."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return Source(name, plain, base)


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
    return text_source(data.decode("utf-8"), str(path), os.path.dirname(path))


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class NotFound(Exception):
    """There is no such file to use; the text says why."""


@dataclass(frozen=True)
class Library:
    """The files that one spec may use: those in its folder and below, and the gallery."""

    main: Source

    @property
    def own(self) -> str:
        """What the spec itself is known by."""
        return os.path.realpath(os.path.join(self.main.folder, os.path.basename(self.main.name)))

    def find(self, path: str, user: Source) -> tuple[str, Source]:
        """What a used file is known by, and its text; NotFound where there is none to use."""
        if user.uses is not None:
            found = dict(user.uses).get(path)
            if found is None:
                raise NotFound("it is not kept with this spec")
            return found.name, found
        gallery = str(folder("specs"))
        roots = [os.path.realpath(self.main.folder or "."), os.path.realpath(gallery)]
        is_outside = False
        for base in (user.folder or ".", gallery):
            real = os.path.realpath(os.path.join(base, path))
            if real == self.own:
                return real, self.main
            if not os.path.isfile(real):
                continue
            if any(real.startswith(os.path.join(root, "")) for root in roots):
                return real, self._read(real, path, user, roots[1])
            is_outside = True
        if is_outside:
            raise NotFound("it lies outside the folder of the spec and the gallery")
        raise NotFound("there is no such file beside the spec, and none in the gallery")

    def _read(self, real: str, path: str, user: Source, gallery: str) -> Source:
        try:
            source = read_source(real)
        except SpecError as fault:
            reason = fault.diagnostics[0].message.replace(real, path)
            raise NotFound(reason) from None
        name = os.path.normpath(os.path.join(os.path.dirname(user.name), path))
        if real.startswith(os.path.join(gallery, "")):
            name = GALLERY + os.path.relpath(real, gallery)
        return Source(name, source.text, os.path.dirname(real))

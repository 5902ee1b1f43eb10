"""The files that a spec uses, as what a checkpoint keeps of them: all it takes to read it again.

Every text is kept once, by its name; nothing is looked for on a disk when it is read again.
"""

from __future__ import annotations

from typing import Any

from rnndsl.text.source import Source

Kept = dict[str, dict[str, Any]]
"""`texts` by the names of files, and `uses`: for each file the names by the paths it writes."""
MAIN = ""
DEEPEST = 100


def kept_files(source: Source) -> Kept | None:
    """The files that a checked spec uses; None where it uses none."""
    kept: Kept = {"texts": {}, "uses": {}}

    def keep(name: str, user: Source) -> None:
        kept["uses"][name] = {path: found.name for path, found in user.uses or ()}
        for _, found in user.uses or ():
            if found.name not in kept["texts"]:
                kept["texts"][found.name] = found.text
                keep(found.name, found)

    keep(MAIN, source)
    return kept if kept["texts"] else None


def with_files(name: str, text: str, kept: Kept | None) -> Source:
    """A spec and the files that were kept with it.

    KeyError, TypeError, AttributeError or ValueError where these are not whole.
    """
    found = kept or {"texts": {}, "uses": {MAIN: {}}}
    known: dict[str, Source] = {}

    def read(own: str, shown: str, text: str, depth: int) -> Source:
        if depth > DEEPEST:
            raise ValueError("files use each other in a circle")
        uses = []
        for path, other in sorted(found["uses"][own].items()):
            if other not in known:
                known[other] = read(other, other, _text(found["texts"][other]), depth + 1)
            uses.append((_text(path), known[other]))
        return Source(shown, text, uses=tuple(uses))

    return read(MAIN, name, text, 0)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is wanted")
    return value

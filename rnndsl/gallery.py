"""Where the grammar and the gallery of specs lie.

A wheel carries both folders inside the package; an editable installation and an unpacked
source distribution have them beside it. It finds files and does not read what is in them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

_PACKAGE = Path(__file__).resolve().parent
SUFFIX = ".rnn"


def folder(name: Literal["grammars", "specs"]) -> Path:
    """The folder of that name; FileNotFoundError where the installation lacks it."""
    for home in (_PACKAGE, _PACKAGE.parent):
        if (home / name).is_dir():
            return home / name
    raise FileNotFoundError(f"this installation of rnndsl has no folder {name!r}")


def grammar() -> Path:
    """The file of the language's grammar."""
    return folder("grammars") / "rnn.lark"


def specs() -> dict[str, Path]:
    """Every spec of the gallery: name (the file's stem) to path, by name."""
    return {path.stem: path for path in sorted(folder("specs").glob(f"*{SUFFIX}"))}

"""Letters for PNG and PDF on a machine that has no fonts, as bare containers do.

SVG needs none: whoever shows it brings the letters. matplotlib's wheel carries fonts with every
sign that drawings use; where it is installed they are lent to Graphviz.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from xml.sax.saxutils import escape

ENDINGS = frozenset({".ttf", ".otf", ".ttc", ".pfb", ".pcf"})

_CONFIGURATION = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>
"""


def has_fonts() -> bool:
    """Whether this machine has fonts of its own; taken for granted but on Linux."""
    if not sys.platform.startswith("linux") or os.environ.get("FONTCONFIG_FILE"):
        return True
    return any(_holds_font(folder) for folder in system_folders())


def system_folders() -> list[Path]:
    """Where Linux keeps fonts."""
    home = Path.home()
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    shared = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts")]
    return [*shared, data / "fonts", home / ".fonts"]


def lent_fonts() -> Path | None:
    """The folder of fonts inside matplotlib's wheel, if that is installed."""
    found = importlib.util.find_spec("matplotlib")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
    return folder if folder.is_dir() else None


def write_configuration(folder: Path, fonts: Path) -> Path:
    """A configuration of fontconfig that knows only `fonts`; all it writes goes to `folder`."""
    file = folder / "fonts.conf"
    cache = folder / "cache"
    text = _CONFIGURATION.format(fonts=escape(str(fonts)), cache=escape(str(cache)))
    file.write_text(text, encoding="utf-8")
    return file


def _holds_font(folder: Path) -> bool:
    return any(
        Path(name).suffix.lower() in ENDINGS
        for _, _, names in os.walk(folder, followlinks=True)
        for name in names
    )

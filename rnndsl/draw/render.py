"""DOT to pictures: by a `dot` of the system, else by the Graphviz in pygraphviz's wheel.

The wheel's library is only ever used in a process of its own: after a failure inside it, the
next drawing would take the whole process down.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

from rnndsl.draw.fonts import has_fonts, lent_fonts, write_configuration
from rnndsl.text.diagnostics import DataError

Format = Literal["svg", "png", "pdf", "dot", "plain", "json"]
FORMATS: tuple[str, ...] = get_args(Format)
ENGINE = "nop2"
PNG_RESOLUTION = "160"

_CHILD = """
import sys
import pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode("utf-8"))
graph.graph_attr.update(item.split("=") for item in sys.argv[3:])
data = graph.draw(format=sys.argv[1], prog=sys.argv[2])
sys.stdout.buffer.write(data if isinstance(data, bytes) else data.encode("utf-8"))
"""


class NoGraphviz(DataError):
    """Neither a system `dot` nor pygraphviz's wheel is there (RNN020)."""

    def __init__(self) -> None:
        super().__init__(
            'there is no Graphviz to draw with; `pip install "rnndsl[viz]"` brings one', "RNN020"
        )


def check_format(name: str) -> Format:
    """One of the formats; DataError RNN021 for any other word."""
    for known in get_args(Format):
        if name == known:
            return known  # type: ignore[no-any-return]
    raise DataError(f"no format `{name}`: choose svg, png, pdf or dot", "RNN021")


def render(source: str, format: Format) -> bytes:
    """A drawing in one of the formats.

    NoGraphviz (RNN020) where there is nothing to draw with, DataError RNN021 for a format that
    does not exist, RNN022 where Graphviz fails, RNN023 where there is no font for PNG or PDF.
    """
    wanted = check_format(format)
    if wanted == "dot":
        return source.encode("utf-8")
    problem: DataError = NoGraphviz()
    with tempfile.TemporaryDirectory() as folder:
        for command in _commands(wanted):
            environment = _environment(wanted, Path(folder))
            done = subprocess.run(
                command, input=source.encode("utf-8"), capture_output=True, env=environment
            )
            if done.returncode == 0 and done.stdout:
                return done.stdout
            words = done.stderr.decode("utf-8", "replace").strip().splitlines()
            reason = words[-1] if words else f"exit status {done.returncode}"
            problem = DataError(f"Graphviz failed: {reason}", "RNN022")
    raise problem


def _commands(format: Format) -> Iterator[list[str]]:
    """What to try: each reads DOT from standard input and writes the picture to its output."""
    resolution = [f"dpi={PNG_RESOLUTION}"] if format == "png" else []
    system = shutil.which("dot")
    if system is not None:
        yield [system, f"-K{ENGINE}", f"-T{format}", *(f"-G{item}" for item in resolution)]
    if importlib.util.find_spec("pygraphviz") is not None:
        yield [sys.executable, "-P", "-c", _CHILD, format, ENGINE, *resolution]


def _environment(format: Format, folder: Path) -> dict[str, str]:
    """The environment to draw in, with fonts lent to it where the machine has none."""
    environment = dict(os.environ)
    if format in ("png", "pdf") and not has_fonts():
        fonts = lent_fonts()
        if fonts is None:
            raise DataError(
                f"no font on this machine to write a {format.upper()} with: "
                'save as .svg, or `pip install "rnndsl[plot]"`, which brings some',
                "RNN023",
            )
        environment["FONTCONFIG_FILE"] = str(write_configuration(folder, fonts))
    return environment

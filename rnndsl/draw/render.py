"""DOT to pictures: by a `dot` of the system, else by the Graphviz in pygraphviz's wheel.

The wheel's library is only ever used in a process of its own: after a failure inside it, the
next drawing would take the whole process down.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from typing import Literal, get_args

from rnndsl.text.diagnostics import DataError

Format = Literal["svg", "png", "pdf", "dot", "plain", "json"]
FORMATS: tuple[str, ...] = get_args(Format)
ENGINE = "nop2"
PNG_RESOLUTION = 160

_CHILD = """
import sys
import pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode("utf-8"))
if len(sys.argv) > 3:
    graph.graph_attr["dpi"] = sys.argv[3]
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
    if name not in FORMATS:
        raise DataError(f"no format `{name}`: choose svg, png, pdf or dot", "RNN021")
    return name  # type: ignore[return-value]


def render(source: str, format: Format) -> bytes:
    """A drawing in one of the formats.

    NoGraphviz (RNN020) where there is nothing to draw with, DataError RNN021 for a format that
    does not exist, RNN022 where Graphviz fails.
    """
    wanted = check_format(format)
    if wanted == "dot":
        return source.encode("utf-8")
    command = _command(wanted)
    if command is None:
        raise NoGraphviz
    done = subprocess.run(command, input=source.encode("utf-8"), capture_output=True, check=False)
    if done.returncode != 0 or not done.stdout:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise DataError(f"Graphviz failed: {words[-1] if words else done.returncode}", "RNN022")
    return done.stdout


def _command(format: str) -> list[str] | None:
    """What to run: reads DOT from standard input, writes the picture to standard output."""
    resolution = [str(PNG_RESOLUTION)] if format == "png" else []
    system = shutil.which("dot")
    if system is not None:
        return [system, f"-K{ENGINE}", f"-T{format}", *(f"-Gdpi={dpi}" for dpi in resolution)]
    if importlib.util.find_spec("pygraphviz") is None:
        return None
    return [sys.executable, "-P", "-c", _CHILD, format, ENGINE, *resolution]

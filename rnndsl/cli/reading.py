"""Specs and texts as the command line names them: a file, or `-` for standard input."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnndsl.model.model import Model
    from rnndsl.runtime.checkpoint import Checkpoint

STDIN = "<stdin>"


def read_model(spec: str) -> Model:
    """The checked model, its loops too; its warnings are shown. SpecError passes through."""
    from rnndsl.cli.show import show_warnings

    model = parse_model(spec)
    show_warnings(model.warnings, model.source)
    return model


def parse_model(spec: str) -> Model:
    """The checked model, its loops too, without a word. SpecError passes through."""
    from rnndsl.driver import load, parse

    return parse(read_stdin(), STDIN) if spec == "-" else load(spec)


def read_checkpoint(path: str, limit: int | None) -> Checkpoint:
    """A checkpoint; DataError where it is none, or is too large for the memory (RNN501)."""
    import os

    from rnndsl.runtime.checkpoint import restore
    from rnndsl.runtime.memory import require

    if os.path.isfile(path):  # the bytes of the file and the arrays made of them
        require(2 * os.path.getsize(path), limit, "the weights")
    return restore(path)


def read_text_file(path: str, limit: int | None) -> str:
    """A text, whole; DataError where it is none, or is too long for the memory (RNN501)."""
    import os

    from rnndsl.runtime.memory import require
    from rnndsl.text.files import read_text

    if path == "-":
        return read_stdin()
    if os.path.isfile(path):  # its bytes, its characters and their tokens are in memory together
        require(9 * os.path.getsize(path), limit, "the characters and tokens of the text")
    return read_text(path)


def read_stdin() -> str:
    """All of standard input as UTF-8."""
    from rnndsl.text.files import decode

    return decode(sys.stdin.buffer.read(), "standard input")

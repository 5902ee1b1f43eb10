"""A log of a training run: one JSON object a line, as soon as it is known.

A step gives `step`, `epoch`, `loss`, `rate` and `seconds`, a validation `step`, `epoch`,
`validation` and the metrics that apply. A number that is not finite is null.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from rnndsl.text.diagnostics import DataError
from rnndsl.text.files import read_text, require_writable, write_atomic


class Log:
    """A file of JSON lines, begun anew, or gone on with after `steps` steps.

    DataError RNN003 where it cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str], steps: int = 0) -> None:
        self._path = require_writable(path)
        write_atomic(path, _until(self._path, steps) if steps else "")

    def write(self, record: Mapping[str, float]) -> None:
        """Add a line."""
        finite = {key: value if math.isfinite(value) else None for key, value in record.items()}
        try:
            with self._path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(json.dumps(finite) + "\n")
        except OSError as problem:
            reason = (problem.strerror or str(problem)).lower()
            raise DataError(f"cannot write `{self._path}`: {reason}", "RNN003") from None


def _until(path: Path, steps: int) -> str:
    """The lines of a log up to a step; a run that was killed may have written more."""
    kept = []
    for line in read_text(path).splitlines() if path.is_file() else []:
        with suppress(ValueError, KeyError, TypeError):  # the last line may be cut off
            if json.loads(line)["step"] <= steps:
                kept.append(f"{line}\n")
    return "".join(kept)

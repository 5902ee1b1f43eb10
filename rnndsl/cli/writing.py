"""Results where the command line wants them: a file, or `-` for standard output."""

from __future__ import annotations

import sys


def write_result(output: str, data: str | bytes) -> None:
    """Write a file whole or not at all, or to standard output; DataError RNN003.

    A text is UTF-8 in both: what is generated is a file, whatever the terminal speaks.
    """
    if output != "-":
        from rnndsl.text.files import write_atomic

        write_atomic(output, data)
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(data.encode("utf-8") if isinstance(data, str) else data)

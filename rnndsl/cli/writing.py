"""Results where the command line wants them: a file, or `-` for standard output."""

from __future__ import annotations

import sys


def write_result(output: str, data: str | bytes) -> None:
    """Write a file whole or not at all, or to standard output; DataError RNN003."""
    if output != "-":
        from rnndsl.runtime.files import write_atomic

        write_atomic(output, data)
    elif isinstance(data, bytes):
        sys.stdout.buffer.write(data)
    else:
        sys.stdout.write(data)

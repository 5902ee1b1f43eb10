"""How many threads the libraries take, said before they are loaded. It imports none of them."""

from __future__ import annotations

import argparse
import os

VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def option(parser: argparse.ArgumentParser) -> None:
    """Give a benchmark its `--threads`."""
    parser.add_argument("--threads", type=int, default=1, help="of each program (default: 1)")


def limit() -> None:
    """Hold the libraries of this process, and of those it starts, to `--threads`."""
    parser = argparse.ArgumentParser(add_help=False)
    option(parser)
    known, _ = parser.parse_known_args()
    for variable in VARIABLES:
        os.environ[variable] = str(known.threads)

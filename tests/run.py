"""Sets up `.venv` with what the tests need and runs them there; takes pytest's arguments."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools import environment  # noqa: E402

EXTRAS = ("dev", "plot", "viz")


def main() -> int:
    """Pytest's exit status."""
    environment.enter(*EXTRAS)
    import pytest

    os.chdir(ROOT)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a worker a core is enough
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # the tests start this package many times
    workers = min(4, os.cpu_count() or 1)
    spread = ["-n", str(workers), "--dist", "worksteal"]  # some long tests take minutes
    return pytest.main([*spread, *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())

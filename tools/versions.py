"""The test suite at both ends of the versions that pyproject.toml allows.

    python3 tools/versions.py [--home FOLDER] [--only 3.11-lowest] [pytest's arguments]

looks for the Pythons that pyproject.toml names, on the path and where pyenv keeps its own. The
oldest found gets the lowest versions of every package, each other one the newest; each has a
virtual environment of its own in FOLDER (else in a temporary one), and runs the default suite
there. The development tools are part of it. It imports the standard library alone.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = ("dev", "plot", "viz")
OF_OLD_PACKAGES = ("DeprecationWarning", "ImportWarning")  # about newer ones, not about us
CLASSIFIER = "Programming Language :: Python :: "


class End(NamedTuple):
    """A Python, and whether it gets the lowest versions or the newest."""

    python: str
    version: tuple[int, int]
    lowest: bool

    @property
    def name(self) -> str:
        return f"{self.version[0]}.{self.version[1]}-{'lowest' if self.lowest else 'newest'}"


def project() -> dict[str, Any]:
    """The table `project` of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return table


def lowest(extras: Iterable[str] = ()) -> list[str]:
    """Every requirement `name>=version` of the package and of `extras`, pinned to its bound."""
    named = project()
    wanted = [*named["dependencies"]]
    for extra in extras:
        wanted += named["optional-dependencies"][extra]
    return [requirement.replace(">=", "==") for requirement in wanted]


def supported() -> list[tuple[int, int]]:
    """The versions of Python in the classifiers, oldest first."""
    found = re.findall(rf'"{CLASSIFIER}(\d+)\.(\d+)"', (ROOT / "pyproject.toml").read_text("utf-8"))
    return sorted((int(major), int(minor)) for major, minor in found)


def interpreter(version: tuple[int, int]) -> str | None:
    """An interpreter of this version, tried, or None where there is none."""
    name = f"python{version[0]}.{version[1]}"
    of_pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [sys.executable, shutil.which(name), *sorted(of_pyenv.glob(f"*/bin/{name}"))]
    code = "import ensurepip, sys; sys.exit(sys.version_info[:2] != " + f"{version})"
    for candidate in candidates:
        if candidate is not None:
            command = [str(candidate), "-c", code]
            if subprocess.run(command, capture_output=True, check=False).returncode == 0:
                return str(candidate)
    return None


def ends() -> list[End]:
    """What is tried on this machine."""
    found = [(interpreter(version), version) for version in supported()]
    there = [(python, version) for python, version in found if python is not None]
    if not there:
        return []
    oldest, *others = there
    return [End(*oldest, True), *(End(*each, False) for each in others or [oldest])]


def environment(python: str, home: Path) -> Path:
    """A fresh virtual environment of another interpreter; its own interpreter."""
    subprocess.run([python, "-m", "venv", "--clear", str(home)], check=True)
    return home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install(python: Path, *what: str) -> subprocess.CompletedProcess[str]:
    """Pip's run, with what it wrote; wheels alone, so that nothing old is built anew."""
    pip = [str(python), "-m", "pip", "install", "--quiet", "--only-binary=:all:"]
    return subprocess.run([*pip, *what], capture_output=True, text=True, check=False)


def attempt(end: End, home: Path, arguments: list[str]) -> str:
    """The suite at one end: its outcome in a word."""
    python = environment(end.python, home / end.name)
    pins = lowest(EXTRAS) if end.lowest else []
    done = install(python, "--editable", f"{ROOT}[{','.join(EXTRAS)}]", *pins)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        return "not installed"
    subprocess.run([str(python), "-m", "pip", "freeze", "--exclude-editable"], check=True)
    pytest = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    for warning in OF_OLD_PACKAGES if end.lowest else ():
        pytest += ["-W", f"ignore::{warning}"]
    variables = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    status = subprocess.run([*pytest, *arguments], cwd=ROOT, env=variables, check=False).returncode
    return f"failed with {status}" if status else "passed"


def main() -> int:
    """0 where every end passed."""
    parser = argparse.ArgumentParser(description="Run the tests at both ends of the versions.")
    parser.add_argument("--home", type=Path, help="where the environments are made")
    parser.add_argument("--only", help="one end by its name, 3.11-lowest say")
    chosen, arguments = parser.parse_known_args()
    wanted = [end for end in ends() if chosen.only in (None, end.name)]
    with tempfile.TemporaryDirectory() as folder:
        home = chosen.home or Path(folder)
        outcomes = {end.name: attempt(end, home, arguments) for end in wanted}
    for name, outcome in outcomes.items():
        print(f"{name}: {outcome}")
    return 0 if outcomes and set(outcomes.values()) == {"passed"} else 1


if __name__ == "__main__":
    sys.exit(main())

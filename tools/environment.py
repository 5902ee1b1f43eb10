"""A virtual environment in `.venv` that holds this project and what a script needs of it.

For scripts that start on a machine with Python alone: it imports the standard library only,
installs from the package index that pip is set up for, and then runs the same script again
inside the environment. What is installed already is not installed again.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv"
STAMP = HOME / "rnndsl-installed.json"
OLDEST = (3, 11)


def enter(*extras: str) -> None:
    """Return at once inside an environment that has `extras`; else make it and go there.

    Going there runs this script again with the same arguments and exits with its status.
    """
    if sys.version_info < OLDEST:
        sys.exit(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version}")
    if _ready(extras):
        if Path(sys.prefix).resolve() == HOME.resolve():
            return
    else:
        _install(extras)
    sys.exit(subprocess.call([str(python()), *sys.argv], env=_environment()))


def python() -> Path:
    """The environment's interpreter."""
    return HOME / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _environment() -> dict[str, str]:
    """The variables of this process, without those that lead Python elsewhere."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONHOME"}
    return {**kept, "VIRTUAL_ENV": str(HOME)}


def _state() -> dict[str, object]:
    """What must be equal for an installation to be still good, and its extras."""
    try:
        state = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def _key() -> str:
    project = (ROOT / "pyproject.toml").read_bytes()
    return hashlib.sha256(project + f"{ROOT}".encode()).hexdigest()


def _installed() -> set[str]:
    state = _state()
    names = state.get("extras")
    return set(names) if state.get("key") == _key() and isinstance(names, list) else set()


def _ready(extras: tuple[str, ...]) -> bool:
    return python().exists() and STAMP.exists() and set(extras) <= _installed()


def _install(extras: tuple[str, ...]) -> None:
    """Make the environment where there is none, and install the project with `extras`."""
    wanted = sorted(_installed() | set(extras))
    if not python().exists():
        print(f"making a virtual environment in {HOME.name} ...", file=sys.stderr, flush=True)
        try:
            venv.create(HOME, with_pip=True)
        except subprocess.CalledProcessError:
            sys.exit("this Python lacks `ensurepip`: install the system's package python3-venv")
    print(f"installing rnndsl with {', '.join(wanted)} ...", file=sys.stderr, flush=True)
    target = f"{ROOT}[{','.join(wanted)}]"
    pip = [str(python()), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    status = subprocess.call([*pip, "--editable", target], env=_environment())
    if status:
        sys.exit(f"pip could not install the packages (status {status}); see above")
    STAMP.write_text(json.dumps({"key": _key(), "extras": wanted}), encoding="utf-8")

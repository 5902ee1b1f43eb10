"""What people install is complete, and the README's commands are those that are run here."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import rnndsl
from tools import versions

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = "viz native cuda12 cuda13 plot dev nvrtc bench oracle data"
LAST_WITH_LOWEST = (3, 12)  # NumPy 2.0 has no wheels for later ones
LOCATE = "from rnndsl import gallery as g; print(g.grammar(), *g.specs().values(), sep='\\n')"

FIRST_STEPS = """
import numpy as np
import rnndsl
from rnndsl.gallery import specs
from rnndsl.runtime.gradcheck import check_gradients

for name in ("elman", "teacher_forcing"):
    assert check_gradients(rnndsl.load(specs()[name]).model).agrees, name
program = rnndsl.load(specs()["char_lstm"]).compile(k=4)
text = "abca" * 9
trained = rnndsl.train(program, text, batch=3, window=4, epochs=1, checkpoint="checkpoint")
assert trained.history.steps == 3 and np.isfinite(trained.history.losses).all()
found = rnndsl.restore("checkpoint").params
assert all(np.array_equal(found[name], value) for name, value in trained.params.items())
rnndsl.load(specs()["elman"]).draw(unfold=2).save("elman.dot")
"""


def built(kind: str, folder: Path) -> Path:
    """The wheel or sdist of this tree."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.iterdir()
    return path


def located(home: Path, elsewhere: Path) -> set[str]:
    """What the locator of the package in `home` finds, as paths inside `home`."""
    run = subprocess.run(
        [sys.executable, "-c", LOCATE],
        cwd=elsewhere,
        env={"PYTHONPATH": str(home)},
        check=True,
        capture_output=True,
        text=True,
    )
    return {str(Path(line).relative_to(home.resolve())) for line in run.stdout.splitlines()}


def expected(prefix: str) -> set[str]:
    files = [ROOT / "grammars" / "rnn.lark", *(ROOT / "specs").glob("*.rnn")]
    return {prefix + str(path.relative_to(ROOT)) for path in files}


def test_a_wheel_holds_the_grammar_and_the_specs(tmp_path: Path) -> None:
    home = tmp_path / "installed"
    with zipfile.ZipFile(built("wheel", tmp_path / "dist")) as wheel:
        wheel.extractall(home)
    assert located(home, tmp_path) == expected("rnndsl/")
    assert (home / "rnndsl" / "py.typed").exists()


def test_an_unpacked_sdist_finds_them_beside_the_package(tmp_path: Path) -> None:
    with tarfile.open(built("sdist", tmp_path / "dist")) as sdist:
        sdist.extractall(tmp_path, filter="data")
    home = tmp_path / f"rnndsl-{rnndsl.__version__}"
    assert located(home, tmp_path) == expected("")
    assert (home / "tests" / "run.py").exists()


def test_an_editable_install_finds_them_in_the_tree(tmp_path: Path) -> None:
    with zipfile.ZipFile(built("wheel:editable", tmp_path / "dist")) as wheel:
        wheel.extractall(tmp_path / "installed")
    code = f"import site; site.addsitedir('installed'); {LOCATE}"
    command = [sys.executable, "-S", "-c", code]
    run = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert {str(Path(line).relative_to(ROOT)) for line in run.stdout.splitlines()} == expected("")


def test_the_extras_are_the_agreed_ones() -> None:
    assert set(PROJECT["optional-dependencies"]) == set(EXTRAS.split())


def test_the_readme_s_second_command_is_what_ci_runs() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^\$ (python3 \S+\.py)$", readme, re.MULTILINE)
    assert commands == ["python3 examples/first_model.py", "python3 tests/run.py"]
    assert all((ROOT / command.split()[1]).is_file() for command in commands)
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[lines.index('cd "$(dirname "$0")/.."') + 1] == commands[1]


def test_the_setup_needs_the_standard_library_alone() -> None:
    for name in ("examples/first_model.py", "tests/run.py"):
        code = f"import runpy, sys; sys.path.insert(0, {str(ROOT)!r}); runpy.run_path({name!r})"
        subprocess.run([sys.executable, "-I", "-S", "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize("name", ["click", "matplotlib", "networkx", "pygraphviz"])
def test_importing_the_package_leaves_heavy_imports_alone(name: str) -> None:
    code = f"import rnndsl, sys; sys.exit({name!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.long
@pytest.mark.skipif(sys.version_info[:2] > LAST_WITH_LOWEST, reason="the lowest have no wheels")
def test_the_lowest_versions_will_do(tmp_path: Path) -> None:
    python = versions.environment(sys.executable, tmp_path / "venv")
    wheel = built("wheel", tmp_path / "dist")
    done = versions.install(python, str(wheel), *versions.lowest())
    if "from versions: none" in done.stderr:
        pytest.skip("there is no package index")
    assert done.returncode == 0, done.stderr
    for steps in (["-c", FIRST_STEPS], ["-m", "rnndsl", "specs"]):
        command = [str(python), "-I", *steps]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr


def test_the_lowest_versions_are_those_of_the_project() -> None:
    pins = versions.lowest(["dev"])
    assert "numpy==2.0" in pins
    assert len(pins) == len(PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"])
    assert all(re.fullmatch(r"[a-z-]+==[0-9.]+", pin) for pin in pins)
    oldest = ".".join(map(str, versions.supported()[0]))
    assert PROJECT["requires-python"] == f">={oldest}"


def test_the_readme_names_what_is_supported() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    first, *_, last = (f"{major}.{minor}" for major, minor in versions.supported())
    assert f"tried on Linux, with Python {first} to {last}" in " ".join(readme.split())

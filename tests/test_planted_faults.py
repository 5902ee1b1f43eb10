"""The suite notices small faults: each is put into a copy of the tree, and a named test fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.faults import Fault
from tests.faults_around import FRONT, TRAINING
from tests.faults_backwards import BACKWARDS, DERIVATIVES
from tests.faults_forest import FORESTS
from tests.faults_forwards import AXES, FORWARDS
from tests.faults_trees import TREES

ROOT = Path(__file__).resolve().parent.parent
NEEDED = ("rnndsl", "grammars", "specs", "tests", "docs", "pyproject.toml")
FAULTS = FORWARDS | AXES | BACKWARDS | DERIVATIVES | FRONT | TRAINING | TREES | FORESTS
SAID_BY_A_TEST = ("AssertionError", "assert ", "Failed: ")


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree in a folder of its own, compiled; sources are told apart by what is in them."""
    home = tmp_path_factory.mktemp("faults")
    for name in NEEDED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, home / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, home / name)
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash"]
    subprocess.run([*command, "rnndsl"], cwd=home, check=True)
    return home


def outcomes(home: Path, *tests: str) -> dict[str, str]:
    """Tests run in a copy: the message of each, "" for one that passed."""
    report = home / "report.xml"
    report.unlink(missing_ok=True)
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"--junitxml={report}"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *tests],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(home), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode in (0, 1), f"no test was run:\n{run.stdout}{run.stderr}"
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):
        assert case.find("error") is None, run.stdout
        assert case.find("skipped") is None, run.stdout
        failure = case.find("failure")
        message = "" if failure is None else failure.get("message", "") or "failed"
        found[f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}"] = message
    return found


@pytest.mark.parametrize("name", FAULTS)
def test_the_source_is_as_the_fault_knows_it(name: str) -> None:
    fault = FAULTS[name]
    count = (ROOT / fault.file).read_text(encoding="utf-8").count(fault.old)
    assert count == 1, (
        f"{fault.file} has moved on: what the fault {name!r} replaces stands there {count} times. "
        "Adapt it in tests/faults_*.py"
    )
    assert fault.new != fault.old


@pytest.mark.long
def test_without_a_fault_every_named_test_passes(copy: Path) -> None:
    named = list(dict.fromkeys(fault.test for fault in FAULTS.values()))
    found = outcomes(copy, *named)
    assert found == dict.fromkeys(named, "")


@pytest.mark.long
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_noticed(name: str, copy: Path) -> None:
    fault: Fault = FAULTS[name]
    path = copy / fault.file
    sound = path.read_text(encoding="utf-8")
    path.write_text(sound.replace(fault.old, fault.new), encoding="utf-8")
    try:
        (message,) = outcomes(copy, fault.test).values()
    finally:
        path.write_text(sound, encoding="utf-8")
    assert message, f"{fault.test} does not notice it"
    assert message.startswith(SAID_BY_A_TEST), f"a crash and no slip: {message}"

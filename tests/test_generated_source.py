"""The generated file as text and as a script: plain, safe, the same every time, honest."""

from __future__ import annotations

import ast
import hashlib
import io
import os
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

from rnndsl import driver
from rnndsl.emit.fold import folded
from rnndsl.emit.functions import ModeEmitter
from rnndsl.gallery import specs
from rnndsl.plan.modes import ModePlan
from rnndsl.runtime.compile import generate_source
from tests.generated import GALLERY, LEVELS, ZOO, checked, program
from tests.sample import SAMPLE, by_level, sampled
from tests.zoo import FUNCTIONS

ROOT = Path(__file__).resolve().parent.parent
WIDEST = 110

every = pytest.mark.parametrize("name", [*ZOO, *sampled(GALLERY)])
each_level = pytest.mark.parametrize("level", LEVELS)
at_levels = by_level(LEVELS)


def functions(source: str) -> dict[str, ast.FunctionDef]:
    """The functions of a module by name."""
    return {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}


@every
@at_levels
def test_it_is_plain_text_that_imports_numpy_alone(name: str, level: int) -> None:
    """The names of the spec, or those with a `_`, are its variables, its equations stand there."""
    model, source = checked(name), program(name, level).source
    assert source.isascii()
    assert source.endswith("\n")
    assert not {"\r", "\t"} & set(source)
    assert re.search(" $", source, re.MULTILINE) is None
    assert re.findall(r"^ *(?:import|from \S+ import) .*", source, re.MULTILINE) == [
        "import numpy as np"
    ]
    assert "__import__" not in source
    assert source.count("\nDTYPE = np.float64\n") == 1
    ids = set(re.findall(r"\b[A-Za-z]\w*\b", source.split("What callers use")[1]))
    for key in (*model.params, *model.inputs):
        name = key.replace(".", "_")
        assert ids & {name, f"{name}_"}, key
    words = " ".join(source.split())
    for equation in model.equations.values():
        assert " ".join(equation.text.split()) in words


@every
@at_levels
def test_lines_can_be_read(name: str, level: int) -> None:
    source = program(name, level).source
    long = [line for line in source.splitlines() if len(line) > WIDEST]
    assert long == []


@pytest.mark.parametrize("name", [*FUNCTIONS, "memory", "over_positions", "fixed_positions"])
def test_breaking_lines_changes_nothing_but_lines(name: str) -> None:
    model = checked(name)
    for level in LEVELS:
        lines = ModeEmitter(ModePlan(model, "teacher", level > 0), level, "").write().lines
        broken = list(folded(lines))
        assert ast.dump(ast.parse("\n".join(broken))) == ast.dump(ast.parse("\n".join(lines)))
        assert max(map(len, broken)) <= WIDEST


@every
def test_every_function_says_what_it_does_and_is_called(name: str) -> None:
    source = program(name).source
    found = functions(source)
    words = [token.string for token in tokenize.generate_tokens(io.StringIO(source).readline)]
    public = {"init", "forward", "loss", "loss_and_grads", "record", "backward"}
    public |= {"clip", "clip_by_norm", "clip_by_value", "sgd_step"}
    assert {key for key in found if not key.startswith("_")} == public
    for key in found:
        assert key in public or words.count(key) > 1, f"{key} is not called"
    for key in public:
        assert ast.get_docstring(found[key]), key


def digest() -> list[str]:
    """A hash of every module of the zoo at the last level, of a sample of specs at the others."""
    return [
        f"{name} {level} {hashlib.sha256(program(name, level).source.encode()).hexdigest()}"
        for level in LEVELS
        for name in (ZOO if level == LEVELS[-1] else sorted(SAMPLE))
    ]


def test_the_same_bytes_under_another_hash_seed() -> None:
    """Python's hashes, and so the order of sets, differ from process to process."""
    code = "from tests.test_generated_source import digest\nprint(*digest(), sep='\\n')"
    environment = {**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-B", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == digest()


TITLES = (
    "a 'quoted' title",
    "back\\\\slash \\\\N{DIGIT ONE} \\\\x41 \\\\",
    "%s %(x)d {} {x} {0!r} $x `x`",
    "''' and more '''",
    "umlaut \u00e4, line \u2028 and \u0085, right to left \u202e, emoji \U0001f600",
    "# not a comment",
    "import os; os.abort()",
)


@pytest.mark.parametrize("title", TITLES)
def test_a_title_is_only_a_title(title: str) -> None:
    text = specs()["elman"].read_text(encoding="utf-8")
    text = re.sub("^model .*\n", "", text, flags=re.MULTILINE)
    source = generate_source(driver.parse(f'model elman "{title}"\n{text}'))
    assert source.isascii()
    tree = ast.parse(source)
    plain = ast.parse(generate_source(driver.parse(f"model elman\n{text}")))
    assert ast.dump(ast.Module(tree.body[1:], [])) == ast.dump(ast.Module(plain.body[1:], []))
    first = source.splitlines()[0]
    assert first.startswith('"""elman: ')
    assert (ast.get_docstring(tree) or "").startswith(first[3:])


def test_letters_of_a_title_lose_no_more_than_their_marks() -> None:
    model = driver.parse('model m "Gödel, Erdős, α"\nparam p: ()\nz = p\noutput z')
    assert generate_source(model).splitlines()[0] == '"""m: Godel, Erdos, ?'


@pytest.mark.parametrize(
    "name", ["a b", "naïve", "x-1", "1st", "class", 'q"""', "é\n# x", "..", ""]
)
def test_a_file_may_be_called_anything(name: str) -> None:
    model = driver.parse("param p: ()\nz = p * p\noutput z", f"{name}.rnn")
    source = generate_source(model)
    assert source.isascii()
    compile(source, "m.py", "exec")


def run_script(source: str, folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    file = folder / "made.py"
    file.write_text(source, encoding="ascii")
    command = [sys.executable, "-B", *flags, str(file)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder)


LOOKED_AT = ("elman", "dynamical_system", "bidirectional", "attention", "lstm_stacked", "pointer")
SCRIPTS = [*((name, 1) for name in LOOKED_AT), ("lstm", 0), ("lstm", 2), ("sampled_tokens", 1)]


@pytest.mark.parametrize(("name", "level"), SCRIPTS)
def test_as_a_script_it_checks_itself(name: str, level: int, tmp_path: Path) -> None:
    model = checked(name)
    done = run_script(generate_source(model, optimize=level), tmp_path, "-W", "error", "-X", "dev")
    assert done.stderr == ""
    last = done.stdout.splitlines()[-1]
    assert last == f"gradients of {model.name} agree with central differences"
    assert done.returncode == 0
    assert all(f"{key:>12}  " in done.stdout for key in model.params)
    assert list(tmp_path.iterdir()) == [tmp_path / "made.py"]


def test_as_a_script_it_checks_each_mode_that_differs(tmp_path: Path) -> None:
    done = run_script(generate_source(checked("teacher_forcing")), tmp_path)
    heads = [line.split()[0] for line in done.stdout.splitlines() if "gradient " in line]
    assert heads == ["teacher", "free", "scheduled"]


FAULTS = (
    ("d_c = np.sum(d_o, axis=(0, 1))", "d_c = np.sum(d_o, axis=(0, 1)) * 1.0001"),
    ("d_V = _outer_sum(d_o, h)", "d_V = _outer_sum(d_o, h_prev)"),
    ("d_U = _outer_sum(d_s_scaled, x)", "d_U = np.full_like(U, np.nan)"),
    (
        "return np.sum(_over(x, live, 0, axis, indices), axis=axis)",
        "return np.sum(_over(x, live, 0, axis, indices), axis=axis) + 0.1 * x[0]",
    ),
)


@pytest.mark.parametrize("fault", FAULTS, ids=[before.split(" ")[0] for before, _ in FAULTS])
def test_a_fault_in_it_is_told(fault: tuple[str, str], tmp_path: Path) -> None:
    source = generate_source(checked("lstm"))
    assert fault[0] in source
    done = run_script(source.replace(*fault), tmp_path)
    last = done.stdout.splitlines()[-1]
    assert last == "gradients of lstm DIFFER from central differences"
    assert done.returncode == 1


def test_a_script_finds_sizes_that_fit_together(tmp_path: Path) -> None:
    text = "size n, m, q = m / 4\nparam W: (q, n), b\ninput x: n\nh = W @ x + b\noutput h"
    done = run_script(generate_source(driver.parse(text, "quarter")), tmp_path)
    assert done.returncode == 0, done.stderr

"""What the teacher leaves of a loop: `explain` says it in words, the generated code shows it."""

from __future__ import annotations

import ast
import json
import re

import pytest

from rnndsl.gallery import specs
from rnndsl.model.load import load_model
from rnndsl.runtime.compile import generate_source
from tests.test_cli import run

LEFT = "no loop is left: every equation runs for all positions at once"
LEVELS = (0, 1, 2)


def stages(name: str, level: int) -> dict[str, ast.FunctionDef]:
    """The functions of a generated module that compute something, by name."""
    source = generate_source(load_model(specs()[name]), optimize=level)
    found = {
        item.name: item for item in ast.parse(source).body if isinstance(item, ast.FunctionDef)
    }
    return {key: item for key, item in found.items() if re.match("_(forward|loss|backward)", key)}


def loops(function: ast.FunctionDef) -> list[str]:
    """What each loop of a function runs over."""
    return [ast.unparse(item.iter) for item in ast.walk(function) if isinstance(item, ast.For)]


@pytest.mark.parametrize("level", LEVELS)
def test_under_the_teacher_the_code_has_no_loop(level: int) -> None:
    found = {name: loops(item) for name, item in stages("teacher_forcing", level).items()}
    taught = [name for name in found if name.endswith("_teacher")]
    assert len(taught) == 4
    assert all(not found[name] for name in taught)
    for mode in ("free", "scheduled"):
        assert found[f"_forward_{mode}"] == ["range(T)"]
        assert found[f"_backward_{mode}"] == ["reversed(range(T))"]


@pytest.mark.parametrize("level", LEVELS)
def test_the_steps_of_the_teacher_are_one_product(level: int) -> None:
    """`W` meets all positions of the target at once, running free one of the output at a time."""
    found = stages("teacher_forcing", level)
    taught, free = ast.unparse(found["_forward_teacher"]), ast.unparse(found["_forward_free"])
    product = r"z_prev{} @ W\.T|product_into\(z_prev{}, W\.T|matmul\(z_prev{}, W\.T"
    assert re.search(product.replace("{}", ""), taught)
    assert re.search(product.replace("{}", r"\[t\]"), free)


@pytest.mark.parametrize("level", LEVELS)
def test_without_a_teacher_the_loop_stays(level: int) -> None:
    found = {name: loops(item) for name, item in stages("output_recurrence", level).items()}
    assert found["_forward"] == ["range(T)"]
    assert found["_backward"] == ["reversed(range(T))"]


def test_explain_says_what_is_left() -> None:
    taught = run("explain", specs()["teacher_forcing"]).stdout
    assert f"With the teacher:\n  {LEFT}\n\nRunning free or scheduled:\n  loop 1 runs" in taught
    bare = run("explain", specs()["output_recurrence"]).stdout
    assert LEFT not in bare
    assert "loop 1 runs forwards over t: h, o\n  because h reads o[t-1]\n" in bare


def test_explain_says_it_to_programs() -> None:
    modes = json.loads(run("explain", specs()["teacher_forcing"], "--json").stdout)["modes"]
    assert {item["mode"]: len(item["loops"]) for item in modes} == {
        "teacher": 0,
        "free": 1,
        "scheduled": 1,
    }
    assert modes[0]["gradient_loops"] == []

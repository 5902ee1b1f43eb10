"""How many loops over positions the generated code has, against the table written by hand."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from rnndsl.driver import load
from rnndsl.gallery import specs
from rnndsl.graph.causality import loops, modes
from rnndsl.runtime.compile import generate_source
from tests.loops import LOOPS, way_back
from tests.sample import SAMPLE

EVERY_LEVEL = ("lstm", "bidirectional", "teacher_forcing", "attention", "lstm_stacked")


def position_loops(source: str, name: str, axes: dict[str, str]) -> list[str]:
    """`for … in range(T)` (`+t`) and `for … in reversed(range(T))` (`-t`) in one function; over a
    tree, which has no length, the same of `levels`, or of all but that of the leaves."""
    tree = ast.parse(source)
    function = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name)
    heads = [ast.unparse(node.iter) for node in ast.walk(function) if isinstance(node, ast.For)]
    known = {f"range({length})": f"+{axis}" for axis, length in axes.items() if length}
    for axis in (axis for axis, length in axes.items() if not length):
        known |= {"levels": f"+{axis}", "levels[1:]": f"+{axis}"}
    known |= {f"reversed({head})": f"-{loop[1:]}" for head, loop in known.items()}
    return [known[head] for head in heads]


def cases() -> list:
    return [
        pytest.param(
            name,
            mode,
            level,
            id=f"{name}-{mode}-O{level}",
            marks=[] if name in SAMPLE else [pytest.mark.long],
        )
        for name, path in specs().items()
        for mode in modes(load(path))
        for level in ((0, 1, 2) if name in EVERY_LEVEL else (1,))
    ]


@pytest.mark.parametrize(("name", "mode", "level"), cases())
def test_loops_are_those_of_the_table(name: str, mode: str, level: int) -> None:
    model = load(specs()[name])
    suffix = f"_{mode}" if len(modes(model)) > 1 else ""
    source = generate_source(model, optimize=level)
    axes = {name: axis.length for name, axis in model.axes.items()}
    want = LOOPS[name][mode]
    forward = position_loops(source, f"_forward{suffix}", axes)
    back = Counter(way_back(want))
    if model.loss is not None:
        forward += position_loops(source, f"_loss{suffix}", axes)
        assert Counter(position_loops(source, f"_backward{suffix}", axes)) == back
    assert Counter(position_loops(source, f"_backward_outputs{suffix}", axes)) == back
    assert Counter(forward) == Counter(want)


def test_the_directions_of_a_bidirectional_model() -> None:
    found = loops(load(specs()["bidirectional"]))
    assert sorted(loop.step for loop in found) == [-1, 1]


@pytest.mark.parametrize("level", [1, 2])
def test_products_with_the_input_stand_before_the_loop(level: int) -> None:
    source = generate_source(load(specs()["elman"]), optimize=level)
    before, inside = source.split("for t in range(T):")[0], source.split("for t in range(T):")[1]
    assert "U.T" in before
    assert "U.T" not in inside.split("# o[t]")[0]

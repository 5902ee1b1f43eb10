"""`rnndsl draw --backward`: the picture's arrows, turned round where gradients flow."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rnndsl.draw import draw
from rnndsl.draw.backward import gradient_names
from rnndsl.draw.look import GRADIENT, PALE
from rnndsl.driver import load, parse
from rnndsl.gallery import specs
from rnndsl.runtime.spec import load as load_spec
from rnndsl.text.diagnostics import DataError
from tests import zoo
from tests.drawn import over_tree
from tests.sample import DRAWN, sampled
from tests.test_cli import run

EDGE = re.compile(r'^\t"?([^"\n]+?)"? -> "?([^"\n]+?)"? \[([^\n]*)\]$', re.MULTILINE)


def edges(text: str) -> dict[tuple[str, str], str]:
    """Edges that are no part of the legend, with their attributes."""
    found = {(tail, head): more for tail, head, more in EDGE.findall(text)}
    return {ends: more for ends, more in found.items() if not ends[0].startswith("legend")}


@pytest.mark.parametrize("steps", [None, 3])
@pytest.mark.parametrize("name", sampled(sorted(specs()), DRAWN))
def test_every_edge_is_turned_or_pale(name: str, steps: int | None) -> None:
    model = load(specs()[name])
    tree = over_tree(model, steps)
    forward = edges(draw(model, steps, tree=tree).source)
    backward = edges(draw(model, steps, tree=tree, backward=True).source)
    flowing = gradient_names(model)
    assert len(forward) == len(backward) > 0
    for tail, head in forward:
        ends = {re.split(r"\.m?\d|\(", end)[0] for end in (tail, head)}  # h.2(3) is of h
        if ends <= flowing:
            assert GRADIENT in backward[head, tail]
            assert "odot" not in backward[head, tail]
        else:
            assert PALE in backward[tail, head]


def test_where_gradients_flow() -> None:
    assert gradient_names(load(specs()["lstm"])) == {*"xfsghqo", "loss"}
    assert gradient_names(load(specs()["char_lstm"])) == {*"fsghqo", "loss"}
    assert gradient_names(load(specs()["dynamical_system"])) == {"s"}
    text = """axis t = 1..T
size k
input x[t]: k
target y[t]: token(k)
z[t] = argmax(x[t])
u[t] = 2 * x[t]
v[t] = 3 * u[t]
w[t] = u[t] + z[t]
loss = sum[t](cross_entropy(w[t], y[t]))
output v[t]
"""
    assert gradient_names(parse(text)) == {"x", "u", "w", "loss"}


def test_the_way_back_through_a_delay() -> None:
    found = edges(draw(load(specs()["elman"]), backward=True).source)
    assert "arrowhead=none" in found["a", "h(t-1)"]
    assert "arrowhead=normal" in found["h(t-1)", "h"]


def test_places_and_letters_stay() -> None:
    model = load(specs()["elman"])
    forward, backward = (draw(model, 3, backward=way).source for way in (False, True))
    place = re.compile(r'^\t"([a-z]+\(\d\))" \[[^\n]*pos="([^"]+)"', re.MULTILINE)
    assert dict(place.findall(forward)) == dict(place.findall(backward)) != {}
    label = re.compile(r'\blp="([^"]+)"')
    assert sorted(label.findall(forward)) == sorted(label.findall(backward)) != []


@pytest.mark.parametrize("name", sorted(zoo.MODELS)[::3])
def test_every_third_construct_has_a_way_back(name: str) -> None:
    assert edges(draw(parse(zoo.MODELS[name]), backward=True).source)


def test_the_command(tmp_path: Path) -> None:
    path = tmp_path / "a.dot"
    result = run("draw", specs()["lstm"], "--backward", "--unfold", 2, "-o", path)
    assert (result.exit_code, result.stdout) == (0, f"drawing: {path}\n")
    assert GRADIENT in path.read_text()
    assert "legend scaling" not in path.read_text()
    plain = run("draw", specs()["lstm"], "--unfold", 2, "-o", "-", "--format", "dot")
    assert GRADIENT not in plain.stdout
    assert "legend scaling" in plain.stdout


def test_python_draws_what_the_command_draws(tmp_path: Path) -> None:
    text = """axis t = 1..T
size m, d
input x[t]: m
param W
h[t]: m = tanh(W @ h[t-d] + x[t])
output h[t]
"""
    path = tmp_path / "late.rnn"
    path.write_text(text)
    options = ("--backward", "--unfold", 4, "--size", "d=3")
    said = run("draw", path, *options, "-o", "-", "--format", "dot").stdout
    model = load_spec(path)
    assert model.draw(unfold=4, backward=True, sizes={"d": 3}).source == said
    assert model.draw(backward=True).source == draw(load(path), backward=True).source
    assert GRADIENT not in model.draw(unfold=4, sizes={"d": 3}).source
    assert model.draw(unfold=4).source != model.draw(unfold=4, sizes={"d": 3}).source
    with pytest.raises(DataError, match="has no size 'e'"):
        model.draw(sizes={"e": 3})

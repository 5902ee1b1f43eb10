"""Trees up to the checked model: what is accepted, laid out and used; and the words of the rest.

What bad files are told stands in `tests/bad`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnndsl.driver import check_whole, load, parse
from rnndsl.forest.forest import Forest
from rnndsl.gallery import specs
from rnndsl.interpreter.batch import Batch
from rnndsl.model.expr import Over, Position, reads
from rnndsl.model.model import Model
from rnndsl.syntax.formatter import format_source
from rnndsl.text.source import Source
from tests.drawn import sequence_specs
from tests.test_cli import run

TREES = sorted({*specs()} - {*sequence_specs()})
SLOTS = ("left", "right")
ALL = """
axis v in tree(left, right)
axis w in tree
axis t = 1..T
size n, m = 4, k
input x[v]: n, z[w]: token(k), p[v]: position(t), s[t]: n
param U, W, E: (k, m), b
h[leaf]: m = tanh(U @ x[leaf] + b)
h[v] = tanh(W @ h[v.left] + W @ h[v.right] + U @ s[p[v]])
d[root] = h[root]
d[v] = tanh(W @ d[v.parent] + h[v.parent.left])
a[v] = softmax[v](dot(h[v], d[v]))
g[w]: m = E[z[w]] + max[c in w.children](g[c]) + W @ mean[e in w.children](z[e] * g[e])
o = sum[v](a[v] * d[v]) + logsumexp[w](g[w])
clip norm 1 d h[v.left]
output h[v], o, d[root], g[w]
"""


def places(model: Model, name: str) -> list[Position]:
    found = [place for read in reads(model.equations[name].expr) for place in read.places]
    return [place for place in found if isinstance(place, Position)]


def test_places_are_steps_from_a_node() -> None:
    model = parse(ALL)
    assert [place.link for place in places(model, "h")][:2] == [("left",), ("right",)]
    assert [place.link for place in places(model, "d")] == [("parent",), ("parent", "left")]
    assert [bound.place.anchor for bound in model.equations["h"].boundaries] == ["leaf"]
    assert [output.label for output in model.outputs] == ["h", "o", "d[root]", "g"]
    assert model.axes["v"].slots == SLOTS
    assert (model.axes["w"].is_tree, model.axes["w"].slots, model.axes["w"].length) == (
        True,
        (),
        "",
    )


def test_a_sum_over_children_knows_whose_children() -> None:
    found = [e for e in parse(ALL).equations["g"].expr.walk() if isinstance(e, Over)]
    assert [(e.operation, e.index, e.within) for e in found] == [
        ("max", "c", "w"),
        ("mean", "e", "w"),
    ]


def test_the_parent_of_a_child_is_the_node_itself() -> None:
    text = ALL.replace("z[e] * g[e]", "z[e.parent] * g[e]")
    found = [place for place in places(parse(text), "g") if place.index == "w"]
    assert len(found) == 2
    assert all(place.is_here for place in found)


@pytest.mark.parametrize("name", [*TREES, "all"])
def test_a_layout_says_the_same_and_stays(name: str) -> None:
    text = ALL if name == "all" else specs()[name].read_text()
    once = format_source(Source("a.rnn", text))
    assert format_source(Source("a.rnn", once)) == once
    assert [e.text for e in parse(once).all_equations] == [
        e.text for e in parse(text).all_equations
    ]


def test_the_words_of_trees_are_laid_out() -> None:
    text = "axis v  in tree( left,right )\nsize m\ninput x[v]:m\n"
    text += "h[leaf]=x[leaf]\nh[v]=sum[u  in v.children]( h[u] )+x[v . parent]\noutput h[root]\n"
    shown = format_source(Source("a.rnn", text))
    assert "axis   v in tree(left, right)" in shown
    assert "h[v] = sum[u in v.children](h[u]) + x[v.parent]" in shown


def test_specs_over_trees_are_sound() -> None:
    result = run("check", *(specs()[name] for name in TREES), "--json")
    assert result.exit_code == 0
    assert [item["diagnostics"] for item in json.loads(result.stdout)] == [[]] * len(TREES)


# Uses

CELL = """
axis v in tree(left, right)
size n, m = 3
input x[v]: n
param U, W
below[v] = sum[u in v.children](h[u])
h[leaf] = tanh(U @ x[leaf])
h[v]: m = tanh(U @ x[v] + W @ below[v] + h[v.left])
"""
USER = """
use "cell.rnn" as cell
axis w in tree(left, right)
size n = 2
input e[w]: n, u: n
one = cell(x = e)
two = cell(x = one.h, m = 4)
out = sum[w](two.h[w]) * sum(u)
output out, one.h[root], two.h[w.left]
"""
BY_HAND = """
axis w in tree(left, right)
size n = 2, m = 3, q = 4
input e[w]: n, u: n
param U, W, A, B
b[w] = sum[c in w.children](h[c])
h[leaf]: m = tanh(U @ e[leaf])
h[w] = tanh(U @ e[w] + W @ b[w] + h[w.left])
f[w] = sum[c in w.children](g[c])
g[leaf]: q = tanh(A @ h[leaf])
g[w] = tanh(A @ h[w] + B @ f[w] + g[w.left])
out = sum[w](g[w]) * sum(u)
output out, h[root], g[w.left]
"""
NAMES = {"U": "one.U", "W": "one.W", "A": "two.U", "B": "two.W"}


def with_cell(folder: Path, text: str, cell: str = CELL) -> Model:
    (folder / "cell.rnn").write_text(cell, encoding="utf-8")
    (folder / "user.rnn").write_text(text, encoding="utf-8")
    return load(folder / "user.rnn")


def said(folder: Path, text: str) -> str:
    (folder / "cell.rnn").write_text(CELL, encoding="utf-8")
    _, diagnostics, _ = check_whole(Source("user.rnn", text, str(folder)))
    return "; ".join(f"{item.code}: {item.message}" for item in diagnostics)


def outputs(model: Model, params: dict[str, Any]) -> list[Any]:
    chance = np.random.default_rng(1)
    forest = Forest.of(["((a b) (c (d e)))", "f", "(_ g)"], SLOTS)
    data = {"e": chance.normal(size=(forest.nodes, 2)), "u": chance.normal(size=(3, 2))}
    batch = Batch(model, {}, params, data, trees={"w": forest})
    return [*batch.outputs().values()]


def test_a_used_file_over_a_tree_means_its_equations(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    shapes = {"U": (3, 2), "W": (3, 3), "A": (4, 3), "B": (4, 4)}
    params = {name: chance.normal(size=shape) for name, shape in shapes.items()}
    used = outputs(with_cell(tmp_path, USER), {NAMES[name]: p for name, p in params.items()})
    for mine, its in zip(used, outputs(parse(BY_HAND), params), strict=True):
        np.testing.assert_allclose(mine, its, rtol=0, atol=1e-14)


def test_an_equation_for_leaves_may_be_replaced(tmp_path: Path) -> None:
    model = with_cell(tmp_path, USER + "two.h[leaf] = 0\n")
    assert [bound.text for bound in model.equations["two.h"].boundaries] == ["two.h[leaf] = 0"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("in tree(left, right)", "in tree", "nodes with `left` and `right`, and `w` over nodes"),
        ("in tree(left, right)", "= 1..T", "`w` over positions"),
        ("in tree(left, right)", "in tree(l, r)", "and `w` over nodes with `l` and `r`"),
        ("one = cell(", "one = reverse cell(", "cannot run in reverse: it runs over a tree"),
    ],
)
def test_nodes_stand_for_nodes(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert words in said(tmp_path, USER.replace(old, new))


def test_a_cell_over_sequences_is_given_no_nodes(tmp_path: Path) -> None:
    cell = "axis t = 1..T\nsize n\ninput x[t]: n\nh[t]: n = x[t] + h[t-1]\n"
    (tmp_path / "chain.rnn").write_text(cell, encoding="utf-8")
    text = USER.replace("cell.rnn", "chain.rnn")
    assert "runs over positions, and `w` over nodes with" in said(tmp_path, text)

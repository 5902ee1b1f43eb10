"""Drawings over trees: what stands where, which node is read by which, and how trees are given."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

import rnndsl
from rnndsl.draw.folded import folded_scene
from rnndsl.draw.grown import trees_of
from rnndsl.draw.route import Curve
from rnndsl.draw.scene import Scene
from rnndsl.draw.terms import by_position
from rnndsl.draw.unfolded import unfolded_scene
from rnndsl.gallery import specs
from rnndsl.graph.unfold import unfold, unfolded_size
from rnndsl.text.diagnostics import DataError
from tests.drawn import sequence_specs
from tests.sample import sampled

BINARY = """
axis   v in tree(left, right)
size   n, m = 4
input  x[v]: n
target y[v]: n
param  V, U, W
h[leaf]: m = tanh(V @ x[leaf])
h[v] = tanh(U @ h[v.left] + W @ h[v.right])
o = sum(h[root])
output o
"""
SUMS = """
axis   v in tree
size   n, m = 4
input  x[v]: n
param  U, W
below[v] = sum[u in v.children](h[u])
h[v]: m = tanh(U @ x[v] + W @ below[v])
d[root]: m = tanh(h[root])
d[v] = tanh(h[v] + d[v.parent])
loss = sum[v](sum(d[v] * d[v]))
"""

DEEP = """
axis v in tree(left, right)
axis l = 1..L
size m, L = 2
input x[v]: m
param W[l]: (m, m), Q[l]: (m, m)
h[l,v]: m = tanh(W[l] @ h[l,v.left] + Q[l] @ h[l-1,v])
h[l,leaf] = tanh(Q[l] @ h[l-1,leaf])
h[0,v] = x[v]
output h[L,root]
"""
CHAIN = """
axis t = 1..T
size m
input x[t]: m
h[t] = x[t]
output h[T]
"""


def scene(text: str, tree: object) -> Scene:
    model = rnndsl.parse(text).model
    return unfolded_scene(model, {}, None, trees_of(model, tree))


def labels(drawn: Scene) -> dict[tuple[str, str], str]:
    return {(a.tail, a.head): a.label.inline if a.label else "" for a in drawn.arrows}


def test_every_node_reads_its_own_children() -> None:
    """Nodes are numbered as the forest numbers them, from 1: a node before its children."""
    drawn = labels(scene(BINARY, "((a b) c)"))
    own = {ends: text for ends, text in drawn.items() if "legend" not in ends[0]}
    assert own == {
        ("h(2)", "h(1)"): "U", ("h(5)", "h(1)"): "W", ("h(3)", "h(2)"): "U", ("h(4)", "h(2)"): "W",
        ("x(3)", "h(3)"): "V", ("x(4)", "h(4)"): "V", ("x(5)", "h(5)"): "V", ("h(1)", "o"): "",
    }  # fmt: skip


def test_equations_for_leaves_are_drawn_like_others() -> None:
    """They are boundaries in the folded picture only, where one box stands for all nodes."""
    assert {a.style for a in scene(BINARY, "(a b)").arrows} == {"plain"}
    assert {box.line for box in scene(BINARY, "(a b)").boxes} == {"solid"}
    folded = {(a.tail, a.head): a.style for a in folded_scene(rnndsl.parse(BINARY).model).arrows}
    assert folded["x", "h"] == "boundary"


def test_what_follows_from_a_node_stands_away_from_its_sibling() -> None:
    text = BINARY.replace("o = sum(h[root])", "s[v] = sum(h[v])").replace("output o", "output s[v]")
    at = {box.id: box.x for box in scene(text, "(a b)").boxes}
    assert at["s(2)"] < at["h(2)"] < at["h(3)"] < at["s(3)"]
    assert at["h(1)"] < at["s(1)"]


def test_a_long_arrow_has_no_gap_before_its_head() -> None:
    line = Curve((0.0, 0.0), (700.0, 0.0), (1400.0, 0.0), (2100.0, 0.0))
    assert 6.5 < 2100.0 - line.shortened(6.5).end[0] < 11.0


def test_the_root_stands_above_and_leaves_in_one_row_in_their_order() -> None:
    drawn = scene(BINARY, "((the (black cat)) sat)")
    at = {box.id: (box.x, box.y) for box in drawn.boxes}
    words = [item for item in drawn.writings if item.text in ("the", "black", "cat", "sat")]
    assert [item.text for item in sorted(words, key=lambda item: item.x)] == [
        "the", "black", "cat", "sat",
    ]  # fmt: skip
    assert len({item.y for item in words}) == 1
    assert max(at, key=lambda id: at[id][1] if id.startswith("h") else -1e9) == "h(1)"
    for arrow in drawn.arrows:
        if arrow.tail.startswith(("h(", "x(")):
            assert at[arrow.tail][1] < at[arrow.head][1]


def test_a_missing_child_is_not_read_and_leaves_its_place_empty() -> None:
    drawn = scene(BINARY, "(a (_ b))")
    at = {box.id: box.x for box in drawn.boxes}
    assert labels(drawn)["h(4)", "h(3)"] == "W"
    assert not any(ends == ("h(4)", "h(3)") and text == "U" for ends, text in labels(drawn).items())
    assert at["h(4)"] > at["h(3)"]


def test_no_boxes_cover_each_other() -> None:
    for text, tree in ((BINARY, "((a b) (c (d (e f))))"), (SUMS, "p(a q(b c d) r(s(e)))")):
        drawn = scene(text, tree)
        rows: dict[float, list[tuple[float, float]]] = {}
        for box in drawn.boxes:
            rows.setdefault(box.y, []).append((box.x, box.width))
        for row in rows.values():
            for (x, wide), (other, width) in pairwise(sorted(row)):
                assert other - x >= (wide + width) / 2


def test_sums_over_no_children_are_left_out() -> None:
    ids = {box.id for box in scene(SUMS, "p(a b)").boxes}
    assert {"below(1)", "h(2)", "h(3)", "x(2)"} <= ids
    assert not {"below(2)", "below(3)"} & ids


def test_what_stands_in_a_sum_is_read_where_there_are_children() -> None:
    text = SUMS.replace(
        "sum[u in v.children](h[u])", "sum[u in v.children](dot(x[v], x[u]) * h[u])"
    )
    drawn = labels(scene(text, "p(a b)"))
    assert ("x(1)", "below(1)") in drawn
    assert ("x(2)", "below(2)") not in drawn


def test_the_root_has_its_own_equation_even_as_a_leaf() -> None:
    text = BINARY.replace("o = sum", "h[root] = tanh(z)\no = sum").replace(
        "x[v]: n", "x[v]: n, z: m"
    )
    assert ("z", "h(1)") in labels(scene(text, "(a b)"))
    alone = labels(scene(text, "x"))
    assert ("z", "h(1)") in alone
    assert ("x(1)", "h(1)") not in alone


def test_what_comes_from_above_is_read_from_the_parent() -> None:
    drawn = labels(scene(SUMS, "p(a b)"))
    assert {("d(1)", "d(2)"), ("d(1)", "d(3)")} <= drawn.keys()
    assert ("d(2)", "d(1)") not in drawn
    assert ("h(2)", "below(1)") in drawn


def test_one_node_alone_is_leaf_and_root() -> None:
    drawn = scene(BINARY, "x")
    assert set(labels(drawn)) >= {("x(1)", "h(1)"), ("h(1)", "o")}
    assert {box.id for box in drawn.boxes if "legend" not in box.id} == {
        "x(1)",
        "h(1)",
        "o",
        "word 1",
    }


def test_words_before_brackets_stand_beside_their_nodes() -> None:
    assert {"p", "a", "b"} <= {item.text for item in scene(SUMS, "p(a b)").writings}


def test_folded_edges_say_which_node_is_read() -> None:
    for text, words in ((BINARY, {"left", "right"}), (SUMS, {"children", "parent"})):
        drawn = folded_scene(rnndsl.parse(text).model)
        squares = {box.id for box in drawn.boxes if box.kind == "link" and "legend" not in box.id}
        assert {re.sub(r".*\((.*)\)", r"\1", id) for id in squares} == words
        assert {a.label.text for a in drawn.arrows if a.head in squares and a.label} == words
    ends = labels(folded_scene(rnndsl.parse(BINARY).model))
    assert (ends["x", "h"], ends["h", "o"]) == ("V, leaf", "root")


def test_a_folded_picture_says_what_runs_over_a_tree() -> None:
    assert folded_scene(rnndsl.parse(BINARY).model).note == "v: the nodes of a tree (left, right)"


def test_what_is_weighed_over_all_nodes_comes_by_a_rail() -> None:
    text = SUMS.replace(
        "loss = ", "a[v] = softmax[v](sum(h[v]))\nloss = sum[v](sum(a[v] * h[v])) + "
    )
    drawn = scene(text, "p(a b)")
    ends = set(labels(drawn))
    assert not {("h(1)", "a(2)"), ("h(2)", "a(2)"), ("h(3)", "a(1)")} & ends
    gathered = {head for tail, head in ends if tail.startswith("h(") and "(all, " in head}
    assert len(gathered) == 3
    assert {head for tail, head in ends if tail.startswith("h(all, a")} == {"a(1)", "a(2)", "a(3)"}
    low = min(box.y for box in drawn.boxes if box.id.startswith("x("))
    assert all(panel.top < low for panel in drawn.panels if panel.is_rail)


def test_depth_beside_a_tree() -> None:
    """Layers stand above each other at every node; a step in depth at a leaf is one like others."""
    kinds = {box.id: box.kind for box in folded_scene(rnndsl.parse(DEEP).model).boxes}
    assert kinds["h(l-1, leaf)"] == kinds["h(l-1)"] == "depth"
    assert kinds["h(left)"] == "link"
    text = rnndsl.parse(DEEP).draw(tree="(a b)").source
    for ends in ('"h.1(2)" -> "h.1(1)"', '"h.2(2)" -> "h.2(1)"', '"h.1(3)" -> "h.2(3)"'):
        assert ends in text


def test_sequences_stand_below_the_tree_that_reads_them() -> None:
    spec = rnndsl.load(specs()["tree_over_bidirectional"])
    model = spec.model
    drawn = unfolded_scene(model, {"t": 2}, None, trees_of(model, "(a b)"))
    at = {box.id: box.y for box in drawn.boxes}
    assert at["s(1)"] < at["h(2)"] < at["h(1)"]
    assert spec.draw(tree="(a b)").source == spec.draw(3, tree="(a b)").source
    assert "s(T)" not in spec.draw(1, tree="(a b)", backward=True).source


def test_trees_are_texts_tuples_forests_or_one_by_axis() -> None:
    spec = rnndsl.parse(BINARY)
    given = spec.draw(tree="((a b) c)").source
    forest = rnndsl.Forest.of("((a b) c)", ("left", "right"))
    for tree in ((("a", "b"), "c"), forest, {"v": "((a b) c)"}):
        assert spec.draw(tree=tree).source == given


@pytest.mark.parametrize(
    ("text", "tree", "words"),
    [
        (BINARY, "((a b) c", "no tree to draw: the text: the bracket of node 0 at character 1"),
        (BINARY, "(a b c)", "node 0 has 3 children for the slots left, right"),
        (BINARY, {"u": "(a b)"}, "no tree is called `u`: there is `v`"),
        (BINARY, ["(a b)", "(b c)"], "a picture shows one tree, and here are 2"),
        (BINARY, rnndsl.Forest.of("(a b)", ("l", "r")), "the children are called l, r here"),
        (BINARY, rnndsl.Forest.of("(a b c)"), "nodes have up to 3 children here"),
        (
            "axis t = 1..T\nsize m\ninput x[t]: m\nh[t] = x[t]\noutput h[T]",
            "(a b)",
            "runs over no tree",
        ),
    ],
)
def test_what_is_no_tree_is_told(text: str, tree: object, words: str) -> None:
    with pytest.raises(DataError, match=re.escape(words)):
        rnndsl.parse(text).draw(tree=tree)


def test_a_model_over_a_tree_is_not_unfolded_without_one() -> None:
    with pytest.raises(DataError, match="axis `v` runs over a tree"):
        rnndsl.parse(BINARY).draw(3)
    with pytest.raises(DataError, match="say which, not how many steps"):
        rnndsl.parse(BINARY).draw({"v": 3}, tree="(a b)")


@pytest.mark.parametrize("tree", ["x", "((a b) c)", "(a (b (c (d e))))"])
def test_the_size_is_an_upper_bound(tree: str) -> None:
    for name in ("recursive_network", "tree_top_down", "tree_over_bidirectional"):
        model = by_position(rnndsl.load(specs()[name]).model)
        trees = trees_of(model, tree)
        steps = {"t": 3} if "t" in model.axes else {}
        graph = unfold(model, steps, trees=trees)
        size = unfolded_size(model, steps, trees)
        assert graph.number_of_nodes() <= size.nodes + 1
        assert graph.number_of_edges() <= size.edges


@pytest.mark.parametrize("name", sampled(sorted({*specs()} - {*sequence_specs()})))
def test_specs_over_trees_are_drawn_the_same_every_time(name: str) -> None:
    for tree in (None, "((a b) c)"):
        text = rnndsl.load(specs()[name]).draw(tree=tree).source
        assert text == rnndsl.load(specs()[name]).draw(tree=tree).source

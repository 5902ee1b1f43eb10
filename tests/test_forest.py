"""Forests: from texts, tuples, arrays and syntax trees; selection; what is no forest."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rnndsl
from rnndsl.forest.grow import write

Forest = rnndsl.Forest
SLOTS = ("left", "right")
WORDS = st.one_of(st.none(), st.text("ab_-é1", min_size=1, max_size=3))
NESTED = st.recursive(
    WORDS.map(lambda word: () if word is None else word),
    lambda below: st.one_of(
        st.lists(below, min_size=1, max_size=4).map(tuple),
        st.tuples(WORDS, st.lists(below, min_size=1, max_size=3)),
    ),
    max_leaves=12,
)
BINARY = st.recursive(
    st.sampled_from(["a", "b", ()]),
    lambda below: st.one_of(
        st.tuples(below | st.none(), below),
        st.tuples(st.just("plus"), st.lists(below | st.none(), min_size=2, max_size=2)),
    ).filter(lambda tree: tree != ("plus", [None, None])),
    max_leaves=12,
)
FORESTS = st.one_of(
    st.lists(NESTED, min_size=1, max_size=5).map(lambda trees: Forest.of(tupled(trees))),
    st.lists(BINARY, min_size=1, max_size=5).map(lambda trees: Forest.of(tupled(trees), SLOTS)),
)


def tupled(trees: list[Any]) -> list[Any]:
    """Labels alone as trees, not as texts."""
    return [(tree, []) if isinstance(tree, str) else tree for tree in trees]


def below(forest: Forest, node: int) -> Any:
    """A tree as it stands in the arrays, written out by recursion."""
    children = [child for child in forest.children[node].tolist() if child >= 0]
    return forest.labels[node], [below(forest, child) for child in children]


def meant(tree: Any) -> Any:
    """The same for what a forest was made of."""
    if tree == ():
        return None, []
    if isinstance(tree, str):
        return tree, []
    if len(tree) == 2 and isinstance(tree[1], list):
        return tree[0], [meant(child) for child in tree[1] if child is not None]
    return None, [meant(child) for child in tree if child is not None]


def test_a_text_by_hand() -> None:
    forest = Forest.of(["(a (b c))", "S(NP(the cat) () sat)"])
    assert forest.children.tolist() == [
        [1, 2, -1], [-1, -1, -1], [3, 4, -1], [-1, -1, -1], [-1, -1, -1],
        [6, 9, 10], [7, 8, -1], [-1, -1, -1], [-1, -1, -1], [-1, -1, -1], [-1, -1, -1],
    ]  # fmt: skip
    assert forest.children.dtype == forest.roots.dtype == np.int64
    assert forest.roots.tolist() == [0, 5]
    assert forest.examples.tolist() == [0] * 5 + [1] * 6
    labels = (None, "a", None, "b", "c", "S", "NP", "the", "cat", None, "sat")
    assert forest.labels == labels
    assert (len(forest), forest.nodes) == (2, 11)
    assert repr(forest) == "<Forest: 2 trees, 11 nodes, any number of children>"


def test_slots_by_hand() -> None:
    forest = Forest.of("(_ x(a _))", slots=SLOTS)
    assert forest.children.tolist() == [[-1, 1], [2, -1], [-1, -1]]
    assert forest == Forest.of((None, ("x", ["a", None])), slots=SLOTS)
    assert repr(forest) == "<Forest: 1 tree, 3 nodes, slots ('left', 'right')>"
    assert Forest.of("a", slots=SLOTS).children.tolist() == [[-1, -1]]
    assert Forest.of("(_ _)", slots=SLOTS).texts() == ["()"]


def test_one_node_has_no_columns() -> None:
    assert Forest.of("a").children.shape == (1, 0)
    assert Forest.of(7).labels == (7,)


@given(st.lists(NESTED, min_size=1, max_size=5))
@settings(deadline=None)
def test_tuples_are_meant_as_they_stand(trees: list[Any]) -> None:
    forest = Forest.of(tupled(trees))
    assert [below(forest, root) for root in forest.roots.tolist()] == [meant(t) for t in trees]
    assert forest.children.shape[1] == max((forest.children >= 0).sum(axis=1))
    assert ((forest.children >= 0)[:, :-1] >= (forest.children >= 0)[:, 1:]).all()


@given(st.lists(BINARY, min_size=1, max_size=5))
@settings(deadline=None)
def test_tuples_with_slots_are_meant_as_they_stand(trees: list[Any]) -> None:
    forest = Forest.of(tupled(trees), SLOTS)
    assert forest.children.shape[1] == 2
    assert [below(forest, root) for root in forest.roots.tolist()] == [meant(t) for t in trees]


@given(FORESTS)
@settings(deadline=None)
def test_texts_are_read_back(forest: Forest) -> None:
    texts = forest.texts()
    assert Forest.of(texts, forest.slots) == forest
    loose = [text.replace(")", "\n ) ").replace("(", "(  ") for text in texts]
    assert Forest.of(loose, forest.slots) == forest
    assert forest.examples.tolist() == sorted(forest.examples.tolist())


@given(FORESTS, st.data())
@settings(deadline=None, report_multiple_bugs=False)
def test_selection(forest: Forest, data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.integers(0, len(forest) - 1), min_size=1, max_size=6))
    own, taken = forest.select(np.array(chosen))
    texts = forest.texts()
    assert own.texts() == [texts[example] for example in chosen]
    assert own == Forest.of([texts[example] for example in chosen], forest.slots)
    assert own.labels == tuple(forest.labels[node] for node in taken)
    assert np.array_equal(np.array(chosen)[own.examples], forest.examples[taken])


@given(FORESTS, st.data())
@settings(deadline=None)
def test_selection_of_numbers_in_any_order(forest: Forest, data: st.DataObject) -> None:
    """Nodes numbered otherwise: their order within an example stays."""
    number = np.array(data.draw(st.permutations(range(forest.nodes))))
    children = np.empty_like(forest.children)
    children[number] = np.where(forest.children < 0, -1, number[forest.children])
    labels = [forest.labels[node] for node in np.argsort(number)]
    mixed = Forest(children, number[forest.roots], labels, forest.slots)
    assert mixed.texts() == forest.texts()
    chosen = data.draw(st.lists(st.integers(0, len(forest) - 1), min_size=1, max_size=4))
    own, taken = mixed.select(chosen)
    assert own.texts() == [mixed.texts()[example] for example in chosen]
    for example in range(len(own)):
        assert np.all(np.diff(taken[own.examples == example]) > 0)
    twice, again = own.select(range(len(own)))
    assert twice == own
    assert np.array_equal(again, np.arange(own.nodes))


@given(FORESTS, FORESTS)
@settings(deadline=None)
def test_equality_is_that_of_texts_and_slots(one: Forest, other: Forest) -> None:
    same = one.texts() == other.texts() and one.slots == other.slots
    assert (one == other) is same
    assert (one != other) is not same


def test_equality_of_forests_alone() -> None:
    one = Forest.of("(a b)")
    assert one != "(a b)"
    assert one != Forest.of("(a b)", SLOTS)
    assert one == Forest([[1, 2, -1], [-1] * 3, [-1] * 3], [0], [None, "a", "b"])
    assert one != Forest([[1, 2], [-1, -1], [-1, -1]], [0])
    assert Forest([[1], [-1]], [0]) != Forest([[-1], [0]], [1])
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


def test_the_arrays_are_its_own() -> None:
    children = np.array([[1, 2], [-1, -1], [-1, -1]])
    forest = Forest(children, [0])
    children[0] = -1
    assert forest.children.tolist() == [[1, 2], [-1, -1], [-1, -1]]
    assert forest.labels == (None, None, None)
    with pytest.raises(ValueError, match="read-only"):
        forest.children[0, 0] = 2


def test_tokens() -> None:
    forest = Forest.of("plus(a (b a))")
    assert forest.tokens({"a": 0, "b": 1, "plus": 5}).tolist() == [5, 0, -1, 1, 0]
    with pytest.raises(rnndsl.DataError, match="node 3 has the label 'b', which the voc"):
        forest.tokens({"a": 0, "plus": 1})


def test_syntax_trees() -> None:
    tree = ast.parse("def f(x):\n    return -x\n").body[0]
    forest = Forest.of_ast(tree)
    function = "FunctionDef(arguments(arg) Return(UnaryOp(USub Name(Load))))"
    assert forest.texts() == [function]
    assert Forest.of_ast([tree, tree]).texts() == [function] * 2
    plain = Forest.of_ast(tree, leave_out=(ast.expr_context,))
    assert plain.texts() == [function.replace("(Load)", "")]


def test_a_syntax_tree_has_the_children_of_ast() -> None:
    source = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    forest = Forest.of_ast(source)
    walked = [type(node).__name__ for node in ast.walk(source)]
    assert sorted(map(str, forest.labels)) == sorted(walked)
    names = [type(node).__name__ for node in ast.iter_child_nodes(source)]
    assert [forest.labels[node] for node in forest.children[0] if node >= 0] == names


def test_depth_has_no_bound() -> None:
    nodes = 100_000
    children = np.full((nodes, 1), -1)
    children[:-1, 0] = np.arange(1, nodes)
    chain = Forest(children, [0], ["x"] * nodes)
    assert Forest.of(chain.texts()) == chain
    upside_down = Forest(np.arange(-1, nodes - 1)[:, None], [nodes - 1])
    assert upside_down.select([0])[0].nodes == nodes
    deep: Any = ()
    for _ in range(nodes - 1):
        deep = (deep,)
    assert np.array_equal(Forest.of(deep).children, children)
    children[-1, 0] = 50_000
    with pytest.raises(rnndsl.DataError, match="node 50000 has two parents, nodes 49999 and 99999"):
        Forest(children, [0])
    children[49_999] = -1
    with pytest.raises(rnndsl.DataError, match="node 50000 is below itself: 50000 -> 50001 -> "):
        Forest(children, [0])


NONE = [-1, -1]
Make = Callable[[], object]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Forest([[1, 2], NONE, [1, -1]], [0]), "node 1 has two parents, nodes 0 and 2"),
        (lambda: Forest([[1, 1], NONE], [0]), "node 1 is a child of node 0 twice"),
        (
            lambda: Forest([NONE, [2, -1], [3, -1], [-1, 1]], [0]),
            "node 1 is below itself: 1 -> 2 -> 3 -> 1",
        ),
        (
            lambda: Forest([NONE, [4, -1], [1, 3], NONE, [-1, 2]], [0]),
            "node 1 is below itself: 1 -> 4 -> 2 -> 1",
        ),
        (lambda: Forest([NONE, [1, -1]], [0]), "node 1 is below itself: 1 -> 1"),
        (lambda: Forest([[0, -1]], [0]), "node 0 is the root of example 0 and a child of node 0"),
        (
            lambda: Forest([[1, -1], NONE], [0, 1]),
            "node 1 is the root of example 1 and a child of node 0",
        ),
        (lambda: Forest([NONE], [0, 0]), "node 0 is the root of examples 0 and 1"),
        (
            lambda: Forest([NONE, [2, -1], NONE], [0]),
            "node 1 belongs to no tree: it has no parent and is no example's root",
        ),
        (
            lambda: Forest([[1, 3], NONE, NONE], [0]),
            "child 1 of node 0 is 3; the nodes are 0 to 2, and -1 is none",
        ),
        (
            lambda: Forest([[1, -2], NONE], [0], slots=SLOTS),
            "`right` of node 0 is -2; the nodes are 0 to 1, and -1 is none",
        ),
        (lambda: Forest([NONE], [1]), "the root of example 0 is 1; the nodes are 0 to 0"),
        (lambda: Forest([NONE], [-1]), "the root of example 0 is -1; the nodes are 0 to 0"),
        (lambda: Forest([[-1.0]], [0]), "`children` holds float64; node numbers are whole"),
        (lambda: Forest([[-1]], [False]), "`roots` holds bool; node numbers are whole numbers"),
        (lambda: Forest([-1], [0]), "`children` has shape (1,); expected whole numbers (nodes, "),
        (lambda: Forest([[-1]], 0), "`roots` has shape (); expected one node number for each ex"),
        (lambda: Forest([[-1]], [[0]]), "`roots` has shape (1, 1); expected one node number for"),
        (lambda: Forest([[1], []], [0]), "`children` is not an array: its rows differ in length;"),
        (lambda: Forest([[-1]], []), "a forest holds at least one tree"),
        (lambda: Forest(np.zeros((0, 2), int), [0]), "a forest holds at least one tree"),
        (lambda: Forest.of([]), "a forest holds at least one tree"),
        (lambda: Forest([[-1]], [0], slots=SLOTS), "`children` has 1 columns for the slots left, "),
        (lambda: Forest([NONE], [0], slots=("a", "a")), "different names, not ('a', 'a')"),
        (lambda: Forest([NONE], [0], slots=()), "the slots of a node are different names, not ()"),
        (lambda: Forest([NONE], [0], ["a", "b"]), "there are 2 labels for 1 nodes; give None wher"),
        (lambda: Forest.of(["d", "(a (b c)"]), "text 1: the bracket of node 1 at character 1 is n"),
        (lambda: Forest.of("(a x(b c)"), "text 0: the bracket of node 0 at character 1 is never"),
        (lambda: Forest.of("(a x(b c"), "text 0: the bracket of node 2 at character 5 is never"),
        (lambda: Forest.of("(a b))"), "text 0: `)` at character 6, behind node 2, closes nothing"),
        (lambda: Forest.of(["a", ")"]), "text 1: `)` at character 1 closes nothing"),
        (
            lambda: Forest.of("(a b) (c d)"),
            "text 0 holds more than one tree: node 3 at character 7 is a second root; put the ",
        ),
        (lambda: Forest.of("a b"), "text 0 holds more than one tree: node 1 at character 3 is a s"),
        (lambda: Forest.of(["a", " "]), "text 1 holds no tree; `()` is one node"),
        (
            lambda: Forest.of("(a (a b c))", SLOTS),
            "node 2 has 3 children for the slots left, right; None (`_` in a text) stands where",
        ),
        (lambda: Forest.of(("a",), SLOTS), "node 0 has 1 children for the slots left, right; None"),
        (
            lambda: Forest.of(("a", (None, "b"))),
            "a child of node 2 is None: without `slots` no child can be missing",
        ),
        (lambda: Forest.of(("a", ["b"], "c")), "node 2 is a list; children stand in a tuple, or"),
        (lambda: Forest.of((("a",), ["b"])), "node 0 is a list; children stand in a tuple, or in"),
        (lambda: Forest.of(("a", ("b c",))).texts(), "the label 'b c' of node 3 cannot stand in "),
        (lambda: Forest.of(("_", "b"), SLOTS).texts(), "the label '_' of node 1 cannot stand in a"),
        (lambda: Forest.of(["a", "b"]).select([2]), "cannot select 2: the examples are 0 to 1"),
        (lambda: Forest.of(["a", "b"]).select([-1]), "cannot select -1: the examples are 0 to 1"),
        (lambda: Forest.of(["a", "b"]).select([]), "cannot select []: the examples are 0 to 1"),
        (lambda: Forest.of(["a", "b"]).select(1), "cannot select 1: the examples are 0 to 1"),
    ],
)
def test_what_is_no_forest(make: Make, message: str) -> None:
    with pytest.raises(rnndsl.DataError, match=re.escape(message)) as caught:
        make()
    assert caught.value.code == "RNN450"


@given(
    st.integers(1, 7).flatmap(
        lambda nodes: st.tuples(
            st.lists(
                st.lists(st.integers(-1, nodes - 1), min_size=2, max_size=2),
                min_size=nodes, max_size=nodes,
            ),
            st.lists(st.integers(0, nodes - 1), min_size=1, max_size=3),
        )
    )
)  # fmt: skip
@settings(deadline=None, max_examples=300)
def test_only_forests_are_taken(arrays: tuple[list[list[int]], list[int]]) -> None:
    """Walking down from the roots meets every node once, or the arrays are refused."""
    children, roots = arrays
    met: list[int] = []
    waiting = list(roots)
    while waiting and len(met) <= len(children):
        met.append(waiting.pop())
        waiting += [child for child in children[met[-1]] if child >= 0]
    if sorted(met) == list(range(len(children))):
        forest = Forest(children, roots)
        found = [write(forest.children, root, range(forest.nodes), False) for root in roots]
        assert [{*map(int, re.findall(r"\d+", text))} for text in found] == [
            {*np.flatnonzero(forest.examples == example).tolist()} for example in range(len(roots))
        ]
    else:
        with pytest.raises(rnndsl.DataError, match=r"node \d"):
            Forest(children, roots)

"""Trees in generated code: what must hold of any forest, and what is said of a wrong one."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from rnndsl.driver import parse
from rnndsl.forest.forest import Forest
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.program import Program
from rnndsl.text.diagnostics import DataError
from tests.agreement import close, random_params
from tests.zoo_trees import ANY, MODELS, chain, mixed, random_forest

SIZES = {"n": 3, "m": 4, "k": 5, "c": 2}


@lru_cache(maxsize=8)
def program(name: str) -> Program:
    text = MODELS.get(name, name)
    return compile_model(parse(text), optimize=2, dtype="float64", **SIZES)


def run(made: Program, params: Any, data: Any, forest: Any) -> tuple[Any, Any, Any, Any]:
    """Outputs, loss, gradients of parameters and of inputs."""
    outputs = made.forward(params, trees={"v": forest}, **data)
    return outputs, *made.loss_and_grads(params, trees={"v": forest}, inputs=True, **data)


def some(name: str, sizes: tuple[int, ...] = (5, 1, 7)) -> tuple[Program, Any, Any, Any]:
    """A program, its parameters, a forest, and an x at each node."""
    rng, made = np.random.default_rng(3), program(name)
    forest = random_forest(rng, len(made.model.axes["v"].slots) or 3, sizes)
    return made, random_params(made, rng), forest, rng.normal(size=(len(forest[0]), SIZES["n"]))


@pytest.mark.parametrize("name", ["everywhere", "top_down"])
def test_numbers_of_nodes_mean_nothing(name: str) -> None:
    made, params, forest, x = some(name)
    again = mixed(*forest, np.random.default_rng(9))
    place = np.empty(len(x), int)  # where each node has gone
    place[_walk(*again)] = np.arange(len(x))
    first = np.empty(len(x), int)
    first[_walk(*forest)] = np.arange(len(x))
    gone = np.argsort(place)[first]
    moved = np.empty_like(x)
    moved[gone] = x
    outputs, loss, grads, inputs = run(made, params, {"x": x}, forest)
    others, same, alike, back = run(made, params, {"x": moved}, again)
    close("loss", same, loss, 1e-12)
    close("gradient of x", back["x"][gone], inputs["x"], 1e-10)
    for name, value in grads.items():
        close(name, alike[name], value, 1e-10)
    over_nodes = next(iter(outputs))
    close(over_nodes, others[over_nodes][gone], outputs[over_nodes], 1e-12)


def _walk(children: Any, roots: Any) -> list[int]:
    """The nodes, each tree from its root down, in the order of slots."""
    found: list[int] = []
    for root in roots:
        stack = [int(root)]
        while stack:
            node = stack.pop()
            found.append(node)
            stack.extend(int(kid) for kid in reversed(children[node]) if kid >= 0)
    return found


@pytest.mark.parametrize("name", ["everywhere", "top_down", "extremes"])
def test_an_example_is_alone(name: str) -> None:
    made, params, (children, roots), x = some(name)
    if name == "extremes":
        x = np.random.default_rng(4).normal(size=(len(x), SIZES["m"]))
    whole = run(made, params, {"x": x}, (children, roots))
    total = 0.0
    for root in roots:
        nodes = np.array(sorted(_walk(children, [root])))
        new = np.full(len(children) + 1, -1)
        new[nodes] = np.arange(len(nodes))
        alone = run(made, params, {"x": x[nodes]}, (new[children[nodes]], new[[root]]))
        total += alone[1] / len(roots)
        close("gradient of x", whole[3]["x"][nodes] * len(roots), alone[3]["x"], 1e-10)
    close("loss", total, whole[1], 1e-12)


def test_a_chain_is_a_sequence() -> None:
    count, rng = 6, np.random.default_rng(5)
    tree = program(ANY + "input x[v]: n\nparam W, U\noutput h[v]\n"
                   "h[v]: m = tanh(W @ x[v] + U @ sum[u in v.children](h[u]))\n"
                   "loss = sum[v](sum(h[v] ^ 2)) + sum(h[root])\n")  # fmt: skip
    sequence = program("axis t = 1..T\nsize n, m, k, c\ninput x[t]: n\nparam W, U\noutput h[t]\n"
                       "h[t]: m = tanh(W @ x[t] + U @ h[t-1])\n"
                       "loss = sum[t](sum(h[t] ^ 2)) + sum(h[T])\n")  # fmt: skip
    params, x = random_params(tree, rng), rng.normal(size=(count, SIZES["n"]))
    outputs, loss, grads, inputs = run(tree, params, {"x": x}, chain(1, count))
    steps = x[::-1, None]  # the leaf is the first step
    others = sequence.forward(params, x=steps)
    same, alike, back = sequence.loss_and_grads(params, inputs=True, x=steps)
    close("h", outputs["h"][::-1, None], others["h"], 1e-12)
    close("loss", loss, same, 1e-12)
    close("x", inputs["x"][::-1, None], back["x"], 1e-12)
    for name, value in grads.items():
        close(name, value, alike[name], 1e-12)


def test_a_long_chain() -> None:
    made = compile_model(parse(
        "axis v in tree\nsize m\ninput x[v]: m\nh[v]: m = x[v] + sum[u in v.children](h[u])\n"
        "loss = sum(h[root])\n"
    ), dtype="float64", m=1)  # fmt: skip
    count = 20_000
    loss, _, inputs = made.loss_and_grads({}, inputs=True, x=np.ones((count, 1)),
                                          trees={"v": chain(1, count)})  # fmt: skip
    assert loss == count
    assert np.array_equal(inputs["x"], np.ones((count, 1)))


ROOTS = np.array([0])
WRONG: dict[str, tuple[Any, Any, str]] = {
    "a cycle": ([[1, -1], [-1, -1], [3, -1], [2, -1]], [0], "node 2 of 'v' is below itself"),
    "two parents": (
        [[1, 2], [2, -1], [-1, -1]], [0], "node 2 of 'v' is a child of 0 and again of 1"
    ),
    "no parent": ([[-1, -1], [-1, -1]], [0], "node 1 of 'v' has no parent and is no root"),
    "a root below": ([[1, -1], [-1, -1]], [0, 1], "node 1 of 'v' is a root and a child of 0"),
    "one root twice": ([[-1, -1]], [0, 0], "two examples of 'v' have one root"),
    "outside": ([[1, -1], [-1, 7]], [0], "node 1 of 'v' has the child 7; there are nodes 0 to 1"),
    "a root outside": ([[-1, -1]], [4], "example 0 of 'v' has the root 4; there are nodes 0 to 0"),
    "three slots": ([[-1, -1, -1]], [0], "have shape (1, 3); expected (nodes, 2)"),
    "numbers that are none": ([[0.5, -1]], [0], "must hold numbers of nodes, not float64"),
    "no roots": ([[-1, -1]], [], "the roots of 'v'"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(WRONG))
def test_a_wrong_forest_names_the_node(name: str) -> None:
    children, roots, words = WRONG[name]
    made = program("everywhere")
    x = np.zeros((len(children), SIZES["n"]))
    with pytest.raises(DataError, match=words.replace("(", r"\(").replace(")", r"\)")):
        made.forward(made.init(0), x=x, trees={"v": (np.array(children), np.array(roots))})


def test_what_does_not_fit_a_forest() -> None:
    made, params, forest, x = some("everywhere")
    with pytest.raises(DataError, match="no trees over 'v'"):
        made.forward(params, x=x)
    with pytest.raises(DataError, match="'x' has 12 nodes, but the forest has 13"):
        made.forward(params, x=x[:-1], trees={"v": forest})
    with pytest.raises(DataError, match="has no tree 'w'"):
        made.forward(params, x=x, trees={"w": forest})


def test_nodes_without_a_position_read_what_stands_before_the_first() -> None:
    made = program("axis t = 1..T\naxis v in tree\nsize n, m, k, c\nparam W, a: m\n"
                   "input e[t]: n, p[v]: position(t)\nf[t]: m = tanh(W @ e[t] + f[t-1])\n"
                   "f[0] = 2 * a\nloss = sum[v](sum(f[p[v]]))\n")  # fmt: skip
    rng = np.random.default_rng(6)
    children, roots = random_forest(rng, 3, (4, 2))
    params = {"W": np.zeros((SIZES["m"], SIZES["n"])), "a": rng.normal(size=SIZES["m"])}
    data = {"e": rng.normal(size=(3, 2, SIZES["n"])), "p": np.zeros(6, int)}
    loss, grads = made.loss_and_grads(params, trees={"v": (children, roots)}, **data)
    close("loss", loss, np.sum(2 * params["a"]) * 6 / 2, 1e-12)
    close("gradient", grads["a"], np.full(SIZES["m"], 2 * 6 / 2), 1e-12)


@pytest.mark.parametrize(
    ("forest", "words"),
    [
        ([[[-1, -1]], [0]], "the trees over 'v' must be (children, roots), not list"),
        (([[-1, -1]], [0], [0]), "must be (children, roots), not a tuple of 3"),
        ("(a b)", "must be (children, roots), not str"),
        (Forest.of("(a b)", ("right", "left")), "have the slots right, left; expected left, right"),
    ],
)
def test_what_is_no_forest_at_all(forest: Any, words: str) -> None:
    made = program("everywhere")
    with pytest.raises(DataError) as caught:
        made.forward(made.init(0), x=np.zeros((1, SIZES["n"])), trees={"v": forest})
    assert words in str(caught.value)

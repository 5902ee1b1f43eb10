"""Tree-LSTMs against programs written out by hand in PyTorch: values, loss and all gradients.

The numbers are committed (`vectors/tree_*.npz`, made by `vectors/make_tree_vectors.py`); PyTorch
itself is not needed. Everything is float64; errors are relative to the largest entry.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from rnndsl import Forest
from rnndsl.interpreter.batch import Batch
from rnndsl.interpreter.gradients import directional
from rnndsl.model.load import parse_model
from rnndsl.runtime.program import Program
from tests.vectors.compared import compiled, error
from tests.vectors.mapping import FOLDER, TREES, Arrays, spec, vectors

LEVELS = (0, 1, 2)
SIZES = {"n": 2, "m": 3, "k": 5}


def forest(name: str) -> Forest:
    arrays = vectors(name)
    slots = ("left", "right") if "left" in spec(name) else None
    return Forest(arrays["children"][""], arrays["roots"][""], slots=slots)


def expected(name: str) -> Arrays:
    """Everything that PyTorch computed."""
    given = vectors(name)
    return {
        "loss": given["loss"][""],
        **given["value"],
        **{f"d {key}": item for key, item in (given["grad"] | given["data_grad"]).items()},
    }


def everything(
    program: Program, params: Arrays, data: Mapping[str, np.ndarray], trees: Forest
) -> Arrays:
    """The same from a program."""
    given = {**data, "trees": {"v": trees}}
    loss, grads, data_grads = program.loss_and_grads(params, inputs=True, **given)
    outputs = program.forward(params, **given)
    return {
        "loss": loss,
        **outputs,
        **{f"d {key}": item for key, item in (grads | data_grads).items()},
    }


def errors(name: str, program: Program) -> dict[str, float]:
    given, wanted = vectors(name), expected(name)
    found = everything(program, given["param"], given["data"], forest(name))
    assert set(found) == set(wanted)
    return {key: error(found[key], item) for key, item in wanted.items()}


def too_large(found: Mapping[str, float], limit: float) -> dict[str, float]:
    return {key: value for key, value in found.items() if not value <= limit}


@pytest.mark.parametrize("name", TREES)
def test_the_interpreter(name: str) -> None:
    """Values and loss, and the derivative along one random direction in everything at once."""
    given, wanted = vectors(name), expected(name)
    arguments = (parse_model(spec(name)), SIZES, given["param"], given["data"])
    trees = {"v": forest(name)}
    batch = Batch(*arguments, trees=trees)
    outputs = batch.outputs()
    found = {key: error(outputs[key], item) for key, item in given["value"].items()}
    found["loss"] = error(batch.loss().real, wanted["loss"])
    draw = np.random.default_rng(0).standard_normal
    grads = given["grad"] | given["data_grad"]
    directions = {key: draw(item.shape) for key, item in grads.items()}
    slope = directional(*arguments, directions=directions, trees=trees)
    found["slope"] = error(slope, sum(np.vdot(directions[key], grads[key]) for key in grads))
    assert not too_large(found, 1e-10)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", TREES)
def test_values_loss_and_gradients(name: str, level: int) -> None:
    assert not too_large(errors(name, compiled(spec(name), level)), 1e-10)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", TREES)
def test_an_example_alone_is_the_same_as_in_a_forest(name: str, level: int) -> None:
    program, given, wanted = compiled(spec(name), level), vectors(name), expected(name)
    trees = forest(name)
    found: dict[str, float] = {}
    sums = {key: np.zeros_like(item) for key, item in wanted.items() if key[2:] in given["param"]}
    loss = 0.0
    for example in range(len(trees)):
        own, taken = trees.select([example])
        data = {key: item[taken] for key, item in given["data"].items()}
        alone = everything(program, given["param"], data, own)
        loss += float(alone["loss"])
        for key in sums:
            sums[key] += alone[key]
        for key in ("h", "s", "o"):
            found[f"{key} of {example}"] = error(alone[key], wanted[key][taken])
        found[f"d x of {example}"] = error(alone["d x"] / len(trees), wanted["d x"][taken])
    found["loss"] = error(np.array(loss / len(trees)), wanted["loss"])
    found |= {key: error(item / len(trees), wanted[key]) for key, item in sums.items()}
    assert not too_large(found, 1e-12)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("tree_lstm_binary", "gate(L_l, R_l, b_l) * s[v.left]", "gate(L_l, R_l, b_l) * s[v.right]"),
        ("tree_lstm_binary", "gate(L_r, R_r, b_r)", "gate(R_r, L_r, b_r)"),
        ("tree_lstm_binary", "B @ h[v.right]", "B @ h[v.left]"),
        ("tree_lstm_binary", "tanh(b + U @ x[leaf])", "(b + U @ x[leaf])"),
        ("tree_lstm_child_sum", "W_f @ h[u]", "W_f @ below[v]"),
        ("tree_lstm_child_sum", "sum[u in v.children](h[u])", "mean[u in v.children](h[u])"),
        ("tree_lstm_child_sum", "U_f @ x[v] + W_f", "U_f @ x[u] + W_f"),
    ],
)
def test_a_wrong_equation_is_noticed(name: str, right: str, wrong: str) -> None:
    assert right in spec(name)
    text = spec(name).replace(right, wrong)
    given = vectors(name)
    params = {key: given["param"][key] for key in parse_model(text).params}
    program, wanted = compiled(text, 1), expected(name)
    found = everything(program, params, given["data"], forest(name))
    wrong_now = too_large({key: error(item, wanted[key]) for key, item in found.items()}, 1e-5)
    assert "loss" in wrong_now
    assert any(key.startswith("d ") for key in wrong_now)


@pytest.mark.parametrize("name", TREES)
def test_the_vectors_are_small_and_the_trees_ragged(name: str) -> None:
    assert (FOLDER / f"{name}.npz").stat().st_size < 24_000
    trees = forest(name)
    sizes = np.bincount(trees.examples)
    assert len(set(sizes.tolist())) == len(sizes)
    assert 1 in sizes
    assert np.any(np.diff(trees.roots) < 0)
    assert sorted(vectors(name)["param"]) == sorted(parse_model(spec(name)).params)

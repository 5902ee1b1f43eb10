"""The gradient check over trees: the forests it makes, and that it sees what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from rnndsl.cli.main import cli
from rnndsl.driver import parse
from rnndsl.runtime import gradcheck
from rnndsl.runtime.gradcheck import check_gradients
from rnndsl.runtime.random_data import random_batch, random_forests, small_sizes
from tests.agreement import agree
from tests.zoo_trees import MODELS, random_forest


@pytest.mark.parametrize("name", ["top_down", "top_down_missing", "extremes"])
def test_gradients_over_trees_agree(name: str) -> None:
    check = check_gradients(parse(MODELS[name]))
    assert check.agrees
    assert all(row.largest > 0 for row in check.rows)


@pytest.mark.long
@pytest.mark.parametrize("name", list(MODELS))
def test_gradients_of_every_construct_agree(name: str) -> None:
    check = check_gradients(parse(MODELS[name]))
    assert check.agrees
    assert all(row.largest > 0 for row in check.rows)


def test_a_model_without_a_loss_is_checked_at_its_nodes() -> None:
    spec = MODELS["everywhere"].partition("loss")[0] + "output h[v], h[root], h[v.left]\n"
    check = check_gradients(parse(spec))
    assert check.agrees
    assert {row.name for row in check.rows} == {"W", "U", "V", "b", "x"}


@pytest.mark.parametrize("name", ["everywhere", "deep"])
def test_the_interpreter_differentiates_outputs_at_nodes(name: str) -> None:
    spec = MODELS[name].partition("loss")[0]
    spec += "output h[l,v], h[L,root]\n" if name == "deep" else "output h[v], h[root], h[v.left]\n"
    forest = random_forest(np.random.default_rng(0), 2, (3, 2))
    agree(parse(spec), trees={"v": forest}, lengths=(3, 2), levels=(1,))


def test_trees_are_of_every_form() -> None:
    model = parse(MODELS["words"])
    forest = random_forests(model, 0)["v"]
    assert np.bincount(forest.examples).tolist() == [8, 4, 1]
    assert forest.slots == ("left", "right")
    counts = (forest.children >= 0).sum(axis=1)
    assert set(counts) == {0, 1, 2}
    assert {tuple(row) for row in forest.children[counts == 1] < 0} == {
        (False, True),
        (True, False),
    }
    assert not np.array_equal(np.sort(forest.roots), [0, 8, 12])
    full = forest.children[forest.roots[0]]
    assert (full >= 0).all()
    assert (forest.children[full] >= 0).all(), "the second row is full as well"
    again, other = random_forests(model, 0)["v"], random_forests(model, 1)["v"]
    assert forest == again
    assert forest != other
    some = random_forests(parse(MODELS["child_sum"]), 0)["v"].children
    assert ((some[:, 1:] < 0) | (some[:, :-1] >= 0)).all(), "the children stand first"


def test_data_over_nodes_point_inside_their_example() -> None:
    model = parse(MODELS["words"])
    sizes = small_sizes(model, {})
    batch = random_batch(model, sizes, 0)
    owner = batch.trees["v"].examples
    assert batch.data["p"].shape == (13,)
    assert batch.data["e"].shape == (6, 3, sizes["n"])
    assert (batch.data["p"] >= 1).all()
    assert (batch.data["p"] <= batch.lengths["t"][owner]).all()
    assert batch.data["p"].max() > batch.lengths["t"].min()
    assert random_batch(parse(MODELS["recursive"]), {"k": 5, "c": 2}, 0).data["x"].max() == 4


@pytest.mark.parametrize("name", ["W", "x"])
def test_a_wrong_gradient_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = gradcheck.complex_step_gradients

    def wrong(*arguments: Any, **options: Any) -> dict[str, Any]:
        found = exact(*arguments, **options)
        found[name].flat[-1] *= 1 + 1e-6
        return found

    monkeypatch.setattr(gradcheck, "complex_step_gradients", wrong)
    check = check_gradients(parse(MODELS["everywhere"]))
    assert [row.name for row in check.rows if not row.agrees] == [name]


def test_the_command_shows_nodes(tmp_path: Any) -> None:
    spec = tmp_path / "everywhere.rnn"
    spec.write_text(MODELS["everywhere"].replace(", k, c", ""), encoding="utf-8")
    result = CliRunner().invoke(cli, ["gradcheck", str(spec)])
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == "all gradients agree"
    assert "x     input      13×" in result.stdout

"""Training, scores and predictions of models over several axes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rnndsl
from rnndsl.driver import parse
from rnndsl.model.model import Model
from rnndsl.runtime.array_data import Examples
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.divergence import first_fault
from rnndsl.runtime.evaluate import array_feed, evaluate, predict
from rnndsl.runtime.feed import Batch
from rnndsl.runtime.gradcheck import check_gradients
from rnndsl.runtime.memory_model import value_bytes
from rnndsl.runtime.program import Program
from rnndsl.runtime.random_data import random_batch, small_sizes
from rnndsl.runtime.scoring import find_scored
from rnndsl.runtime.text_model import summed_axes, text_roles
from rnndsl.text.diagnostics import DataError

SPEC = """
model reader
axis i = 1..S
axis j = 1..T
size a = 5, b = 4, m = 3
input x[i]: token(a), g[j,i]
target y[j]: token(b)
param E, W, R, V, v
h[i]: m = tanh(W @ h[i-1] + E[x[i]])
e[j,i] = g[j,i] * dot(v, h[i]) + 0.1 * j
ctx[j] = sum[i](softmax[i](e[j,i]) * h[i])
s[j]: m = tanh(R @ s[j-1] + ctx[j])
o[j] = V @ s[j]
loss = sum[j](cross_entropy(o[j], y[j]))
output o[j], e[j,i], h[S]
"""
TAGGER = """
model tagger
axis i = 1..S
axis j = 1..T
size n = 2, k = 3
input x[j,i]: n
target y[j,i]: token(k)
param V
o[j,i] = V @ x[j,i]
loss = sum[j](sum[i](cross_entropy(o[j,i], y[j,i])))
output o[j,i]
"""
LENGTHS = {"i": np.array([4, 2, 6, 1, 3]), "j": np.array([1, 5, 2, 3, 1])}


def program(spec: str = SPEC) -> Program:
    """In float64."""
    return compile_model(parse(spec), dtype="float64")


def arrays() -> dict[str, Any]:
    """Five examples of `SPEC`, as a file holds them."""
    rng = np.random.default_rng(0)
    return {
        "x": rng.integers(0, 5, (6, 5)),
        "g": rng.normal(size=(5, 6, 5)),
        "y": rng.integers(-1, 4, (5, 5)),
        **{f"lengths_{axis}": ends for axis, ends in LENGTHS.items()},
    }


def tags() -> dict[str, Any]:
    """The same for `TAGGER`."""
    rng = np.random.default_rng(1)
    return {
        "x": rng.normal(size=(5, 6, 5, 2)),
        "y": rng.integers(-1, 3, (5, 6, 5)),
        **{f"lengths_{axis}": ends for axis, ends in LENGTHS.items()},
    }


def alone(data: dict[str, Any], model: Model, b: int) -> dict[str, Any]:
    """One example without padding."""
    found = {}
    for name, item in model.data.items():
        cut = (*(slice(int(LENGTHS[axis][b])) for axis in item.axes), slice(b, b + 1))
        found[name] = data[name][cut]
    return found


def test_batches_are_cut_to_the_longest_on_every_axis() -> None:
    examples = Examples(parse(SPEC), arrays())
    assert examples.count == 5
    assert examples.extents() == {"i": 6, "j": 5}
    fed, _ = examples.take(np.array([1, 3]))
    assert (fed["x"].shape, fed["g"].shape, fed["y"].shape) == ((2, 2), (5, 2, 2), (5, 2))
    assert {axis: ends.tolist() for axis, ends in fed["lengths"].items()} == {
        "i": [2, 1], "j": [5, 3]}  # fmt: skip
    one = {name: value for name, value in arrays().items() if name != "lengths_i"}
    assert Examples(parse(SPEC), one).take(np.array([0]))[0]["g"].shape == (1, 6, 1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"g": np.ones((5, 6))}, "`g` has shape (5, 6); expected (T, S, B, …), B the examples"),
        ({"g": np.ones((5, 6, 4))}, "`g` has 4 examples, but `x` has 5"),
        ({"lengths_j": np.ones(4, int)}, "`lengths_j` has 4 examples, but `x` has 5"),
        ({"g": [[1.0], [1.0, 2.0]]}, "pad them and give `lengths_j` or `lengths_i`"),
    ],
)
def test_arrays_that_do_not_fit(change: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError) as caught:
        Examples(parse(SPEC), {**arrays(), **change})
    assert words in str(caught.value)


def test_predictions_are_those_of_each_example() -> None:
    made, data = program(), arrays()
    params = made.init(3)
    found = predict(made, params, array_feed(made.model, Examples(made.model, data), 2))
    assert {name: value.shape for name, value in found.items()} == {
        "o": (5, 5, 4), "e": (5, 6, 5), "h[S]": (5, 3)}  # fmt: skip
    for b in range(5):
        want = made.forward(params, **alone(data, made.model, b))
        rows, columns = int(LENGTHS["j"][b]), int(LENGTHS["i"][b])
        np.testing.assert_allclose(found["o"][:rows, b], want["o"][:, 0], rtol=1e-12)
        np.testing.assert_allclose(found["e"][:rows, :columns, b], want["e"][..., 0], rtol=1e-12)
        np.testing.assert_allclose(found["h[S]"][b], want["h[S]"][0], rtol=1e-12)
        assert not found["e"][rows:, :, b].any()
        assert not found["e"][:, columns:, b].any()


@pytest.mark.parametrize(("spec", "given"), [(SPEC, arrays), (TAGGER, tags)])
def test_scores_count_the_tokens_of_each_example(spec: str, given: Any) -> None:
    made, data = program(spec), given()
    params = made.init(3)
    score = evaluate(made, params, array_feed(made.model, Examples(made.model, data), 2))
    losses, right, tokens = [], 0, 0
    for b in range(5):
        own = alone(data, made.model, b)
        loss, outputs = made.loss(params, **own, return_outputs=True)
        losses.append(loss)
        known = own["y"] >= 0
        right += int((outputs["o"].argmax(-1) == own["y"])[known].sum())
        tokens += int(known.sum())
    assert score.tokens == tokens
    assert score.accuracy == pytest.approx(right / tokens)
    assert score.loss == pytest.approx(np.mean(losses))
    assert score.cross_entropy == pytest.approx(sum(losses) / tokens)


def test_what_is_compared_is_found_over_two_axes() -> None:
    scored = find_scored(parse(TAGGER))
    assert scored is not None
    assert (scored.output.label, scored.output.axes) == ("o", ("j", "i"))
    hidden = find_scored(parse(TAGGER.replace("output o[j,i]", "output o[1,i]")))
    assert hidden is not None
    turned = TAGGER.replace("y[j,i]: token", "y[i,j]: token").replace("], y[j,i]", "], y[i,j]")
    for spec in (turned, TAGGER.replace("cross_entropy(o[j,i]", "cross_entropy(o[j,i-1]"),
                 TAGGER.replace("cross_entropy(o[j,i]", "cross_entropy(o[j,S]")):  # fmt: skip
        assert find_scored(parse(spec)) is None


def test_training_learns_and_counts_over_both_axes() -> None:
    made, data = program(TAGGER), tags()
    trained = rnndsl.train(made, data, validation_data=data, epochs=2, batch=2, rate=0.05)
    feed = array_feed(made.model, Examples(made.model, data), 5)
    score = evaluate(made, trained.params, feed)
    metrics = trained.history.metrics[-1]
    assert metrics["accuracy"] == pytest.approx(score.accuracy)
    assert metrics["perplexity"] == pytest.approx(score.perplexity)
    positions = float((LENGTHS["i"] * LENGTHS["j"]).sum())
    by_position = 5 * score.loss / positions
    assert trained.history.validation[-1][1] == pytest.approx(by_position)
    assert summed_axes(made.model) == ("j", "i")


def test_checkpoints_keep_the_order_of_the_spec(tmp_path: Path) -> None:
    made = program()
    rnndsl.save(tmp_path / "a.safetensors", made, made.init(1))
    found = rnndsl.restore(tmp_path / "a.safetensors")
    assert list(found.params) == list(made.model.params) == ["E", "W", "R", "V", "v"]


def test_a_text_needs_one_axis() -> None:
    with pytest.raises(DataError) as caught:
        text_roles(parse(SPEC.replace(", g[j,i]", "").replace("g[j,i] * ", "")))
    assert str(caught.value) == (
        "a text fills one token input and one token target along the one axis that there is, "
        "for a loss; `reader` has input `x[i]: token(a)`, target `y[j]: token(b)`, "
        "and the axes `i`, `j`"
    )


@pytest.mark.parametrize("optimize", [0, 1, 2])
def test_gradients_of_examples_that_differ_on_every_axis_agree(optimize: int) -> None:
    model = parse(SPEC)
    sizes = small_sizes(model, {})
    batch = random_batch(model, sizes, 0)
    assert {axis: ends.tolist() for axis, ends in batch.lengths.items()} == {
        "i": [6, 4, 1], "j": [2, 5, 3]}  # fmt: skip
    assert batch.data["g"].shape == (5, 6, 3)
    assert check_gradients(model, optimize=optimize).agrees


def test_gradients_without_a_loss_are_those_of_every_position() -> None:
    bare = TAGGER.replace("loss = sum[j](sum[i](cross_entropy(o[j,i], y[j,i])))", "")
    bare = bare.replace("target y[j,i]: token(k)", "input p[j]: position(i)")
    bare = bare.replace("o[j,i] = V", "o[j,i]: k = V")
    check = check_gradients(parse(bare.replace("output o[j,i]", "output o[j,p[j]], o[j,i]")))
    assert check.agrees
    assert {row.name for row in check.rows} == {"V", "x"}


def test_a_fault_names_both_positions() -> None:
    made, data = program(TAGGER), tags()
    data["x"][1, 2, 2, 0] = np.nan
    params = made.init(0)
    fed, _ = Examples(made.model, data).take(np.array([1, 2]))
    batch = Batch(fed, 2, 1.0, 1.0, ["example 1", "example 2"])
    options = {"mode": "teacher", "forcing": 1.0, "seed": 0}
    words = first_fault(made.model, "float64", made.sizes, params, batch, options)
    assert words.endswith("hold nan at j = 2, i = 3 in example 2")


def test_memory_counts_every_axis() -> None:
    model = parse(TAGGER)
    # x (T, S, B, 2), y (T, S, B), o (T, S, B, 3), loss B
    assert value_bytes(model, {"n": 2, "k": 3}, {"i": 3, "j": 5}, 2, 8) == 8 * 2 * (15 * 6 + 1)

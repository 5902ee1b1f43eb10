"""What the language means, on small models whose numbers can be worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rnndsl.interpreter.batch import Batch, batch_loss, batch_outputs
from rnndsl.interpreter.chance import uniform
from rnndsl.interpreter.evaluate import Interpreter
from rnndsl.model.load import parse_model
from rnndsl.text.diagnostics import DataError


def example(
    text: str,
    length: int | None = None,
    sizes: dict[str, int] | None = None,
    params: dict[str, Any] | None = None,
    data: dict[str, Any] | None = None,
    **settings: Any,
) -> Interpreter:
    lengths = {} if length is None else {"t": length}
    return Interpreter(
        parse_model(text), sizes or {}, params or {}, data or {}, lengths, **settings
    )


def along(found: Interpreter, name: str, first: int, last: int) -> list[Any]:
    return [found.value(name, position).tolist() for position in range(first, last + 1)]


SCALARS = """
axis t = 1..T
input x[t]: ()
"""


def scalars(text: str, x: list[float], **settings: Any) -> Interpreter:
    return example(SCALARS + text, len(x), data={"x": x}, **settings)


# Positions and boundaries -----------------------------------------------------------------


def test_forwards_and_backwards() -> None:
    found = scalars("h[t] = 2 * h[t-1] + x[t]\ng[t] = 3 * g[t+1] + x[t]", [1, 2, 3])
    assert along(found, "h", -1, 4) == [0, 0, 1, 4, 11, 0]
    assert along(found, "g", 0, 5) == [0, 34, 11, 3, 0, 0]


def test_boundaries_at_both_ends() -> None:
    text = """
    h[t] = h[t-1] + h[t-3] + x[t]
    h[0] = 10
    h[-2] = 100
    g[t] = g[t+1] + x[t]
    g[T+1] = x[T] + T
    """
    found = scalars(text, [1, 2])
    assert along(found, "h", -3, 3) == [0, 100, 0, 10, 111, 113, 0]
    assert along(found, "g", 1, 4) == [7, 6, 4, 0]


def test_each_boundary_holds_however_short_the_example() -> None:
    text = "h[t] = h[t-3] + x[t]\nh[0] = 1\nh[-1] = 2\nh[-2] = 3"
    assert along(scalars(text, [0, 0, 0, 0, 0]), "h", 1, 5) == [3, 2, 1, 3, 2]
    assert along(scalars(text, [0]), "h", 1, 1) == [3]


def test_a_delay_by_a_size() -> None:
    text = "axis t = 1..T\nsize d\ninput x[t]: ()\nh[t] = h[t-d] + x[t]\nh[0] = 5\nh[-1] = 7"
    for d, expected in [(1, [6, 8, 11, 15]), (2, [8, 7, 11, 11]), (3, [1, 9, 8, 5])]:
        found = example(text, 4, {"d": d}, data={"x": [1, 2, 3, 4]})
        assert along(found, "h", 1, 4) == expected


def test_data_outside_are_zero_and_tokens_none() -> None:
    text = """
    axis t = 1..T
    size k
    input x[t]: (), w[t]: token(k)
    a[t] = x[t-1] + 10 * x[t+2]
    v[t] = w[t-1]
    """
    found = example(text, 3, {"k": 9}, data={"x": [1, 2, 3], "w": [4, 5, 6]})
    assert along(found, "a", 1, 3) == [30, 1, 2]
    assert along(found, "v", 0, 3) == [-1, -1, 4, 5]


def test_fixed_positions_and_lengths() -> None:
    text = "u = x[1] + 10 * x[T] + 100 * x[T-1] + T\nv[t] = x[T] * t\nw = x[2]"
    found = scalars(text, [1, 2, 3, 4])
    assert found.value("u") == 345
    assert along(found, "v", 1, 4) == [4, 8, 12, 16]
    short = scalars(text, [7])
    assert short.value("u") == 78
    assert short.value("w") == 0


def test_a_boundary_reads_data_and_values() -> None:
    text = """
    axis t = 1..T
    size m, p
    input x[t]: m, c: p
    param Q, s
    h[t]: m = h[t-1] + x[t]
    h[0] = tanh(Q @ c) + s
    """
    params = {"Q": np.array([[1.0, 2.0], [0.0, -1.0]]), "s": np.array([0.25, 0.5])}
    data = {"x": np.ones((2, 2)), "c": np.array([0.1, 0.2])}
    found = example(text, 2, {"m": 2, "p": 2}, params, data)
    start = np.array([np.tanh(0.5) + 0.25, np.tanh(-0.2) + 0.5])
    np.testing.assert_allclose(found.value("h", 0), start, rtol=1e-15)
    np.testing.assert_allclose(found.value("h", 2), start + 2, rtol=1e-15)


def test_a_number_fills_any_shape() -> None:
    text = "axis t = 1..T\nsize m\ninput x[t]: m\nh[t]: m = h[t-1] + x[t] * 2\nh[0] = 1 / m"
    found = example(text, 1, {"m": 4}, data={"x": [[1, 2, 3, 4]]})
    assert along(found, "h", 0, 1) == [[0.25] * 4, [2.25, 4.25, 6.25, 8.25]]


# Expressions ------------------------------------------------------------------------------


def test_operators_bind_as_the_language_says() -> None:
    text = """
    a[t] = -x[t] ^ 2
    b[t] = 2 ^ 3 ^ 2
    c[t] = 7 % 4 * 2 - 1 / 4
    d[t] = not x[t] > 2 and x[t] > 0 or t == 3
    e[t] = where(t % 2 == 0, x[t], -x[t])
    """
    found = scalars(text, [1, 2, 3])
    assert along(found, "a", 1, 3) == [-1, -4, -9]
    assert along(found, "b", 1, 1) == [512]
    assert along(found, "c", 1, 1) == [5.75]
    assert along(found, "d", 1, 3) == [1, 1, 1]
    assert along(scalars(text, [-1, 9, 9]), "d", 1, 3) == [0, 0, 1]
    assert along(found, "e", 1, 3) == [-1, 2, -3]


def test_a_gate_binds_looser_than_a_product() -> None:
    text = "axis t = 1..T\nsize m\nparam r: m, W: (m, m), h: m\nu[t]: m = r * W @ h"
    r, w, h = np.array([2.0, 3.0]), np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, -1.0])
    found = example(text, 1, {"m": 2}, {"r": r, "W": w, "h": h})
    assert found.value("u", 1).tolist() == (r * (w @ h)).tolist()


def test_where_does_not_work_out_what_it_does_not_take() -> None:
    text = "h[t] = where(t == 1, x[t], 1 / (h[t-1] - h[t-1]) + x[t])\ng[t] = where(t > 0, 1, h[t])"
    found = scalars(text, [4, 5])
    assert along(found, "h", 1, 2) == [4, np.inf]
    assert along(found, "g", 1, 2) == [1, 1]


def test_a_branch_that_is_not_taken_may_read_what_is_not_there() -> None:
    text = "input y[t]: ()\nh[t] = where(t > 2, y[t], x[t])"
    found = scalars(text, [4, 5])
    assert along(found, "h", 1, 2) == [4, 5]


def test_where_component_by_component() -> None:
    text = "axis t = 1..T\nsize m\ninput x[t]: m\nh[t]: m = where(x[t] > 0, log(x[t]), 0)"
    found = example(text, 1, {"m": 2}, data={"x": [[-1.0, np.e]]})
    assert found.value("h", 1).tolist() == [0, 1]


def test_tokens_pick_rows_and_components() -> None:
    text = """
    axis t = 1..T
    size k, m
    input w[t]: token(k), x[t]: m
    param E: (k, m), p: m
    e[t] = E[w[t]]
    a[t] = x[t][1] + p[0]
    b[t] = E[w[t], 1]
    c[t] = one_hot(w[t])
    """
    table = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    data = {"w": [2, -1, 0], "x": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]}
    params = {"E": table, "p": np.array([10.0, 20.0])}
    found = example(text, 3, {"k": 3, "m": 2}, params, data)
    assert along(found, "e", 1, 3) == [[5, 6], [0, 0], [1, 2]]
    assert along(found, "a", 1, 3) == [12, 14, 16]
    assert along(found, "b", 1, 3) == [6, 0, 2]
    assert along(found, "c", 1, 3) == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]


def test_no_loss_where_there_is_no_target() -> None:
    text = """
    axis t = 1..T
    size k
    input o[t]: k
    target y[t]: token(k)
    p[t] = softmax(o[t])
    u = sum[t](nll(p[t], y[t]))
    loss = sum[t](cross_entropy(o[t], y[t]))
    """
    logits = np.log([[0.25, 0.75], [0.5, 0.5], [0.1, 0.9]])
    found = example(text, 3, {"k": 2}, data={"o": logits, "y": [0, -1, 1]})
    expected = -np.log(0.25) - np.log(0.9)
    np.testing.assert_allclose([found.loss(), found.value("u")], expected, rtol=1e-14)


def test_tokens_are_computed_with() -> None:
    text = """
    axis t = 1..T
    size k
    input w[t]: token(k)
    n = sum[t](w[t] == w[t-1])
    a[t] = (w[t] + 1) % k
    v[t]: token(k) = where(t == 1, w[t], v[t-1])
    """
    found = example(text, 4, {"k": 3}, data={"w": [2, 2, 1, 1]})
    assert found.value("n") == 2
    assert along(found, "a", 1, 4) == [0, 0, 2, 2]
    assert along(found, "v", 0, 4) == [-1, 2, 2, 2, 2]


# Over the axis ----------------------------------------------------------------------------


def test_reductions_over_the_axis() -> None:
    names = ("sum", "mean", "max", "min", "prod", "logsumexp")
    text = "".join(f"{name}_ = {name}[t](x[t])\n" for name in names)
    x = [1.5, -2.0, 0.5, 1.5]
    found = scalars(text + "best = argmax[t](x[t])\nat = argmax[t](-x[t])", x)
    expected = [1.5, 0.375, 1.5, -2.0, -2.25, np.log(np.sum(np.exp(x)))]
    values = [float(found.value(f"{name}_")) for name in names]
    np.testing.assert_allclose(values, expected, rtol=1e-15)
    assert found.value("best") == 1
    assert found.value("at") == 2


def test_a_reduction_is_taken_component_by_component() -> None:
    text = "axis t = 1..T\nsize m\ninput x[t]: m\nu = max[t](x[t])\nv = mean[t](x[t] * t)"
    found = example(text, 2, {"m": 3}, data={"x": [[1, 5, 2], [4, 3, 2]]})
    assert found.value("u").tolist() == [4, 5, 2]
    assert found.value("v").tolist() == [4.5, 5.5, 3]


def test_a_value_is_read_at_the_best_position() -> None:
    text = "p = argmax[t](x[t])\nu = s[p]\nv = s[p+1]\ns[t] = 10 * t\ns[T+1] = -1"
    found = scalars(text, [1, 3, 2])
    assert (found.value("p"), found.value("u"), found.value("v")) == (2, 20, 30)
    last = scalars(text, [1, 2, 3])
    assert (last.value("u"), last.value("v")) == (30, -1)


def test_softmax_along_the_axis_leaves_its_index_free() -> None:
    text = "alpha[t] = softmax[t](x[t])\nu = sum[t](alpha[t] * x[t])"
    x = np.array([0.5, -1.0, 2.0])
    found = scalars(text, x.tolist())
    expected = np.exp(x) / np.exp(x).sum()
    np.testing.assert_allclose(along(found, "alpha", 1, 3), expected, rtol=1e-15)
    np.testing.assert_allclose(found.value("u"), expected @ x, rtol=1e-15)


def test_a_value_at_each_position_takes_part_of_the_whole() -> None:
    found = scalars("a[t] = x[t] / sum[t](x[t])\nb[t] = sum[t](x[t-1])", [1, 2, 5])
    assert along(found, "a", 1, 3) == [0.125, 0.25, 0.625]
    assert along(found, "b", 1, 3) == [3, 3, 3]


# Teaching and chance ----------------------------------------------------------------------

TAUGHT = """
axis t = 1..T
target y[t]: ()
z[t] = teach(y[t], o[t])
o[t] = 2 * z[t-1] + 1
z[0] = 3
loss = sum[t](squared_error(o[t], y[t]))
"""


def test_teacher_forcing_reads_the_target() -> None:
    found = example(TAUGHT, 3, data={"y": [10, 20, 30]})
    assert along(found, "o", 1, 3) == [7, 21, 41]
    assert found.loss() == 9 + 1 + 121


def test_running_free_reads_its_own_output() -> None:
    found = example(TAUGHT, 3, data={"y": [10, 20, 30]}, mode="free")
    assert along(found, "o", 1, 3) == [7, 15, 31]
    assert found.loss() == 9 + 25 + 1
    alone = example(TAUGHT, 3, mode="free")
    assert along(alone, "o", 1, 3) == [7, 15, 31]


def test_a_target_that_is_needed_must_be_there() -> None:
    with pytest.raises(DataError, match="`y` is needed and was not given"):
        example(TAUGHT, 3).value("o", 2)


def test_settings_and_modes_that_there_are_not() -> None:
    with pytest.raises(ValueError, match="no mode is called `Teacher`"):
        example(TAUGHT, 3, mode="Teacher")
    with pytest.raises(TypeError, match="no setting is called `train`"):
        example(TAUGHT, 3, train=True)


def test_scheduled_sampling_chooses_by_draws() -> None:
    y = np.arange(100.0, 140.0)
    seen = set()
    for forcing in (0.0, 0.3, 1.0):
        found = example(TAUGHT, 40, data={"y": y}, mode="scheduled", forcing=forcing, seed=5)
        z, taken = 3.0, []
        for position in range(1, 41):
            o = 2 * z + 1
            assert found.value("o", position) == o
            taken.append(bool(uniform(5, 0, 0, position) < forcing))
            z = y[position - 1] if taken[-1] else o
        seen.add(sum(taken))
    assert 0 in seen
    assert 40 in seen
    assert len(seen) == 3


CHANCE = """
axis t = 1..T
size m
input x[t]: m
a[t] = dropout(x[t], 0.25)
b[t] = dropout(x[t], 0.25)
u = dropout(x[T], 0.5)
n = sum[t](dropout(x[t], 0.5))
"""


def test_dropout_acts_in_training_alone() -> None:
    x = np.random.default_rng(0).standard_normal((2, 3))
    found = example(CHANCE, 2, {"m": 3}, data={"x": x})
    assert along(found, "a", 1, 2) == x.tolist()
    assert found.value("u").tolist() == x[1].tolist()


def test_dropout_keeps_by_draws_of_place_example_position_and_component() -> None:
    x = np.arange(1.0, 41.0).reshape(2, 20)
    settings = {"training": True, "seed": 11, "example": 4}
    found = example(CHANCE, 2, {"m": 20}, data={"x": x}, **settings)
    for position in (1, 2):
        for site, name in enumerate("ab"):
            kept = uniform(11, site, 4, position, (20,)) >= 0.25
            assert found.value(name, position).tolist() == (
                np.where(kept, x[position - 1] / 0.75, 0).tolist()
            )
    kept = uniform(11, 2, 4, 0, (20,)) >= 0.5
    assert found.value("u").tolist() == np.where(kept, x[1] * 2, 0).tolist()
    kept = np.stack([uniform(11, 3, 4, position, (20,)) >= 0.5 for position in (1, 2)])
    assert found.value("n").tolist() == np.where(kept, x * 2, 0).sum(axis=0).tolist()


def test_dropout_drops_as_often_as_it_says_and_keeps_the_mean() -> None:
    found = example(CHANCE, 40, {"m": 250}, data={"x": np.ones((40, 250))}, training=True)
    values = np.array(along(found, "a", 1, 40))
    assert abs(np.mean(values == 0) - 0.25) < 0.013  # three standard deviations
    assert abs(values.mean() - 1) < 0.018
    assert not np.array_equal(values, np.array(along(found, "b", 1, 40)))


SAMPLED = """
axis t = 1..T
size k
param P: (k, k)
w[t] = sample(P[w[t-1]])
w[0] = 0
"""


def test_samples_follow_their_probabilities() -> None:
    logits = np.log([[0.2, 0.8], [0.5, 0.5]])
    found = example(SAMPLED, 4000, {"k": 2}, {"P": logits})
    w = np.array(along(found, "w", 0, 4000))
    for token, p in [(0, 0.8), (1, 0.5)]:
        after = w[1:][w[:-1] == token]
        assert abs(after.mean() - p) < 0.04
    u = uniform(0, 0, 0, 1)
    assert w[1] == (u >= 0.2)


def test_samples_do_not_depend_on_the_order_of_work() -> None:
    params = {"P": np.random.default_rng(1).standard_normal((5, 5))}
    first = example(SAMPLED, 30, {"k": 5}, params, seed=3)
    second = example(SAMPLED, 30, {"k": 5}, params, seed=3)
    backwards = [second.value("w", position).item() for position in range(30, 0, -1)]
    assert along(first, "w", 1, 30) == backwards[::-1]
    longer = example(SAMPLED, 35, {"k": 5}, params, seed=3)
    assert along(longer, "w", 1, 30) == backwards[::-1]
    other = example(SAMPLED, 30, {"k": 5}, params, seed=3, example=1)
    assert along(other, "w", 1, 30) != backwards[::-1]


# Windows and batches ----------------------------------------------------------------------

WINDOWED = """
axis t = 1..T
size m, n, d = 3, k
input x[t]: n, w[t]: token(k)
target y[t]: n
param W, D, U, E: (k, m), V, Z
z[t] = teach(y[t], o[t])
h[t]: m = tanh(W @ h[t-1] + D @ h[t-d] + U @ x[t-2] + E[w[t-1]] + Z @ z[t-1])
o[t] = V @ h[t]
h[0] = 0.5
h[-1] = 0.25
z[0] = 1
output h[t], z[t], h[T]
loss = sum[t](squared_error(o[t], y[t]))
"""
SIZES = {"m": 3, "n": 2, "k": 4}


def windowed(length: int, batch: int) -> tuple[dict[str, Any], dict[str, Any]]:
    draw = np.random.default_rng(7)
    shapes = {"W": (3, 3), "D": (3, 3), "U": (3, 2), "E": (4, 3), "V": (2, 3), "Z": (3, 2)}
    params = {name: 0.5 * draw.standard_normal(shape) for name, shape in shapes.items()}
    data = {
        "x": draw.standard_normal((length, batch, 2)),
        "w": draw.integers(-1, 4, (length, batch)),
        "y": draw.standard_normal((length, batch, 2)),
    }
    return params, data


@pytest.mark.parametrize("mode", ["teacher", "free"])
@pytest.mark.parametrize("cut", [1, 2, 5])
def test_two_windows_are_one_sequence(mode: Any, cut: int) -> None:
    params, data = windowed(7, 2)
    model = parse_model(WINDOWED)
    whole = Batch(model, SIZES, params, data, mode=mode)
    first = {name: array[:cut] for name, array in data.items()}
    second = {name: array[cut:] for name, array in data.items()}
    start = Batch(model, SIZES, params, first, mode=mode)
    state = start.state()
    assert {name: array.shape for name, array in state.items()} == {
        "h": (3, 2, 3), "w": (1, 2), "x": (2, 2, 2), "z": (1, 2, 2)
    }  # fmt: skip
    rest = Batch(model, SIZES, params, second, state=state, mode=mode)
    for name in ("h", "z"):
        both = np.concatenate([start.outputs()[name], rest.outputs()[name]])
        assert both.tolist() == whole.outputs()[name].tolist()
    assert rest.outputs()["h[T]"].tolist() == whole.outputs()["h[T]"].tolist()
    np.testing.assert_allclose(start.loss() + rest.loss(), whole.loss(), rtol=1e-14)


def test_a_state_stands_in_for_boundaries_and_zeros() -> None:
    text = "h[t] = h[t-1] + 10 * x[t-1] + x[t-2]\nh[0] = 100\nh[-1] = 50"
    state = {"h": [3.0], "x": [1.0, 2.0]}
    found = scalars(text, [4, 5], state=state)
    assert along(found, "h", -2, 2) == [0, 50, 3, 24, 66]


def test_examples_of_a_batch_are_alone() -> None:
    params, data = windowed(6, 4)
    model = parse_model(WINDOWED)
    lengths = {"t": np.array([6, 1, 4, 2])}
    outputs = batch_outputs(model, SIZES, params, data, lengths, mode="free")
    losses = []
    for b, end in enumerate(lengths["t"]):
        own = {name: array[:end, b] for name, array in data.items()}
        alone = Interpreter(model, SIZES, params, own, {"t": end}, example=b, mode="free")
        assert outputs["h"][:end, b].tolist() == alone.outputs()["h"].tolist()
        assert outputs["h[T]"][b].tolist() == alone.value("h", end).tolist()
        assert not outputs["h"][end:, b].any()
        losses.append(alone.loss())
    assert batch_loss(model, SIZES, params, data, lengths, mode="free") == sum(losses) / 4


def test_each_example_of_a_batch_has_draws_of_its_own() -> None:
    params = {"P": np.zeros((9, 9))}
    text = SAMPLED + "output w[t]"
    both = batch_outputs(parse_model(text), {"k": 9}, params, {}, {"t": [20, 20]}, seed=2)["w"]
    assert both[:, 0].tolist() != both[:, 1].tolist()
    for b in (0, 1):
        alone = example(text, 20, {"k": 9}, params, seed=2, example=b)
        assert both[:, b].tolist() == along(alone, "w", 1, 20)


def test_outputs_are_as_long_as_the_data() -> None:
    model = parse_model(SCALARS + "h[t] = x[t] + 1\noutput h[t]")
    found = batch_outputs(model, {}, {}, {"x": np.ones((5, 2))}, {"t": [2, 3]})["h"]
    assert found.T.tolist() == [[2, 2, 0, 0, 0], [2, 2, 2, 0, 0]]


def test_the_layout_of_outputs() -> None:
    text = """
    axis t = 1..T
    size m, k
    input w[t]: token(k)
    param E: (k, m)
    h[t] = h[t-1] + E[w[t]]
    v[t] = w[t-1]
    u = sum[t](h[t])
    output h[t], h[T], v[t], u, h[t-1]
    """
    data = {"w": np.array([[0, 1, 2], [1, 1, 1]])}
    found = batch_outputs(parse_model(text), {"m": 2, "k": 3}, {"E": np.ones((3, 2))}, data)
    assert {name: array.shape for name, array in found.items()} == {
        "h": (2, 3, 2), "h[T]": (3, 2), "v": (2, 3), "u": (3, 2), "h[t-1]": (2, 3, 2)
    }  # fmt: skip
    assert found["v"].dtype == np.int64
    assert found["v"].tolist() == [[-1, -1, -1], [0, 1, 2]]


def test_lengths_and_batches_without_data() -> None:
    text = "axis t = 1..T\nh[t] = h[t-1] + t\nloss = h[T]"
    model = parse_model(text)
    assert batch_loss(model, {}, {}, {}, {"t": 4}) == 10
    assert Batch(model, {}, {}, {}, {"t": [4, 2]}).outputs()
    assert batch_loss(model, {}, {}, {}, {"t": [4, 2]}) == 6.5
    assert Batch(model, {}, {}, {}, {"t": 4}, batch=3).count == 3
    with pytest.raises(DataError, match="no data says how long axis `t` is"):
        batch_loss(model, {}, {}, {})


def test_a_model_without_an_axis() -> None:
    text = """
    size n, k
    input x: n
    target y: token(k)
    param W, b
    o = b + W @ x
    loss = cross_entropy(o, y)
    """
    params = {"W": np.zeros((2, 3)), "b": np.log([0.25, 0.75])}
    data = {"x": np.ones((2, 3)), "y": np.array([0, 1])}
    found = batch_loss(parse_model(text), {"n": 3, "k": 2}, params, data)
    np.testing.assert_allclose(found, -(np.log(0.25) + np.log(0.75)) / 2, rtol=1e-14)


def test_thousands_of_positions() -> None:
    text = "h[t] = tanh(0.5 * h[t-1] + x[t])\ng[t] = g[t+1] + x[t]\nloss = h[T] + g[1]"
    x = np.sin(np.arange(5000.0))
    found = scalars(text, x.tolist())
    h = 0.0
    for number in x:
        h = np.tanh(0.5 * h + number)
    np.testing.assert_allclose(found.loss(), h + x.sum(), rtol=1e-12)

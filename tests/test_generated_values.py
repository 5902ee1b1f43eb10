"""What a program computes: gradients of any output, modes, draws, extreme numbers, extents."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import pytest

from rnndsl import driver
from rnndsl.interpreter.gradients import complex_step_gradients
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.program import Program
from tests.agreement import close, forests
from tests.generated import EVERY, FEW, LEVELS, Case, case, checked, modes_of, program
from tests.sample import by_level

each_level = pytest.mark.parametrize("level", LEVELS)
TAUGHT = tuple(name for name in EVERY if len(modes_of(name)) > 1)


@cache
def made(spec: str, level: int = 1, dtype: str = "float64") -> Program:
    return compile_model(driver.parse(spec), optimize=level, dtype=dtype)


# Gradients of any output

SEVERAL = ("both_directions", "fixed_positions", "positions_as_data", "over_positions",
           "taught_tokens", "params_only", "context", "delays", "backwards")  # fmt: skip


@pytest.mark.parametrize("name", SEVERAL)
def test_gradients_of_every_output_together(name: str) -> None:
    it = case(name, lengths=(3, 1, 2))
    model, options = it.program.model, it.options()
    outputs = it.program.forward(it.params, **it.data, **options)
    rng = np.random.default_rng(8)
    reals = it.program.module.OUTPUTS
    weights = {key: rng.normal(size=value.shape) for key, value in outputs.items() if key in reals}
    sizes = it.program.module._known_sizes({})
    settings = {"seed": 3, "batch": 3, "training": True}
    lengths = options.get("lengths", {})
    exact = complex_step_gradients(
        model, sizes, it.params, it.data, lengths, cotangents=weights, **settings
    )
    with_loss = dict(exact)
    if model.loss is not None:
        of_loss = complex_step_gradients(model, sizes, it.params, it.data, lengths, **settings)
        with_loss = {key: value + 6 * of_loss[key] for key, value in exact.items()}
    for level in LEVELS:
        other = case(name, level, lengths=(3, 1, 2)).program
        trace = other.record(it.params, **it.data, **options)
        more = {"loss": 2.0} if model.loss is not None else {}
        for cotangents, want in ((weights, exact), ({**weights, **more}, with_loss)):
            grads, inputs = other.backward(trace, inputs=True, **cotangents)
            for key, value in {**grads, **inputs}.items():
                close(f"-O{level} {key}", value, want[key], 1e-10)


@pytest.mark.parametrize("name", SEVERAL)
@each_level
def test_cotangents_add_up(name: str, level: int) -> None:
    it = case(name, level)
    trace = it.program.record(it.params, **it.data, **it.options())
    reals = it.program.module.OUTPUTS
    each = [it.program.backward(trace, **{label: 0.3}) for label in reals]
    whole = it.program.backward(trace, **dict.fromkeys(reals, 0.3))
    for key, value in whole.items():
        close(key, sum(grads[key] for grads in each), value, 1e-12)


@each_level
def test_cotangents_of_the_loss_are_the_loss(level: int) -> None:
    it = case("lstm", level)
    trace = it.program.record(it.params, **it.data, **it.options())
    want = it.program.backward(trace)
    got = it.program.backward(trace, loss=1 / len(it.lengths))
    assert all(np.array_equal(got[key], want[key]) for key in want)
    loss, grads = it.program.loss_and_grads(it.params, **it.data, **it.options())
    assert all(np.array_equal(grads[key], want[key]) for key in want)
    assert loss == pytest.approx(float(np.mean(trace["loss"])), rel=1e-15)


@each_level
def test_runs_do_not_disturb_each_other(level: int) -> None:
    """A recorded run, and what was handed out, outlive later runs."""
    it = case("both_directions", level)
    options = it.options()
    other = {key: value * 0.5 for key, value in it.params.items()}
    first = it.program.record(it.params, **it.data, **options)
    want = {key: value.copy() for key, value in it.program.backward(first).items()}
    _, kept = it.program.loss_and_grads(it.params, **it.data, **options)
    outputs = it.program.forward(it.params, **it.data, **options, return_state=True)
    copies = {key: np.copy(value) for key, value in outputs.items() if key != "state"}
    second = it.program.record(other, **it.data, **options)
    it.program.forward(other, **it.data, **options)
    it.program.loss_and_grads(other, **it.data, **options)
    it.program.backward(second)
    again = it.program.backward(first)
    for key, value in want.items():
        assert np.array_equal(again[key], value)
        assert np.array_equal(kept[key], value)
    for key, value in copies.items():
        assert np.array_equal(outputs[key], value)


@each_level
def test_threads_may_share_a_program(level: int) -> None:
    it = case("gru", level)
    want = it.program.loss_and_grads(it.params, **it.data, **it.options())
    with ThreadPoolExecutor(8) as pool:
        calls = [
            pool.submit(it.program.loss_and_grads, it.params, **it.data, **it.options())
            for _ in range(64)
        ]
        for call in calls:
            loss, grads = call.result()
            assert loss == want[0]
            assert all(np.array_equal(grads[key], want[1][key]) for key in grads)


# Modes and draws


@pytest.mark.parametrize("name", TAUGHT)
@each_level
def test_forcing_goes_from_free_to_teacher(name: str, level: int) -> None:
    it = case(name, level)
    found = {}
    for mode, forcing in (("teacher", 0.5), ("free", 0.5), ("scheduled", 1), ("scheduled", 0)):
        options = {**it.options(), "mode": mode, "forcing": forcing}
        outputs = it.program.forward(it.params, **it.data, **options)
        loss, grads = it.program.loss_and_grads(it.params, **it.data, **options)
        found[mode, forcing] = {**outputs, **grads, "loss": loss}
    for mode, forcing in (("teacher", 1), ("free", 0)):
        for key, value in found[mode, 0.5].items():
            close(key, found["scheduled", forcing][key], value, 1e-12)
    assert found["teacher", 0.5]["loss"] != found["free", 0.5]["loss"]


@each_level
def test_dropout_acts_in_training_alone(level: int) -> None:
    it = case("dropout", level)
    outputs = [it.program.forward(it.params, **it.data, seed=seed)["o"] for seed in (1, 2)]
    assert np.array_equal(*outputs)
    losses = [it.program.loss(it.params, **it.data, seed=seed) for seed in (1, 2)]
    assert losses[0] == losses[1]
    trained = [it.program.loss_and_grads(it.params, **it.data, seed=seed)[0] for seed in (1, 1, 2)]
    assert trained[0] == trained[1] != trained[2]
    assert trained[0] != losses[0]
    recorded = it.program.record(it.params, **it.data, seed=1)
    assert float(np.mean(recorded["loss"])) == trained[0]


def draws(it: Case, data: dict[str, Any], mode: str, **options: Any) -> np.ndarray:
    """What was sampled, from logits that do not depend on the data."""
    params = {key: np.zeros_like(value) for key, value in it.params.items()}
    tokens: np.ndarray = it.program.forward(params, **data, mode=mode, **options)["z"]
    return tokens


@each_level
def test_draws_depend_on_seed_example_and_position_alone(level: int) -> None:
    it = case("sampled_tokens", level, lengths=(9, 9, 9, 9))
    first = draws(it, it.data, "free", seed=5)
    assert np.array_equal(first, draws(it, it.data, "free", seed=5))
    assert not np.array_equal(first, draws(it, it.data, "free", seed=6))
    assert np.array_equal(first, draws(it, {"y": it.data["y"][:, ::-1] * 0}, "free", seed=5))
    assert np.array_equal(first[:, :2], draws(it, {"y": it.data["y"][:, :2]}, "free", seed=5))
    assert np.array_equal(first[:4], draws(it, {"y": it.data["y"][:4]}, "free", seed=5))
    assert np.array_equal(first[:, :1], draws(it, {"T": 9}, "free", seed=5))
    assert np.array_equal(first, draws(case("sampled_tokens", 0, "float32", (9, 9, 9, 9)),
                                       it.data, "free", seed=5))  # fmt: skip
    assert len({tuple(row) for row in first.T}) == 4
    assert np.array_equal(first, draws(it, it.data, "free", seed=5 + 2**64))
    assert first.shape == draws(it, it.data, "free", seed=-5).shape


@each_level
def test_sampled_tokens_follow_their_probabilities(level: int) -> None:
    spec = "axis t = 1..T\nparam o: 3\nz[t] = sample(o)\noutput z[t]"
    logits = np.log([0.2, 0.5, 0.3])
    z = made(spec, level).forward({"o": logits}, T=200, batch=200)["z"]
    shares = np.bincount(z.ravel(), minlength=3) / z.size
    assert np.abs(shares - [0.2, 0.5, 0.3]).max() < 0.01


# Extreme numbers

HUGE = np.array([[[1e4, -1e4, 0.0]], [[-1e4, 1e4, 5.0]], [[3.0, -2.0, 1e4]]])
GIVEN = np.array([[1], [1], [0]])
LOSSES = {
    "cross_entropy": "loss = sum[t](cross_entropy(o[t], y[t]))",
    "nll": "loss = sum[t](nll(softmax(o[t]), y[t]))",
    "nll of a name": "yhat[t] = softmax(o[t])\nloss = sum[t](nll(yhat[t], y[t]))\noutput yhat[t]",
    "log of a part": "yhat[t] = softmax(o[t])\nloss = sum[t](-log(yhat[t][y[t]]))\noutput yhat[t]",
    "log softmax part": "loss = -sum[t](log_softmax(o[t])[y[t]])",
    "log of softmax part": "l[t] = log(softmax(o[t]))\nloss = -sum[t](l[t][y[t]])",
    "logsumexp": "loss = sum[t](logsumexp(o[t]) - o[t][y[t]])",
    "log sum exp": "loss = sum[t](log(sum(exp(o[t]))) - o[t][y[t]])",
}
SCALARS = {
    "log sigmoid": ("log(sigmoid(o[t]))", lambda x: -softplus(-x), lambda x: sigmoid(-x)),
    "log of a gate": ("log(g[t])", lambda x: -softplus(-x), lambda x: sigmoid(-x)),
    "log 1 - sigmoid": ("log(1 - sigmoid(o[t]))", lambda x: -softplus(x), lambda x: -sigmoid(x)),
    "log of 1 - gate": ("log(1 - g[t])", lambda x: -softplus(x), lambda x: -sigmoid(x)),
    "softplus": ("softplus(o[t])", lambda x: softplus(x), lambda x: sigmoid(x)),
    "log 1 + exp": ("log(1 + exp(o[t]))", lambda x: softplus(x), lambda x: sigmoid(x)),
    "logaddexp": ("logaddexp(o[t], 0)", lambda x: softplus(x), lambda x: sigmoid(x)),
    "binary": (
        "binary_cross_entropy(o[t], 0.25)",
        lambda x: softplus(x) - 0.25 * x,
        lambda x: sigmoid(x) - 0.25,
    ),
    "sigmoid": ("sigmoid(o[t])", lambda x: sigmoid(x), lambda x: sigmoid(x) * sigmoid(-x)),
    "tanh": ("tanh(o[t])", lambda x: np.tanh(x), lambda x: 1 - np.tanh(x) ** 2),
}


def softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, x)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, 1 / (1 + np.exp(-np.abs(x))), 1 - 1 / (1 + np.exp(-np.abs(x))))


@pytest.mark.parametrize("what", LOSSES)
@each_level
def test_losses_of_extreme_logits(what: str, level: int) -> None:
    """In float32, against log-sum-exp by hand."""
    spec = f"axis t = 1..T\ninput o[t]: 3\ntarget y[t]: token(3)\n{LOSSES[what]}\n"
    top = HUGE.max(axis=-1, keepdims=True)
    share = np.exp(HUGE - top) / np.exp(HUGE - top).sum(axis=-1, keepdims=True)
    total = top[..., 0] + np.log(np.exp(HUGE - top).sum(axis=-1))
    want = (total - np.take_along_axis(HUGE, GIVEN[..., None], -1)[..., 0]).sum()
    for dtype, tolerance in (("float32", 1e-6), ("float64", 1e-12)):
        it = made(spec, level, dtype)
        loss, _, inputs = it.loss_and_grads({}, o=HUGE, y=GIVEN, inputs=True)
        assert loss == pytest.approx(want, rel=tolerance)
        close("o", inputs["o"], share - np.eye(3)[GIVEN], tolerance)


@pytest.mark.parametrize("what", SCALARS)
@each_level
def test_functions_of_extreme_numbers(what: str, level: int) -> None:
    expression, value, slope = SCALARS[what]
    define = "g[t] = sigmoid(o[t])\n" if "g[t]" in expression else ""
    more = "output g[t]\n" if define else ""
    spec = f"axis t = 1..T\ninput o[t]: 3\n{define}loss = sum[t](sum({expression}))\n{more}"
    numbers = np.array([[[1e4, -1e4, 0.5]], [[30.0, -30.0, 100.0]], [[-100.0, 1.0, -1.0]]])
    for dtype, tolerance in (("float32", 1e-6), ("float64", 1e-12)):
        it = made(spec, level, dtype)
        loss, _, inputs = it.loss_and_grads({}, o=numbers, inputs=True)
        assert loss == pytest.approx(value(numbers).sum(), rel=tolerance)
        close("o", inputs["o"], slope(numbers), tolerance)


GUARDED = {
    "log": ("x[t] > 0", "log(x[t])", "x[t]"),
    "sqrt": ("x[t] > 0", "sqrt(x[t])", "x[t] * x[t]"),
    "division": ("not x[t] == 0", "1 / x[t]", "x[t]"),
    "exp": ("x[t] < 5", "exp(1000 * x[t])", "x[t]"),
    "power": ("x[t] > 0", "x[t] ^ 0.5", "x[t] ^ 2"),
    "product": ("x[t] > 0", "A @ log(x[t])", "A @ x[t]"),
    "vector": ("x[t] > 0", "log(x[t]) @ A", "x[t]"),
    "softmax": ("x[t] > 0", "softmax(1 / x[t])", "x[t]"),
    "norm": ("x[t] > 0", "x[t] * norm(log(x[t]))", "x[t]"),
    "named": ("x[t] > 0", "l[t]", "x[t]"),
    "nested": ("x[t] > 0", "where(x[t] > 1, log(x[t] - 1), sqrt(x[t]))", "x[t]"),
}


@pytest.mark.parametrize("what", GUARDED)
@each_level
def test_where_lets_nothing_through(what: str, level: int) -> None:
    """The branch not taken is NaN or infinite; values and gradients are as if it were not."""
    condition, risky, safe = GUARDED[what]
    named = "l[t] = log(x[t])\n" if "l[t]" in risky else ""
    spec = (
        f"axis t = 1..T\ninput x[t]: 2\nparam A: (2, 2)\n{named}"
        f"h[t]: 2 = where({condition}, {risky}, {safe})\n"
        "loss = sum[t](sum(h[t])) + 0 * sum(A)\noutput h[t]"
    )
    x = np.array([[[-1.0, 0.0]], [[0.0, -2.0]]]) if what != "exp" else np.full((2, 1, 2), 9.0)
    if what == "division":
        x = np.zeros((2, 1, 2))
    A = np.array([[1.0, 2.0], [3.0, 4.0]])
    plain = spec.replace(f"where({condition}, {risky}, {safe})", safe)
    for dtype in ("float32", "float64"):
        it, other = made(spec, level, dtype), made(plain, level, dtype)
        got = it.loss_and_grads({"A": A}, x=x, inputs=True)
        want = other.loss_and_grads({"A": A}, x=x, inputs=True)
        assert np.isfinite(got[0])
        assert got[0] == want[0]
        for mine, right in zip(got[1:], want[1:], strict=True):
            for key in right:
                assert np.array_equal(mine[key], right[key]), key


# Extents


@each_level
@pytest.mark.parametrize("name", ["lstm", "both_directions", "teacher_forcing"])
def test_three_thousand_positions(name: str, level: int) -> None:
    it = program(name, level)
    params = it.init(0)
    rng = np.random.default_rng(0)
    data = {}
    for key, item in it.model.data.items():
        sizes = it.module._known_sizes({})
        shape = ((3000, 2) if item.axes else (2,)) + it.module._data_shapes(sizes)[key]
        is_token = item.type.kind == "token"
        data[key] = rng.integers(0, 2, shape) if is_token else rng.normal(size=shape)
    loss, grads = it.loss_and_grads(params, **data)
    assert np.isfinite(loss)
    assert all(np.isfinite(value).all() for value in grads.values())


@pytest.mark.parametrize("name", FEW)
@by_level(LEVELS)
def test_one_position_of_one_example(name: str, level: int) -> None:
    it, many = case(name, level, lengths=(1,)), case(name, 0, lengths=(1,))
    loss, grads = it.back(it.data, **it.options())
    want, right = many.back(it.data, **it.options())
    if want is not None:
        close("loss", loss, want, 1e-12)
    for key, value in right.items():
        close(key, grads[key], value, 1e-12)


PICKY = ("pick", "concat_pieces", "embedding")
"""Models that pick a component that a size of one does not have."""

SMALLEST = tuple(name for name in EVERY if name not in PICKY)


@pytest.mark.parametrize("name", SMALLEST)
def test_sizes_of_one(name: str) -> None:
    """Broadcasting must not take a size of one for anything else."""
    model = checked(name)
    sizes = {key: 1 for key, size in model.sizes.items() if not size.is_derived}
    trees = forests(model, (3, 2))
    values = []
    for level in (0, 2):
        it = compile_model(model, optimize=level, dtype="float64", **sizes)
        params = it.init(1)
        rng, data = np.random.default_rng(2), {}
        for key, shape in it.module._data_shapes(it.module._known_sizes({})).items():
            item = model.data[key]
            lead = (3, 2) if item.axes else (2,)
            lead = ((5,) if item.axes[:1] and item.axes[0] in trees else lead) + shape
            is_real = item.type.kind == "real"
            data[key] = (
                rng.normal(size=lead) if is_real else np.full(lead, item.type.kind != "token")
            )
        one = Case(it, params, {k: np.asarray(v, None if model.data[k].type.kind == "real" else int)
                                for k, v in data.items()}, (3, 2))  # fmt: skip
        loss, grads = one.back(one.data, **one.options())
        values.append({**grads, "loss": 0.0 if loss is None else loss})
    for other in values[1:]:
        for key, value in values[0].items():
            close(key, other[key], value, 1e-12)

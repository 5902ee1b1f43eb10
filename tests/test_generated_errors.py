"""Data, parameters and options that do not fit: what a caller is told, word for word."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import pytest

from rnndsl import driver
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.program import Program
from rnndsl.text.diagnostics import DataError
from tests.generated import GALLERY, LEVELS, ZOO, case
from tests.sample import by_level, sampled

SPEC = """
model reader
axis t = 1..T
size n, m = 4, k, g, d = 2
input x[t]: n, w[t]: token(g), c: m, p: position(t)
target y[t]: token(k)
param E, F, W, U, b, V
v[t] = teach(y[t], argmax(o[t]))
h[t]: m = tanh(b + W @ h[t-1] + U @ x[t] + E[w[t]] + F[v[t-d]] + c)
o[t] = V @ h[t]
loss = sum[t](cross_entropy(o[t], y[t])) + sum(h[p])
output o[t], v[t], h[p]
"""
BARE = "axis t = 1..T\nparam W: (2, 2), b\nh[t]: 2 = tanh(W @ h[t-1] + b)"
SILENT = "axis t = 1..T\ninput w[t]: token(3)\nv[t] = (w[t] + 1) % 3\noutput v[t]"
LOOSE = "axis t = 1..T\nsize m, d\nparam W, b\nh[t]: m = tanh(W @ h[t-d] + b)\nloss = sum(h[T])"


@cache
def program(spec: str = SPEC, dtype: str = "float64", level: int = 1) -> Program:
    return compile_model(driver.parse(spec), dtype=dtype, optimize=level)


def start() -> tuple[dict[str, Any], dict[str, Any]]:
    """Parameters and data that fit: three positions, two examples."""
    rng = np.random.default_rng(0)
    data = {
        "x": rng.normal(size=(3, 2, 5)),
        "w": rng.integers(0, 7, (3, 2)),
        "c": rng.normal(size=(2, 4)),
        "p": np.array([1, 3]),
        "y": rng.integers(0, 6, (3, 2)),
    }
    return program().init(n=5, k=6, g=7), data


X, W, C, P = np.zeros((3, 2, 5)), np.zeros((3, 2), int), np.zeros((2, 4)), np.array([1, 3])
BAD_DATA: dict[str, tuple[dict[str, Any], str]] = {
    # shapes
    "size": (
        {"x": np.zeros((3, 2, 4))},
        "'x' has shape (3, 2, 4); expected (T, batch, n) = (3, 2, 5)",
    ),
    "rank": ({"x": np.zeros((3, 2))}, "'x' has shape (3, 2); expected (T, batch, n) = (3, 2, 5)"),
    "rank more": (
        {"w": np.zeros((3, 2, 1), int)},
        "'w' has shape (3, 2, 1); expected (T, batch) = (3, 2)",
    ),
    "no positions": ({"x": np.zeros(3)}, "'x' has shape (3,); expected (T, batch, n)"),
    "a number": ({"c": 3.0}, "'c' has shape (); expected (batch, m)"),
    "context": ({"c": np.zeros((2, 3))}, "'c' has shape (2, 3); expected (batch, m) = (2, 4)"),
    "positions differ": ({"w": np.zeros((4, 2), int)}, "'w' has 4 positions, but 'x' has 3"),
    "examples differ": ({"c": np.zeros((3, 4))}, "'c' has 3 examples, but 'x' has 2"),
    "no examples": ({"x": np.zeros((3, 0, 5))}, "'x' has no examples"),
    "nothing": ({"x": np.zeros((0, 2, 5))}, "'x' has no positions"),
    "empty list": ({"w": []}, "'w' must hold tokens, which are integers, not float64"),
    "ragged": ({"x": [[1.0], [1.0, 2.0]]}, "'x' is not an array: its rows differ in length"),
    # kinds of numbers
    "text": ({"x": np.full((3, 2, 5), "a")}, "'x' must hold real numbers, not <U1"),
    "complex": ({"x": X + 1j}, "'x' must hold real numbers, not complex128"),
    "objects": ({"x": X.astype(object)}, "'x' must hold real numbers, not object"),
    "a dict": ({"x": {"x": X}}, "'x' must hold real numbers, not object"),
    "dates": ({"x": X.astype("M8[s]")}, "'x' must hold real numbers, not datetime64[s]"),
    "real tokens": ({"w": W / 1}, "'w' must hold tokens, which are integers, not float64"),
    "true tokens": ({"w": W > 0}, "'w' must hold tokens, which are integers, not bool"),
    "real positions": ({"p": P / 2}, "'p' must hold positions, which are integers, not float64"),
    # ranges
    "token above": ({"w": W + 7}, "'w' holds the token 7; expected 0 to 6, or -1 for none"),
    "token below": ({"w": W - 2}, "'w' holds the token -2; expected 0 to 6, or -1 for none"),
    "target above": ({"y": W + 9}, "'y' holds the token 9; expected 0 to 5, or -1 for none"),
    "huge token": (
        {"w": np.full((3, 2), 2**64 - 1, np.uint64)},
        f"'w' holds the token {2**63 - 1}; expected 0 to 6, or -1 for none",
    ),
    "position above": ({"p": P + 1}, "'p' holds the position 4; expected 1 to 3, or 0 for none"),
    "position below": ({"p": P - 2}, "'p' holds the position -1; expected 1 to 3, or 0 for none"),
    # names
    "unknown": ({"z": X}, "reader has no data 'z'; it has: x, w, c, p, y"),
    "a parameter": ({"W": X}, "reader has no data 'W'; it has: x, w, c, p, y"),
    "a value": ({"h": X}, "reader has no data 'h'; it has: x, w, c, p, y"),
    "missing": ({"x": None}, "the input 'x' is missing"),
    "missing context": ({"c": None}, "the input 'c' is missing"),
    "missing target": (
        {"y": None},
        "the target 'y' is missing: mode='teacher' reads it; mode='free' does not",
    ),
    "missing target, scheduled": (
        {"y": None, "mode": "scheduled"},
        "the target 'y' is missing: mode='scheduled' reads it; mode='free' does not",
    ),
    # options
    "mode": ({"mode": "Free"}, "mode must be one of teacher, free, scheduled, not 'Free'"),
    "mode list": ({"mode": ["free"]}, "mode must be one of teacher, free, scheduled, not ['free']"),
    "forcing above": ({"forcing": 1.5}, "forcing must be a number from 0 to 1, not 1.5"),
    "forcing nan": ({"forcing": float("nan")}, "forcing must be a number from 0 to 1, not nan"),
    "forcing text": ({"forcing": "a"}, "forcing must be a number from 0 to 1, not 'a'"),
    "forcing none": ({"forcing": None}, "forcing must be a number from 0 to 1, not None"),
    "seed": ({"seed": 1.5}, "seed must be a whole number, not 1.5"),
    "seed none": ({"seed": None}, "seed must be a whole number, not None"),
    "batch": ({"batch": 3}, "'x' has 2 examples, but batch has 3"),
    "batch zero": ({"batch": 0}, "batch must be a whole number above 0, not 0"),
    "batch text": ({"batch": "2"}, "batch must be a whole number above 0, not '2'"),
    "batch true": ({"batch": True}, "batch must be a whole number above 0, not True"),
    "T": ({"T": 4}, "'x' has 3 positions, but T has 4"),
    "T real": ({"T": 3.0}, "T must be a whole number above 0, not 3.0"),
    # lengths
    "lengths": ({"lengths": [3, 2]}, "lengths must be a dict by name, not list"),
    "lengths array": ({"lengths": P}, "lengths must be a dict by name, not ndarray"),
    "lengths axis": ({"lengths": {"s": P}}, "reader has no axis 's'; it has: t"),
    "lengths count": ({"lengths": {"t": [3]}}, "lengths of 't' has shape (1,); expected (2,)"),
    "lengths number": ({"lengths": {"t": 3}}, "lengths of 't' has shape (); expected (2,)"),
    "lengths none": ({"lengths": {"t": []}},
                     "lengths must hold numbers of positions, not float64"),
    "lengths real": ({"lengths": {"t": [3.0, 2.0]}},
                     "lengths must hold numbers of positions, not float64"),
    "lengths zero": ({"lengths": {"t": [3, 0]}}, "lengths of 't' holds 0; expected 1 to 3"),
    "lengths below": ({"lengths": {"t": [3, -1]}}, "lengths of 't' holds -1; expected 1 to 3"),
    "lengths above": ({"lengths": {"t": [3, 4]}}, "lengths of 't' holds 4; expected 1 to 3"),
    # state
    "state": ({"state": [X]}, "state must be a dict by name, not list"),
    "state name": ({"state": {"x": X}}, "reader has no state 'x'; it has: h, v"),
    "state shape": ({"state": {"h": X}},
                    "the state of 'h' has shape (3, 2, 5); expected (1, 2, 4)"),
    "state batch": ({"state": {"h": np.zeros((1, 1, 4))}},
                    "the state of 'h' has shape (1, 1, 4); expected (1, 2, 4)"),
    "state delay": ({"state": {"v": np.zeros((1, 2), int)}},
                    "the state of 'v' has shape (1, 2); expected (2, 2)"),
    "state kind": ({"state": {"v": np.zeros((2, 2))}},
                   "the state of 'v' must hold tokens, which are integers, not float64"),
    "state text": ({"state": {"h": "a"}}, "the state of 'h' must hold real numbers, not <U1"),
}  # fmt: skip
BAD_PARAMS: dict[str, tuple[dict[str, Any], str]] = {
    "missing": ({"W": None}, "the parameter 'W' is missing"),
    "unknown": ({"Z": X}, "reader has no parameter 'Z'; it has: E, F, W, U, b, V"),
    "shape": ({"W": np.zeros((4, 5))},
              "the parameter 'W' has shape (4, 5); expected (m, m) = (4, 4)"),
    "rank": ({"b": np.zeros((4, 1))}, "the parameter 'b' has shape (4, 1); expected (m) = (4,)"),
    "scalar": ({"b": 0.0}, "the parameter 'b' has shape (); expected (m) = (4,)"),
    "text": ({"b": "abcd"}, "the parameter 'b' must hold real numbers, not <U4"),
    "none": ({"b": [None] * 4}, "the parameter 'b' must hold real numbers, not object"),
    "complex": ({"b": 1j}, "the parameter 'b' must hold real numbers, not complex128"),
    "ragged": ({"W": [[1.0], [1.0, 2.0]]},
               "the parameter 'W' is not an array: its rows differ in length"),
}  # fmt: skip
CALLS = ("forward", "loss", "loss_and_grads", "record")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("what", BAD_DATA)
def test_bad_data(what: str, call: str) -> None:
    params, data = start()
    bad, message = BAD_DATA[what]
    with pytest.raises(DataError) as caught:
        getattr(program(), call)(params, **{**data, **bad})
    assert str(caught.value) == message
    with pytest.raises(ValueError, match=re.escape(message)) as plain:
        getattr(program().module, call)(params, **{**data, **bad})
    assert type(plain.value) is ValueError


@pytest.mark.parametrize("what", BAD_PARAMS)
def test_bad_params(what: str) -> None:
    params, data = start()
    bad, message = BAD_PARAMS[what]
    changed = {key: value for key, value in {**params, **bad}.items() if value is not None}
    with pytest.raises(DataError) as caught:
        program().forward(changed, **data)
    assert str(caught.value) == message


def test_params_that_are_no_dict() -> None:
    with pytest.raises(DataError) as caught:
        program().forward([1], **start()[1])
    assert str(caught.value) == "params must be a dict by name, not list"


def test_params_of_another_model() -> None:
    other = program(BARE).init()
    with pytest.raises(DataError) as caught:
        program().forward({**other, "E": other["W"]}, **start()[1])
    assert str(caught.value) == "the parameter 'F' is missing"


def test_a_target_that_only_the_loss_reads() -> None:
    params, data = start()
    del data["y"]
    outputs = program().forward(params, **data, mode="free")
    assert list(outputs) == ["o", "v", "h[p]"]
    for call in CALLS[1:]:
        with pytest.raises(DataError) as caught:
            getattr(program(), call)(params, **data, mode="free")
        assert str(caught.value) == "the target 'y' is missing: the loss reads it"


@pytest.mark.parametrize("level", [0, 1, 2])
def test_nan_is_a_number(level: int) -> None:
    params, data = start()
    data["x"][0, 0] = np.nan
    it = program(level=level)
    outputs = it.forward(params, **data)
    assert np.isnan(outputs["o"][:, 0]).all()
    assert np.isfinite(outputs["o"][:, 1]).all()
    assert np.isnan(it.loss_and_grads(params, **data)[0])


BAD_CALLS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "no length": (BARE, "forward", {},
                  "no data tells how many positions there are: give T=10, say"),
    "length": (BARE, "forward", {"T": 0}, "T must be a whole number above 0, not 0"),
    "batch": (BARE, "forward", {"T": 2, "batch": -1},
              "batch must be a whole number above 0, not -1"),
    "lengths and T": (BARE, "forward", {"T": 2, "lengths": {"t": [1, 3]}},
                      "lengths of 't' holds 3; expected 1 to 2"),
    "lengths and batch": (BARE, "forward", {"T": 2, "batch": 3, "lengths": {"t": [1, 2]}},
                          "lengths of 't' has shape (2,); expected (3,)"),
    "rows": (BARE, "forward", {"T": 2, "x": X}, "bare has no data 'x'; it has: none"),
    "loss": (BARE, "loss", {"T": 2},
             "bare has no loss: `backward` takes cotangents of its outputs"),
    "gradients": (BARE, "loss_and_grads", {"T": 2},
                  "bare has no loss: `backward` takes cotangents of its outputs"),
    "nothing to go back through": (SILENT, "record", {"w": W},
                                   "silent has neither a loss nor an output with gradients"),
    "a size in no array": (LOOSE, "forward", {"T": 2},
                           "the size 'd' shows in no array: compile with d=32, say"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_CALLS)
def test_bad_calls(what: str) -> None:
    spec, call, options, message = BAD_CALLS[what]
    name = {BARE: "bare", SILENT: "silent", LOOSE: "loose"}[spec]
    it = program(f"model {name}\n{spec}")
    params = it.init(**({"m": 3, "d": 1} if spec == LOOSE else {}))
    with pytest.raises(DataError) as caught:
        getattr(it, call)(params, **options)
    assert str(caught.value) == message


BAD_SIZES: dict[str, tuple[str, dict[str, Any], str]] = {
    "missing": (SPEC, {"n": 5, "k": 6}, "the size 'g' is not known: give it, for example g=32"),
    "unknown": (SPEC, {"N": 5}, "reader has no size 'N'; it has: n, m, k, g, d"),
    "zero": (SPEC, {"n": 0}, "the size 'n' must be a whole number above 0, not 0"),
    "real": (SPEC, {"n": 2.0}, "the size 'n' must be a whole number above 0, not 2.0"),
    "none": (SPEC, {"n": None}, "the size 'n' is not known: give it, for example n=32"),
    "seed": (SPEC, {"seed": "a"}, "seed must be a whole number, not 'a'"),
    "true": (SPEC, {"n": True}, "the size 'n' must be a whole number above 0, not True"),
    "fraction": ("size m, q = m / 4\nparam b: q\ninput c: m\nh = b[0] * c\noutput h", {"m": 6},
                 "the size 'q' is 6/4: it must be a whole number above 0"),
    "less than one": ("size m, q = m - 3\nparam b: q\ninput c: m\nh = b[0] * c\noutput h", {"m": 3},
                      "the size 'q' is 0/1: it must be a whole number above 0"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_SIZES)
def test_bad_sizes(what: str) -> None:
    spec, sizes, message = BAD_SIZES[what]
    with pytest.raises(DataError) as caught:
        program(spec).init(**sizes)
    assert str(caught.value) == message


def test_what_backward_is_given() -> None:
    params, data = start()
    trace = program().record(params, **data)
    bad: list[tuple[Any, dict[str, Any], str]] = [
        (3, {}, "backward goes back through what record() gave"),
        (trace["outputs"], {}, "backward goes back through what record() gave"),
        (trace, {"h": 1}, "reader has no output 'h'; it has: o, h[p], loss"),
        (trace, {"v": 1}, "reader has no output 'v'; it has: o, h[p], loss"),
        (trace, {"o": X}, "the cotangent of 'o' has shape (3, 2, 5); expected (3, 2, 6)"),
        (trace, {"loss": [1.0]}, "the cotangent of 'loss' has shape (1,); expected (2,)"),
        (trace, {"o": 1j}, "the cotangent of 'o' must hold real numbers, not complex128"),
        (trace, {"o": "a"}, "the cotangent of 'o' must hold real numbers, not <U1"),
        (trace, {"o": None}, "the cotangent of 'o' must hold real numbers, not object"),
    ]
    for given, cotangents, message in bad:
        with pytest.raises(DataError) as caught:
            program().backward(given, **cotangents)
        assert str(caught.value) == message


def test_steps_and_limits() -> None:
    params, _ = start()
    bad: list[tuple[str, tuple[Any, ...], str]] = [
        ("clip_by_norm", ({}, -1.0), "the limit must be 0 or more, not -1.0"),
        ("clip_by_norm", ({}, float("nan")), "the limit must be 0 or more, not nan"),
        ("clip_by_value", ({}, -1), "the limit must be 0 or more, not -1"),
        ("sgd_step", (params, {"Z": X}, 0.1),
         "reader has no parameter 'Z'; it has: E, F, W, U, b, V"),
        ("sgd_step", (params, {"W": X}, 0.1),
         "the gradient of 'W' has shape (3, 2, 5); expected (4, 4)"),
        ("sgd_step", (params, {"b": np.float64(1)}, 0.1),
         "the gradient of 'b' has shape (); expected (4,)"),
    ]  # fmt: skip
    for call, arguments, message in bad:
        with pytest.raises(DataError) as caught:
            getattr(program(), call)(*arguments)
        assert str(caught.value) == message


@pytest.mark.parametrize("level", [0, 1, 2])
def test_whatever_can_be_read_as_an_array_is(level: int) -> None:
    """Lists, other kinds of numbers, other layouts: the same numbers give the same results."""
    params, data = start()
    data["x"] = np.round(data["x"] * 3)
    it = program(level=level)
    loss, grads = it.loss_and_grads(params, **data)
    wide = {key: np.repeat(value, 2, axis=0)[::2] for key, value in data.items()}
    ways: list[Any] = [
        {key: value.tolist() for key, value in data.items()},
        {key: np.asfortranarray(value) for key, value in data.items()},
        {key: value[::-1].copy()[::-1] for key, value in data.items()},
        wide,
        {**data, "x": data["x"].astype(np.int8), "w": data["w"].astype(np.uint8)},
        {**data, "x": data["x"].astype(np.float16), "y": data["y"].astype(np.uint64)},
        {**data, "x": data["x"].astype(np.longdouble), "y": data["y"].astype(">i4")},
        {**data, "lengths": {"t": (3, 3)}, "T": np.int64(3), "batch": np.uint8(2)},
        {**data, "lengths": {"t": None}, "state": None, "T": None},
        {**data, "lengths": {}, "state": {}},
        {**data, "state": {"h": np.zeros((1, 2, 4)).tolist(), "v": [[-1, -1], [-1, -1]]}},
    ]
    for way in ways:
        again, same = it.loss_and_grads(params, **way)
        assert again == loss
        assert all(np.array_equal(same[key], grads[key]) for key in grads)
    for way in (
        {key: value.tolist() for key, value in params.items()},
        {key: np.asfortranarray(value) for key, value in params.items()},
        dict(reversed(params.items())),
    ):
        again, same = it.loss_and_grads(way, **data)
        assert again == pytest.approx(loss, rel=1e-14)
        assert list(same) == list(params)


def test_zeros_and_ones_may_be_true_and_false() -> None:
    params, data = start()
    data["c"] = data["c"] > 0
    want = program().loss(params, **{**data, "c": data["c"].astype(float)})
    assert program().loss(params, **data) == want


def test_numbers_too_large_for_float32_are_infinite() -> None:
    params, data = start()
    data["x"][0, 0, 0] = 1e300
    data["x"][1, 1] = 0
    outputs = program(dtype="float32").forward(params, **data)
    assert outputs["o"].dtype == np.float32


@pytest.mark.parametrize("name", [*ZOO, *sampled(GALLERY)])
@by_level(LEVELS)
def test_nothing_given_is_changed(name: str, level: int) -> None:
    """All arrays of a case are read-only; their bytes stay."""
    it = case(name, level)
    before = {key: value.tobytes() for key, value in {**it.params, **it.data}.items()}
    for mode in it.modes:
        options = {**it.options(), "mode": mode}
        it.back(it.data, **options)
        state = it.program.forward(it.params, **it.data, **options, return_state=True)["state"]
        for value in state.values():
            value.flags.writeable = False
        it.program.forward(it.params, **it.data, **options, state=state)
    assert {key: value.tobytes() for key, value in {**it.params, **it.data}.items()} == before


def test_data_may_be_called_anything_that_the_language_allows() -> None:
    """Names that Python or a wrapper use for themselves."""
    words = ("self", "name", "rest", "trace", "function", "data", "options", "dtype", "work", "np")
    spec = "size n = 2\ninput " + ", ".join(f"{word}: n" for word in words)
    spec += "\nparam W\nz = W @ (" + " + ".join(words) + ")\nloss = sum(z * z)\noutput z"
    checked = driver.parse(spec.replace("param W", "param W: (n, n)"))
    it = compile_model(checked, dtype="float64")
    given = {word: np.full((1, 2), place) for place, word in enumerate(words)}
    loss, grads, inputs = it.loss_and_grads(it.init(), **given, inputs=True)
    assert list(inputs) == list(words)
    assert loss == it.loss(it.init(), **given) > 0
    assert grads["W"].shape == (2, 2)


def test_outputs_may_be_called_anything() -> None:
    spec = "param p: 2, q: ()\ntrace = q * p\nself = 2 * trace\nfunction = sum(p)\n"
    it = compile_model(driver.parse(spec + "output trace, self, function"), dtype="float64")
    params = {"p": [1.0, 2.0], "q": 3.0}
    grads = it.backward(it.record(params), trace=1, self=1, function=10)
    assert grads["q"] == 9
    assert np.array_equal(grads["p"], [19, 19])

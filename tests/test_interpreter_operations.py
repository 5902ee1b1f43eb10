"""Each operation of the interpreter against closed forms and against itself, moved a little."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rnndsl.interpreter.operations import FUNCTIONS, OPERATIONS, OPERATORS, OVER_AXIS, pick
from rnndsl.text.diagnostics import DataError

STEP = 1e-30
LANGUAGE = """sigmoid tanh relu softplus exp log sqrt abs min max where softmax log_softmax
logsumexp logaddexp dot outer concat norm cosine transpose prod one_hot circular_conv clamp
dropout argmax sample cross_entropy binary_cross_entropy squared_error nll mean sum"""


def run(name: str, *arguments: Any) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(OPERATIONS[name](*(np.asarray(item) for item in arguments)))


def slope(name: str, *arguments: Any, at: int = 0) -> np.ndarray:
    """The derivative along all ones in one argument, by a complex step."""
    moved = [np.asarray(item) for item in arguments]
    moved[at] = moved[at] + 1j * STEP
    return run(name, *moved).imag / STEP


def test_the_table_holds_the_functions_of_the_language_and_no_others() -> None:
    assert sorted(FUNCTIONS) == sorted(LANGUAGE.split())
    assert sorted(OVER_AXIS) == sorted(
        ["sum", "mean", "max", "min", "prod", "logsumexp", "argmax", "softmax"]
    )


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


V, W = [0.5, -1.25, 2.0], [1.5, 0.25, -0.75]
M = [[1.0, 2.0, 3.0], [4.0, 5.0, -6.0]]
EXPS = [math.exp(v) for v in V]
SOFT = [e / sum(EXPS) for e in EXPS]

CLOSED_FORMS: list[tuple[str, tuple[Any, ...], Any]] = [
    ("add", (V, W), [2.0, -1.0, 1.25]),
    ("add", (V, 1), [1.5, -0.25, 3.0]),
    ("sub", (2.0, V), [1.5, 3.25, 0.0]),
    ("mul", (V, W), [0.75, -0.3125, -1.5]),
    ("div", (7, 2), 3.5),
    ("mod", (7.5, 2.0), 1.5),
    ("mod", (-7, 4), 1),
    ("mod", (7, -4), -1),
    ("pow", (-2.0, 3), -8.0),
    ("pow", (2, -1), 0.5),
    ("pow", (0.0, 0.0), 1.0),
    ("pow", ([4.0, 9.0], 0.5), [2.0, 3.0]),
    ("neg", (V,), [-0.5, 1.25, -2.0]),
    ("matmul", (M, V), [4.0, -16.25]),
    ("matmul", ([1.0, -1.0], M), [-3.0, -3.0, 9.0]),
    ("matmul", (M, np.transpose(M)), [[14.0, -4.0], [-4.0, 77.0]]),
    ("lt", (V, 0.5), [0, 1, 0]),
    ("le", (V, 0.5), [1, 1, 0]),
    ("gt", (V, 0.5), [0, 0, 1]),
    ("ge", (V, 0.5), [1, 0, 1]),
    ("eq", ([3, -1], 3), [1, 0]),
    ("ne", ([3, -1], 3), [0, 1]),
    ("and", ([0, 0, 1, 2], [0, 1, 0, 3]), [0, 0, 0, 1]),
    ("or", ([0, 0, 1, 2], [0, 1, 0, 3]), [0, 1, 1, 1]),
    ("not", ([0, 2],), [1, 0]),
    ("sigmoid", (V,), [_logistic(v) for v in V]),
    ("sigmoid", ([-800.0, 800.0],), [0.0, 1.0]),
    ("tanh", (V,), [math.tanh(v) for v in V]),
    ("relu", (V,), [0.5, 0.0, 2.0]),
    ("softplus", (V,), [math.log(1 + e) for e in EXPS]),
    ("softplus", ([-800.0, 800.0],), [0.0, 800.0]),
    ("softplus", (-50.0,), math.exp(-50)),
    ("exp", (V,), EXPS),
    ("log", ([1.0, math.e],), [0.0, 1.0]),
    ("log", ([0.0, -1.0],), [-math.inf, math.nan]),
    ("sqrt", ([9.0, 0.0, -1.0],), [3.0, 0.0, math.nan]),
    ("abs", (V,), [0.5, 1.25, 2.0]),
    ("min", (V,), -1.25),
    ("max", (M,), 5.0),
    ("min", (V, W, 1.0), [0.5, -1.25, -0.75]),
    ("max", (V, 0), [0.5, 0.0, 2.0]),
    ("where", ([1, 0, 1], V, W), [0.5, 0.25, 2.0]),
    ("where", ([1, 0, 1], V, [math.nan, 7.0, math.inf]), [0.5, 7.0, 2.0]),
    ("clamp", (V, -1, 1), [0.5, -1.0, 1.0]),
    ("clamp", (V, 3, 1), [1.0, 1.0, 1.0]),
    ("logaddexp", (1.0, 2.0), math.log(math.exp(1) + math.exp(2))),
    ("logaddexp", ([1e4, -math.inf, -math.inf], [1e4, 3.0, -math.inf]),
     [1e4 + math.log(2), 3.0, -math.inf]),
    ("sum", (M,), 9.0),
    ("mean", (V,), 1.25 / 3),
    ("prod", (V,), -1.25),
    ("logsumexp", (V,), math.log(sum(EXPS))),
    ("logsumexp", ([1000.0, 1000.0],), 1000 + math.log(2)),
    ("logsumexp", ([-math.inf, -math.inf],), -math.inf),
    ("logsumexp", ([0.0, -50.0],), math.exp(-50)),
    ("softmax", (V,), SOFT),
    ("softmax", ([1000.0, 0.0],), [1.0, 0.0]),
    ("log_softmax", (V,), [math.log(p) for p in SOFT]),
    ("log_softmax", ([0.0, -50.0, -2000.0],), [-math.exp(-50), -50.0, -2000.0]),
    ("dot", (V, W), 0.75 - 0.3125 - 1.5),
    ("outer", ([1.0, 2.0], V), [[0.5, -1.25, 2.0], [1.0, -2.5, 4.0]]),
    ("concat", ([1.0], 2.0, [3.0, 4.0]), [1.0, 2.0, 3.0, 4.0]),
    ("concat", (M, [[0.0, 0.0, 1.0]]), [*M, [0.0, 0.0, 1.0]]),
    ("norm", ([3.0, -4.0],), 5.0),
    ("norm", ([0.0, 0.0],), 0.0),
    ("norm", ([3e200, 4e200],), 5e200),
    ("cosine", ([3.0, 4.0], [1.0, 0.0]), 0.6),
    ("cosine", ([[3.0, 4.0], [0.0, 0.0], [0.0, -2.0]], [0.0, 7.0]), [0.8, 0.0, -1.0]),
    ("cosine", ([3.0, 4.0], [0.0, 0.0]), 0.0),
    ("transpose", (M,), [[1.0, 4.0], [2.0, 5.0], [3.0, -6.0]]),
    ("circular_conv", ([1.0, 2.0, 3.0, 4.0], [0.5, 0.25, 0.125]),
     [0.5 * 2 + 0.25 * 1 + 0.125 * 4, 0.5 * 3 + 0.25 * 2 + 0.125 * 1,
      0.5 * 4 + 0.25 * 3 + 0.125 * 2, 0.5 * 1 + 0.25 * 4 + 0.125 * 3]),
    ("circular_conv", ([5.0, 7.0], [1.0, 10.0, 100.0]), [50.0 + 707.0, 70.0 + 505.0]),
    ("circular_conv", (V, [2.0]), [1.0, -2.5, 4.0]),
    ("argmax", ([1.0, 7.0, 7.0],), 1),
    ("dropout", (V, 0.75, [0.74, 0.75, 0.9]), [0.0, -5.0, 8.0]),
    ("sample", ([0.0, math.log(3.0)], 0.24), 0),
    ("sample", ([0.0, math.log(3.0)], 0.26), 1),
    ("sample", ([0.0, 0.0], 1 - 2**-53), 1),
    ("cross_entropy", (V, 1), -math.log(SOFT[1])),
    ("cross_entropy", (V, -1), 0.0),
    ("cross_entropy", ([math.nan, 1.0], -1), 0.0),
    ("cross_entropy", ([1000.0, 0.0], 1), 1000.0),
    ("nll", ([0.25, 0.75], 0), math.log(4)),
    ("nll", ([0.25, 0.75], -1), 0.0),
    ("binary_cross_entropy", (V, [1.0, 0.0, 0.25]),
     -math.log(_logistic(0.5)) - math.log(1 - _logistic(-1.25))
     - 0.25 * math.log(_logistic(2.0)) - 0.75 * math.log(1 - _logistic(2.0))),
    ("binary_cross_entropy", ([50.0, -800.0], [1.0, 0.0]), math.exp(-50)),
    ("squared_error", (V, W), 1.0 + 2.25 + 7.5625),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    CLOSED_FORMS,
    ids=[f"{k}-{case[0]}" for k, case in enumerate(CLOSED_FORMS)],
)
def test_closed_form(name: str, arguments: tuple[Any, ...], expected: Any) -> None:
    found = run(name, *arguments)
    assert found.shape == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=0)
    numbers = [np.asarray(item) for item in arguments]
    if np.isfinite(np.asarray(expected, float)).all() and name != "one_hot":
        lifted = [item + 0j if item.dtype.kind == "f" else item for item in numbers]
        np.testing.assert_allclose(run(name, *lifted).real, expected, rtol=1e-14, atol=0)


def test_every_operation_has_a_closed_form() -> None:
    assert {case[0] for case in CLOSED_FORMS} | {"one_hot"} == {*OPERATORS, *FUNCTIONS}


def test_one_hot() -> None:
    for token, expected in [(0, [1, 0, 0]), (2, [0, 0, 1]), (-1, [0, 0, 0])]:
        assert OPERATIONS["one_hot"](np.array(token), 3).tolist() == expected


def test_pick_takes_a_row_or_a_component_or_nothing() -> None:
    assert pick(np.array(M), np.array(1)).tolist() == M[1]
    assert pick(np.array(V), np.array(2)) == 2.0
    for outside in (-1, 3):
        assert pick(np.array(V), np.array(outside)) == 0
    assert pick(np.array(M), np.array(-1)).tolist() == [0, 0, 0]


def test_an_even_number_of_weights_is_refused() -> None:
    with pytest.raises(DataError, match="odd number of weights, here are 2"):
        run("circular_conv", V, [1.0, 2.0])


STACK = np.array([[1.0, -2.0], [3.0, 0.5], [3.0, -4.0]])
ALONG_AXIS: list[tuple[str, Any]] = [
    ("sum", [7.0, -5.5]),
    ("mean", [7 / 3, -5.5 / 3]),
    ("prod", [9.0, 4.0]),
    ("max", [3.0, 0.5]),
    ("min", [1.0, -4.0]),
    ("logsumexp", [math.log(math.e + 2 * math.exp(3)),
                   math.log(math.exp(-2) + math.exp(0.5) + math.exp(-4))]),
    ("argmax", [2, 2]),
    ("softmax", np.exp(STACK) / np.exp(STACK).sum(axis=0)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), ALONG_AXIS)
def test_over_an_axis(name: str, expected: Any) -> None:
    np.testing.assert_allclose(OVER_AXIS[name](STACK), expected, rtol=1e-14)
    np.testing.assert_allclose(OVER_AXIS[name](STACK + 0j).real, expected, rtol=1e-14)


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "min", "logsumexp", "softmax"])
def test_slopes_over_an_axis_are_those_of_differences(name: str) -> None:
    check_slopes(OVER_AXIS[name], [STACK + np.array([[0.0], [0.1], [0.3]])])


# Derivatives ------------------------------------------------------------------------------

AWAY_FROM_KINKS: list[tuple[str, tuple[Any, ...]]] = [
    ("add", (V, W)),
    ("sub", (V, 0.3)),
    ("mul", (V, W)),
    ("div", (V, W)),
    ("mod", ([7.3, -2.2], [2.0, 0.9])),
    ("pow", ([0.3, 2.5], [1.7, -0.6])),
    ("pow", ([0.3, 2.5], 3.0)),
    ("neg", (V,)),
    ("matmul", (M, V)),
    ("matmul", ([0.3, 0.7], M)),
    ("matmul", (M, np.transpose(M))),
    ("sigmoid", ([-30.0, -0.5, 0.0, 0.5, 30.0],)),
    ("tanh", ([-8.0, -0.5, 0.0, 0.5],)),
    ("relu", (V,)),
    ("softplus", ([-30.0, -0.5, 0.0, 0.5, 30.0],)),
    ("exp", (V,)),
    ("log", ([0.2, 1.0, 3.0],)),
    ("sqrt", ([0.2, 1.0, 3.0],)),
    ("abs", (V,)),
    ("min", (V,)),
    ("max", (V,)),
    ("min", (V, W, [0.1, 0.2, 0.3])),
    ("max", (V, W, [0.1, 0.2, 0.3])),
    ("clamp", (V, -1.0, [0.7, 0.8, 3.0])),
    ("logaddexp", ([0.3, -5.0, 1.0], [2.3, 7.0, 1.0])),
    ("sum", (M,)),
    ("mean", (M,)),
    ("prod", (V,)),
    ("prod", ([0.0, 2.0, 3.0],)),
    ("logsumexp", (V,)),
    ("softmax", (V,)),
    ("log_softmax", (V,)),
    ("dot", (V, W)),
    ("outer", (V, [0.4, 0.6])),
    ("concat", (V, W)),
    ("norm", (M,)),
    ("cosine", (V, W)),
    ("cosine", (M, V)),
    ("transpose", (M,)),
    ("circular_conv", ([0.1, 0.2, 0.4, 0.8], W)),
    ("binary_cross_entropy", (V, [0.2, 1.0, 0.0])),
    ("squared_error", (V, W)),
]


def check_slopes(function: Callable[..., Any], arguments: list[np.ndarray]) -> None:
    """Complex steps against central differences, for every entry of every argument."""
    for k, argument in enumerate(arguments):
        for index in np.ndindex(argument.shape):
            ends = []
            for distance in (1j * STEP, 1e-6, -1e-6):
                moved = argument.astype(type(distance))
                moved[index] += distance
                ends.append(function(*arguments[:k], moved, *arguments[k + 1 :]))
            difference = (ends[1] - ends[2]) / 2e-6
            np.testing.assert_allclose(ends[0].imag / STEP, difference, rtol=1e-7, atol=1e-8)
            unmoved = function(*arguments)
            np.testing.assert_allclose(ends[0].real, unmoved, rtol=1e-14, atol=1e-50)


@pytest.mark.parametrize(
    ("name", "arguments"),
    AWAY_FROM_KINKS,
    ids=[f"{k}-{case[0]}" for k, case in enumerate(AWAY_FROM_KINKS)],
)
def test_slopes_are_those_of_differences(name: str, arguments: tuple[Any, ...]) -> None:
    check_slopes(OPERATIONS[name], [np.asarray(item, float) for item in arguments])


@pytest.mark.parametrize(
    ("name", "rest"),
    [("cross_entropy", (1,)), ("nll", (1,)), ("where", None), ("dropout", (0.4, [0.3, 0.5, 0.9]))],
)
def test_slopes_beside_tokens_and_choices(name: str, rest: tuple[Any, ...] | None) -> None:
    if rest is None:
        check_slopes(lambda a, b: run("where", [1, 0, 1], a, b), [np.array(V), np.array(W)])
    else:
        base = np.array(SOFT)
        check_slopes(lambda x: run(name, x, *rest), [base])


def test_every_smooth_operation_has_its_slopes_checked() -> None:
    without = {
        "lt",
        "le",
        "gt",
        "ge",
        "eq",
        "ne",
        "and",
        "or",
        "not",
        "one_hot",
        "argmax",
        "sample",
    }
    beside = {"cross_entropy", "nll", "where", "dropout"}
    checked = {case[0] for case in AWAY_FROM_KINKS}
    assert checked | beside | without == {*OPERATORS, *FUNCTIONS}


def test_slopes_at_kinks() -> None:
    assert slope("relu", [0.0, -0.0, 1.0, -1.0]).tolist() == [0, 0, 1, 0]
    assert slope("abs", [0.0, -0.0, 3.0, -3.0]).tolist() == [0, 0, 1, -1]
    assert slope("norm", [0.0, 0.0]) == 0
    for at in (0, 1):
        assert slope("cosine", [0.0, 0.0], [0.0, 1.0], at=at) == 0
        assert slope("cosine", [1.0, 0.0], [0.0, 0.0], at=at) == 0
    assert slope("sqrt", 0.0) == math.inf


@pytest.mark.parametrize("name", ["max", "min"])
def test_where_two_tie_the_first_is_moved(name: str) -> None:
    assert slope(name, 2.0, 2.0, at=0) == 1
    assert slope(name, 2.0, 2.0, at=1) == 0
    tied = np.array([5.0, 5.0, 5.0])
    moved = [run(name, tied + 1j * STEP * np.eye(3)[k]).imag / STEP for k in range(3)]
    assert moved == [1, 0, 0]
    along = [OVER_AXIS[name](tied + 1j * STEP * np.eye(3)[k]).imag / STEP for k in range(3)]
    assert along == [1, 0, 0]


def test_slopes_in_the_tails_keep_their_digits() -> None:
    np.testing.assert_allclose(slope("sigmoid", -600.0), math.exp(-600), rtol=1e-12)
    assert slope("sigmoid", [-800.0, 800.0]).tolist() == [0, 0]
    np.testing.assert_allclose(slope("softplus", -600.0), math.exp(-600), rtol=1e-12)
    np.testing.assert_allclose(slope("softplus", 40.0), 1.0, rtol=1e-15)
    np.testing.assert_allclose(slope("tanh", 18.0), 4 * math.exp(-36), rtol=1e-10)


def test_powers_of_negative_numbers_and_of_zero() -> None:
    assert slope("pow", [-2.0, -2.0, -3.0], [2, 3, -1]) == pytest.approx([-4.0, 12.0, -1 / 9])
    assert slope("pow", [0.0, 0.0, 0.0, 0.0], [0, 1, 2, 2.5]) == pytest.approx([0, 1, 0, 0])
    assert slope("pow", 0.0, 1.5, at=1) == 0
    assert np.isnan(run("pow", -2.0, 0.5))
    assert np.isnan(run("pow", -2.0 + 0j, 0.5))
    np.testing.assert_allclose(run("pow", -1.01 + 0j, 301).real, -(1.01**301), rtol=1e-12)


def test_choices_look_at_the_real_part_alone() -> None:
    tiny = 1j * STEP
    assert run("eq", 1.0 + tiny, 1.0) == 1
    assert run("gt", 1.0 + tiny, 1.0) == 0
    assert run("argmax", np.array([1.0, 1.0 + tiny])) == 0
    assert run("where", 0.0 + tiny, 1.0, 2.0) == 2.0
    assert run("not", 0.0 + tiny) == 1


@pytest.mark.parametrize("name", ["log", "sqrt"])
def test_what_is_not_defined_for_numbers_below_zero_stays_so(name: str) -> None:
    assert np.isnan(run(name, -1.0 + 1j * STEP).real)
    assert run(name, 0.0 + 0j) == run(name, 0.0)


def test_nothing_comes_through_where_from_the_branch_not_taken() -> None:
    x = np.array([-1.0 + 1j * STEP, 4.0 + 1j * STEP])
    with np.errstate(all="ignore"):
        found = run("where", x > 0, OPERATIONS["sqrt"](x), 0.0)
    assert found.tolist() == [0, 2 + 0.25j * STEP]


def test_integers_stay_integers() -> None:
    for name in ("add", "sub", "mul", "mod", "max", "min"):
        assert run(name, 7, 2).dtype.kind == "i", name
    assert run("neg", 7).dtype.kind == "i"
    assert run("abs", -7).dtype.kind == "i"
    assert run("sum", [1, 2]).dtype.kind == "i"
    assert run("div", 6, 2).dtype.kind == "f"
    assert run("pow", 2, 3).dtype.kind == "f"


def test_nan_is_not_hidden() -> None:
    for name in ("relu", "abs", "tanh", "sigmoid", "softplus", "sum", "max", "min", "norm"):
        assert np.isnan(run(name, [math.nan, 1.0])).any(), name
    for name in ("max", "min"):
        assert np.isnan(run(name, 1.0, math.nan))
        assert np.isnan(run(name, math.nan, 1.0))

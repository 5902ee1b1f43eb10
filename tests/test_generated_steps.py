"""First parameters, clipping and steps against the gradients."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from rnndsl import driver
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.program import Program

STARTS = """
size n = 60, m = 40
param A: (n, m), B: (m, n) = orthogonal, C: (n, m) = orthogonal, D: (n, n) = orthogonal
param E: (n, m) = normal(0.3), F: (n, m) = uniform(-2, 5), G: (n, n) = identity, H: n = 0.25
param I: n, J: (n, m) = ones, K: (n, m) = zeros, L: () = -3, M: (), N: (m, n) = glorot
param O: (n, m) = 1.5, P: n = normal(0.1), Q: n = uniform(0, 1), R: (m, m) = identity
h = A @ (B @ I + L) + C @ (R @ (B @ H)) + D @ I + E @ (N @ G @ I) + F @ (N @ P)
z = h + J @ (N @ Q) + K @ (N @ I) * M + O @ (B @ I)
output z
"""


@cache
def program(spec: str = STARTS, dtype: str = "float64") -> Program:
    return compile_model(driver.parse(spec), dtype=dtype)


@pytest.fixture(name="start")
def fixture_start() -> dict[str, Any]:
    return program().init(seed=4)


@pytest.mark.parametrize("name", ["B", "C", "D"])
def test_orthogonal(name: str, start: dict[str, Any]) -> None:
    q = start[name]
    small = q @ q.T if q.shape[0] < q.shape[1] else q.T @ q
    assert np.abs(small - np.eye(len(small))).max() < 1e-12


def test_orthogonal_has_no_side() -> None:
    """Entries of a random rotation are as often above 0 as below, those on the diagonal too."""
    signs = [np.sign(np.diag(program().init(seed=seed)["D"])) for seed in range(40)]
    assert abs(np.mean(signs)) < 0.1


@pytest.mark.parametrize("name", ["A", "N"])
def test_glorot(name: str, start: dict[str, Any]) -> None:
    limit = np.sqrt(6 / 100)
    assert 0.97 * limit < np.abs(start[name]).max() <= limit
    assert start[name].std() == pytest.approx(limit / np.sqrt(3), rel=0.05)


def test_the_others(start: dict[str, Any]) -> None:
    assert start["E"].std() == pytest.approx(0.3, rel=0.05)
    assert abs(start["E"].mean()) < 0.03
    assert -2 <= start["F"].min() < -1.9
    assert 4.9 < start["F"].max() <= 5
    assert np.array_equal(start["G"], np.eye(60))
    assert np.array_equal(start["R"], np.eye(40))
    for name, number in (
        ("H", 0.25),
        ("I", 0),
        ("J", 1),
        ("K", 0),
        ("L", -3),
        ("M", 0),
        ("O", 1.5),
    ):
        assert (start[name] == number).all(), name
    assert start["P"].std() == pytest.approx(0.1, rel=0.3)
    assert 0 <= start["Q"].min() < start["Q"].max() <= 1
    assert {value.dtype for value in start.values()} == {np.dtype(np.float64)}
    assert all(value.flags.writeable and value.flags.owndata for value in start.values())


def test_each_name_draws_its_own(start: dict[str, Any]) -> None:
    again, other = program().init(seed=4), program().init(seed=5)
    drawn = [name for name in start if not np.array_equal(start[name], other[name])]
    assert drawn == list("ABCDEFNPQ")
    assert all(np.array_equal(start[name], again[name]) for name in start)
    assert not np.array_equal(start["B"], start["N"])
    twins = program("param p: 5 = normal(1), q: 5 = normal(1)\nz = dot(p, q)\noutput z").init()
    assert not np.isin(twins["p"], twins["q"]).any()
    fewer = program("size n = 60, m = 40\nparam E: (n, m) = normal(0.3)\nz = sum(E)\noutput z")
    assert np.array_equal(fewer.init(seed=4)["E"], start["E"])
    narrow = program(dtype="float32").init(seed=4)
    assert all(np.array_equal(narrow[name], start[name].astype(np.float32)) for name in start)
    assert all(value.dtype == np.float32 for value in narrow.values())
    assert not np.array_equal(program().init(seed=-4)["E"], start["E"])


def test_sizes(start: dict[str, Any]) -> None:
    assert program().init(n=3)["A"].shape == (3, 40)
    assert program().init(n=np.int64(3), m=2)["B"].shape == (2, 3)
    assert start["A"].shape == (60, 40)


# Clipping

CLIPPED = """
param U: 2, V: 2, W: 2
z = U + V + W
output z
{clips}
"""
GRADS = {"U": np.array([3.0, 0.0]), "V": np.array([0.0, 4.0]), "W": np.array([12.0, 0.0])}


def clipper(clips: str = "", dtype: str = "float64") -> Program:
    return program(CLIPPED.replace("{clips}", clips), dtype)


def norm(grads: dict[str, Any]) -> float:
    return float(np.sqrt(sum(np.sum(np.float64(g) ** 2) for g in grads.values())))


def test_clip_by_norm() -> None:
    clipped, before = clipper().clip_by_norm(GRADS, 6.5)
    assert before == 13
    assert norm(clipped) == pytest.approx(6.5, rel=1e-15)
    assert np.allclose(clipped["W"], [6, 0], rtol=1e-15)
    assert GRADS["W"][0] == 12
    for limit in (13.0, 14.0, np.inf):
        same, before = clipper().clip_by_norm(GRADS, limit)
        assert before == 13
        assert all(np.array_equal(same[key], GRADS[key]) for key in GRADS)
        assert not any(np.shares_memory(same[key], GRADS[key]) for key in GRADS)
    nothing, _ = clipper().clip_by_norm(GRADS, 0)
    assert not any(value.any() for value in nothing.values())
    zeros = {key: np.zeros(2) for key in GRADS}
    assert clipper().clip_by_norm(zeros, 1.0)[1] == 0
    assert clipper().clip_by_norm({}, 1.0) == ({}, 0.0)


@pytest.mark.parametrize("size", [1e20, 1e-30, 3e38, 1e-44])
def test_clip_by_norm_at_the_ends_of_float32(size: float) -> None:
    grads = {"U": np.full(2, size, np.float32), "V": -np.full(2, size, np.float32)}
    clipped, before = clipper(dtype="float32").clip_by_norm(grads, 1e-45 if size < 1e-40 else 1e-32)
    assert before == pytest.approx(2 * float(np.float32(size)), rel=1e-6)
    assert all(value.dtype == np.float32 for value in clipped.values())
    if size > 1e-40:
        assert norm(clipped) == pytest.approx(1e-32, rel=1e-6)
        assert np.all(clipped["U"] > 0)
        assert np.all(clipped["V"] < 0)


def test_clip_by_norm_of_infinite_gradients() -> None:
    grads = {**GRADS, "U": np.array([np.inf, 1.0]), "V": np.array([0.0, -np.inf])}
    clipped, before = clipper().clip_by_norm(grads, 2.0)
    assert before == np.inf
    assert np.allclose(clipped["U"], [np.sqrt(2), 0])
    assert np.allclose(clipped["V"], [0, -np.sqrt(2)])
    assert np.array_equal(clipped["W"], [0, 0])


@pytest.mark.parametrize("order", ["UVW", "WVU", "VUW"])
def test_clip_by_norm_of_nan(order: str) -> None:
    """Wherever it stands, and beside infinity too, NaN is not hidden."""
    for other in (1.0, np.inf):
        grads = {"U": np.array([np.nan, 1.0]), "V": np.array([other, 1.0]), "W": GRADS["W"]}
        clipped, before = clipper().clip_by_norm({key: grads[key] for key in order}, 2.0)
        assert np.isnan(before)
        assert all(np.array_equal(clipped[key], grads[key], equal_nan=True) for key in grads)


def test_clip_by_value() -> None:
    grads = {**GRADS, "U": np.array([-np.inf, np.nan])}
    clipped, before = clipper().clip_by_value(grads, 5)
    assert np.isnan(before)
    assert np.array_equal(clipped["U"], [-5, np.nan], equal_nan=True)
    assert np.array_equal(clipped["V"], [0, 4])
    assert np.array_equal(clipped["W"], [5, 0])
    assert clipper().clip_by_value(GRADS, 5)[1] == 13
    assert not np.shares_memory(clipped["V"], GRADS["V"])


def test_the_clip_of_the_spec() -> None:
    assert norm(clipper("clip norm 6.5").clip(GRADS)) == pytest.approx(6.5)
    groups = clipper("clip norm 2.5 U, V\nclip value 3 W").clip(GRADS)
    assert np.allclose(groups["U"], [1.5, 0])
    assert np.allclose(groups["V"], [0, 2])
    assert np.array_equal(groups["W"], [3, 0])
    none = clipper().clip(GRADS)
    assert all(np.array_equal(none[key], GRADS[key]) for key in GRADS)
    assert not any(np.shares_memory(none[key], GRADS[key]) for key in GRADS)


def test_a_step_is_in_place_and_clipped() -> None:
    it = clipper("clip norm 6.5")
    params = {key: np.ones(2) for key in GRADS}
    arrays = dict(params)
    assert it.sgd_step(params, GRADS, 0.5) is params
    assert all(params[key] is arrays[key] for key in GRADS)
    assert np.allclose(params["W"], [1 - 0.5 * 6, 1])
    some = {"U": np.array([1.0, 0.0])}
    it.sgd_step(params, some, 1.0)
    assert np.allclose(params["U"], [1 - 0.5 * 1.5 - 1, 1])


def test_a_step_keeps_float32() -> None:
    it = clipper(dtype="float32")
    params = {key: np.ones(2, np.float32) for key in GRADS}
    grads = {key: value.astype(np.float32) for key, value in GRADS.items()}
    it.sgd_step(params, grads, np.float64(0.1))
    assert all(value.dtype == np.float32 for value in params.values())
    assert params["W"][0] == np.float32(1 - 0.1 * 12)

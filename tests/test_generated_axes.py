"""Data over several axes: how long each axis is, what is padding, and the words for what is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rnndsl import driver
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.program import Program
from rnndsl.text.diagnostics import DataError
from tests.zoo_axes import AXES

SPEC = """
model plane
axis i = 1..S
axis j = 1..T
axis l = 1..L
size n = 2
input x[j,i]: n, u[i], w[i]: token(3), p[j]: position(i), M[l], K[i,j]
param v
a[j,i] = dot(v, x[j,i]) * u[i] + K[i,j]
b[j] = a[j,p[j]] + sum[l](M[l]) + sum[i](w[i])
loss = sum[j](b[j])
output b[j], a[j,i]
"""
BARE = "model bare\naxis i = 1..S\naxis j = 1..T\nparam v\na[j,i]: () = v * i * j\noutput a[j,i]"
SAME = "axis i, j = 1..N\ninput M[i,j]\nparam v\na[i]: () = v * sum[j](M[i,j])\noutput a[i]"


def program(spec: str = SPEC) -> Program:
    """In float64."""
    return compile_model(driver.parse(spec), dtype="float64")


def data(**more: Any) -> dict[str, Any]:
    """Two examples: S 3, T 4, L 5."""
    rng = np.random.default_rng(0)
    return {
        "x": rng.normal(size=(4, 3, 2, 2)),
        "u": rng.normal(size=(3, 2)),
        "w": rng.integers(0, 3, (3, 2)),
        "p": rng.integers(1, 4, (4, 2)),
        "M": rng.normal(size=(5, 2)),
        "K": rng.normal(size=(3, 4, 2)),
        **more,
    }


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "positions of another": ({"u": np.ones((4, 2))},
                             "'u' has 4 positions along 'i' (S), but 'x' has 3"),
    "given length": ({"S": 4}, "'x' has 3 positions along 'i' (S), but S has 4"),
    "axes swapped": ({"K": np.ones((4, 3, 2))},
                     "'K' has 4 positions along 'i' (S), but 'x' has 3"),
    "examples": ({"K": np.ones((3, 4, 3))}, "'K' has 3 examples, but 'x' has 2"),
    "too few dimensions": ({"x": np.ones((4, 3))},
                           "'x' has shape (4, 3); expected (T, S, batch, n)"),
    "shape": ({"x": np.ones((4, 3, 2))},
              "'x' has shape (4, 3, 2); expected (T, S, batch, n) = (4, 3, 2, 2)"),
    "none": ({"u": np.ones((0, 2)), "x": np.ones((4, 0, 2, 2))},
             "'x' has no positions along 'i' (S)"),
    "unknown axis": ({"lengths": {"k": [1, 1]}}, "plane has no axis 'k'; it has: i, j, l"),
    "real lengths": ({"lengths": {"j": [1.0, 2.0]}},
                     "lengths of 'j' must hold numbers of positions, not float64"),
    "lengths shape": ({"lengths": {"j": [1]}}, "lengths of 'j' has shape (1,); expected (2,)"),
    "lengths above": ({"lengths": {"i": [3, 4]}}, "lengths of 'i' holds 4; expected 1 to 3"),
    "lengths of the other": ({"lengths": {"i": [3, 3], "j": [5, 4]}},
                             "lengths of 'j' holds 5; expected 1 to 4"),
    "position": ({"p": np.full((4, 2), 4)},
                 "'p' holds the position 4 along 'i'; expected 1 to 3, or 0 for none"),
    "token": ({"w": np.full((3, 2), 3)}, "'w' holds the token 3; expected 0 to 2, or -1 for none"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_faults_name_the_axis(name: str) -> None:
    made = program()
    change, words = FAULTS[name]
    with pytest.raises(DataError) as caught:
        made.forward(made.init(), **data(**change))
    assert str(caught.value) == words


def test_an_axis_that_no_data_carry_needs_a_length() -> None:
    made = program(BARE)
    with pytest.raises(DataError) as caught:
        made.forward(made.init(), T=3)
    assert (
        str(caught.value) == "no data tells how many positions there are along 'i': give S=10, say"
    )
    assert made.forward(made.init(), T=3, S=2)["a"].shape == (3, 2, 1)
    ragged = made.forward({"v": np.ones(())}, lengths={"i": [1, 2, 2], "j": [3, 1, 4]})["a"]
    assert ragged.shape == (4, 2, 3)
    assert ragged[:, :, 0].tolist() == [[1, 0], [2, 0], [3, 0], [0, 0]]


def test_both_indices_of_one_axis_have_one_length() -> None:
    made = program(SAME)
    with pytest.raises(DataError) as caught:
        made.forward(made.init(), M=np.ones((3, 4, 2)))
    assert str(caught.value) == "'M' has 4 positions, also 3"
    found = made.forward({"v": np.ones(())}, M=np.ones((4, 4, 2)), lengths={"i": [4, 2]})["a"]
    assert found.T.tolist() == [[4, 4, 4, 4], [2, 2, 0, 0]]


def spoiled(found: dict[str, Any], lengths: dict[str, list[int]]) -> dict[str, Any]:
    """The same with other numbers wherever an example has no position on some axis."""
    axes = {"x": "ji", "u": "i", "w": "i", "p": "j", "M": "l", "K": "ij"}
    result = {}
    for name, array in found.items():
        result[name] = array.copy()
        for place, axis in enumerate(axes[name]):
            behind = (1,) * (len(axes[name]) - place)
            lacks = np.arange(array.shape[place]).reshape(-1, *behind) >= np.array(lengths[axis])
            mask = np.broadcast_to(lacks, array.shape[: len(axes[name]) + 1])
            result[name][mask] = np.nan if array.dtype.kind == "f" else 99
    return result


def test_padding_on_any_axis_is_taken_out() -> None:
    made, lengths = program(), {"i": [3, 2], "j": [2, 4], "l": [5, 1]}
    params, clean = made.init(1), data(p=np.ones((4, 2), int))
    want = made.record(params, **clean, lengths=lengths)
    got = made.record(params, **spoiled(clean, lengths), lengths=lengths)
    for name, value in want["outputs"].items():
        assert np.array_equal(got["outputs"][name], value), name
    assert np.array_equal(got["loss"], want["loss"])
    assert not want["outputs"]["a"][2:, :, 0].any()
    assert not want["outputs"]["a"][:, 2:, 1].any()
    for run in (want, got):
        grads, inputs = made.backward(run, inputs=True)
        assert all(np.isfinite(array).all() for array in (*grads.values(), *inputs.values()))
        assert not inputs["x"][2:, :, 0].any()
        assert not inputs["x"][:, 2:, 1].any()
        assert not inputs["K"][2:, :, 1].any()
        assert not inputs["M"][1:, 1].any()


def test_cotangents_in_the_padding_are_nothing() -> None:
    made, lengths = program(), {"i": [3, 2], "j": [2, 4]}
    params, given = made.init(1), data(p=np.ones((4, 2), int))
    trace = made.record(params, **given, lengths=lengths)
    there = np.ones((4, 3, 2))
    there[2:, :, 0] = there[:, 2:, 1] = 0
    want = made.backward(trace, a=there)
    for filler in (1.0, np.nan):
        got = made.backward(trace, a=np.where(there == 1, 1.0, filler))
        assert all(np.array_equal(got[name], value) for name, value in want.items())


def test_a_loss_hands_out_what_it_saw() -> None:
    made, given = program(), data(p=np.ones((4, 2), int))
    params = made.init(1)
    loss, outputs, state = made.loss(params, **given, return_outputs=True, return_state=True)
    assert loss == made.loss(params, **given)
    assert isinstance(made.loss(params, **given), float)
    assert made.loss(params, **given, return_state=True) == (loss, {}) == (loss, state)
    forward = made.forward(params, **given)
    assert list(outputs) == list(forward)
    for name, value in forward.items():
        assert np.array_equal(outputs[name], value)
        before = value.copy()
        made.loss(params, **given)
        assert np.array_equal(outputs[name], before)


def test_as_a_script_it_checks_its_gradients_over_all_axes(tmp_path: Any) -> None:
    import subprocess
    import sys

    (tmp_path / "plane.py").write_text(program().source)
    done = subprocess.run(
        [sys.executable, "plane.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "gradients of plane agree with central differences" in done.stdout


def test_a_module_is_unrolled_for_one_length() -> None:
    own = compile_model(driver.parse(AXES["depth"]), dtype="float64", n=2, m=3, k=4)
    words = "the size 'L' is 5, but this module is unrolled for 3: compile with L=5"
    with pytest.raises(DataError, match=words):
        own.init(0, L=5)
    assert own.init(0)["W"].shape == (3, 3, 3)


def test_each_position_of_a_fixed_axis_has_a_start_of_its_own() -> None:
    """`orthogonal` and `glorot` are about the matrix, whatever axes the parameter carries."""
    text = "size L = 3, m, n\naxis l = 1..L\nparam W[l]: (m, m) = orthogonal, U[l]: (m, n)\n"
    text += "param C[l]: (m, m) = identity, b[l] = 1, v: n\n"
    text += "h[l]: m = b[l] + W[l] @ (C[l] @ h[l-1]) + U[l] @ v\noutput h[L]\n"
    starts = compile_model(driver.parse(text), dtype="float64", m=4, n=2).init(3)
    W, U, C = starts["W"], starts["U"], starts["C"]
    assert np.allclose(W @ W.swapaxes(1, 2), np.eye(4))
    assert not np.allclose(W[0], W[1])
    assert np.array_equal(C, np.broadcast_to(np.eye(4), C.shape))
    assert starts["b"].shape == (3, 4)
    assert U.shape == (3, 4, 2)
    reach = abs(U).max() / np.sqrt(6 / (4 + 2))
    assert 0.9 < reach <= 1
    assert len(np.unique(U)) == U.size

"""Compiled models against PyTorch: values at every step, final states, loss and all gradients.

The numbers are committed (`vectors/*.npz`, made by `vectors/make_torch_vectors.py`); PyTorch
itself is not needed. Everything is float64; errors are relative to the largest entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest

from rnndsl.interpreter.batch import Batch
from rnndsl.interpreter.gradients import directional
from rnndsl.model.load import parse_model
from rnndsl.runtime.program import Program
from tests.vectors.compared import compiled, error
from tests.vectors.mapping import (
    FOLDER,
    NAMES,
    Arrays,
    Mapped,
    lengths,
    mapping,
    parameters,
    sizes,
    spec,
    vectors,
)

LEVELS = (0, 1, 2)


def gradient_errors(name: str, mapped: Mapped, groups: str, grads: Arrays) -> dict[str, float]:
    """Each gradient against each of the PyTorch parts that its parameter is the sum of."""
    expected = vectors(name)[groups]
    assert set(grads) == set(mapped)
    found = {name for parts in mapped.values() for part in parts for name in part.names}
    assert found == set(expected)
    return {
        f"d {key} ({part.names[0]})": error(grads[key], part.of(expected))
        for key, parts in mapped.items()
        for part in parts
    }


def data_errors(name: str, groups: str, grads: Arrays) -> dict[str, float]:
    expected = vectors(name).get(groups, {})
    assert set(grads) == set(expected)
    return {f"d {key}": error(grads[key], item) for key, item in expected.items()}


def errors(name: str, program: Program, mapped: Mapped) -> dict[str, float]:
    """Everything that the program computes against everything that PyTorch computed."""
    given, params = vectors(name), parameters(name, mapped)
    outputs = program.forward(params, lengths=lengths(name), **given["data"])
    loss, grads, data_grads = program.loss_and_grads(
        params, inputs=True, lengths=lengths(name), **given["data"]
    )
    assert {key: item.shape for key, item in grads.items()} == {
        key: item.shape for key, item in params.items()
    }
    return {
        "loss": error(loss, given["loss"][""]),
        **{key: error(outputs[key], item) for key, item in given["value"].items()},
        **gradient_errors(name, mapped, "grad", grads),
        **data_errors(name, "data_grad", data_grads),
    }


def too_large(found: Mapping[str, float], limit: float) -> dict[str, float]:
    return {key: value for key, value in found.items() if not value <= limit}


@pytest.mark.parametrize("name", NAMES)
def test_the_interpreter(name: str) -> None:
    """Values and loss, and the derivative along one random direction in everything at once."""
    given, mapped = vectors(name), mapping(name)
    arguments = (parse_model(spec(name)), sizes(name), parameters(name, mapped), given["data"])
    batch = Batch(*arguments, lengths(name))
    outputs = batch.outputs()
    found = {key: error(outputs[key], item) for key, item in given["value"].items()}
    found["loss"] = error(batch.loss().real, given["loss"][""])
    draw = np.random.default_rng(0).standard_normal
    grads = {key: parts[0].of(given["grad"]) for key, parts in mapped.items()}
    grads |= given.get("data_grad", {})
    directions = {key: draw(item.shape) for key, item in grads.items()}
    slope = directional(*arguments, lengths(name), directions=directions)
    found["slope"] = error(slope, sum(np.vdot(directions[key], grads[key]) for key in grads))
    assert not too_large(found, 1e-10)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", NAMES)
def test_values_loss_and_gradients(name: str, level: int) -> None:
    found = errors(name, compiled(spec(name), level), mapping(name))
    assert not too_large(found, 1e-10)


@pytest.mark.parametrize("level", LEVELS)
def test_gradients_of_given_cotangents(level: int) -> None:
    """`record` and `backward` with cotangents of every h and of the last s, random in padding."""
    given, mapped = vectors("lstm"), mapping("lstm")
    program = compiled(spec("lstm"), level)
    trace = program.record(parameters("lstm", mapped), lengths=lengths("lstm"), **given["data"])
    grads = program.backward(trace, **given["cotangent"])
    assert not too_large(gradient_errors("lstm", mapped, "pulled", grads), 1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_have_the_mapped_shapes(name: str) -> None:
    given = vectors(name)["param"]
    params = compiled(spec(name), 1).init(seed=0, **sizes(name))
    mapped = mapping(name)
    assert {key: item.shape for key, item in params.items()} == {
        key: parts[0].of(given).shape for key, parts in mapped.items()
    }


@cache
def axes(name: str) -> dict[str, tuple[str, ...]]:
    """The axes of data and outputs."""
    model = parse_model(spec(name))
    outputs = {item.label: item.axes for item in model.outputs}
    return {key: item.axes for key, item in model.data.items()} | outputs


def padding_replaced(name: str) -> Arrays:
    """The data with NaN, or another token, after each example's end."""
    replaced = {}
    for key, item in vectors(name)["data"].items():
        new = item.copy()
        for axis in axes(name)[key]:  # data over two axes would need more than this
            if axis in lengths(name):
                beyond = np.arange(len(item))[:, None] >= lengths(name)[axis]
                new[beyond] = np.nan if new.dtype.kind == "f" else (new[beyond] + 1) % 3
        replaced[key] = new
    return replaced


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", NAMES)
def test_padding_changes_nothing(name: str, level: int) -> None:
    program, params = compiled(spec(name), level), parameters(name, mapping(name))
    given, replaced = vectors(name)["data"], padding_replaced(name)
    assert any(not np.array_equal(given[key], replaced[key]) for key in given)
    for data in (given, replaced):
        outputs = program.forward(params, lengths=lengths(name), **data)
        loss, grads, data_grads = program.loss_and_grads(
            params, inputs=True, lengths=lengths(name), **data
        )
        now = {"loss": loss, **outputs, **grads, **{f"d {k}": g for k, g in data_grads.items()}}
        if data is given:
            before = {key: np.copy(item) for key, item in now.items()}
    assert set(now) == set(before)
    assert [key for key in now if not np.array_equal(now[key], before[key])] == []


def alone(name: str, arrays: Mapping[str, np.ndarray], example: int) -> Arrays:
    """One example of a batch, cut to its own length."""
    ends = {axis: int(many[example]) for axis, many in lengths(name).items()}
    return {
        key: item[(*(slice(ends.get(axis)) for axis in axes(name)[key]), [example])]
        for key, item in arrays.items()
    }


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", NAMES)
def test_an_example_alone_is_the_same_as_in_a_batch(name: str, level: int) -> None:
    program, params = compiled(spec(name), level), parameters(name, mapping(name))
    data = vectors(name)["data"]
    outputs = program.forward(params, lengths=lengths(name), **data)
    loss, grads, data_grads = program.loss_and_grads(
        params, inputs=True, lengths=lengths(name), **data
    )
    batch = len(next(iter(lengths(name).values())))
    found: dict[str, float] = {}
    losses: list[float] = []
    sums = {key: np.zeros_like(item) for key, item in grads.items()}
    for example in range(batch):
        own = alone(name, data, example)
        for key, item in alone(name, outputs, example).items():
            found[f"{key} of {example}"] = error(program.forward(params, **own)[key], item)
        own_loss, own_grads, own_data_grads = program.loss_and_grads(params, inputs=True, **own)
        losses.append(own_loss)
        for key in sums:
            sums[key] += own_grads[key] / batch
        for key, item in alone(name, data_grads, example).items():
            found[f"d {key} of {example}"] = error(own_data_grads[key] / batch, item)
    found["loss"] = error(np.mean(losses), loss)
    found |= {f"d {key}": error(item, grads[key]) for key, item in sums.items()}
    assert not too_large(found, 1e-12)


@pytest.mark.parametrize(
    ("name", "gates"),
    [
        ("lstm", "figo"),
        ("lstm", "ifog"),
        ("gru", "zrn"),
        ("bilstm", "oifg"),
        ("lstm2", "igfo"),
        ("bigru2", "nzr"),
    ],
)
def test_permuted_gates_are_noticed(name: str, gates: str) -> None:
    found = errors(name, compiled(spec(name), 1), mapping(name, gates))
    assert {"loss", "o", "d V (hidden.weight)" if name == "bilstm" else "d V (out.weight)"} <= set(
        too_large(found, 1e-3)
    )


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("lstm", "q[t] * tanh(s[t])", "q[t] * s[t]"),
        ("lstm", "s[0] = c0", "s[0] = c0 + h0"),
        ("lstm", "o[t] = c + V @ h[t]", "o[t] = c + V @ h[t-1]"),
        ("gru", "r[t] * (W_n @ h[t-1] + d_n)", "d_n + W_n @ (r[t] * h[t-1])"),
        ("gru", "r[t] * (W_n @ h[t-1] + d_n)", "r[t] * (W_n @ h[t-1]) + d_n"),
        ("rnn", "tanh(d + Q @ h[t] + R @ g[t-1])", "d + Q @ h[t] + R @ g[t-1]"),
        ("rnn", "g[0] = g0", "g[0] = h0 + 0 * g0"),
        ("bilstm", "concat(h[T], g[1])", "concat(g[1], h[T])"),
        ("bilstm", "concat(s[T], q[1])", "concat(s[T], q[T])"),
        ("lstm2", "q[l,t] * tanh(s[l,t])", "q[l,t] * s[l,t]"),
        ("lstm2", "b[l] + U[l]", "b[1] + U[l]"),
        ("lstm2", "s[l,0] = c0[l]", "s[l,0] = c0[1]"),
        ("bigru2", "concat(h[l,t], g[l,t])", "concat(g[l,t], h[l,t])"),
        ("bigru2", "g[l,t+1]", "g[l,t-1]"),
        ("bigru2", "h[l,0] = h0[l]", "h[l,0] = g0[l]"),
        ("encoder_decoder", "h[i-1]", "h[i+1]"),
        ("encoder_decoder", "F[z[j-1]]", "F[z[j-2]]"),
        ("encoder_decoder", "tanh(r + G @ C)", "r + G @ C"),
        ("attention", "softmax[i](e[j,i])", "softmax[i](-4 * e[j,i])"),
        ("attention", "sum[i](alpha[j,i] * h[i])", "sum[i](alpha[j,i] * h[n_x])"),
        ("attention", "G @ h[n_x]", "G @ h[1]"),
    ],
)
def test_a_wrong_equation_is_noticed(name: str, right: str, wrong: str) -> None:
    assert right in spec(name)
    found = errors(name, compiled(spec(name).replace(right, wrong), 1), mapping(name))
    wrong_now = too_large(found, 1e-3)
    assert "loss" in wrong_now
    assert any(key.startswith("d ") for key in wrong_now)


def test_a_slightly_wrong_gradient_is_noticed() -> None:
    """An error of one part in 10^9 in one entry, of a shared bias and of an input."""
    program, mapped, given = compiled(spec("lstm"), 1), mapping("lstm"), vectors("lstm")
    _, grads, data_grads = program.loss_and_grads(
        parameters("lstm", mapped), inputs=True, lengths=lengths("lstm"), **given["data"]
    )
    for arrays, key in ((grads, "b_f"), (data_grads, "c0")):
        arrays[key].flat[0] += 1e-9 * np.abs(arrays[key]).max()
    assert set(too_large(gradient_errors("lstm", mapped, "grad", grads), 1e-10)) == {
        "d b_f (rnn.bias_ih_l0)",
        "d b_f (rnn.bias_hh_l0)",
    }
    assert set(too_large(data_errors("lstm", "data_grad", data_grads), 1e-10)) == {"d c0"}


@pytest.mark.parametrize("name", NAMES)
def test_the_vectors_are_small_and_ragged(name: str) -> None:
    assert (FOLDER / f"{name}.npz").stat().st_size < 24_000
    for steps in lengths(name).values():
        assert len(set(steps)) == len(steps)
        assert sorted(steps) != list(steps)
    assert all(item.dtype in (np.float64, np.int64) for item in vectors(name)["data"].values())

"""Every example is alone: padding and neighbours reach no value and no gradient of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.generated import DTYPES, FEW, GALLERY, ZOO, Case, case
from tests.sample import by_level, sampled

every = pytest.mark.parametrize("name", [*ZOO, *sampled(GALLERY)])
few = pytest.mark.parametrize("name", FEW)
at_levels = by_level((0, 2), (1,))


def same(got: dict[str, Any], want: dict[str, Any], tolerance: float = 0.0) -> None:
    """The same names, and numbers that differ by less than a part of the largest."""
    assert list(got) == list(want)
    for name, value in want.items():
        assert np.shape(got[name]) == np.shape(value), name
        scale = max(float(np.max(np.abs(value), initial=0)), 1e-3)
        worst = float(np.max(np.abs(np.subtract(got[name], value)), initial=0))
        assert worst <= tolerance * scale, f"{name}: off by {worst:.2e} of {scale:.2e}"


def everything(it: Case, data: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Outputs, state, loss of each example and gradients."""
    loss, grads = it.back(data, **options)
    values = it.program.forward(it.params, **data, **options, return_state=True)
    state = {f"{name} (state)": value for name, value in values.pop("state").items()}
    return {**values, **state, **grads, "loss": 0.0 if loss is None else loss}


def spoiled(it: Case, real: float, whole: int) -> dict[str, Any]:
    """Data with other numbers in the padding."""
    found = {}
    for name, array in it.data.items():
        found[name] = array.copy()
        found[name][it.padding(name, array)] = real if array.dtype.kind == "f" else whole
    return found


@every
@at_levels
def test_padding_changes_nothing(name: str, level: int) -> None:
    it = case(name, level)
    for mode in it.modes:
        options = {**it.options(), "mode": mode, "forcing": 0.6}
        clean = everything(it, it.data, **options)
        for real, whole in ((np.nan, 10**9), (-np.inf, -7), (1e300, 2**62)):
            same(everything(it, spoiled(it, real, whole), **options), clean)


@few
@at_levels
def test_padding_is_0_in_outputs_and_gradients(name: str, level: int) -> None:
    it = case(name, level)
    outputs = it.program.forward(it.params, **it.data, **it.options())
    for label, value in outputs.items():
        assert not value[it.padding(label, value)].any(), label
    _, grads = it.back(it.data, **it.options())
    for key in it.program.model.inputs:
        if (value := grads.get(f"{key} (input)")) is not None:
            assert not value[it.padding(key, value)].any(), key


@few
@at_levels
def test_an_example_alone_is_as_in_company(name: str, level: int) -> None:
    """The first one: draws depend on an example's number. Its gradients, by input, too."""
    it = case(name, level)
    alone = {key: it.first(key, array) for key, array in it.data.items()}
    bare: dict[str, Any] = it.bare({axis: ends[0] for axis, ends in it.ends.items()})
    bare.update({"trees": it.first_trees} if it.trees else {})
    for mode in it.modes:
        shared = {"mode": mode, "forcing": 0.6, "seed": 3}
        many = everything(it, it.data, **{**it.options(), **shared})
        one = everything(it, alone, batch=1, **shared, **bare)
        scale = len(it.lengths) if it.program.model.loss is not None else 1
        for key, value in one.items():
            if key in it.params or key == "loss":
                continue
            if key.endswith(" (state)"):
                mine = many[key][:, :1]
            else:
                mine = it.first(key.removesuffix(" (input)"), many[key])
            by = scale if key.endswith("(input)") else 1
            same({key: mine * by}, {key: value}, 1e-12)


@few
def test_parameter_gradients_are_the_mean_over_examples(name: str) -> None:
    it = case(name)
    if it.program.model.loss is None:
        return
    options = it.options()
    trace = it.program.record(it.params, **it.data, **options)
    whole = it.program.backward(trace)
    total = {key: np.zeros_like(value) for key, value in whole.items()}
    for b in range(len(it.lengths)):
        weight = np.arange(len(it.lengths)) == b
        for key, value in it.program.backward(trace, loss=weight / len(it.lengths)).items():
            total[key] += value
    same(total, whole, 1e-12)


@few
@at_levels
def test_full_lengths_are_no_lengths(name: str, level: int) -> None:
    it = case(name, level, lengths=(4, 4, 4))
    without = {key: value for key, value in it.options().items() if key != "lengths"}
    without |= it.bare({axis: ends[0] for axis, ends in it.ends.items()})
    for mode in it.modes:
        more = {"mode": mode, "forcing": 0.6}
        same(everything(it, it.data, **it.options(), **more),
             everything(it, it.data, **without, **more))  # fmt: skip


@every
@at_levels
def test_results_keep_their_type(name: str, level: int) -> None:
    for dtype in DTYPES:
        keeps_its_type(case(name, level, dtype), dtype)


def keeps_its_type(it: Case, dtype: str) -> None:
    """Outputs, state and gradients are of the kind that was asked for."""
    outputs = it.program.forward(it.params, **it.data, **it.options(), return_state=True)
    state = outputs.pop("state")
    kinds = {key: item.read.type.kind for key, item in
             ((item.label, item) for item in it.program.model.outputs)}  # fmt: skip
    for label, value in outputs.items():
        want = np.dtype(np.int64) if kinds[label] != "real" else np.dtype(dtype)
        assert value.dtype == want, label
    for key, value in state.items():
        assert value.dtype in (np.dtype(dtype), np.dtype(np.int64)), key
    for key, value in it.back(it.data, **it.options())[1].items():
        assert value.dtype == np.dtype(dtype), key


@every
@at_levels
def test_nothing_inside_is_wider_than_asked(name: str, level: int) -> None:
    """What is kept for the way back is float32, integers or conditions."""
    it = case(name, level, "float32")
    trace = it.program.record(it.params, **it.data, **it.options())
    kept = {key: np.asarray(value).dtype for key, value in trace["kept"].items()}
    assert {key: kind for key, kind in kept.items() if kind == np.float64} == {}
    assert trace["loss"] is None or trace["loss"].dtype == np.float32


@every
@at_levels
def test_what_comes_back_is_the_callers_own(name: str, level: int) -> None:
    """No result shares memory with another, with what was given or with what is kept."""
    it = case(name, level)
    trace = it.program.record(it.params, **it.data, **it.options())
    weights = {} if trace["loss"] is not None else dict.fromkeys(it.program.module.OUTPUTS, 0.5)
    grads, inputs = it.program.backward(trace, inputs=True, **weights)
    again, _ = it.program.backward(trace, inputs=True, **weights)
    same(again, grads)
    results = [*grads.items(), *inputs.items(), *trace["outputs"].items(), *trace["state"].items()]
    given = [*it.params.items(), *it.data.items(), *trace["kept"].items()]
    for at, (key, value) in enumerate(results):
        assert isinstance(value, np.ndarray), key
        assert value.flags.writeable, key
        for other, array in results[:at] + given:
            assert not np.shares_memory(value, array), (key, other)

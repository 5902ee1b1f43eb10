"""Every model of the gallery that can generate does, and so does one that is made of others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rnndsl import driver
from rnndsl.gallery import specs
from rnndsl.model.model import Model
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.generate import generate
from rnndsl.runtime.generate_search import log_softmax
from rnndsl.runtime.generate_task import Task, find_task
from rnndsl.text.diagnostics import DataError
from tests.agreement import lengths_by_axis, random_data, random_params, small_sizes

MADE = """
axis t = 1..T
size k, m
use "lstm.rnn" as lstm
input w[t]: token(k)
target y[t]: token(k)
param E: (k, m), V, b
v[t] = E[w[t]]
first = lstm(x = v, m = m)
second = lstm(x = first.h, m = m)
o[t] = b + V @ second.h[t]
loss = sum[t](cross_entropy(o[t], y[t]))
"""
ABLE = (
    "attention",
    "char_gru",
    "char_lstm",
    "encoder_decoder",
    "hidden_and_output",
    "language_model",
    "vector_to_sequence",
)
LENGTHS = (4, 1, 3)


def loaded(name: str) -> Model:
    return driver.parse(MADE) if name == "made" else driver.load(specs()[name])


def task_of(model: Model) -> Task | None:
    try:
        return find_task(
            model, [n for n, item in model.inputs.items() if item.type.kind != "token"]
        )
    except DataError:
        return None


def test_it_is_known_which_can() -> None:
    assert {name for name in specs() if task_of(loaded(name))} == {*ABLE}


@pytest.mark.parametrize("name", [*ABLE, "made"])
def test_scores_are_those_of_a_run_over_what_was_chosen(name: str) -> None:
    model = loaded(name)
    task = task_of(model)
    assert task is not None
    assert task.is_stepwise
    sizes = small_sizes(model)
    program = compile_model(model, dtype="float64", **sizes)
    random = np.random.default_rng(2)
    params, data = random_params(program, random), random_data(program, random, LENGTHS)
    fed = task.fed.name if task.fed else ""
    given: dict[str, Any] = {key: data[key] for key in model.inputs if key != fed}
    carried = {axis for key in given for axis in model.data[key].axes}
    ends = {
        axis: value for axis, value in lengths_by_axis(model, LENGTHS).items() if axis in carried
    }
    prompt = {"prompt": np.ones((3, 1), int)} if fed else {}
    options: dict[str, Any] = {"batch": 3, "length": 5, "beam": 4, "lengths": ends}
    found = generate(program, params, **given, **options, **prompt)
    chosen = found.tokens.T
    where = {fed: chosen} if fed else {task.target.name: chosen}
    run = compile_model(task.model, dtype="float64", **sizes)
    logits = run.forward(params, **given, **where, lengths=ends)[task.logits.read.name]
    for row, tokens in enumerate(found.tokens):
        places = range(task.lag, int(found.lengths[row]))
        logs = [log_softmax(logits[t - task.lag, row])[tokens[t]] for t in places]
        np.testing.assert_allclose(found.scores[row], sum(logs), rtol=1e-9)
    assert found.lengths.max() >= 4

"""Tokens from models: beams against every sequence there is, carried state against whole runs."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest

from rnndsl.model.load import parse_model
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.generate import generate
from rnndsl.runtime.generate_batch import Generated
from rnndsl.runtime.generate_steps import Runner, Runs, Steps, machine
from rnndsl.runtime.generate_task import find_task
from rnndsl.runtime.program import Program
from tests.zoo_axes import AXES

Arrays = dict[str, Any]
K, LONG = 3, 4
NONE: list[list[int]] = [[], [], []]
TAUGHT = """
axis t = 1..T
size k, m, p
input c: p
target y[t]: token(k)
param F: (k, m), W, Q, V, b
z[t] = teach(y[t], sample(o[t]))
z[0] = 0
h[t]: m = tanh(W @ h[t-1] + F[z[t-1]] - 0.5 * F[z[t-3]])
h[0] = tanh(Q @ c)
o[t] = b + V @ h[t]
loss = sum[t](cross_entropy(o[t], y[t]))
"""
LANGUAGE = """
axis t = 1..T
size k, m
input w[t]: token(k)
target y[t]: token(k)
param E: (k, m), W, V, b
h[t]: m = tanh(W @ h[t-1] + E[w[t]] + 0.5 * E[w[t-1]])
o[t] = b + V @ h[t]
loss = sum[t](cross_entropy(o[t], y[t]))
"""
TAGGER = TAUGHT.replace("input c: p", "input x[t]: p").replace("tanh(Q @ c)", "0")
TAGGER = TAGGER.replace("F[z[t-1]]", "F[z[t-1]] + Q @ x[t] + Q @ g[t]")
TAGGER += "g[t]: p = tanh(x[t] + 0.5 * g[t+1])"
ALONG = TAUGHT.replace("input c: p", "input x[t]: p").replace("tanh(Q @ c)", "0")
ALONG = ALONG.replace("F[z[t-1]]", "F[z[t-1]] + Q @ x[t-1]")
DEPTH = """
axis t = 1..T
axis l = 1..L
size k, m, L = 2
input w[t]: token(k)
target y[t]: token(k)
param E: (k, m), W[l]: (m, m), U[l]: (m, m), V, b
h[l,t]: m = tanh(W[l] @ h[l,t-1] + U[l] @ h[l-1,t])
h[0,t] = E[w[t]]
o[t] = b + V @ h[L,t]
p[t] = softmax(o[t])
loss = sum[t](nll(p[t], y[t]))
"""
SELF = """
axis i, j = 1..T
size k, m
input w[i]: token(k)
target y[i]: token(k)
param E: (k, m), W, V, b
a[i,j] = softmax[j](where(j <= i, dot(W @ E[w[i]], E[w[j]]), -1000000))
o[i] = b + V @ sum[j](a[i,j] * E[w[j]])
loss = sum[i](cross_entropy(o[i], y[i]))
"""
ATTENTION = AXES["attending"].replace("token(b)", "token(k)").replace("F: (b, m)", "F: (k, m)")
ATTENTION = ATTENTION.replace("size a, b, m, q", "size a, k, m, q")
COVERED = ATTENTION.replace("dot(v,", "-u[j-1,i] + dot(v,") + "u[j,i] = u[j-1,i] + alpha[j,i]"
random = np.random.default_rng(3)
SOURCE: Arrays = {"x": random.integers(0, 5, (6, 3)), "lengths": {"i": np.array([6, 2, 4])}}
ROWS: Arrays = {"x": random.normal(size=(LONG, 3, 2)), "lengths": {"t": np.array([4, 1, 3])}}
CASES: dict[str, tuple[str, Arrays]] = {
    "attention": (ATTENTION, SOURCE),
    "covered": (COVERED, SOURCE),
    "taught": (TAUGHT, {"c": random.normal(size=(3, 2))}),
    "numbered": (TAUGHT.replace("b +", "b + 0.5 * (t % 3) +"), {"c": random.normal(size=(3, 2))}),
    "tagger": (TAGGER, ROWS),
    "along": (ALONG, ROWS),
    "language": (LANGUAGE, {"prompt": [[1], [2], [0]]}),
    "depth": (DEPTH, {"prompt": [[1, 0], [2, -1], [0, 0]]}),
    "self": (SELF, {"prompt": [[1, 2], [2, -1], [0, 1]]}),
}
STEPWISE = {"attention", "taught", "along", "language", "depth"}
each_case = pytest.mark.parametrize("name", CASES)


@cache
def made(name: str) -> tuple[Program, Arrays, Arrays]:
    """A program, weights that leave something to choose, and what is given."""
    spec, given = CASES[name]
    model = parse_model(spec)
    known = {"k": K, "a": 5, "m": 4, "q": 3, "p": 2}
    sizes = {size: known[size] for size in model.sizes if size in known}
    program = compile_model(model, dtype="float64", **sizes)
    draw = np.random.default_rng(10)
    params = {key: draw.normal(size=value.shape) for key, value in program.init().items()}
    return program, params, given


def sequences(prompt: tuple[int, ...], total: int, end: int | None) -> list[tuple[int, ...]]:
    """Everything that may be generated."""
    found = []
    for count in range(len(prompt), total + 1):
        for more in product(range(K), repeat=count - len(prompt)):
            is_ended = end is not None and more[-1:] == (end,)
            if (end is None or end not in more[:-1]) and (is_ended or count == total):
                found.append(prompt + more)
    return found


def data_of(program: Program, given: Arrays, chosen: list[int]) -> Arrays:
    """What some examples are given; whatever takes tokens is missing."""
    inputs = {name: item for name, item in program.model.inputs.items() if name in given}
    found = {
        name: np.take(given[name], chosen, axis=len(item.axes)) for name, item in inputs.items()
    }
    lengths = {axis: value[chosen] for axis, value in given.get("lengths", {}).items()}
    return {**found, "lengths": lengths}


def best_of_all(
    program: Program, params: Arrays, given: Arrays, number: int, end: int | None
) -> tuple[list[int], float]:
    """The likeliest sequence, found from the model's own loss of each."""
    prompt = tuple(token for token in given.get("prompt", NONE)[number] if token >= 0)
    (target,) = program.model.targets.values()
    (axis,) = target.axes
    room = int(given.get("lengths", {}).get(axis, [9, 9, 9])[number])
    every = sequences(prompt, min(len(prompt) + LONG, room), end)
    data = data_of(program, given, [number] * len(every))
    lag = len(prompt[:1])
    data["lengths"].setdefault(axis, np.array([len(tokens) - lag for tokens in every]))
    rows = np.full((len(prompt) + LONG - lag, len(every)), -1)
    data |= {"w": rows.copy(), "y": rows} if lag else {"y": rows}
    for column, tokens in enumerate(every):
        rows[: len(tokens) - lag, column] = tokens[lag:]
        rows[: len(prompt) - lag, column] = -1
        if lag:
            data["w"][: len(tokens) - 1, column] = tokens[:-1]
    losses = program.record(params, **data)["loss"]
    place = int(np.argmin(losses))
    return list(every[place]), -float(losses[place])


def rows_of(found: Generated) -> list[list[int]]:
    """The tokens of every example, without what is behind the last."""
    assert all((row[n:] == -1).all() for row, n in zip(found.tokens, found.lengths, strict=True))
    return [list(row[:n]) for row, n in zip(found.tokens, found.lengths, strict=True)]


@each_case
@pytest.mark.parametrize("end", [None, 0, 2])
def test_a_beam_as_wide_as_it_gets_finds_the_best_of_all(name: str, end: int | None) -> None:
    program, params, given = made(name)
    found = generate(program, params, **given, length=LONG, beam=K**LONG, end=end)
    best = [best_of_all(program, params, given, number, end) for number in range(3)]
    assert rows_of(found) == [tokens for tokens, _ in best]
    np.testing.assert_allclose(found.scores, [score for _, score in best], rtol=1e-9)


def test_a_beam_is_better_than_a_greedy_choice() -> None:
    """Else the search above would not have had to look ahead."""
    differ = 0
    for name in ("attention", "tagger", "language"):
        program, params, given = made(name)
        for end in (None, 0, 2):
            options = {**given, "length": LONG, "end": end}
            greedy = generate(program, params, **options, greedy=True)
            narrow, wide = (generate(program, params, **options, beam=beam) for beam in (1, 81))
            assert rows_of(narrow) == rows_of(greedy)
            np.testing.assert_allclose(narrow.scores, greedy.scores, rtol=1e-9)
            assert (wide.scores > greedy.scores - 1e-9).all()
            differ += int((wide.scores > greedy.scores + 1e-3).sum())
    assert differ >= 5


@each_case
def test_the_state_tells_what_a_whole_run_tells(name: str) -> None:
    program, params, given = made(name)
    data = data_of(program, given, [0, 1, 2])
    task = find_task(program.model, data.keys())
    data["lengths"].pop(task.axis, None)  # behind its end an example has no logits
    assert task.is_stepwise == (name in STEPWISE)
    kind = Steps if name in STEPWISE else Runs
    assert type(machine(task, program, params, data, 0)) is kind
    draw = np.random.default_rng(1)
    runner = Runner(task, program, params, data, 0)
    steps, whole = Steps(runner), Runs(runner)
    tokens = draw.integers(0, K, (3, task.lag + draw.integers(2)))
    examples = parents = np.array([0, 1, 2])
    apart = 0.0
    for _ in range(4 - tokens.shape[1] + task.lag):
        wanted = whole.logits(tokens, examples, parents)
        apart = max(apart, float(np.abs(steps.logits(tokens, examples, parents) - wanted).max()))
        parents = draw.integers(0, len(tokens), 5)
        examples, tokens = examples[parents], tokens[parents]
        tokens = np.concatenate([tokens, draw.integers(0, K, (5, 1))], axis=1)
    assert (apart < 1e-12) == (name in STEPWISE)


@pytest.mark.parametrize(
    ("more", "stepwise"),
    [
        ("", True),
        (" + h[t-k]", True),
        (" + dropout(h[t-1], 0.5)", True),
        (" + T", False),
        (" + t", False),
        (" + sum[t](1)", False),
        (" + b[sample(h[t-1])]", False),
        (" + h[1]", False),
    ],
)
def test_the_state_is_taken_where_no_position_counts(more: str, stepwise: bool) -> None:
    spec = LANGUAGE.replace("b + V @", f"b + V @ h[t] + V @ (h[t]{more}) - V @")
    model = parse_model(spec.replace("param E", "param a: m, E").replace("b[sample", "a[sample"))
    assert find_task(model, []).is_stepwise == stepwise


@each_case
def test_an_example_alone_is_the_same_as_in_a_batch(name: str) -> None:
    program, params, given = made(name)
    options = {"length": LONG, "beam": 3, "end": 2}
    together = generate(program, params, **given, **options)
    for number, row in enumerate(rows_of(together)):
        alone = {**given, **data_of(program, given, [number])}
        alone |= {"prompt": [given.get("prompt", NONE)[number]]}
        found = generate(program, params, **alone, **options)
        assert rows_of(found) == [row]
        np.testing.assert_allclose(found.scores, together.scores[number], rtol=1e-12)

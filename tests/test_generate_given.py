"""Tokens to order: prompts, ends, chance, and what is refused in words."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from rnndsl.model.load import parse_model
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.generate import characters, generate
from rnndsl.runtime.generate_task import find_task
from rnndsl.runtime.program import Program
from rnndsl.text.diagnostics import DataError
from tests.test_generate_tokens import LANGUAGE, NONE, TAUGHT, made, rows_of
from tests.test_training_generate import LETTERS, SPEC, constant

TEACH = "z[t] = teach(y[t], sample(o[t]))"


def program(spec: str, **sizes: int) -> Program:
    return compile_model(parse_model("model some\n" + spec), dtype="float64", **sizes)


def refused(machine: Program, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        generate(machine, machine.init(), **options)
    return f"{caught.value.code}: {caught.value}"


def test_what_is_chosen_is_what_the_model_is_fed() -> None:
    """The tokens are the likeliest ones when they themselves are given as targets."""
    machine, params, given = made("attention")
    found = generate(machine, params, **given, length=7, greedy=True)
    outputs = machine.forward(params, **given, y=found.tokens.T)
    assert (outputs["o"].argmax(axis=-1) == found.tokens.T).all()
    free = machine.forward(params, **given, mode="free", T=7)
    assert (free["o"].argmax(axis=-1) == found.tokens.T).all()


@pytest.mark.parametrize("name", ["attention", "taught", "tagger", "language", "self"])
def test_a_prompt_comes_first_and_is_fed(name: str) -> None:
    machine, params, given = made(name)
    options = {**given, "greedy": True}
    whole = rows_of(generate(machine, params, **options, length=4))
    longest = [sum(token >= 0 for token in row) for row in given.get("prompt", NONE)]
    starts = [row[: longest[number] + number] for number, row in enumerate(whole)]
    again = rows_of(generate(machine, params, **{**options, "prompt": starts, "length": 4}))
    for row, longer, start in zip(whole, again, starts, strict=True):
        assert longer[: len(row)] == row
        assert len(longer) <= len(start) + 4
    other = generate(machine, params, **{**options, "prompt": [[2], [2], [2]], "length": 3})
    assert [row[0] for row in rows_of(other)] == [2, 2, 2]


def test_a_score_is_the_log_probability_behind_the_prompt() -> None:
    machine, params, given = made("taught")
    found = generate(machine, params, **given, prompt=[1, 2], length=3, seed=4, temperature=3.0)
    trace = machine.record(params, **given, y=found.tokens.T)
    first = machine.record(params, **given, y=found.tokens[:, :2].T)
    np.testing.assert_allclose(found.scores, first["loss"] - trace["loss"], rtol=1e-9)


def test_drawn_tokens_come_as_often_as_their_probability() -> None:
    machine = program(TAUGHT, k=4, m=3, p=2)
    params = {name: np.zeros_like(value) for name, value in machine.init().items()}
    params["b"] = np.array([0.0, 1.0, -1.0, 0.5])
    given: dict[str, Any] = {"c": np.zeros((500, 2)), "length": 4}
    for options, logits in (
        ({}, params["b"]),
        ({"temperature": 2.0}, params["b"] / 2),
        ({"top_k": 2}, np.array([-np.inf, 1, -np.inf, 0.5])),
    ):
        found = generate(machine, params, **given, **options, seed=7)
        counts = Counter(found.tokens.ravel().tolist())
        wanted = np.exp(logits) / np.exp(logits).sum()
        shares = [counts[token] / 2000 for token in range(4)]
        np.testing.assert_allclose(shares, wanted, atol=0.035)
    assert len({tuple(row) for row in found.tokens}) > 10


def test_the_seed_and_the_example_decide_what_is_drawn() -> None:
    machine, params, given = made("taught")
    draws = [generate(machine, params, **given, length=9, seed=seed) for seed in (1, 1, 2)]
    assert rows_of(draws[0]) == rows_of(draws[1]) != rows_of(draws[2])
    alone = generate(machine, params, c=given["c"][:1], length=9, seed=1)
    assert rows_of(alone) == rows_of(draws[0])[:1]


def test_the_end_is_kept_and_nothing_follows() -> None:
    machine, params, given = made("taught")
    free = generate(machine, params, **given, length=8, greedy=True)
    end = int(free.tokens[0, 2])
    found = generate(machine, params, **given, length=8, greedy=True, end=end)
    for row, whole in zip(rows_of(found), rows_of(free), strict=True):
        assert row == (whole[: whole.index(end) + 1] if end in whole else whole)
    prompted = generate(machine, params, **given, length=3, greedy=True, end=end, prompt=[end])
    assert (prompted.lengths > 1).all()


def test_data_along_the_axis_say_how_far_it_goes() -> None:
    machine, params, given = made("tagger")
    assert generate(machine, params, **given, greedy=True).lengths.tolist() == [4, 1, 3]
    short = generate(machine, params, **given, greedy=True, length=2)
    assert short.lengths.tolist() == [2, 1, 2]
    spec = LANGUAGE.replace("input", "input x[t]: m,").replace("E[w[t]]", "x[t] + E[w[t]]")
    fed = program(spec, k=3, m=4)
    given = {"x": np.ones((4, 1, 4)), "prompt": [1]}  # the last logits are those of a fifth token
    assert generate(fed, fed.init(), **given).lengths.tolist() == [5]
    machine, params, given = made("taught")
    assert generate(machine, params, **given, T=5).lengths.tolist() == [5, 5, 5]
    lengths = {"t": np.array([2, 5, 1])}
    found = generate(machine, params, **given, lengths=lengths, greedy=True)
    assert found.lengths.tolist() == [2, 5, 1]
    whole = generate(machine, params, **given, T=5, greedy=True)
    assert rows_of(found) == [row[:n] for row, n in zip(rows_of(whole), (2, 5, 1), strict=True)]


def test_targets_in_the_data_are_not_looked_at() -> None:
    machine, params, given = made("attention")
    options: dict[str, Any] = {"length": 5, "greedy": True}
    wanted = generate(machine, params, **given, **options)
    lengths = {**given["lengths"], "j": np.array([1, 2, 2])}
    found = generate(
        machine, params, x=given["x"], y=np.zeros((2, 3), int), lengths=lengths, **options
    )
    assert rows_of(found) == rows_of(wanted)


def test_a_model_without_data_takes_a_batch() -> None:
    spec = TAUGHT.replace("input c: p\n", "").replace("size k, m, p", "size k, m")
    machine = program(spec.replace("Q @ c", "Q"), k=3, m=4)
    found = generate(machine, machine.init(), batch=5, length=3)
    assert found.tokens.shape == (5, 3)
    assert len(generate(machine, machine.init(), length=3, prompt=[[1], [2]]).tokens) == 2
    assert generate(machine, machine.init(), length=0).tokens.shape == (1, 0)


def test_a_beam_writes_the_likeliest_text() -> None:
    machine = compile_model(parse_model(SPEC), dtype="float64", k=5)
    params = machine.init(seed=4)
    text = generate(machine, params, LETTERS, prompt="abc", length=3, beam=125)
    tokens = np.stack(np.meshgrid(*[np.arange(5)] * 3), -1).reshape(-1, 3).T
    whole = np.concatenate([np.repeat(LETTERS.encode("abc")[:, None], 125, 1), tokens])
    following = whole[1:].copy()
    following[:2] = -1
    losses = machine.record(params, x=whole[:-1], y=following)["loss"]
    assert text == LETTERS.decode(whole[:, int(np.argmin(losses))])
    assert (
        "".join(characters(machine, params, LETTERS, prompt="abc", length=3, beam=125))
        == (text[3:])
    )


def test_a_text_ends_where_it_is_told() -> None:
    machine = compile_model(parse_model(SPEC), dtype="float64", k=5)
    drawn = generate(machine, constant([0.0] * 5), LETTERS, end="b", length=400, prompt="b")
    assert drawn.count("b") == 2
    assert drawn.endswith("b")
    likely = generate(machine, constant([0, 1, 2, 0, 0]), LETTERS, top_k=2, length=60)
    assert set(likely) == {"a", "b"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"beam": 0}, "RNN436: `beam` must be a whole number above 0, not 0"),
        ({"beam": 2.0}, "RNN436: `beam` must be a whole number above 0, not 2.0"),
        ({"top_k": 0}, "RNN436: `top_k` must be a whole number above 0, not 0"),
        ({"beam": 2, "top_k": 3}, "RNN436: with `beam` nothing is drawn: leave out `top_k`"),
        (
            {"greedy": True, "temperature": 2.0},
            "RNN436: with `greedy` nothing is drawn: leave out `temperature`",
        ),
        (
            {"greedy": True, "beam": 2},
            "RNN436: either `greedy` or a `beam`: the one is a beam of 1",
        ),
        ({"end": 3}, "RNN404: `end` holds the token 3; tokens go from 0 to 2"),
        ({"end": "x"}, "RNN436: `end` must be a token: a whole number, not 'x'"),
        ({"prompt": [1, 3]}, "RNN404: the prompt holds the token 3; tokens go from 0 to 2"),
        ({"prompt": [-2, 1]}, "RNN404: the prompt holds the token -2; tokens go from 0 to 2"),
        ({"prompt": [0.5]}, "RNN441: a prompt is a row of tokens: whole numbers"),
        ({"prompt": "ab"}, "RNN439: a prompt of characters takes an alphabet; give tokens"),
        ({"prompt": [[1], [2]]}, "RNN441: there are 2 prompts for 3 examples"),
        ({"length": -1}, "RNN436: `length` must be at least 0, not -1"),
        ({"length": None}, "RNN436: no data say how many positions `t` has: give `length`"),
        ({"c": None}, "RNN441: the input `c` is missing"),
        (
            {"T": 2, "prompt": [0, 1, 2]},
            "RNN436: the prompt of example 0 has 3 tokens, room is for 2",
        ),
        ({"q": np.zeros((2, 2))}, "RNN441: the data hold `q`, and `some` has no such data; it has"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], words: str) -> None:
    given = {"c": np.zeros((3, 2)), "length": 4, **options}
    given = {name: value for name, value in given.items() if name != "c" or value is not None}
    assert refused(program(TAUGHT, k=3, m=2, p=2), **given).startswith(words)


UNCLEAR = "some` has no `cross_entropy(…, y[t])` or `nll(…, y[t])`: what its tokens are drawn from"
NOTHING = "nothing in `some` takes the tokens chosen for `y[t]`: no `teach(y[t], …)`, and no input "
FED = "`w` takes the tokens chosen: give the first ones as the prompt"
TWO = "`w` and `v` could take the tokens chosen for `y[t]`; give data for all but one"
NO_TARGET = "tokens are generated for one token target along one axis that the loss scores; `some`"
ITSELF = "the token that is chosen from it"
BACK = "\ng[t]: m = tanh(E[w[t]] + g[t+1])"


@pytest.mark.parametrize(
    ("spec", "given", "words"),
    [
        (
            TAUGHT.replace("cross_entropy(o[t], y[t])", "squared_error(o[t], one_hot(y[t]))"),
            ["c"],
            f"RNN434: `{UNCLEAR}",
        ),
        (TAUGHT.replace(TEACH, "z[t] = argmax(o[t])"), ["c"], f"RNN444: {NOTHING}`w[t]: token(k)`"),
        (LANGUAGE, ["w"], f"RNN444: {FED}"),
        (
            LANGUAGE.replace("w[t]: token(k)", "w[t]: token(k), v[t]: token(k)").replace(
                "E[w[t-1]]", "E[v[t]]"
            ),
            [],
            f"RNN444: {TWO}",
        ),
        (
            LANGUAGE.replace("target y[t]: token(k)", "target y: token(k)").replace(
                "sum[t](cross_entropy(o[t], y[t]))", "cross_entropy(o[T], y)"
            ),
            [],
            f"RNN444: {NO_TARGET} has none",
        ),
        (
            LANGUAGE.replace(
                "target y[t]: token(k)", "target y[t]: token(k), u[t]: token(k)"
            ).replace("y[t]))", "y[t]) + cross_entropy(o[t], u[t]))"),
            [],
            f"RNN444: {NO_TARGET} has more than one: `y` and `u`",
        ),
        (
            TAUGHT.replace("tanh(W @", "tanh(F[z[t]] + W @").replace("sample(o[t])", "0"),
            ["c"],
            f"RNN444: `o[t]` depends on `y[t]`, {ITSELF}",
        ),
        (
            "axis j = 1..S\nu[t,j]: m = 0.5 * u[t,j-1]\nu[t,0] = F[z[t]]"
            + TAUGHT.replace("tanh(W @", "tanh(u[t,2] + W @"),
            ["c"],
            f"RNN444: `o[t]` depends on `y[t]`, {ITSELF}",
        ),
        (
            LANGUAGE.replace("E[w[t-1]]", "E[w[t+1]]"),
            [],
            f"RNN444: `o[t]` depends on `w[t+1]`, {ITSELF}",
        ),
        (
            LANGUAGE.replace("V @ h[t]", "V @ (h[t] + g[t])") + BACK,
            [],
            f"RNN444: `o[t]` depends on `w[t+1]`, {ITSELF}",
        ),
    ],
)
def test_a_model_that_generates_nothing_is_told_so(spec: str, given: list[str], words: str) -> None:
    with pytest.raises(DataError) as caught:
        find_task(parse_model("model some\n" + spec), given)
    assert f"{caught.value.code}: {caught.value}".startswith(words)


def test_what_the_logits_do_not_read_may_look_ahead() -> None:
    model = parse_model("model some\n" + LANGUAGE + BACK + "\nq[t] = V @ g[t]\noutput q[t]")
    assert find_task(model, []).fed is model.inputs["w"]


def test_a_language_model_takes_a_first_token() -> None:
    words = "RNN436: `w[t]` takes the token before: give a prompt of at least one token"
    assert refused(program(LANGUAGE, k=3, m=2), length=3) == words


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"end": "ab"}, "RNN436: `end` of a text is one character, not 'ab'"),
        ({"end": 1}, "RNN436: `end` of a text is one character, not 1"),
        ({"prompt": [1]}, "RNN436: a model of text takes a prompt of characters"),
        ({"x": np.zeros((1, 1))}, "RNN436: a model of text takes no data: `x`"),
    ],
)
def test_what_makes_no_sense_for_a_text_is_refused(options: dict[str, Any], words: str) -> None:
    machine = compile_model(parse_model(SPEC), dtype="float64", k=5)
    assert refused(machine, alphabet=LETTERS, **options) == words

"""A text as tokens, streams and windows, and what of a model it fills."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnndsl.model.load import parse_model
from rnndsl.model.model import Model
from rnndsl.runtime.text_data import Alphabet, Text, Windows
from rnndsl.runtime.text_model import (
    find_logits,
    summed_axes,
    text_roles,
    with_logits,
)
from rnndsl.text.diagnostics import DataError

HEAD = """
model letters
axis t = 1..T
size k, m = 4
input x[t]: token(k)
target y[t]: token(k)
param E: (k, m), W, V, c
h[t]: m = tanh(W @ h[t-1] + E[x[t]])
o[t] = c + V @ h[t]
"""
PLAIN = HEAD + "loss = sum[t](cross_entropy(o[t], y[t]))"


def message(caught: pytest.ExceptionInfo[DataError]) -> str:
    return f"{caught.value.code}: {caught.value}"


def model(tail: str, head: str = HEAD) -> Model:
    return parse_model(head + tail)


def test_an_alphabet_is_sorted_and_each_character_once() -> None:
    assert Alphabet.of("banana\n") == Alphabet("\nabn")
    assert Text("banana").tokens.tolist() == [1, 0, 2, 0, 2, 0]


@given(st.text())
def test_tokens_give_the_text_back(text: str) -> None:
    alphabet = Alphabet.of(text)
    assert alphabet.decode(alphabet.encode(text)) == text


def test_a_character_that_is_not_known_is_named() -> None:
    with pytest.raises(DataError) as caught:
        Alphabet("abc").encode("abé")
    assert message(caught) == (
        "RNN431: the model does not know the character 'é': "
        "it is not in the text that the model was trained on"
    )


@given(st.integers(2, 60), st.integers(1, 7), st.integers(1, 9))
def test_windows_hold_the_streams_in_order(count: int, batch: int, length: int) -> None:
    tokens = np.arange(count, dtype=np.int32)
    windows = Windows(tokens, batch, length)
    parts = list(windows)
    assert len(parts) == len(windows)
    now = np.concatenate([part.now for part in parts])
    following = np.concatenate([part.following for part in parts])
    steps = (count - 1) // windows.batch
    assert now.shape == following.shape == (steps, windows.batch)
    assert (following == now + 1).all()
    assert (now == np.arange(steps)[:, None] + steps * np.arange(windows.batch)).all()
    assert all(len(part.now) == length for part in parts[:-1])
    assert windows.batch <= batch
    assert sum(part.count for part in parts) == now.size


def test_a_short_text_gets_fewer_streams_of_whole_windows() -> None:
    assert Windows(np.arange(100, dtype=np.int32), 32, 20).batch == 4
    assert Windows(np.arange(10, dtype=np.int32), 32, 20).batch == 1


@pytest.mark.parametrize(("text", "count"), [("", "no characters"), ("a", "1 character")])
def test_a_text_too_short_to_predict_is_refused(text: str, count: str) -> None:
    words = f"RNN430: the text has {count}; to predict the next one from each takes at least 2"
    with pytest.raises(DataError) as caught:
        Text(text)
    assert message(caught) == words
    with pytest.raises(DataError) as caught:
        Windows(np.zeros(len(text), np.int32), 1, 1)
    assert message(caught) == words


def test_the_end_is_held_back() -> None:
    text = Text("0123456789" * 3)
    first, held = text.split(0.1)
    assert len(first) == 27
    assert held.tolist() == [7, 8, 9]
    assert len(text.split(0.06)[1]) == 0
    assert len(text.split(0)[1]) == 0


def test_the_roles_and_their_size_are_found() -> None:
    roles = text_roles(model(PLAIN[len(HEAD) :]))
    assert (roles.input.name, roles.target.name) == ("x", "y")
    assert roles.sizes(30, {"m": 7}) == {"m": 7, "k": 30}
    assert roles.sizes(30, {"k": 31}) == {"k": 31}


def test_a_size_too_small_for_the_text_is_refused() -> None:
    roles = text_roles(model(PLAIN[len(HEAD) :]))
    with pytest.raises(DataError) as caught:
        roles.sizes(30, {"k": 29})
    assert message(caught) == (
        "RNN433: the text has 30 different characters, and `x` takes 29 (`token(k)`)"
    )
    fixed = text_roles(
        parse_model(PLAIN.replace("token(k)", "token(9)").replace("(k, m)", "(9, m)"))
    )
    assert fixed.sizes(9, {}) == {}
    with pytest.raises(DataError, match=r"takes 9 \(`token\(9\)`\)"):
        fixed.sizes(10, {})


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        (
            (
                "axis t = 1..T\nsize n, m = 2\ninput x[t]: n\nparam W\nh[t]: m = W @ x[t]\n"
                "loss = sum[t](squared_error(h[t], 0))"
            ),
            "input `x[t]: n`",
        ),
        (
            PLAIN + "\ninput p: m\nb = p + 1\noutput b",
            "input `x[t]: token(k)`, input `p: m`, target `y[t]: token(k)`",
        ),
        (
            HEAD.replace("y[t]: token(k)", "y: token(k)") + "loss = cross_entropy(o[T], y)",
            "input `x[t]: token(k)`, target `y: token(k)`",
        ),
        (
            "axis t = 1..T\nsize m\nparam a: m\ns[t] = 0.5 * s[t-1]\ns[0] = a\noutput s[t]",
            "no data and no loss",
        ),
    ],
)
def test_a_model_that_takes_other_data_is_refused(spec: str, found: str) -> None:
    spec = spec if "model" in spec else "model letters\n" + spec
    with pytest.raises(DataError) as caught:
        text_roles(parse_model(spec))
    assert message(caught) == (
        "RNN432: a text fills one token input and one token target along the axis, for a loss; "
        f"`letters` has {found}"
    )


@pytest.mark.parametrize(
    ("tail", "name", "are_probabilities"),
    [
        ("loss = sum[t](cross_entropy(o[t], y[t]))", "o", False),
        ("loss = mean[t](cross_entropy(o[t], y[t])) + 0.1 * sum(W * W)", "o", False),
        ("p[t] = softmax(o[t])\nloss = sum[t](nll(p[t], y[t]))", "p", True),
        (
            "p[t] = c + o[t]\nloss = sum[t](cross_entropy(o[t], y[t]) + nll(p[t], x[t]))",
            "o",
            False,
        ),
        ("e[t] = cross_entropy(o[t], y[t])\nloss = sum[t](e[t])", "o", False),
    ],
)
def test_logits_are_found_in_the_loss(tail: str, name: str, are_probabilities: bool) -> None:
    found = model(tail)
    logits = find_logits(found, found.targets["y"])
    assert (logits.read.name, logits.are_probabilities) == (name, are_probabilities)
    outputs = with_logits(found, logits).outputs
    assert [output.label for output in outputs] == [name]
    assert outputs[0].read.type.shape == found.equations[name].type.shape


@pytest.mark.parametrize("scored", ["2 * o[t], y[t]", "o[t-1], y[t]", "o[T], y[t]", "o[t], y[t-1]"])
def test_logits_without_a_name_are_refused(scored: str) -> None:
    found = model(f"loss = sum[t](cross_entropy({scored}))")
    with pytest.raises(DataError) as caught:
        find_logits(found, found.targets["y"])
    assert message(caught) == (
        "RNN434: `cross_entropy` in `letters` does not compare a named value with `y[t]` at the "
        "same position; to generate, write `o[t] = …` and `cross_entropy(o[t], y[t])`"
    )


@pytest.mark.parametrize(
    ("tail", "number"),
    [
        ("loss = sum[t](squared_error(o[t], one_hot(y[t])))", "no"),
        ("loss = sum[t](cross_entropy(o[t], y[t]) + nll(softmax(o[t]), y[t]))", "more than one"),
    ],
)
def test_logits_that_are_not_clear_are_refused(tail: str, number: str) -> None:
    found = model(tail)
    with pytest.raises(DataError) as caught:
        find_logits(found, found.targets["y"])
    assert message(caught) == (
        f"RNN434: `letters` has {number} `cross_entropy(…, y[t])` or `nll(…, y[t])`: "
        "what its tokens are drawn from is not clear"
    )


def test_a_sum_over_positions_is_told_from_a_mean() -> None:
    assert summed_axes(model(PLAIN[len(HEAD) :])) == ("t",)
    assert not summed_axes(model("loss = mean[t](cross_entropy(o[t], y[t]))"))

"""Free running: the prompt, the state carried from step to step, and what is drawn."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from rnndsl.model.load import parse_model
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.generate import characters, generate
from rnndsl.runtime.program import Program
from rnndsl.runtime.text_data import Alphabet
from rnndsl.text.diagnostics import DataError

HEAD = """
model letters
axis t = 1..T
size k, m = 6, q = m / 2
input x[t]: token(k)
target y[t]: token(k)
param E: (k, m) = normal(1), Q: (q, m), W, V = normal(1), c
h[t]: m = tanh(Q @ h[t-1] @ Q + W @ h[t-1] + W @ h[t-2] + E[x[t]])
o[t] = c + V @ h[t]
"""
SPEC = HEAD + "loss = sum[t](cross_entropy(o[t], y[t]))"
LETTERS = Alphabet("\nabcd")


def program(spec: str = SPEC, k: int = 5) -> Program:
    return compile_model(parse_model(spec), dtype="float64", k=k)


def constant(logits: list[float]) -> dict[str, np.ndarray]:
    """Weights with which the logits do not depend on what was."""
    params = {name: np.zeros_like(value) for name, value in program().init().items()}
    return {**params, "c": np.array(logits)}


def test_greedy_text_is_what_one_run_over_it_predicts() -> None:
    machine = program(SPEC + "\noutput o[t]")
    params = machine.init(seed=4)
    text = generate(machine, params, LETTERS, prompt="abc", length=20, greedy=True)
    assert text.startswith("abc")
    assert len(text) == 23
    tokens = LETTERS.encode(text)
    outputs = machine.forward(params, x=tokens[:, None])
    predicted = LETTERS.decode(np.argmax(outputs["o"][:, 0], axis=-1))
    assert text[3:] == predicted[2:-1]
    assert len(set(text[3:])) > 1


def test_without_a_prompt_it_starts_after_a_line_break() -> None:
    machine = program()
    params = machine.init(seed=4)
    after_break = generate(machine, params, LETTERS, prompt="\n", length=9, greedy=True)
    assert "\n" + generate(machine, params, LETTERS, length=9, greedy=True) == after_break


@pytest.mark.parametrize(("alphabet", "start"), [("a\nb d", "\n"), ("a bcd", " "), ("abcde", "a")])
def test_it_starts_after_a_line_break_else_a_blank_else_anything(alphabet: str, start: str) -> None:
    machine = program()
    params = machine.init(seed=4)
    text = generate(machine, params, alphabet, prompt=start, length=9, greedy=True)
    assert start + generate(machine, params, alphabet, length=9, greedy=True) == text


@pytest.mark.parametrize("temperature", [1.0, 0.5, 4.0])
def test_characters_come_as_often_as_their_probability(temperature: float) -> None:
    logits = np.array([0.0, 1.0, -1.0, 0.5, -3.0])
    drawn = characters(
        program(),
        constant(list(logits)),
        LETTERS,
        length=2000,
        temperature=temperature,
        seed=5,
    )
    wanted = np.exp(logits / temperature)
    wanted /= wanted.sum()
    counts = Counter(drawn)
    found = [counts[character] / 2000 for character in LETTERS.characters]
    np.testing.assert_allclose(found, wanted, atol=0.03)


def test_a_temperature_near_0_is_greedy_and_does_not_overflow() -> None:
    params = program().init(seed=4)
    cold = generate(program(), params, LETTERS, length=30, temperature=1e-310)
    assert cold == generate(program(), params, LETTERS, length=30, greedy=True)


def test_probabilities_do_as_well_as_logits() -> None:
    other = program(HEAD + "p[t] = softmax(o[t])\nloss = sum[t](nll(p[t], y[t]))")
    params = program().init(seed=4)
    assert generate(other, params, LETTERS, length=40) == generate(
        program(), params, LETTERS, length=40
    )


def test_what_the_alphabet_lacks_is_never_drawn() -> None:
    drawn = generate(program(), constant([0, 0, 0, 9, 9]), "abc", length=50)
    assert set(drawn) == set("abc")


def test_the_seed_decides() -> None:
    machine = program()
    params = machine.init(seed=4)
    texts = [generate(machine, params, LETTERS, length=40, seed=seed) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_a_model_that_is_taught_runs_freely() -> None:
    spec = HEAD.replace("E[x[t]]", "E[x[t]] + E[z[t-1]]")
    machine = program(
        spec + "z[t] = teach(y[t], argmax(o[t]))\nloss = sum[t](cross_entropy(o[t], y[t]))"
    )
    assert len(generate(machine, machine.init(seed=4), LETTERS, length=20)) == 20


def test_no_characters_are_drawn_for_length_0() -> None:
    assert generate(program(), program().init(), LETTERS, prompt="ab", length=0) == "ab"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"temperature": 0.0}, "RNN436: `temperature` must be above 0, not 0.0"),
        ({"temperature": float("nan")}, "RNN436: `temperature` must be above 0, not nan"),
        ({"length": -1}, "RNN436: `length` must be at least 0, not -1"),
        ({"alphabet": ""}, "RNN431: an alphabet without characters has none to generate"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, object], words: str) -> None:
    machine = program()
    with pytest.raises(DataError) as caught:
        generate(machine, machine.init(), **{"alphabet": LETTERS, **options})  # type: ignore[arg-type]
    assert f"{caught.value.code}: {caught.value}" == words


def test_weights_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(DataError) as caught:
        generate(program(), constant([float("nan")] * 5), LETTERS)
    assert caught.value.code == "RNN437"
    assert str(caught.value) == "the weights give no finite logits to draw from"

"""`rnndsl evaluate` and `predict`: numbers against those computed one example at a time."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnndsl.driver import parse
from rnndsl.runtime.checkpoint import restore, save
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.program import Program
from rnndsl.runtime.random_data import random_params
from rnndsl.runtime.scoring import find_scored
from rnndsl.runtime.text_data import Alphabet
from tests.test_cli import run

HEAD = "axis t = 1..T\nsize n = 3, m = 4, k = 5\ninput x[t]: n\nparam W, U, V\n"
CELL = "h[t]: m = tanh(W @ h[t-1] + U @ x[t])\n"
TAGGER = f"{HEAD}target y[t]: token(k)\n{CELL}o[t] = V @ h[t]\nyhat[t] = softmax(o[t])\n"
LOGITS = TAGGER + "loss = sum[t](cross_entropy(o[t], y[t]))\noutput yhat[t], h[T]\n"
PROBABILITIES = TAGGER + "loss = sum[t](nll(yhat[t], y[t]))\noutput h[T]\n"
CLASSIFIER = f"{HEAD}target y: token(k)\n{CELL}o = V @ h[T]\nloss = cross_entropy(o, y)\n"
REGRESSION = f"{HEAD}target y: k\n{CELL}o = V @ h[T]\nloss = squared_error(o, y)\n"
TAUGHT = f"""{HEAD}target y[t]: k
param R
z[t] = teach(y[t], o[t])
h[t]: m = tanh(W @ z[t-1] + U @ x[t])
o[t] = V @ h[t]
g: m = R @ h[T]
loss = sum[t](squared_error(o[t], y[t])) + sum(g)
output o[t]
"""
LETTERS = """axis t = 1..T
size k, m = 4
input x[t]: token(k)
target y[t]: token(k)
param E: (k, m), W, V
h[t]: m = tanh(E[x[t]] + W @ h[t-1])
o[t] = V @ h[t]
loss = sum[t](cross_entropy(o[t], y[t]))
"""
LENGTHS = np.array([6, 2, 4, 1, 5])


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def checkpoint(text: str, alphabet: str | None = None, **sizes: int) -> Program:
    """A program with random weights, and its checkpoint in the folder."""
    program = compile_model(parse(text, "model.rnn"), dtype="float64", **sizes)
    params = random_params(program.init(0), 3)
    save("a.safetensors", program, params, Alphabet(alphabet) if alphabet else None)
    return program


def data(text: str) -> dict[str, Any]:
    """Five examples of different lengths, numbers in the padding, one token missing."""
    random = np.random.default_rng(1)
    x = random.standard_normal((6, 5, 3))
    found: dict[str, Any] = {"x": x, "lengths_t": LENGTHS}
    if "target y[t]: token" in text:
        found["y"] = random.integers(0, 5, (6, 5))
        found["y"][1, 0] = -1
    elif "target y: token" in text:
        found["y"] = np.array([0, 3, -1, 2, 1])
    elif "target y[t]" in text:
        found["y"] = random.standard_normal((6, 5, 5))
    else:
        found["y"] = random.standard_normal((5, 5))
    np.savez("data.npz", **found)
    return found


def singly(program: Program, found: dict[str, Any], mode: str = "teacher") -> tuple[Any, ...]:
    """Losses and outputs of each example by itself."""
    _, params, _ = restore("a.safetensors")
    losses, outputs = [], []
    for number, length in enumerate(LENGTHS):
        one = {"x": found["x"][:length, number : number + 1]}
        is_along = found["y"].shape[0] == 6
        y = found["y"][:length, number : number + 1] if is_along else found["y"][number:][:1]
        losses.append(program.loss(params, **one, y=y, mode=mode))
        outputs.append(program.forward(params, **one, y=y, mode=mode))
    return losses, outputs


@pytest.mark.parametrize("batch", [1, 2, 32])
@pytest.mark.parametrize("text", [LOGITS, PROBABILITIES, CLASSIFIER, REGRESSION, TAUGHT])
def test_the_loss_is_the_mean_over_examples(text: str, batch: int) -> None:
    program, found = checkpoint(text), data(text)
    losses, _ = singly(program, found)
    args = ("evaluate", "a.safetensors", "--data", "data.npz", "--batch", batch, "--json")
    result = run(*map(str, args))
    assert result.exit_code == 0, result.output
    score = json.loads(result.stdout)
    assert score["loss"] == pytest.approx(np.mean(losses), rel=1e-12)
    assert (score["count"], score["unit"]) == (5, "examples")
    if text in (REGRESSION, TAUGHT):
        assert score["accuracy"] is score["perplexity"] is score["bits"] is None
    else:
        tokens = 4 if text == CLASSIFIER else int(LENGTHS.sum()) - 1
        assert score["tokens"] == tokens
        assert score["cross_entropy"] == pytest.approx(np.sum(losses) / tokens, rel=1e-12)
        assert score["perplexity"] == pytest.approx(math.exp(score["cross_entropy"]))
        assert score["bits"] == pytest.approx(math.log2(score["perplexity"]))


def test_accuracy_is_counted_where_there_is_a_token() -> None:
    program, found = checkpoint(LOGITS), data(LOGITS)
    _, outputs = singly(program, found)
    right = total = 0
    for number, output in enumerate(outputs):
        for t, likely in enumerate(output["yhat"][:, 0]):
            token = found["y"][t, number]
            total += token >= 0
            right += token >= 0 and int(np.argmax(likely)) == token
    assert 0 < right < total
    result = run("evaluate", "a.safetensors", "--data", "data.npz")
    assert result.exit_code == 0
    first, second, *rest = result.stdout.splitlines()
    assert first.endswith(" over 5 examples")
    assert second == f"accuracy {right / total:.2%} of {total} tokens"
    assert [line.split()[0] for line in rest[:2]] == ["cross-entropy", "perplexity"]
    assert rest[2].endswith(" bits a token")


def test_a_text_in_one_stream() -> None:
    program = checkpoint(LETTERS, "abc\n", k=4)
    text = "abcab\ncabba\nbcac\n"
    Path("a.txt").write_text(text)
    tokens = np.array(["abc\n".index(char) for char in text])
    _, params, _ = restore("a.safetensors")
    whole = program.loss(params, x=tokens[:-1, None], y=tokens[1:, None]) / (len(text) - 1)
    args = ("--text", "a.txt", "--batch", "1", "--window", "3")
    result = run("evaluate", "a.safetensors", *args, "--json")
    score = json.loads(result.stdout)
    assert score["loss"] == pytest.approx(whole, rel=1e-12)
    assert score["cross_entropy"] == pytest.approx(whole, rel=1e-12)
    assert (score["unit"], score["count"], score["tokens"]) == ("characters", 16, 16)
    lines = run("evaluate", "a.safetensors", *args).stdout.splitlines()
    assert lines[0] == f"loss {whole:.4f} over 16 characters"
    assert lines[-1] == f"{whole / math.log(2):.4f} bits a character"
    piped = run("evaluate", "a.safetensors", "--text", "-", *args[2:], "--json", stdin=text)
    assert piped.stdout == result.stdout


@pytest.mark.parametrize("mode", ["teacher", "free"])
@pytest.mark.parametrize("batch", ["2", "32"])
def test_predictions_are_those_of_each_example(mode: str, batch: str) -> None:
    program, found = checkpoint(TAUGHT), data(TAUGHT)
    _, outputs = singly(program, found, mode)
    args = ("predict", "a.safetensors", "--data", "data.npz", "--mode", mode, "--batch", batch)
    result = run(*args, "-o", "out.npz")
    assert (result.exit_code, result.stdout) == (0, "out.npz: o (6, 5, 5)\n")
    with np.load("out.npz") as written:
        assert written.files == ["o"]
        for number, length in enumerate(LENGTHS):
            got, want = written["o"][:, number], outputs[number]["o"][:, 0]
            np.testing.assert_allclose(got[:length], want, rtol=1e-12)
            assert not got[length:].any()


def test_outputs_by_their_labels_and_to_standard_output() -> None:
    program, found = checkpoint(LOGITS), data(LOGITS)
    _, outputs = singly(program, found)
    result = run("predict", "a.safetensors", "--data", "data.npz", "-o", "-")
    with np.load(io.BytesIO(result.stdout_bytes)) as written:
        assert written.files == ["yhat", "h[T]"]
        want = [output["h[T]"][0] for output in outputs]
        np.testing.assert_allclose(written["h[T]"], want, rtol=1e-12)


def test_free_running_needs_no_targets() -> None:
    checkpoint(TAUGHT)
    found = data(TAUGHT)
    np.savez("data.npz", x=found["x"], lengths_t=LENGTHS)
    args = ("predict", "a.safetensors", "--data", "data.npz", "-o", "out.npz")
    assert run(*args, "--mode", "free").exit_code == 0
    refused = run(*args)
    assert refused.exit_code == 1
    assert "mode='free' does not" in refused.stderr


def test_what_has_tokens_to_score() -> None:
    scored = find_scored(parse(PROBABILITIES))
    assert scored is not None
    assert (scored.output.label, scored.target.name) == ("yhat", "y")
    assert scored.are_probabilities
    shifted = LOGITS.replace("cross_entropy(o[t]", "cross_entropy(o[t-1]")
    twice = LOGITS.replace("loss = ", "loss = sum[t](nll(yhat[t], y[t])) + ")
    assert find_scored(parse(shifted)) is find_scored(parse(twice)) is None
    assert find_scored(parse(LOGITS.replace("(o[t], y", "(2 * o[t], y"))) is None


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["evaluate", "a.safetensors"], 2, "give either --data or --text"),
        (["evaluate", "a.safetensors", "--data", "a", "--text", "b"], 2, "give either"),
        (["evaluate", "none", "--data", "data.npz"], 1, "error[RNN001]: there is no file `none`"),
        (["evaluate", "data.npz", "--data", "data.npz"], 1, "error[RNN005]"),
        (["evaluate", "a.safetensors", "--text", "data.npz"], 1, "error[RNN439]"),
        (["evaluate", "a.safetensors", "--data", "a.safetensors"], 1, "error[RNN010]"),
        (
            ["evaluate", "a.safetensors", "--data", "data.npz", "--max-memory", "900"],
            1,
            "error[RNN501]",
        ),
        (["predict", "a.safetensors", "--data", "data.npz", "-o", "data.npz"], 1, "error[RNN004]"),
        (["predict", "a.safetensors", "--data", "data.npz", "-o", "a/b"], 1, "error[RNN003]"),
    ],
)
def test_what_cannot_be(arguments: list[str], status: int, words: str) -> None:
    checkpoint(LOGITS)
    data(LOGITS)
    before = {path.name: path.read_bytes() for path in Path().iterdir()}
    result = run(*arguments)
    assert result.exit_code == status
    assert words in result.stderr
    assert {path.name: path.read_bytes() for path in Path().iterdir()} == before


def test_a_model_without_a_loss() -> None:
    checkpoint(f"{HEAD}{CELL}o: k = V @ h[T]\noutput o\n", k=5)
    np.savez("data.npz", x=np.ones((2, 1, 3)))
    result = run("evaluate", "a.safetensors", "--data", "data.npz")
    assert result.stderr == "error[RNN432]: `model` has no loss to evaluate\n\n"
    assert run("predict", "a.safetensors", "--data", "data.npz", "-o", "o.npz").exit_code == 0

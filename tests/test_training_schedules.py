"""Rates that change, an end when nothing gets better, metrics by hand, a log of it all."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import rnndsl
from rnndsl.cli.main import cli
from rnndsl.runtime import steps
from rnndsl.runtime.log import Log
from rnndsl.runtime.schedules import factor
from rnndsl.runtime.settings import Settings
from rnndsl.text.diagnostics import DataError

TAGGER = """model tagger
axis t = 1..T
size n, m = 3, k
input x[t]: n
target y[t]: token(k)
param W, U, V
h[t]: m = tanh(U @ x[t] + W @ h[t-1])
o[t] = V @ h[t]
loss = sum[t](cross_entropy(o[t], y[t])) + 0.01 * sum(abs(V))
"""
LAST = """model last
axis t = 1..T
size n, m = 3, k
input x[t]: n
target y: token(k)
param W, U, V
h[t]: m = tanh(U @ x[t] + W @ h[t-1])
p[t] = softmax(V @ h[t])
loss = nll(p[T], y)
"""


def factors(**settings: Any) -> list[float]:
    """Over 4 epochs of 3 steps."""
    chosen = Settings(epochs=4, **settings)
    return [factor(chosen, step, 3) for step in range(12)]


def test_a_constant_rate_is_constant_after_its_warm_up() -> None:
    assert factors() == [1.0] * 12
    assert factors(warmup=4) == [0.25, 0.5, 0.75] + [1.0] * 9


def test_a_step_falls_after_so_many_epochs() -> None:
    assert factors(schedule="step", decay=0.1) == pytest.approx(
        [1.0] * 3 + [0.1] * 3 + [0.01] * 3 + [0.001] * 3
    )
    assert factors(schedule="step", decay_every=2) == [1.0] * 6 + [0.5] * 6


def test_an_exponential_falls_all_the_time() -> None:
    wanted = [0.5 ** (step / 6) for step in range(12)]
    assert factors(schedule="exponential", decay_every=2) == pytest.approx(wanted)


def test_a_cosine_falls_from_its_warm_up_to_the_end() -> None:
    wanted = [1 / 2, 1.0, *((1 + math.cos(math.pi * step / 10)) / 2 for step in range(10))]
    found = factors(schedule="cosine", warmup=2)
    assert found == pytest.approx(wanted)
    assert factor(Settings(epochs=4, schedule="cosine"), 12, 3) == 0


def data(count: int = 12, k: int = 4) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {
        "x": random.normal(size=(5, count, 2)),
        "y": random.integers(0, k, size=(5, count)),
        "lengths_t": np.arange(count) % 5 + 1,
    }


def tagger() -> rnndsl.Program:
    return rnndsl.parse(TAGGER).compile(dtype="float64", n=2, k=4)


def test_the_rate_of_a_step_is_that_of_the_schedule(tmp_path: Path) -> None:
    log = tmp_path / "log"
    options = {"schedule": "step", "epochs": 2, "batch": 6, "validation": 0}
    made = tagger()
    trained = rnndsl.train(made, data(), optimiser="sgd", rate=0.4, log=log, **options)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["rate"] for line in lines] == [0.4, 0.4, 0.2, 0.2]
    params, found = made.init(), data()
    for epoch, rate in ((1, 0.4), (2, 0.2)):
        order = np.random.default_rng((0, epoch)).permutation(12)
        for chosen in (order[:6], order[6:]):
            _, grads = made.loss_and_grads(
                *(params,),
                x=found["x"][:, chosen],
                y=found["y"][:, chosen],
                lengths={"t": found["lengths_t"][chosen]},
            )
            params = {name: value - rate * grads[name] for name, value in params.items()}
    np.testing.assert_allclose(trained.params["W"], params["W"], rtol=1e-9)


class Scores:
    """Validation losses as a test wants them; notes the parameters."""

    def __init__(self, *losses: float) -> None:
        self.losses, self.seen = iter(losses), list[np.ndarray]()

    def __call__(self, program: Any, scorer: Any, params: Any, *rest: Any) -> Any:
        self.seen.append(params["W"].copy())
        return next(self.losses), {}


def test_training_ends_when_nothing_gets_better(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scores = Scores(3.0, math.nan, 2.0, 2.5, 2.0, 1.0)
    monkeypatch.setattr(steps, "validate", scores)
    path = tmp_path / "a"
    options = {"checkpoint": path, "patience": 2, "epochs": 9, "batch": 6}
    trained = rnndsl.train(tagger(), data(), **options)
    assert (trained.ended, len(scores.seen)) == ("patience", 5)
    np.testing.assert_array_equal(trained.params["W"], scores.seen[2])
    np.testing.assert_array_equal(rnndsl.restore(path).params["W"], scores.seen[2])
    again = rnndsl.train(tagger(), data(), resume=True, **options)
    assert (again.ended, len(scores.seen)) == ("patience", 5)
    np.testing.assert_array_equal(again.params["W"], scores.seen[2])


def test_waiting_goes_on_after_a_stop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    options = {"patience": 2, "batch": 6}
    whole, parts = Scores(3.0, 4.0, 2.0, 5.0, 6.0), Scores(3.0, 4.0, 2.0, 5.0, 6.0)
    monkeypatch.setattr(steps, "validate", whole)
    rnndsl.train(tagger(), data(), checkpoint=tmp_path / "a", epochs=9, **options)
    monkeypatch.setattr(steps, "validate", parts)
    for epochs in (1, 2, 3, 4, 9):
        rnndsl.train(
            *(tagger(), data()),
            checkpoint=tmp_path / "b",
            resume=True,
            epochs=epochs,
            **options,
        )
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_without_patience_the_last_parameters_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = Scores(1.0, 2.0, 3.0)
    monkeypatch.setattr(steps, "validate", scores)
    trained = rnndsl.train(tagger(), data(), epochs=3)
    np.testing.assert_array_equal(trained.params["W"], scores.seen[2])


def test_patience_needs_something_to_score() -> None:
    with pytest.raises(DataError, match="`patience` needs something to validate on"):
        rnndsl.train(tagger(), data(), patience=1, validation=0)


def test_a_cosine_ends_where_it_was_to_end(tmp_path: Path) -> None:
    options = {"checkpoint": tmp_path / "a", "schedule": "cosine"}
    rnndsl.train(tagger(), data(), epochs=2, **options)
    with pytest.raises(DataError, match="`epochs` was 2 when"):
        rnndsl.train(tagger(), data(), epochs=3, resume=True, **options)


def surprises(logits: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    return -np.log(np.take_along_axis(probabilities, tokens[..., None], -1)[..., 0])


def test_metrics_of_tags_are_those_of_every_known_token() -> None:
    made, held = tagger(), data(7)
    held["y"][0, 3] = -1
    trained = rnndsl.train(made, data(), epochs=1, validation_data=held, batch=3)
    outputs = rnndsl.parse(TAGGER + "output o[t]\n").compile(dtype="float64", n=2, k=4)
    lengths = held["lengths_t"]
    logits = outputs.forward(trained.params, x=held["x"], lengths={"t": lengths})["o"]
    known = (np.arange(5)[:, None] < lengths) & (held["y"] >= 0)
    assert known.sum() == lengths.sum() - 1
    logits, tokens = logits[known], held["y"][known]
    assert trained.history.metrics == [
        {
            "accuracy": pytest.approx((logits.argmax(-1) == tokens).mean()),
            "perplexity": pytest.approx(math.exp(surprises(logits, tokens).mean())),
        }
    ]


def test_one_class_an_example_has_an_accuracy_only() -> None:
    made = rnndsl.parse(LAST + "output p[T]\n").compile(dtype="float64", n=2, k=4)
    held = {**data(9), "y": np.arange(9) % 4}
    trained = rnndsl.train(made, held, epochs=1, validation_data=held)
    lengths = held["lengths_t"]
    found = made.forward(trained.params, x=held["x"], lengths={"t": lengths})["p[T]"]
    wanted = (found.argmax(-1) == held["y"]).mean()
    assert trained.history.metrics == [{"accuracy": pytest.approx(wanted)}]
    hidden = rnndsl.parse(LAST).compile(dtype="float64", n=2, k=4)
    again = rnndsl.train(hidden, held, epochs=1, validation_data=held)
    assert again.history.metrics == trained.history.metrics


def test_a_text_has_bits_a_character() -> None:
    spec = rnndsl.load(rnndsl.gallery.specs()["char_gru"])
    text = "abcab\n" * 60
    trained = rnndsl.train(spec.compile(m=4, k=4), text, epochs=1, batch=4, window=8)
    metrics, (_, loss) = trained.history.metrics[0], trained.history.validation[0]
    assert list(metrics) == ["accuracy", "perplexity", "bits_per_character"]
    assert metrics["bits_per_character"] == pytest.approx(loss / math.log(2), rel=1e-5)
    assert metrics["perplexity"] == pytest.approx(math.exp(loss), rel=1e-5)


def test_numbers_have_no_metrics() -> None:
    spec = TAGGER.replace("token(k)", "k").replace("cross_entropy", "squared_error")
    made = rnndsl.parse(spec).compile(dtype="float64", n=2, k=4)
    numbers = {**data(), "y": np.zeros((5, 12, 4))}
    assert rnndsl.train(made, numbers, epochs=1).history.metrics == [{}]


def test_a_log_has_a_line_for_every_step_and_score(tmp_path: Path) -> None:
    log, path = tmp_path / "log", tmp_path / "a"
    options: dict[str, Any] = {"batch": 6, "checkpoint": path, "log": log, "resume": True}
    rnndsl.train(tagger(), data(), epochs=1, **options)
    with log.open("a") as file:  # what a run wrote before it was killed
        file.write('{"step": 3, "loss": 7.0}\n{"step": 4, "lo')
    history = rnndsl.train(tagger(), data(), epochs=2, **options).history
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 2, 3, 4, 4]
    assert [line["loss"] for line in lines if "loss" in line] == history.losses
    scores = [line for line in lines if "validation" in line]
    assert [line["epoch"] for line in scores] == [1, 2]
    assert [line["validation"] for line in scores] == [loss for _, loss in history.validation]
    assert [line["accuracy"] for line in scores] == [item["accuracy"] for item in history.metrics]
    assert {*lines[0]} == {"step", "epoch", "loss", "rate", "seconds"}
    rnndsl.train(tagger(), data(), epochs=1, batch=6, log=log)
    assert len(log.read_text().splitlines()) == 3


def test_a_number_that_is_none_is_null(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    log.write({"step": 1, "validation": math.inf})
    assert (tmp_path / "log").read_text() == '{"step": 1, "validation": null}\n'
    with pytest.raises(DataError, match="there is no such folder"):
        Log(tmp_path / "no" / "log")


def test_the_command_ends_early_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tagger.rnn").write_text(TAGGER, encoding="utf-8")
    np.savez("a.npz", **data())
    np.savez("b.npz", **{**data(), "y": 3 - data()["y"]})
    command = "train tagger.rnn --data a.npz --validation-data b.npz --size k=4 --rate 0.5 --quiet"
    more = "--schedule cosine --warmup 2 --patience 1 --log a.jsonl --epochs 200"
    result = CliRunner().invoke(cli, [*command.split(), *more.split()])
    assert result.exit_code == 0, result.output
    assert result.stderr.startswith("no better validation; the weights are those after step ")
    assert ", accuracy 0." in result.stdout
    assert Path("a.jsonl").read_text(encoding="utf-8").startswith('{"step": 1, "epoch": 1, ')
    before = Path("tagger.rnn").read_bytes()
    refused = CliRunner().invoke(cli, [*command.split(), "--log", "tagger.rnn"])
    assert (refused.exit_code, Path("tagger.rnn").read_bytes()) == (1, before)

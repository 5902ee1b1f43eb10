"""The training loop: what it asks of a program, in which order, and when it ends.

The program here is made up: its loss is `level` times T where the loss is summed over positions,
and its gradients are what a test wants them to be.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from rnndsl.model.load import parse_model
from rnndsl.runtime import steps, training
from rnndsl.runtime.settings import Settings
from rnndsl.runtime.steps import Trained
from rnndsl.runtime.text_data import Text
from rnndsl.text.diagnostics import DataError

SPEC = """
model letters
axis t = 1..T
size k, m = 4
input x[t]: token(k)
target y[t]: token(k)
param E: (k, m), W, V
h[t]: m = tanh(W @ h[t-1] + E[x[t]])
o[t] = V @ h[t]
loss = sum[t](cross_entropy(o[t], y[t]))
"""
TEXT = "abcdefghij" * 5  # 50 characters: 40 and 10 with validation 0.2


class MadeUp:
    """Notes every call; its state counts the windows since the last start."""

    def __init__(self, spec: str = SPEC, grad: float = 1.0, **sizes: int) -> None:
        self.model = parse_model(spec)
        self.sizes = sizes or {"k": 10, "m": 4}
        self.dtype = "float32"
        self.level = 2.0
        self.grad = grad
        self.calls: list[dict[str, Any]] = []
        self.scored: list[dict[str, Any]] = []
        self.started: dict[str, int] | None = None
        self.clipped = 0

    def init(self, seed: int = 0, **sizes: int) -> dict[str, np.ndarray]:
        self.started = {"seed": seed, **sizes}
        return {"W": np.zeros(4, np.float32)}

    def loss_and_grads(self, params: Mapping[str, Any], **options: Any) -> tuple[Any, ...]:
        self.calls.append(options)
        loss = self.level * len(options["x"])
        return loss, {"W": np.full(4, self.grad, np.float32)}, self._next(options["state"])

    def loss(self, params: Mapping[str, Any], **options: Any) -> tuple[Any, ...]:
        assert options.pop("return_state")
        assert not options.pop("return_outputs")
        self.scored.append(options)
        return (3.0 + len(self.scored)) * len(options["x"]), self._next(options["state"])

    def clip(self, grads: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        self.clipped += 1
        return {name: grad / 2 for name, grad in grads.items()}

    def clip_by_norm(
        self, grads: dict[str, np.ndarray], limit: float
    ) -> tuple[dict[str, np.ndarray], float]:
        norm = float(np.linalg.norm(grads["W"]))
        return {name: grad * limit / norm for name, grad in grads.items()}, norm

    def clip_by_value(
        self, grads: dict[str, np.ndarray], limit: float
    ) -> tuple[dict[str, np.ndarray], float]:
        return {name: np.minimum(grad, limit) for name, grad in grads.items()}, 0.0

    def _next(self, state: dict[str, int] | None) -> dict[str, int]:
        return {"h": (state or {"h": 0})["h"] + 1}


@pytest.fixture(autouse=True)
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """A made-up program has no logits, and no values to look into."""
    monkeypatch.setattr(steps, "first_fault", lambda *rest: "why")
    monkeypatch.setattr(steps, "scoring_program", lambda program: (program, None))


def train(program: MadeUp, text: Text | str = TEXT, **options: Any) -> Trained:
    usual = {"epochs": 2, "batch": 2, "window": 8, "validation": 0.2, "optimiser": "sgd"}
    return training.train(program, text, **{**usual, **options})  # type: ignore[arg-type]


def test_windows_follow_each_other_with_the_state_carried() -> None:
    program = MadeUp()
    train(program)
    # 40 characters: 2 streams of 19 steps, so windows of 8, 8, 3, twice
    assert [call["x"].shape for call in program.calls] == [(8, 2), (8, 2), (3, 2)] * 2
    states = [call["state"] for call in program.calls]
    assert states == [None, {"h": 1}, {"h": 2}] * 2
    assert program.calls[0]["x"][:, 0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert program.calls[0]["y"][:, 0].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert program.calls[1]["x"][0].tolist() == [8, 7]
    assert all(call["clip"] is call["return_state"] is True for call in program.calls)


def test_every_step_draws_anew() -> None:
    program = MadeUp()
    train(program, seed=7, mode="scheduled", forcing=0.3)
    assert [call["seed"] for call in program.calls] == list(range(7, 13))
    assert {(call["mode"], call["forcing"]) for call in program.calls} == {("scheduled", 0.3)}
    assert program.started == {"seed": 7}


def test_open_sizes_are_given_at_the_start() -> None:
    program = MadeUp(m=4)
    train(program)
    assert program.started == {"seed": 0, "k": 10}


def test_losses_are_by_character_where_they_are_sums() -> None:
    assert train(MadeUp()).history.losses == [2.0] * 6
    mean = train(MadeUp(SPEC.replace("sum[t]", "mean[t]"))).history
    assert mean.losses == [16.0, 16.0, 6.0] * 2
    assert mean.seen == 2 * 38


def test_the_held_text_is_scored_after_every_epoch() -> None:
    program = MadeUp()
    history = train(program).history
    # 10 characters: 1 stream of 9 steps (2 windows of 8 would not fit side by side)
    assert [call["x"].shape for call in program.scored] == [(8, 1), (1, 1)] * 2
    assert [call["state"] for call in program.scored] == [None, {"h": 1}] * 2
    assert history.validation == [(3, (4 * 8 + 5) / 9), (6, (6 * 8 + 7) / 9)]


def test_without_a_held_text_nothing_is_scored() -> None:
    program = MadeUp()
    assert train(program, validation=0).history.validation == []
    assert program.scored == []
    assert program.calls[0]["x"].shape == (8, 2)


def test_the_spec_clips_unless_told_otherwise() -> None:
    program = MadeUp()
    trained = train(program, epochs=1, rate=0.5, validation=0)
    np.testing.assert_allclose(trained.params["W"], -0.25 * len(program.calls))
    assert program.clipped == len(program.calls)
    other = MadeUp(grad=3.0)
    trained = train(other, epochs=1, rate=0.5, validation=0, clip_norm=1.0)
    np.testing.assert_allclose(trained.params["W"], -0.25 * len(other.calls))
    assert other.clipped == 0
    trained = train(MadeUp(grad=3.0), epochs=1, rate=0.5, validation=0, clip_value=0.1)
    np.testing.assert_allclose(trained.params["W"], -0.05 * len(other.calls), rtol=1e-6)


def test_given_parameters_are_not_touched() -> None:
    mine = {"W": np.ones(4, np.float32)}
    trained = train(MadeUp(), params=mine, rate=0.5)
    assert (mine["W"] == 1).all()
    assert (trained.params["W"] < 1).all()


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The weight in every checkpoint."""
    found: list[float] = []

    def save(path: str, program: MadeUp, params: dict[str, np.ndarray], *rest: object) -> None:
        found.append(float(params["W"][0]))

    monkeypatch.setattr(steps, "save", save)
    return found


def test_a_checkpoint_is_written_after_every_epoch(saved: list[float]) -> None:
    train(MadeUp(grad=2.0), rate=1.0, checkpoint="a")
    assert saved == [-3.0, -6.0]


def test_checkpoints_are_written_every_so_many_steps(saved: list[float]) -> None:
    train(MadeUp(grad=2.0), rate=1.0, checkpoint="a", checkpoint_every=2)
    assert saved == [-2.0, -3.0, -4.0, -6.0]


def test_it_stops_when_asked_and_keeps_the_weights(saved: list[float]) -> None:
    program = MadeUp()
    trained = train(
        program,
        checkpoint="a",
        stop=lambda: len(program.calls) == 2,
    )
    assert (trained.stopped, trained.history.steps, len(saved)) == (True, 2, 1)
    assert trained.history.validation == []


def test_it_ends_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    program = MadeUp()
    monkeypatch.setattr(steps.time, "monotonic", lambda: 10.0 * len(program.calls))
    trained = train(program, seconds=35.0)
    assert (trained.stopped, trained.history.steps) == (False, 4)
    assert [step for step, _ in trained.history.validation] == [3, 4]
    assert trained.history.speed == (38 + 16) / 40


def test_every_step_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    program = MadeUp()
    seen: list[tuple[int, int, int, float]] = []
    monkeypatch.setattr(steps.time, "monotonic", lambda: 10.0 * len(program.calls))

    def report(now: steps.Progress) -> None:
        seen.append((now.step, now.steps, now.epoch, round(now.fraction, 3)))

    train(program, report=report, seconds=1000)
    assert seen[0] == (1, 6, 1, 0.167)
    assert seen[3] == (4, 6, 2, 0.667)
    assert seen[-1] == (6, 6, 2, 1.0)
    seen.clear()
    program.calls.clear()
    train(program, report=report, seconds=20)
    assert seen == [(1, 6, 1, 0.5), (2, 6, 1, 1.0)]


@pytest.mark.parametrize(("level", "word"), [(math.nan, "nan"), (math.inf, "inf")])
def test_a_loss_that_is_no_number_ends_training(
    level: float, word: str, saved: list[float]
) -> None:
    program = MadeUp()
    program.level = level
    with pytest.raises(DataError) as caught:
        train(program, checkpoint="a")
    assert caught.value.code == "RNN437"
    assert str(caught.value) == (
        f"the loss is {word} at step 1: why; training diverged, and a lower rate or clipping helps"
    )
    assert saved == []


def test_too_much_memory_is_refused_before_anything_is_made() -> None:
    program = MadeUp(SPEC, k=10, m=100_000)
    with pytest.raises(DataError) as caught:
        train(program, max_memory="2GB")
    # W alone: 1e10 numbers of 4 bytes, with gradients
    assert str(caught.value) == (
        "parameters, gradients and the values of one window need at least 80 GB of memory, "
        "and 2 GB is the limit; take smaller sizes, or raise `--max-memory` "
        "(in Python `max_memory`)"
    )
    assert program.started is None
    with pytest.raises(DataError, match="at least 160 GB"):
        train(program, max_memory=2_000_000_000, optimiser="adam", momentum=0.0, rate=1)


def test_a_text_that_does_not_fit_the_model_is_refused() -> None:
    with pytest.raises(DataError, match="has 10 different characters, and `x` takes 9"):
        train(MadeUp(k=9, m=4))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("epochs", 0, "`epochs` must be at least 1, not 0"),
        ("batch", -1, "`batch` must be at least 1, not -1"),
        ("window", 0, "`window` must be at least 1, not 0"),
        ("checkpoint_every", 0, "`checkpoint_every` must be at least 1, not 0"),
        ("patience", 0, "`patience` must be at least 1, not 0"),
        ("decay_every", 0, "`decay_every` must be at least 1, not 0"),
        ("warmup", -1, "`warmup` must be at least 0, not -1"),
        ("decay", 0.0, "`decay` must be above 0 and at most 1, not 0.0"),
        ("schedule", "x", "`schedule` must be one of constant, step, exponential, cosine, not x"),
        ("seed", -1, "`seed` must be at least 0, not -1"),
        ("rate", 0.0, "`rate` must be above 0, not 0.0"),
        ("rate", math.nan, "`rate` must be above 0, not nan"),
        ("seconds", -1.0, "`seconds` must be above 0, not -1.0"),
        ("clip_norm", math.inf, "`clip_norm` must be above 0, not inf"),
        ("clip_value", 0, "`clip_value` must be above 0, not 0"),
        ("momentum", 1.0, "`momentum` must be from 0 up to but not 1, not 1.0"),
        ("validation", 1.0, "`validation` must be from 0 up to but not 1, not 1.0"),
        ("forcing", 1.5, "`forcing` must be from 0 to 1, not 1.5"),
    ],
)
def test_settings_that_make_no_sense_are_refused(name: str, value: Any, words: str) -> None:
    with pytest.raises(DataError) as caught:
        Settings(**{name: value})  # type: ignore[arg-type]
    assert (caught.value.code, str(caught.value)) == ("RNN436", words)

"""A run that is taken up again is the run that never stopped, to the last bit."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import rnndsl
from rnndsl.cli.main import cli
from rnndsl.runtime.checkpoint import read_snapshot
from rnndsl.runtime.feed import ArrayFeed
from rnndsl.text.diagnostics import DataError

LETTERS = """model letters
axis t = 1..T
size k, m = 5
input x[t]: token(k)
target y[t]: token(k)
param E: (k, m) = normal(0.5), W = orthogonal, Q, V, c, s: () = 0.5
h[t]: m = tanh(s * E[x[t]] + W @ h[t-1] + Q @ dropout(h[t-3], 0.3))
o[t] = c + V @ h[t]
loss = sum[t](cross_entropy(o[t], y[t]))
clip norm 1
"""
TAUGHT = """model taught
axis t = 1..T
size n
input x[t]: n
target y[t]: n
param W, U
o[t]: n = tanh(U @ x[t] + W @ dropout(p[t-1], 0.2))
p[t] = teach(y[t], o[t])
loss = mean[t](squared_error(o[t], y[t]))
"""
TEXT = "abcab\nbca" * 20


def letters() -> tuple[rnndsl.Program, Any, dict[str, Any]]:
    program = rnndsl.parse(LETTERS).compile(k=4)
    return program, TEXT, {"batch": 3, "window": 7, "epochs": 3}


def taught() -> tuple[rnndsl.Program, Any, dict[str, Any]]:
    program = rnndsl.parse(TAUGHT).compile(n=3)
    numbers = np.random.default_rng(0)
    data = {name: numbers.normal(size=(6, 20, 3)) for name in "xy"}
    data["lengths_t"] = np.arange(20) % 6 + 1
    return program, data, {"batch": 4, "epochs": 3, "mode": "scheduled", "forcing": 0.5}


Case = Callable[[], tuple[rnndsl.Program, Any, dict[str, Any]]]
STEPS = {letters: 8, taught: 5}  # in an epoch


def stopping(after: int) -> Callable[[], bool]:
    """Whether so many steps were done since this was made."""
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked == after

    return stop


def same(first: rnndsl.Program, path: Path, other: Path) -> None:
    """Two checkpoints are the same bytes."""
    assert path.read_bytes() == other.read_bytes()
    assert read_snapshot(path, first).facts["epoch"] == 4


@pytest.mark.parametrize("after", [3, "epoch"])
@pytest.mark.parametrize(
    "rule",
    [
        {"optimiser": "adam"},
        {"optimiser": "rmsprop"},
        {"optimiser": "sgd"},
        {"optimiser": "sgd", "momentum": 0.9},
        {"schedule": "exponential", "warmup": 6},
        {"schedule": "cosine", "patience": 9},
    ],
)
@pytest.mark.parametrize("case", [letters, taught])
def test_steps_after_a_stop_are_those_without_one(
    case: Case, rule: dict[str, Any], after: int | str, tmp_path: Path
) -> None:
    program, data, options = case()
    options = {**options, **rule, "seed": 5}
    whole = rnndsl.train(program, data, checkpoint=tmp_path / "a", **options)
    first = STEPS[case] if after == "epoch" else int(after)
    path = tmp_path / "b"
    part = rnndsl.train(program, data, checkpoint=path, stop=stopping(first), **options)
    assert (part.ended, part.history.steps) == ("interrupt", first)
    rest = rnndsl.train(program, data, checkpoint=path, resume=True, **options)
    assert whole.history.steps == rest.history.steps == 3 * STEPS[case]
    assert rest.history.losses == whole.history.losses
    assert rest.history.validation == whole.history.validation
    assert len(whole.history.validation) == 3
    for name, value in whole.params.items():
        np.testing.assert_array_equal(rest.params[name], value, strict=True)
    same(program, path, tmp_path / "a")


@pytest.mark.parametrize("case", [letters, taught])
def test_a_finished_run_goes_on_for_more_epochs(case: Case, tmp_path: Path) -> None:
    program, data, options = case()
    rnndsl.train(program, data, checkpoint=tmp_path / "a", **options)
    for epochs in (1, 2, 3, 3):
        done = rnndsl.train(
            *(program, data),
            checkpoint=tmp_path / "b",
            resume=True,
            **{**options, "epochs": epochs},
        )
        assert (done.ended, done.history.steps) == ("epochs", epochs * STEPS[case])
    same(program, tmp_path / "b", tmp_path / "a")


def test_a_run_that_the_clock_ended_goes_on(tmp_path: Path) -> None:
    program, data, options = letters()
    rnndsl.train(program, data, checkpoint=tmp_path / "a", **options)
    path = tmp_path / "b"
    part = rnndsl.train(program, data, checkpoint=path, seconds=1e-9, **options)
    assert (part.ended, part.history.steps) == ("clock", 1)
    assert len(part.history.validation) == 1
    rnndsl.train(program, data, checkpoint=path, resume=True, **options)
    same(program, path, tmp_path / "a")


def test_a_checkpoint_in_the_midst_of_an_epoch_serves(tmp_path: Path) -> None:
    program, data, options = letters()
    rnndsl.train(program, data, checkpoint=tmp_path / "a", **options)

    def fail(progress: Any) -> None:
        if progress.step == 6:
            raise KeyboardInterrupt

    path = tmp_path / "b"
    with pytest.raises(KeyboardInterrupt):
        rnndsl.train(program, data, checkpoint=path, checkpoint_every=2, report=fail, **options)
    assert read_snapshot(path, program).facts["done"] == 6
    rnndsl.train(program, data, checkpoint=path, resume=True, **options)
    same(program, path, tmp_path / "a")


def test_the_order_of_the_epoch_is_that_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, data, options = taught()
    path = tmp_path / "a"
    rnndsl.train(program, data, checkpoint=path, stop=stopping(3), **options)

    def refuse(feed: ArrayFeed, epoch: int) -> None:
        assert epoch > 1 or feed._seed is None, "it is in the file"

    monkeypatch.setattr(ArrayFeed, "order", refuse)
    with pytest.raises(TypeError):  # of the validation that follows on step 5, which has no order
        rnndsl.train(program, data, checkpoint=path, checkpoint_every=1, resume=True, **options)
    assert read_snapshot(path, program).facts["done"] == 4


def test_without_a_file_a_run_starts(tmp_path: Path) -> None:
    program, data, options = letters()
    rnndsl.train(program, data, checkpoint=tmp_path / "a", resume=True, **options)
    rnndsl.train(program, data, checkpoint=tmp_path / "b", **options)
    same(program, tmp_path / "b", tmp_path / "a")
    with pytest.raises(DataError, match="to resume, say from which `checkpoint`"):
        rnndsl.train(program, data, resume=True, **options)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rate": 0.5}, "`rate` was None when `FILE` was written, and is 0.5"),
        ({"batch": 2}, "`batch` was 3 when `FILE` was written, and is 2"),
        ({"optimiser": "sgd"}, "`optimiser` was adam when `FILE` was written, and is sgd"),
        ({"validation_data": "abc"}, "`FILE` was trained on other data: it cannot be resumed"),
    ],
)
def test_another_run_is_not_resumed(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    program, data, options = letters()
    path = tmp_path / "a"
    rnndsl.train(program, data, checkpoint=path, **options)
    before = path.read_bytes()
    with pytest.raises(DataError) as caught:
        rnndsl.train(program, data, checkpoint=path, resume=True, **{**options, **change})
    assert caught.value.code == "RNN442"
    assert words in str(caught.value).replace(str(path), "FILE")
    assert path.read_bytes() == before


def test_another_program_is_not_resumed(tmp_path: Path) -> None:
    program, data, options = letters()
    path = tmp_path / "a"
    rnndsl.train(program, data, checkpoint=path, **options)
    changed = rnndsl.parse(LETTERS.replace("0.3", "0.4")).compile(k=4)
    with pytest.raises(DataError, match="was trained with another spec"):
        rnndsl.train(changed, data, checkpoint=path, resume=True, **options)
    for sizes in ({"m": 6}, {"dtype": "float64"}):
        larger = rnndsl.parse(LETTERS).compile(k=4, **sizes)
        with pytest.raises(DataError, match="was trained with other sizes or another dtype"):
            rnndsl.train(larger, data, checkpoint=path, resume=True, **options)


def test_weights_alone_are_not_resumed(tmp_path: Path) -> None:
    program, data, options = letters()
    rnndsl.save(tmp_path / "a", program, program.init())
    with pytest.raises(DataError) as caught:
        rnndsl.train(program, data, checkpoint=tmp_path / "a", resume=True, **options)
    assert caught.value.code == "RNN443"
    assert "holds weights, but no training run to resume" in str(caught.value)


@pytest.mark.parametrize("lost", ["history.losses", "optimiser.mean.W", "optimiser.steps"])
def test_half_a_training_run_is_refused(lost: str, tmp_path: Path) -> None:
    import json

    from safetensors.numpy import load, save_file

    program, data, options = letters()
    path = tmp_path / "a"
    rnndsl.train(program, data, checkpoint=path, **options)
    whole = path.read_bytes()
    header = json.loads(whole[8 : 8 + int.from_bytes(whole[:8], "little")])
    arrays = {name: value for name, value in load(whole).items() if name != lost}
    save_file(arrays, path, header["__metadata__"])
    with pytest.raises(DataError) as caught:
        rnndsl.train(program, data, checkpoint=path, resume=True, **options)
    assert (caught.value.code, "its training run is not whole" in str(caught.value)) == (
        "RNN005",
        True,
    )


def test_the_command_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("letters.rnn").write_text(LETTERS, encoding="utf-8")
    Path("a.txt").write_text(TEXT, encoding="utf-8")

    def train(*arguments: str) -> str:
        command = ["train", "letters.rnn", "--text", "a.txt", "--batch", "3", *arguments]
        result = CliRunner().invoke(cli, command)
        assert result.exit_code == 0, result.output
        return result.stderr

    train("--epochs", "2", "-o", "a", "--quiet", "--curve", "a.svg")
    every = ("--checkpoint-every", "1", "-o", "b", "--quiet", "--curve", "b.svg", "--resume")
    assert train("--epochs", "1", *every) == "`b` is not there yet: training starts anew\n"
    assert train("--epochs", "2", *every) == ""
    assert Path("a").read_bytes() == Path("b").read_bytes()
    assert Path("a.svg").read_bytes() == Path("b.svg").read_bytes()


FOR_EVER = """
import os, sys
import rnndsl
program = rnndsl.parse(sys.argv[1]).compile(k=4)
for _ in sys.stdin:  # a run for each line, which goes on until somebody ends it
    if (child := os.fork()) == 0:
        print(os.getpid(), flush=True)
        rnndsl.train(
            program, sys.argv[2], checkpoint=sys.argv[3], resume=True, checkpoint_every=1, batch=3,
            window=7, epochs=10**9, report=lambda progress: print(progress.step, flush=True),
        )
    os.waitpid(child, 0)
    print("ended", flush=True)
"""


def killed(runs: subprocess.Popen[str], seconds: float) -> list[int]:
    """The steps that a run told of before it was killed, so long after the first."""
    assert runs.stdin is not None
    assert runs.stdout is not None
    print(file=runs.stdin, flush=True)
    child, steps = int(runs.stdout.readline()), [int(runs.stdout.readline())]
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    for line in iter(lambda: runs.stdout.readline().strip() if runs.stdout else "", "ended"):
        if line.endswith("ended"):  # the last line was cut off
            break
        steps.append(int(line))
    return steps


def kill_and_resume(path: Path, times: int) -> None:
    """Kill a run at random moments; it must go on from a whole file every time."""
    program, data, options = letters()
    moments, reached = random.Random(0), 0
    command = [sys.executable, "-c", FOR_EVER, LETTERS, TEXT, str(path)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as runs:
        for _ in range(times):
            steps = killed(runs, moments.random() * 0.1)
            assert steps[0] > reached
            if not path.exists():
                continue
            found = len(rnndsl.restore(path).params), read_snapshot(path, program)
            assert found[0] == 6
            written = len(found[1].arrays["history.losses"])
            # at most one write was cut off
            assert reached <= written
            assert written >= steps[-1] - 1
            reached = written
    epochs = read_snapshot(path, program).facts["epoch"] + 1
    for name, resume in ((path, True), (path.with_name("straight"), False)):
        rnndsl.train(program, data, checkpoint=name, resume=resume, **{**options, "epochs": epochs})
    assert path.read_bytes() == path.with_name("straight").read_bytes()


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs `fork` and signals")


@needs_fork
def test_a_run_that_is_killed_goes_on(tmp_path: Path) -> None:
    kill_and_resume(tmp_path / "a", 3)


@pytest.mark.long
@needs_fork
def test_a_run_that_is_killed_a_hundred_times_goes_on(tmp_path: Path) -> None:
    kill_and_resume(tmp_path / "a", 100)

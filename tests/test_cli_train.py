"""`rnndsl compile`, `gradcheck`, `train` and `generate`, on a model small enough for a test."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from rnndsl.cli.main import cli
from rnndsl.driver import parse
from rnndsl.runtime.checkpoint import save
from rnndsl.runtime.compile import compile_model

SPEC = """model letters "Letters <b>"
axis t = 1..T
size k, m = 5
input x[t]: token(k)
target y[t]: token(k)
param E: (k, m) = normal(0.5), W, V, c
h[t]: m = tanh(E[x[t]] + W @ h[t-1])
o[t] = c + V @ h[t]
loss = sum[t](cross_entropy(o[t], y[t]))
clip norm 5
"""
TEXT = "abcab\n" * 40
QUICK = ("--epochs", 15, "--batch", 4, "--window", 6, "--rate", 0.05)
COMMAND = [sys.executable, "-c", "from rnndsl.cli.main import main; main()"]


def run(*arguments: object, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(cli, [str(item) for item in arguments], input=stdin)


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("letters.rnn").write_text(SPEC, encoding="utf-8")
    Path("a.txt").write_text(TEXT, encoding="utf-8")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    (folder / "letters.rnn").write_text(SPEC, encoding="utf-8")
    (folder / "a.txt").write_text(TEXT, encoding="utf-8")
    path = folder / "letters.safetensors"
    result = run("train", folder / "letters.rnn", "--text", folder / "a.txt", *QUICK, "-o", path)
    assert result.exit_code == 0, result.output
    return path


def test_a_module_is_written_or_printed() -> None:
    result = run("compile", "letters.rnn", "-o", "letters.py", "--size", "m=3")
    assert (result.exit_code, result.output) == (0, "")
    printed = run("compile", "-", "--size", "m=3", stdin=SPEC)
    assert printed.exit_code == 0
    assert "def loss_and_grads(" in printed.stdout
    written = Path("letters.py").read_text(encoding="utf-8")
    assert compile(written, "letters.py", "exec")
    assert sorted(os.listdir()) == ["a.txt", "letters.py", "letters.rnn"]


def test_every_level_and_dtype_compiles() -> None:
    texts = {
        (level, dtype): run("compile", "letters.rnn", "-O", level, "--dtype", dtype).stdout
        for level in (0, 1, 2)
        for dtype in ("float32", "float64")
    }
    assert all("def forward(" in text for text in texts.values())
    assert texts[0, "float32"] != texts[1, "float32"]
    assert texts[0, "float32"] != texts[0, "float64"]


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--target", "native", "the target `native` waits for a later version; `numpy` is there"),
        ("--target", "cupy", "the target `cupy` waits for a later version; `numpy` is there"),
    ],
)
def test_what_comes_later_has_a_word(option: str, value: str, words: str) -> None:
    result = run("compile", "letters.rnn", "-o", "a.py", option, value)
    assert (result.exit_code, result.stderr) == (1, f"error[RNN602]: {words}\n\n")
    assert not Path("a.py").exists()


def test_nothing_is_written_of_a_spec_at_fault() -> None:
    Path("bad.rnn").write_text(SPEC.replace("h[t-1]", "g[t-1]"), encoding="utf-8")
    result = run("compile", "bad.rnn", "-o", "bad.py")
    assert result.exit_code == 1
    assert "--> bad.rnn:7:" in result.stderr
    assert not Path("bad.py").exists()


def test_the_spec_is_not_written_over() -> None:
    result = run("compile", "letters.rnn", "-o", "letters.rnn")
    assert result.exit_code == 1
    assert result.stderr == ("error[RNN004]: `letters.rnn` is read here; write to another file\n\n")
    assert Path("letters.rnn").read_text(encoding="utf-8") == SPEC


def test_a_size_beyond_the_memory_is_not_compiled() -> None:
    result = run("compile", "letters.rnn", "--size", "m=1000000", "--max-memory", "1GB")
    assert result.exit_code == 1
    assert result.stderr.startswith(
        "error[RNN501]: the parameters of `letters` need at least 4 TB of memory, "
        "and 1 GB is the limit"
    )


@pytest.mark.parametrize(
    "arguments",
    [["compile"], ["draw"], ["draw", "--unfold", 2], ["gradcheck"], ["train", "--text", "a.txt"]],
)
def test_a_size_that_there_is_not_is_refused(arguments: list[object]) -> None:
    before = sorted(os.listdir())
    result = run(*arguments, "letters.rnn", "--size", "z=3")
    assert result.exit_code == 1
    assert result.stderr.startswith("error[RNN403]: ")
    assert "size" in result.stderr
    assert sorted(os.listdir()) == before


def test_gradients_are_checked() -> None:
    result = run("gradcheck", "letters.rnn")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == [
        *("name", "role", "shape", "largest", "complex", "steps", "differences"),
    ]
    assert [line.split()[0] for line in lines[1:-1]] == ["E", "W", "V", "c"]
    assert lines[-1] == "all gradients agree"


def test_training_learns_the_text_and_says_so(trained: Path) -> None:
    result = run("train", "letters.rnn", "--text", "a.txt", *QUICK)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("loss 0.")
    assert "validation 0." in lines[0]
    assert lines[0].endswith(" characters/s")
    assert lines[1:] == ["weights: letters.safetensors", "curve: letters-loss.svg"]
    assert result.stderr.startswith("step 1, epoch 1: loss 1.")
    assert "Letters &lt;b&gt;" in Path("letters-loss.svg").read_text(encoding="utf-8")
    assert sorted(os.listdir()) == [
        *("a.txt", "letters-loss.svg", "letters.rnn", "letters.safetensors"),
    ]
    # the same command, the same bytes
    assert Path("letters.safetensors").read_bytes() == trained.read_bytes()


@pytest.mark.parametrize("quiet", [False, True])
def test_a_terminal_gets_a_bar_unless_quiet(quiet: bool) -> None:
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    command = [*COMMAND, "train", "letters.rnn", "--text", "a.txt", "--epochs", "3"]
    command += ["--quiet"] if quiet else []
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=slave, env=env) as child:
        os.close(slave)
        shown = b""
        with suppress(OSError):  # the other end is closed
            while part := os.read(master, 10_000):
                shown += part
        assert child.wait() == 0
    os.close(master)
    if quiet:
        assert shown == b""
        return
    assert b"training" in shown
    assert b"100%" in shown
    assert b" characters/s" in shown
    assert b"step 1, " not in shown


def test_quiet_says_results_only() -> None:
    result = run("train", "letters.rnn", "--text", "a.txt", "--epochs", 1, "--quiet")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("loss ")


def test_the_text_may_come_from_standard_input() -> None:
    result = run("train", "letters.rnn", "--text", "-", "--epochs", 1, "--quiet", stdin=TEXT)
    assert result.exit_code == 0
    result = run("train", "-", "--text", "a.txt", "--epochs", 1, "--quiet", stdin=SPEC)
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--text", "b.txt"], "RNN001]: there is no file `b.txt`"),
        (["--text", "."], "RNN001]: `.` is a folder, not a file"),
        (["--text", "latin.txt"], "RNN002]: `latin.txt` is not a text file in UTF-8"),
        (
            ["--text", "empty.txt"],
            (
                "RNN430]: the text has no characters; to predict the next one from each takes "
                "at least 2"
            ),
        ),
        (
            ["--text", "a.txt", "-o", "a.txt"],
            "RNN004]: `a.txt` is read here; write to another file",
        ),
        (
            ["--text", "a.txt", "-o", "no/a"],
            "RNN003]: cannot write `no/a`: there is no such folder",
        ),
        (
            ["--text", "a.txt", "--curve", "a.gif"],
            "RNN008]: `a.gif` names no picture: it must end in .svg, .png, .pdf",
        ),
        (
            ["--text", "a.txt", "--size", "k=3"],
            "RNN433]: the text has 4 different characters, and `x` takes 3 (`token(k)`)",
        ),
        (
            ["--text", "a.txt", "--rate", "nan"],
            "RNN436]: `rate` must be above 0, not nan",
        ),
        (
            ["--text", "a.txt", "--max-memory", "10kB", "--size", "m=1000"],
            (
                "RNN501]: parameters, gradients and the values of one window need at least "
                "32.6 MB of memory, and 10 kB is the limit; take smaller sizes, or raise "
                "`--max-memory` (in Python `max_memory`)"
            ),
        ),
        (
            ["--text", "a.txt", "--max-memory", "1kB"],
            (
                "RNN501]: the characters and tokens of the text need at least 2.16 kB of memory, "
                "and 1 kB is the limit; take smaller sizes, or raise `--max-memory` "
                "(in Python `max_memory`)"
            ),
        ),
    ],
)
def test_what_cannot_be_trained_is_refused(arguments: list[str], words: str) -> None:
    Path("latin.txt").write_bytes(b"caf\xe9")
    Path("empty.txt").touch()
    before = sorted(os.listdir())
    result = run("train", "letters.rnn", *arguments)
    assert (result.exit_code, result.stderr) == (1, f"error[{words}\n\n")
    assert sorted(os.listdir()) == before


def test_training_that_diverges_is_stopped() -> None:
    result = run("train", "letters.rnn", "--text", "a.txt", "--rate", "1e38", "--optimiser", "sgd")
    assert result.exit_code == 1
    assert re.search(r"error\[RNN437\]: the loss is (nan|inf) at step ", result.stderr)
    assert not Path("letters.safetensors").exists()


def test_ctrl_c_keeps_the_weights() -> None:
    command = [*COMMAND, "train", "letters.rnn", "--text", "a.txt", "--epochs", "1000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stderr is not None
        assert child.stderr.readline().startswith(b"step 1, ")
        time.sleep(0.2)
        child.send_signal(signal.SIGINT)
        output, errors = child.communicate(timeout=60)
    assert child.returncode == 130
    assert b"; the weights are kept\n" in errors
    assert b"Traceback" not in errors
    assert b"weights: letters.safetensors" in output
    assert run("generate", "letters.safetensors", "--length", 3).exit_code == 0


def test_a_trained_model_goes_on_with_the_prompt(trained: Path) -> None:
    result = run("generate", trained, "--prompt", "\nab", "--length", 10, "--greedy")
    assert (result.exit_code, result.output) == (0, "\nabcab\nabcab\n\n")


def test_the_same_seed_draws_the_same_text(trained: Path) -> None:
    hot = ("generate", trained, "--length", 60, "--temperature", 3)
    first, again = run(*hot, "--seed", 1).output, run(*hot, "--seed", 1).output
    assert first == again
    assert len(first) == 61
    assert first != run(*hot, "--seed", 2).output
    assert run(*hot, "--length", 0).output == "\n"


def test_an_unknown_character_in_the_prompt_is_named(trained: Path) -> None:
    result = run("generate", trained, "--prompt", "abz")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == (
        "error[RNN431]: the model does not know the character 'z': "
        "it is not in the text that the model was trained on\n\n"
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("none", "RNN001]: there is no file `none`"),
        (".", "RNN001]: `.` is a folder, not a file"),
        ("a.txt", "RNN005]: `a.txt` is not a checkpoint (a safetensors file)"),
    ],
)
def test_what_is_no_checkpoint_is_refused(name: str, words: str) -> None:
    result = run("generate", name)
    assert (result.exit_code, result.stderr) == (1, f"error[{words}\n\n")


def test_weights_without_an_alphabet_know_no_characters() -> None:
    program = compile_model(parse(SPEC), k=4)
    save("a.safetensors", program, program.init())
    result = run("generate", "a.safetensors", "--prompt", "abc")
    assert (result.exit_code, result.stderr) == (
        1,
        (
            "error[RNN439]: the prompt is 'abc'; this model knows no characters, only tokens: "
            "`3 1 4`\n\n"
        ),
    )


def test_weights_beyond_the_memory_are_not_read(trained: Path) -> None:
    result = run("generate", trained, "--max-memory", "1kB")
    assert result.exit_code == 1
    assert result.stderr.startswith("error[RNN501]: the weights need at least ")


def test_a_size_that_data_do_not_tell(tmp_path: Path) -> None:
    (tmp_path / "a.rnn").write_text(
        "axis t = 1..T\nsize n, k\ninput x[t]: n\ntarget y[t]: token(k)\nparam W\n"
        "loss = sum[t](cross_entropy(W @ x[t], y[t]))\n"
    )
    np.savez(tmp_path / "a.npz", x=np.ones((2, 3, 4)), y=np.zeros((2, 3), int))
    words = ("train", tmp_path / "a.rnn", "--data", tmp_path / "a.npz", "--epochs", 1, "--quiet")
    result = run(*words, "-o", tmp_path / "a.safetensors")
    said = "error[RNN401]: the data do not tell the size `k`: give it, `--size k=32`\n\n"
    assert (result.exit_code, result.stderr) == (1, said)
    assert run(*words, "-o", tmp_path / "a.safetensors", "--size", "k=5").exit_code == 0

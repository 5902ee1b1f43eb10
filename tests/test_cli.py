"""The command line: what it says, where, and with which exit status."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

import rnndsl
from rnndsl import gallery
from rnndsl.cli import main as main_module
from rnndsl.cli.main import COMMANDS, cli
from rnndsl.cli.options import use_threads
from rnndsl.cli.show import coloured, printable

GOOD = """
axis t = 1..T
size n, m = 4
input x[t]: n
param W, U
h[t]: m = tanh(W @ h[t-1] + U @ x[t])
loss = sum[t](squared_error(h[t], 0))
"""
COMMAND = [sys.executable, "-c", "from rnndsl.cli.main import main; main()"]


def run(*arguments: object, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(cli, [str(item) for item in arguments], input=stdin)


def process(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        **options,
    )


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.rnn"
    path.write_text(GOOD)
    return path


def test_help_names_every_command() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in result.output
        assert run(name, "--help").exit_code == 0


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from rnndsl.cli.main import cli\n"
        "cli(['--help'], standalone_mode=False)\n"
        "heavy = {'numpy', 'networkx', 'lark', 'rich', 'safetensors', 'graphviz', 'matplotlib'}\n"
        "print('heavy:', sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("heavy: []\n")


def test_the_version_is_said() -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout == f"rnndsl {rnndsl.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["--nothing"],
        ["check"],
        ["check", "--max-memory", "many", "a.rnn"],
        ["compile", "a.rnn", "--size", "m"],
        ["compile", "a.rnn", "-O", "3"],
        ["train", "a.rnn"],
        ["train", "a.rnn", "--text", "b.txt", "--rate", "0"],
        ["train", "-", "--text", "-"],
        ["train", "a.rnn", "--text", "b.txt", "-o", "-"],
        ["train", "a.rnn", "--text", "b.txt", "--curve", "-"],
        ["train", "a.rnn", "--text", "b.txt", "--threads", "0"],
        ["generate", "a", "--temperature", "0"],
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Usage: ")


@pytest.mark.parametrize("size", ["m", "m=", "=3", "m=0", "m=-1", "m=1.5", "m=x", "1=2", "µ=2"])
def test_sizes_are_pairs(size: str) -> None:
    result = run("compile", "a.rnn", "--size", size)
    assert result.exit_code == 2
    assert f"Error: Invalid value for '--size': `{size}` is not of the form m=256" in result.stderr


def test_one_size_has_one_number(good: Path) -> None:
    result = run("compile", good, "--size", "m=3", "--size", "m=4")
    assert result.exit_code == 2
    assert "Error: size `m` is given twice: 3 and 4" in result.stderr


def test_memory_is_an_amount() -> None:
    result = run("check", "a.rnn", "--max-memory", "two")
    assert result.exit_code == 2
    assert (
        "Error: Invalid value for '--max-memory': `two` is no amount of memory; "
        "write one as `2GB`, `512MiB` or `100000`" in result.stderr
    )


def test_a_sound_spec_is_fine(good: Path) -> None:
    result = run("check", good)
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{good}: fine\n", "")


def test_a_spec_may_come_from_standard_input() -> None:
    result = run("check", "-", stdin=GOOD)
    assert (result.exit_code, result.stdout) == (0, "<stdin>: fine\n")
    result = run("check", "-", stdin=b"\xff")
    assert result.exit_code == 1
    assert result.stderr == "error[RNN002]: standard input is not a text file in UTF-8\n\n"


def test_warnings_do_not_fail(tmp_path: Path) -> None:
    path = tmp_path / "a.rnn"
    path.write_text(GOOD + "param lonely: m\n")
    result = run("check", path)
    assert (result.exit_code, result.stdout) == (0, f"{path}: 1 warning\n")
    assert result.stderr.startswith("warning[RNN7")
    assert f"--> {path}:8:7\n" in result.stderr


def test_every_diagnostic_of_every_file_is_shown(tmp_path: Path, good: Path) -> None:
    first, second = tmp_path / "a.rnn", tmp_path / "b.rnn"
    first.write_text("axis t = 1..T\nsize m\nh[t]: m = tanh(W @ h[t-1])\ng[t] = nothing + h[t]\n")
    second.write_text(GOOD.replace("h[t-1]", "h[t]"))
    result = run("check", first, second, tmp_path / "c.rnn", good)
    assert result.exit_code == 1
    assert result.stdout == f"{good}: fine\n"
    assert f"--> {first}:3:" in result.stderr
    assert f"--> {first}:4:" in result.stderr
    assert f"--> {second}:6:" in result.stderr
    assert f"error[RNN001]: there is no file `{tmp_path / 'c.rnn'}`\n" in result.stderr
    assert "error[RNN2" in result.stderr


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("folder", None, "error[RNN001]: `{}` is a folder, not a file\n\n"),
        ("binary", b"\x89PNG\r\n\x1a\n", "error[RNN002]: `{}` is not a text file in UTF-8\n\n"),
        ("null", b"axis\0", "error[RNN002]: `{}` is not a text file in UTF-8\n\n"),
    ],
)
def test_what_is_no_spec_is_refused(
    tmp_path: Path, name: str, data: bytes | None, words: str
) -> None:
    path = tmp_path / name
    path.mkdir() if data is None else path.write_bytes(data)
    result = run("check", path)
    assert (result.exit_code, result.stderr) == (1, words.format(path))


def test_sizes_beyond_the_memory_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.rnn"
    path.write_text(GOOD.replace("m = 4", "m = 1000000000"))
    limited = run("check", path, "--max-memory", "2GB")
    assert limited.exit_code == 1
    assert limited.stderr == (
        "error[RNN501]: the parameters of `large` need at least 4 EB of memory, "
        "and 2 GB is the limit; take smaller sizes, or raise `--max-memory` "
        "(in Python `max_memory`)\n\n"
    )
    free = run("check", path)
    assert free.exit_code == 1
    assert free.stderr.startswith("error[RNN501]: the parameters of `large` need at least 4 EB")


def test_the_gallery_is_listed() -> None:
    result = run("specs")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines[:-2]] == list(gallery.specs())
    assert any(line.startswith("lstm ") and "10.40" in line for line in lines)
    assert lines[-1] == f"the files: {gallery.folder('specs')}"


def fail_with(problem: BaseException) -> Callable[..., None]:
    def callback(*_: object) -> None:
        raise problem

    return callback


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Makes the command `specs` fail in some way."""

    def prepare(problem: BaseException) -> None:
        command = click.Command("specs", callback=fail_with(problem))
        monkeypatch.setattr(main_module.Root, "get_command", lambda *_: command)

    return prepare


@pytest.mark.parametrize(
    ("problem", "status", "words"),
    [
        (
            KeyError("x\n\x1b[1m"),
            70,
            (
                "internal error: KeyError: 'x\\n\\x1b[1m'; this is a fault of ours, "
                "and `rnndsl --traceback …` shows where\n"
            ),
        ),
        (
            ValueError("one\ntwo"),
            70,
            (
                "internal error: ValueError: one two; this is a fault of ours, "
                "and `rnndsl --traceback …` shows where\n"
            ),
        ),
        (
            RecursionError(),
            70,
            (
                "internal error: RecursionError: no more is known; this is a fault of ours, "
                "and `rnndsl --traceback …` shows where\n"
            ),
        ),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (BrokenPipeError(32, "Broken pipe"), 141, ""),
        (MemoryError(), 1, "error[RNN503]: not enough memory: none is left\n\n"),
        (
            MemoryError("Unable to allocate 9 TiB"),
            1,
            "error[RNN503]: not enough memory: Unable to allocate 9 TiB\n\n",
        ),
        (
            OSError(28, "No space left on device"),
            1,
            "error[RNN009]: the system refuses: no space left on device\n\n",
        ),
        (
            PermissionError(13, "Permission denied", "a"),
            1,
            "error[RNN009]: the system refuses `a`: permission denied\n\n",
        ),
    ],
)
def test_whatever_happens_has_words_and_a_status(
    failing: Callable[[BaseException], None], problem: BaseException, status: int, words: str
) -> None:
    failing(problem)
    result = run("specs")
    assert (result.exit_code, result.stderr) == (status, words)


def test_a_traceback_only_when_asked_for(failing: Callable[[BaseException], None]) -> None:
    failing(ZeroDivisionError("oh"))
    assert "Traceback" not in run("specs").output
    result = run("--traceback", "specs")
    assert result.exit_code == 70
    assert result.stderr.startswith("Traceback (most recent call last):\n")
    assert "internal error: ZeroDivisionError: oh; " in result.stderr


def test_nobody_reads_the_output() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*COMMAND, "specs"], stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_full_disk_is_no_fault_of_ours() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    spec = str(gallery.specs()["dynamical_system"])
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    for arguments in (["specs"], ["draw", spec, "-o", "-", "--format", "dot"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [*COMMAND, *arguments], stdout=full, stderr=subprocess.PIPE, env=env
            )
        assert done.returncode == 1
        assert done.stderr == b"error[RNN009]: the system refuses: no space left on device\n\n"


def test_names_that_steer_a_terminal_are_written_out(tmp_path: Path) -> None:
    result = run("check", tmp_path / "a\x1b[31m\nb.rnn")
    assert result.exit_code == 1
    assert "\x1b" not in result.stderr
    assert r"a\x1b[31m" in result.stderr
    assert printable("a\tb\r\u202e\udc80é\n") == "a    b\\r\\u202e\\udc80é\n"


def test_a_stream_without_unicode_is_written_to(tmp_path: Path) -> None:
    path = tmp_path / "a.rnn"
    path.write_text(GOOD + "ŷ\n", encoding="utf-8")
    done = process("check", path, env={**os.environ, "PYTHONIOENCODING": "latin-1"})
    assert done.returncode == 1
    assert "8 | \\u0177" in done.stderr
    sound = tmp_path / "ŷ.rnn"
    sound.write_text(GOOD)
    done = process("check", sound, env={**os.environ, "PYTHONIOENCODING": "latin-1"})
    assert done.returncode == 0
    assert done.stdout.endswith("\\u0177.rnn: fine\n")
    assert "Traceback" not in done.stderr


THREADS = (
    *("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"),
    "VECLIB_MAXIMUM_THREADS",
)


def test_products_use_one_thread_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in THREADS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    use_threads(None)
    assert [os.environ[name] for name in THREADS] == ["1", "3", "1", "1"]
    use_threads(4)
    assert [os.environ[name] for name in THREADS] == ["4"] * 4


@pytest.mark.parametrize("command", ["train", "generate", "gradcheck"])
def test_threads_are_set_before_numpy_is_imported(command: str) -> None:
    """Later they would have no effect."""
    more = "'--text', 'b.txt'" if command == "train" else ""
    code = (
        "import sys\n"
        "import rnndsl.cli.options as options\n"
        f"import rnndsl.cli.{command} as module\n"
        "seen = []\n"
        "module.use_threads = lambda count: seen.append('numpy' in sys.modules)\n"
        "from rnndsl.cli.main import cli\n"
        "try:\n"
        f"    cli(['{command}', 'none', {more}])\n"
        "finally:\n"
        "    print(seen)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "[False]\n")


PLAIN = """error[RNN203]: `h` needs itself
  --> gru.rnn:11:15
   |
11 | h[t] = z[t]
   | ---- defines h
   |        ^^^^ reads z
   |
   = help: write `h[t-1]`

warning[RNN701]: unused"""


def test_colours_change_no_character() -> None:
    shown = coloured(PLAIN)
    assert click.unstyle(shown) == PLAIN
    assert shown.startswith("\x1b[31m\x1b[1merror[RNN203]\x1b[0m")
    assert "\x1b[33m\x1b[1mwarning[RNN701]" in shown
    assert "\x1b[31m\x1b[1m^^^^ reads z" in shown
    assert "\x1b[34m\x1b[1m---- defines h" in shown


def test_a_terminal_gets_colours_unless_no_color(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    for more, wanted in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        master, slave = pty.openpty()
        env = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
        subprocess.run(
            [*COMMAND, "check", str(tmp_path / "a")],
            stderr=slave,
            env={**env, "TERM": "xterm", **more},
            timeout=60,
            check=False,
        )
        os.close(slave)
        assert (b"\x1b[31m" in os.read(master, 10_000)) is wanted
        os.close(master)

"""A small shell for transcripts: pipes, files in and out, `$?`, and `rnndsl` without a new process.

Everything but `rnndsl` and a few words of its own is a program of the machine. What a command
writes to standard output and to standard error is told together, as on a terminal.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from click.testing import CliRunner

from rnndsl.cli.main import cli

ROOT = Path(__file__).resolve().parent.parent
BY_HAND = {
    "source .venv/bin/activate": "tools/environment.py",
    "python3 examples/first_model.py": "examples/first_model.py",
    "python3 tests/run.py": "tests/run.py",
    "bash .ci/run": ".ci/run",
}
"""What sets up an environment or takes minutes is not run, but there."""
BREAKS = ("|", "<", ">")
ASSIGNMENT = re.compile(r"\w+=")


@dataclass
class _Stage:
    """One program of a pipe, with the files that it reads and writes."""

    words: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    source: str | None = None
    target: str | None = None


@dataclass
class Shell:
    """The folder that commands run in, and the status of the last one."""

    folder: Path
    status: int = 0

    def run(self, line: str) -> str:
        """All that a line prints."""
        if line in BY_HAND:
            assert (ROOT / BY_HAND[line]).exists()
            return ""
        if line == "echo $?":
            return f"{self.status}\n"
        told, data = "", b""
        *before, last = _stages(line)
        for stage in before:
            data, said, _ = self._one(stage, data)
            told += said
        data, said, both = self._one(last, data)
        if last.target is None:
            return told + both
        (self.folder / last.target).write_bytes(data)
        return told + said

    def _one(self, stage: _Stage, data: bytes) -> tuple[bytes, str, str]:
        """What one program writes to standard output, to standard error, and both together."""
        if stage.source is not None:
            data = (self.folder / stage.source).read_bytes()
        program, *arguments = stage.words
        if "--seconds" in arguments:  # training by the clock is cut short
            arguments[arguments.index("--seconds") + 1] = "0.5"
        if program == "rnndsl":
            runner = CliRunner(env=stage.environment)
            result = runner.invoke(cli, arguments, input=data, prog_name="rnndsl")
            self.status = result.exit_code
            return result.stdout_bytes, result.stderr, result.output
        done = subprocess.run(
            [sys.executable if program.startswith("python") else program, *arguments],
            input=data,
            capture_output=True,
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **stage.environment},
            check=False,
        )
        self.status = done.returncode
        said = done.stderr.decode("utf-8")
        return done.stdout, said, said + done.stdout.decode("utf-8")


def _stages(line: str) -> list[_Stage]:
    """The programs of a line, from left to right."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|<>")
    lexer.whitespace_split = True
    lexer.commenters = ""
    found, into = [_Stage()], ""
    for word in lexer:
        if word == "|":
            found.append(_Stage())
        elif word in BREAKS:
            into = word
        elif into:
            setattr(found[-1], {"<": "source", ">": "target"}[into], word)
            into = ""
        elif not found[-1].words and ASSIGNMENT.match(word):
            name, _, value = word.partition("=")
            found[-1].environment[name] = value
        else:
            found[-1].words.append(word)
    return found

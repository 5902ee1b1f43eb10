"""The command `rnndsl`: its group, and what every command owes when something goes wrong.

Exit status: 0 fine, 1 the spec or the data is at fault, 2 wrong usage, 70 a fault of ours,
130 interrupted, 141 nobody reads the output any more. Commands live in modules of their names
and import what is heavy only when they run.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from contextlib import suppress
from typing import Any, NoReturn

import click

from rnndsl.cli.show import note, printable, show_problem
from rnndsl.text.diagnostics import DataError, SpecError

FAULT, OURS, INTERRUPTED, UNREAD = 1, 70, 130, 141
COMMANDS = (
    *("check", "compile", "draw", "explain", "summary", "fmt"),
    *("gradcheck", "train", "evaluate", "predict", "generate", "specs", "new"),
)


class Root(click.Group):
    """The group: finds commands by name and turns what they raise into words and a status."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which one meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, from the module of its name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"rnndsl.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; leave with a status of `FAULT`, `OURS`, … where it fails."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except (click.ClickException, click.exceptions.Exit):
            raise
        except (Exception, KeyboardInterrupt, click.Abort) as problem:
            if ctx.params.get("traceback"):
                click.echo(printable(traceback.format_exc()), err=True)
            _leave(ctx, problem)


def _leave(ctx: click.Context, problem: BaseException) -> NoReturn:
    """Say what went wrong in words and exit with its status."""
    match problem:
        case SpecError() | DataError():
            show_problem(problem)
            ctx.exit(FAULT)
        case KeyboardInterrupt() | click.Abort():
            note("interrupted")
            ctx.exit(INTERRUPTED)
        case BrokenPipeError():
            _discard_output()
            ctx.exit(UNREAD)
        case MemoryError():
            show_problem(
                DataError(f"not enough memory: {str(problem) or 'none is left'}", "RNN503")
            )
            ctx.exit(FAULT)
        case OSError():
            named = f" `{problem.filename}`" if problem.filename else ""
            reason = (problem.strerror or str(problem)).lower()
            _discard_output()
            show_problem(DataError(f"the system refuses{named}: {reason}", "RNN009"))
            ctx.exit(FAULT)
    words = " ".join(str(problem).split()) or "no more is known"
    note(
        f"internal error: {type(problem).__name__}: {words}; this is a fault of ours, "
        "and `rnndsl --traceback …` shows where"
    )
    ctx.exit(OURS)


def _discard_output() -> None:
    """Drop what standard output does not take: the interpreter tries once more at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _show_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from rnndsl import __version__

        click.echo(f"rnndsl {__version__}")
        ctx.exit()


@click.group(
    cls=Root,
    context_settings={"help_option_names": ["--help", "-h"]},
    epilog="`-` in place of a file reads standard input. Exit status: 0 fine, 1 the spec or the "
    "data is at fault, 2 wrong usage, 70 a fault of ours.",
)
@click.option("--traceback", is_flag=True, help="Show Python's traceback with every error.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def cli(traceback: bool) -> None:
    """Recurrent networks from their equations: check, draw, compile, train and run them."""
    del traceback  # read by `Root.invoke`
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def main() -> None:
    """The entry point."""
    cli(prog_name="rnndsl")

"""`rnndsl check`: every diagnostic of every spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rnndsl.cli.options import json_option, memory_option

if TYPE_CHECKING:
    from rnndsl.text.diagnostics import Diagnostic
    from rnndsl.text.source import Source


@click.command("check")
@click.argument("specs", metavar="SPEC…", nargs=-1, required=True)
@memory_option
@json_option
@click.pass_context
def command(
    ctx: click.Context, specs: tuple[str, ...], max_memory: int | None, as_json: bool
) -> None:
    """Parse, infer and check specs; say all that is wrong."""
    from rnndsl.cli.show import problem_data, say, say_json, show_warnings

    failed = False
    answers: list[object] = []
    for spec in specs:
        name, found, source = _checked(spec, max_memory)
        is_fine = not any(item.is_error for item in found)
        failed |= not is_fine
        if as_json:
            told = [problem_data(item, source) for item in found]
            answers.append({"spec": name, "fine": is_fine, "diagnostics": told})
            continue
        show_warnings(found, source)
        if is_fine:
            number = len(found)
            words = "fine" if not number else f"{number} warning{'s' if number > 1 else ''}"
            say(f"{name}: {words}")
    if as_json:
        say_json(answers)
    if failed:
        ctx.exit(1)


def _checked(
    spec: str, max_memory: int | None
) -> tuple[str, tuple[Diagnostic, ...], Source | None]:
    """A spec's name, all that is to be said of it, and the text that this refers to."""
    from rnndsl.cli.reading import STDIN, parse_model
    from rnndsl.driver import warnings
    from rnndsl.model.sizes import known_sizes
    from rnndsl.runtime.memory import require
    from rnndsl.runtime.memory_model import parameter_bytes
    from rnndsl.text.diagnostics import DataError, SpecError, error

    name = STDIN if spec == "-" else spec
    try:
        model = parse_model(spec)
    except SpecError as problem:
        return name, problem.diagnostics, problem.source
    except DataError as problem:
        return name, (error(problem.code, str(problem)),), None
    found = warnings(model)
    try:
        needed = parameter_bytes(model, known_sizes(model, {}))
        require(needed, max_memory, f"the parameters of `{model.name}`")
    except DataError as problem:
        return name, (*found, error(problem.code, str(problem))), model.source
    return name, found, model.source

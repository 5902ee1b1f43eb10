"""`rnndsl check`: every diagnostic of every spec."""

from __future__ import annotations

import click

from rnndsl.cli.options import memory_option


@click.command("check")
@click.argument("specs", metavar="SPEC…", nargs=-1, required=True)
@memory_option
@click.pass_context
def command(ctx: click.Context, specs: tuple[str, ...], max_memory: int | None) -> None:
    """Parse, infer and check specs; say all that is wrong."""
    from rnndsl.cli.reading import read_model
    from rnndsl.cli.show import say, show_problem
    from rnndsl.runtime.memory import require
    from rnndsl.runtime.memory_model import known_sizes, parameter_bytes
    from rnndsl.text.diagnostics import DataError, SpecError

    failed = 0
    for spec in specs:
        try:
            model = read_model(spec)
            needed = parameter_bytes(model, known_sizes(model, {}))
            require(needed, max_memory, f"the parameters of `{model.name}`")
        except (SpecError, DataError) as problem:
            show_problem(problem)
            failed += 1
            continue
        number = len(model.warnings)
        found = "fine" if not number else f"{number} warning{'s' if number > 1 else ''}"
        say(f"{model.source.name}: {found}")
    if failed:
        ctx.exit(1)

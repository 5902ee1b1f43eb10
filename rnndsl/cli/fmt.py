"""`rnndsl fmt`: one canonical layout."""

from __future__ import annotations

import click


@click.command("fmt", short_help="Lay specs out in the canonical way.")
@click.argument("specs", metavar="SPEC…", nargs=-1, required=True)
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail where it would.")
@click.pass_context
def command(ctx: click.Context, specs: tuple[str, ...], only_check: bool) -> None:
    """Lay specs out in the canonical way, in place; what a model means does not change.

    `-` reads standard input and writes to standard output. A file with syntax errors stays as it
    is.
    """
    from rnndsl.cli.show import show_problem
    from rnndsl.text.diagnostics import DataError, SpecError

    failed = False
    for spec in specs:
        try:
            failed |= _format(spec, only_check)
        except (SpecError, DataError) as problem:
            show_problem(problem)
            failed = True
    if failed:
        ctx.exit(1)


def _format(spec: str, only_check: bool) -> bool:
    """Lay out one spec; whether that was only to be checked and something would change."""
    from rnndsl.cli.reading import STDIN, read_stdin
    from rnndsl.cli.show import say
    from rnndsl.cli.writing import write_result
    from rnndsl.model.load import read_source, text_source
    from rnndsl.syntax.formatter import format_source
    from rnndsl.text.files import read_bytes

    is_stdin = spec == "-"
    before = read_stdin() if is_stdin else ""
    source = text_source(before, STDIN) if is_stdin else read_source(spec)
    after = format_source(source)
    changes = before != after if is_stdin else read_bytes(spec) != after.encode("utf-8")
    if only_check:
        if changes:
            say(f"{source.name}: would be laid out otherwise")
        return changes
    if is_stdin or changes:
        write_result(spec, after)
    if changes and not is_stdin:
        say(f"{source.name}: laid out")
    return False

"""`rnndsl compile`: the generated module."""

from __future__ import annotations

import click

from rnndsl.cli.options import (
    dtype_option,
    memory_option,
    optimize_option,
    size_option,
    sizes_of,
    spec_argument,
    target_option,
)


@click.command("compile", short_help="Generate forward and gradient code.")
@spec_argument
@click.option("-o", "--output", default="-", metavar="FILE", help="Default: standard output.")
@target_option
@optimize_option
@dtype_option
@size_option
@click.option(
    "--emit",
    type=click.Choice(["py", "tree", "graph", "plan"]),
    default="py",
    show_default=True,
    help="The code, or what it is made from: the syntax tree, the graph of operations, the plan.",
)
@memory_option
def command(
    spec: str,
    output: str,
    target: str,
    optimize: int,
    dtype: str,
    sizes: tuple[tuple[str, int], ...],
    emit: str,
    max_memory: int | None,
) -> None:
    """Generate a module of forward and gradient code from a spec."""
    given = sizes_of(sizes)
    from rnndsl.cli.reading import read_model
    from rnndsl.cli.writing import write_result
    from rnndsl.runtime.compile import generate_source, with_sizes
    from rnndsl.runtime.memory import require
    from rnndsl.runtime.memory_model import known_sizes, parameter_bytes
    from rnndsl.text.files import require_writable

    if output != "-":
        require_writable(output, [spec])
    model = read_model(spec)
    itemsize = 8 if dtype == "float64" else 4
    needed = parameter_bytes(model, known_sizes(model, given), itemsize)
    require(needed, max_memory, f"the parameters of `{model.name}`")
    if emit in ("tree", "graph", "plan"):
        from rnndsl.runtime.intermediate import Kind, show_intermediate

        kind: Kind = emit  # type: ignore[assignment]
        write_result(output, show_intermediate(with_sizes(model, given), kind, optimize))
        return
    source = generate_source(model, target=target, optimize=optimize, dtype=dtype, sizes=given)
    write_result(output, source)

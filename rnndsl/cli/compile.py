"""`rnndsl compile`: the generated module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from rnndsl.cli.options import (
    dtype_option,
    memory_option,
    optimize_option,
    size_option,
    sizes_of,
    spec_argument,
    target_option,
)

if TYPE_CHECKING:
    from rnndsl.model.model import Model
    from rnndsl.runtime.checkpoint import Checkpoint

CHECKPOINT = ".safetensors"


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
@click.option(
    "--weights",
    type=click.Choice(["inside", "beside"]),
    help="Of a checkpoint: in the code, or in an .npz file. Default: inside if there are few.",
)
@memory_option
@click.pass_context
def command(
    ctx: click.Context,
    spec: str,
    output: str,
    target: str,
    optimize: int,
    dtype: str,
    sizes: tuple[tuple[str, int], ...],
    emit: str,
    weights: str | None,
    max_memory: int | None,
) -> None:
    """Generate a module of forward and gradient code from a spec; from a checkpoint
    (FILE.safetensors) one that carries the trained weights along.
    """
    given = sizes_of(sizes)
    from rnndsl.cli.reading import read_checkpoint, read_model
    from rnndsl.cli.writing import write_result
    from rnndsl.runtime.compile import generate_source, with_sizes
    from rnndsl.text.files import require_writable

    if output != "-":
        require_writable(output, [spec])
    found = read_checkpoint(spec, max_memory) if spec.endswith(CHECKPOINT) else None
    if found is None and weights is not None:
        raise click.UsageError(f"--weights is for checkpoints, FILE{CHECKPOINT}")
    model = read_model(spec) if found is None else _sized(found, given)
    if found is not None and ctx.get_parameter_source("dtype") is ParameterSource.DEFAULT:
        dtype = found.program.dtype
    _require_room(model, given, dtype, max_memory)
    if emit in ("tree", "graph", "plan"):
        from rnndsl.runtime.intermediate import Kind, show_intermediate

        kind: Kind = emit  # type: ignore[assignment]
        write_result(output, show_intermediate(with_sizes(model, given), kind, optimize))
        return
    source = generate_source(model, target=target, optimize=optimize, dtype=dtype, sizes=given)
    if found is not None:
        source = _carrying(found, source, output, weights, dtype)
    write_result(output, source)


def _require_room(model: Model, given: dict[str, int], dtype: str, limit: int | None) -> None:
    """DataError RNN501 where the parameters do not fit."""
    from rnndsl.model.sizes import known_sizes
    from rnndsl.runtime.memory import require
    from rnndsl.runtime.memory_model import parameter_bytes

    itemsize = 8 if dtype == "float64" else 4
    needed = parameter_bytes(model, known_sizes(model, given), itemsize)
    require(needed, limit, f"the parameters of `{model.name}`")


def _sized(found: Checkpoint, given: dict[str, int]) -> Model:
    """The model of a checkpoint; DataError RNN440 for other sizes than its weights have."""
    from rnndsl.text.diagnostics import DataError

    for name, size in given.items():
        own = found.program.sizes.get(name, size)
        if own != size:
            raise DataError(f"these weights were trained with {name} = {own}", "RNN440")
    return found.program.model


def _carrying(found: Checkpoint, source: str, output: str, weights: str | None, dtype: str) -> str:
    """The code with its weights: inside, or written beside before the code is."""
    from pathlib import Path

    from rnndsl.cli.show import note
    from rnndsl.runtime.weights import beside, carrying, is_small
    from rnndsl.text.files import write_atomic

    params = {name: found.params[name] for name in found.program.model.params}
    alphabet = None if found.alphabet is None else found.alphabet.characters
    if weights == "inside" or (weights is None and (is_small(params) or output == "-")):
        return carrying(source, params, alphabet)
    if not output.endswith(".py"):
        raise click.UsageError("weights lie beside a file: name one with `-o FILE.py`")
    place = Path(output).with_suffix(".npz")
    write_atomic(place, beside(params, dtype))
    note(f"weights: {place}")
    return carrying(source, None, alphabet)

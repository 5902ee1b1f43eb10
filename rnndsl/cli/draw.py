"""`rnndsl draw`: the model as a picture, folded or unfolded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnndsl.cli.options import memory_option, parse_steps, size_option, sizes_of, spec_argument

if TYPE_CHECKING:
    from rnndsl.draw import Drawing
    from rnndsl.model.model import Model

FORMATS = ("svg", "png", "pdf", "dot")
ITEM_BYTES = 12_000  # measured: what a node or an edge takes here and in Graphviz


@click.command("draw", short_help="Draw a model, folded or unfolded.")
@spec_argument
@click.option("-o", "--output", metavar="FILE", help="Default: NAME.svg; `-`: standard output.")
@click.option(
    "--unfold",
    type=parse_steps,
    metavar="STEPS",
    help="Over so many positions; by axis: i=4,j=3.",
)
@click.option("--backward", is_flag=True, help="The way back: how gradients flow.")
@click.option("--format", "kind", type=click.Choice(FORMATS), help="Default: the file's suffix.")
@size_option
@memory_option
def command(
    spec: str,
    output: str | None,
    unfold: int | dict[str, int] | None,
    backward: bool,
    kind: str | None,
    sizes: tuple[tuple[str, int], ...],
    max_memory: int | None,
) -> None:
    """Draw a model: folded, its recurrent edges with their delays, or unfolded."""
    from rnndsl.cli.reading import read_model
    from rnndsl.cli.show import say
    from rnndsl.cli.writing import write_result
    from rnndsl.draw import draw
    from rnndsl.draw.render import check_format
    from rnndsl.runtime.compile import with_sizes
    from rnndsl.text.files import require_writable

    given = sizes_of(sizes)
    suffix = "" if output in (None, "-") else Path(output or "").suffix[1:].lower()
    wanted = kind or check_format(suffix or "svg")
    model = with_sizes(read_model(spec), given)
    output = output or f"{model.name}.{wanted}"
    if output != "-":
        require_writable(output, [spec])
    if unfold is not None:
        _require_room(model, unfold, max_memory)
    drawing = draw(model, unfold, backward=backward)
    write_result(output, _rendered(drawing, wanted, output))
    if output != "-":
        say(f"drawing: {output}")


def _require_room(model: Model, unfold: int | dict[str, int], limit: int | None) -> None:
    """DataError RNN501 where the unfolded graph does not fit."""
    from rnndsl.draw.steps import instances, steps_of, with_lengths
    from rnndsl.graph.unfold import unfolded_size
    from rnndsl.model.unroll import unroll
    from rnndsl.runtime.memory import require

    steps, known = steps_of(model, unfold, {})
    known = with_lengths(model, known)
    values = instances(model, known)
    require(ITEM_BYTES * values, limit, f"the {values:,} values of every position of fixed axes")
    nodes, edges = unfolded_size(unroll(model, known), steps)
    what = " and ".join(f"{count:,} steps of `{axis}`" for axis, count in steps.items())
    what = f"{unfold:,} steps" if isinstance(unfold, int) else what
    require(
        ITEM_BYTES * (nodes + edges), limit, f"the {nodes:,} nodes and {edges:,} edges of {what}"
    )


def _rendered(drawing: Drawing, wanted: str, output: str) -> bytes:
    """The picture; without Graphviz its text in DOT is written beside, and the error names it."""
    from rnndsl.draw.render import NoGraphviz
    from rnndsl.text.diagnostics import DataError
    from rnndsl.text.files import write_atomic

    try:
        return drawing.render(wanted)
    except NoGraphviz as problem:
        if output == "-":
            raise
        beside = Path(output).with_suffix(".dot")
        write_atomic(beside, drawing.source)
        raise DataError(f"{problem}; wrote `{beside}` instead", problem.code) from None

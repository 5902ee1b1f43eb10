"""`rnndsl draw`: the model as a picture, folded or unfolded."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnndsl.cli.options import memory_option, parse_steps, size_option, sizes_of, spec_argument

if TYPE_CHECKING:
    from rnndsl.draw import Drawing
    from rnndsl.model.model import Model

_AXIS = re.compile(r"\s*([A-Za-z]\w*)\s*=(.*)", re.DOTALL)
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
@click.option(
    "--tree",
    "trees",
    multiple=True,
    metavar="TREE",
    help='Over a tree: "((a b) c)"; by axis: v="(a b)".',
)
@click.option("--backward", is_flag=True, help="The way back: how gradients flow.")
@click.option("--format", "kind", type=click.Choice(FORMATS), help="Default: the file's suffix.")
@size_option
@memory_option
def command(
    spec: str,
    output: str | None,
    unfold: int | dict[str, int] | None,
    trees: tuple[str, ...],
    backward: bool,
    kind: str | None,
    sizes: tuple[tuple[str, int], ...],
    max_memory: int | None,
) -> None:
    """Draw a model: folded, its recurrent edges with their delays, or unfolded: over positions,
    or over a tree with brackets round each node's children."""
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
    tree = _by_axis(trees)
    if unfold is not None or tree is not None:
        _require_room(model, unfold, tree, max_memory)
    drawing = draw(model, unfold, tree=tree, backward=backward)
    write_result(output, _rendered(drawing, wanted, output))
    if output != "-":
        say(f"drawing: {output}")


def _by_axis(trees: tuple[str, ...]) -> str | dict[str, str] | None:
    """The trees of `--tree`: one for all axes, or one for each, `v=(a b)`."""
    from rnndsl.text.diagnostics import DataError

    found = [_AXIS.match(text) for text in trees]
    if len(trees) == 1 and found[0] is None:
        return trees[0]
    if not all(found):
        raise DataError('give one tree, or several by axis: `--tree v="(a b)"`', "RNN421")
    return {match[1]: match[2] for match in found if match} or None


def _require_room(
    model: Model,
    unfold: int | dict[str, int] | None,
    tree: str | dict[str, str] | None,
    limit: int | None,
) -> None:
    """DataError RNN501 where the unfolded graph does not fit."""
    from rnndsl.draw.grown import over_trees
    from rnndsl.draw.steps import LEFT_OUT, instances, steps_of, with_lengths
    from rnndsl.graph.unfold import unfolded_size
    from rnndsl.model.unroll import unroll
    from rnndsl.runtime.memory import require

    trees = over_trees(model, unfold, tree)
    unfold = LEFT_OUT if unfold is None else unfold
    steps, known = steps_of(model, unfold, {})
    known = with_lengths(model, known)
    values = instances(model, known)
    require(ITEM_BYTES * values, limit, f"the {values:,} values of every position of fixed axes")
    nodes, edges = unfolded_size(unroll(model, known), steps, trees)
    parts = [f"{count:,} steps of `{axis}`" for axis, count in steps.items()]
    if isinstance(unfold, int) and steps:
        parts = [f"{unfold:,} steps"]
    parts += [f"{len(tree.nodes):,} nodes of `{axis}`" for axis, tree in trees.items()]
    what = " and ".join(parts)
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

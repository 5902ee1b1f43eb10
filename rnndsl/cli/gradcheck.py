"""`rnndsl gradcheck`: generated gradients against complex steps and finite differences."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import click

from rnndsl.cli.options import (
    json_option,
    memory_option,
    optimize_option,
    seed_option,
    size_option,
    sizes_of,
    spec_argument,
    target_option,
    use_threads,
)

if TYPE_CHECKING:
    from rnndsl.runtime.gradcheck import GradientCheck, Row

HEADINGS = ("mode", "name", "role", "shape", "largest", "complex steps", "differences", "")


@click.command("gradcheck", short_help="Check the generated gradients.")
@spec_argument
@target_option
@optimize_option
@size_option
@seed_option
@memory_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    spec: str,
    target: str,
    optimize: int,
    sizes: tuple[tuple[str, int], ...],
    seed: int,
    max_memory: int | None,
    as_json: bool,
) -> None:
    """Hold generated gradients against complex steps and finite differences.

    Sizes that are not given are small and all different. Errors are relative to the largest entry
    of each gradient; 1e-10 is allowed for complex steps, 1e-5 for differences.
    """
    use_threads(None)
    from rnndsl.cli.reading import read_model
    from rnndsl.cli.show import say_json
    from rnndsl.runtime.gradcheck import check_gradients

    given = sizes_of(sizes)
    check = check_gradients(
        read_model(spec),
        given,
        target=target,
        optimize=optimize,
        seed=seed,
        max_memory=max_memory,
    )
    if as_json:
        say_json([_data(row) for row in check.rows])
    else:
        _show(check)
    if not check.agrees:
        ctx.exit(1)


def _show(check: GradientCheck) -> None:
    """The table, and what it comes to."""
    from rnndsl.cli.show import say

    for line in _table(check):
        say(line)
    wrong = sum(not row.agrees for row in check.rows)
    if wrong:
        say(f"{wrong} of {len(check.rows)} gradients do not agree")
    else:
        say("all gradients agree" if check.rows else "nothing here has a gradient")


def _data(row: Row) -> dict[str, object]:
    """A row for a program; null stands for what is not finite."""
    found = {**vars(row), "agrees": row.agrees}
    lost = {key for key, item in found.items() if isinstance(item, float) and not isfinite(item)}
    return {key: None if key in lost else item for key, item in found.items()}


def _table(check: GradientCheck) -> list[str]:
    """Aligned columns under their headings; the mode only where there are several."""
    cells: list[tuple[str, ...]] = [HEADINGS]
    for row in check.rows:
        shape = "×".join(map(str, row.shape)) or "scalar"
        errors = (f"{row.complex_error:.1e}", f"{row.difference_error:.1e}")
        verdict = "" if row.agrees else "WRONG"
        cells.append((row.mode, row.name, row.role, shape, f"{row.largest:.3g}", *errors, verdict))
    if len({row.mode for row in check.rows}) < 2:
        cells = [line[1:] for line in cells]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]

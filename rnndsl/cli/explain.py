"""`rnndsl explain`: how each equation is run and why; or the story of a diagnostic's code."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from rnndsl.cli.options import json_option, size_option, sizes_of

if TYPE_CHECKING:
    from rnndsl.graph.equations import Reference
    from rnndsl.model.model import Model
    from rnndsl.plan.explain import EquationRow, Explanation, LoopRow

DIRECTIONS = {1: "forwards", -1: "backwards"}
HEIGHTS = {1: "from the leaves up", -1: "from the roots down"}
MODES = {"teacher": "with the teacher", "free": "running free", "scheduled": "scheduled"}
HOW = {
    "parallel": "for all positions at once",
    "nodes": "for all nodes at once",
    "once": "once for each example",
    "unused": "not computed: nothing asks for it",
}


@click.command("explain", short_help="How each equation is run, and why; or a code's story.")
@click.argument("what", metavar="SPEC|CODE")
@size_option
@json_option
def command(what: str, sizes: tuple[tuple[str, int], ...], as_json: bool) -> None:
    """Say of each equation how it is run: in a loop (which, and because of what it reads),
    for all positions at once, or once for each example; its shape and its cost.

    Of a diagnostic's code (RNN203) tell what it means, with a spec that fails and a mended one.
    """
    given = sizes_of(sizes)
    if re.fullmatch(r"RNN\d{3}", what, re.ASCII | re.IGNORECASE) and not os.path.exists(what):
        from rnndsl.cli.story import tell

        tell(what.upper(), as_json)
        return
    from rnndsl.cli.reading import read_model
    from rnndsl.cli.show import say, say_json
    from rnndsl.model.sizes import known_sizes
    from rnndsl.plan.explain import explain
    from rnndsl.runtime.compile import with_sizes

    model = with_sizes(read_model(what), given)
    found, known = explain(model), known_sizes(model, given)
    if as_json:
        say_json(_data(model, found, known))
        return
    say(f"{model.name}: {model.title}" if model.title else model.name)
    for line in _loops(model, found):
        say(line)
    for rows in zip(*(item.rows for item in found), strict=True):
        say("")
        for line in _equation(model, [item.mode for item in found], rows, known):
            say(line)


# Loops


def _loops(model: Model, found: tuple[Explanation, ...]) -> Iterator[str]:
    """The loops of every mode, modes that have the same told together."""
    told: dict[tuple[str, ...], list[str]] = {}
    for item in found:
        told.setdefault(tuple(_loop_lines(model, item)), []).append(item.mode)
    for lines, names in told.items():
        yield ""
        if len(told) > 1:
            yield f"{_modes(names)}:"
        yield from (f"  {line}" for line in lines) if len(told) > 1 else lines


def _loop_lines(model: Model, item: Explanation) -> Iterator[str]:
    if not item.loops:
        is_left = "is left" if model.has_teach else "is needed"
        yield f"no loop {is_left}: every equation runs for all positions at once"
    for number, loop in enumerate(item.loops, 1):
        names = ", ".join(loop.names)
        way = f"{DIRECTIONS[loop.step]} over {loop.axis}"
        if model.axes[loop.axis].is_tree:
            way = f"{HEIGHTS[loop.step]}, all nodes {loop.axis} of one height at once"
        yield f"loop {number} runs {way}: {names}"
        yield f"  because {_reasons(model, loop)}"
    if item.gradient_loops:
        yield f"gradients: {_ways(model, item)}; those of parameters are summed outside"


def _ways(model: Model, item: Explanation) -> str:
    """The loops of the gradients: how many of each direction, of each axis if there are several."""
    from rnndsl.model.sizes import running_axes

    has_several = len(running_axes(model)) > 1
    found = Counter(
        HEIGHTS[step]
        if model.axes[axis].is_tree
        else DIRECTIONS[step] + (f" over {axis}" if has_several else "")
        for step, axis in zip(item.gradient_loops, item.gradient_axes, strict=True)
    )
    return _listed(
        [
            f"{'one loop' if count == 1 else f'{count} loops'} {word}"
            for word, count in found.items()
        ]
    )


def _reasons(model: Model, loop: LoopRow) -> str:
    from rnndsl.graph.formula import reference_text

    reads: dict[str, list[str]] = {}
    for item in loop.because:
        reads.setdefault(item.target, []).append(reference_text(item, model))
    readers: dict[str, list[str]] = {}
    for name, texts in reads.items():
        readers.setdefault(_listed(texts), []).append(name)
    return "; ".join(
        f"{_listed(names)} read{'s' * (len(names) == 1)} {text}" for text, names in readers.items()
    )


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _modes(names: list[str]) -> str:
    text = " or ".join(MODES[name] for name in names)
    return text[0].upper() + text[1:]


# Equations


def _equation(
    model: Model, modes: list[str], rows: tuple[EquationRow, ...], sizes: Mapping[str, int]
) -> Iterator[str]:
    """One equation: its text, its shape, how it runs in each mode, its cost."""
    equation = rows[0].equation
    yield equation.text
    kind = str(equation.type)
    shown = kind if equation.type.kind in ("token", "position") else f"shape {kind}"
    shown = "a number" if kind == "()" else shown
    where = f"at every {_listed([*equation.indices])}" if equation.axes else "for each example"
    yield f"  {shown}, {where}"
    told: dict[tuple[str, ...], list[str]] = {}
    for mode, row in zip(modes, rows, strict=True):
        told.setdefault(tuple(_how(model, row)), []).append(mode)
    for lines, names in told.items():
        heading = f"{_modes(names).lower()}: " if len(told) > 1 else ""
        yield f"  {heading}{lines[0]}"
        yield from (f"  {line}" for line in lines[1:])
    costs: dict[str, list[str]] = {}
    for mode, row in zip(modes, rows, strict=True):
        costs.setdefault(_cost(row, sizes), []).append(mode)
    for text, names in costs.items():
        if text:
            yield f"  cost{f' {_modes(names).lower()}' if len(costs) > 1 else ''}: {text}"


def _how(model: Model, row: EquationRow) -> Iterator[str]:
    from rnndsl.model.sizes import tree_axes

    if row.how != "loop" or row.loop is None:
        is_tree = any(axis in tree_axes(model) for axis in row.equation.axes)
        how = HOW["nodes" if is_tree and row.how == "parallel" else row.how]
        yield how + _sums(model, row)
        return
    yield f"in loop {row.loop + 1}: reads {_listed(_texts(model, row.because))}"
    if row.before:
        is_tree = any(axis in tree_axes(model) for axis in row.equation.axes)
        yield f"before the loop (-O1), {HOW['nodes' if is_tree else 'parallel']}: " + ", ".join(
            row.before
        )


def _sums(model: Model, row: EquationRow) -> str:
    """What is reduced over an axis is made for all positions at once."""
    many = ("step", "node", "child")
    if row.how != "once" or not any(rate.startswith(many) for rate in row.cost.rates):
        return ""
    from rnndsl.model.expr import Over

    over = [item.index for item in row.equation.expr.walk() if isinstance(item, Over)]
    indices = list(dict.fromkeys(over)) or [next(iter(model.axes))]
    return f", from all {_listed(indices)} at once"


def _texts(model: Model, found: tuple[Reference, ...]) -> list[str]:
    from rnndsl.graph.formula import reference_text

    return list(dict.fromkeys(reference_text(item, model) for item in found))


def _cost(row: EquationRow, sizes: Mapping[str, int]) -> str:
    """`1,088 multiply-adds and 96 elementwise a step`."""
    from rnndsl.cli.summary import counted, rates

    parts = []
    for rate, words in rates(row.cost):
        count = row.cost.at(rate)
        kinds = (
            (count.multiply_adds, "multiply-adds"),
            (count.elementwise, "elementwise operations"),
        )
        numbers = [(counted(dim, sizes), kind) for dim, kind in kinds if dim.terms]
        said = [f"{text} {kind[: -1 if text == '1' else None]}" for text, kind in numbers]
        if said:
            parts.append(f"{' and '.join(said)} {words}")
    return ", ".join(parts)


# For a program


def _data(model: Model, found: tuple[Explanation, ...], sizes: Mapping[str, int]) -> dict[str, Any]:
    from rnndsl.cli.summary import cost_data

    return {
        "model": model.name,
        "title": model.title,
        "modes": [
            {
                "mode": item.mode,
                "loops": [
                    {
                        "axis": loop.axis,
                        "direction": DIRECTIONS[loop.step],
                        "equations": list(loop.names),
                        "because": [
                            {"equation": ref.target, "reads": text}
                            for ref in loop.because
                            for text in _texts(model, (ref,))
                        ],
                    }
                    for loop in item.loops
                ],
                "gradient_loops": [DIRECTIONS[step] for step in item.gradient_loops],
                "gradient_axes": list(item.gradient_axes),
                "equations": [
                    {**_row_data(model, row), "cost": cost_data(row.cost, sizes)}
                    for row in item.rows
                ],
            }
            for item in found
        ],
    }


def _row_data(model: Model, row: EquationRow) -> dict[str, Any]:
    return {
        "name": row.equation.name,
        "text": row.equation.text,
        "axes": list(row.equation.axes),
        "type": str(row.equation.type),
        "how": row.how,
        "loop": row.loop,
        "because": _texts(model, row.because),
        "before": list(row.before),
    }

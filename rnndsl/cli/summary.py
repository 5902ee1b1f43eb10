"""`rnndsl summary`: values, shapes, parameters, multiply-adds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from rnndsl.cli.options import json_option, size_option, sizes_of, spec_argument

if TYPE_CHECKING:
    from rnndsl.model.dims import Dim
    from rnndsl.model.model import Model
    from rnndsl.plan.cost import Cost, Rate
    from rnndsl.plan.summary import Summary

WORDS: Mapping[Rate, str] = {
    "step": "a step",
    "node": "a node",
    "child": "a child",
    "example": "an example",
    "batch": "a batch",
}


@click.command("summary", short_help="Values, shapes, parameters, multiply-adds.")
@spec_argument
@size_option
@json_option
def command(spec: str, sizes: tuple[tuple[str, int], ...], as_json: bool) -> None:
    """Count what is in a model: values with shapes, parameters, multiply-adds a step.

    A size that has no number stays a letter.
    """
    given = sizes_of(sizes)
    from rnndsl.cli.reading import read_model
    from rnndsl.cli.show import say_json
    from rnndsl.model.sizes import known_sizes
    from rnndsl.plan.summary import summarise
    from rnndsl.runtime.compile import with_sizes

    model = with_sizes(read_model(spec), given)
    known = known_sizes(model, given)
    if as_json:
        say_json(_data(model, summarise(model), known))
    else:
        _show(model, summarise(model), known)


def _show(model: Model, summary: Summary, sizes: Mapping[str, int]) -> None:
    from rnndsl.cli.show import say, say_table

    say(f"{model.name}: {model.title}" if model.title else model.name)
    if sizes:
        say(", ".join(f"{name} = {sizes[name]}" for name in model.sizes if name in sizes))
    say("")
    if summary.parameters:
        say_table(
            ("parameter", "shape", "starts as", "numbers"),
            [
                (row.name, _shape(row.shape, sizes), row.initialiser, counted(row.count, sizes))
                for row in summary.parameters
            ],
            right="numbers",
        )
        say("")
    values = [
        [row.name, row.role, _where(model, row.name), row.type, _shape(row.shape, sizes)]
        for row in summary.values
    ]
    for line, row in zip(values, summary.values, strict=True):
        line.extend(_costs(row.cost, _where(model, row.name), sizes))
    headings = ("name", "role", "for each", "type", "shape", "multiply-adds", "elementwise")
    say_table(headings, values, right="multiply-adds,elementwise")
    say("")
    say(f"{counted(summary.count, sizes)} parameters")
    for rate, words in rates(summary.cost):
        count = summary.cost.at(rate)
        if count.multiply_adds.terms or count.elementwise.terms:
            products = counted(count.multiply_adds, sizes)
            rest = counted(count.elementwise, sizes)
            say(f"{products} multiply-adds and {rest} elementwise operations {words}")


def rates(cost: Cost) -> list[tuple[Rate, str]]:
    """The rates that occur, the most frequent first, in words: `a step`, `a step of j and i`."""
    steps = sorted((rate for rate in cost.rates if rate not in WORDS), key=_frequency)
    said = [(rate, f"a step of {' and '.join(rate[5:].split(','))}") for rate in steps]
    return said + [(rate, words) for rate, words in WORDS.items() if rate in cost.rates]


def _frequency(rate: Rate) -> tuple[int, str]:
    return -rate.count(","), rate


def counted(dim: Dim, sizes: Mapping[str, int]) -> str:
    """A number with its thousands marked, where every size is known; else a formula."""
    from rnndsl.model.dims import Dim

    filled = dim.substitute(lambda name: Dim.number(sizes[name]) if name in sizes else None)
    return str(filled) if filled.constant is None else f"{int(filled.constant):,}"


def _where(model: Model, name: str) -> str:
    equations = {item.name: item.indices for item in model.all_equations}
    indices = model.data[name].indices if name in model.data else equations[name]
    return ", ".join(indices) or "example"


def _shape(shape: tuple[Dim, ...], sizes: Mapping[str, int]) -> str:
    """`8×32`, `8×k`, `scalar`."""
    return "×".join(counted(dim, sizes).replace(",", "") for dim in shape) or "scalar"


def _costs(cost: Cost, where: str, sizes: Mapping[str, int]) -> tuple[str, str]:
    """Multiply-adds and the rest; what does not run once a position of the value says so."""
    products, rest = [], []
    own = {"step", f"step {where.replace(' ', '')}"}
    for rate, words in rates(cost):
        count = cost.at(rate)
        suffix = "" if rate in own else f" {words}"
        if count.multiply_adds.terms:
            products.append(counted(count.multiply_adds, sizes) + suffix)
        if count.elementwise.terms:
            rest.append(counted(count.elementwise, sizes) + suffix)
    return " + ".join(products), " + ".join(rest)


def _data(model: Model, summary: Summary, sizes: Mapping[str, int]) -> dict[str, Any]:
    """The same for a program: counts as formulas and, where all sizes are known, as numbers."""
    return {
        "model": model.name,
        "title": model.title,
        "sizes": {name: sizes.get(name) for name in model.sizes},
        "parameters": [
            {
                "name": row.name,
                "shape": [_both(dim, sizes) for dim in row.shape],
                "initialiser": row.initialiser,
                "count": _both(row.count, sizes),
            }
            for row in summary.parameters
        ],
        "values": [
            {
                "name": row.name,
                "role": row.role,
                "axes": list(row.axes),
                "type": row.type,
                "shape": [_both(dim, sizes) for dim in row.shape],
                "cost": cost_data(row.cost, sizes),
            }
            for row in summary.values
        ],
        "count": _both(summary.count, sizes),
        "cost": cost_data(summary.cost, sizes),
    }


def cost_data(cost: Cost, sizes: Mapping[str, int]) -> dict[str, Any]:
    """`{"step": {"multiply_adds": …, "elementwise": …}, …}` for the rates that occur."""
    return {
        rate: {name: _both(dim, sizes) for name, dim in vars(count).items()}
        for rate, count in cost.rates.items()
    }


def _both(dim: Dim, sizes: Mapping[str, int]) -> dict[str, str | int | None]:
    from rnndsl.plan.summary import number

    return {"formula": str(dim), "number": number(dim, sizes)}

"""Random models as cells: what an instance computes is what the file computes by itself.

The interpreter holds every level of the composed model, reversed and shared instances too.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnndsl.driver import parse
from rnndsl.runtime.compile import compile_model
from rnndsl.text.diagnostics import SpecError
from tests.agreement import close, options, random_data
from tests.random_check import check_text
from tests.random_models import random_spec
from tests.random_spec import Spec

APART = ("teach(", "dropout(", "sample(", "position(", "argmax[")
"""What draws by its place in the file, needs a target, or has no reversed reading.

A size that follows from others is left out too: outside it is a name of its own.
"""
AXIS = "axis t = 1..T"
FEW, MANY = 12, 60


def cell_of(seed: int) -> Spec | None:
    """A random model without loss and targets that hands out all its values; None where none."""
    spec = random_spec(seed)
    text = spec.text()
    targets = {name for name, (role, _) in spec.declared.items() if role == "target"}
    scored = any(re.search(rf"\b{name}\b", str(line)) for name in targets for line in spec.lines)
    if scored or spec.derived or spec.axes != [AXIS] or any(word in text for word in APART):
        return None
    values = {line.name: line.left for line in spec.lines if not line.is_bound}
    kept = {"loss": None, "clips": [], "defaults": ()}
    return replace(spec, outputs=list(values.values()), **kept)


def composed(cell: Spec, ways: tuple[str, ...] = ("one", "two", "back")) -> str:
    """A model with three instances: by itself, with shared parameters, and reversed."""
    text = cell.text()
    inputs = re.findall(r"^input (.*)$", text, re.MULTILINE)
    sizes = re.findall(r"^size (.*)$", text, re.MULTILINE)
    names = [item for line in inputs for item in re.findall(r"(?:^|, )(\w+)(?=\[t\]:|:)", line)]
    free = [item for line in sizes for item in line.split(", ") if "=" not in item]
    given = ", ".join(f"{name} = {name}" for name in [*names, *free])
    along = "" if any("[t]" in line for line in inputs) else ", t = t"
    reads = ", ".join(f"{{0}}.{left}" for left in cell.outputs)
    head = [AXIS, *(f"size {line}" for line in sizes), *(f"input {i}" for i in inputs)]
    body = [
        'use "cell.rnn" as cell',
        f"one = cell({(given + along).lstrip(', ')})",
        f"two = cell({(given + along).lstrip(', ')}, share = one)",
        *([f"back = reverse cell({(given + along).lstrip(', ')})"] if "back" in ways else []),
        *(f"output {reads.format(name)}" for name in ways),
    ]
    return "\n".join([*head, *body]) + "\n"


@cache
def found(count: int) -> tuple[int, ...]:
    """The first seeds that make a cell."""
    return tuple(islice((seed for seed in range(400) if cell_of(seed) is not None), count))


def hold(seed: int, folder: Path) -> None:
    cell = cell_of(seed)
    assert cell is not None
    (folder / "cell.rnn").write_text(cell.text(), encoding="utf-8")
    text = composed(cell)
    if not has_reverse(text, folder):
        text = composed(cell, ("one", "two"))
    check_text(text, cell.sizes, cell.lengths, seed, base=folder)
    alone, whole = parse(cell.text()), parse(text, base=folder)
    rng = np.random.default_rng(seed)
    own = compile_model(alone, dtype="float64", **given(alone, cell))
    program = compile_model(whole, dtype="float64", **given(whole, cell))
    params = {n: rng.normal(0.0, 0.7, v.shape) for n, v in own.init(0).items()}
    both = {f"{way}.{n}": v for n, v in params.items() for way in ("one", "back")}
    data = random_data(own, rng, cell.lengths)
    run: dict[str, Any] = {**options(alone, cell.lengths), "batch": len(cell.lengths)}
    want = own.forward(params, **data, **run)
    got = program.forward({n: both[n] for n in program.init(0)}, **data, **run)
    for label, value in want.items():
        for way in ("one", "two"):
            close(label, np.asarray(got[f"{way}.{label}"], float), np.asarray(value, float), 1e-12)


def has_reverse(text: str, folder: Path) -> bool:
    """Whether the cell can run in reverse: not where it computes positions."""
    try:
        parse(text, base=folder)
    except SpecError as fault:
        return {item.code for item in fault.diagnostics} != {"RNN139"}
    return True


def given(model: Any, cell: Spec) -> dict[str, int]:
    """The sizes of a model that have no default."""
    return {n: cell.sizes[n] for n, size in model.sizes.items() if size.default is None}


@pytest.mark.parametrize("number", range(FEW))
def test_random_cells(number: int, tmp_path: Path) -> None:
    hold(found(FEW)[number], tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("start", range(FEW, MANY, 8))
def test_many_random_cells(start: int, tmp_path: Path) -> None:
    for seed in found(MANY)[start : start + 8]:
        hold(seed, tmp_path)

"""Who may read targets, and what nobody reads."""

from __future__ import annotations

from collections.abc import Iterator

from rnndsl.model import declaration_messages as wording
from rnndsl.model.expr import Expr, Param, Read, Teach
from rnndsl.model.model import Equation, Model
from rnndsl.model.symbols import LOSS, Table
from rnndsl.text.diagnostics import Diagnostic


def _sides(equation: Equation) -> Iterator[Expr]:
    yield equation.expr
    for boundary in equation.boundaries:
        yield boundary.expr


def _reads(equation: Equation, taught: bool) -> Iterator[Read]:
    """The reads of an equation; without `taught` those under a `teach`'s first argument not."""
    stack = list(_sides(equation))[::-1]
    while stack:
        expr = stack.pop()
        if isinstance(expr, Read):
            yield expr
        if isinstance(expr, Teach) and not taught:
            stack.append(expr.free)
        else:
            stack.extend(reversed(expr.children))


def _readers(model: Model) -> dict[str, list[str]]:
    readers: dict[str, list[str]] = {name: [] for name in model.equations}
    for equation in model.all_equations:
        for read in _reads(equation, taught=True):
            if read.name in readers and equation.name not in readers[read.name]:
                readers[read.name].append(equation.name)
    return readers


def check_targets(model: Model) -> Iterator[Diagnostic]:
    """Targets are read by `teach`, by the loss, and by equations that only score.

    An equation scores when nothing but the loss and outputs reads it, or nothing but scoring
    equations that hold no parameter (sums of what was scored, say, running sums too).
    """
    readers = _readers(model)
    plain = {
        name
        for name, equation in model.equations.items()
        if not any(isinstance(item, Param) for side in _sides(equation) for item in side.walk())
    }
    scoring = {LOSS}
    while True:
        allowed = {LOSS} | (scoring & plain)
        more = {
            name
            for name, by in readers.items()
            if set(by) <= allowed | ({name} & plain) and name not in scoring
        }
        if not more:
            break
        scoring |= more
    for equation in model.equations.values():
        if equation.name in scoring:
            continue
        for read in _reads(equation, taught=False):
            if read.name in model.targets:
                others = [name for name in readers[equation.name] if name != equation.name]
                reader = others[0] if others else None
                shown = f"{read.name}[…]" if read.places else read.name
                yield wording.target_read(read.name, shown, equation.name, read.span, reader)


def unused(model: Model, table: Table) -> Iterator[Diagnostic]:
    """Warnings for what reaches neither the loss nor an output, and for what nothing reads."""
    waiting = [output.read.name for output in model.outputs]
    if model.loss is not None:
        waiting.extend(read.name for read in _reads(model.loss, taught=True))
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in reached and name in model.equations:
            reached.add(name)
            waiting.extend(read.name for read in _reads(model.equations[name], taught=True))
    sinks = model.outputs or model.loss is not None
    for name, equation in model.equations.items():
        if name not in reached and sinks and "." not in name:
            left = f"{name}[{equation.indices[0]}]" if equation.indices else name
            place = table.symbols[name].span
            yield wording.unused_value(name, left, place)
    for symbol in table.of("size", "const", "param", "input", "target", "instance"):
        if symbol.name not in table.used and "." not in symbol.name:
            what = "parameter" if symbol.what == "param" else symbol.what
            yield wording.unused_name(what, symbol.name, symbol.span)
    for name, formula in table.formulas.items():
        if name not in table.called and not model.source.users(formula.span.start):
            yield wording.unused_name("formula", name, formula.name.span)

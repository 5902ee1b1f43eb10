"""Gates that nothing squashes: `f[t] * s[t-1]` where `f` is an affine map and no sigmoid.

A gate is a factor `f` next to a factor `1 - f`, or what multiplies the state of another step
on its way, by sums alone, into the same state. It is told of where it is a learned affine map
of data or states: then it can be any number. A constant, a parameter or given data (a leaky
unit, a mask) is no such gate, nor is a factor inside a `tanh`, which keeps the state bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from rnndsl.lint import messages
from rnndsl.lint.forms import complement, form, is_here
from rnndsl.model import expr as ir
from rnndsl.model.expr import Expr
from rnndsl.model.model import Equation, Model
from rnndsl.text.diagnostics import Diagnostic

Sort = Literal["fixed", "given", "affine", "other"]
"""Of an expression: no data takes part; data or a state as it is; a learned affine map of
such; anything else, what went through a function above all."""
DEEPEST = 100
"""So deep, through equations too, a gate is looked into."""
MOST_WRITTEN_OUT = 20
"""Of so many values of the same position the equations are written out into one."""
LINEAR = ("transpose", "dropout", "sum", "mean", "neg")
PRODUCTS = ("matmul", "dot")


def open_gates(model: Model) -> Iterator[Diagnostic]:
    """A warning for each gate that no function keeps between bounds."""
    judge = _Judge(model)
    told: set[str] = set()
    for gate, other in (*_mixing(model), *_keeping(model)):
        key = form(gate)
        if key not in told and judge.sort(gate) == "affine":
            told.add(key)
            yield messages.open_gate(model, gate, other, _defined(model, gate))


def _defined(model: Model, gate: Expr) -> Equation | None:
    """The equation of a gate that has a name."""
    return model.equations.get(gate.name) if isinstance(gate, ir.Read) else None


def _mixing(model: Model) -> Iterator[tuple[Expr, Expr]]:
    """Factors `f` that stand next to a factor `1 - f`, and that."""
    factors = [factor for side in _sides(model) for factor in _all_factors(side)]
    rests = {form(rest): item for item in factors if (rest := complement(item)) is not None}
    if rests:
        for item in factors:
            if form(item) in rests:
                yield item, rests[form(item)]


def _sides(model: Model) -> Iterator[Expr]:
    for equation in model.all_equations:
        yield equation.expr


def _all_factors(expr: Expr) -> Iterator[Expr]:
    for item in expr.walk():
        if isinstance(item, ir.Apply) and item.operation == "mul":
            yield from item.arguments


def _keeping(model: Model) -> Iterator[tuple[Expr, Expr]]:
    """Factors of the state of another step that is added to the state itself, and that."""
    states = {item.name for side in _sides(model) for item in ir.reads(side) if not is_here(item)}
    for equation in (model.equations[name] for name in model.equations if name in states):
        for term in _terms(model, equation):
            factors = list(_factors(term))
            for state in factors:
                if isinstance(state, ir.Read) and state.name == equation.name:
                    yield from ((item, state) for item in factors if item is not state)


def _terms(model: Model, equation: Equation) -> Iterator[Expr]:
    """What is added up to a value, values of the same position written out."""
    waiting, seen = [equation.expr], {equation.name}
    while waiting:
        expr = waiting.pop()
        if isinstance(expr, ir.Apply) and expr.operation in ("add", "sub", "neg"):
            waiting.extend(reversed(expr.arguments))
            continue
        yield expr
        is_new = isinstance(expr, ir.Read) and is_here(expr) and expr.name not in seen
        if isinstance(expr, ir.Read) and is_new and len(seen) < MOST_WRITTEN_OUT:
            seen.add(expr.name)
            within = model.equations.get(expr.name)
            waiting.extend([within.expr] if within is not None else [])


def _factors(expr: Expr) -> Iterator[Expr]:
    waiting = [expr]
    while waiting:
        item = waiting.pop()
        if isinstance(item, ir.Apply) and item.operation == "mul":
            waiting.extend(reversed(item.arguments))
        else:
            yield item


class _Judge:
    """Tells the sort of expressions, each value once."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.known: dict[str, Sort] = {}
        self.depth = 0

    def sort(self, expr: Expr) -> Sort:
        """The sort of an expression."""
        if self.depth > DEEPEST:
            return "other"
        self.depth += 1
        sort = self._sort(expr)
        self.depth -= 1
        return sort

    def _sort(self, expr: Expr) -> Sort:
        if expr.type.kind != "real":
            return "fixed" if isinstance(expr, ir.Literal | ir.SizeNumber) else "other"
        match expr:
            case ir.Read():
                return self._value(expr)
            case ir.Pick(base=base):
                return "given" if isinstance(base, ir.Param) else self.sort(base)
            case ir.Over(operation=operation, body=body):
                return self._called(operation, [self.sort(body)])
            case ir.Teach():
                return "other"
            case ir.Apply(operation=operation, arguments=arguments):
                return self._called(operation, [self.sort(item) for item in arguments])
        return "fixed"

    def _value(self, read: ir.Read) -> Sort:
        """A value is of the sort of its equation, a state of its own loop is given."""
        equation = self.model.equations.get(read.name)
        if equation is None:
            return "given"
        if read.name not in self.known:
            self.known[read.name] = "given"
            self.known[read.name] = self.sort(equation.expr)
        return self.known[read.name]

    def _called(self, operation: str, sorts: list[Sort]) -> Sort:
        depends = [item for item in sorts if item != "fixed"]
        if not depends:
            return "fixed"
        if operation in PRODUCTS:
            return "affine" if len(depends) == 1 else "other"
        if operation == "concat":
            return "given"
        if operation in ("mul", "div"):
            return _scaled(operation, sorts)
        if "other" in depends or operation not in ("add", "sub", *LINEAR):
            return "other"
        return "affine" if "affine" in depends else "given"


def _scaled(operation: str, sorts: list[Sort]) -> Sort:
    """One operand times, or over, one that no data takes part in."""
    left, right = sorts
    if right == "fixed":
        return left
    return right if left == "fixed" and operation == "mul" else "other"

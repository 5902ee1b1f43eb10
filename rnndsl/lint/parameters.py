"""Parameters that cannot change the loss, though something reads them.

A search from the loss back along derivatives. It passes over what has none (conditions,
tokens, positions), over products with 0, over boundaries that nothing reads, and over what a
softmax takes away again: a number added to all components, or the same at every position. What
it says is provable; a gradient that happens to be 0 is not its business. Without a loss the
outputs take its place, and what changes them without a derivative counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rnndsl.lint import messages
from rnndsl.lint.forms import is_number
from rnndsl.lint.messages import Obstacle
from rnndsl.model import expr as ir
from rnndsl.model.dims import Dim
from rnndsl.model.expr import Expr, Position
from rnndsl.model.model import Equation, Model, Parameter
from rnndsl.ops.table import TABLE
from rnndsl.text.diagnostics import Diagnostic

BLIND = ("softmax", "log_softmax", "cross_entropy")
"""What gives the same whatever number is added to all components of the first argument."""


@dataclass(frozen=True)
class Demand:
    """How much of a value matters: all of it; or not what is the same in every component; or
    not what is the same at every position that `index` runs through."""

    up_to: str = ""
    index: str = ""


WHOLE, COMPONENTS = Demand(), Demand("components")
Place = tuple[str, int | None]
"""An equation by name, or one of its boundaries by number."""


def useless_parameters(model: Model) -> Iterator[Diagnostic]:
    """A warning for the parameters that are read and used in vain, those of one cause together."""
    search = _Search(model)
    lost = _around(model, _ends(model)) - search.params
    if not lost:
        return
    behind = [(item, _around(model, [item.expr])) for item in search.obstacles]
    groups: dict[Obstacle | None, list[Parameter]] = {}
    for name, parameter in model.params.items():
        if name in lost:
            found = next((item for item, names in behind if name in names), None)
            groups.setdefault(found, []).append(parameter)
    for found, group in groups.items():
        yield messages.useless_parameters(group, found, model.loss is not None)


def _ends(model: Model) -> list[Expr]:
    """The loss and the outputs."""
    loss = [] if model.loss is None else [model.loss.expr]
    return [*loss, *(output.read for output in model.outputs)]


def _around(model: Model, starts: Iterable[Expr]) -> set[str]:
    """Every parameter that expressions are made from, in whatever way."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        for item in waiting.pop().walk():
            if isinstance(item, ir.Param):
                found.add(item.name)
            elif isinstance(item, ir.Read) and item.name not in seen:
                seen.add(item.name)
                waiting.extend(_sides(model.equations.get(item.name)))
    return found


def _sides(equation: Equation | None) -> list[Expr]:
    if equation is None:
        return []
    return [equation.expr, *(bound.expr for bound in equation.boundaries)]


class _Search:
    """What the loss depends on: `params`, and the `obstacles` met on the way."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.by_gradient = model.loss is not None
        self.params: set[str] = set()
        self.obstacles: list[Obstacle] = []
        self.seen: set[tuple[Place, Demand]] = set()
        self.waiting: list[tuple[Expr, Demand]] = []
        ends = [model.loss.expr] if model.loss else [output.read for output in model.outputs]
        self.waiting.extend((end, WHOLE) for end in ends)
        while self.waiting:
            self._visit(*self.waiting.pop())
        self._unread()

    def _unread(self) -> None:
        """Boundaries at positions that nothing reads."""
        reached = {place for place, _ in self.seen}
        for name in dict.fromkeys(name for name, _ in reached):
            for where, bound in enumerate(self.model.equations[name].boundaries):
                if (name, where) not in reached:
                    self.obstacles.append(Obstacle("unread", bound.expr, bound.span))

    def _visit(self, expr: Expr, demand: Demand) -> None:
        if _is_same(expr, demand):
            self._stop(expr, demand.up_to, demand.index)
        elif expr.type.kind != "real" and self.by_gradient:
            self._stop(expr, "flat")
        elif isinstance(expr, ir.Param):
            self.params.add(expr.name)
        elif isinstance(expr, ir.Read):
            self._read(expr, demand)
        elif isinstance(expr, ir.Teach):
            self._go(expr.children, demand)
        elif isinstance(expr, ir.Over):
            self._go([expr.body], _over(expr))
        elif isinstance(expr, ir.Apply):
            self._apply(expr, demand)
        else:
            self._go(expr.children, WHOLE)

    def _go(self, items: Iterable[Expr], demand: Demand) -> None:
        self.waiting.extend((item, demand) for item in items)

    def _stop(self, expr: Expr, why: str, index: str = "") -> None:
        self.obstacles.append(Obstacle(why, expr, expr.span, index))

    def _apply(self, expr: ir.Apply, demand: Demand) -> None:
        operation, arguments = expr.operation, expr.arguments
        row = TABLE.get(operation)
        if operation in ("add", "sub", "neg"):
            self._go(arguments, demand)
        elif operation in ("mul", "div", "matmul", "dot", "outer"):
            self._product(operation, arguments, demand)
        elif operation in BLIND:
            self._go(arguments[:1], COMPONENTS)
            self._go(arguments[1:], WHOLE)
        elif self.by_gradient and operation == "where":
            self._stop(arguments[0], "flat")
            self._go(arguments[1:], WHOLE)
        elif self.by_gradient and row is not None and row.derivative is None:
            self._stop(expr, "flat")
        else:
            self._go(arguments, WHOLE)

    def _product(self, operation: str, arguments: tuple[Expr, ...], demand: Demand) -> None:
        zero = [is_zero(self.model, item) for item in arguments]
        if operation != "div" and any(zero):
            for item in arguments:
                self._stop(item, "zero")
            return
        left, right = arguments
        by_right = operation in ("mul", "div") and _is_same(right, demand)
        by_left = operation == "mul" and _is_same(left, demand)
        self._go([left], demand if by_right else WHOLE)
        self._go([right], demand if by_left else WHOLE)

    def _read(self, read: ir.Read, demand: Demand) -> None:
        self._go((place for place in read.places if isinstance(place, Expr)), WHOLE)
        equation = self.model.equations.get(read.name)
        if equation is None:
            return
        places: list[int | None] = [None]
        if read.places and _is_outside(read.places[0]):
            places = []
        for number, bound in enumerate(equation.boundaries):
            if any(_may_read(place, bound.place) for place in read.places):
                places.append(number)
        wanted = _inside(read, equation, demand)
        for at in places:
            if ((read.name, at), wanted) not in self.seen:
                self.seen.add(((read.name, at), wanted))
                self._go([_sides(equation)[0 if at is None else at + 1]], wanted)


def _over(expr: ir.Over) -> Demand:
    return Demand("positions", expr.index) if expr.operation == "softmax" else WHOLE


def _inside(read: ir.Read, equation: Equation, demand: Demand) -> Demand:
    """A demand on what is read, in the words of the equation that computes it."""
    if demand.up_to != "positions":
        return demand
    for place, index in zip(read.places, equation.indices, strict=True):
        if isinstance(place, Position) and place.is_here and place.index == demand.index:
            return Demand("positions", index)
    return WHOLE


def _is_same(expr: Expr, demand: Demand) -> bool:
    """Whether an expression is of what a demand leaves out."""
    if demand.up_to == "components":
        return not expr.type.shape
    return demand.up_to == "positions" and not any(
        _runs(item, demand.index) for item in expr.walk()
    )


def _runs(expr: Expr, index: str) -> bool:
    """Whether an expression itself differs along an index: it reads there, or draws."""
    if isinstance(expr, ir.Read):
        return any(isinstance(place, Position) and place.index == index for place in expr.places)
    if isinstance(expr, ir.Apply):
        return expr.site is not None
    return isinstance(expr, ir.Teach) or (isinstance(expr, ir.IndexNumber) and expr.index == index)


def _is_outside(place: Position | Expr) -> bool:
    return isinstance(place, Position) and place.is_outside


def _may_read(place: Position | Expr, bound: Position) -> bool:
    """Whether a read at `place` may find the boundary `bound`, for some sizes and length."""
    if not isinstance(place, Position):
        return True
    gap = bound.offset - place.offset
    if place.anchor == bound.anchor:
        return _may_be(gap, least=0) and _may_be(-gap, least=0)
    if place.anchor == "index":
        return _may_be(gap if bound.anchor == "start" else -gap, least=bound.anchor == "start")
    return _may_be(gap if place.anchor == "end" else -gap, least=1)


def _may_be(gap: Dim, least: int) -> bool:
    """Whether a number over sizes can be `least` or more."""
    return gap.most is None or gap.most >= least


def is_zero(model: Model, expr: Expr, depth: int = 0) -> bool:
    """Whether an expression is 0 for every example, position and value of the parameters.

    What lies before the first position never is: the state of a window before may stand there.
    """
    if depth > 20:
        return False
    if isinstance(expr, ir.Read):
        place = expr.places[0] if expr.places else None
        if not isinstance(place, Position) or place.anchor != "end" or not place.is_outside:
            return False
        equation = model.equations.get(expr.name)
        bounds = (
            []
            if equation is None
            else [bound.expr for bound in equation.boundaries if _may_read(place, bound.place)]
        )
        return expr.type.kind == "real" and all(is_zero(model, item, depth + 1) for item in bounds)
    if isinstance(expr, ir.Apply) and expr.operation in ("neg", "add", "sub"):
        return all(is_zero(model, item, depth + 1) for item in expr.arguments)
    if isinstance(expr, ir.Apply) and expr.operation in ("mul", "matmul"):
        return any(is_zero(model, item, depth + 1) for item in expr.arguments)
    return is_number(expr, 0)

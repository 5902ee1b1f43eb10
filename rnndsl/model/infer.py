"""Shapes of everything, by unification: constraints from expressions, solved to the end.

Names come resolved and kinds known. What cannot be settled is reported with the annotation
that would settle it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rnndsl.model import expr as ir
from rnndsl.model import shape_messages as messages
from rnndsl.model.constraints import (
    Concatenation,
    Constraint,
    Elementwise,
    Misuse,
    Operand,
    Picking,
    Product,
    Signed,
)
from rnndsl.model.dims import Dim
from rnndsl.model.expr import Kind
from rnndsl.model.kinds import FLEXIBLE, WHOLE_KINDS, Open
from rnndsl.model.unify import Mismatch, ShapeVar, Unifier
from rnndsl.ops.signatures import COMPARISONS, ELEMENTWISE, FUNCTIONS, TOTAL
from rnndsl.text.diagnostics import Diagnostic
from rnndsl.text.source import Span

OPERATORS = ("add", "sub", "mul", "div", "mod", "pow", "neg", *COMPARISONS)


@dataclass
class Named:
    """A name's shape, the size of its tokens if it is one, and where it is declared."""

    name: str
    shape: ShapeVar
    size: Dim | None
    span: Span
    is_param: bool = False
    declared: bool = False


@dataclass(frozen=True)
class Side:
    """A right side of an equation (or of a boundary) of `name`."""

    name: str
    expr: ir.Expr


class Inference:
    """Builds and solves the constraints of one file."""

    def __init__(self, names: Mapping[str, Named], kinds: Mapping[ir.Expr, Open]) -> None:
        self.names = names
        self.kinds = kinds
        self.unifier = Unifier()
        self.constraints: list[Constraint] = []
        self.shapes: dict[ir.Expr, ShapeVar] = {}
        self.sizes: dict[ir.Expr, Dim] = {}
        self.diagnostics: list[Diagnostic] = []
        self.value_kinds: dict[str, Kind] = {}
        self.axes: tuple[str, ...] = ()
        self._filled: list[ShapeVar] = []

    # Building

    def declare_token(self, named: Named) -> None:
        """Give a token-valued name a size to be found, where none is declared."""
        if named.size is None:
            named.size = self.unifier.fresh()

    def side(self, side: Side) -> None:
        """Constrain a name by one of its right sides."""
        shape = self._build(side.expr)
        named = self.names[side.name]
        if self._is_number(side.expr):
            self._filled.append(named.shape)
            return
        self._equal(side.expr, named.shape, shape, side.name)
        if named.size is not None and side.expr in self.sizes:
            self._sizes(side.expr, named.size, self.sizes[side.expr])

    def scalar(self, expr: ir.Expr, what: str) -> None:
        """Demand a scalar: the loss is one number an example."""
        shape = self._build(expr)
        if not self._is_number(expr):
            self._equal(expr, ShapeVar(()), shape, what)

    def _is_number(self, expr: ir.Expr) -> bool:
        return self.kinds.get(expr) in FLEXIBLE

    def _operand(self, expr: ir.Expr) -> Operand:
        return Operand(expr, self._build(expr), self._is_number(expr))

    def _build(self, expr: ir.Expr) -> ShapeVar:
        if expr not in self.shapes:
            self.shapes[expr] = self._constrain(expr)
        return self.shapes[expr]

    def _constrain(self, expr: ir.Expr) -> ShapeVar:
        match expr:
            case ir.Param(name=name):
                return self.names[name].shape
            case ir.Read(name=name, places=places):
                for place in places:
                    if isinstance(place, ir.Expr):
                        self._position(place)
                named = self.names[name]
                if named.size is not None:
                    self.sizes[expr] = named.size
                return named.shape
            case ir.Pick():
                return self._pick(expr)
            case ir.Teach(teacher=teacher, free=free):
                return self._teach(expr, teacher, free)
            case ir.Over(operation=operation, body=body):
                shape = self._build(body)
                if operation == "argmax":
                    self._equal(body, ShapeVar(()), shape, "argmax over an axis")
                    return ShapeVar(())
                return shape
            case ir.Apply():
                return self._apply(expr)
        return ShapeVar(())

    def _position(self, place: ir.Expr) -> None:
        self._equal(place, ShapeVar(()), self._build(place), "a position")
        if self.kinds.get(place) not in ("position", "integer", "whole"):
            self.diagnostics.append(messages.not_a_position(place.span, self._kind(place)))

    def _kind(self, expr: ir.Expr) -> str:
        kind = self.kinds.get(expr, "real")
        return {"bool": "a condition", "token": "a token", "position": "a position"}.get(
            kind, "a real number"
        )

    def _pick(self, expr: ir.Pick) -> ShapeVar:
        result = ShapeVar()
        base, index = self._operand(expr.base), self._operand(expr.index)
        self._equal(expr.index, ShapeVar(()), index.shape, "an index")
        if self.kinds.get(expr.index) not in WHOLE_KINDS:
            self.diagnostics.append(messages.not_an_index(expr.index.span, self._kind(expr.index)))
        constraint = Picking(expr, (base,), result)
        constraint.size = self.sizes.get(expr.index)
        self.constraints.append(constraint)
        return result

    def _teach(self, expr: ir.Expr, teacher: ir.Expr, free: ir.Expr) -> ShapeVar:
        first, second = self._operand(teacher), self._operand(free)
        kinds = {self.kinds.get(item) for item in (teacher, free)} - {"whole", "number"}
        if "token" in kinds and kinds != {"token"}:
            words = self._kind(teacher), self._kind(free)
            self.diagnostics.append(messages.two_kinds(expr.span, *words))
        self._same_sizes(expr, (teacher, free))
        if first.is_number or second.is_number:
            return second.shape if first.is_number else first.shape
        self._equal(expr, first.shape, second.shape, "teach")
        return first.shape

    def _same_sizes(self, expr: ir.Expr, items: Iterable[ir.Expr]) -> None:
        """A choice between tokens: all have one size, and so has the choice."""
        sizes = [self.sizes[item] for item in items if item in self.sizes]
        if sizes and self.kinds.get(expr) == "token":
            self.sizes[expr] = sizes[0]
            for size in sizes[1:]:
                self._sizes(expr, sizes[0], size)

    def _apply(self, expr: ir.Apply) -> ShapeVar:
        operation, result = expr.operation, ShapeVar()
        operands = tuple(self._operand(item) for item in expr.arguments)
        if operation == "matmul":
            self._matrices(expr)
            self.constraints.append(Product(expr, operands, result))
            return result
        if operation in OPERATORS:
            self.constraints.append(Elementwise(expr, operands, result))
            return result
        shapes = FUNCTIONS[operation].shapes
        if shapes == ELEMENTWISE and len(operands) == 1 and operation in ("max", "min"):
            shapes = TOTAL
        if shapes == ELEMENTWISE:
            if operation == "where":
                self._same_sizes(expr, expr.arguments[1:])
            self.constraints.append(Elementwise(expr, operands, result))
        elif shapes == TOTAL:
            self.constraints.append(Elementwise(expr, operands, result))
            return ShapeVar(())
        elif shapes == "concat":
            self.constraints.append(Concatenation(expr, operands, result))
        else:
            self._signed(expr, operands, result, shapes)
        return result

    def _signed(
        self, expr: ir.Apply, operands: tuple[Operand, ...], result: ShapeVar, shapes: str
    ) -> None:
        constraint = Signed(expr, operands, result)
        constraint.alternatives = tuple(_alternative(text) for text in shapes.split("|"))
        constraint.sizes = tuple(self.sizes.get(item) for item in expr.arguments)
        if constraint.alternatives[0][1].startswith("#"):
            constraint.token = self.sizes[expr] = self.unifier.fresh()
        for position, argument in enumerate(constraint.alternatives[0][0]):
            item = expr.arguments[position]
            if argument.startswith("#") and self.kinds.get(item) not in WHOLE_KINDS:
                found = messages.needs_token(expr.operation, item.span, self._kind(item))
                self.diagnostics.append(found)
        self.constraints.append(constraint)

    def _matrices(self, expr: ir.Apply) -> None:
        """Left of `@` an undeclared parameter is a matrix; tokens stand on neither side."""
        for item in expr.arguments:
            if self.kinds.get(item) in ("token", "position"):
                self.diagnostics.append(messages.token_in_product(item.span))
        left = expr.arguments[0]
        if isinstance(left, ir.Param) and not self.names[left.name].declared:
            shape = self.names[left.name].shape
            if self.unifier.rank(shape) is None:
                self.unifier.set(shape, (self.unifier.fresh(), self.unifier.fresh()))

    # Solving

    def solve(self) -> None:
        """All conclusions, sure ones first; then what is still open is reported."""
        while self._propagate() or self._guess():
            continue

    def _propagate(self) -> bool:
        """One round of sure conclusions; whether anything was learnt."""
        before = self.unifier.changes
        waiting: list[Constraint] = []
        for constraint in self.constraints:
            if not self._try(constraint):
                waiting.append(constraint)
        self.constraints = waiting
        return self.unifier.changes > before

    def _try(self, constraint: Constraint) -> bool:
        try:
            return constraint.step(self.unifier)
        except Mismatch as fault:
            self.diagnostics.append(self._mismatch(constraint, fault))
        except Misuse as fault:
            self.diagnostics.append(
                messages.misuse(constraint.expr.span, fault.message, fault.help, fault.code)
            )
        return True

    def _mismatch(self, constraint: Constraint, fault: Mismatch) -> Diagnostic:
        operands = [
            (item.expr.span, self.unifier.show(item.shape))
            for item in constraint.operands
            if not item.is_number
        ]
        return messages.do_not_meet(constraint.expr.span, fault.left, fault.right, operands)

    def _guess(self) -> bool:
        """One default of the language's page; whether there was one to take."""
        for kind in (Product, Picking, Concatenation):
            if any(isinstance(c, kind) and c.guess(self.unifier) for c in self.constraints):
                return True
        for shape in self._filled:
            if self.unifier.rank(shape) is None:
                self.unifier.set(shape, ())
                return True
        if any(self._guess_param(named) for named in self.names.values() if named.is_param):
            return True
        return any(c.guess(self.unifier) for c in self.constraints)

    def _guess_param(self, named: Named) -> bool:
        """A parameter takes the full shape of what it meets, a scalar if it meets only those."""
        if self.unifier.rank(named.shape) is not None:
            return False
        elementwise = [c for c in self.constraints if isinstance(c, Elementwise)]
        found = [c.met(self.unifier, named.shape) for c in elementwise]
        others = [shape for shapes in found if shapes is not None for shape in shapes]
        ranks = [self.unifier.rank(shape) for shape in others]
        full = [shape for shape, rank in zip(others, ranks, strict=True) if rank]
        if full:
            self.unifier.equal(named.shape, full[0])
            return True
        if others and None not in ranks:
            self.unifier.set(named.shape, ())
            return True
        return False

    def _equal(self, expr: ir.Expr, left: ShapeVar, right: ShapeVar, what: str) -> None:
        self.constraints.append(_Same(expr, (Operand(expr, right),), left))

    def _sizes(self, expr: ir.Expr, left: Dim, right: Dim) -> None:
        try:
            self.unifier.equal_dims(left, right)
        except Mismatch as fault:
            found = messages.two_tokens(expr.span, fault.left, fault.right)
            self.diagnostics.append(found)


class _Same(Constraint):
    """The result's shape is that of the operand."""

    def step(self, unifier: Unifier) -> bool:
        unifier.equal(self.result, self.operands[0].shape)
        return True


def _alternative(text: str) -> tuple[tuple[str, ...], str]:
    arguments, _, result = text.partition("->")
    return tuple(item.strip() for item in arguments.split(",")), result.strip()

"""What a file demands of shapes: constraints, built from every expression.

Names come resolved and kinds known; `solver` solves, `settle` says what is still open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from rnndsl.model import axis_messages
from rnndsl.model import expr as ir
from rnndsl.model import shape_messages as messages
from rnndsl.model.along import Along
from rnndsl.model.constraints import Concatenation, Constraint, Elementwise, Operand, Same
from rnndsl.model.dims import Dim
from rnndsl.model.expr import Kind
from rnndsl.model.kinds import FLEXIBLE, WHOLE_KINDS, Open
from rnndsl.model.products import Picking, Product, Signed
from rnndsl.model.solver import Solver
from rnndsl.model.unify import Mismatch, ShapeVar, Unifier
from rnndsl.ops.function import ELEMENTWISE, TOTAL
from rnndsl.ops.signatures import COMPARISONS, FUNCTIONS
from rnndsl.text.diagnostics import Diagnostic
from rnndsl.text.source import Span

OPERATORS = ("add", "sub", "mul", "div", "mod", "pow", "neg", *COMPARISONS)
KIND_WORDS = {"bool": "a condition", "token": "a token", "position": "a position"}
Say = Callable[[str, str], Diagnostic]


@dataclass
class Named:
    """A name's shape, the size of its tokens if it is one, and where it is declared."""

    name: str
    shape: ShapeVar
    size: Dim | None
    span: Span
    is_param: bool = False
    declared: bool = False
    axes: tuple[str, ...] = ()


class Inference:
    """Builds and solves the constraints of one file."""

    def __init__(
        self,
        names: Mapping[str, Named],
        value_kinds: Mapping[str, Kind],
        kinds: Mapping[ir.Expr, Open],
        along: Along,
    ) -> None:
        self.names = names
        self.value_kinds = value_kinds
        self.kinds = kinds
        self.along = along
        self.unifier = Unifier()
        self.constraints: list[Constraint] = []
        self.shapes: dict[ir.Expr, ShapeVar] = {}
        self.sizes: dict[ir.Expr, Dim] = {}
        self.diagnostics: list[Diagnostic] = []
        self._filled: list[ShapeVar] = []
        self._solver: Solver | None = None
        for name, kind in value_kinds.items():
            if kind == "token" and name in names and names[name].size is None:
                names[name].size = self.unifier.fresh()

    def side(self, name: str, expr: ir.Expr, is_boundary: bool) -> None:
        """Constrain a name by one of its right sides."""
        shape, named = self._build(expr), self.names[name]
        if self._is_number(expr):
            self._filled.append(named.shape)
            return
        say = messages.boundary if is_boundary else messages.right_side
        self._same(
            expr,
            named.shape,
            shape,
            lambda left, right: say(name, expr.span, left, right, named.span),
        )
        if named.size is not None and expr in self.sizes:
            self._equal_sizes(expr, named.size, self.sizes[expr])

    def output(self, expr: ir.Expr) -> None:
        """Take in what an output reads."""
        self._build(expr)

    def loss(self, expr: ir.Expr) -> None:
        """Demand a scalar: the loss is one number an example."""
        shape = self._build(expr)
        if not self._is_number(expr):
            say = messages.loss_shape
            self._same(expr, ShapeVar(()), shape, lambda _, right: say(expr.span, right))

    def solve(self) -> None:
        """All conclusions, sure ones first; may be called again when more is known."""
        if self._solver is None:
            params = [named.shape for named in self.names.values() if named.is_param]
            self._solver = Solver(self.unifier, self.constraints, params, self._filled)
        self._solver.solve()
        self.diagnostics.extend(self._solver.diagnostics)
        self._solver.diagnostics.clear()

    # Building

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
            case ir.Read(name=name) | ir.Param(name=name):
                named = self.names[name]
                for place, axis in zip(expr.places, named.axes, strict=True):
                    if isinstance(place, ir.Expr):
                        self._position(place, axis, name)
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
                    self._scalar(body, "`argmax` over an axis compares single numbers")
                    return ShapeVar(())
                return shape
            case ir.Apply():
                return self._apply(expr)
        return ShapeVar(())

    def _kind(self, expr: ir.Expr) -> str:
        return KIND_WORDS.get(self.kinds.get(expr, "real"), "a real number")

    def _position(self, place: ir.Expr, axis: str, name: str) -> None:
        """A computed place: a position of the axis, or a whole number."""
        self._build(place)
        kind = self.kinds.get(place)
        if kind in ("position", "integer", "whole"):
            self._scalar(place, "a position is a single number")
        else:
            found = messages.not_a_position(place.span, self._kind(place), axis)
            self.diagnostics.append(found)
        other = self.along.of(place) if kind == "position" else None
        if other is not None and other != axis:
            found = axis_messages.position_of_other_axis(name, place.span, other, axis)
            self.diagnostics.append(found)

    def _pick(self, expr: ir.Pick) -> ShapeVar:
        result, base, index = ShapeVar(), self._operand(expr.base), expr.index
        self._build(index)
        if self.kinds.get(index) in WHOLE_KINDS:
            self._scalar(index, "rows and components are picked by a single number")
        else:
            data = index.name if isinstance(index, ir.Read) else None
            is_data = data is not None and data not in self.value_kinds
            found = messages.not_an_index(index.span, self._kind(index), data if is_data else None)
            self.diagnostics.append(found)
        self.constraints.append(Picking(expr, (base,), result, self.sizes.get(index)))
        return result

    def _teach(self, expr: ir.Expr, teacher: ir.Expr, free: ir.Expr) -> ShapeVar:
        first, second = self._operand(teacher), self._operand(free)
        kinds = {self.kinds.get(item) for item in (teacher, free)} - {"whole", "number"}
        if "token" in kinds and kinds != {"token"}:
            words = self._kind(teacher), self._kind(free)
            self.diagnostics.append(messages.two_kinds(expr.span, *words))
            return first.shape if self.kinds.get(teacher) == "token" else second.shape
        self._join_sizes(expr, (teacher, free))
        if first.is_number or second.is_number:
            return second.shape if first.is_number else first.shape

        def say(left: str, right: str) -> Diagnostic:
            return messages.teach_shapes((teacher.span, left), (free.span, right))

        self._same(free, first.shape, second.shape, say)
        return first.shape

    def _join_sizes(self, expr: ir.Expr, items: Iterable[ir.Expr]) -> None:
        """A choice between tokens: all have one size, and so has the choice."""
        sizes = [self.sizes[item] for item in items if item in self.sizes]
        if sizes and self.kinds.get(expr) == "token":
            self.sizes[expr] = sizes[0]
            for size in sizes[1:]:
                self._equal_sizes(expr, sizes[0], size)

    def _apply(self, expr: ir.Apply) -> ShapeVar:
        operation, result = expr.operation, ShapeVar()
        operands = tuple(self._operand(item) for item in expr.arguments)
        if operation == "matmul":
            if self._takes_matrices(expr):
                self.constraints.append(Product(expr, operands, result))
            return result
        shapes = ELEMENTWISE if operation in OPERATORS else FUNCTIONS[operation].shapes
        if shapes == ELEMENTWISE and len(operands) == 1 and operation in ("max", "min"):
            shapes = TOTAL
        if operation == "where":
            self._join_sizes(expr, expr.arguments[1:])
        if shapes in (ELEMENTWISE, TOTAL):
            self.constraints.append(Elementwise(expr, operands, result))
            return ShapeVar(()) if shapes == TOTAL else result
        if shapes == "concat":
            self.constraints.append(Concatenation(expr, operands, result))
        else:
            self._signed(expr, operands, result, shapes)
        return result

    def _signed(
        self, expr: ir.Apply, operands: tuple[Operand, ...], result: ShapeVar, shapes: str
    ) -> None:
        alternatives = tuple(_alternative(text) for text in shapes.split("|"))
        sizes = tuple(self.sizes.get(item) for item in expr.arguments)
        constraint = Signed(expr, operands, result, expr.operation, alternatives, sizes)
        if alternatives[0][1].startswith("#"):
            constraint.token = self.sizes[expr] = self.unifier.fresh()
        for argument, item in zip(alternatives[0][0], expr.arguments, strict=True):
            if not argument.startswith("#"):
                continue
            if self.kinds.get(item) in WHOLE_KINDS:
                self._scalar(item, f"`{expr.operation}` takes a single token")
            else:
                found = messages.needs_token(expr.operation, item.span, self._kind(item))
                self.diagnostics.append(found)
        self.constraints.append(constraint)

    def _takes_matrices(self, expr: ir.Apply) -> bool:
        """Left of `@` an undeclared parameter is a matrix; tokens stand on neither side."""
        tokens = [e for e in expr.arguments if self.kinds.get(e) in ("token", "position")]
        for item in tokens:
            self.diagnostics.append(messages.token_in_product(item.span, self._kind(item)))
        left = expr.arguments[0]
        if isinstance(left, ir.Param) and not self.names[left.name].declared:
            shape = self.names[left.name].shape
            if self.unifier.rank(shape) is None:
                self.unifier.set(shape, self.unifier.fresh_shape(2))
        return not tokens

    def _scalar(self, expr: ir.Expr, what: str) -> None:
        say = messages.not_scalar
        self._same(expr, ShapeVar(()), self._build(expr), lambda _, r: say(what, expr.span, r))

    def _same(self, expr: ir.Expr, left: ShapeVar, right: ShapeVar, say: Say) -> None:
        self.constraints.append(Same(expr, (Operand(expr, right),), left, say))

    def _equal_sizes(self, expr: ir.Expr, left: Dim, right: Dim) -> None:
        try:
            self.unifier.equal_dims(left, right)
        except Mismatch as fault:
            found = messages.two_tokens(expr.span, fault.left, fault.right)
            self.diagnostics.append(found)


def _alternative(text: str) -> tuple[tuple[str, ...], str]:
    arguments, _, result = text.partition("->")
    return tuple(item.strip() for item in arguments.split(",")), result.strip()

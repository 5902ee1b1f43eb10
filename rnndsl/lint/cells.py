"""The cell of a recurrent network: the equations of one loop in a form that can be compared.

Every value but the states (what another step reads) is written out in its readers, sums and
products are flat, and what differs in writing only is made one: `E[w[t]]` is the product with a
one-hot vector, `W @ concat(a, b)` two products, `dropout(a, p)` what it drops from. What takes
no part in the loop is an input. Nothing is compared here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from rnndsl.graph.causality import Loop, loops
from rnndsl.lint.forms import complement, form, is_here
from rnndsl.model import expr as ir
from rnndsl.model.dims import ZERO, Dim
from rnndsl.model.expr import Expr, Position
from rnndsl.model.model import Model
from rnndsl.model.unroll import unroll_by_default

LEAVES = ("param", "state", "input", "number")
LARGEST, DEEPEST = 400, 100
"""A cell of more terms, or with terms nested deeper, is compared with nothing."""


@dataclass(frozen=True, eq=False)
class Term:
    """One operation or leaf; `sum` and `product` are of any number of parts in any order.

    `name` tells leaves of one kind apart, `offset` is how far back (positive) a state is read,
    `source` the expression of the file and `equation` the value in whose equation it stands.
    """

    op: str
    parts: tuple[Term, ...] = ()
    name: str = ""
    offset: Dim = ZERO
    source: Expr | None = None
    equation: str = ""
    through: tuple[Expr, str] | None = None
    """The read that it was written out for, and the value in whose equation that stands."""

    @property
    def size(self) -> int:
        """How many terms it is made of."""
        return 1 + sum(part.size for part in self.parts)

    def walk(self) -> Iterator[Term]:
        """This term and all inside."""
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True)
class Cell:
    """The states of a loop, each with its whole right side; `step` is -1 where it runs back."""

    model: Model
    step: int
    states: dict[str, Term] = field(default_factory=dict)

    @property
    def gates(self) -> int:
        """How many products of things that are not numbers there are."""
        terms = (term for top in self.states.values() for term in top.walk())
        return sum(
            term.op == "product" and sum(part.op != "number" for part in term.parts) > 1
            for term in terms
        )


class TooLarge(Exception):
    """A cell that is not worth comparing, or of a form that has no place here."""


def cells(model: Model) -> Iterator[Cell]:
    """The cells of a model, loop by loop; those that are too large are left out.

    Along a fixed axis each position has a cell of its own.
    """
    model = unroll_by_default(model)
    inside: set[str] = set()
    found = loops(model, "scheduled" if model.has_teach else "teacher")
    for loop in found:
        inside.update(loop.names)
    for loop in found:
        try:
            yield _Reader(model, loop, inside).cell()
        except TooLarge:
            continue


class _Reader:
    def __init__(self, model: Model, loop: Loop, looped: set[str]) -> None:
        self.model = model
        self.loop = loop
        self.looped = looped
        self.count = self.depth = 0
        self.equation = ""

    def cell(self) -> Cell:
        """The cell of the loop; TooLarge where there is none to compare."""
        if any(len(self.model.equations[name].indices) != 1 for name in self.loop.names):
            raise TooLarge
        self.states = self._states()
        cell = Cell(self.model, self.loop.step)
        for name in self.loop.names:
            if name in self.states:
                self.equation = name
                cell.states[name] = self._term(self.model.equations[name].expr)
        return cell

    def _states(self) -> set[str]:
        """The values of the loop that another step reads."""
        return {
            item.name
            for name in self.loop.names
            for item in ir.reads(self.model.equations[name].expr)
            if item.name in self.loop.names and not is_here(item)
        }

    def _count(self) -> None:
        self.count += 1
        if self.count > LARGEST:
            raise TooLarge

    def _make(self, op: str, parts: tuple[Term, ...], expr: Expr | None, name: str = "") -> Term:
        self._count()
        return Term(op, parts, name, ZERO, expr, self.equation)

    def _term(self, expr: Expr) -> Term:
        self.depth += 1
        if self.depth > DEEPEST:
            raise TooLarge
        term = self._read_off(expr)
        self.depth -= 1
        return term

    def _read_off(self, expr: Expr) -> Term:
        match expr:
            case ir.Param(name=name):
                return self._make("param", (), expr, name)
            case ir.Literal(value=value):
                return self._make("number", (), expr, repr(float(value)))
            case ir.Read():
                return self._read(expr)
            case ir.Pick(base=ir.Param() as base, index=index) if self._is_free(index):
                name = form(index)
                return self._make(
                    "@", (self._term(base), self._make("input", (), index, name)), expr
                )
            case ir.Apply(operation="dropout", arguments=arguments):
                return self._term(arguments[0])
            case _ if self._is_free(expr) and not _has_params(expr):
                return self._make("input", (), expr, form(expr))
            case ir.Apply():
                return self._apply(expr)
        parts = tuple(self._term(item) for item in expr.children)
        return self._make(type(expr).__name__, parts, expr)

    def _read(self, read: ir.Read) -> Term:
        self._count()
        if read.name in self.states:
            place = read.places[0]
            if not isinstance(place, Position):
                raise TooLarge
            offset = -place.offset if self.loop.step > 0 else place.offset
            return Term("state", (), read.name, offset, read, self.equation)
        equation = self.model.equations.get(read.name)
        is_plain = equation is not None and (
            read.name in self.loop.names or self._is_made_of_params(read.name)
        )
        if equation is None or not is_plain or not is_here(read):
            return self._make("input", (), read, form(read))
        outer, self.equation = self.equation, read.name
        term = self._term(equation.expr)
        self.equation = outer
        return replace(term, through=(read, outer))

    def _is_made_of_params(self, name: str) -> bool:
        return name not in self.looped and _has_params(self.model.equations[name].expr)

    def _is_free(self, expr: Expr) -> bool:
        """Whether an expression takes no part in the loop."""
        return not any(item.name in self.loop.names for item in ir.reads(expr))

    def _apply(self, expr: ir.Apply) -> Term:
        arguments = expr.arguments
        rest = complement(expr)
        if rest is not None:
            return self._make("1 -", (self._term(rest),), expr)
        match expr.operation:
            case "add":
                return self._flat("sum", [self._term(item) for item in arguments], expr)
            case "sub":
                first, second = (self._term(item) for item in arguments)
                less = self._make("-", (second,), arguments[1])
                return self._flat("sum", [first, less], expr)
            case "neg":
                return self._make("-", (self._term(arguments[0]),), expr)
            case "mul":
                return self._flat("product", [self._term(item) for item in arguments], expr)
            case "matmul":
                return self._matmul(expr)
        parts = tuple(self._term(item) for item in arguments)
        return self._make(expr.operation, parts, expr)

    def _flat(self, op: str, parts: list[Term], expr: Expr) -> Term:
        inside = [item for part in parts for item in (part.parts if part.op == op else (part,))]
        return self._make(op, tuple(inside), expr)

    def _matmul(self, expr: ir.Apply) -> Term:
        """A parameter by something, whichever side it stands on; by joined parts, part by part."""
        matrix, vector = expr.arguments
        if isinstance(vector, ir.Param) and not isinstance(matrix, ir.Param):
            matrix, vector = vector, matrix
        if isinstance(matrix, ir.Apply) and matrix.operation == "transpose":
            matrix = matrix.arguments[0]
        if not isinstance(matrix, ir.Param):
            return self._make("@", (self._term(matrix), self._term(vector)), expr)
        if not (isinstance(vector, ir.Apply) and vector.operation == "concat"):
            return self._by_param(matrix.name, matrix, vector, expr)
        pieces = [
            self._by_param(f"{matrix.name}.{number}", None, item, None)
            for number, item in enumerate(vector.arguments)
        ]
        return self._flat("sum", pieces, expr)

    def _by_param(self, name: str, matrix: Expr | None, vector: Expr, expr: Expr | None) -> Term:
        if self._is_free(vector):
            inside = self._make("input", (), vector, form(vector))
        else:
            inside = self._term(vector)
        return self._make("@", (self._make("param", (), matrix, name), inside), expr)


def _has_params(expr: Expr) -> bool:
    return any(isinstance(item, ir.Param) for item in expr.walk())

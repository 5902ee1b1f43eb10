"""Expressions of the checked model: every name resolved, every node typed.

This is what the interpreter evaluates and what the graph is built from. It holds no meaning
of its own: what an operation does stands in `ops` for the compiler and, apart from it, in
`interpreter`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from typing import Literal as Choice

from rnndsl.model.dims import Dim, show_shape
from rnndsl.text.source import Span

Kind = Choice["real", "token", "position", "integer", "bool"]


@dataclass(frozen=True)
class Type:
    """Kind and shape of one value at one position of one example.

    `real`: numbers; `token`: an integer 0..size-1 or -1 for none; `position`: an integer
    1..length of `axis`, or 0 for none; `integer`: a whole number; `bool`: a condition (as a
    number, 0 or 1). Everything but `real` is scalar unless it is computed elementwise.
    """

    kind: Kind = "real"
    shape: tuple[Dim, ...] = ()
    size: Dim | None = None
    axis: str | None = None

    def __str__(self) -> str:
        if self.kind == "token":
            return f"token({self.size})"
        if self.kind == "position":
            return f"position({self.axis})"
        return show_shape(self.shape)


REAL = Type()


@dataclass(frozen=True)
class Position:
    """Where along an axis something is read (or given, for a boundary).

    `anchor` says what `offset` is added to: `index` (the running index, `t - 1`), `end` (the
    example's length, `T`, `T + 1`) or `start` (nothing: `offset` is the position, from 1).

    Along a tree it is `index` (a node, and from there the steps of `link`: `v.left`,
    `v.parent`), `root`, or `leaf`: in the equation of leaves the leaf itself.
    """

    anchor: Choice["index", "start", "end", "root", "leaf"]
    offset: Dim
    axis: str
    index: str | None = None
    link: tuple[str, ...] = ()

    @property
    def is_here(self) -> bool:
        """Whether it is the running index itself."""
        return self.anchor == "index" and not self.offset.terms and not self.link

    @property
    def is_outside(self) -> bool:
        """Whether it is one position outside `1..T` for every size and length."""
        if self.anchor == "end":
            return self.offset.least is not None and self.offset.least >= 1
        return self.anchor == "start" and self.offset.most is not None and self.offset.most <= 0


@dataclass(frozen=True, eq=False)
class Expr:
    """A checked expression."""

    span: Span
    type: Type = field(default=REAL, kw_only=True)

    @property
    def children(self) -> tuple[Expr, ...]:
        """The expressions directly inside."""
        return ()

    def walk(self) -> Iterator[Expr]:
        """This expression and all inside, outermost first, left to right."""
        stack: list[Expr] = [self]
        while stack:
            item = stack.pop()
            yield item
            stack.extend(reversed(item.children))


@dataclass(frozen=True, eq=False)
class Literal(Expr):
    """A number written in the file, or a `const` with its `name`."""

    value: int | float
    name: str | None = None


@dataclass(frozen=True, eq=False)
class SizeNumber(Expr):
    """A size as a number."""

    dim: Dim


@dataclass(frozen=True, eq=False)
class Length(Expr):
    """The example's own length of an axis (`T`) as a number; `axis` is the axis' name."""

    axis: str


@dataclass(frozen=True, eq=False)
class IndexNumber(Expr):
    """The running index (`t`) as a number, from 1."""

    index: str


@dataclass(frozen=True, eq=False)
class Param(Expr):
    """A learned parameter, at one place for each fixed axis that it carries."""

    name: str
    places: tuple[Position | Expr, ...] = ()

    @property
    def children(self) -> tuple[Expr, ...]:
        return tuple(place for place in self.places if isinstance(place, Expr))


@dataclass(frozen=True, eq=False)
class Read(Expr):
    """A value or data read at one place per axis it carries.

    Each place is a `Position`, or an expression of kind `position` (or `integer`) that says,
    for each example, where.
    """

    name: str
    places: tuple[Position | Expr, ...]

    @property
    def children(self) -> tuple[Expr, ...]:
        return tuple(place for place in self.places if isinstance(place, Expr))


@dataclass(frozen=True, eq=False)
class Pick(Expr):
    """`base[index]`: one row of a matrix or one component of a vector, counted from 0.

    An index outside the dimension (no token among them) picks 0 or a row of zeros.
    """

    base: Expr
    index: Expr

    @property
    def children(self) -> tuple[Expr, ...]:
        return (self.base, self.index)


@dataclass(frozen=True, eq=False)
class Apply(Expr):
    """An operation of the table on arguments, at one position.

    Operators are `add sub mul div mod pow neg matmul lt le gt ge eq ne and or not`, functions
    go by their names in the language. `site` numbers the calls that draw by chance (`dropout`,
    `sample`), together with the `teach` calls, from 0 in the order of the file after formulas
    are substituted. `meaning` is the textbook formula of a function that the interpreter has no
    operation of its own for. `at` is empty unless a fixed axis is unrolled around a draw: then
    it holds a number for each index that ran there, in the order in which draws count them, or
    None where the index still runs.
    """

    operation: str
    arguments: tuple[Expr, ...]
    site: int | None = None
    meaning: Callable[..., Any] | None = None
    at: tuple[int | None, ...] = ()

    @property
    def children(self) -> tuple[Expr, ...]:
        return self.arguments


@dataclass(frozen=True, eq=False)
class Over(Expr):
    """`sum[t](body)` and its like: `index` is bound to every position of `axis` in turn.

    For `softmax` the index stays free: the value at the index is one of all those. With
    `within`, as in `sum[u in v.children](body)`, the index runs over the children of that node.
    """

    operation: str
    index: str
    axis: str
    body: Expr
    within: str = ""

    @property
    def children(self) -> tuple[Expr, ...]:
        return (self.body,)


@dataclass(frozen=True, eq=False)
class Teach(Expr):
    """`teach(teacher, free)`; `site` and `at` as for `Apply`."""

    teacher: Expr
    free: Expr
    site: int
    at: tuple[int | None, ...] = ()

    @property
    def children(self) -> tuple[Expr, ...]:
        return (self.teacher, self.free)


def reads(expr: Expr) -> Iterator[Read]:
    """Every read inside an expression, left to right."""
    return (item for item in expr.walk() if isinstance(item, Read))


def free_indices(expr: Expr) -> dict[str, str]:
    """The indices that run free in an expression, each with its axis, in their written order."""
    found: dict[str, str] = {}
    stack: list[tuple[Expr | Position, frozenset[str]]] = [(expr, frozenset())]
    while stack:
        item, bound = stack.pop()
        if isinstance(item, Position):
            if item.index is not None and item.index not in bound:
                found.setdefault(item.index, item.axis)
            continue
        if isinstance(item, Over) and item.operation == "softmax":
            if item.index not in bound:
                found.setdefault(item.index, item.axis)
        elif isinstance(item, Over):
            if item.within and item.within not in bound:
                found.setdefault(item.within, item.axis)
            bound = bound | {item.index}
        inside = item.places if isinstance(item, Read | Param) else item.children
        stack.extend((child, bound) for child in reversed(inside))
    return found

"""The syntax tree: what was written, with its places; frozen, and without meaning.

Names are not resolved here and brackets are only lists of expressions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rnndsl.text.source import Span


@dataclass(frozen=True)
class Node:
    """Anything with a place in the text."""

    span: Span


# Expressions ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Number(Node):
    """A literal; an `int` when written without point and exponent."""

    value: int | float


@dataclass(frozen=True)
class Name(Node):
    """A bare name: a size, const, parameter, length, index or value without axis."""

    name: str


@dataclass(frozen=True)
class Member(Node):
    """`v.left`, `v.parent`, `enc.h`."""

    base: Name
    member: str


@dataclass(frozen=True)
class Index(Node):
    """`h[t-1]`, `E[w[t]]`, `p[t][y[t]]`: a base and the contents of one pair of brackets."""

    base: Expr
    items: tuple[Expr, ...]


@dataclass(frozen=True)
class Unary(Node):
    """`-a` or `not a`."""

    operator: Literal["-", "not"]
    operand: Expr


@dataclass(frozen=True)
class Binary(Node):
    """An infix operator, comparisons and `and`/`or` among them."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True)
class Argument(Node):
    """`x = e` inside the brackets of an instance."""

    name: str
    value: Expr


@dataclass(frozen=True)
class Binder(Node):
    """What stands between the function and its bracket: `[t]`, or `[u in v.children]`."""

    index: str
    within: Member | None = None


@dataclass(frozen=True)
class Call(Node):
    """`tanh(a)`, `sum[t](e)`, `max(a, b)`, `lstm(x = e)`; `reverse` only for instances."""

    function: str
    arguments: tuple[Expr | Argument, ...]
    binder: Binder | None = None
    reverse: bool = False


Expr = Number | Name | Member | Index | Unary | Binary | Call


# Statements ----------------------------------------------------------------------------


@dataclass(frozen=True)
class ModelStatement(Node):
    """`model NAME "title"`."""

    name: Name
    title: str | None


@dataclass(frozen=True)
class AxisStatement(Node):
    """`axis t = 1..T`, `axis i, j = 1..N`."""

    indices: tuple[Name, ...]
    first: Number
    length: Name


@dataclass(frozen=True)
class TreeStatement(Node):
    """`axis v in tree(left, right)`; no slots for any number of children."""

    indices: tuple[Name, ...]
    slots: tuple[Name, ...]


@dataclass(frozen=True)
class SizeEntry(Node):
    """One name of a `size` statement, with its default or its definition."""

    name: Name
    value: Expr | None


@dataclass(frozen=True)
class SizeStatement(Node):
    """`size n, m = 128, q = m / 4`."""

    entries: tuple[SizeEntry, ...]


@dataclass(frozen=True)
class Shape(Node):
    """`n`, `()`, `(n, m)`."""

    dims: tuple[Expr, ...]


@dataclass(frozen=True)
class IntegerType(Node):
    """`token(k)` or `position(t)`."""

    kind: Literal["token", "position"]
    argument: Expr


@dataclass(frozen=True)
class DataEntry(Node):
    """`x[t]: n`."""

    name: Name
    indices: tuple[Expr, ...]
    type: Shape | IntegerType | None


@dataclass(frozen=True)
class DataStatement(Node):
    """`input …` or `target …`."""

    role: Literal["input", "target"]
    entries: tuple[DataEntry, ...]


@dataclass(frozen=True)
class ParamEntry(Node):
    """`W[l]: (m, m) = orthogonal`."""

    name: Name
    indices: tuple[Expr, ...]
    shape: Shape | None
    initialiser: Expr | None


@dataclass(frozen=True)
class ParamStatement(Node):
    """`param U, W = orthogonal, b: m`."""

    entries: tuple[ParamEntry, ...]


@dataclass(frozen=True)
class ConstEntry(Node):
    """`alpha = 0.9`."""

    name: Name
    value: Expr


@dataclass(frozen=True)
class ConstStatement(Node):
    """`const alpha = 0.9, beta = 0.1`."""

    entries: tuple[ConstEntry, ...]


@dataclass(frozen=True)
class FormulaStatement(Node):
    """`gate(U, W, b) = …`."""

    name: Name
    parameters: tuple[Name, ...]
    body: Expr


@dataclass(frozen=True)
class EquationStatement(Node):
    """`h[t]: m = …`, `h[0] = …`, `u = …`, `loss = …`, `enc.h[0] = …`."""

    target: Name | Member
    indices: tuple[Expr, ...] | None
    shape: Shape | IntegerType | None
    value: Expr


@dataclass(frozen=True)
class OutputStatement(Node):
    """`output yhat[t], h[T]`."""

    values: tuple[Expr, ...]


@dataclass(frozen=True)
class ClipStatement(Node):
    """`clip norm 5 W, U` or `clip value 1 d h[t-1]`."""

    kind: Name
    limit: Expr
    params: tuple[Name | Member, ...]
    reference: Expr | None


@dataclass(frozen=True)
class UseStatement(Node):
    """`use "lstm.rnn" as lstm`."""

    path: str
    name: Name


Statement = (
    ModelStatement
    | AxisStatement
    | TreeStatement
    | SizeStatement
    | DataStatement
    | ParamStatement
    | ConstStatement
    | FormulaStatement
    | EquationStatement
    | OutputStatement
    | ClipStatement
    | UseStatement
)

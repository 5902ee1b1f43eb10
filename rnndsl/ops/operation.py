"""What is known of one operation of the graph: its result, code, derivative, what it may do.

A derivative is written in the operations themselves: from the builder, the node and the
adjoint `d` of its result it makes the contribution to each operand, in the shape of the
result; the builder undoes broadcasting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from rnndsl.ops.code import Code
from rnndsl.ops.function import Function

Term = Any
"""A node of the graph; it has Python's arithmetic operators."""


class Site(Protocol):
    """What code may ask of the node it stands for."""

    attrs: Mapping[str, Any]

    def rank(self, slot: int) -> int:
        """The rank of an operand."""

    def is_plain(self, slot: int) -> bool:
        """Whether an operand has neither positions nor examples: a parameter, say."""

    def is_number(self, slot: int) -> bool:
        """Whether an operand is a bare number."""

    def is_leaf(self, slot: int) -> bool:
        """Whether an operand is a number of the file or a size."""

    def is_real(self) -> bool:
        """Whether the result is real."""

    def indices(self, slot: int) -> Sequence[str]:
        """The indices that have a dimension in an operand's array, in their order."""

    def is_over_examples(self, slot: int) -> bool:
        """Whether an operand differs between examples; where not, it has one for all."""

    def size(self, key: str) -> str:
        """The code of a dimension kept in `attrs`."""

    def rank_of_result(self) -> int:
        """The rank of the result."""

    def shape_of_result(self) -> str:
        """The code of the result's shape, a tuple."""

    def live(self) -> str:
        """The code of which examples have the positions of the node's index."""

    def along(self) -> Sequence[str]:
        """Who has which positions; beside other indices, where its dimension is, of how many."""

    def turned(self) -> str:
        """The order of dimensions in which a renamed array comes; empty where it stays."""

    def kin(self, table: str) -> str:
        """The code of a table of rows of the node's tree; in a loop the part of one height."""

    def part(self, array: Code) -> Code:
        """The leaves, or the other nodes, of an array over all nodes."""

    def whole(self, array: Code) -> Code:
        """An array over leaves, or over the other nodes, with 0 at the rest."""

    def links(self) -> Sequence[str]:
        """Where the links of each node start, and whether at one height alone."""

    def members(self) -> str:
        """How many nodes, or links, the node has results for."""

    def draw(self) -> str:
        """The arguments that tell a draw its seed, place, positions and examples."""


Derivative = Callable[[Any, Any, Term], Sequence[Term | None]]
Printer = Callable[[Sequence[Code], Site], Code]
Shape = tuple[Any, ...]
ShapeRule = Callable[[Sequence[Shape], Mapping[str, Any]], Shape]
"""From the operands' shapes and the node's attributes to the result's shape."""
Result = Literal["real", "bool", "integer", "whole", "branch", "first"]
"""The kind of a result: the first three as they are; `whole`, integer unless an operand is
real; `branch`, what all but the first are joined; `first`, that of the first."""


@dataclass(frozen=True)
class Operation:
    """One row of the table."""

    name: str
    numpy: Printer
    derivative: Derivative | None = None
    shape: ShapeRule = lambda shapes, attrs: shapes[0]
    """The shape of the result, where the operation is not entry by entry."""
    kind: Result = "real"
    function: Function | None = None
    """The function of the language that is this operation, if there is one."""
    helpers: tuple[str, ...] = ()
    """Functions of the generated file that the code calls."""
    carries: Callable[..., Any] | None = None
    """One of them that stands beside the row, if not with the others in `emit/carried`."""
    is_elementwise: bool = False
    is_cheap: bool = False
    """Whether computing it again costs less than keeping it for the way back."""
    is_singular: bool = False
    """Whether its derivative can be infinite where the operation was never asked for."""
    across: bool = False
    """Whether it reads other positions than its own, so that no loop can hold it."""
    ufunc: str | None = None
    """The NumPy function with an `out` argument that computes it."""


def scalar(shapes: Sequence[Shape], attrs: Mapping[str, Any]) -> Shape:
    """One number, whatever comes in."""
    return ()


def attribute_size(shapes: Sequence[Shape], attrs: Mapping[str, Any]) -> Shape:
    """A vector of the size kept with the node."""
    return (attrs["size"],)


def rows_of_first(shapes: Sequence[Shape], attrs: Mapping[str, Any]) -> Shape:
    """As many of the first operand as the size kept with the node."""
    return (attrs["size"], *shapes[0])

"""What is known of one operation of the graph: its code, its derivative, what it may do.

A derivative is written in the operations themselves: from the builder, the node and the
adjoint `d` of its result it makes the contribution to each operand, in the shape of the
result; the builder undoes broadcasting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rnndsl.ops.code import Code

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

    def is_real(self) -> bool:
        """Whether the result is real."""

    def is_over_positions(self, slot: int) -> bool:
        """Whether an operand has a value at every position."""

    def is_over_examples(self, slot: int) -> bool:
        """Whether an operand differs between examples; where not, it has one for all."""

    def size(self, key: str) -> str:
        """The code of a dimension kept in `attrs`."""

    def rank_of_result(self) -> int:
        """The rank of the result."""

    def shape_of_result(self) -> str:
        """The code of the result's shape, a tuple."""

    def live(self) -> str:
        """The code of which examples have the positions at hand."""

    def draw(self) -> str:
        """The arguments that tell a draw its seed, place, positions and examples."""


Derivative = Callable[[Any, Any, Term], Sequence[Term | None]]
Printer = Callable[[Sequence[Code], Site], Code]


@dataclass(frozen=True)
class Operation:
    """One row of the table."""

    name: str
    numpy: Printer
    derivative: Derivative | None = None
    helpers: tuple[str, ...] = ()
    """Functions of the generated file that the code calls."""
    is_elementwise: bool = False
    is_cheap: bool = False
    """Whether computing it again costs less than keeping it for the way back."""
    is_singular: bool = False
    """Whether its derivative can be infinite where the operation was never asked for."""
    across: bool = False
    """Whether it reads other positions than its own, so that no loop can hold it."""
    ufunc: str | None = None
    """The NumPy function with an `out` argument that computes it."""

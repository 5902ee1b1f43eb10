"""What the language knows of one of its functions: arguments, shapes, kinds, what it becomes.

A shape rule is `elementwise` (scalars broadcast, everything else has one shape), `total`
(arguments meet elementwise, the result is a scalar), or a signature: dimensions of each
argument, `->`, dimensions of the result; `#k` stands for a token of size `k`; alternatives
are parted by `|`. How the result is computed is the business of `operation`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

ELEMENTWISE = "elementwise"
TOTAL = "total"

Lower = Callable[[Any, Sequence[Any], Sequence[Any]], Any]
"""From the builder, the operands and the result's shape to a node."""


@dataclass(frozen=True)
class Function:
    """How a function may be called, and what it becomes in the graph."""

    name: str
    least: int
    most: int | None
    shapes: str
    kind: str = "real"
    """`real`, `same` (that of the arguments, joined), `branch` (of all but the first),
    `token`, `bool`, or `arithmetic` (integer where all arguments are)."""
    draws: bool = False
    lower: Lower | None = None
    """What it becomes; without it, the operation of its name."""
    meaning: Callable[..., Any] | None = None
    """The textbook formula on arrays, for complex numbers too (branching on the real part
    alone): what the interpreter takes where it has no operation of its own."""


def reals(name: str) -> Lower:
    """The operation of a name on operands that become real numbers first."""
    return lambda b, a, shape: b.op(name, *(b.real(item) for item in a))

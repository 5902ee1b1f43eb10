"""What stands on an edge: the parameters a value passes through on its way into an equation.

In `tanh(b + W @ h[t-1])` the edge from h carries W; in `u[t] * h[t-1]`, u scales.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rnndsl.draw.notation import spaced_minus, symbol
from rnndsl.model.expr import (
    Apply,
    Expr,
    Literal,
    Over,
    Param,
    Pick,
    Position,
    Read,
    SizeNumber,
    Teach,
    reads,
)
from rnndsl.model.model import Model

Step = tuple[Expr, int]

LINEAR = frozenset(
    {"add", "sub", "neg", "mul", "div", "matmul", "dot", "transpose", "circular_conv"}
)
LONGEST = 12
DEEPEST = 3


@dataclass(frozen=True)
class Mark:
    """What one read passes through: names and numbers, outermost first, and how it enters.

    `factors` are names of parameters or short arithmetic; `scales` says whether the read is one
    side of an elementwise product whose other side depends on values too.
    """

    factors: tuple[str, ...] = ()
    scales: bool = False


def marks(model: Model) -> Mapping[Read, tuple[Mark, ...]]:
    """The marks of every read in a model; one object may be read through several ways."""
    found: dict[Read, tuple[Mark, ...]] = {}
    leads = {name: len(param.axes) for name, param in model.params.items()}
    for equation in model.all_equations:
        for top in (equation.expr, *(boundary.expr for boundary in equation.boundaries)):
            for read, path in _paths(top):
                mark = _mark(path, leads)
                if mark not in found.get(read, ()):
                    found[read] = (*found.get(read, ()), mark)
    return found


def _paths(top: Expr) -> Iterator[tuple[Read, tuple[Step, ...]]]:
    """Every read, with the expressions around it (outermost first) and the argument it is in."""
    stack: list[tuple[Expr, tuple[Step, ...]]] = [(top, ())]
    while stack:
        expr, path = stack.pop()
        if isinstance(expr, Read):
            yield expr, path
        for number, child in reversed(list(enumerate(expr.children))):
            stack.append((child, (*path[-LONGEST:], (expr, number))))


def _mark(path: tuple[Step, ...], leads: Mapping[str, int]) -> Mark:
    """From the read outwards, as far as it enters linearly; `leads` says by how many fixed axes
    each parameter goes."""
    factors: list[str] = []
    scales = False
    for expr, number in reversed(path):
        if isinstance(expr, Pick):
            if number == 1 and isinstance(expr.base, Param | Pick):
                factors += [name for name in [parameter(expr.base, leads)] if name]
            continue
        if isinstance(expr, Teach | Over):
            continue
        if not isinstance(expr, Apply) or expr.operation not in LINEAR:
            break
        others = [child for place, child in enumerate(expr.arguments) if place != number]
        if expr.operation in ("add", "sub", "neg", "transpose"):
            continue
        if any(next(reads(other), None) is not None for other in others):
            scales = scales or (expr.operation == "mul" and not factors)
            continue
        text = arithmetic(others[0], leads) if others and expr.operation != "div" else None
        if text is not None:
            factors.append(text)
    return Mark(tuple(reversed(factors)), scales)


def arithmetic(expr: Expr, leads: Mapping[str, int], depth: int = 0) -> str | None:
    """Parameters and numbers as a short text: `W`, `1−α`; None where it says too much."""
    if depth > DEEPEST:
        return None
    if isinstance(expr, Param | Pick):
        return parameter(expr, leads)
    if isinstance(expr, Literal):
        return expr.name or f"{expr.value:g}"
    if isinstance(expr, SizeNumber):
        return spaced_minus(str(expr.dim))
    if isinstance(expr, Apply) and expr.operation in ("add", "sub") and len(expr.arguments) == 2:
        left, right = (arithmetic(item, leads, depth + 1) for item in expr.arguments)
        if left is not None and right is not None:
            sign = "+" if expr.operation == "add" else "−"
            text = f"{shown(left)}{sign}{shown(right)}"
            return text if len(text) <= LONGEST else None
    return None


def parameter(expr: Expr, leads: Mapping[str, int]) -> str | None:
    """A parameter, with its indices along fixed axes below the line: `W_l`, unrolled `W_2`."""
    if isinstance(expr, Param):
        below = [place.index for place in expr.places if isinstance(place, Position)]
        is_plain = len(below) == len(expr.places) and None not in below
        return "_".join((expr.name, *(index or "" for index in below if is_plain)))
    positions: list[str] = []
    while isinstance(expr, Pick) and isinstance(expr.index, Literal):
        positions.append(str(int(expr.index.value) + 1))
        expr = expr.base
    if isinstance(expr, Param) and positions and len(positions) == leads[expr.name]:
        return "_".join((expr.name, *reversed(positions)))
    return None


def shown(factor: str) -> str:
    """A factor as one line of mathematics."""
    return symbol(factor).inline if factor.isidentifier() else factor

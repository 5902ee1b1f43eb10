"""Kinds: which expressions are numbers of the file, integers, tokens, positions or reals.

Two kinds live only here, for what no data and no parameter takes part in: `whole` and
`number`. They fit in wherever a real, or (a `whole`) an integer or token is wanted. Shapes
are for `shapes`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from rnndsl.model import expr as ir
from rnndsl.model.expr import Kind
from rnndsl.ops.function import ELEMENTWISE, TOTAL
from rnndsl.ops.signatures import COMPARISONS, FUNCTIONS

Open = Literal["whole", "number"] | Kind
FLEXIBLE = ("whole", "number")
WHOLE_KINDS = ("whole", "integer", "token", "position", "bool")
_ARITHMETIC = ("add", "sub", "mul", "mod", "neg")
_REAL = ("div", "pow")
MOST_CHANGES = 8

Env = Callable[[str], Open | None]


def arithmetic(kinds: Iterable[Open | None]) -> Open | None:
    """The kind of a sum or product; None where nothing is known yet."""
    known = {_as_number(kind) for kind in kinds if kind is not None}
    if not known:
        return None
    if "real" in known or {"number", "integer"} <= known:
        return "real"
    for kind in ("integer", "number"):
        if kind in known:
            return kind
    return "whole"


def _as_number(kind: Open) -> Open:
    return "integer" if kind in ("token", "position", "bool") else kind


def branch(kinds: Iterable[Open | None]) -> Open | None:
    """The kind of a choice: a token stays one beside tokens and whole numbers."""
    known = {kind for kind in kinds if kind is not None}
    if known == {"bool"}:
        return "bool"
    for kind in ("token", "position"):
        if kind in known and known <= {kind, "whole"}:
            return kind
    return arithmetic(known)


def kind_of(expr: ir.Expr, env: Env, memo: dict[ir.Expr, Open | None]) -> Open | None:
    """The kind of an expression, under the kinds of the values it reads; fills `memo`."""
    if expr not in memo:
        memo[expr] = _kind(expr, env, memo)
    return memo[expr]


def _kind(expr: ir.Expr, env: Env, memo: dict[ir.Expr, Open | None]) -> Open | None:
    inside = [kind_of(child, env, memo) for child in expr.children]
    match expr:
        case ir.Literal(value=value):
            return "whole" if isinstance(value, int) else "number"
        case ir.SizeNumber() | ir.Length() | ir.IndexNumber():
            return "whole"
        case ir.Param():
            return "real"
        case ir.Read(name=name):
            return env(name)
        case ir.Pick():
            return inside[0]
        case ir.Teach():
            return "token" if "token" in inside else branch(inside)
        case ir.Over(operation=operation):
            return _over(operation, inside)
        case ir.Apply(operation=operation):
            return _apply(operation, inside)
    raise AssertionError(expr)


def _over(operation: str, inside: list[Open | None]) -> Open | None:
    if operation == "argmax":
        return "position"
    if operation in ("mean", "logsumexp", "softmax"):
        return "real"
    return arithmetic(inside)


def _apply(operation: str, inside: list[Open | None]) -> Open | None:
    if operation in COMPARISONS:
        return "bool"
    if operation in _ARITHMETIC:
        return arithmetic(inside)
    signature = FUNCTIONS.get(operation)
    rule = signature.kind if signature else "real"
    if rule == "token":
        return "token"
    if rule == "branch":
        return branch(inside[1:])
    kind = arithmetic(inside)
    if rule == "arithmetic":
        return kind
    fills = operation in _REAL or (signature and signature.shapes in (ELEMENTWISE, TOTAL))
    return "number" if fills and kind in FLEXIBLE else None if kind is None else "real"


def solve(
    values: Mapping[str, tuple[ir.Expr, ...]], declared: Mapping[str, Kind]
) -> tuple[dict[str, Kind], dict[ir.Expr, Open]]:
    """Kinds of all values and of all expressions in them, by iteration to a fixed point.

    Kinds only widen, from whole numbers to reals, so each changes a few times at most.

    `values` holds the right sides of each value (its boundaries too), `declared` the kinds of
    data and of values with a declared kind. What stays open is real.
    """
    found: dict[str, Open | None] = {name: declared.get(name) for name in values}

    def env(name: str) -> Open | None:
        return declared[name] if name in declared else found.get(name)

    readers: dict[str, list[str]] = {}
    for name, sides in values.items():
        for side in sides:
            for read in ir.reads(side):
                readers.setdefault(read.name, []).append(name)
    waiting = deque(name for name in values if name not in declared)
    rounds = dict.fromkeys(values, 0)
    while waiting:
        name = waiting.popleft()
        memo: dict[ir.Expr, Open | None] = {}
        kind = branch(kind_of(side, env, memo) for side in values[name])
        if kind != found[name] and rounds[name] < MOST_CHANGES:
            found[name] = kind
            rounds[name] += 1
            waiting.extend(item for item in readers.get(name, ()) if item not in declared)
    kinds = {name: _closed(kind) for name, kind in found.items()}

    def final(name: str) -> Open | None:
        return kinds.get(name) or declared.get(name)

    memo = {}
    for sides in values.values():
        for side in sides:
            kind_of(side, final, memo)
    return kinds, {expr: kind or "real" for expr, kind in memo.items()}


def _closed(kind: Open | None) -> Kind:
    if kind is None or kind == "whole" or kind == "number":
        return "real"
    return kind


def closed(kind: Open) -> Kind:
    """The kind in the checked model: `whole` is an integer, `number` a real."""
    if kind == "whole":
        return "integer"
    return "real" if kind == "number" else kind

"""Operations entry by entry: arithmetic, comparisons, nonlinearities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from rnndsl.ops.code import ADD, COMPARE, MUL, POWER, UNARY, Code, call, infix
from rnndsl.ops.function import ELEMENTWISE, Function, Lower
from rnndsl.ops.operation import Derivative, Operation, Printer, Result, Site

INTO = {"sigmoid": "_sigmoid_into", "relu": "_relu_into"}
"""Functions of generated modules that write into an array."""


def _infix(operator: str, level: int) -> Printer:
    return lambda a, site: infix(operator, level, a[0], a[1])


def _call(function: str) -> Printer:
    return lambda a, site: call(function, *a)


def _power(a: Sequence[Code], site: Site) -> Code:
    return Code(f"{a[0].at(POWER + 1)} ** {a[1].at(POWER)}", POWER)


def _negative(a: Sequence[Code], site: Site) -> Code:
    return Code(f"-{a[0].at(UNARY)}", UNARY)


def _where(a: Sequence[Code], site: Site) -> Code:
    """Two bare numbers are told their type: NumPy would take float64."""
    if site.is_real() and site.is_number(1) and site.is_number(2):
        return call("np.where", a[0], call("DTYPE", a[1]), call("DTYPE", a[2]))
    return call("np.where", *a)


def _smooth(
    name: str,
    code: str | Callable[..., Any],
    derivative: Derivative,
    *,
    arguments: int = 1,
    kind: Result = "real",
    is_singular: bool = False,
    meaning: Callable[..., Any] | None = None,
) -> Operation:
    """A function of the language: `code` is one of NumPy's, of `emit/carried`, or stands here."""
    called = code if isinstance(code, str) else code.__name__
    rule = "arithmetic" if kind == "whole" else "real"
    return Operation(
        name,
        _call(called),
        derivative,
        kind=kind,
        function=Function(name, arguments, arguments, ELEMENTWISE, rule, meaning=meaning),
        helpers=(called,) if called.startswith("_") else (),
        carries=None if isinstance(code, str) else code,
        is_elementwise=True,
        is_singular=is_singular,
        ufunc=called if called.startswith("np.") else INTO.get(name),
    )


def _arithmetic(
    name: str,
    operator: str,
    level: int,
    derivative: Derivative,
    ufunc: str,
    kind: Result = "whole",
    is_singular: bool = False,
) -> Operation:
    return Operation(
        name,
        _infix(operator, level),
        derivative,
        kind=kind,
        is_elementwise=True,
        is_cheap=True,
        is_singular=is_singular,
        ufunc=ufunc,
    )


def _extremum(name: str, ufunc: str, derivative: Derivative) -> Operation:
    return Operation(name, _call(ufunc), derivative, kind="whole", is_elementwise=True, ufunc=ufunc)


def _condition(name: str, code: Printer) -> Operation:
    return Operation(name, code, kind="bool", is_elementwise=True, is_cheap=True)


def _extreme(over: str, between: str, sign: int) -> Lower:
    """`max` and `min`: over the components of one value, or entry by entry between several."""

    def lower(b: Any, a: Sequence[Any], shape: Sequence[Any]) -> Any:
        if len(a) > 1:
            return reduce(lambda left, right: b.op(between, left, right), a)
        return b.op(over, a[0], sign=sign) if a[0].rank else a[0]

    return lower


def _softsign(x):  # type: ignore[no-untyped-def]
    return x / (1 + np.abs(x))


ROWS = (
    _arithmetic("add", "+", ADD, lambda b, n, d: (d, d), "np.add"),
    _arithmetic("sub", "-", ADD, lambda b, n, d: (d, -d), "np.subtract"),
    _arithmetic("mul", "*", MUL, lambda b, n, d: (d * n.inputs[1], d * n.inputs[0]), "np.multiply"),
    _arithmetic(
        "div",
        "/",
        MUL,
        lambda b, n, d: (d / n.inputs[1], -d * n / n.inputs[1]),
        "np.divide",
        kind="real",
        is_singular=True,
    ),
    _arithmetic(
        "mod",
        "%",
        MUL,
        lambda b, n, d: (d, -d * b.op("floor", n.inputs[0] / n.inputs[1])),
        "np.remainder",
        is_singular=True,
    ),
    Operation(
        "neg",
        _negative,
        lambda b, n, d: (-d,),
        kind="whole",
        is_elementwise=True,
        is_cheap=True,
        ufunc="np.negative",
    ),
    Operation(
        "pow",
        _power,
        lambda b, n, d: (
            d * n.inputs[1] * n.inputs[0] ** (n.inputs[1] - 1),
            d * b.where(n.inputs[0] > 0, n * b.op("log", n.inputs[0]), 0),
        ),
        is_elementwise=True,
        is_singular=True,
        ufunc="np.power",
    ),
    Operation(
        "square",
        lambda a, site: Code(f"{a[0].at(POWER + 1)} ** 2", POWER),
        lambda b, n, d: (d * 2 * n.inputs[0],),
        kind="whole",
        is_elementwise=True,
        ufunc="np.square",
    ),
    Operation("floor", _call("np.floor"), is_elementwise=True, ufunc="np.floor"),
    Operation("sign", _call("np.sign"), is_elementwise=True, ufunc="np.sign"),
    _smooth("tanh", "np.tanh", lambda b, n, d: (d * (1 - b.op("square", n)),)),
    _smooth("sigmoid", "_sigmoid", lambda b, n, d: (d * n * (1 - n),)),
    _smooth("relu", "_relu", lambda b, n, d: (b.where(n.inputs[0] > 0, d, 0),)),
    _smooth("softplus", "_softplus", lambda b, n, d: (d * b.op("sigmoid", n.inputs[0]),)),
    _smooth("exp", "np.exp", lambda b, n, d: (d * n,)),
    _smooth("log", "np.log", lambda b, n, d: (d / n.inputs[0],), is_singular=True),
    _smooth("sqrt", "np.sqrt", lambda b, n, d: (d / (2 * n),), is_singular=True),
    _smooth("abs", "np.abs", lambda b, n, d: (d * b.op("sign", n.inputs[0]),), kind="whole"),
    _smooth(
        "softsign",
        _softsign,
        lambda b, n, d: (d * b.op("square", 1 - b.op("abs", n)),),
        meaning=lambda x: x / (1 + np.where(np.real(x) < 0, -x, x)),
    ),
    _smooth(
        "logaddexp",
        "np.logaddexp",
        lambda b, n, d: (
            d * b.op("sigmoid", n.inputs[0] - n.inputs[1]),
            d * b.op("sigmoid", n.inputs[1] - n.inputs[0]),
        ),
        arguments=2,
    ),
    _extremum(
        "max",
        "np.maximum",
        lambda b, n, d: (
            b.where(n.inputs[0] >= n.inputs[1], d, 0),
            b.where(n.inputs[0] >= n.inputs[1], 0, d),
        ),
    ),
    _extremum(
        "min",
        "np.minimum",
        lambda b, n, d: (
            b.where(n.inputs[0] <= n.inputs[1], d, 0),
            b.where(n.inputs[0] <= n.inputs[1], 0, d),
        ),
    ),
    Operation(
        "where",
        _where,
        lambda b, n, d: (None, b.where(n.inputs[0], d, 0), b.where(n.inputs[0], 0, d)),
        kind="branch",
        function=Function("where", 3, 3, ELEMENTWISE, "branch"),
        is_elementwise=True,
    ),
    Operation(
        "to_real", lambda a, site: call("_real", *a), helpers=("_real",), is_elementwise=True
    ),
    Operation(
        "to_whole",
        lambda a, site: call("_integer", *a),
        kind="integer",
        helpers=("_integer",),
        is_elementwise=True,
    ),
    Operation(
        "truth",
        lambda a, site: infix("!=", COMPARE, a[0], Code("0")),
        kind="bool",
        is_elementwise=True,
    ),
    _condition("lt", _infix("<", COMPARE)),
    _condition("le", _infix("<=", COMPARE)),
    _condition("gt", _infix(">", COMPARE)),
    _condition("ge", _infix(">=", COMPARE)),
    _condition("eq", _infix("==", COMPARE)),
    _condition("ne", _infix("!=", COMPARE)),
    _condition("and", _call("np.logical_and")),
    _condition("or", _call("np.logical_or")),
    _condition("not", _call("np.logical_not")),
)

FUNCTIONS = (
    Function("min", 1, None, ELEMENTWISE, "arithmetic", lower=_extreme("least", "min", -1)),
    Function("max", 1, None, ELEMENTWISE, "arithmetic", lower=_extreme("greatest", "max", 1)),
    Function(
        "clamp",
        3,
        3,
        ELEMENTWISE,
        "arithmetic",
        lower=lambda b, a, shape: b.op("min", b.op("max", a[0], a[1]), a[2]),
    ),
)
"""Functions that are more than the operation of their name, or no operation at all."""

"""Operations over the components of one value: sums, maxima, softmax, picking, losses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnndsl.ops.code import Code, call, subscript
from rnndsl.ops.function import TOTAL, Function, Lower, reals
from rnndsl.ops.operation import (
    Operation,
    Printer,
    Site,
    attribute_size,
    rows_of_first,
    scalar,
)


def _axes(site: Site, slot: int = 0) -> str:
    return "axis=-1" if site.rank(slot) == 1 else "axis=(-2, -1)"


def _reduce(function: str) -> Printer:
    return lambda a, site: call(function, a[0], _axes(site))


def _pick(a: Sequence[Code], site: Site) -> Code:
    literal = site.attrs.get("literal")
    index = a[1] if literal is None else str(literal)
    if site.attrs.get("inside"):
        return subscript(a[0], str(literal))
    if literal == 0:
        tail = ", :" * (site.rank(0) - 1)
        return subscript(a[0], "0" if site.is_plain(0) else f"..., 0{tail}")
    if site.is_plain(0):
        return call("_rows", a[0], index)
    return call("_picked", a[0], index, str(site.rank(0)))


def _unpick(a: Sequence[Code], site: Site) -> Code:
    return call("_unpick", a[0], a[1], site.size("size"), str(site.rank_of_result()))


def _flat(name: str, function: str, **more: Any) -> Operation:
    return Operation(
        name, lambda a, site: call(function, a[0], str(site.rank(0))), helpers=(function,), **more
    )


def _first(b, n, d):  # type: ignore[no-untyped-def]
    return (d * b.op("first_hot", n.inputs[0], sign=n.attrs["sign"]),)


def _total(name: str) -> Lower:
    """A reduction over components; a scalar is its own, its norm its absolute value."""

    def lower(b: Any, a: Sequence[Any], shape: Sequence[Any]) -> Any:
        node = a[0] if name in ("sum", "prod") else b.real(a[0])
        if node.rank:
            return b.op(name, node)
        return b.op("abs", node) if name == "norm" else node

    return lower


def _squared_error(b: Any, a: Sequence[Any], shape: Sequence[Any]) -> Any:
    square = b.op("square", b.real(a[0]) - b.real(a[1]))
    return b.op("sum", square) if square.rank else square


def _binary_cross_entropy(b: Any, a: Sequence[Any], shape: Sequence[Any]) -> Any:
    logits, values = b.real(a[0]), b.real(a[1])
    terms = b.op("softplus", logits) - values * logits
    return b.op("sum", terms) if terms.rank else terms


def _scoring(name: str) -> Function:
    return Function(
        name, 2, 2, "k, #k ->", lower=lambda b, a, shape: b.op(name, b.real(a[0]), a[1])
    )


def _over_all(name: str, kind: str = "real") -> Function:
    return Function(name, 1, 1, TOTAL, kind, lower=_total(name))


ROWS = (
    Operation(
        "sum",
        _reduce("np.sum"),
        lambda b, n, d: (b.fill(d, n.inputs[0]),),
        shape=scalar,
        kind="whole",
        function=_over_all("sum", "arithmetic"),
    ),
    Operation(
        "mean",
        _reduce("np.mean"),
        lambda b, n, d: (b.fill(d / b.count(n.inputs[0]), n.inputs[0]),),
        shape=scalar,
        function=_over_all("mean"),
    ),
    Operation(
        "prod",
        _reduce("np.prod"),
        lambda b, n, d: (d * b.op("other_factors", n.inputs[0]),),
        shape=scalar,
        kind="whole",
        function=_over_all("prod", "arithmetic"),
    ),
    _flat("other_factors", "_other_factors"),
    _flat("extent", "_extent", shape=scalar),  # held fixed: what is scaled by it has the derivative
    Operation("greatest", _reduce("np.max"), _first, shape=scalar, kind="whole"),
    Operation("least", _reduce("np.min"), _first, shape=scalar, kind="whole"),
    Operation(
        "first_hot",
        lambda a, site: call(
            "_first_hot", a[0] if site.attrs["sign"] > 0 else f"-{a[0].at(6)}", str(site.rank(0))
        ),
        helpers=("_first_hot",),
    ),
    Operation(
        "logsumexp",
        lambda a, site: call("_logsumexp", a[0], str(site.rank(0))),
        lambda b, n, d: (d * b.op("exp", n.inputs[0] - n),),
        shape=scalar,
        function=_over_all("logsumexp"),
        helpers=("_logsumexp",),
    ),
    Operation(
        "norm",
        lambda a, site: call("_norm", a[0], str(site.rank(0))),
        lambda b, n, d: (d * b.op("unit", n.inputs[0], n),),
        shape=scalar,
        function=_over_all("norm"),
        helpers=("_norm",),
    ),
    Operation(
        "unit",
        lambda a, site: call("_unit", a[0], a[1], str(site.rank(0))),
        helpers=("_unit",),
    ),
    Operation(
        "softmax",
        lambda a, site: call("_softmax", a[0]),
        lambda b, n, d: (n * (d - b.op("sum", d * n)),),
        function=Function("softmax", 1, 1, "k -> k", lower=reals("softmax")),
        helpers=("_softmax",),
    ),
    Operation(
        "log_softmax",
        lambda a, site: call("_log_softmax", a[0]),
        lambda b, n, d: (d - b.op("exp", n) * b.op("sum", d),),
        function=Function("log_softmax", 1, 1, "k -> k", lower=reals("log_softmax")),
        helpers=("_log_softmax",),
    ),
    Operation(
        "cross_entropy",
        lambda a, site: call("_cross_entropy", *a),
        lambda b, n, d: (b.op("cross_entropy_slope", n.inputs[0], n.inputs[1]) * d, None),
        shape=scalar,
        function=_scoring("cross_entropy"),
        helpers=("_cross_entropy",),
    ),
    Operation(
        "cross_entropy_slope",
        lambda a, site: call("_cross_entropy_slope", *a),
        helpers=("_cross_entropy_slope",),
    ),
    Operation(
        "nll",
        lambda a, site: call("_nll", *a),
        lambda b, n, d: (
            b.unpick(-d / b.pick(n.inputs[0], n.inputs[1]), n.inputs[1], n.inputs[0]),
            None,
        ),
        shape=scalar,
        function=_scoring("nll"),
        helpers=("_nll",),
        is_singular=True,
    ),
    Operation(
        "pick",
        _pick,
        lambda b, n, d: (b.unpick_like(n, d), *(None for _ in n.inputs[1:])),
        shape=lambda shapes, attrs: shapes[0][1:],
        kind="first",
        helpers=("_rows", "_picked"),
    ),
    Operation("unpick", _unpick, shape=rows_of_first, helpers=("_unpick",)),
    Operation(
        "put",
        lambda a, site: call(
            "_put", a[0], str(site.attrs["literal"]), site.size("size"), str(site.rank_of_result())
        ),
        shape=rows_of_first,
        helpers=("_put",),
    ),
    Operation(
        "row_sums",
        lambda a, site: call("_row_sums", a[0], a[1], site.size("size"), str(site.rank(0))),
        shape=rows_of_first,
        helpers=("_row_sums",),
        across=True,
    ),
    Operation(
        "one_hot",
        lambda a, site: call("_one_hot", a[0], site.size("size")),
        shape=attribute_size,
        function=Function(
            "one_hot",
            1,
            1,
            "#k -> k",
            lower=lambda b, a, shape: b.op("one_hot", a[0], size=shape[0]),
        ),
        helpers=("_one_hot",),
    ),
    Operation(
        "touched",
        lambda a, site: call("_touched", a[0], str(site.rank(0))),
        shape=scalar,
        kind="bool",
        helpers=("_touched",),
    ),
    Operation(
        "argmax",
        lambda a, site: call("np.argmax", a[0], "axis=-1"),
        shape=scalar,
        kind="integer",
        function=Function("argmax", 1, 1, "k -> #k", "token", lower=reals("argmax")),
    ),
)

FUNCTIONS = (
    Function("squared_error", 2, 2, TOTAL, lower=_squared_error),
    Function("binary_cross_entropy", 2, 2, TOTAL, lower=_binary_cross_entropy),
)
"""Functions made of other operations."""

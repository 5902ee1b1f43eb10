"""Operations that know of positions: shifts, reductions over an axis, boundaries, draws.

In generated code `live` tells which positions each example has, `lengths` how many, `T` how
many the batch has and `B` how many examples it holds.
"""

from __future__ import annotations

from collections.abc import Sequence

from rnndsl.ops.code import Code, call, subscript
from rnndsl.ops.function import ELEMENTWISE, Function
from rnndsl.ops.operation import Derivative, Operation, Result, Site, scalar


def _over(name: str, derivative: Derivative | None, kind: Result = "real") -> Operation:
    function = f"_{name}"
    return Operation(
        name,
        lambda a, site: call(function, a[0], "live"),
        derivative,
        kind=kind,
        helpers=(function,),
        across=True,
    )


def _hot_over(b, n, d):  # type: ignore[no-untyped-def]
    hot = b.op("first_hot_over", n.inputs[0], sign=n.attrs["sign"])
    return (b.spread(d) * hot,)


def _spread(a: Sequence[Code], site: Site) -> Code:
    return call("_spread", a[0], site.live(), str(site.rank_of_result()))


def _total(a: Sequence[Code], site: Site) -> Code:
    attrs, is_over_t = site.attrs, site.is_over_positions(0)
    axes = [0] if attrs["t"] else []
    has_examples = attrs["b"] or (attrs["t"] and not site.is_over_examples(0))
    axes += [int(is_over_t)] if has_examples else []
    axes += [-1 - number for number in range(site.rank(0))] if attrs["components"] else []
    text = f"axis={axes[0]}" if len(axes) == 1 else f"axis=({', '.join(map(str, axes))})"
    if attrs["b"] and is_over_t and not attrs["t"]:
        summed = call("np.sum", a[0], text)
        return subscript(summed, ":, None")
    return call("np.sum", a[0], text)


def _carried(a: Sequence[Code], site: Site) -> Code:
    own = a[0]
    if not site.is_over_examples(0):
        own = call("_for_each", a[0], "B", str(site.rank_of_result()))
    return call("_carried", own, "state", repr(site.attrs["name"]), site.size("row"))


def _dropout(a: Sequence[Code], site: Site) -> Code:
    missing = site.rank_of_result() - site.rank(0)
    own = a[0]
    if missing and not site.is_plain(0):
        own = subscript(own, ", ".join(["...", *["None"] * missing]))
    return call("_dropout", own, site.draw(), site.shape_of_result(), "training")


ROWS = (
    _over("sum_over", lambda b, n, d: (b.spread(d),), "whole"),
    _over("mean_over", lambda b, n, d: (b.spread(d / b.length()),)),
    _over(
        "prod_over",
        lambda b, n, d: (b.spread(d) * b.op("other_factors_over", n.inputs[0]),),
        "whole",
    ),
    _over("other_factors_over", None),
    _over("max_over", _hot_over, "whole"),
    _over("min_over", _hot_over, "whole"),
    Operation(
        "first_hot_over",
        lambda a, site: call(
            "_first_hot_over", a[0] if site.attrs["sign"] > 0 else f"-{a[0].at(6)}", "live"
        ),
        helpers=("_first_hot_over",),
        across=True,
    ),
    _over("logsumexp_over", lambda b, n, d: (b.spread(d) * b.op("exp", n.inputs[0] - n),)),
    _over("softmax_over", lambda b, n, d: (n * (d - b.op("sum_over", d * n)),)),
    _over("argmax_over", None, "integer"),
    Operation("spread", _spread, lambda b, n, d: (d,), helpers=("_spread",)),
    Operation(
        "total",
        _total,
        shape=lambda shapes, attrs: () if attrs["components"] else shapes[0],
        across=True,
    ),
    Operation(
        "carry",
        _carried,
        lambda b, n, d: (b.op("uncarry", d, name=n.attrs["name"], row=n.attrs["row"]),),
        helpers=("_carried", "_for_each"),
    ),
    Operation(
        "uncarry",
        lambda a, site: call(
            "_uncarried", a[0], "state", repr(site.attrs["name"]), site.size("row")
        ),
        helpers=("_uncarried",),
    ),
    Operation(
        "clip_flow",
        lambda a, site: call(
            "_clip_flow_" + site.attrs["kind"],
            a[0],
            repr(site.attrs["limit"]),
            "scale",
            *((str(site.rank(0)),) if site.attrs["kind"] == "norm" else ()),
        ),
        helpers=("_clip_flow_norm", "_clip_flow_value"),
    ),
    Operation(
        "coin",
        lambda a, site: call("_coin", "forcing", site.draw()),
        shape=scalar,
        kind="bool",
        helpers=("_coin",),
    ),
    Operation(
        "dropout",
        _dropout,
        lambda b, n, d: (d * b.op("square", n),),
        shape=lambda shapes, attrs: tuple(attrs["shape"]),
        helpers=("_dropout",),
    ),
    Operation(
        "sample",
        lambda a, site: call("_sample", a[0], site.draw()),
        shape=scalar,
        kind="integer",
        function=Function("sample", 1, 1, "k -> #k", "token", draws=True),
        helpers=("_sample",),
    ),
    Operation(
        "fill",
        lambda a, site: call("_fill", a[0], site.shape_of_result()),
        lambda b, n, d: (b.op("sum", d),),
        helpers=("_fill",),
    ),
)
"""`coin` (scheduled sampling), `dropout` (its mask) and `sample` draw; the rest does not."""

FUNCTIONS = (Function("dropout", 2, 2, ELEMENTWISE, draws=True),)
"""What draws in training only."""

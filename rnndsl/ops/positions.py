"""Operations that know of positions: shifts, reductions over an index, boundaries, draws.

In generated code `live` tells which positions each example has, `lengths` how many, `T` how
many the batch has and `B` how many examples it holds. What works over one of several indices
is told at which dimension that index stands, and how many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnndsl.ops.code import Code, call, subscript
from rnndsl.ops.function import ELEMENTWISE, Function
from rnndsl.ops.operation import Derivative, Operation, Result, Site, scalar


def _over(name: str, derivative: Derivative | None, kind: Result = "real") -> Operation:
    function = f"_{name}"
    return Operation(
        name,
        lambda a, site: call(function, a[0], *site.along()),
        derivative,
        kind=kind,
        helpers=(function,),
        across=True,
    )


def _hot_over(b: Any, n: Any, d: Any) -> Sequence[Any]:
    hot = b.op("first_hot_over", n.inputs[0], sign=n.attrs["sign"], index=n.attrs["index"])
    return (_back(b, n, d) * hot,)


def _back(b: Any, n: Any, d: Any) -> Any:
    """The adjoint of a reduction at every position of its index."""
    return b.spread(d, n.attrs["index"])


def _spread(a: Sequence[Code], site: Site) -> Code:
    return call("_spread", a[0], site.live(), str(site.rank_of_result()))


def _fill(a: Sequence[Code], site: Site) -> Code:
    stays = site.is_real() or site.is_leaf(0)  # what is counted must not turn real
    code = a[0] if stays else call("np.asarray", a[0])
    return call("_fill", code, site.shape_of_result())


def _rename(a: Sequence[Code], site: Site) -> Code:
    turned = site.turned()
    return call("np.transpose", a[0], turned) if turned else a[0]


def _inverse(n: Any) -> dict[str, str]:
    return {new: old for old, new in n.attrs["names"]}


def _total(a: Sequence[Code], site: Site) -> Code:
    """A sum over indices, examples and components; examples keep a place beside indices."""
    present, summed = site.indices(0), site.attrs["over"]
    axes = [place for place, index in enumerate(present) if index in summed]
    is_last = bool(present) and len(axes) == len(present)
    if site.attrs["b"] or (is_last and not site.is_over_examples(0)):
        axes.append(len(present))
    axes += [-1 - n for n in range(site.rank(0))] if site.attrs["components"] else []
    text = f"axis={axes[0]}" if len(axes) == 1 else f"axis=({', '.join(map(str, axes))})"
    total = call("np.sum", a[0], text)
    left = len(present) - sum(index in summed for index in present)
    return (
        subscript(total, ", ".join([":"] * left + ["None"])) if site.attrs["b"] and left else total
    )


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
    _over("sum_over", lambda b, n, d: (_back(b, n, d),), "whole"),
    _over("mean_over", lambda b, n, d: (_back(b, n, d / b.length_along(n.attrs["index"])),)),
    _over(
        "prod_over",
        lambda b, n, d: (
            _back(b, n, d) * b.op("other_factors_over", n.inputs[0], index=n.attrs["index"]),
        ),
        "whole",
    ),
    _over("other_factors_over", None),
    _over("max_over", _hot_over, "whole"),
    _over("min_over", _hot_over, "whole"),
    Operation(
        "first_hot_over",
        lambda a, site: call(
            "_first_hot_over",
            a[0] if site.attrs["sign"] > 0 else f"-{a[0].at(6)}",
            *site.along(),
        ),
        helpers=("_first_hot_over",),
        across=True,
    ),
    _over("logsumexp_over", lambda b, n, d: (_back(b, n, d) * b.op("exp", n.inputs[0] - n),)),
    _over(
        "softmax_over",
        lambda b, n, d: (n * (d - b.op("sum_over", d * n, index=n.attrs["index"])),),
    ),
    _over("argmax_over", None, "integer"),
    Operation("rename", _rename, lambda b, n, d: (b.renamed(d, _inverse(n)),), is_cheap=True),
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
        _fill,
        lambda b, n, d: (b.op("sum", d),),
        helpers=("_fill",),
    ),
)
"""`coin` (scheduled sampling), `dropout` (its mask) and `sample` draw; the rest does not."""

FUNCTIONS = (Function("dropout", 2, 2, ELEMENTWISE, draws=True),)
"""What draws in training only."""

"""Products of vectors and matrices, and what goes with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rnndsl.ops.code import MUL, Code, attribute, call, infix, subscript
from rnndsl.ops.function import Function, reals
from rnndsl.ops.operation import Operation, Printer, Shape, Site, attribute_size, scalar


def _matvec(a: Sequence[Code], site: Site) -> Code:
    if site.is_plain(0) and site.is_plain(1):
        return infix("@", MUL, a[0], a[1])
    if site.is_plain(0):
        return infix("@", MUL, a[1], attribute(a[0], "T"))
    return subscript(infix("@", MUL, a[0], subscript(a[1], "..., None")), "..., 0")


def _vecmat(a: Sequence[Code], site: Site) -> Code:
    if site.is_plain(1):
        return infix("@", MUL, a[0], a[1])
    return subscript(infix("@", MUL, subscript(a[0], "..., None, :"), a[1]), "..., 0, :")


def _dot(a: Sequence[Code], site: Site) -> Code:
    if site.is_plain(0):
        return infix("@", MUL, a[1], a[0])
    if site.is_plain(1):
        return infix("@", MUL, a[0], a[1])
    return call("np.sum", infix("*", MUL, *a), "axis=-1")


def _outer(a: Sequence[Code], site: Site) -> Code:
    return infix("*", MUL, subscript(a[0], "..., :, None"), subscript(a[1], "..., None, :"))


def _transpose(a: Sequence[Code], site: Site) -> Code:
    return attribute(a[0], "T") if site.is_plain(0) else call("np.swapaxes", a[0], "-1", "-2")


def _concat(a: Sequence[Code], site: Site) -> Code:
    return call("_concat", *(_component(code, slot, site) for slot, code in enumerate(a)))


def _joined(b: Any, a: Sequence[Any], shape: Sequence[Any]) -> Any:
    return b.op("concat", *(b.real(item) for item in a), size=shape[0])


def _component(code: Code, slot: int, site: Site) -> Code:
    if site.rank(slot):
        return code
    if site.is_plain(slot):
        return call("np.full", "1", code, "DTYPE")
    return subscript(code, "..., None")


def _slice(a: Sequence[Code], site: Site) -> Code:
    start, stop = site.size("start"), site.size("stop")
    if site.attrs["squeeze"]:
        return subscript(a[0], f"..., {start}")
    return subscript(a[0], f"..., {start}:{stop}")


def _function(name: str, shapes: str) -> Function:
    return Function(name, 2, 2, shapes, lower=reals(name))


def _rows(shapes: Sequence[Shape], attrs: Mapping[str, Any]) -> Shape:
    return shapes[0][:-1]


def _both(shapes: Sequence[Shape], attrs: Mapping[str, Any]) -> Shape:
    return (*shapes[0], *shapes[1])


def _cosine(name: str) -> Printer:
    return lambda a, site: call(name, *a, str(site.rank(0)))


ROWS = (
    Operation(
        "matvec",
        _matvec,
        lambda b, n, d: (b.op("outer", d, n.inputs[1]), b.op("vecmat", d, n.inputs[0])),
        shape=_rows,
    ),
    Operation(
        "vecmat",
        _vecmat,
        lambda b, n, d: (b.op("matvec", n.inputs[1], d), b.op("outer", n.inputs[0], d)),
        shape=lambda shapes, attrs: shapes[1][1:],
    ),
    Operation(
        "matmat",
        lambda a, site: infix("@", MUL, a[0], a[1]),
        lambda b, n, d: (
            b.op("matmat", d, b.op("transpose", n.inputs[1])),
            b.op("matmat", b.op("transpose", n.inputs[0]), d),
        ),
        shape=lambda shapes, attrs: (*shapes[0][:-1], shapes[1][-1]),
    ),
    Operation(
        "dot",
        _dot,
        lambda b, n, d: (d * n.inputs[1], d * n.inputs[0]),
        shape=scalar,
        function=_function("dot", "n, n ->"),
    ),
    Operation(
        "outer",
        _outer,
        lambda b, n, d: (b.op("matvec", d, n.inputs[1]), b.op("vecmat", n.inputs[0], d)),
        shape=_both,
        function=_function("outer", "n, m -> n m"),
    ),
    Operation(
        "outer_sum",
        lambda a, site: call("_outer_sum", *a),
        shape=_both,
        helpers=("_outer_sum",),
        across=True,
    ),
    Operation(
        "transpose",
        _transpose,
        lambda b, n, d: (b.op("transpose", d),),
        shape=lambda shapes, attrs: shapes[0][::-1],
        function=Function("transpose", 1, 1, "n m -> m n"),
    ),
    Operation(
        "concat",
        _concat,
        lambda b, n, d: b.slices(n, d),
        shape=attribute_size,
        function=Function("concat", 1, None, "concat", lower=_joined),
        helpers=("_concat",),
    ),
    Operation(
        "slice",
        _slice,
        shape=lambda shapes, attrs: () if attrs["squeeze"] else (attrs["stop"] - attrs["start"],),
    ),
    Operation(
        "cosine",
        _cosine("_cosine"),
        lambda b, n, d: (
            b.op("cosine_left", n.inputs[0], n.inputs[1], n, d),
            b.op("cosine_right", n.inputs[0], n.inputs[1], n, d),
        ),
        shape=_rows,
        function=_function("cosine", "m, m -> | n m, m -> n"),
        helpers=("_cosine",),
    ),
    Operation("cosine_left", _cosine("_cosine_left"), helpers=("_cosine_left",)),
    Operation(
        "cosine_right",
        _cosine("_cosine_right"),
        shape=lambda shapes, attrs: shapes[1],
        helpers=("_cosine_right",),
    ),
    Operation(
        "circular_conv",
        lambda a, site: call("_circular_conv", *a),
        lambda b, n, d: (
            b.op("circular_back", d, n.inputs[1]),
            b.op("circular_weights", d, n.inputs[0], n.inputs[1]),
        ),
        function=_function("circular_conv", "n, s -> n"),
        helpers=("_circular_conv",),
    ),
    Operation(
        "circular_back", lambda a, site: call("_circular_back", *a), helpers=("_circular_back",)
    ),
    Operation(
        "circular_weights",
        lambda a, site: call("_circular_weights", *a),
        shape=lambda shapes, attrs: shapes[2],
        helpers=("_circular_weights",),
    ),
)

FUNCTIONS: tuple[Function, ...] = ()

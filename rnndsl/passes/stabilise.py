"""Stable numbers: logarithms of what was exponentiated are taken before it is.

Before `log(softmax(o))`, after `log_softmax(o)`; before `nll(softmax(o), y)`, after
`cross_entropy(o, y)`. Names do not stand in the way: `yhat[t] = softmax(o[t])` and
`nll(yhat[t], y[t])` in two equations are found too. Sharpened weights, `w ^ g / sum(w ^ g)`, are
worked out from w over its largest, so that the sum is never lost. It changes no value, only how
far from overflow it is computed.
"""

from __future__ import annotations

from collections.abc import Callable

from rnndsl.graph.builder import Builder
from rnndsl.graph.lower import Forward
from rnndsl.graph.node import Node

Rule = Callable[[Builder, Node], Node | None]


def _behind(node: Node) -> Node:
    """What a node is: through names, not through shifts."""
    while node.op == "value":
        node = node.inputs[0]
    return node


def _is(node: Node, op: str) -> bool:
    return node.op == op


def _is_one(node: Node) -> bool:
    return node.op == "number" and node.attrs["value"] == 1


def _log_softmax(b: Builder, inner: Node) -> Node | None:
    return b.op("log_softmax", inner.inputs[0]) if _is(inner, "softmax") else None


def _log_pick(b: Builder, inner: Node) -> Node | None:
    """`log(p[w])` is `log(p)[w]`; no token has no logarithm and reads as 0."""
    if not _is(inner, "pick"):
        return None
    base = _behind(inner.inputs[0])
    stable = next((new for rule in WHOLE if (new := rule(b, base)) is not None), None)
    if stable is None:
        return None
    picked = b.raw("pick", (stable, *inner.inputs[1:]), **inner.attrs)
    picked.shape = stable.shape[1:]
    return picked


def _log_sigmoid(b: Builder, inner: Node) -> Node | None:
    if _is(inner, "sigmoid"):
        return -b.op("softplus", -inner.inputs[0])
    if _is(inner, "sub") and _is_one(inner.inputs[0]):
        gate = _behind(inner.inputs[1])
        if _is(gate, "sigmoid"):
            return -b.op("softplus", gate.inputs[0])
    return None


def _log_exp(b: Builder, inner: Node) -> Node | None:
    return inner.inputs[0] if _is(inner, "exp") else None


def _log_sum_exp(b: Builder, inner: Node) -> Node | None:
    for total, stable in (("sum", "logsumexp"), ("sum_over", "logsumexp_over")):
        if _is(inner, total) and _is(terms := _behind(inner.inputs[0]), "exp"):
            return b.op(stable, terms.inputs[0], **inner.attrs)
    return None


def _log_add_exp(b: Builder, inner: Node) -> Node | None:
    if not _is(inner, "add"):
        return None
    left, right = (_behind(item) for item in inner.inputs)
    if _is(left, "exp") and _is(right, "exp"):
        return b.op("logaddexp", left.inputs[0], right.inputs[0])
    for one, other in ((left, right), (right, left)):
        if _is_one(one) and _is(other, "exp"):
            return b.op("softplus", other.inputs[0])
    return None


WHOLE: tuple[Rule, ...] = (_log_softmax, _log_sigmoid, _log_exp)
"""Logarithms of whole values, of which a component may be picked."""

LOGARITHMS: tuple[Rule, ...] = (
    _log_softmax,
    _log_pick,
    _log_sigmoid,
    _log_exp,
    _log_sum_exp,
    _log_add_exp,
)


def _sharpened(b: Builder, node: Node) -> Node | None:
    """Powers over their sum are the same for any scale of the base: here its largest is 1."""
    power, total = (_behind(item) for item in node.inputs)
    if not (_is(power, "pow") and _is(total, "sum") and _behind(total.inputs[0]) is power):
        return None
    base, exponent = power.inputs
    if exponent.rank or not base.rank or base.kind != "real":
        return None
    scaled = (base / b.op("extent", base)) ** exponent
    return scaled / b.op("sum", scaled)


def _stable(b: Builder, node: Node) -> Node | None:
    if node.op == "div":
        return _sharpened(b, node)
    if node.op == "log":
        inner = _behind(node.inputs[0])
        return next((new for rule in LOGARITHMS if (new := rule(b, inner)) is not None), None)
    if node.op == "nll" and _is(inner := _behind(node.inputs[0]), "softmax"):
        return b.op("cross_entropy", inner.inputs[0], node.inputs[1])
    if node.op == "sqrt" and _is(inner := _behind(node.inputs[0]), "sum"):
        square = _behind(inner.inputs[0])
        return b.op("norm", square.inputs[0]) if _is(square, "square") else None
    return None


def stabilise(forward: Forward) -> Forward:
    """The graph with every such logarithm replaced, wherever it is read."""
    b = forward.builder
    replaced: dict[Node, Node] = {}
    for node in list(b.nodes):
        b.unit, b.origin = node.unit, node.origin
        new = _stable(b, node)
        if new is not None and new.shape == node.shape:
            replaced[node] = new
    b.unit = b.origin = ""
    if replaced:
        for node in b.nodes:
            node.inputs = [_resolved(item, replaced) for item in node.inputs]
    return forward


def _resolved(node: Node, replaced: dict[Node, Node]) -> Node:
    while node in replaced:
        node = replaced[node]
    return node

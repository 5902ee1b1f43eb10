"""Every operation of the language by name, as a function on arrays of one position.

`OPERATIONS` holds operators and functions, `OVER_AXIS` the reductions over an axis (positions
stacked in front). Where choice, a size or a draw takes part, the evaluator hands it over as a
further argument. Everything is extended to complex numbers as `elementwise` says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np

from rnndsl.interpreter import elementwise as each
from rnndsl.interpreter.elementwise import Array, real
from rnndsl.text.diagnostics import DataError

# Reductions ------------------------------------------------------------------------------


def reduce_sum(x: Array, axis: int | None = None) -> Array:
    """The sum along an axis, or over all components."""
    return np.asarray(np.sum(x, axis=axis))


def reduce_mean(x: Array, axis: int | None = None) -> Array:
    """The mean along an axis, or over all components."""
    return np.asarray(np.mean(x, axis=axis))


def reduce_prod(x: Array, axis: int | None = None) -> Array:
    """The product along an axis, or of all components."""
    return np.asarray(np.prod(x, axis=axis))


def reduce_max(x: Array, axis: int | None = None) -> Array:
    """The largest along an axis, or of all components: the first of those that tie."""
    return _at(x, np.argmax(real(x), axis=axis), axis)


def reduce_min(x: Array, axis: int | None = None) -> Array:
    """The smallest along an axis, or of all components: the first of those that tie."""
    return _at(x, np.argmin(real(x), axis=axis), axis)


def reduce_logsumexp(x: Array, axis: int | None = None) -> Array:
    """log of the sum of e^x: the largest, and log1p of what the others add to it."""
    flat = x.reshape(-1) if axis is None else x
    top, excess = _top_and_excess(flat, 0 if axis is None else axis)
    total = np.asarray(top + excess)
    return total.reshape(()) if axis is None else total.squeeze(axis)


def _top_and_excess(x: Array, axis: int) -> tuple[Array, Array]:
    """The first largest entry, and log of the sum of e^(x - largest); the axis stays, as 1."""
    first = np.expand_dims(np.argmax(real(x), axis=axis), axis)
    top = np.take_along_axis(x, first, axis)
    powers = np.exp(x - np.where(np.isfinite(top), top, 0.0))
    np.put_along_axis(powers, first, 0.0, axis)
    return top, each.log1p(np.asarray(np.sum(powers, axis=axis, keepdims=True)))


def _at(x: Array, index: Any, axis: int | None) -> Array:
    if axis is None:
        return np.asarray(x.reshape(-1)[index])
    return np.asarray(np.take_along_axis(x, np.expand_dims(index, axis), axis).squeeze(axis))


# Vectors and matrices ---------------------------------------------------------------------


def softmax(x: Array, axis: int = -1) -> Array:
    """e^x over its sum along an axis, shifted by the largest."""
    powers = np.exp(x - np.max(real(x), axis=axis, keepdims=True))
    return np.asarray(powers / np.sum(powers, axis=axis, keepdims=True))


def log_softmax(x: Array) -> Array:
    """log(softmax(x)) along the last axis, without taking the logarithm of a small number."""
    top, excess = _top_and_excess(x, -1)
    return np.asarray((x - top) - excess)


def dot(a: Array, b: Array) -> Array:
    """The sum of the products of components."""
    return np.asarray(np.sum(a * b))


def outer(a: Array, b: Array) -> Array:
    """out[i, j] = a[i] b[j]."""
    return np.asarray(a[:, None] * b[None, :])


def concat(*parts: Array) -> Array:
    """One after the other along the first dimension; a scalar counts as one component."""
    return np.concatenate([np.atleast_1d(part) for part in parts])


def norm(x: Array) -> Array:
    """The square root of the sum of squares of all components, with derivative 0 at 0."""
    return _length(x.reshape(-1))


def _length(x: Array) -> Array:
    """The Euclidean norm along the last axis; scaled, so that squares do not overflow."""
    scale = np.max(np.abs(real(x)), axis=-1, keepdims=True)
    scale = np.where((scale > 0) & np.isfinite(scale), scale, 1.0)
    scaled = x / scale
    length = each.sqrt(np.asarray(np.sum(scaled * scaled, axis=-1))) * scale[..., 0]
    return np.where(np.all(real(x) == 0, axis=-1), 0, length)


def cosine(rows: Array, key: Array) -> Array:
    """u.v / (|u| |v|) of each row with the key; 0, with derivative 0, where a norm is 0."""
    norms = _length(rows) * _length(key)
    products = np.sum(rows * key, axis=-1)
    return np.where(real(norms) == 0, 0, products / np.where(real(norms) == 0, 1, norms))


def circular_conv(w: Array, s: Array) -> Array:
    """out[i] = sum_j w[(i - j) mod N] s[j], the middle of an odd number of weights at j = 0."""
    if s.size % 2 == 0:
        raise DataError(f"`circular_conv` takes an odd number of weights, here are {s.size}")
    reach = s.size // 2
    rows = np.arange(w.size)
    parts = [w[(rows - j) % w.size] * s[j + reach] for j in range(-reach, reach + 1)]
    return np.asarray(np.sum(parts, axis=0))


# Tokens -----------------------------------------------------------------------------------


def pick(base: Array, index: Array) -> Array:
    """`base[index]`, counted from 0; zeros where there is no such row or component."""
    at = int(real(index))
    return np.asarray(base[at]) if 0 <= at < len(base) else np.zeros_like(base[0])


def one_hot(token: Array, size: int) -> Array:
    """1 at the token and 0 elsewhere; all 0 for no token. Shape (size,)."""
    return np.where(np.arange(size) == real(token), 1.0, 0.0)


def argmax(x: Array) -> Array:
    """The first component that is largest, counted from 0."""
    return np.asarray(np.argmax(real(x)), dtype=np.int64)


def sample(logits: Array, u: Array) -> Array:
    """The token at which the cumulative probabilities pass a draw `u` from [0, 1)."""
    cumulative = np.cumsum(softmax(real(logits)))
    return np.asarray(min(int(np.sum(cumulative <= u)), logits.size - 1), dtype=np.int64)


def dropout(x: Array, p: Array, u: Array) -> Array:
    """x / (1 - p) where the draw is at least p, else 0."""
    return np.where(u >= real(p), x / (1 - p), 0)


# Losses -----------------------------------------------------------------------------------


def cross_entropy(logits: Array, token: Array) -> Array:
    """-log softmax(logits)[token]; 0 for no token."""
    return -pick(log_softmax(logits), token)


def nll(probabilities: Array, token: Array) -> Array:
    """-log probabilities[token]; 0 for no token."""
    at = int(real(token))
    if not 0 <= at < probabilities.size:
        return np.zeros(())
    return -each.log(np.asarray(probabilities[at]))


def binary_cross_entropy(logits: Array, values: Array) -> Array:
    """sum of -y log sigmoid(a) - (1 - y) log(1 - sigmoid(a)), which is softplus(a) - a y."""
    excess = each.log1p(each.exp(-each.upper(logits)))
    top = np.where(real(logits) >= 0, logits, 0)
    return np.asarray(np.sum((top - logits * values) + excess))


def squared_error(a: Array, b: Array) -> Array:
    """The sum over components of squared differences."""
    return np.asarray(np.sum((a - b) * (a - b)))


# The tables -------------------------------------------------------------------------------


def _either(
    pair: Callable[[Array, Array], Array], components: Callable[[Array], Array]
) -> Callable[..., Array]:
    """`max` and `min`: over the components of one value, or elementwise between several."""
    return lambda *xs: components(xs[0]) if len(xs) == 1 else reduce(pair, xs)


OPERATORS: Mapping[str, Callable[..., Array]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.true_divide,
    "mod": each.remainder,
    "pow": each.power,
    "neg": np.negative,
    "matmul": np.matmul,
    "lt": lambda a, b: each.condition(real(a) < real(b)),
    "le": lambda a, b: each.condition(real(a) <= real(b)),
    "gt": lambda a, b: each.condition(real(a) > real(b)),
    "ge": lambda a, b: each.condition(real(a) >= real(b)),
    "eq": lambda a, b: each.condition(real(a) == real(b)),
    "ne": lambda a, b: each.condition(real(a) != real(b)),
    "and": lambda a, b: each.condition((real(a) != 0) & (real(b) != 0)),
    "or": lambda a, b: each.condition((real(a) != 0) | (real(b) != 0)),
    "not": lambda a: each.condition(real(a) == 0),
}

FUNCTIONS: Mapping[str, Callable[..., Array]] = {
    "sigmoid": each.sigmoid,
    "tanh": each.tanh,
    "relu": each.relu,
    "softplus": each.softplus,
    "exp": each.exp,
    "log": each.log,
    "sqrt": each.sqrt,
    "abs": each.absolute,
    "min": _either(each.smaller, reduce_min),
    "max": _either(each.larger, reduce_max),
    "where": each.choose,
    "clamp": each.clamp,
    "logaddexp": each.logaddexp,
    "sum": reduce_sum,
    "mean": reduce_mean,
    "prod": reduce_prod,
    "logsumexp": reduce_logsumexp,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "dot": dot,
    "outer": outer,
    "concat": concat,
    "norm": norm,
    "cosine": cosine,
    "transpose": np.transpose,
    "circular_conv": circular_conv,
    "one_hot": one_hot,
    "argmax": argmax,
    "sample": sample,
    "dropout": dropout,
    "cross_entropy": cross_entropy,
    "nll": nll,
    "binary_cross_entropy": binary_cross_entropy,
    "squared_error": squared_error,
}

OPERATIONS: Mapping[str, Callable[..., Array]] = {**OPERATORS, **FUNCTIONS}

# From (T, ...) to (...), component by component; `softmax` gives (T, ...).
OVER_AXIS: Mapping[str, Callable[[Array], Array]] = {
    "sum": lambda x: reduce_sum(x, 0),
    "mean": lambda x: reduce_mean(x, 0),
    "prod": lambda x: reduce_prod(x, 0),
    "max": lambda x: reduce_max(x, 0),
    "min": lambda x: reduce_min(x, 0),
    "logsumexp": lambda x: reduce_logsumexp(x, 0),
    "argmax": lambda x: np.asarray(np.argmax(real(x), axis=0) + 1, dtype=np.int64),
    "softmax": lambda x: softmax(x, 0),
}

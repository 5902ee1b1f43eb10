"""Elementwise operations, extended to complex numbers.

Every smooth function is analytic, and every choice looks at the real part alone: then the
imaginary part of f(x + ih), over h, is the derivative of f as the language defines it, at
kinks and ends too. Arrays broadcast as NumPy has it; no operation here knows about positions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def real(x: Array) -> Array:
    """The part that choices look at."""
    return np.asarray(np.real(x))


def condition(holds: Array) -> Array:
    """A condition as a number, 0 or 1."""
    return np.asarray(holds, dtype=np.int64)


def choose(holds: Array, a: Array, b: Array) -> Array:
    """`a` where the condition is not 0, else `b`."""
    return np.where(real(holds) != 0, a, b)


def remainder(a: Array, b: Array) -> Array:
    """The floor remainder: `a - b * floor(a / b)`, the floor a constant between its jumps."""
    whole = np.mod(real(a), real(b))
    if not (np.iscomplexobj(a) or np.iscomplexobj(b)):
        return np.asarray(whole)
    floor = np.floor_divide(real(a), real(b))
    return np.asarray(whole + 1j * (np.imag(a) - np.imag(b) * floor))


def power(a: Array, b: Array) -> Array:
    """`a ^ b` as a real number: NaN for a negative base and an exponent that is not whole."""
    base, exponent = np.broadcast_arrays(_inexact(a), _inexact(b))
    if not (np.iscomplexobj(base) or np.iscomplexobj(exponent)):
        return np.asarray(np.power(base, exponent))
    positive = np.where(real(base) < 0, -base, base)
    odd = np.mod(real(exponent), 2)
    sign = np.where((real(base) < 0) & (odd != 0), np.where(odd == 1, -1.0, np.nan), 1.0)
    return np.asarray(sign * np.power(positive.astype(complex), exponent))


def exp(x: Array) -> Array:
    """e to the x."""
    return np.asarray(np.exp(_inexact(x)))


def log(x: Array) -> Array:
    """The natural logarithm: -inf at 0, NaN below."""
    x = _inexact(x)
    return _with_edge(x, np.log(x), -np.inf)


def sqrt(x: Array) -> Array:
    """The square root: NaN below 0."""
    x = _inexact(x)
    return _with_edge(x, np.sqrt(x), 0.0)


def log1p(x: Array) -> Array:
    """log(1 + x) without loss for small x: log|1 + z| = log1p(2 Re z + |z|^2) / 2."""
    if not np.iscomplexobj(x):
        return np.asarray(np.log1p(x))
    modulus = x.real * (2 + x.real) + x.imag * x.imag
    return np.asarray(0.5 * np.log1p(modulus) + 1j * np.arctan2(x.imag, 1 + x.real))


def tanh(x: Array) -> Array:
    """(e^x - e^-x) / (e^x + e^-x)."""
    return np.asarray(np.tanh(_inexact(x)))


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x), by the exponential that cannot overflow."""
    small = exp(-upper(x))
    return np.asarray(np.where(real(x) >= 0, 1, small) / (1 + small))


def softplus(x: Array) -> Array:
    """log(1 + e^x) = max(x, 0) + log(1 + e^-|x|)."""
    return np.asarray(np.where(real(x) >= 0, x, 0) + log1p(exp(-upper(x))))


def logaddexp(a: Array, b: Array) -> Array:
    """log(e^a + e^b)."""
    top = larger(a, b)
    return np.where(real(top) == -np.inf, top, top + log1p(exp(-upper(a - b))))


def upper(x: Array) -> Array:
    """|x| by the sign of the real part: at 0 smooth enough for functions even in x."""
    return np.where(real(x) < 0, -x, x)


def absolute(x: Array) -> Array:
    """|x|, with derivative 0 at 0."""
    return np.where(real(x) == 0, 0, upper(x))


def relu(x: Array) -> Array:
    """max(x, 0), with derivative 0 at 0."""
    return np.where(real(x) <= 0, 0, x)


def larger(a: Array, b: Array) -> Array:
    """The larger of two, the first where they tie; NaN if one of them is."""
    return np.where((real(b) > real(a)) | np.isnan(b), b, a)


def smaller(a: Array, b: Array) -> Array:
    """The smaller of two, the first where they tie; NaN if one of them is."""
    return np.where((real(b) < real(a)) | np.isnan(b), b, a)


def clamp(x: Array, low: Array, high: Array) -> Array:
    """x held between two bounds."""
    return smaller(larger(x, low), high)


def _inexact(x: Array) -> Array:
    return x if np.issubdtype(x.dtype, np.inexact) else x.astype(np.float64)


def _with_edge(x: Array, inside: Array, at_zero: float) -> Array:
    """`inside` for x > 0, NaN for x < 0; at 0 the value and an infinite derivative."""
    if not np.iscomplexobj(x):
        return np.asarray(inside)
    slope = np.where(x.imag == 0, 0.0, np.copysign(np.inf, x.imag))
    edge = np.empty(x.shape, dtype=np.complex128)
    edge.real, edge.imag = at_zero, slope
    return np.where(x.real > 0, inside, np.where(x.real == 0, edge, np.nan))

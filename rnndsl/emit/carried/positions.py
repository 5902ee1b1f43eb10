"""What is done over the positions of a value, each example over those that it has."""

import numpy as np

from rnndsl.emit.carried.entries import _widen
from rnndsl.emit.carried.tables import DTYPE


def _spread(d, live, rank):
    """d at the positions that an example has, 0 at those it lacks."""
    return np.where(_widen(live, rank), d, 0)


def _over(x, live, filler, axis=0, indices=1):
    """x with a neutral number at the positions of one of its indices that an example lacks."""
    shape = [1] * indices + [live.shape[1]] + [1] * (x.ndim - indices - 1)
    shape[axis] = live.shape[0]
    return np.where(live.reshape(shape), x, filler)


def _sum_over(x, live, axis=0, indices=1):
    return np.sum(_over(x, live, 0, axis, indices), axis=axis)


def _mean_over(x, live, axis=0, indices=1):
    total = _sum_over(x, live, axis, indices)
    return total / _widen(np.sum(live, axis=0), x.ndim - indices - 1).astype(DTYPE)


def _prod_over(x, live, axis=0, indices=1):
    return np.prod(_over(x, live, 1, axis, indices), axis=axis)


def _other_factors_over(x, live, axis=0, indices=1):
    """For each position the product of the others."""
    x = np.moveaxis(_over(x, live, 1, axis, indices), axis, 0)
    ahead, behind = np.ones_like(x), np.ones_like(x)
    ahead[1:] = np.cumprod(x, axis=0)[:-1]
    behind[:-1] = np.cumprod(x[::-1], axis=0)[-2::-1]
    return np.moveaxis(ahead * behind, 0, axis)


def _lowest(x):
    return np.iinfo(x.dtype).min if np.issubdtype(x.dtype, np.integer) else -np.inf


def _max_over(x, live, axis=0, indices=1):
    return np.max(_over(x, live, _lowest(x), axis, indices), axis=axis)


def _min_over(x, live, axis=0, indices=1):
    return -_max_over(-x, live, axis, indices)


def _argmax_over(x, live, axis=0, indices=1):
    """The first best position, counted from 1."""
    return np.argmax(_over(x, live, _lowest(x), axis, indices), axis=axis) + 1


def _first_hot_over(x, live, axis=0, indices=1):
    """1 at the first largest position, 0 at the others."""
    x = _over(x, live, _lowest(x), axis, indices)
    hot = np.zeros(x.shape, DTYPE)
    np.put_along_axis(hot, np.expand_dims(np.argmax(x, axis=axis), axis), 1, axis=axis)
    return hot


def _logsumexp_over(x, live, axis=0, indices=1):
    x = _over(x, live, -np.inf, axis, indices)
    top = np.max(x, axis=axis, keepdims=True)
    return np.squeeze(top, axis) + np.log(np.sum(np.exp(x - top), axis=axis))


def _softmax_over(x, live, axis=0, indices=1):
    x = _over(x, live, -np.inf, axis, indices)
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)

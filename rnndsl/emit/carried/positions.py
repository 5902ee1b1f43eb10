"""What is done over the positions of a value, each example over those that it has."""

import numpy as np

from rnndsl.emit.carried.entries import _widen
from rnndsl.emit.carried.tables import DTYPE


def _spread(d, live, rank):
    """d at the positions that an example has, 0 at those it lacks."""
    return np.where(_widen(live, rank), d, 0)


def _over(x, live, filler):
    """x with a neutral number at the positions that an example lacks."""
    return np.where(_widen(live, x.ndim - 2), x, filler)


def _sum_over(x, live):
    return np.sum(_over(x, live, 0), axis=0)


def _mean_over(x, live):
    total = _sum_over(x, live)
    return total / _widen(np.sum(live, axis=0), total.ndim - 1).astype(DTYPE)


def _prod_over(x, live):
    return np.prod(_over(x, live, 1), axis=0)


def _other_factors_over(x, live):
    """For each position the product of the others."""
    x = _over(x, live, 1)
    ahead, behind = np.ones_like(x), np.ones_like(x)
    ahead[1:] = np.cumprod(x, axis=0)[:-1]
    behind[:-1] = np.cumprod(x[::-1], axis=0)[-2::-1]
    return ahead * behind


def _lowest(x):
    return np.iinfo(x.dtype).min if np.issubdtype(x.dtype, np.integer) else -np.inf


def _max_over(x, live):
    return np.max(_over(x, live, _lowest(x)), axis=0)


def _min_over(x, live):
    return -_max_over(-x, live)


def _argmax_over(x, live):
    """The first best position, counted from 1."""
    return np.argmax(_over(x, live, _lowest(x)), axis=0) + 1


def _first_hot_over(x, live):
    """1 at the first largest position, 0 at the others."""
    x = _over(x, live, _lowest(x))
    hot = np.zeros(x.shape, DTYPE)
    np.put_along_axis(hot, np.argmax(x, axis=0)[None], 1, axis=0)
    return hot


def _logsumexp_over(x, live):
    x = _over(x, live, -np.inf)
    top = np.max(x, axis=0)
    return top + np.log(np.sum(np.exp(x - top), axis=0))


def _softmax_over(x, live):
    x = _over(x, live, -np.inf)
    e = np.exp(x - np.max(x, axis=0))
    return e / np.sum(e, axis=0)

"""What is done to each entry by itself, arrays to write into, sizes that follow from others."""

import numpy as np

from rnndsl.emit.carried.tables import DTYPE


def _widen(mask, rank):
    """A mask beside values of some rank."""
    return mask.reshape(mask.shape + (1,) * rank)


def _real(x):
    return np.asarray(x, DTYPE)


def _integer(x):
    return np.asarray(x, np.int64)


def _sigmoid(x):
    return 0.5 * np.tanh(0.5 * x) + 0.5


def _relu(x):
    return np.maximum(x, 0)


def _softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _sigmoid_into(x, out):
    np.multiply(x, 0.5, out=out)
    np.tanh(out, out=out)
    out *= 0.5
    out += 0.5


def _relu_into(x, out):
    np.maximum(x, 0, out=out)


def _array(work, name, shape, dtype):
    """An array of the workspace, made anew where it has another shape; its entries are open."""
    array = work.get(name)
    if array is None or array.shape != shape or array.dtype != dtype:
        array = work[name] = np.empty(shape, dtype)
    return array


def _filled_array(work, name, shape, dtype, filler):
    """An array of the workspace, filled."""
    array = _array(work, name, shape, dtype)
    array.fill(filler)
    return array


def _in_place(like, *pieces):
    """An array with pieces at their places, 0 elsewhere."""
    result = np.zeros_like(like)
    for place, piece in pieces:
        result[place] = piece
    return result


def _whole(name, top, bottom):
    """A size that follows from others; it must come out whole."""
    if top % bottom or top < bottom:
        raise ValueError(f"the size {name!r} is {top}/{bottom}: it must be a whole number above 0")
    return top // bottom

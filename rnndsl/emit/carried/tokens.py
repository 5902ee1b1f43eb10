"""Rows and components that tokens pick, and losses of tokens. -1 is no token."""

import numpy as np

from rnndsl.emit.carried.entries import _widen
from rnndsl.emit.carried.tables import DTYPE


def _rows(table, index):
    """Rows of a parameter by token; zeros for no token."""
    index = np.asarray(index)
    known = (index >= 0) & (index < len(table))
    rows = table[np.where(known, index, 0)]
    return np.where(_widen(known, rows.ndim - index.ndim), rows, 0)


def _together(x, index, rank):
    """Values of some rank and their tokens at the same positions and examples."""
    lead, own = x.shape[: x.ndim - rank], x.shape[x.ndim - rank :]
    lead = np.broadcast_shapes(lead, np.shape(index))
    return np.broadcast_to(x, lead + own), np.broadcast_to(index, lead)


def _picked(x, index, rank):
    """The component (or row) of each value that a token picks; 0 for no token."""
    x, index = _together(x, index, rank)
    size = x.shape[x.ndim - rank]
    known = (index >= 0) & (index < size)
    where = np.where(known, index, 0)
    taken = np.take_along_axis(x, _widen(where, rank), axis=-rank)
    return np.where(_widen(known, rank - 1), np.squeeze(taken, axis=-rank), 0)


def _one_hot(index, size):
    return (np.asarray(index)[..., None] == np.arange(size)).astype(DTYPE)


def _unpick(d, index, size, rank):
    """d at the component (or row) that a token picks, 0 at the others."""
    hot = np.asarray(index)[..., None] == np.arange(size)
    return np.where(_widen(hot, rank - 1), np.expand_dims(d, -rank), 0)


def _put(d, index, size, rank):
    """d at one component (or row), 0 at the others."""
    hot = (np.arange(size) == index).reshape((size,) + (1,) * (rank - 1))
    return np.where(hot, np.expand_dims(d, -rank), 0)


def _row_sums(d, index, size, rank):
    """Gradient of a table of rows: each d added to the row that its token picked."""
    d, index = _together(d, index, rank)
    rows, index = d.reshape((index.size, *d.shape[index.ndim :])), index.reshape(-1)
    known = (index >= 0) & (index < size)
    rows, index = rows[known], index[known]
    order = np.argsort(index, kind="stable")
    found, starts = np.unique(index[order], return_index=True)
    result = np.zeros((size, *rows.shape[1:]), DTYPE)
    if len(found):
        result[found] = np.add.reduceat(rows[order], starts, axis=0)
    return result


def _cross_entropy(logits, token):
    """-log softmax(logits)[token]; 0 for no token."""
    logits, token = _together(logits, token, 1)
    known = (token >= 0) & (token < logits.shape[-1])
    picked = np.take_along_axis(logits, np.where(known, token, 0)[..., None], axis=-1)[..., 0]
    top = np.max(logits, axis=-1)
    total = np.log(np.sum(np.exp(logits - top[..., None]), axis=-1))
    return np.where(known, total + (top - picked), 0)


def _cross_entropy_slope(logits, token):
    """softmax(logits) - one_hot(token); 0 for no token."""
    logits, token = _together(logits, token, 1)
    known = (token >= 0) & (token < logits.shape[-1])
    slope = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    slope /= np.sum(slope, axis=-1, keepdims=True)
    where = np.where(known, token, 0)[..., None]
    np.put_along_axis(slope, where, np.take_along_axis(slope, where, axis=-1) - 1, axis=-1)
    return np.where(known[..., None], slope, 0)


def _nll(p, token):
    """-log p[token]; 0 for no token."""
    p, token = _together(p, token, 1)
    known = (token >= 0) & (token < p.shape[-1])
    picked = np.take_along_axis(p, np.where(known, token, 0)[..., None], axis=-1)[..., 0]
    return np.where(known, -np.log(picked), 0)

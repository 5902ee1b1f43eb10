"""What nodes of trees find at their children and parents, and sums over children and nodes."""

import numpy as np

from rnndsl.emit.carried.entries import _widen
from rnndsl.emit.carried.tables import DTYPE

# --8<-- copied from here on


def _taken(x, rows, filler):
    """Rows of an array; the filler for those that are not there."""
    there = rows < len(x)
    found = x[np.where(there, rows, 0)]
    return np.where(_widen(there, found.ndim - 1), found, x.dtype.type(filler))


def _inside(x, inside):
    """What is there of one height above the leaves: all or nothing."""
    return x[: inside.stop - inside.start]


def _at_height(x, at):
    """An adjoint at one height: 0 at leaves, which have none."""
    count = at.stop - at.start
    return x if len(x) == count else np.zeros((count, *x.shape[1:]), x.dtype)


def _padded_rows(x, before, after):
    """An array with rows of 0 before and after."""
    result = np.zeros((before + len(x) + after, *x.shape[1:]), x.dtype)
    result[before : before + len(x)] = x
    return result


def _sum_of_links(x, starts, leaves=0):
    """The sum over the children of each node; 0 for leaves, which come first."""
    result = np.zeros((len(starts), *x.shape[1:]), x.dtype)
    if len(x):
        np.add.reduceat(x, starts[leaves:], axis=0, out=result[leaves:])
    return result


def _best_of_links(x, starts, leaves=0, sign=1):
    """The largest (or, with sign -1, the least) of the children of each node; 0 for leaves."""
    result = np.zeros((len(starts), *x.shape[1:]), x.dtype)
    if len(x):
        best = np.maximum if sign > 0 else np.minimum
        best.reduceat(x, starts[leaves:], axis=0, out=result[leaves:])
    return result


def _first_of_links(x, best, starts, leaves=0):
    """1 at the first child that reaches the best of its siblings, 0 at the others."""
    return _first_of(x, best, starts[leaves:]) if len(x) else np.zeros(x.shape, DTYPE)


def _first_of(x, best, starts):
    hits = x == best
    before = np.cumsum(hits, axis=0) - hits
    counts = np.diff(np.append(starts, len(x)))
    is_first = hits & (before == np.repeat(before[starts], counts, axis=0))
    return is_first.astype(DTYPE)


def _sum_of_nodes(x, by_owner, first_of):
    """The sum over the nodes of each example."""
    return np.add.reduceat(x[by_owner], first_of, axis=0)


def _best_of_nodes(x, by_owner, first_of, sign=1):
    """The largest (or, with sign -1, the least) of the nodes of each example."""
    best = np.maximum if sign > 0 else np.minimum
    return best.reduceat(x[by_owner], first_of, axis=0)


def _first_of_nodes(x, best, by_owner, first_of):
    """1 at the first node that reaches the best of its example, 0 at the others."""
    result = np.zeros(x.shape, DTYPE)
    result[by_owner] = _first_of(x[by_owner], best[by_owner], first_of)
    return result


def _to_rows(x, rows, nodes):
    """Each x at its row, 0 at all others."""
    result = np.zeros((nodes, *x.shape[1:]), x.dtype)
    result[rows] = x
    return result

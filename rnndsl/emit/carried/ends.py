"""Before the first position and behind the last: boundaries, windows, padding."""

import numpy as np

from rnndsl.emit.carried.entries import _widen
from rnndsl.emit.carried.tables import DTYPE


def _everywhere(x, like):
    """x at every position and example of `like`."""
    np.copyto(like, x)
    return like


def _live_only(x, like, live):
    """x where an example has the position; what stands in `like` elsewhere."""
    return np.where(_widen(live, like.ndim - live.ndim), x, like)


def _clear(live, *arrays):
    """Padding is 0 in everything that is kept."""
    if not live.all():
        for array in arrays:
            array[~live] = 0


def _extended(x, before, after, filler):
    """x with room for positions before the first and after the last."""
    room = np.full((before + len(x) + after, *x.shape[1:]), filler, x.dtype)
    room[before : before + len(x)] = x
    return room


def _extended_along(x, ends, filler):
    """x with room at both ends of each of its indices."""
    sizes = [before + n + after for n, (before, after) in zip(x.shape, ends, strict=False)]
    room = np.full((*sizes, *x.shape[len(ends) :]), filler, x.dtype)
    cut = tuple(slice(before, before + n) for n, (before, _) in zip(x.shape, ends, strict=False))
    room[cut] = x
    return room


def _restore(room, before, state, name):
    """The last values of the window before, where there was one."""
    if name in state:
        last = np.asarray(state[name])
        room[before - len(last) : before] = last


def _carried(value, state, name, back):
    """A boundary, or what the window before left in its place."""
    if name in state and len(state[name]) >= back:
        return np.asarray(state[name])[-back]
    return value


def _uncarried(d, state, name, back):
    """No gradient reaches a boundary that the window before replaced."""
    return np.zeros_like(d) if name in state and len(state[name]) >= back else d


def _beyond(room, before, lengths, ahead, value):
    """Write a boundary behind the last position of each example."""
    rows = before + lengths + ahead - 1
    inside = rows < len(room)
    value = np.broadcast_to(value, room.shape[1:])
    room[rows[inside], np.arange(len(lengths))[inside]] = value[inside]


def _at(room, before, position, filler, examples=None):
    """What stands at a position of each example, or of some; the filler outside."""
    row = np.asarray(position) + (before - 1)
    examples = np.arange(room.shape[1]) if examples is None else examples
    inside = np.broadcast_to((row >= 0) & (row < len(room)), np.broadcast_shapes(row.shape, (1,)))
    found = room[np.clip(row, 0, len(room) - 1), examples]
    inside = np.broadcast_to(inside, found.shape[: row.ndim or 1])
    return np.where(_widen(inside, found.ndim - inside.ndim), found, filler)


def _placed(d, position, live):
    """d at one position of each example, 0 at the others."""
    hit = live & (np.arange(1, len(live) + 1)[:, None] == position)
    return np.where(_widen(hit, d.ndim - 1), d, 0)


def _look(room, rows, filler, examples=None):
    """What stands at a row along each index, for each example; the filler outside.

    Rows count from 0 and stand beside each other, with examples last.
    """
    examples = np.arange(room.shape[len(rows)]) if examples is None else examples
    rows = np.broadcast_arrays(*rows, examples)[:-1]
    inside = np.ones(rows[0].shape, bool)
    for row, size in zip(rows, room.shape, strict=False):
        inside &= (row >= 0) & (row < size)
    cut = [np.clip(row, 0, size - 1) for row, size in zip(rows, room.shape, strict=False)]
    found = room[(*cut, np.broadcast_to(examples, inside.shape))]
    return np.where(_widen(inside, found.ndim - inside.ndim), found, filler)


def _sent(d, rows, live, rank, examples=None):
    """Each d, of some rank, added at the rows that a read looked up: the adjoint of `_look`."""
    own = d.shape[d.ndim - rank :]
    examples = np.arange(live.shape[-1]) if examples is None else examples
    lead = np.broadcast_shapes(d.shape[: d.ndim - rank], examples.shape, *map(np.shape, rows))
    rows = [np.broadcast_to(row, lead) for row in (*rows, examples)]
    inside = np.ones(lead, bool)
    for row, size in zip(rows, live.shape, strict=True):
        inside &= (row >= 0) & (row < size)
    result = np.zeros((*live.shape, *own), DTYPE)
    np.add.at(result, tuple(row[inside] for row in rows), np.broadcast_to(d, lead + own)[inside])
    return np.where(_widen(live, rank), result, 0)


def _write_bound(room, rows, value, live=True):
    """Write a boundary at rows that stand beside each other, where the example has them."""
    examples = np.arange(room.shape[len(rows)])
    rows = np.broadcast_arrays(*rows, examples)
    value = np.broadcast_to(value, (*rows[0].shape, *room.shape[len(rows) :]))
    inside = np.broadcast_to(live, rows[0].shape).copy()
    for row, size in zip(rows, room.shape, strict=False):
        inside &= (row >= 0) & (row < size)
    room[tuple(row[inside] for row in rows)] = value[inside]


def _last(room, before, count, lengths):
    """The last values of each example: (count, B, ...), the oldest first."""
    rows = before + lengths[None, :] - count + np.arange(count)[:, None]
    return room[rows, np.arange(len(lengths))]


def _padded(x, live):
    """An output: 0 where an example has no position."""
    return np.where(_widen(live, x.ndim - live.ndim), x, x.dtype.type(0))


def _for_each(x, examples, rank):
    """An output without positions, one for each example."""
    x = np.asarray(x)
    return np.broadcast_to(x, (examples, *x.shape[x.ndim - rank :])).copy()

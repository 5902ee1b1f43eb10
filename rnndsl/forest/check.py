"""Whether arrays are a forest: every node below exactly one root, and on one path.

All of it is work on whole arrays, and depth costs its logarithm: parents are followed by doubling.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rnndsl.forest import messages

Whole = npt.NDArray[np.int64]


def whole(name: str, value: Any, dimensions: int) -> Whole:
    """An array of node numbers of its own, read-only; DataError RNN450 where it is none."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise messages.uneven() from None
    if array.ndim != dimensions:
        raise messages.wrong_shape(name, array.shape)
    if not len(array):
        raise messages.no_trees()
    if array.dtype.kind not in "iu" and array.size:
        raise messages.not_whole(name, array.dtype)
    own = array.astype(np.int64)
    own.setflags(write=False)
    return own


def examples(children: Whole, roots: Whole, slots: Sequence[str] | None) -> Whole:
    """The example of each node (nodes,); DataError RNN450 where this is no forest."""
    _require_inside(children, roots, slots)
    parents = _parents(children)
    _require_roots(parents, roots)
    if (lost := np.setdiff1d(np.flatnonzero(parents < 0), roots)).size:
        raise messages.unreached(int(lost[0]))
    return _followed(parents, roots)


def _require_inside(children: Whole, roots: Whole, slots: Sequence[str] | None) -> None:
    nodes = len(children)
    outside = (children < -1) | (children >= nodes)
    if outside.any():
        node, place = (int(item) for item in np.argwhere(outside)[0])
        slot = messages.slot_name(place, slots)
        raise messages.child_outside(node, int(children[node, place]), slot, nodes)
    outside = (roots < 0) | (roots >= nodes)
    if outside.any():
        example = int(np.argmax(outside))
        raise messages.root_outside(example, int(roots[example]), nodes)


def _parents(children: Whole) -> Whole:
    """The parent of each node, -1 where there is none."""
    above, places = np.nonzero(children >= 0)
    below = children[above, places]
    often = np.bincount(below, minlength=len(children)) > 1
    if often.any():
        node = int(np.argmax(often))
        raise messages.two_parents(node, [int(item) for item in above[below == node]])
    parents = np.full(len(children), -1)
    parents[below] = above
    return parents


def _require_roots(parents: Whole, roots: Whole) -> None:
    below = parents[roots] >= 0
    if below.any():
        example = int(np.argmax(below))
        node = int(roots[example])
        raise messages.root_below(node, example, int(parents[node]))
    often = np.bincount(roots)[roots] > 1
    if often.any():
        node = int(roots[np.argmax(often)])
        raise messages.root_twice(node, [int(item) for item in np.flatnonzero(roots == node)])


def _followed(parents: Whole, roots: Whole) -> Whole:
    """Each node's example, up its parents. Each node has one; those of a cycle lead nowhere."""
    found = np.full(len(parents), -1)
    found[roots] = np.arange(len(roots))
    above = np.where(parents < 0, np.arange(len(parents)), parents)
    for _ in range(len(parents).bit_length() + 1):  # then 2 ** steps is beyond any depth
        reached = found[above]
        if (reached >= 0).all():
            return reached
        above = above[above]
    node = int(above[np.argmax(found[above] < 0)])
    circle = [node]
    while (node := int(parents[node])) != circle[0]:
        circle.append(node)
    start = circle.index(min(circle))
    raise messages.cycle([*circle[start::-1], *circle[:start:-1]])

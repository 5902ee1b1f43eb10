"""Forests made into tables of rows: nodes of one height stand together, leaves first.

Every fault is a ValueError that names the node.
"""

import numpy as np

from rnndsl.emit.carried.checking import _as_whole, _check_table
from rnndsl.emit.carried.tables import TREES

# --8<-- copied from here on


def _forests(trees):
    """By axis what the stages read of its trees; see `_forest`."""
    given = _check_table("trees", "tree", trees, TREES)
    found = {}
    for axis, slots in TREES.items():
        if given.get(axis) is None:
            raise ValueError(f"no trees over {axis!r}: give trees={{{axis!r}: (children, roots)}}")
        children, roots = _children_and_roots(axis, slots, given[axis])
        children = _as_whole(f"the children of {axis!r}", "numbers of nodes", children)
        roots = _as_whole(f"the roots of {axis!r}", "numbers of nodes", roots)
        found[axis] = _forest(axis, slots, children, roots)
    counts = {axis: len(forest["roots"]) for axis, forest in found.items()}
    if len(set(counts.values())) > 1:
        raise ValueError(f"forests differ in their number of trees: {counts}")
    return found


def _children_and_roots(axis, slots, forest):
    """Both as they were given; a forest that names its slots has the ones of the axis."""
    if isinstance(forest, tuple) and len(forest) == 2:
        return forest
    if not hasattr(forest, "children") or not hasattr(forest, "roots"):
        got = f"a tuple of {len(forest)}" if isinstance(forest, tuple) else type(forest).__name__
        raise ValueError(f"the trees over {axis!r} must be (children, roots), not {got}")
    own = getattr(forest, "slots", None)
    if slots and own is not None and tuple(own) != tuple(slots):
        what = f"the trees over {axis!r} have the slots {', '.join(own)}"
        raise ValueError(f"{what}; expected {', '.join(slots)}")
    return forest.children, forest.roots


def _forest(axis, slots, children, roots):
    """Rows of nodes by height, and where to find each node's kin.

    `order`: the node of each row, `rank`: the row of each node. A row that is not there is the
    one behind the last. Links, one for each node that has a parent, stand in the order of
    their parents' rows.
    """
    parent, slot = _checked_parents(axis, slots, children, roots)
    height = _heights(axis, children, parent)
    order, nodes = np.argsort(height, kind="stable"), len(children)
    rank = np.empty(nodes + 1, np.int64)
    rank[order], rank[-1] = np.arange(nodes), nodes
    rows, parents = rank[children[order]], rank[parent[order]]
    counts = np.sum(rows < nodes, axis=1)
    kids = rows[rows < nodes]
    link_of = np.full(nodes, len(kids))
    link_of[kids] = np.arange(len(kids))
    forest = {
        "order": order, "rank": rank[:-1], "nodes": nodes, "leaves": int(np.sum(counts == 0)),
        "link_count": len(kids), "parents": parents, "roots": rank[roots], "counts": counts,
        "is_root": parents == nodes, "kids": kids, "link_of": link_of,
    }  # fmt: skip
    for place, name in enumerate(slots):
        forest[f"child {name}"] = rows[:, place]
        forest[f"up {name}"] = np.where(slot[order] == place, parents, nodes)
    _levels(forest, height[order])
    _owners(forest)
    return forest


def _checked_parents(axis, slots, children, roots):
    """The parent of each node and the slot it stands in; -1 where it has none."""
    if children.ndim != 2 or (slots and children.shape[1] != len(slots)):
        want = len(slots) or "slots"
        raise ValueError(
            f"the children of {axis!r} have shape {children.shape}; expected (nodes, {want})"
        )
    if roots.ndim != 1 or not len(roots):
        raise ValueError(f"the roots of {axis!r} have shape {roots.shape}; expected (batch,)")
    nodes = len(children)
    for name, array, least in (("child", children, -1), ("root", roots, 0)):
        outside = (array < least) | (array >= nodes)
        if outside.any():
            place = np.argwhere(outside)[0]
            who = f"node {place[0]}" if name == "child" else f"example {place[0]}"
            what = f"{who} of {axis!r} has the {name} {array[tuple(place)]}"
            raise ValueError(f"{what}; there are nodes 0 to {nodes - 1}")
    above, slot = np.nonzero(children >= 0)
    below = children[above, slot]
    times = np.bincount(below, minlength=nodes)
    if (times > 1).any():
        node = int(np.argmax(times > 1))
        first, second = above[below == node][:2]
        raise ValueError(f"node {node} of {axis!r} is a child of {first} and again of {second}")
    parent, place = np.full(nodes, -1), np.full(nodes, -1)
    parent[below], place[below] = above, slot
    is_root = np.zeros(nodes, bool)
    is_root[roots] = True
    if is_root.sum() < len(roots):
        raise ValueError(f"two examples of {axis!r} have one root")
    for node in np.nonzero(is_root != (parent < 0))[0][:1]:
        if is_root[node]:
            raise ValueError(f"node {node} of {axis!r} is a root and a child of {parent[node]}")
        raise ValueError(f"node {node} of {axis!r} has no parent and is no root")
    return parent, place


def _heights(axis, children, parent):
    """How many steps each node stands above its lowest leaf, from the leaves up."""
    left = np.sum(children >= 0, axis=1)
    height = np.full(len(children), -1)
    ready, now = np.nonzero(left == 0)[0], 0
    while len(ready):
        height[ready], now = now, now + 1
        above, times = np.unique(parent[ready], return_counts=True)
        above, times = above[above >= 0], times[above >= 0]
        left[above] -= times
        ready = above[left[above] == 0]
    if (height < 0).any():
        raise ValueError(f"node {int(np.argmax(height < 0))} of {axis!r} is below itself")
    return height


def _levels(forest, height):
    """For each height the rows of its nodes, the same among those above leaves, and the links."""
    ends = np.cumsum(np.bincount(height))
    starts = np.concatenate([[0], ends[:-1]])
    links = np.concatenate([[0], np.cumsum(forest["counts"])])
    leaves = forest["leaves"]
    forest["levels"] = [
        (slice(a, b), slice(max(a - leaves, 0), b - leaves), slice(links[a], links[b]))
        for a, b in zip(starts.tolist(), ends.tolist(), strict=True)
    ]
    level_start = np.repeat(links[starts], ends - starts)
    forest["starts"], forest["firsts"] = links[:-1], links[:-1] - level_start


def _owners(forest):
    """The example of each row, its number among those of its example, and rows by example."""
    owner = np.zeros(forest["nodes"] + 1, np.int64)
    owner[forest["roots"]] = np.arange(len(forest["roots"]))
    for at, _, _ in reversed(forest["levels"]):
        own = owner[forest["parents"][at]]
        owner[at] = np.where(forest["is_root"][at], owner[at], own)
    owner = owner[:-1]
    by_owner = np.argsort(owner[forest["rank"]], kind="stable")
    sizes = np.bincount(owner, minlength=len(forest["roots"]))
    first_of = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    number = np.empty(forest["nodes"], np.int64)
    number[forest["rank"][by_owner]] = np.arange(len(owner)) - np.repeat(first_of, sizes) + 1
    forest["owner"], forest["number"], forest["sizes"] = owner, number, sizes
    forest["by_owner"], forest["first_of"] = forest["rank"][by_owner], first_of


def _random_forests(rng, examples):
    """By axis children and roots of small trees, a single node among them."""
    found = {}
    for axis, slots in TREES.items():
        rows, roots = [], []
        for example in range(examples):
            roots.append(len(rows))
            rows += _random_tree(rng, len(rows), 1 + 3 * example, len(slots) or 3)
        found[axis] = np.array(rows), np.array(roots)
    return found


def _random_tree(rng, start, nodes, slots):
    """The children of each node of a tree that grows at random places."""
    rows = [[-1] * slots]
    while len(rows) < nodes:
        above, place = rng.integers(len(rows)), rng.integers(slots)
        if rows[above][place] < 0:
            rows[above][place] = start + len(rows)
            rows.append([-1] * slots)
    return rows

"""Places on a tree: `v`, `v.left`, `v.parent`, `root`, `leaf`."""

from __future__ import annotations

from rnndsl.model import tree_messages as wording
from rnndsl.model.dims import ZERO
from rnndsl.model.expr import Expr, Position, free_indices
from rnndsl.model.symbols import Table
from rnndsl.syntax import tree
from rnndsl.syntax.printer import print_expr

PARENT, CHILDREN = "parent", "children"
OVER_NODES = ("sum", "mean", "max", "min", "logsumexp", "softmax")
OVER_CHILDREN = OVER_NODES[:-1]


def node_place(item: tree.Expr, table: Table, axis: str) -> Position | None:
    """A node of a tree as it is written; None where it is something else, told or not."""
    match item:
        case tree.Name(name="root"):
            return Position("root", ZERO, axis)
        case tree.Name(name="leaf"):
            return Position("leaf", ZERO, axis)
        case tree.Name(name=name) if table.axis_of(name) == axis:
            return Position("index", ZERO, axis, name)
        case tree.Member(base=base, member=member):
            return _linked([*base.name.split("."), member], item, table, axis)
    return None


def _linked(parts: list[str], item: tree.Member, table: Table, axis: str) -> Position | None:
    """`v.left.right`: steps from a node."""
    index, *steps = parts
    if table.axis_of(index) != axis:
        return None
    if steps[0] == PARENT and index in table.bound:
        index, steps = table.bound[index][1], steps[1:]
    slots = table.axes[axis].slots
    for step in steps:
        if step in ("root", "leaf"):
            table.report(wording.end_of_node(item.span, index, step))
            return None
        if step == CHILDREN and step not in slots:
            table.report(wording.children_as_place(item.span, index, slots))
            return None
        if step != PARENT and step not in slots:
            table.report(wording.unknown_slot(index, step, item.span, slots))
            return None
    return Position("index", ZERO, axis, index, tuple(steps))


def leads_nowhere(item: tree.Expr, table: Table, axis: str) -> bool:
    """Whether a member of a node is at fault: told by now."""
    if not isinstance(item, tree.Member):
        return False
    index = item.base.name.partition(".")[0]
    return table.axis_of(index) == axis and node_place(item, table, axis) is None


def meant(item: tree.Expr, table: Table, axis: str) -> str | None:
    """The place that `left(v)`, `left`, `leaves` or `v.root` may have been meant for."""
    own = table.axes[axis]
    steps = (PARENT, *own.slots)
    match item:
        case tree.Call(function=step, arguments=(tree.Name(name=index),)):
            return f"{index}.{step}" if step in steps and index in own.indices else None
        case tree.Name(name=word) if word in steps:
            return f"{axis}.{word}"
        case tree.Name(name="leaves"):
            return "leaf"
    return None


def mixed(expr: Expr, table: Table) -> tuple[str, str] | None:
    """A node and another index that run free in one expression, where they may not."""
    free = [index for index in free_indices(expr) if not _is_fixed(table.axis_of(index), table)]
    trees = [index for index in free if table.is_tree(table.axis_of(index) or "")]
    if not trees:
        return None
    node = next((index for index in trees if index not in table.bound), trees[0])
    children = next((i for i in trees if table.bound.get(i, ("", ""))[1] == node), node)
    others = [index for index in free if index not in (node, children)]
    return (node, others[0]) if others else None


def _is_fixed(axis: str | None, table: Table) -> bool:
    """Whether an axis is as long as a size says: it is unrolled before anything runs over it."""
    return axis is not None and table.axes[axis].size is not None


def are_mixed(
    table: Table, items: tuple[tree.Expr, ...], axes: tuple[str, ...], is_data: bool
) -> bool:
    """Whether the nodes of a tree stand beside another index, or twice, which is told.

    Values may have an index of a fixed axis beside them.
    """
    pairs = list(zip(items, axes, strict=True))
    if not is_data:
        pairs = [pair for pair in pairs if not _is_fixed(pair[1], table)]
    trees = [item for item, axis in pairs if table.is_tree(axis)]
    if not trees or len(pairs) == 1:
        return False
    other = next(item for item, _ in pairs if item is not trees[0])
    shown = print_expr(trees[0]), print_expr(other)
    table.report(wording.two_families(*shown, pairs[1][0].span, len(trees) > 1))
    return True

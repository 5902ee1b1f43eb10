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


def mixed(expr: Expr, table: Table) -> tuple[str, str] | None:
    """A node and another index that run free in one expression, where they may not."""
    free = [*free_indices(expr)]
    trees = [index for index in free if table.is_tree(table.axis_of(index) or "")]
    if not trees:
        return None
    node = next((index for index in trees if index not in table.bound), trees[0])
    children = next((i for i in trees if table.bound.get(i, ("", ""))[1] == node), node)
    others = [index for index in free if index not in (node, children)]
    return (node, others[0]) if others else None


def are_mixed(table: Table, items: tuple[tree.Expr, ...], axes: tuple[str, ...]) -> bool:
    """Whether the nodes of a tree stand beside another index, which is told."""
    trees = [number for number, axis in enumerate(axes) if table.is_tree(axis)]
    if not trees or len(axes) == 1:
        return False
    node, other = print_expr(items[trees[0]]), print_expr(items[trees[0] == 0])
    table.report(wording.two_families(node, other, items[1].span, len(trees) > 1))
    return True

"""Operations that know of trees: reads of children and parents, sums over children and nodes.

In generated code the nodes of all trees of a batch stand in one array, by height; `left` (one
array for each named child), `parents`, `kids` and the like hold rows of it, and what is read
where there is none is 0. A loop runs from height to height.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnndsl.ops.code import Code, call, subscript
from rnndsl.ops.operation import Operation, Site


def _of_links(function: str) -> Any:
    """A reduction over the children of each node."""

    def code(a: Sequence[Code], site: Site) -> Code:
        return call(f"_{function}_of_links", *a, *site.links(), *_sign(site))

    return code


def _of_nodes(function: str) -> Any:
    """A reduction over the nodes of each example."""

    def code(a: Sequence[Code], site: Site) -> Code:
        rows = site.kin("by_owner"), site.kin("first_of")
        return call(f"_{function}_of_nodes", *a, *rows, *_sign(site))

    return code


def _sign(site: Site) -> Sequence[str]:
    """Whether the most is asked for (1), or the least."""
    return [f"sign={site.attrs['sign']}"] if "sign" in site.attrs else []


def _row(name: str, code: Any, back: Any, *helpers: str, across: bool = False) -> Operation:
    return Operation(name, code, back, kind="first", helpers=helpers, across=across)


def _hot(op: str, spread: str) -> Any:
    """The adjoint of a `max` goes to the first that reaches it."""

    def back(b: Any, n: Any, d: Any) -> Sequence[Any]:
        there = b.tree(spread, (d,), n.inputs[0].family)
        best = b.tree(spread, (n,), n.inputs[0].family)
        hot = b.tree(op, (n.inputs[0], best), n.inputs[0].family)
        return (there * hot,)

    return back


def _for_each(a: Sequence[Code], site: Site) -> Code:
    return call("_for_each", a[0], site.members(), str(site.rank_of_result()))


def _to(op: str) -> Any:
    """The adjoint goes the other way, by one operation."""
    return lambda b, n, d: (b.tree(op, (d,), n.inputs[0].family),)


ROWS = (
    _row("owned", lambda a, site: subscript(a[0], site.kin("owner")), _to("sum_nodes"),
         across=True),
    _row("link_node", lambda a, site: call("np.repeat", a[0], site.kin("counts"), "axis=0"),
         _to("sum_links")),
    _row("sum_links", _of_links("sum"), _to("link_node"), "_sum_of_links"),
    _row("best_links", _of_links("best"), _hot("first_link", "link_node"), "_best_of_links"),
    _row("first_link", _of_links("first"), None, "_first_of_links"),
    _row("sum_nodes", _of_nodes("sum"), _to("owned"), "_sum_of_nodes", across=True),
    _row("best_nodes", _of_nodes("best"), _hot("first_node", "owned"), "_best_of_nodes",
         across=True),
    _row("first_node", _of_nodes("first"), None, "_first_of_nodes", across=True),
    _row("at_root", lambda a, site: subscript(a[0], site.kin("roots")), _to("to_root"),
         across=True),
    _row("to_root", lambda a, site: call("_to_rows", a[0], site.kin("roots"), site.kin("nodes")),
         None, "_to_rows", across=True),
    _row("part", lambda a, site: site.part(a[0]), _to("whole")),
    _row("whole", lambda a, site: site.whole(a[0]), None),
    _row("join", lambda a, site: call("np.concatenate", f"({a[0]}, {a[1]})"),
         lambda b, n, d: tuple(b.part(d, item.family) for item in n.inputs)),
    _row("each", _for_each, lambda b, n, d: (d,), "_for_each"),
    Operation("is_root", lambda a, site: Code(site.kin("is_root")), kind="bool"),
    Operation("kid_count", lambda a, site: Code(site.kin("counts")), kind="integer"),
    Operation("node_count", lambda a, site: Code(site.kin("sizes")), kind="integer"),
)  # fmt: skip
"""What nodes find at each other is written where arrays are known: it has no row."""

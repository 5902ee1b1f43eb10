"""What is said where nodes of trees do not hold together: members, children, leaves and roots."""

from __future__ import annotations

from collections.abc import Sequence

from rnndsl.text.diagnostics import Diagnostic, Label, error
from rnndsl.text.source import Span


def unknown_slot(index: str, step: str, span: Span, slots: Sequence[str]) -> Diagnostic:
    """`v.middle` of a tree with `left` and `right`."""
    if not slots:
        help = f"children of any number are read together: `sum[u in {index}.children](h[u])`; "
        help += f"for named ones declare `axis {index} in tree({step}, …)`"
    else:
        shown = " and ".join(f"`{index}.{slot}`" for slot in slots)
        help = f"a node of this tree has {shown}, and `{index}.parent`"
    return error("RNN207", f"a node has no `{step}`", span, "no such child", help=help)


def end_of_node(span: Span, index: str, end: str) -> Diagnostic:
    """`h[v.root]`."""
    return error(
        "RNN207",
        f"`{index}.{end}` is no step from a node",
        span,
        "no step",
        help=f"`{end}` stands alone: `h[{end}]`",
    )


def children_as_place(span: Span, index: str, slots: Sequence[str]) -> Diagnostic:
    """`h[v.children]`."""
    each = " and ".join(f"`h[{index}.{slot}]`" for slot in slots)
    together = f"together: `sum[u in {index}.children](h[u])`"
    return error(
        "RNN207",
        f"`{index}.children` is no single node",
        span,
        "all children",
        help=f"read each by name, {each}, or all {together}" if each else f"read them {together}",
    )


def node_as_number(index: str, span: Span) -> Diagnostic:
    """`v` or `v.left` as a value."""
    return error(
        "RNN208",
        f"`{index}` is a node, not a number",
        span,
        "a node",
        help="nodes stand in brackets: `h[v]`, `h[v.parent]`; what a node carries is data over it, "
        "`input x[v]: n`",
    )


def no_member(name: str, member: str, span: Span, words: str) -> Diagnostic:
    """`x.left` where `x` is no node and no instance."""
    return error(
        "RNN207",
        f"`{name}` is {words}, and has no `{member}`",
        span,
        "no member",
        help="nodes of a tree have members (`h[v.left]`), and so have instances of `use`",
    )


def not_a_node(span: Span, axis: str, meant: str | None = None) -> Diagnostic:
    """`h[v-1]`, `h[3]` or `h[p[t]]` along a tree; `meant`: the place that may have been."""
    help = f"nodes have no numbers: a place is `{axis}`, its parent, a child of it, or `root`"
    if meant is not None:
        help = f"did you mean `{meant}`?"
    return error(
        "RNN208",
        "this is no node of the tree",
        span,
        f"a place on the tree of `{axis}`",
        help=help,
    )


def other_axis(index: str, span: Span, axis: str, is_tree: bool) -> Diagnostic:
    """`h[t]` or `h[w.parent]`, where `h` is over the tree of `v`."""
    beside = f"to another tree than `{axis}`" if is_tree else "to a sequence"
    return error(
        "RNN208",
        f"`{index}` belongs {beside}",
        span,
        f"a place on the tree of `{axis}`",
        help="nothing leads from there to these nodes: read them at `root`, or reduce over them, "
        f"`sum[{axis}](…)`",
    )


def no_node_here(word: str, span: Span, index: str) -> Diagnostic:
    """`h[root]` where `h` is over positions; `index` is theirs."""
    return error(
        "RNN208",
        f"`{word}` is a node of a tree, and `{index}` runs over positions",
        span,
        "no position",
        help=f"positions are `1`, `{index}`, `{index}-1` and the length; nodes there are along "
        "`axis v in tree`",
    )


def no_tree(word: str, span: Span) -> Diagnostic:
    """`h[leaf] = …` in a file without trees."""
    return error(
        "RNN208",
        f"`{word}` is a node of a tree, and this file has none",
        span,
        "no tree",
        help="declare one, as in `axis v in tree` or `axis v in tree(left, right)`",
    )


def end_as_value(word: str, span: Span, has_tree: bool) -> Diagnostic:
    """`leaf` or `root` as a value."""
    if not has_tree:
        return no_tree(word, span)
    help = "leaves have an equation of their own, `h[leaf] = …`: no condition asks for them"
    if word == "root":
        help = "it stands in brackets: `h[root]` is read, and `h[root] = …` is its own equation"
    return error("RNN208", f"`{word}` is a node, not a number", span, "a node", help=help)


def slot_twice(name: str, span: Span, first: Span) -> Diagnostic:
    """`axis v in tree(left, left)`."""
    return error(
        "RNN111",
        f"two children are called `{name}`",
        span,
        "again",
        more=[Label(first, "first here")],
        help="each child of a node has a name of its own: `axis v in tree(left, right)`",
    )


def end_of_data(name: str, axis: str, span: Span, end: str) -> Diagnostic:
    """`x[root] = …` for an input."""
    return error(
        "RNN122",
        f"`{name}` is data, given at every node",
        span,
        f"an equation for the {end}" if end == "root" else "an equation for leaves",
        help=f"name a value for it: `z[{axis}] = {name}[{axis}]` with `z[{end}] = …`",
    )


def end_alone(name: str, axis: str, span: Span, end: str) -> Diagnostic:
    """`h[leaf] = …` without `h[v] = …`."""
    which = "for the root" if end == "root" else "for leaves"
    return error(
        "RNN122",
        f"`{name}` has an equation {which}, and none for the other nodes",
        span,
        f"{which} only",
        help=f"add the equation `{name}[{axis}] = …`",
    )


def unbound_node(index: str, span: Span, left: str, wanted: str | None) -> Diagnostic:
    """`x[v]` where no `v` runs; `wanted` is a left side over `v` too for a value."""
    ways = f"read one node, `root`, or reduce over all: `sum[{index}](…)`"
    if wanted is not None:
        ways = f"define `{wanted}` for every node, {ways}"
    elif left.endswith("[leaf]"):
        ways = "an equation for leaves reads the leaf itself, `leaf`"
    message = f"the index `{index}` does not run here"
    return error("RNN118", message, span, f"no `{index}` in `{left}`", help=ways)


def leaf_elsewhere(span: Span, axis: str) -> Diagnostic:
    """`h[leaf]` on a right side that is not that of leaves."""
    return error(
        "RNN209",
        "a tree has many leaves: `leaf` stands for each of them only in an equation for leaves",
        span,
        "which leaf?",
        help=f"write it in an equation `h[leaf] = …`, or reduce over all nodes: `sum[{axis}](…)`",
    )


def bad_left_side(name: str, axis: str, span: Span) -> Diagnostic:
    """`h[v.left] = …`."""
    return error(
        "RNN209",
        f"an equation defines `{name}[{axis}]`, or `{name}` at the leaves or at the root",
        span,
        "no left side",
        help=f"write `{name}[{axis}] = …`, `{name}[leaf] = …` or `{name}[root] = …`",
    )


def second_shape(name: str, span: Span) -> Diagnostic:
    """`h[leaf]: m = …` where `h[v]: m` declares the shape too."""
    return error(
        "RNN120",
        f"the shape of `{name}` is declared already",
        span,
        "again",
        help=f"one of the equations of `{name}` declares its shape: leave this one away",
    )


def two_families(node: str, other: str, span: Span, is_pair: bool) -> Diagnostic:
    """A value over nodes and positions, or over pairs of nodes."""
    if is_pair:
        return error(
            "RNN206",
            f"`{node}` and `{other}` are two nodes, and nothing runs over pairs of them",
            span,
            "over pairs",
            help="a value runs over the nodes of one tree; what a node needs of others it reads "
            f"by a step (`h[{node}.parent]`), at `root`, or reduced (`sum[{other}](…)`)",
        )
    return error(
        "RNN206",
        f"`{node}` is a node, and `{other}` runs beside it",
        span,
        "over both",
        help="a value runs over the nodes of a tree or over positions of sequences: what a node "
        f"needs of a sequence it reads at one position (`s[p[{node}]]`), or from a value of its "
        f"own that the node is not in (`c = sum[{other}](…)`)",
    )


def parameter_over_tree(name: str, span: Span) -> Diagnostic:
    """`param W[v]`."""
    return error(
        "RNN134",
        f"`{name}` is a parameter, and every example has a tree of its own",
        span,
        "the nodes of a tree",
        help="all nodes share parameters: leave the index away",
    )


def not_over_tree(name: str, span: Span, known: Sequence[str], what: str) -> Diagnostic:
    """`argmax[v](…)`, `softmax[u in v.children](…)`."""
    near = ", ".join(f"`{item}`" for item in known)
    return error("RNN113", f"`{name}` does not work over {what}", span, help=f"these do: {near}")


def not_children(within: str, span: Span) -> Diagnostic:
    """`sum[u in t.children](…)` where `t` is no node."""
    return error(
        "RNN207",
        f"`{within}` is no node, and has no children",
        span,
        "no node of a tree",
        help="declare a tree, as in `axis v in tree`, and write `sum[u in v.children](…)`",
    )


def child_is_known(index: str, span: Span, words: str) -> Diagnostic:
    """`sum[h in v.children](…)` where `h` is a value."""
    return error(
        "RNN110",
        f"`{index}` is {words} already: a child needs a name of its own",
        span,
        "a name for each child",
        help="write `sum[u in v.children](…)` with a name that nothing else has",
    )


def children_within_children(span: Span) -> Diagnostic:
    """A sum over children inside another."""
    return error(
        "RNN206",
        "a sum over children stands inside another",
        span,
        "children of children",
        help="give the inner sum a name of its own, as in `hs[v] = sum[u in v.children](h[u])`, "
        "and read that of each child",
    )


def position_of_tree(span: Span, axis: str) -> Diagnostic:
    """`position(v)` where `v` is a node."""
    return error(
        "RNN208",
        "nodes of a tree have no positions",
        span,
        f"`{axis}` is a node",
        help="data point from nodes to a sequence, as in `input p[v]: position(t)`",
    )


def index_within_tree(span: Span) -> Diagnostic:
    """`sum[u in t.children]` as an index in brackets."""
    return error(
        "RNN207",
        "children are named in a sum over them",
        span,
        "no place",
        help="write `sum[u in v.children](h[u])`",
    )

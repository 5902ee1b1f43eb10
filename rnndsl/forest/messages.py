"""What is said of trees that are none: each message names the node. Nothing is checked here."""

from __future__ import annotations

from collections.abc import Sequence

from rnndsl.text.diagnostics import DataError

CODE = "RNN450"
SHOWN = 8
SPEC = "expected whole numbers (nodes, children of a node), -1 for none"


def _wrong(message: str) -> DataError:
    return DataError(message, CODE)


def slot_name(place: int, slots: Sequence[str] | None) -> str:
    """A child's place as people call it."""
    return f"`{slots[place]}`" if slots else f"child {place}"


def not_whole(name: str, dtype: object) -> DataError:
    """`children` or `roots` that are no integers."""
    return _wrong(f"`{name}` holds {dtype}; node numbers are whole numbers")


def uneven() -> DataError:
    """Rows of different length."""
    return _wrong(f"`children` is not an array: its rows differ in length; {SPEC}")


def wrong_shape(name: str, shape: tuple[int, ...]) -> DataError:
    """`children` or `roots` with too many dimensions, or too few."""
    expected = SPEC if name == "children" else "expected one node number for each example"
    return _wrong(f"`{name}` has shape {shape}; {expected}")


def no_trees() -> DataError:
    """A forest without a tree."""
    return _wrong("a forest holds at least one tree")


def wrong_slots(slots: Sequence[object]) -> DataError:
    """Slots that are no names, or twice the same."""
    return _wrong(f"the slots of a node are different names, not {tuple(slots)!r}")


def wrong_width(columns: int, slots: Sequence[str]) -> DataError:
    """Another number of columns than of slots."""
    return _wrong(f"`children` has {columns} columns for the slots {', '.join(slots)}")


def wrong_labels(labels: int, nodes: int) -> DataError:
    """Labels for more nodes than there are, or for fewer."""
    return _wrong(f"there are {labels} labels for {nodes} nodes; give None where a node has none")


def child_outside(node: int, child: int, slot: str, nodes: int) -> DataError:
    """A child that there is not."""
    return _wrong(
        f"{slot} of node {node} is {child}; the nodes are 0 to {nodes - 1}, and -1 is none"
    )


def root_outside(example: int, root: int, nodes: int) -> DataError:
    """A root that there is not."""
    return _wrong(f"the root of example {example} is {root}; the nodes are 0 to {nodes - 1}")


def two_parents(node: int, parents: Sequence[int]) -> DataError:
    """A node below two nodes, or twice below one."""
    first, second = parents[:2]
    if first == second:
        return _wrong(f"node {node} is a child of node {first} twice")
    return _wrong(f"node {node} has two parents, nodes {first} and {second}")


def root_below(node: int, example: int, parent: int) -> DataError:
    """A root with a parent."""
    return _wrong(f"node {node} is the root of example {example} and a child of node {parent}")


def root_twice(node: int, examples: Sequence[int]) -> DataError:
    """Two examples with one root."""
    first, second = examples[:2]
    return _wrong(f"node {node} is the root of examples {first} and {second}")


def unreached(node: int) -> DataError:
    """A node without a parent that is no root."""
    return _wrong(f"node {node} belongs to no tree: it has no parent and is no example's root")


def cycle(nodes: Sequence[int]) -> DataError:
    """Nodes that are their own descendants; from parent to child."""
    shown = [str(node) for node in nodes]
    if len(shown) > SHOWN:
        shown[SHOWN - 1 :] = ["…"]
    return _wrong(f"node {nodes[0]} is below itself: {' -> '.join([*shown, shown[0]])}")


def wrong_count(node: int, found: int, slots: Sequence[str], missing: str) -> DataError:
    """A node with other than no children or one thing in every slot."""
    return _wrong(
        f"node {node} has {found} children for the slots {', '.join(slots)}; "
        f"{missing} stands where one is missing"
    )


def hole(node: int) -> DataError:
    """None among children that have no slots."""
    return _wrong(f"a child of node {node} is None: without `slots` no child can be missing")


def loose_list(node: int) -> DataError:
    """A list where a tree should stand."""
    return _wrong(
        f"node {node} is a list; children stand in a tuple, or in a list behind their "
        f"parent's label: (label, [child, child])"
    )


def open_bracket(text: int, node: int, column: int) -> DataError:
    """A text that ends too early."""
    return _wrong(f"text {text}: the bracket of node {node} at character {column} is never closed")


def closing_bracket(text: int, node: int | None, column: int) -> DataError:
    """A bracket that closes nothing; `node` stands before it."""
    behind = "" if node is None else f", behind node {node},"
    return _wrong(f"text {text}: `)` at character {column}{behind} closes nothing")


def several_roots(text: int, node: int, column: int) -> DataError:
    """More than one tree in a text."""
    return _wrong(
        f"text {text} holds more than one tree: node {node} at character {column} is a second "
        f"root; put the trees into brackets, or into a list of texts"
    )


def no_tree(text: int) -> DataError:
    """An empty text."""
    return _wrong(f"text {text} holds no tree; `()` is one node")


def unwritable(node: int, label: object) -> DataError:
    """A label that would not be read back."""
    return _wrong(f"the label {label!r} of node {node} cannot stand in a text of trees")


def no_token(node: int, label: object) -> DataError:
    """A label that the vocabulary has not."""
    return _wrong(f"node {node} has the label {label!r}, which the vocabulary has not")


def wrong_examples(found: object, trees: int) -> DataError:
    """Examples to select that there are not."""
    return _wrong(f"cannot select {found}: the examples are 0 to {trees - 1}")

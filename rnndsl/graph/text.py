"""The graph of operations as text, one node a line: what tests compare and people read.

A line is `%number: type = operation(%operands)`, with `t` and `b` before the shape where the
result varies over positions and examples (or the family of nodes of a tree in place of `b`),
then what sets the node apart.
"""

from __future__ import annotations

from collections.abc import Iterable

from rnndsl.graph.node import Node
from rnndsl.graph.reading import Run
from rnndsl.model.expr import Position


def show(targets: Iterable[Node]) -> str:
    """Everything that the targets depend on, in the order of making; numbers start at 0."""
    found: set[Node] = set()
    stack = list(targets)
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack.extend(node.inputs)
    ordered = sorted(found, key=lambda node: node.number)
    numbers = {node: number for number, node in enumerate(ordered)}
    return "\n".join(show_node(node, numbers) for node in ordered)


def show_node(node: Node, numbers: dict[Node, int]) -> str:
    """The line of one node, nodes going by their numbers."""
    over = [*node.over, *([node.family or "b"] if node.over_b else [])]
    shape = ", ".join([*over, *map(str, node.shape)])
    operands = ", ".join(f"%{numbers[item]}" for item in node.inputs)
    name = f"  # {node.name}" if node.name else ""
    return f"%{numbers[node]}: ({shape}) = {node.op}({operands}){_attributes(node)}{name}"


def _attributes(node: Node) -> str:
    shown = []
    for key, value in node.attrs.items():
        if key in ("outside", "name", "flow", "own", "family") or value == ():
            continue
        if key == "by":
            shown.append(", ".join(str(Run(index, by)) for index, by in value))
        elif key == "places" and node.op != "value":
            shown.append(", ".join(_value(place) for place in value))
        else:
            shown.append(f"{key}={_value(value)}")
    return f" [{', '.join(shown)}]" if shown else ""


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(_value(item) for item in value)})"
    if isinstance(value, Position):
        named = {"index": value.index or "", "start": ""}
        anchor = named.get(value.anchor, value.anchor)
        return f"{anchor}{value.offset}" if value.offset.terms or not anchor else anchor
    return str(value)

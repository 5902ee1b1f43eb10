"""A syntax tree as text, one node a line, indented: what `--emit tree` shows.

For people and for comparing; nothing reads it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields

from rnndsl.syntax import tree


def outline(statements: Iterable[tree.Statement]) -> str:
    """Every statement with all that is inside."""
    return "\n".join(line for statement in statements for line in _node(statement, "", 0))


def _node(node: tree.Node, label: str, depth: int) -> Iterator[str]:
    """A node: its kind, what it holds of words and numbers, then the nodes inside it."""
    words, inside = [], list[tuple[str, object]]()
    for item in fields(node):
        value = getattr(node, item.name)
        if item.name == "span" or value is None or value == ():
            continue
        if isinstance(value, bool):
            words.extend([item.name] * value)
        elif isinstance(value, tree.Node | tuple):
            inside.append((item.name, value))
        else:
            words.append(value if isinstance(value, str) and item.name != "title" else repr(value))
    head = f"{label}: " if label else ""
    yield "  " * depth + head + " ".join([type(node).__name__, *words])
    for name, value in inside:
        if isinstance(value, tree.Node):
            yield from _node(value, name, depth + 1)
        elif isinstance(value, tuple):
            yield "  " * (depth + 1) + f"{name}:"
            for part in value:
                yield from _node(part, "", depth + 2)

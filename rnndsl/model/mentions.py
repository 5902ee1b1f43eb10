"""The names that trees mention, whatever they are: for what is needed, and what is copied."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rnndsl.syntax import tree


def names_in(node: object) -> Iterator[str]:
    """Every name that a tree mentions, functions and bound indices among them."""
    stack: list[Any] = [node]
    while stack:
        item = stack.pop()
        match item:
            case tuple():
                stack.extend(item)
            case tree.Name(name=name):
                yield name
            case tree.Call(function=function, binder=binder, arguments=arguments):
                yield function
                if binder is not None:
                    yield binder.index
                    stack.append(binder.within)
                stack.extend(arguments)
            case tree.Node():
                stack.extend(vars(item).values())


def children_in(node: object) -> Iterator[str]:
    """Every name that a sum over children gives to one of them."""
    stack: list[Any] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, tree.Call) and item.binder is not None and item.binder.within:
            yield item.binder.index
        if isinstance(item, tuple):
            stack.extend(item)
        elif isinstance(item, tree.Node):
            stack.extend(vars(item).values())

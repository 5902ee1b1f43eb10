"""What comes first: strongly connected components, and an order that keeps to what is needed.

Works on anything that can be hashed; knows nothing of operations.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from heapq import heapify, heappop, heappush
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)
Needs = Mapping[Item, Collection[Item]]
"""What each item needs; every item that is needed is a key too."""


def components(needs: Needs[Item]) -> list[list[Item]]:
    """The strongly connected components, each after those that it needs.

    Tarjan's algorithm (1972), with a stack of its own for chains of any length.
    """
    low: dict[Item, int] = {}
    stack: list[Item] = []
    found: list[list[Item]] = []
    done = len(needs)
    for start in needs:
        path = [] if start in low else [(start, len(low), iter(needs[start]))]
        while path:
            item, number, rest = path[-1]
            if item not in low:
                low[item] = number
                stack.append(item)
            for other in rest:
                if other not in low:
                    path.append((other, len(low), iter(needs[other])))
                    break
                low[item] = min(low[item], low[other])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[item])
                if low[item] == number:
                    found.append(_popped(stack, item))
                    for inside in found[-1]:
                        low[inside] = done
    return found


def _popped(stack: list[Item], last: Item) -> list[Item]:
    """What is taken off a stack, down to one item."""
    taken = [stack.pop()]
    while taken[-1] != last:
        taken.append(stack.pop())
    return taken


def in_order(needs: Mapping[int, Collection[int]]) -> list[int]:
    """Every number after those that it needs; where several may come, the least of them.

    ValueError where numbers need each other.
    """
    readers: dict[int, list[int]] = {number: [] for number in needs}
    waiting: dict[int, int] = {}
    for number, before in needs.items():
        waiting[number] = len(before)
        for other in before:
            readers[other].append(number)
    ready = [number for number, count in waiting.items() if not count]
    heapify(ready)
    order: list[int] = []
    while ready:
        order.append(heappop(ready))
        for reader in readers[order[-1]]:
            waiting[reader] -= 1
            if not waiting[reader]:
                heappush(ready, reader)
    if len(order) < len(needs):
        raise ValueError("some numbers need each other")
    return order

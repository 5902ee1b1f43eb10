"""`enc.h` in a file: the members of its instances, and the names that they become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from rnndsl.model import use_messages as wording
from rnndsl.model.given import Instance
from rnndsl.syntax import tree
from rnndsl.text.diagnostics import Diagnostic


def members(node: object) -> Iterator[tree.Member]:
    """Every `enc.h` of a tree."""
    stack: list[Any] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, tree.Member):
            yield item
        elif isinstance(item, tuple | list):
            stack.extend(reversed(item))
        elif isinstance(item, tree.Node):
            stack.extend(vars(item).values())


def has_member(instance: Instance, name: str) -> bool:
    """Whether something of an instance may be read by that name."""
    sort = instance.cell.inside.sorts.get(name)
    if sort in ("input", "target"):
        return name in instance.inputs
    return sort in ("value", "param", "size", "const")


def no_member(instance: Instance, member: tree.Member) -> Diagnostic:
    """What is said of a member that an instance does not have."""
    inside = instance.cell.inside
    known = [*inside.of("value", "param"), *instance.inputs]
    file, span = instance.cell.file, member.span
    return wording.no_member(instance.name, member.member, file, span, known)


def with_names(node: Any, instances: Mapping[str, Instance]) -> Any:
    """A tree with a name for every `enc.h` that there is: `enc.h`, or what `enc` was given."""
    if isinstance(node, tuple):
        return tuple(with_names(item, instances) for item in node)
    if isinstance(node, tree.Member):
        return _named(node, instances)
    if not isinstance(node, tree.Node):
        return node
    changed: dict[str, Any] = {}
    for item in fields(node):
        old = getattr(node, item.name)
        new = old if item.name == "span" else with_names(old, instances)
        if new != old:
            changed[item.name] = new
    return replace(node, **changed) if changed else node


def _named(member: tree.Member, instances: Mapping[str, Instance]) -> tree.Expr:
    instance = instances.get(member.base.name)
    if instance is None or member.member not in instance.cell.inside.sorts:
        return member
    found = instance.names.get(member.member)
    if found is None:
        return tree.Name(member.span, f"{instance.name}.{member.member}")
    named: tree.Expr = with_names(found, instances)
    return replace(named, span=member.span) if isinstance(named, tree.Name) else named

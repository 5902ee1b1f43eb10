"""What the statements of a file declare, by name, before anything is checked.

For writing out uses: which names there are, what indices they carry, what each needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rnndsl.model.mentions import names_in
from rnndsl.syntax import tree

Sort = Literal["size", "const", "param", "input", "target", "value", "formula"]


@dataclass
class Contents:
    """The names of a file.

    `carried`: the indices of every value, datum and parameter; `axes`: the statement of each
    index; `sorts`: what each name is; `entries`: the parts of the tree that define it, its
    boundaries among them.
    """

    axes: dict[str, tree.AxisStatement | tree.TreeStatement] = field(default_factory=dict)
    carried: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sorts: dict[str, Sort] = field(default_factory=dict)
    entries: dict[str, list[tree.Node]] = field(default_factory=dict)

    def of(self, *sorts: Sort) -> list[str]:
        """The names of some sorts."""
        return [name for name, sort in self.sorts.items() if sort in sorts]

    @property
    def lengths(self) -> dict[str, str]:
        """The length that each index runs to; nodes of a tree run to none."""
        return {
            index: axis.length.name
            for index, axis in self.axes.items()
            if isinstance(axis, tree.AxisStatement)
        }

    @property
    def trees(self) -> dict[str, tuple[str, ...]]:
        """The slots of each index that runs over a tree."""
        return {
            index: tuple(slot.name for slot in axis.slots)
            for index, axis in self.axes.items()
            if isinstance(axis, tree.TreeStatement)
        }

    def first(self, index: str) -> str:
        """The first index of an index' axis, which is the name of the axis."""
        return self.axes[index].indices[0].name

    def is_fixed(self, index: str) -> bool:
        """Whether the length of an index' axis is a size."""
        return self.sorts.get(self.lengths.get(index, "")) == "size"

    def reached(self, names: Iterable[str], without: Iterable[tree.Node] = ()) -> set[str]:
        """These names and all that they need, but for what only `without` needs."""
        dropped = {id(node) for node in without}
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found.add(name)
            nodes = [node for node in self.entries.get(name, ()) if id(node) not in dropped]
            for node in nodes:
                waiting.extend(names_in(node))
            if name in self.axes:
                waiting.extend([self.lengths[name]] if name in self.lengths else [])
                waiting.append(self.first(name))
        return found


def contents(statements: Sequence[tree.Statement]) -> Contents:
    """Everything that statements declare."""
    found = Contents()
    for statement in statements:
        if isinstance(statement, tree.AxisStatement | tree.TreeStatement):
            for name in statement.indices:
                found.axes.setdefault(name.name, statement)
    for statement in statements:
        _declared(statement, found)
    for statement in statements:
        if isinstance(statement, tree.EquationStatement):
            _equation(statement, found)
    return found


def _declared(statement: tree.Statement, found: Contents) -> None:
    match statement:
        case tree.SizeStatement(entries=sizes):
            for size in sizes:
                _add(found, size.name.name, "size", size)
        case tree.ConstStatement(entries=consts):
            for const in consts:
                _add(found, const.name.name, "const", const)
        case tree.ParamStatement(entries=params):
            for param in params:
                _add(found, param.name.name, "param", param)
                found.carried.setdefault(param.name.name, _indices(param.indices))
        case tree.DataStatement(entries=data, role=role):
            for entry in data:
                _add(found, entry.name.name, role, entry)
                found.carried.setdefault(entry.name.name, _indices(entry.indices))
        case tree.FormulaStatement(name=name):
            _add(found, name.name, "formula", statement)


def _equation(statement: tree.EquationStatement, found: Contents) -> None:
    target, items = statement.target, statement.indices or ()
    if not isinstance(target, tree.Name) or target.name == "loss":
        return
    if all(isinstance(item, tree.Name) and item.name in found.axes for item in items):
        _add(found, target.name, "value", statement)
        found.carried.setdefault(target.name, _indices(items))
    else:
        found.entries.setdefault(target.name, []).append(statement)


def _add(found: Contents, name: str, sort: Sort, node: tree.Node) -> None:
    found.sorts.setdefault(name, sort)
    found.entries.setdefault(name, []).append(node)


def _indices(items: tuple[tree.Expr, ...]) -> tuple[str, ...]:
    return tuple(item.name for item in items if isinstance(item, tree.Name))


def same_left(
    one: Sequence[tree.Expr], other: Sequence[tree.Expr], axes: Mapping[str, object]
) -> bool:
    """Whether two left sides name the same places, however their running indices are called."""
    return len(one) == len(other) and all(
        _form(a, axes) == _form(b, axes) for a, b in zip(one, other, strict=True)
    )


def _form(expr: tree.Expr, axes: Mapping[str, object]) -> object:
    """A sum as its terms and its number; a running index as its axis."""
    match expr:
        case tree.Name(name=name) if name in axes:
            return id(axes[name])
        case tree.Name(name=name):
            return {name: 1}
        case tree.Number(value=value):
            return {"": value} if value else {}
        case tree.Unary(operator="-", operand=operand):
            inner = _form(operand, axes)
            return {key: -n for key, n in inner.items()} if isinstance(inner, dict) else None
        case tree.Binary(operator="+" | "-" as operator, left=left, right=right):
            first, second = _form(left, axes), _form(right, axes)
            if not (isinstance(first, dict) and isinstance(second, dict)):
                return None
            sign = 1 if operator == "+" else -1
            total = {**first}
            for key, n in second.items():
                total[key] = total.get(key, 0) + sign * n
            return {key: n for key, n in total.items() if n}
    return None

"""The statements of one instance: those of the used file that are kept, by their new names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from rnndsl.model.copying import Copier
from rnndsl.model.given import Instance, Match
from rnndsl.model.mentions import children_in, names_in
from rnndsl.syntax import tree
from rnndsl.text.source import NOWHERE


@dataclass
class Written:
    """What an instance adds to its file.

    `defaults`: sizes whose value is only taken where nothing else says one.
    """

    statements: list[tree.Statement]
    matches: list[Match]
    defaults: set[str]


def name_all(instance: Instance, fresh: Callable[[str], str]) -> None:
    """What every kept name of the used file is called outside."""
    inside, names = instance.cell.inside, instance.names
    for name, sort in inside.sorts.items():
        if name in instance.sizes:
            names[name] = instance.sizes[name]
        elif name in instance.inputs:
            names[name] = instance.inputs[name]
        elif name not in instance.kept:
            continue
        elif sort == "formula":
            names[name] = tree.Name(NOWHERE, fresh(f"{instance.name}_{name}"))
        else:
            has = sort in ("param", "size") and instance.owner is not None
            owner = instance.owner if has and instance.owner else instance
            if sort == "size" and name in owner.sizes:
                names[name] = owner.sizes[name]
            else:
                names[name] = tree.Name(NOWHERE, f"{owner.name}.{name}")
    for child in dict.fromkeys(children_in(instance.cell.statements)):
        names[child] = tree.Name(NOWHERE, fresh(child))


def copier(instance: Instance, base: int) -> Copier:
    """What copies the used file into an instance, to places from `base` on."""
    inside = instance.cell.inside
    names = dict(instance.names)
    for index, outside in (*instance.indices.items(), *instance.lengths.items()):
        names[index] = tree.Name(NOWHERE, outside)
    mirrored = frozenset[str]()
    if instance.call.reverse:
        mirrored = frozenset(index for index in inside.axes if not inside.is_fixed(index))
    formulas = {
        name: found.name
        for name in inside.of("formula")
        if isinstance(found := names.get(name), tree.Name)
    }
    return Copier(names, base, inside.carried, inside.lengths, mirrored, formulas)


def written_out(instance: Instance, own: Copier) -> Written:
    """Every kept statement, in the order of the used file."""
    found = Written([], [], set())
    cell = instance.cell
    for statement in cell.statements:
        found.statements.extend(_copied(statement, instance, own, found))
    for match in cell.matches:
        assert isinstance(match.name, tree.Name)
        if match.name.name in instance.kept and set(names_in(match.type)) <= instance.kept:
            name = own.plain(match.name)
            assert isinstance(name, tree.Name | tree.Member)
            type_ = None if match.type is None else own.type(match.type)
            found.matches.append(replace(match, name=name, type=type_))
    return found


def _copied(
    statement: tree.Statement, instance: Instance, own: Copier, found: Written
) -> Iterator[tree.Statement]:
    kept = instance.kept
    span = own.expr(tree.Name(statement.span, "")).span
    match statement:
        case tree.SizeStatement(entries=entries):
            for size in entries:
                yield from _size(size, instance, own, found)
        case tree.ConstStatement(entries=consts):
            picked = tuple(own.const(item) for item in consts if item.name.name in kept)
            if picked:
                yield replace(statement, span=span, entries=picked)
        case tree.ParamStatement(entries=params):
            mine = tuple(own.param(item) for item in params if item.name.name in kept)
            if mine and instance.owner is None:
                yield replace(statement, span=span, entries=mine)
        case tree.DataStatement(entries=data):
            found.matches.extend(_matches(data, instance, own))
        case tree.FormulaStatement(name=name) if name.name in kept:
            yield own.formula(statement)
        case tree.EquationStatement(target=tree.Name(name=target)) if target in kept:
            if all(statement is not item for item in instance.replaced):
                yield own.equation(statement)


def _size(
    entry: tree.SizeEntry, instance: Instance, own: Copier, found: Written
) -> Iterator[tree.Statement]:
    """A size that nothing is given for; one that others are made of stands for these."""
    name = entry.name.name
    has_own = instance.owner is None and name not in {**instance.sizes, **instance.lengths}
    if name not in instance.kept or not has_own:
        return
    copied = own.size(entry)
    if not any(True for _ in names_in(entry.value)) or name in instance.cell.defaults:
        found.defaults.add(copied.name.name)
    yield tree.SizeStatement(copied.span, (copied,))


def _matches(
    entries: tuple[tree.DataEntry, ...], instance: Instance, own: Copier
) -> Iterator[Match]:
    """What the inputs of a used file say of what they are given."""
    for entry in entries:
        name = entry.name.name
        if name not in instance.inputs or name not in instance.kept:
            continue
        type_ = None if entry.type is None else own.type(entry.type)
        yield Match(instance.inputs[name], type_, name, instance.cell.file)

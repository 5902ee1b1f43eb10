"""What an instance of a used file is given: its arguments, sorted and checked by their names.

Which axes it runs over, what of it is kept and how it is written out is for `uses`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rnndsl.model import messages
from rnndsl.model import use_messages as wording
from rnndsl.model.contents import Contents
from rnndsl.model.mentions import names_in
from rnndsl.syntax import tree
from rnndsl.text.diagnostics import Diagnostic
from rnndsl.text.source import Source

SHARE = "share"
Report = Callable[[Diagnostic], None]


@dataclass(frozen=True)
class Cell:
    """A used file: its statements with its own uses written out, and its texts."""

    file: str
    source: Source
    statements: tuple[tree.Statement, ...]
    inside: Contents
    defaults: frozenset[str]
    """Names of sizes whose value is only taken where nothing else says one."""
    matches: tuple[Match, ...] = ()


@dataclass(frozen=True)
class Match:
    """An input of a used file and the name that it is given: they are of one type."""

    name: tree.Name | tree.Member
    type: tree.Shape | tree.IntegerType | None
    input: str
    file: str


@dataclass(eq=False)
class Instance:
    """One instance on its way."""

    name: str
    statement: tree.EquationStatement
    call: tree.Call
    cell: Cell
    inputs: dict[str, tree.Name | tree.Member] = field(default_factory=dict)
    sizes: dict[str, tree.Expr] = field(default_factory=dict)
    indices: dict[str, str] = field(default_factory=dict)
    """The outer index of each index of the used file."""
    share: tree.Name | None = None
    owner: Instance | None = None
    """The instance whose parameters it has; None for its own."""
    read: set[str] = field(default_factory=set)
    """Names of the used file that are read from outside."""
    replaced: list[tree.EquationStatement] = field(default_factory=list)
    """Boundaries of the used file that others stand for."""
    kept: set[str] = field(default_factory=set)
    names: dict[str, tree.Expr] = field(default_factory=dict)
    lengths: dict[str, str] = field(default_factory=dict)
    """The outer length of each length of the used file."""

    @property
    def takes(self) -> list[str]:
        """The names of its arguments."""
        inside = self.cell.inside
        sizes = [name for name in inside.of("size") if "." not in name and not self.follows(name)]
        return [*inside.of("input", "target"), *sizes, *inside.axes, SHARE]

    def follows(self, size: str) -> bool:
        """Whether a size of the used file is defined by others."""
        entry = self.cell.inside.entries[size][0]
        return isinstance(entry, tree.SizeEntry) and any(True for _ in names_in(entry.value))


@dataclass(frozen=True)
class Known:
    """Names of a file that `Contents` lacks: of instances, and words of what does not parse."""

    instances: frozenset[str]
    mentioned: frozenset[str]


def sort_arguments(instance: Instance, outer: Contents, known: Known, report: Report) -> bool:
    """Put every argument where it belongs; whether all of them are sound."""
    seen: set[str] = set()
    is_sound = True
    for item in instance.call.arguments:
        if not isinstance(item, tree.Argument):
            example = next(iter(instance.takes), "x")
            call = f"{instance.call.function}({example} = e)"
            report(wording.unnamed_argument(instance.cell.file, item.span, call))
            is_sound = False
        elif item.name in seen:
            report(wording.argument_twice(item.name, item.span))
            is_sound = False
        else:
            seen.add(item.name)
            is_sound &= _argument(instance, item, outer, known, report)
    return is_sound


def _argument(
    instance: Instance, item: tree.Argument, outer: Contents, known: Known, report: Report
) -> bool:
    name, value, inside = item.name, item.value, instance.cell.inside
    if name == SHARE:
        if isinstance(value, tree.Name):
            instance.share = value
            return True
        report(wording.no_share(value.span, instance.cell.file))
    elif name in inside.axes:
        return _index(instance, item, outer, report)
    elif inside.sorts.get(name) == "size":
        return _size(instance, item, outer, known, report)
    elif inside.sorts.get(name) not in ("input", "target"):
        file = instance.cell.file
        report(wording.no_argument(name, file, item.span, instance.takes))
    elif not isinstance(value, tree.Name | tree.Member):
        report(wording.no_name(name, value.span))
    elif isinstance(value, tree.Name) and value.name not in outer.carried:
        if value.name in known.instances:
            report(wording.bare(value.name, value.span))
        elif value.name in {*outer.axes, *outer.sorts, *outer.lengths.values()}:
            report(wording.no_name(name, value.span))
        elif value.name not in known.mentioned:
            declare = f"input {value.name}"
            unknown = messages.unknown_name(value.name, value.span, outer.carried, declare)
            report(unknown)
    else:
        instance.inputs[name] = value
        return True
    return False


def _index(instance: Instance, item: tree.Argument, outer: Contents, report: Report) -> bool:
    value = item.value
    if isinstance(value, tree.Name) and value.name in outer.axes:
        instance.indices[item.name] = value.name
        return True
    ways = ", ".join(f"`{index}`" for index in outer.axes)
    report(wording.no_axis(item.name, value.span, f"the indices {ways}" if ways else ""))
    return False


def _size(
    instance: Instance, item: tree.Argument, outer: Contents, known: Known, report: Report
) -> bool:
    value = item.value
    if instance.follows(item.name):
        report(wording.size_follows(item.name, instance.cell.file, item.span))
        return False
    is_sound = not isinstance(value, tree.Number) or (
        isinstance(value.value, int) and value.value > 0
    )
    for name in names_in(value):
        if name in known.instances or name in known.mentioned:
            continue
        if name not in outer.sorts:
            sizes = outer.of("size")
            report(messages.unknown_name(name, value.span, sizes, f"size {name}"))
            return False
        is_sound &= outer.sorts[name] == "size"
    if not is_sound or isinstance(value, tree.Call | tree.Index):
        report(wording.no_size(item.name, value.span))
        return False
    instance.sizes[item.name] = value
    return True

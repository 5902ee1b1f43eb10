"""Uses written out: every instance becomes statements of its own, before names are resolved.

`enc = lstm(x = e)` puts the statements of the used file there, their names behind a dot
(`enc.h`, `enc.W`), its inputs replaced by what is given. Of a used file only that is kept
which is read from outside, and what that needs: its loss, targets and outputs fall away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rnndsl.model import use_messages as wording
from rnndsl.model.contents import contents, same_left
from rnndsl.model.copying import CannotReverse, Copier
from rnndsl.model.given import Cell, Instance, Known, Match, sort_arguments
from rnndsl.model.instance_axes import InstanceAxes
from rnndsl.model.members import has_member, members, no_member, with_names
from rnndsl.model.messages import duplicate
from rnndsl.model.written_out import Written, copier, name_all, written_out
from rnndsl.ops.signatures import FUNCTIONS
from rnndsl.syntax import tree
from rnndsl.syntax.parser import Parsed
from rnndsl.text.diagnostics import Diagnostic
from rnndsl.text.source import Part, Source, moved

MAX_STATEMENTS = 2_000


@dataclass(frozen=True)
class Whole:
    """A file with its uses written out.

    `cells`: the names that files are used by; `instances`: the members of each instance;
    `broken`: instances and cells at fault; `defaults`: sizes whose value is only a default.
    """

    statements: tuple[tree.Statement, ...]
    source: Source
    diagnostics: tuple[Diagnostic, ...]
    mentioned: frozenset[str]
    cells: Mapping[str, str] = field(default_factory=dict)
    instances: Mapping[str, Instance] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    defaults: frozenset[str] = frozenset()
    matches: tuple[Match, ...] = ()


def write_out(
    parsed: Parsed, source: Source, cells: Mapping[str, Cell | None], found: list[Diagnostic]
) -> Whole:
    """A file with its uses written out; `cells` by name, None where the file is at fault.

    `found` holds what is said of the used files.
    """
    return _Uses(parsed, source, cells, found).whole()


class _Uses:
    """The instances of one file."""

    def __init__(
        self,
        parsed: Parsed,
        source: Source,
        cells: Mapping[str, Cell | None],
        found: list[Diagnostic],
    ) -> None:
        self.parsed = parsed
        self.source = source
        self.cells = cells
        self.found = found
        self.broken = {name for name, cell in cells.items() if cell is None}
        self.instances: dict[str, Instance] = {}
        self.outer = contents([s for s in parsed.statements if not self._is_instance(s)])
        self.known = {*self.outer.sorts, *self.outer.axes, *parsed.mentioned}
        self.known |= {*self.outer.lengths.values()}

    def whole(self) -> Whole:
        """The file with everything written out."""
        for statement in self.parsed.statements:
            if isinstance(statement, tree.UseStatement):
                self._cell(statement)
            elif self._is_instance(statement):
                assert isinstance(statement, tree.EquationStatement)
                self._instance(statement)
        self._owners()
        self._reads()
        taken = self.known | self.instances.keys() | self.broken
        axes = InstanceAxes(self.outer, self.instances, taken, self.found.append)
        self._each(axes.settle)
        self._each(self._keep)
        self._lend()
        self._each(axes.complete)
        return self._written(axes)

    def _each(self, act: Callable[[Instance], bool]) -> None:
        """Do something with every instance; those at fault are left out from then on."""
        for instance in list(self.instances.values()):
            if not act(instance):
                self._break(instance)

    # What there is

    def _is_instance(self, statement: tree.Statement) -> bool:
        return (
            isinstance(statement, tree.EquationStatement)
            and isinstance(statement.value, tree.Call)
            and statement.value.function in self.cells
        )

    def _cell(self, statement: tree.UseStatement) -> None:
        """The name that a file is used by is that of no function."""
        name = statement.name.name
        if name in FUNCTIONS or name == "teach":
            self.found.append(wording.second_use(name, statement.name.span, "a function"))
        elif self.outer.sorts.get(name) == "formula":
            self.found.append(wording.second_use(name, statement.name.span, "a formula"))

    def _instance(self, statement: tree.EquationStatement) -> None:
        call, target = statement.value, statement.target
        assert isinstance(call, tree.Call)
        cell = self.cells[call.function]
        if not isinstance(target, tree.Name) or target.name == "loss":
            self.found.append(wording.stands_alone(call.function, statement.span))
        elif statement.indices is not None or statement.shape is not None or call.binder:
            self.found.append(wording.stands_alone(call.function, statement.span))
            self.broken.add(target.name)
        elif cell is None:
            self.broken.add(target.name)
        elif target.name in self.instances:
            first = self.instances[target.name].statement.target.span
            self.found.append(duplicate(target.name, target.span, first))
        else:
            instance = Instance(target.name, statement, call, cell)
            known = Known(self._targets(), self.parsed.mentioned | self.broken)
            if sort_arguments(instance, self.outer, known, self.found.append):
                self.instances[target.name] = instance
            else:
                self.broken.add(target.name)

    def _targets(self) -> frozenset[str]:
        """The names of all instances."""
        return frozenset(
            statement.target.name
            for statement in self.parsed.statements
            if isinstance(statement, tree.EquationStatement)
            and isinstance(statement.target, tree.Name)
            and self._is_instance(statement)
        )

    def _break(self, instance: Instance) -> None:
        self.instances.pop(instance.name, None)
        self.broken.add(instance.name)

    def _owners(self) -> None:
        """Whose parameters each instance has."""
        for instance in list(self.instances.values()):
            path = [instance]
            while (share := path[-1].share) is not None:
                other = self.instances.get(share.name)
                if other is None or other.cell is not instance.cell:
                    if share.name not in self.broken:
                        self.found.append(wording.no_share(share.span, instance.cell.file))
                    self._break(instance)
                    break
                if other in path:
                    self.found.append(wording.share_circle(share.span))
                    self._break(instance)
                    break
                path.append(other)
            instance.owner = path[-1] if path[-1] is not instance else None

    # What is read of them

    def _reads(self) -> None:
        """Note every `enc.h` that some statement reads."""
        for statement in self.parsed.statements:
            parts: list[object] = [statement]
            if isinstance(statement, tree.EquationStatement):
                parts = [statement.indices or (), statement.shape or (), statement.value]
            for member in members(parts):
                instance = self.instances.get(member.base.name)
                if instance is None:
                    continue
                if has_member(instance, member.member):
                    instance.read.add(member.member)
                elif member.base.name not in self.broken:
                    self._no_member(instance, member)

    def _no_member(self, instance: Instance, member: tree.Member) -> None:
        item = no_member(instance, member)
        if item not in self.found:
            self.found.append(item)

    def _replaced(self, instance: Instance, own: Copier) -> bool:
        """Find the boundaries that others stand for; whether what replaces them is sound."""
        inside, is_sound = instance.cell.inside, True
        for statement in self.parsed.statements:
            if not isinstance(statement, tree.EquationStatement):
                continue
            target, places = statement.target, statement.indices or ()
            if not isinstance(target, tree.Member) or target.base.name != instance.name:
                continue
            if inside.sorts.get(target.member) != "value":
                self._no_member(instance, target)
                is_sound = False
            elif all(isinstance(p, tree.Name) and p.name in self.outer.axes for p in places):
                shown = f"{instance.name}.{target.member}"
                self.found.append(wording.own_equation(shown, statement.span))
                is_sound = False
            for node in inside.entries.get(target.member, ()):
                if not isinstance(node, tree.EquationStatement):
                    continue
                if same_left(own.left(node), places, self.outer.axes):
                    instance.replaced.append(node)
        return is_sound

    def _keep(self, instance: Instance) -> bool:
        """What of a used file is needed; whether all of it is given."""
        inside, cell = instance.cell.inside, instance.cell
        try:
            is_sound = self._replaced(instance, copier(instance, 0))
        except CannotReverse:
            is_sound = True  # told when it is written out
        instance.kept = inside.reached(instance.read, instance.replaced)
        for name in inside.of("input", "target"):
            if name in instance.kept and name not in instance.inputs:
                read = next(n for n in sorted(instance.read) if name in inside.reached([n]))
                shown, is_target = f"{instance.name}.{read}", inside.sorts[name] == "target"
                span = instance.call.span
                self.found.append(wording.missing(cell.file, name, shown, span, is_target))
                is_sound = False
        return is_sound

    def _lend(self) -> None:
        """Parameters that others share are kept, and the sizes that come with them."""
        for instance in self.instances.values():
            owner, inside = instance.owner, instance.cell.inside
            if owner is not None:
                lent = [n for n in instance.kept if inside.sorts.get(n) in ("param", "size")]
                owner.kept |= inside.reached(lent)

    # Writing

    def _written(self, axes: InstanceAxes) -> Whole:
        for instance in self.instances.values():
            name_all(instance, axes.fresh)
        source, matches, defaults = self.source, list[Match](), set[str]()
        found: list[tree.Statement] = []
        for statement in self.parsed.statements:
            made = self._of(statement)
            if made is None:
                if not self._is_instance(statement):
                    found.append(self._outer(axes.widened(statement)))
                continue
            written = self._instance_written(made, source.end)
            part = Part(source.end, made.cell.source, made.call.span)
            source = replace(source, parts=(*source.parts, part))
            found.extend(self._outer(item) for item in written.statements)
            matches.extend(self._match(item) for item in written.matches)
            defaults |= written.defaults
            if len(found) > MAX_STATEMENTS:
                self.found.append(wording.too_many(made.call.span, MAX_STATEMENTS))
                break
        found.extend(self._outer(item) for item in axes.added)
        return Whole(
            tuple(found),
            source,
            tuple(self.found),
            self.parsed.mentioned,
            {name: cell.file if cell else "" for name, cell in self.cells.items()},
            self.instances,
            frozenset(self.broken),
            frozenset(defaults),
            tuple(matches),
        )

    def _instance_written(self, instance: Instance, base: int) -> Written:
        try:
            return written_out(instance, copier(instance, base))
        except CannotReverse as fault:
            at, file = moved(fault.span, base), instance.cell.file
            self.found.append(wording.cannot_reverse(file, instance.call.span, at))
            self.broken.add(instance.name)
            return Written([], [], set())

    def _of(self, statement: tree.Statement) -> Instance | None:
        """The instance that a statement makes."""
        found = self.instances.values()
        return next((item for item in found if item.statement is statement), None)

    def _match(self, match: Match) -> Match:
        type_ = None if match.type is None else self._outer(match.type)
        return replace(match, name=self._outer(match.name), type=type_)

    def _outer(self, node: Any) -> Any:
        return with_names(node, self.instances)

"""Which axes instances of used files run over: those of what they are given, or as told.

A fixed axis of a used file that nothing names becomes a fixed axis of the file itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from rnndsl.model import use_messages as wording
from rnndsl.model.contents import Contents
from rnndsl.model.given import Instance
from rnndsl.syntax import tree
from rnndsl.text.diagnostics import Diagnostic
from rnndsl.text.source import Span


class InstanceAxes:
    """The axes of all instances of one file."""

    def __init__(
        self,
        outer: Contents,
        instances: Mapping[str, Instance],
        taken: set[str],
        report: Callable[[Diagnostic], None],
    ) -> None:
        self.outer = outer
        self.instances = instances
        self.taken = taken
        self.report = report
        self.settled: dict[str, bool] = {}
        self.added: list[tree.Statement] = []
        """Fixed axes of used files, with their sizes."""

    # From what is given

    def settle(self, instance: Instance) -> bool:
        """The axes that an instance's arguments say; whether they agree."""
        if instance.name not in self.settled:
            self.settled[instance.name] = True  # a circle of instances says nothing of its axes
            self.settled[instance.name] = self._settle(instance)
        return self.settled[instance.name]

    def _settle(self, instance: Instance) -> bool:
        inside, is_sound = instance.cell.inside, True
        for name, value in instance.inputs.items():
            own, given = inside.carried[name], self._carried(value)
            if given is None:
                continue
            if any(index not in self.outer.axes for index in given):
                is_sound = False  # told where the value is declared
                continue
            if len(own) != len(given):
                wanted, got = _over(own), _over(given)
                file, span = instance.cell.file, value.span
                self.report(wording.axes_count(name, file, span, wanted, got))
                is_sound = False
                continue
            for index, outside in zip(own, given, strict=True):
                known = self._outside(instance, index)
                if not self._fits(instance, index, outside, value.span):
                    is_sound = False
                elif known is None:
                    instance.indices[index] = outside
                elif self.outer.first(known) != self.outer.first(outside):
                    self.report(wording.axes_differ(index, known, outside, value.span))
                    is_sound = False
        for index, outside in instance.indices.items():
            is_sound &= self._fits(instance, index, outside, instance.call.span)
        self._lengths(instance)
        return is_sound

    def _fits(self, instance: Instance, index: str, outside: str, span: Span) -> bool:
        """Whether nodes stand for nodes, with the children that the used file names."""
        own, given = instance.cell.inside.trees.get(index), self.outer.trees.get(outside)
        if (own is None) == (given is None) and (not own or own == given):
            return True
        file = instance.cell.file
        report = wording.other_tree(index, outside, file, span, own, given)
        self.report(report)
        return False

    def _lengths(self, instance: Instance) -> None:
        """The lengths of the axes that are known."""
        for index, length in instance.cell.inside.lengths.items():
            outside = self._outside(instance, index)
            if outside is not None:
                instance.lengths[length] = self.outer.lengths[outside]

    def _outside(self, instance: Instance, index: str) -> str | None:
        """An index of the file that an index of the used file's axis is known to be."""
        axis = instance.cell.inside.axes[index]
        found = [instance.indices.get(item.name) for item in axis.indices]
        return next((item for item in found if item is not None), None)

    def _carried(self, value: tree.Name | tree.Member) -> tuple[str, ...] | None:
        """The indices that an argument carries; None where they are not known."""
        if isinstance(value, tree.Name):
            return self.outer.carried.get(value.name)
        other = self.instances.get(value.base.name)
        if other is None or not self.settle(other):
            return None
        if value.member in other.inputs:
            return self._carried(other.inputs[value.member])
        own = other.cell.inside.carried.get(value.member, ())
        found = [self._outside(other, index) for index in own]
        return None if None in found else tuple(item for item in found if item is not None)

    # All that is needed

    def complete(self, instance: Instance) -> bool:
        """Every index that is kept gets one outside; whether there is one for each."""
        inside = instance.cell.inside
        needed = [index for index in inside.axes if index in instance.kept]
        for index in needed:
            if self._outside(instance, index) is None and not self._place(instance, index):
                return False
        for index in needed:
            if index not in instance.indices:
                instance.indices[index] = self._another(instance, index)
        self._lengths(instance)
        return not instance.call.reverse or self._is_one(instance, needed)

    def _place(self, instance: Instance, index: str) -> bool:
        """An axis for what no argument names: a fixed one of its own, or none."""
        inside, owner = instance.cell.inside, instance.owner
        if owner is not None and inside.is_fixed(index):
            known = self._outside(owner, index)
            if known is None and not self._place(owner, index):
                return False
            instance.indices[index] = known or self._outside(owner, index) or index
            return True
        if inside.is_fixed(index):
            self._add(instance, index)
            return True
        own = next(iter(self.outer.axes), "t")
        file, span = instance.cell.file, instance.call.span
        self.report(wording.axis_missing(index, file, span, own))
        return False

    def _add(self, instance: Instance, index: str) -> None:
        """A fixed axis of the used file as one of this file."""
        inside, span = instance.cell.inside, instance.call.span
        length = inside.lengths[index]
        size = instance.sizes.get(length)
        if isinstance(size, tree.Name):
            name = size.name
        else:
            name = self.fresh(f"{instance.name}_{length}")
            entry = inside.entries[length][0]
            assert isinstance(entry, tree.SizeEntry)
            default = entry.value if isinstance(entry.value, tree.Number) else None
            value = size if size is not None else default
            own = tree.SizeEntry(span, tree.Name(span, name), value)
            self.added.append(tree.SizeStatement(span, (own,)))
            instance.sizes[length] = tree.Name(span, name)
        first = self.fresh(f"{instance.name}_{index}")
        one, end = tree.Number(span, 1), tree.Name(span, name)
        axis = tree.AxisStatement(span, (tree.Name(span, first),), one, end)
        self.added.append(axis)
        self.outer.axes[first] = axis
        instance.indices[index] = first

    def _another(self, instance: Instance, index: str) -> str:
        """A second index over the same positions: one that the file has, or a new one."""
        known = self._outside(instance, index)
        assert known is not None
        axis = self.outer.axes[known]
        used = set(instance.indices.values())
        for item in axis.indices:
            if item.name not in used:
                return item.name
        name = self.fresh(f"{instance.name}_{index}")
        wider = replace(axis, indices=(*axis.indices, tree.Name(instance.call.span, name)))
        self.added = [wider if item is axis else item for item in self.added]
        for item in wider.indices:
            self.outer.axes[item.name] = wider
        return name

    def _is_one(self, instance: Instance, needed: list[str]) -> bool:
        inside = instance.cell.inside
        running = {inside.first(index) for index in needed if not inside.is_fixed(index)}
        if running & inside.trees.keys():
            self.report(wording.tree_to_reverse(instance.cell.file, instance.call.span))
            return False
        if len(running) > 1:
            self.report(wording.two_to_reverse(instance.cell.file, instance.call.span))
        return len(running) <= 1

    def fresh(self, wish: str) -> str:
        """A name that the file does not have."""
        name, number = wish.replace(".", "_"), 2
        while name in self.taken:
            name, number = f"{wish.replace('.', '_')}_{number}", number + 1
        self.taken.add(name)
        return name

    def widened(self, statement: tree.Statement) -> tree.Statement:
        """A statement; that of an axis with all indices that it got."""
        if isinstance(statement, tree.AxisStatement | tree.TreeStatement):
            return self.outer.axes.get(statement.indices[0].name, statement)
        return statement


def _over(indices: tuple[str, ...]) -> str:
    if not indices:
        return "one value an example"
    return "over " + ", ".join(f"`{index}`" for index in indices)

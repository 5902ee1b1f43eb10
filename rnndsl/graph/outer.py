"""Along which of its axes a value is unfolded, where it has several.

A value over several sequence axes stands at the positions of one of them, its *outer* axis: that
of its loop, else the first written; data follows what reads it. All that is read along the
others is read at each of these positions. An axis over a tree is like a sequence here, its
nodes the positions. Fixed axes are to be unrolled before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rnndsl.graph.causality import loops, modes
from rnndsl.graph.equations import LOSS, Along, Reference, references
from rnndsl.model.model import Model


@dataclass(frozen=True)
class Outer:
    """The outer axes of a model's names: `slots` holds the place of each in the name's axes."""

    model: Model
    axes: Mapping[str, tuple[str, ...]]
    slots: Mapping[str, int | None]

    def axis(self, name: str) -> str | None:
        """The outer axis of a name; None where it has no sequence axis."""
        slot = self.slots[name]
        return None if slot is None else self.axes[name][slot]

    def inner(self, name: str) -> tuple[str, ...]:
        """The indices of a name along its other sequence axes."""
        slot = self.slots[name]
        pairs = zip(self._indices(name), self.axes[name], strict=True)
        rest = [pair for number, pair in enumerate(pairs) if number != slot]
        return tuple(index for index, axis in rest if axis in self.model.axes)

    def reader(self, item: Reference) -> str | None:
        """The index that runs along the positions of what reads."""
        slot = self.slots[item.target]
        if slot is None:
            return None
        if item.via is not None:
            return item.via.places[slot].index
        return self._indices(item.target)[slot]

    def along(self, item: Reference) -> Along | None:
        """Where it is read along the outer axis of what is read."""
        slot = self.slots[item.source]
        return None if slot is None else item.along[slot]

    def is_spread(self, item: Reference) -> bool:
        """Whether it is read at all positions: reduced over, computed, or of another index."""
        at = self.along(item)
        if at is None:
            return False
        if at.place is None or at.kind in ("all", "through"):
            return True
        return at.place.index is not None and at.place.index != self.reader(item)

    def is_moved(self, item: Reference) -> bool:
        """Whether it is read at another position than the reader's, one shift away."""
        at = self.along(item)
        if at is None or at.kind != "shift" or at.is_here or self.is_spread(item):
            return False
        return at.place is None or at.place.anchor != "leaf"

    def _indices(self, name: str) -> tuple[str, ...]:
        data = self.model.data.get(name)
        if data is not None:
            return data.indices
        loss = self.model.loss
        return loss.indices if name == LOSS and loss else self.model.equations[name].indices


def outer(model: Model) -> Outer:
    """The outer axis of every name."""
    axes = {name: data.axes for name, data in model.data.items()}
    axes |= {equation.name: equation.axes for equation in model.all_equations}
    slots: dict[str, int | None] = {}
    for name, own in axes.items():
        running = [slot for slot, axis in enumerate(own) if axis in model.axes]
        slots[name] = running[0] if running else None
    for mode in modes(model):
        for loop in loops(model, mode):
            for name, index in zip(loop.names, loop.indices, strict=True):
                slots[name] = model.equations[name].indices.index(index)
    return Outer(model, axes, slots | _followed(Outer(model, axes, slots)))


def _followed(found: Outer) -> dict[str, int]:
    """Data over several axes along that of its first reader."""
    slots: dict[str, int] = {}
    for item in references(found.model):
        index = found.reader(item)
        if item.source not in found.model.data or item.source in slots or index is None:
            continue
        for slot, at in enumerate(item.along):
            if at.place is not None and at.place.index == index:
                slots.setdefault(item.source, slot)
    return slots

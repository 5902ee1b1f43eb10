"""What stands along fixed axes, piece by piece; the indices that data have of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rnndsl.model import expr as ir
from rnndsl.model.expr import Position
from rnndsl.model.model import Data, Model, Parts


def own_indices(model: Model, axes: tuple[str, ...]) -> tuple[str, ...]:
    """An index of its own for each axis of data: the axis' first, then its second, and so on."""
    found: list[str] = []
    for axis in axes:
        if axis in model.fixed:
            continue
        found.append(next(i for i in model.axes[axis].indices if i not in found))
    return tuple(found)


def has_fixed(model: Model, data: Data) -> bool:
    """Whether data carries a fixed axis."""
    return any(axis in model.fixed for axis in data.axes)


def part_of(model: Model, read: ir.Read) -> tuple[ir.Read, tuple[int, ...]] | None:
    """A read of data without its fixed axes, and where it stands along them; None outside."""
    axes = [p.axis if isinstance(p, Position) else p.type.axis for p in read.places]
    pairs = list(zip(read.places, axes, strict=True))
    fixed = [p for p, axis in pairs if axis in model.fixed and isinstance(p, Position)]
    if any(place.anchor == "end" or place.is_outside for place in fixed):
        return None
    rest = tuple(place for place, axis in pairs if axis not in model.fixed)
    return replace(read, places=rest), tuple(int(place.offset.value({})) for place in fixed)


def piece_name(name: str, place: tuple[int, ...]) -> str:
    """The key of what stands at a place along fixed axes: `h.2`; the name where there is none."""
    return ".".join([name, *map(str, place)])


def flat_parts(parts: Parts | ir.Read) -> Iterator[tuple[tuple[int, ...], ir.Read]]:
    """The reads of an output, each with its place along the fixed axes, from 1."""
    if isinstance(parts, ir.Read):
        yield (), parts
        return
    for number, part in enumerate(parts, 1):
        for place, read in flat_parts(part):
            yield (number, *place), read

"""Places along an axis, as drawings speak of them."""

from __future__ import annotations

from rnndsl.draw.notation import spaced_minus, symbol
from rnndsl.graph.equations import Reference
from rnndsl.model.expr import Position
from rnndsl.model.model import Model


def is_recurrent(item: Reference) -> bool:
    """Whether a value is read at another step than the reader's."""
    return item.kind == "shift" and item.place is not None and not item.place.is_here


def looks_back(place: Position) -> bool:
    """Whether a shifted place lies before the reader, whatever the sizes."""
    most = place.offset.most
    return most is not None and most < 0


def place_text(place: Position, model: Model) -> str:
    """A place along the axis as text: `t−1`, `t−d`, `T`, `T+1`, `0`."""
    length = symbol((model.axes.get(place.axis) or model.fixed[place.axis]).length).inline
    anchor = {"index": place.index or place.axis, "start": "", "end": length}[place.anchor]
    if not place.offset.terms:
        return anchor or "0"
    offset = spaced_minus(str(place.offset))
    if not anchor:
        return offset
    return anchor + (offset if offset.startswith("−") else f"+{offset}")

"""Places along an axis, as drawings speak of them."""

from __future__ import annotations

from rnndsl.draw.notation import spaced_minus, symbol
from rnndsl.graph.equations import Reference
from rnndsl.graph.tree_shape import PARENT
from rnndsl.model.expr import Position
from rnndsl.model.model import Model


def is_recurrent(item: Reference) -> bool:
    """Whether a value is read at another step than the reader's, or at another node."""
    if item.kind != "shift" or item.place is None or item.place.anchor == "leaf":
        return False
    return not item.place.is_here


def looks_back(place: Position) -> bool:
    """Whether a shifted place lies before the reader, whatever the sizes; children do."""
    if place.link:
        return PARENT not in place.link
    most = place.offset.most
    return most is not None and most < 0


def is_node(place: Position) -> bool:
    """Whether a place is one node of a tree, or the leaves: a word that says so by itself."""
    return place.anchor in ("root", "leaf")


def place_text(place: Position, model: Model) -> str:
    """A place along the axis as text: `t−1`, `t−d`, `T`, `T+1`, `0`; of a tree `left`, `root`."""
    if place.anchor in ("root", "leaf"):
        return place.anchor
    if place.link:
        return " of ".join(reversed(place.link))
    length = symbol((model.axes.get(place.axis) or model.fixed[place.axis]).length).inline
    anchor = {"index": place.index or place.axis, "start": "", "end": length}[place.anchor]
    if not place.offset.terms:
        return anchor or "0"
    offset = spaced_minus(str(place.offset))
    if not anchor:
        return offset
    return anchor + (offset if offset.startswith("−") else f"+{offset}")

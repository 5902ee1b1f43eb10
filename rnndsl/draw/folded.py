"""The folded graph: each name once, and a black square wherever an edge waits for a step.

As in the book, the square stands for the delay; what it delays by is written on it. A white
square stands for a step along a fixed axis: from layer to layer. Along a tree the squares say
which node is read: `left`, `children`, `parent`. Where there are several axes, each name shows
its indices.
"""

from __future__ import annotations

from collections.abc import Sequence

from rnndsl.draw.frame import add_frame
from rnndsl.draw.letter import SIZE
from rnndsl.draw.notation import Symbol, symbol, width
from rnndsl.draw.parts import Parts
from rnndsl.draw.places import is_node, is_recurrent, looks_back, place_text
from rnndsl.draw.scene import Arrow, Box, Scene, bounds
from rnndsl.draw.terms import by_position
from rnndsl.graph.equations import Reference
from rnndsl.model.expr import Expr, Position, Read, reads
from rnndsl.model.model import Model

SQUARE = 9.0
STRIP = 54.0
APART = 50.0


def folded_scene(model: Model) -> Scene:
    """The picture of a model with each value drawn once."""
    parts = Parts(by_position(model))
    scene = Scene(model.name, model.title, _note(model))
    plain = [item for item in parts.references if not is_recurrent(item)]
    inner = {item.target for item in plain if item.via is None}
    edges = [(i.source, i.target) for i in plain if i.via is None or i.target not in inner]
    has_several = len(model.axes) > 1 or any(len(axis.indices) > 1 for axis in model.axes.values())
    for name, (x, y) in parts.arranged(parts.roles, edges, parts.folded_pulls).items():
        label = parts.shown(name, parts.indices(name) if has_several else ())
        scene.boxes.append(parts.box(name, name, label, x, y))
    _add_direct(scene, parts, plain)
    _add_delays(scene, parts, [item for item in parts.references if is_recurrent(item)])
    add_frame(scene)
    return scene


def _note(model: Model) -> str:
    """What is said of trees: which index runs over the nodes of one."""
    said = []
    for axis in model.axes.values():
        if axis.is_tree:
            of = f"a tree ({', '.join(axis.slots)})" if axis.slots else "a tree"
            said.append(f"{', '.join(axis.indices)}: the nodes of {of}")
    return "; ".join(said)


def _add_direct(scene: Scene, parts: Parts, items: Sequence[Reference]) -> None:
    """Edges within one step, to and from values without axis, and into boundaries."""
    groups: dict[tuple[str, str, str], list[Reference]] = {}
    for item in items:
        groups.setdefault((item.source, item.target, _remark(parts, item)), []).append(item)
    for (source, target, remark), members in groups.items():
        label = parts.label(members)
        if remark:
            label = Symbol(f"{label.inline}, {remark}") if label else Symbol(remark)
        scene.arrows.append(Arrow(source, target, label, parts.style(members)))


def _remark(parts: Parts, item: Reference) -> str:
    """What an edge says of places, where reader and read do not stand at the same ones."""
    if item.via is not None:
        said = [_fixed(parts, place) for place in item.via.places if not place.is_here]
        if any(is_node(place) for place in item.via.places):
            said += [word for word in _said(parts, item) if word not in said]
        return ", ".join(said)
    if all(at.is_here for at in item.along):
        found = tuple(place_text(at.place, parts.model) for at in item.along if at.place)
        return "" if found == parts.indices(item.source) else ", ".join(found)
    return _places(parts, item)


def _places(parts: Parts, item: Reference) -> str:
    """Where something is read along the axes along which it is not read where the reader is."""
    return ", ".join(_said(parts, item))


def _said(parts: Parts, item: Reference) -> list[str]:
    said = []
    for number, at in enumerate(item.along):
        if at.place is None:
            said.append(_through(parts, item, number))
        elif at.kind == "all":
            said.append(f"all {at.place.index}")
        elif at.kind == "fixed":
            said.append(_fixed(parts, at.place))
        elif not at.is_here:
            said.append(place_text(at.place, parts.model))
    return said


def _fixed(parts: Parts, place: Position) -> str:
    """One place of an axis: `t = T`; `root` and `leaf` say of themselves where they are."""
    text = place_text(place, parts.model)
    return text if is_node(place) else f"{place.axis} = {text}"


def _through(parts: Parts, item: Reference, number: int) -> str:
    """The position that a value is read at, where that is a value itself: `t = best`."""
    place, index = item.read.places[number], parts.indices(item.source)[number]
    if isinstance(place, Read):
        return f"{index} = {symbol(place.name).inline}"
    found = reads(place) if isinstance(place, Expr) else ()
    names = dict.fromkeys(symbol(read.name).inline for read in found)
    return f"{index} by {', '.join(names)}" if names else f"some {index}"


def _add_delays(scene: Scene, parts: Parts, items: Sequence[Reference]) -> None:
    """A square for each value and delay: those from the past on the left, from what comes right."""
    groups: dict[tuple[str, str], list[Reference]] = {}
    for item in items:
        groups.setdefault((item.source, _places(parts, item)), []).append(item)
    at = {box.id: box for box in scene.boxes}
    left, _, right, _ = bounds(scene.boxes)
    strips: dict[bool, list[tuple[float, str, str, list[Reference]]]] = {True: [], False: []}
    for (source, text), members in groups.items():
        heights = [at[item.target].y for item in members]
        is_past = all(_is_past(parts, item) for item in members)
        strips[is_past].append((sum(heights) / len(heights), source, text, members))
    for is_past, strip in strips.items():
        x = left - STRIP if is_past else right + STRIP
        lowest = float("-inf")
        for height, source, text, members in sorted(strip, key=lambda item: item[:3]):
            lowest = max(height, lowest + APART)
            _add_delay(scene, parts, (x, lowest), source, text, members)


def _add_delay(
    scene: Scene,
    parts: Parts,
    at: tuple[float, float],
    source: str,
    text: str,
    members: Sequence[Reference],
) -> None:
    id = f"{source}({text.replace('−', '-')})"
    tooltip = f"{source} at {text.replace('−', '-')}"
    kind = "depth" if all(_is_depth(parts, item) for item in members) else "delay"
    kind = "link" if all(item.place and item.place.link for item in members) else kind
    square = Box(id, Symbol(""), kind, "box", *at, SQUARE, SQUARE, tooltip=tooltip)
    scene.boxes.append(square)
    side = -1 if at[0] < 0 else 1
    beside = (at[0] + side * (SQUARE + 2 + width(text, SIZE) / 2), at[1])
    scene.arrows.append(
        Arrow(source, id, Symbol(text), over_time=True, has_head=False, label_at=beside)
    )
    for target in dict.fromkeys(item.target for item in members):
        own = [item for item in members if item.target == target]
        arrow = Arrow(id, target, parts.label(own), parts.style(own), over_time=True)
        scene.arrows.append(arrow)


def _is_depth(parts: Parts, item: Reference) -> bool:
    """Whether it steps along fixed axes only."""
    shifts = [at for at in item.along if at.kind == "shift" and not at.is_here]
    moved = [at for at in shifts if at.place is None or not is_node(at.place)]
    return all(parts.model.axes[at.axis].size is not None for at in moved)


def _is_past(parts: Parts, item: Reference) -> bool:
    """Whether it looks back in time: steps along fixed axes have their squares on the right."""
    return not _is_depth(parts, item) and item.place is not None and looks_back(item.place)

"""Scenes in the language of Graphviz, every box, curve and letter at its place.

All text goes through `graphviz.escape`, with entities for `&`, `<` and `>`, so that no name and
no title can mean anything to Graphviz but its letters. The engine `nop2` keeps all places as
they are given.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

import graphviz  # type: ignore[import-untyped]

from rnndsl.draw.letter import SIZE, SMALL, Letter, letter
from rnndsl.draw.look import GRADIENT, INK, LOOKS, MATH, OVER_TIME, PALE, PANEL, PLAIN, RAIL
from rnndsl.draw.notation import sans_width, width
from rnndsl.draw.parts import TEXT_SIZE
from rnndsl.draw.route import Curve, route
from rnndsl.draw.scene import Arrow, Box, Panel, Point, Scene, Writing

HEAD = 6.5
HEADS = {"plain": "normal", "free": "normal", "boundary": "normal", "scaling": "odot"}
LINES = {"free": "dashed", "boundary": "dotted"}
SHAPES = {"circle": "ellipse", "box": "box", "diamond": "diamond", "hexagon": "hexagon"}


def to_dot(scene: Scene) -> graphviz.Digraph:
    """The scene as a graph in DOT."""
    graph = graphviz.Digraph(text(scene.name))
    graph.attr("graph", layout="nop2", outputorder="nodesfirst", bgcolor="white", pad="0.2")
    graph.attr("node", fontname=MATH, fontsize=number(TEXT_SIZE), fixedsize="shape", fontcolor=INK)
    graph.attr("node", style="filled", margin="0")
    graph.attr("edge", fontname=MATH, fontsize=number(SIZE), labelfontname=MATH, color=INK)
    graph.attr("edge", labelfontcolor=INK)
    graph.attr("edge", labelfontsize=number(SMALL), fontcolor=INK, arrowsize=number(HEAD / 10))
    for panel in scene.panels:
        _panel(graph, panel)
    for box in scene.boxes:
        _box(graph, box)
    for writing in scene.writings:
        _writing(graph, writing)
    curves = route(scene)
    for arrow, curve, label in zip(scene.arrows, curves, letter(scene, curves), strict=True):
        _arrow(graph, arrow, curve, label)
    return graph


def text(value: str) -> str:
    """Any text as an attribute that shows exactly it, in one line."""
    line = "".join(char if char.isprintable() else " " for char in value)
    return str(graphviz.escape(escape(line)))


def number(value: float) -> str:
    """A number of points, without noise."""
    return f"{round(value, 2):g}"


def _point(point: Point) -> str:
    return f"{number(point[0])},{number(point[1])}"


def _size(wide: float, high: float) -> dict[str, str]:
    return {"width": f"{wide / 72:.4f}", "height": f"{high / 72:.4f}"}


def _box(graph: graphviz.Digraph, box: Box) -> None:
    look = LOOKS[box.kind]
    graph.node(
        text(box.id),
        label=text(box.label.text + box.label.above),
        shape=SHAPES.get(box.shape, "none"),
        style="filled" if box.line == "solid" else f"filled,{box.line}",
        fillcolor=look.fill if box.line == "solid" else "white",
        color=look.border,
        penwidth=number(look.stroke),
        peripheries="2" if box.double else "1" if box.shape != "none" else "0",
        pos=_point((box.x, box.y)),
        tooltip=text(box.tooltip or box.id),
        **_size(box.width, box.height),
    )
    whole = width(box.label.text + box.label.above, TEXT_SIZE)
    x = box.x - whole / 2 + width(box.label.text, TEXT_SIZE)
    drop = -8 if box.label.above or box.label.raised else -5
    for word, small, lift in (("below", box.label.below, drop), ("above", box.label.raised, 6)):
        if small:
            wide = width(small, SMALL)
            at = (x + wide / 2, box.y + lift)
            _text_node(graph, f"{box.id} {word}", small, at, SMALL, MATH, wide)


def _text_node(
    graph: graphviz.Digraph, id: str, value: str, at: Point, size: float, font: str, wide: float
) -> None:
    graph.node(
        text(id),
        label=text(value),
        shape="none",
        style="",
        fontname=font,
        fontsize=number(size),
        pos=_point(at),
        **_size(wide, size),
    )


def _panel(graph: graphviz.Digraph, panel: Panel) -> None:
    middle = ((panel.left + panel.right) / 2, (panel.bottom + panel.top) / 2)
    graph.node(
        text(panel.id),
        label="",
        shape="box",
        style="filled,rounded",
        fillcolor=RAIL if panel.is_rail else PANEL,
        penwidth="0",
        pos=_point(middle),
        **_size(panel.right - panel.left, panel.top - panel.bottom),
    )


def _writing(graph: graphviz.Digraph, writing: Writing) -> None:
    at = (writing.x, writing.y)
    wide = sans_width(writing.text, writing.size)
    _text_node(graph, writing.id, writing.text, at, writing.size, PLAIN, wide)


def _arrow(graph: graphviz.Digraph, arrow: Arrow, curve: Curve, label: Letter | None) -> None:
    style = arrow.style if arrow.flow == "forward" else "plain"
    attributes = {"arrowhead": HEADS[style] if arrow.has_head else "none"}
    if arrow.style in LINES:
        attributes["style"] = LINES[arrow.style]
    if label is not None:
        attributes["label"] = text(label.label.text + label.label.above)
        attributes["lp"] = _point((label.x, label.y))
        if label.label.below:
            attributes["headlabel"] = text(label.label.below)
            attributes["head_lp"] = _point(label.below)
    colour = _colour(arrow)
    if colour is not None:
        attributes["color"] = attributes["fontcolor"] = attributes["labelfontcolor"] = colour
    tail, head = text(arrow.tail), text(arrow.head)
    if arrow.flow == "back":
        tail, head, curve = head, tail, Curve(curve.end, curve.second, curve.first, curve.start)
    attributes["pos"] = _spline(curve, arrow.has_head)
    graph.edge(tail, head, **attributes)


def _colour(arrow: Arrow) -> str | None:
    """The colour of an arrow, where it is not that of ink."""
    if arrow.flow != "forward":
        return GRADIENT if arrow.flow == "back" else PALE
    return OVER_TIME if arrow.over_time else None


def _spline(curve: Curve, has_head: bool) -> str:
    line = curve.shortened(HEAD) if has_head else curve
    points: Iterable[Point] = (line.start, line.first, line.second, line.end)
    spline = " ".join(_point(point) for point in points)
    return f"e,{_point(curve.end)} {spline}" if has_head else spline

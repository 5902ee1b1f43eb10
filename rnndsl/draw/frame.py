"""What stands round a picture: its title above, below it the words for what is seen."""

from __future__ import annotations

from collections.abc import Sequence

from rnndsl.draw.notation import Symbol, sans_width
from rnndsl.draw.parts import SHAPES
from rnndsl.draw.route import route
from rnndsl.draw.scene import Arrow, Box, Line, Scene, Shape, Style, Writing, bounds

TITLE_SIZE = 12.0
WORD_SIZE = 9.0
NARROWEST = 300.0
SAMPLE = 15.0
LINE = 22.0
BETWEEN = 18.0

WORDS = {
    "input": "input",
    "state": "state",
    "gate": "gate",
    "value": "value",
    "loss": "loss",
    "target": "target",
    "double": "output",
    "dashed": "boundary",
    "delay": "delay",
    "depth": "step in depth",
    "link": "step in the tree",
    "scaling": "scales",
    "free": "free running",
}

SQUARES = ("delay", "depth", "link", "rail")


def add_frame(scene: Scene) -> None:
    """The title and the legend of a finished scene."""
    left, bottom, right, top = _around(scene)
    room = max(right - left, NARROWEST)
    middle = (left + right) / 2
    lines = _wrapped(scene.title or scene.name, room)
    lowest = top + (42 if scene.note else 26)
    for number, line in enumerate(lines):
        y = lowest + (len(lines) - 1 - number) * TITLE_SIZE * 1.35
        scene.writings.append(Writing(f"title {number}", line, middle, y, TITLE_SIZE))
    if scene.note:
        scene.writings.append(Writing("the note", scene.note, middle, top + 24, WORD_SIZE))
    y = bottom - 34
    for row in _rows(_kinds(scene), room):
        x = middle - sum(_reach(kind) for kind in row) / 2 + BETWEEN / 2
        for kind in row:
            _add_sample(scene, kind, x, y)
            x += _reach(kind)
        y -= LINE


def _around(scene: Scene) -> tuple[float, float, float, float]:
    """The bounds of boxes and panels, and how low and high arrows run."""
    left, bottom, right, top = bounds(scene.boxes)
    for curve in route(scene):
        for _, y in curve.samples():
            bottom, top = min(bottom, y), max(top, y)
    for panel in scene.panels:
        left, bottom = min(left, panel.left), min(bottom, panel.bottom)
        right, top = max(right, panel.right), max(top, panel.top)
    return left, bottom, right, top


def _kinds(scene: Scene) -> list[str]:
    """What the legend explains, in its order."""
    seen = {box.kind for box in scene.boxes} | {arrow.style for arrow in scene.arrows}
    if any(box.double for box in scene.boxes):
        seen.add("double")
    if any(box.line == "dashed" for box in scene.boxes):
        seen.add("dashed")
    return [kind for kind in WORDS if kind in seen]


def _reach(kind: str) -> float:
    """How wide an entry of the legend is, with the blank behind it."""
    sample = SAMPLE * (2 if kind in ("scaling", "free") else 1)
    return sample + 5 + sans_width(WORDS[kind], WORD_SIZE) + BETWEEN


def _rows(kinds: Sequence[str], room: float) -> list[list[str]]:
    rows: list[list[str]] = []
    left = 0.0
    for kind in kinds:
        if not rows or left < _reach(kind):
            rows.append([])
            left = max(room, NARROWEST)
        rows[-1].append(kind)
        left -= _reach(kind)
    return rows


def _add_sample(scene: Scene, kind: str, x: float, y: float) -> None:
    """One entry: a small box (or arrow) and its word, from `x` to the right."""
    id = f"legend {kind}"
    sample = SAMPLE
    if kind in ("scaling", "free"):
        sample = 2 * SAMPLE
        ends = [
            Box(f"{id} {end}", Symbol(""), "dots", "none", x + at, y, 1, 1)
            for end, at in (("tail", 0.0), ("head", sample))
        ]
        scene.boxes.extend(ends)
        style: Style = "scaling" if kind == "scaling" else "free"
        scene.arrows.append(Arrow(ends[0].id, ends[1].id, style=style))
    else:
        size = 9.0 if kind in SQUARES else SAMPLE - (8 if kind == "double" else 0)
        look = "value" if kind in ("double", "dashed") else kind
        shape: Shape = "box" if kind in SQUARES else SHAPES[look]
        at = x + sample / 2
        line: Line = "dashed" if kind == "dashed" else "solid"
        scene.boxes.append(
            Box(id, Symbol(""), look, shape, at, y, size, size, line=line, double=kind == "double")
        )
    wide = sans_width(WORDS[kind], WORD_SIZE)
    middle = x + sample + 5 + wide / 2
    scene.writings.append(Writing(f"{id} word", WORDS[kind], middle, y, WORD_SIZE))


def _wrapped(text: str, room: float) -> list[str]:
    """A text in lines no wider than the room, broken before a bracket, else at blanks."""
    lines: list[str] = []
    is_long = sans_width(text, TITLE_SIZE) > room
    for word in text.split():
        is_break = is_long and word.startswith("(")
        if lines and not is_break and sans_width(f"{lines[-1]} {word}", TITLE_SIZE) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines

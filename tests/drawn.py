"""What Graphviz made of a drawing, read back from its JSON: places, labels, looks."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rnndsl.draw import Drawing
from rnndsl.gallery import specs
from rnndsl.model.model import Model

NODE = re.compile(r"([A-Za-z_0-9.]+)\((-?[0-9]+|\.\.\.|T\+?[0-9]*)\)")


TREE = "((a b) (c (d e)))"


def over_tree(model: Model, steps: int | None) -> str | None:
    """The tree that a model is drawn over where it is unfolded, if it runs over one."""
    return TREE if steps and any(axis.is_tree for axis in model.axes.values()) else None


def sequence_specs() -> dict[str, Path]:
    """The specs of the gallery that run over sequences alone."""
    return {n: path for n, path in specs().items() if " in tree" not in path.read_text()}


@dataclass(frozen=True)
class Box:
    """A node as laid out, in points."""

    name: str
    x: float
    y: float
    width: float
    height: float
    attributes: dict[str, Any]

    @property
    def top(self) -> float:
        return self.y + self.height / 2

    @property
    def bottom(self) -> float:
        return self.y - self.height / 2

    @property
    def left(self) -> float:
        return self.x - self.width / 2

    @property
    def right(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True)
class Drawn:
    """A drawing after Graphviz."""

    drawing: Drawing

    @cached_property
    def _json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.drawing.render("json"))
        return found

    @cached_property
    def boxes(self) -> dict[str, Box]:
        """Every node by its name."""
        found = {}
        for item in self._json["objects"]:
            x, y = (float(part) for part in item["pos"].split(","))
            wide, high = (72 * float(item[key]) for key in ("width", "height"))
            found[item["name"]] = Box(item["name"], x, y, wide, high, item)
        return found

    @cached_property
    def steps(self) -> dict[int, dict[str, Box]]:
        """Position to name to box, for nodes called `h(2)`."""
        columns: dict[int, dict[str, Box]] = {}
        for box in self.boxes.values():
            match = NODE.fullmatch(box.name)
            if match and match[2] != "...":
                columns.setdefault(int(match[2]), {})[match[1]] = box
        return columns

    @cached_property
    def edges(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Attributes by the names of both ends."""
        names = {item["_gvid"]: item["name"] for item in self._json["objects"]}
        return {(names[e["tail"]], names[e["head"]]): e for e in self._json.get("edges", [])}

    def label(self, tail: str, head: str) -> str:
        """What is lettered on an edge; the part set below the line after an underscore."""
        edge = self.edges[tail, head]
        below = edge.get("headlabel", "")
        return edge.get("label", "") + (f"_{below}" if below else "")

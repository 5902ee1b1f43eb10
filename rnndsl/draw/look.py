"""Colours and shapes of a drawing: pale grounds, dark borders, legible in grey as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MATH = "Times-Italic"
PLAIN = "Helvetica"
INK = "#2b2b2b"
OVER_TIME = "#2f5f9e"
GRADIENT = "#b3261e"
PALE = "#c4c4c4"
PANEL = "#f3f4f6"
RAIL = "#b4c3d8"


@dataclass(frozen=True)
class Look:
    """How the boxes of a kind look."""

    fill: str
    border: str
    stroke: float = 1.2


LOOKS: Mapping[str, Look] = {
    "input": Look("#e4efe0", "#54794a"),
    "target": Look("#efe6d8", "#8a6d3b"),
    "state": Look("#d3e2f4", "#2f5f9e", 2.0),
    "gate": Look("#fbe9c6", "#b07407"),
    "value": Look("#ffffff", "#4d4d4d"),
    "loss": Look("#f6d9d6", "#a3423a"),
    "delay": Look("#111111", "#111111"),
    "depth": Look("#ffffff", "#2f5f9e", 1.6),
    "link": Look("#2f5f9e", "#2f5f9e"),
    "dots": Look("none", "none"),
    "word": Look("none", "none"),
    "rail": Look("none", "none"),
}

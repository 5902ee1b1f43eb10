"""Drawings of models: folded, unfolded, and what they are made with."""

from rnndsl.draw.drawing import Drawing, draw

__all__ = ["Drawing", "draw"]

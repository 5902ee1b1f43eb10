"""Drawings of models: folded, unfolded, and what they are made with."""

from rnndsl.draw.drawing import Drawing, draw, folded, unfolded

__all__ = ["Drawing", "draw", "folded", "unfolded"]

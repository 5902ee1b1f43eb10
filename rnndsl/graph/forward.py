"""What `lower` makes of a model in one mode."""

from __future__ import annotations

from dataclasses import dataclass, field

from rnndsl.graph.builder import Builder
from rnndsl.graph.equations import Mode
from rnndsl.graph.node import Node
from rnndsl.model.model import Model


@dataclass
class Forward:
    """The graph of operations of a model: what is given, what is computed, what is asked."""

    model: Model
    mode: Mode
    builder: Builder
    params: dict[str, Node] = field(default_factory=dict)
    data: dict[str, Node] = field(default_factory=dict)
    values: dict[str, Node] = field(default_factory=dict)
    outputs: dict[str, Node] = field(default_factory=dict)
    loss: Node | None = None
    nodes: tuple[Node, ...] = ()
    """What was there before anything was differentiated."""
    layouts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The indices of each output in the order of its dimensions."""
    pieces: dict[str, dict[tuple[int, ...], str]] = field(default_factory=dict)
    """The outputs that stand in one array, by their places along its fixed axes."""

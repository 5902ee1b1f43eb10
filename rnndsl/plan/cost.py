"""What a model costs to run forwards, counted in the graph of operations.

Multiply-adds are those of products of matrices and vectors; everything else that computes
numbers counts once for each number it makes or takes in, as `elementwise`. Counts are
dimensions, so that they hold for any sizes. Time and memory are not its business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rnndsl.graph.families import MOVERS, part_of
from rnndsl.graph.lower import Forward
from rnndsl.graph.node import Node
from rnndsl.model.dims import ONE, ZERO, Dim
from rnndsl.model.model import Model
from rnndsl.model.sizes import running_axes
from rnndsl.ops.table import LEAVES, READS
from rnndsl.plan.schedule import needed

Rate = str
"""How often: `step` (at each position of each example), `example` (for each of them) or `batch`
(once for all). Where a model has several indices, `step j,i` names those that run. Over trees
`node` (for each of them) and `child` (for each that a node has)."""

FREE = (*LEAVES, *READS, "value", "to_real", "transpose", "spread", "fill", "carry", "pick",
        "concat", "slice", "truth", *MOVERS, "part", "whole", "join", "each", "owned", "at_root",
        "to_root", "link_node", "is_root", "kid_count", "node_count")  # fmt: skip


@dataclass(frozen=True)
class Count:
    """Multiply-adds of products, and the rest."""

    multiply_adds: Dim = ZERO
    elementwise: Dim = ZERO

    def __add__(self, other: Count) -> Count:
        return Count(self.multiply_adds + other.multiply_adds, self.elementwise + other.elementwise)


@dataclass(frozen=True)
class Cost:
    """What is computed at each position, for each example, and once for a whole batch."""

    rates: Mapping[Rate, Count] = field(default_factory=dict)

    def at(self, rate: Rate) -> Count:
        """The count at one rate; nothing where none is known."""
        return self.rates.get(rate, Count())

    def __add__(self, other: Cost) -> Cost:
        rates = sorted({*self.rates, *other.rates})
        return Cost({rate: self.at(rate) + other.at(rate) for rate in rates})


def forward_nodes(forward: Forward) -> set[Node]:
    """All that outputs and loss depend on."""
    targets = [*forward.outputs.values(), *([forward.loss] if forward.loss else [])]
    return needed(targets)


def costs(nodes: Iterable[Node], model: Model) -> dict[str, Cost]:
    """By name of the equation that it was made for, the cost of nodes.

    What equations share is counted with the first of them, as it is computed.
    """
    indices = [index for axis in running_axes(model).values() for index in axis.indices]
    found: dict[str, Cost] = {}
    for node in nodes:
        if node.op not in FREE and not node.is_number:
            cost = Cost({_rate(node, len(indices) > 1): count(node)})
            name = node.origin.partition("[")[0]
            found[name] = found.get(name, Cost()) + cost
    return found


def _rate(node: Node, has_several: bool) -> Rate:
    families = [part_of(item.family) for item in (node, *node.inputs) if item.family]
    if families:
        return "child" if "links" in families else "node"
    over = dict.fromkeys(index for item in (node, *node.inputs) for index in item.over)
    if over:
        return f"step {','.join(over)}" if has_several else "step"
    return "example" if node.over_b or any(item.over_b for item in node.inputs) else "batch"


def count(node: Node) -> Count:
    """The cost of one node where it is computed once."""
    shapes = [item.shape for item in node.inputs]
    match node.op:
        case "matvec" | "dot":
            return Count(volume(shapes[0]))
        case "vecmat":
            return Count(volume(shapes[1]))
        case "matmat":
            return Count(volume(shapes[0]) * shapes[1][-1])
        case "outer":
            return Count(volume(node.shape))
        case "cosine":  # a product with each row, and the row's norm
            return Count(volume(shapes[0]) + volume(shapes[0]))
        case "circular_conv":
            return Count(volume(shapes[0]) * volume(shapes[1]))
    volumes = [volume(shape) for shape in (node.shape, *shapes)]
    return Count(ZERO, max(volumes, key=_order))


def volume(shape: Iterable[Dim]) -> Dim:
    """The number of components."""
    total = ONE
    for dim in shape:
        total = total * dim
    return total


def _order(dim: Dim) -> tuple[int, int]:
    """Which of two volumes is the larger: the one with more sizes multiplied, as a rule."""
    return max((len(key) for key, _ in dim.terms), default=0), len(dim.terms)

"""The adjoint graph: the graph reversed, its shifts negated, each operation's derivative applied.

Back-propagation through time is no case of its own. Two invariants carry examples of different
lengths: adjoints are 0 where an example has no position, and so are the values that are kept
for the way back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field

from rnndsl.graph.families import MOVERS
from rnndsl.graph.lower import Forward
from rnndsl.graph.node import Node
from rnndsl.graph.reach import before, bounds_of, closure, early_reads, readers_of
from rnndsl.graph.reading import Run, read_node, shifted
from rnndsl.graph.sending import clipped, from_kin, places_behind, sent, to_bounds
from rnndsl.model.dims import Dim
from rnndsl.ops.table import KIN, TABLE

RISKY = frozenset({"exp"} | {row.name for row in TABLE.values() if row.is_singular})
BRANCHES = (1, 2)


@dataclass
class Backward:
    """Gradients of a scalar per example, or of given adjoints of outputs."""

    params: dict[str, Node] = field(default_factory=dict)
    inputs: dict[str, Node] = field(default_factory=dict)


def differentiate(forward: Forward, seeds: Mapping[Node, Node]) -> Backward:
    """The adjoint graph from the adjoints `seeds` of some values down to parameters and inputs.

    A parameter or input that takes no part has no entry.
    """
    return _Adjoint(forward, seeds).run()


class _Adjoint:
    def __init__(self, forward: Forward, seeds: Mapping[Node, Node]) -> None:
        self.forward = forward
        self.b = forward.builder
        self.nodes = forward.nodes = forward.nodes or tuple(self.b.nodes)
        self.seeds = seeds
        self.readers = readers_of(self.nodes)
        self.leaves = [*forward.params.values(), *self._inputs().values()]
        self.active = self._active()
        self.guarded = self._guarded()
        self.early = early_reads(self.nodes)
        self.flows: dict[Node, Node] = {}
        self.sendings: dict[Node, Node] = {}
        self.parts: dict[Node, list[Node]] = {}

    def run(self) -> Backward:
        for node in self.nodes:
            if node.op in ("shift", *MOVERS) and node in self.active:
                self.flows[node] = self._flow(node)
        for node in self.nodes:
            if node in self.active and node in self.early:
                self._early(node)
        for node, seed in self.seeds.items():
            self._add(node, seed)
        for node in self._order():
            self._pull(node)
        result = Backward()
        for name, node in self.forward.params.items():
            if (d := self._adjoint(node)) is not None:
                result.params[name] = self._named(d, f"d_{name}")
        for key, node in self._inputs().items():
            if (d := self._adjoint(node)) is not None:
                result.inputs[key] = self._named(d, f"d_{key.replace('.', '_')}")
        return result

    def _inputs(self) -> dict[str, Node]:
        """The real inputs, or what of them is read along fixed axes."""
        inputs = self.forward.model.inputs
        return {
            key: node
            for key, node in self.forward.data.items()
            if node.name in inputs and node.kind == "real"
        }

    # What takes part

    def _active(self) -> set[Node]:
        """Real nodes between a parameter or input and a seed."""
        below = closure(self.leaves, lambda node: self.readers.get(node, ()))
        above = closure(self.seeds, lambda node: node.inputs)
        return {node for node in below & above if node.kind == "real"}

    def _guarded(self) -> set[Node]:
        """What a branch not taken may have made infinite: its adjoint 0 must stay 0."""
        branches = [
            node.inputs[slot] for node in self.nodes if node.op == "where" for slot in BRANCHES
        ]
        under = closure(branches, lambda node: node.inputs)
        risky = [node for node in under if node.op in RISKY]
        return under & closure(risky, lambda node: self.readers.get(node, ()))

    def _order(self) -> list[Node]:
        """Active nodes, each after everything that reads it; shifts cut the loops."""
        waiting = dict.fromkeys(self.active, 0)
        for node in self.active:
            for item in before(node, self.early):
                if item in waiting:
                    waiting[item] += 1
        ready = deque(sorted((n for n, c in waiting.items() if c == 0), key=lambda n: -n.number))
        order: list[Node] = []
        while ready:
            node = ready.popleft()
            order.append(node)
            for item in before(node, self.early):
                if item in waiting:
                    waiting[item] -= 1
                    if waiting[item] == 0:
                        ready.append(item)
        return order

    # Adjoints

    def _add(self, node: Node, part: Node | None) -> None:
        if part is not None and node in self.active:
            self.parts.setdefault(node, []).append(self._fit(part, node))

    def _adjoint(self, node: Node) -> Node | None:
        """The sum of all that was added, and of what flows in along shifts."""
        parts = list(self.parts.get(node, ()))
        parts += [self._arriving(node, shift) for shift in self._shifts(node)]
        if not parts:
            return None
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total

    def _shifts(self, node: Node) -> list[Node]:
        found = [item for item in self.readers.get(node, ()) if item in self.flows]
        return [item for item in found if item.inputs[0] is node]

    def _arriving(self, node: Node, shift: Node) -> Node:
        """What the references `h[t+k]` send back to `h`: their flow, read the other way."""
        if shift.op in MOVERS:
            return from_kin(self.b, self.flows[shift], shift, node.family)
        if shift.op != "shift":
            return self.sendings[shift]
        by: tuple[tuple[str, Dim], ...] = shift.attrs["by"]
        back = tuple((index, -step) for index, step in by)
        arriving = shifted(self.b, self.flows[shift], back, 0)
        ahead = [index for index, step in by if step.most is None or step.most >= 0]
        return self.b.live(arriving, ahead)

    def _named(self, node: Node, name: str) -> Node:
        if not node.name and node.op not in ("shift", "param", "data", "number"):
            node.name = name
        return node

    def _flow(self, shift: Node) -> Node:
        source = shift.inputs[0]
        self.b.unit, self.b.origin = "", f"d {shift.origin}" if shift.origin else ""
        own = source.attrs["own"] if shift.op == "shift" else ()
        flow = self.b.value("", "real", source.shape, own, shift.family)
        flow.attrs["flow"] = shift
        return flow

    def _early(self, lookup: Node) -> None:
        """A read of another step: what it sends is known by a name before it is there."""
        self.b.unit, self.b.origin = "", f"d {lookup.origin}" if lookup.origin else ""
        if lookup.op == "shift":
            self._bounds_of_shift(lookup)
            return
        flow = self.b.value("", "real", lookup.shape, lookup.over)
        flow.attrs["flow"] = lookup
        self.flows[lookup] = flow
        self.sendings[lookup] = self._lookup(lookup, flow)
        for bound, part in to_bounds(self.b, flow, lookup):
            self._add(bound, part)

    def _pull(self, node: Node) -> None:
        """From the adjoint of a node to those of its operands."""
        self.b.unit = f"d {node.unit}" if node.unit else ""
        self.b.origin = f"d {node.origin}" if node.origin else ""
        if node.op == "shift":
            self.flows[node].inputs = [
                clipped(self.b, self.forward.model.clips, node, self._sum(node))
            ]
            if node not in self.early:
                self._bounds_of_shift(node)
            return
        if node in self.flows:
            self.flows[node].inputs = [self._sum(node)]
            return
        d = self._adjoint(node)
        if d is None:
            return
        if node.op == "value":
            self._add(node.inputs[0], self._named(d, f"d_{node.name}"))
        elif node.op in ("at", "gather"):
            self._add(node.inputs[0], self._lookup(node, d))
            for bound, part in to_bounds(self.b, d, node):
                self._add(bound, part)
        elif node.op not in ("param", "data"):
            self._rule(node, d)

    def _sum(self, node: Node) -> Node:
        d = self._adjoint(node)
        nothing = self.b.filled(self.b.number(0), node.shape)
        if node.family:
            return self.b.tree("each", (nothing,), node.family) if d is None else d
        return self.b.live(nothing, node.over) if d is None else d

    def _bounds_of_shift(self, shift: Node) -> None:
        """A boundary at `p` is read by `h[t+k]` at `t = p - k`."""
        for where, bound in bounds_of(shift.inputs[0]):
            places = places_behind(shift, where)
            if places is not None:
                ahead = [p.index for p in places if isinstance(p, Run) and p.by.terms]
                there = read_node(self.b, self.flows[shift], places, ())
                self._add(bound, self.b.live(there, ahead))

    def _lookup(self, node: Node, d: Node) -> Node:
        """What a lookup at some positions sends to these."""
        value = node.inputs[0]
        return sent(self.b, d, node.attrs["places"], node.inputs[1:], value.attrs["own"])

    def _rule(self, node: Node, d: Node) -> None:
        row = TABLE[node.op]
        if row.derivative is None:
            return
        is_guarded = node in self.guarded and node.op not in KIN
        source = self._guard(node, d) if is_guarded else self._under_its_name(node)
        for item, part in zip(node.inputs, row.derivative(self.b, source, d), strict=True):
            if part is None or item not in self.active:
                continue
            if row.is_singular and part.over_t and part.over_b and node not in self.guarded:
                part = self.b.live(part, part.over)
            self._add(item, part)

    def _under_its_name(self, node: Node) -> Node:
        """The node as its derivative sees it: where an equation names the result, by that name.

        What works across positions needs 0 in the padding, where a name may hold boundaries.
        """
        names = [item for item in self.readers.get(node, ()) if item.op == "value"]
        over = node.over, node.over_b
        names = [n for n in names if n.inputs[0] is node and (n.over, n.over_b) == over]
        holds_bounds = any(item.attrs.get("places") for item in names)
        if not names or (TABLE[node.op].across and holds_bounds):
            return node
        named = copy(names[0])
        named.inputs, named.attrs = node.inputs, node.attrs
        return named

    def _guard(self, node: Node, d: Node) -> Node:
        """The node with harmless operands wherever its adjoint is 0."""
        row = TABLE[node.op]
        is_asked = self.b.op("ne", d, 0) if row.is_elementwise else self._touched(d)
        index = node.attrs.get("index")
        if row.across and index in is_asked.over:
            is_asked = self.b.op("ne", self.b.op("sum_over", is_asked, index=index), 0)
        safe = copy(self._safe(is_asked, node))
        safe.inputs = [
            item
            if item.is_plain and not row.is_elementwise and item not in self.guarded
            else self._safe(is_asked, item)
            for item in node.inputs
        ]
        safe.attrs = node.attrs
        return safe

    def _safe(self, is_asked: Node, node: Node) -> Node:
        return self.b.where(is_asked, node, 1) if node.kind == "real" or node.is_number else node

    def _touched(self, d: Node) -> Node:
        return self.b.op("touched", d) if d.rank else self.b.op("ne", d, 0)

    def _fit(self, part: Node, like: Node) -> Node:
        """Broadcasting undone: summed over what the operand does not vary over."""
        if like.over_b and part.family and not like.family:
            part = self.b.of_examples(part)
        over = tuple(index for index in part.over if index not in like.over)
        over_b, components = part.over_b and not like.over_b, part.rank > like.rank
        if not (over or over_b or components):
            return part if part.rank == like.rank else self.b.fill(part, like)
        is_whole = not (like.over or components)
        if part.op == "outer" and is_whole:
            node = self.b.raw("outer_sum", part.inputs, keep=part.over_b and not over_b)
        elif part.op == "unpick" and over_b and is_whole:
            node = self.b.raw("row_sums", part.inputs, size=part.attrs["size"])
        else:
            node = self.b.raw("total", (part,), over=over, b=over_b, components=components)
        node.shape = () if components else part.shape
        node.over = tuple(index for index in part.over if index not in over)
        node.over_b = part.over_b and not over_b
        node.family = node.family if node.over_b else ""
        return node if node.rank == like.rank else self.b.fill(node, like)

"""Reads outside an axis, whatever its length: a boundary, else nothing.

Such a read depends on boundaries alone, never on the value, so that a boundary may lead to the
value and the value to another boundary. Reads that may be inside are no matter of this module.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from rnndsl.graph.builder import Builder
from rnndsl.graph.causality import boundaries_at
from rnndsl.graph.node import Node
from rnndsl.graph.reach import meeting
from rnndsl.graph.reading import Place, Run, beyond_place, outside, read_node
from rnndsl.graph.sending import hit, position_node
from rnndsl.model import expr as ir
from rnndsl.model.expr import Position, Type
from rnndsl.model.model import Boundary, Equation, Model


class Beyond(ABC):
    """The part of lowering that reads what lies outside."""

    b: Builder
    model: Model

    def __init__(self) -> None:
        self.lowering: set[tuple[str, tuple[Position, ...]]] = set()
        self.written: dict[tuple[str, tuple[Position, ...]], Node] = {}
        self.waiting: list[tuple[Node, Equation, Boundary]] = []

    @abstractmethod
    def _name(self, index: str) -> str:
        """The name that an index goes by."""

    @abstractmethod
    def _places(self, read: ir.Read) -> tuple[list[Place], list[Node]]:
        """The places of a read, and those that are computed."""

    @abstractmethod
    def _expr(self, expr: ir.Expr) -> Node:
        """An expression as a node."""

    @abstractmethod
    def _carry(self, equation: Equation, boundary: Boundary) -> Node:
        """A boundary over the indices of its value."""

    @abstractmethod
    def _carried(self, node: Node, name: str, kind: Type, place: Position) -> Node:
        """What the state of the window before overrides."""

    def _outside(self, read: ir.Read, node: Node) -> Node | None:
        """A read at places of which one lies outside for certain; None for any other."""
        found = beyond_place(read)
        if found is not None:
            return self._beyond(read, node, found)
        if any(isinstance(place, Position) and place.is_outside for place in read.places):
            return self._corner(read, node)
        return None

    def _nothing_of(self, node: Node) -> Node:
        """What is read where nothing is, in the shape of what would be read."""
        result = self.b.number(outside(node))
        return self.b.filled(result, node.shape) if node.shape else result

    def _beyond(self, read: ir.Read, node: Node, slot: int) -> Node:
        """A read at one position outside an axis, all others running."""
        equation, own = self.model.equations.get(read.name), node.attrs["own"]
        place = read.places[slot]
        assert isinstance(place, Position)
        kind = Type(node.kind, node.shape)
        if len(own) == 1:
            result = self._carried(self.b.number(outside(node)), read.name, kind, place)
        else:
            result = self._nothing_of(node)
        if equation is None:
            return result
        bounds = [
            item
            for item in equation.boundaries
            if [not at.is_here for at in item.places] == [k == slot for k in range(len(own))]
        ]
        names = {
            mine: self._name(str(other.index))
            for mine, other in zip(own, read.places, strict=True)
            if isinstance(other, Position) and other.anchor == "index"
        }
        if len({*names.values()}) < len(names):
            return self._corner(read, node)
        for number in reversed(meeting(place, [item.places[slot] for item in bounds])):
            bound = bounds[number]
            if self._is_open(equation, bound):
                return self._corner(read, node)
            there = self.b.renamed(self._carry(equation, bound), names)
            if bound.places[slot] == place:
                return there
            offsets = self.b.size(place.offset), self.b.size(bound.places[slot].offset)
            result = self.b.where(self.b.op("eq", *offsets), there, result)
        return result

    def _is_open(self, equation: Equation, bound: Boundary) -> bool:
        """Whether a boundary is being lowered: it is read from its own right side."""
        return (equation.name, bound.places) in self.lowering

    def _corner(self, read: ir.Read, node: Node) -> Node:
        """A read outside one axis, and anywhere along the others."""
        equation = self.model.equations.get(read.name)
        result = self._nothing_of(node)
        if equation is None:
            return result
        places, computed = self._places(read)
        known = [place if isinstance(place, Position) else None for place in read.places]
        bounds = [equation.boundaries[n] for n in boundaries_at(known, equation.boundaries)]
        for bound in reversed(bounds):
            where = tuple(None if place.is_here else place for place in bound.places)
            fixed = [k for k, at in enumerate(where) if at is not None and at != places[k]]
            met = hit(self.b, [places[k] for k in fixed], computed, [where[k] for k in fixed])
            if fixed and met is None:
                continue
            free = [k for k, at in enumerate(where) if at is None]
            source = self._written(equation, bound, node.attrs["own"])
            there = self._look(source, [places[k] for k in free], computed)
            for k in free if len(bounds) > 1 else ():
                met = self._within(met, places[k], computed, node.attrs["own"][k])
            result = there if met is None else self.b.where(met, there, result)
        return result

    def _within(
        self, met: Node | None, place: Place, computed: Sequence[Node], index: str
    ) -> Node | None:
        """Whether a place is also inside its axis."""
        if isinstance(place, Run) and not place.by.terms:
            return met
        at, b = position_node(self.b, place, computed), self.b
        inside = b.op("and", b.op("ge", at, 1), b.op("le", at, b.length_along(index)))
        return inside if met is None else b.op("and", met, inside)

    def _look(self, source: Node, places: Sequence[Place], computed: Sequence[Node]) -> Node:
        """A boundary at places along the indices that run in it."""
        if not places:
            return source
        used = [computed[place - 1] for place in places if isinstance(place, int)]
        numbers = iter(range(1, len(used) + 1))
        renumbered = [next(numbers) if isinstance(place, int) else place for place in places]
        return read_node(self.b, source, renumbered, used)

    def _written(self, equation: Equation, bound: Boundary, own: Sequence[str]) -> Node:
        """A boundary as a value of its own, over the indices that run in it."""
        key = equation.name, bound.places
        if not bound.indices and key not in self.lowering:
            return self._carry(equation, bound)
        if key not in self.written:
            mine = [i for i, place in zip(own, bound.places, strict=True) if place.is_here]
            node = self.b.value("", equation.type.kind, equation.type.shape, mine)
            self.written[key] = node
            self.waiting.append((node, equation, bound))
        return self.written[key]

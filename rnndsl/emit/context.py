"""What all functions of one mode share: names, rooms, and the code of sizes."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from fractions import Fraction

from rnndsl.emit.names import Names, view_name, wish
from rnndsl.graph.families import MOVERS, part_of
from rnndsl.graph.node import Node
from rnndsl.model.dims import Dim
from rnndsl.model.model import Model
from rnndsl.ops.code import ADD, ATOM, MUL, UNARY, Code
from rnndsl.plan.rooms import Room


@dataclass
class Context:
    """Names and rooms of one mode."""

    model: Model
    rooms: dict[Node, Room]
    names: Names = field(init=False)
    variables: dict[Node, str] = field(default_factory=dict)
    axes: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = Names()
        self.axes = {i: axis.name for axis in self.model.axes.values() for i in axis.indices}
        for axis in self.model.axes.values():
            for index in axis.indices:
                self.index(index)
            if not axis.is_tree:
                self.length(axis.name)
        for name in (*self.model.sizes, *self.model.params, *self.model.data):
            self.names.of(("spec", name), name.replace(".", "_"))
        for equation in self.model.all_equations:
            self.names.of(("spec", equation.name), equation.name.replace(".", "_"))

    def index(self, index: str) -> str:
        """The variable that runs over an index."""
        return self.names.of(("index", index), index)

    def length(self, axis: str) -> str:
        """How long arrays are along an axis."""
        return self.names.of(("length", axis), self.model.axes[axis].length)

    def lengths(self, axis: str) -> str:
        """How many positions of an axis each example has."""
        return self._beside("lengths", axis)

    def live(self, axis: str) -> str:
        """Which examples have which positions of an axis."""
        return self._beside("live", axis)

    def _beside(self, word: str, axis: str) -> str:
        if len(self.model.axes) == 1:
            return word
        return self.names.of((word, axis), f"{word}_{axis}")

    def table(self, axis: str, key: str) -> str:
        """What is known of the nodes of a tree: `left`, `parents`, `levels`."""
        return self.names.of(("tree", axis, key), key.removeprefix("child ").replace(" ", "_"))

    def apart(self) -> Context:
        """The same names so far; what is named from here on is named apart."""
        other = copy(self)
        other.names, other.variables = self.names.copy(), dict(self.variables)
        return other

    def variable(self, node: Node) -> str:
        """The variable that holds a node."""
        if node not in self.variables:
            self.variables[node] = self._new(node)
        return self.variables[node]

    def _new(self, node: Node) -> str:
        if node.op == "data" and node.attrs["place"]:
            return self.names.of(node, "_".join([node.name, *map(str, node.attrs["place"])]))
        if node.op in ("param", "data") or (node.op == "value" and node.name):
            return self.shown(node.name)
        if node.op == "shift":
            source = node.inputs[0]
            is_flow = "flow" in source.attrs
            base = self.variable(source.attrs["flow"].inputs[0] if is_flow else source)
            name = view_name(base, node, is_flow)
            return self.names.of(node, f"d_{name}" if is_flow else name)
        if node.op in MOVERS:
            return self.names.of(node, self._kin_name(node))
        if node.op == "part":
            base = self.variable(node.inputs[0])
            return self.names.of(node, f"{base}_{part_of(node.family)}")
        if "flow" in node.attrs:
            return self.names.of(node, f"d_{self.variable(node.attrs['flow'])}")
        if node.op == "cotangent":
            return self.names.of(node, "d_" + _word(node.name))
        return self.names.of(node, self._picked(node) or wish(node, self.variables))

    def _kin_name(self, node: Node) -> str:
        """`h_left`, `h_parent`; what flows back from there `d_h_left_up`."""
        word = {"child": "{slot}", "up": "up", "of_link": "up", "link_child": "kids"}
        base = self.variable(node.inputs[0])
        return f"{base}_{word.get(node.op, node.op).format(**node.attrs)}"

    def _picked(self, node: Node) -> str:
        """`W_2` for what a parameter has at one place along a fixed axis."""
        source = node.inputs[0] if node.op == "pick" and "literal" in node.attrs else None
        if source is None or source.op != "param" or not self.model.params[source.name].lead:
            return ""
        return f"{self.shown(source.name)}_{node.attrs['literal'] + 1}"

    def room_name(self, node: Node) -> str:
        """The array that also holds what lies before the first and after the last position."""
        return self.names.of(("room", node), f"{self.variable(node)}_all")

    def shown(self, name: str) -> str:
        """The variable of a name of the spec."""
        return self.names.of(("spec", name), name.replace(".", "_"))


def dim_code(dim: Dim, context: Context, used: set[str]) -> Code:
    """A dimension as Python; the sizes that take part are added to `used`."""
    bottom = 1
    for _, factor in dim.terms:
        bottom = bottom * factor.denominator // _gcd(bottom, factor.denominator)
    text, level = "", ATOM
    for key, factor in dim.terms:
        used.update(key)
        part = _term(key, factor * bottom, context)
        if not text:
            text, level = part.text, part.level
        elif part.text.startswith("-"):
            text, level = f"{text} - {part.text[1:]}", ADD
        else:
            text, level = f"{text} + {part.text}", ADD
    result = Code(text or "0", level)
    return result if bottom == 1 else Code(f"{result.at(MUL)} // {bottom}", MUL)


def _word(label: str) -> str:
    """The label of an output as a name: `h[T]` becomes `h_T`."""
    parts = "".join(char if char.isalnum() else " " for char in label).split()
    return "_".join(parts)


def _gcd(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return a


def _term(key: tuple[str, ...], factor: Fraction, context: Context) -> Code:
    names = " * ".join(context.shown(name) for name in key)
    whole = int(factor)
    if not names:
        return Code(str(whole), ATOM if whole >= 0 else UNARY)
    if whole == 1:
        return Code(names, ATOM if len(key) == 1 else MUL)
    if whole == -1 and len(key) == 1:
        return Code(f"-{names}", UNARY)
    return Code(f"{whole} * {names}", MUL)


def largest(dims: list[Dim], context: Context, used: set[str]) -> Code:
    """The largest of some dimensions; 0 where there is none."""
    kept = [d for d in dims if not any(_is_below(d, other) for other in dims if other != d)]
    codes = [dim_code(dim, context, used) for dim in kept]
    if all(dim.least is None or dim.least < 0 for dim in kept):
        codes = [Code("0"), *codes]
    return codes[0] if len(codes) == 1 else Code(f"max({', '.join(map(str, codes))})")


def _is_below(dim: Dim, other: Dim) -> bool:
    gap = (other - dim).least
    return gap is not None and gap >= 0

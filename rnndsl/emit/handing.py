"""What stage functions hand out and take in: outputs, cotangents and gradients in their layouts.

Inside a function dimensions come in the order of loops; outside in the written one. What stands
along fixed axes is computed place by place, and is one array outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rnndsl.emit.body import Body
from rnndsl.emit.expressions import cut
from rnndsl.graph.lower import Forward
from rnndsl.graph.node import Node
from rnndsl.model.model import Output
from rnndsl.ops.code import ATOM, Code, call, subscript


class Handing:
    """The hands of one mode's functions."""

    def __init__(self, forward: Forward) -> None:
        self.forward = forward
        self.model = forward.model

    # Outputs

    def outputs(self, body: Body) -> list[str]:
        """The dict of outputs."""
        lines = [f"    {o.label!r}: {self._output(body, o)}," for o in self.model.outputs]
        return ["outputs = {", *lines, "}"]

    def _output(self, body: Body, output: Output) -> str:
        pieces = self.forward.pieces.get(output.label)
        if not pieces:
            return self._piece(body, output.label)
        places = [k for k, axis in enumerate(output.axes) if axis in self.model.fixed]
        return self._stacked(body, pieces, places, ())

    def _stacked(
        self,
        body: Body,
        pieces: Mapping[tuple[int, ...], str],
        places: Sequence[int],
        start: tuple[int, ...],
    ) -> str:
        """Pieces joined along the fixed axes that are left, the first of them outermost."""
        if not places:
            return self._piece(body, pieces[start])
        count = max(place[len(start)] for place in pieces)
        inner = [place - 1 for place in places[1:]]
        items = [
            self._stacked(body, pieces, inner, (*start, number)) for number in range(1, count + 1)
        ]
        axis = f", axis={places[0]}" if places[0] else ""
        return f"np.stack([{', '.join(items)}]{axis})"

    def _piece(self, body: Body, key: str) -> str:
        node = self.forward.outputs[key]
        code = body.code_of(node)
        if node.family:
            return f"{code.at(ATOM)}[{body.table(node.family, 'rank')}]"
        if not node.over:
            body.uses("B")
            body.helper("_for_each")
            return f"_for_each({code}, B, {node.rank})"
        body.helper("_padded", "_widen")
        text = f"_padded({code}, {body.mask(node.over, False)})"
        return _turned(body, text, node.over, self.forward.layouts[key], node.rank)

    # Adjoints

    def seeds(self, *bodies: Body) -> list[str]:
        """The adjoints that come from outside, under their names in the code."""
        lines: list[str] = []
        for node in self.forward.builder.nodes:
            if node.op not in ("seed", "cotangent"):
                continue
            name = bodies[0].context.variable(node)
            if any(name in body.used for body in bodies):
                text = self._seed(node)
                if node.family:
                    lines.append(f"{name} = {text}[{bodies[0].table(node.family, 'order')}]")
                    continue
                text = _turned(bodies[0], text, node.attrs["own"], node.over, node.rank)
                lines.append(f"{name} = {text}")
        return lines

    def _seed(self, node: Node) -> str:
        for output in self.model.outputs:
            for place, key in self.forward.pieces.get(output.label, {}).items():
                if key == node.name:
                    where = cut(output.axes, self.model.fixed, place)
                    return str(subscript(Code(f"seeds[{output.label!r}]"), where))
        key = "loss" if node.op == "seed" else node.name
        return f"seeds[{key!r}]"

    def grads(self, body: Body, found: Mapping[str, Node]) -> list[str]:
        """The gradient of every parameter: zeros where it takes no part."""
        return [
            f'"{name}": {body.code_of(found[name]) if name in found else self._zeros(body, name)}'
            for name in self.model.params
        ]

    def input_grads(self, body: Body, found: Mapping[str, Node]) -> list[str]:
        """The gradient of every real input, in its own layout."""
        lines: list[str] = []
        for name, data in self.model.inputs.items():
            if data.type.kind != "real":
                continue
            parts = {
                node.attrs["place"]: self._grad(body, found[key], node)
                for key, node in self.forward.data.items()
                if node.name == name and key in found
            }
            whole = any(axis in self.model.fixed for axis in data.axes)
            code = parts.get((), "") or self._zeros(body, name)
            if whole and parts:
                body.helper("_in_place")
                items = [
                    f"(np.s_[{cut(data.axes, self.model.fixed, place)}], {part})"
                    for place, part in parts.items()
                ]
                code = str(call("_in_place", body.context.shown(name), *items))
                body.uses(body.context.shown(name))
            lines.append(f'"{name}": {code}')
        return lines

    def _grad(self, body: Body, gradient: Node, data: Node) -> str:
        if data.family:
            return f"{body.code_of(gradient).at(ATOM)}[{body.table(data.family, 'rank')}]"
        code = str(body.code_of(gradient))
        return _turned(body, code, gradient.over, data.attrs["own"], gradient.rank)

    def _zeros(self, body: Body, name: str) -> str:
        shown = body.context.shown(name)
        body.uses(shown)
        return f"np.zeros_like({shown})"


def _turned(body: Body, text: str, has: Sequence[str], wants: Sequence[str], rank: int) -> str:
    order = body.turned(has, wants, rank)
    return f"np.transpose({text}, {order})" if order else text

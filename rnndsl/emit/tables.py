"""The tables of a generated module: what its model is made of, as plain Python values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rnndsl.emit.context import Context, dim_code, largest
from rnndsl.emit.functions import ModeEmitter
from rnndsl.emit.writer import Writer
from rnndsl.graph.causality import MODES
from rnndsl.graph.equations import Mode
from rnndsl.graph.node import Node
from rnndsl.model.dims import Dim
from rnndsl.model.model import Model
from rnndsl.model.sizes import fixed_axes, known_sizes, running_axes, tree_axes

WIDTH = 96


class Tables:
    """Writes the tables of a model, and the functions from its sizes to shapes."""

    def __init__(self, model: Model, emitters: Mapping[Mode, ModeEmitter], writer: Writer) -> None:
        self.model = model
        self.emitters = emitters
        self.writer = writer
        self.context: Context = next(iter(emitters.values())).context

    def write(self) -> None:
        """Names, sizes, parameters, data, outputs, clips, state."""
        model, writer = self.model, self.writer
        running, fixed, trees = running_axes(model), fixed_axes(model), tree_axes(model)
        writer.line(f"NAME = {quoted(model.name)}")
        table(writer, "AXES", {name: axis.length for name, axis in running.items()})
        table(writer, "FIXED", {name: axis.length for name, axis in fixed.items()})
        table(writer, "TREES", {name: axis.slots for name, axis in trees.items()})
        known = known_sizes(model, {})
        counts = {axis.length: known[axis.length] for axis in fixed.values()}
        table(writer, "UNROLLED", counts)
        free = {name: size.default for name, size in model.sizes.items() if not size.is_derived}
        table(writer, "SIZES", {name: _number(default) for name, default in free.items()})
        table(writer, "PARAMS", {
            name: (_words(param.whole), param.initialiser.name, param.initialiser.arguments,
                   *([len(param.axes)] if param.axes else []))
            for name, param in model.params.items()
        })  # fmt: skip
        table(writer, "DATA", {
            name: {"role": item.role, "kind": item.type.kind,
                   "axes": tuple(axis for axis in item.axes if axis not in trees),
                   **({"tree": item.axes[0]} if item.axes[:1] and item.axes[0] in trees else {}),
                   "dims": _words(item.type.shape),
                   **({"of": item.type.axis} if item.type.kind == "position" else {})}
            for name, item in model.data.items()
        })  # fmt: skip
        reals = [output for output in model.outputs if output.read.type.kind == "real"]
        table(writer, "OUTPUTS", {
            output.label: tuple(axis for axis in output.axes if axis not in trees)
            for output in reals
        })  # fmt: skip
        clips = tuple((c.kind, c.limit, c.params) for c in model.clips if c.reference is None)
        writer.line(f"CLIPS = {quoted(clips)}")
        table(writer, "STATE", {name: node.kind for name, (node, _) in self._delays().items()})

    def write_functions(self) -> None:
        """From sizes to shapes."""
        model = self.model
        derived = {
            name: size.default
            for name, size in model.sizes.items()
            if size.is_derived and size.default is not None
        }
        with self._function("_derived", "Sizes, with those that follow from others."):
            for name in _in_order(derived):
                self._derive(name, derived[name])
            self.writer.line("return sizes")
        used: set[str] = set()

        def shape(dims: Iterable[Dim]) -> list[str]:
            return [str(dim_code(dim, self.context, used)) for dim in dims]

        params = {name: joined(shape(param.whole)) for name, param in model.params.items()}
        self._from_sizes("_shapes", "The shape of each parameter.", params, used)
        data = {name: joined(shape(item.type.shape)) for name, item in model.data.items()}
        words = "The shape of data at one position of an example."
        self._from_sizes("_data_shapes", words, data, used)
        states = {
            name: joined([str(largest(delays, self.context, used)), *shape(node.shape)])
            for name, (node, delays) in self._delays().items()
        }
        words = "The longest delay at which each value is read, and its shape at a position."
        self._from_sizes("_state_shapes", words, states, used)
        limits = {
            name: shape([item.type.size])[0]
            for name, item in model.data.items()
            if item.type.size is not None
        }
        self._from_sizes("_token_sizes", "How many tokens there are.", limits, used)

    def _delays(self) -> dict[str, tuple[Node, list[Dim]]]:
        """What a window must know of the one before: the node, and how far back it is read."""
        found: dict[str, tuple[Node, list[Dim]]] = {}
        for emitter in self.emitters.values():
            for node, room in emitter.context.rooms.items():
                if room.delays and "flow" not in node.attrs:
                    known = found.setdefault(node.name, (node, []))[1]
                    known.extend(dim for dim in room.delays if dim not in known)
        return dict(sorted(found.items()))

    @contextmanager
    def _function(self, name: str, words: str) -> Iterator[None]:
        self.writer.extend(["", ""])
        with self.writer.block(f"def {name}(sizes):"):
            self.writer.line(f'"""{words}"""')
            yield

    def _derive(self, name: str, dim: Dim) -> None:
        bottom = 1
        for _, factor in dim.terms:
            bottom *= factor.denominator
        top = Dim.number(bottom) * dim
        text = " + ".join(
            " * ".join([str(int(f)), *(f'sizes["{item}"]' for item in key)]) for key, f in top.terms
        )
        self.writer.line(f'sizes["{name}"] = _whole("{name}", {text}, {bottom})')

    def _from_sizes(self, name: str, words: str, rows: dict[str, str], used: set[str]) -> None:
        """A function from sizes to a dict; `used`, the sizes that take part, is emptied."""
        with self._function(name, words):
            sizes = [size for size in self.model.sizes if size in used]
            if sizes:
                names = ", ".join(self.context.shown(size) for size in sizes)
                self.writer.line(f"{names} = {', '.join(f'sizes[{quoted(s)}]' for s in sizes)}")
            lines(self.writer, "return {", [f"{quoted(k)}: {v}" for k, v in rows.items()], "}")
        used.clear()

    def write_stages(self) -> None:
        """Which functions a mode runs, and the data that they read."""
        self.writer.extend(["", ""])
        known: dict[Mode, Mode] = {m: m if m in self.emitters else "teacher" for m in MODES}
        for mode, emitter in self.emitters.items():
            rows = {"forward": f"_forward{emitter.suffix}"}
            if emitter.second is not None:
                rows["loss"] = f"_loss{emitter.suffix}"
            rows.update({way: f"_{way}{emitter.suffix}" for way in emitter.ways})
            items = [f"{quoted(key)}: {value}" for key, value in rows.items()]
            lines(self.writer, f"_{mode.upper()} = {{", items, "}")
        items = [f"{quoted(mode)}: _{known[mode].upper()}" for mode in MODES]
        lines(self.writer, "STAGES = {", items, "}")
        table(self.writer, "NEEDS", {mode: self._needs(known[mode]) for mode in MODES})

    def _needs(self, mode: Mode) -> dict[str, tuple[str, ...]]:
        emitter = self.emitters[mode]
        first = {node.name for node in emitter.first.nodes if node.op == "data"}
        second = emitter.second.nodes if emitter.second else set()
        both = first | {node.name for node in second if node.op == "data"}
        return {
            "forward": tuple(name for name in self.model.data if name in first),
            "loss": tuple(name for name in self.model.data if name in both),
        }


def quoted(value: Any) -> str:
    """A plain value as Python, ASCII alone and in double quotes."""
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, tuple):
        return joined([quoted(item) for item in value])
    if isinstance(value, dict):
        return f"{{{', '.join(f'{quoted(k)}: {quoted(v)}' for k, v in value.items())}}}"
    return repr(value)


def joined(codes: list[str]) -> str:
    """A tuple of codes."""
    return f"({codes[0]},)" if len(codes) == 1 else f"({', '.join(codes)})"


def table(writer: Writer, name: str, rows: Mapping[str, Any]) -> None:
    """A dict under a name."""
    items = [f"{quoted(key)}: {quoted(value)}" for key, value in rows.items()]
    lines(writer, f"{name} = {{", items, "}")


def lines(writer: Writer, head: str, items: list[str], end: str) -> None:
    """Items on one line where there is room, else on a line each."""
    one = f"{head}{', '.join(items)}{end}"
    if len(one) <= WIDTH:
        writer.line(one)
        return
    with writer.block(head):
        writer.extend(f"{item}," for item in items)
    writer.line(end)


def _words(shape: tuple[Dim, ...]) -> tuple[str, ...]:
    return tuple(str(dim) for dim in shape)


def _number(default: Dim | None) -> int | None:
    constant = None if default is None else default.constant
    return None if constant is None else int(constant)


def _in_order(derived: dict[str, Dim]) -> list[str]:
    """Derived sizes, each after those it follows from."""
    order: list[str] = []
    while len(order) < len(derived):
        ready = [n for n, d in derived.items()
                 if n not in order and not (d.names & derived.keys()) - set(order)]  # fmt: skip
        order.extend(ready)
    return order

"""The value of any name at any position of one example, by memoised recursion.

Expressions stand in `expressions`, what an operation does in `operations`, batches in `batch`.
Clipping is no part of a model's meaning and is not here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Unpack

import numpy as np

from rnndsl.interpreter.elementwise import Array
from rnndsl.interpreter.expressions import Env, Expressions, Settings, fill, number
from rnndsl.interpreter.sizes import Sizes, delays
from rnndsl.interpreter.tasks import Step, Task, run
from rnndsl.interpreter.trees import Tree
from rnndsl.model.expr import Expr, Read, free_indices
from rnndsl.model.model import Boundary, Data, Equation, Model, Output, Parts
from rnndsl.text.diagnostics import DataError

LOSS = "loss"


class Interpreter(Expressions):
    """One example of a model.

    `params`: arrays of the parameters' shapes, fixed axes in front. `data`: axes in front, in
    their written order: (T, ...), (T, S, ...), (...). `lengths`: the example's own, by the name
    of the axis; those of fixed axes are sizes. `trees`: the example's own, by the name of the
    axis, whose data have one row a node, (nodes, ...). `example`: its place in the batch, for
    draws. `state`: the last values before this window, oldest first, (d, ...): they stand at the
    positions 1-d to 0 in place of boundaries and zeros. Numbers are float64, or complex128
    where a complex number came in.
    """

    def __init__(
        self,
        model: Model,
        sizes: Mapping[str, int] | Sizes,
        params: Mapping[str, Any],
        data: Mapping[str, Any],
        lengths: Mapping[str, int],
        *,
        example: int = 0,
        state: Mapping[str, Any] | None = None,
        trees: Mapping[str, Tree] | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        known = sizes if isinstance(sizes, Sizes) else Sizes(model, sizes)
        fixed = fixed_lengths(model, known)
        counts = {axis: len(tree.kids) for axis, tree in (trees or {}).items()}
        slots = {axis.name: axis.slots for axis in model.axes.values()}
        lengths = {**lengths, **fixed, **counts}
        super().__init__(known, params, lengths, settings, example, trees, slots)
        self.model = model
        self._data = {name: number(value) for name, value in data.items()}
        self._before = {name: number(value) for name, value in (state or {}).items()}
        self._named: dict[str, Data | Equation] = {**model.data, **model.equations}
        if model.loss is not None:
            self._named[LOSS] = model.loss
        self._memo: dict[tuple[str, tuple[int, ...]], Array] = {}
        self._pending: set[tuple[str, tuple[int, ...]]] = set()

    def value(self, name: str, *positions: int) -> Array:
        """A value or data at a position of each of its axes, inside `1..T` or outside."""
        return self._run(self._value(name, positions))

    def loss(self) -> complex:
        """The loss of the example: a float, or complex where a complex number came in."""
        found: complex = self.value(LOSS).item()
        return found

    def outputs(self) -> dict[str, Array]:
        """Every output by its label, its free indices in front: (T, S, ...), (T, ...), (...)."""
        return {output.label: self.output(output) for output in self.model.outputs}

    def output(self, output: Output) -> Array:
        """An output at every position of its free indices, these dimensions in front."""
        if not output.parts:
            return self.all_positions(output.read)
        fixed = [k for k, axis in enumerate(output.axes) if axis in self.model.fixed]
        return self._stacked_parts(output.parts, fixed)

    def _stacked_parts(self, parts: Read | Parts, fixed: Sequence[int]) -> Array:
        """The parts of an output along fixed axes, which are these dimensions of it."""
        if isinstance(parts, Read):
            return self.all_positions(parts)
        inner = [dimension - 1 for dimension in fixed[1:]]
        return np.stack([self._stacked_parts(part, inner) for part in parts], fixed[0])

    def all_positions(self, read: Read) -> Array:
        """A read at every position of its free indices, these dimensions in front."""
        free = free_indices(read)
        if not free:
            return self._run(self._step(read, ()))
        ends = [self.lengths[axis] for axis in free.values()]
        rows = [
            self._run(self._step(read, tuple(zip(free, at, strict=True))))
            for at in product(*(range(1, end + 1) for end in ends))
        ]
        return np.stack(rows).reshape((*ends, *rows[0].shape))

    def state(self) -> dict[str, Array]:
        """What a window that follows needs of this one.

        Of each name that is read at a delay its last d values, (d, ...), oldest first, where
        d is its longest delay. Data that was not given is left out.
        """
        last = {}
        for name, delay in delays(self.model, self.sizes).items():
            if isinstance(self._named[name], Data) and name not in self._data:
                continue
            end = self.lengths[self._named[name].axes[0]]
            last[name] = np.stack([self.value(name, end - k) for k in reversed(range(delay))])
        return last

    def _run(self, step: Step) -> Array:
        self._pending.clear()
        with np.errstate(all="ignore"):
            return run(step)

    def _value(self, name: str, at: tuple[int, ...]) -> Step:
        known = self._memo.get((name, at))
        return known if known is not None else self._settle(name, at)

    def _settle(self, name: str, at: tuple[int, ...]) -> Task:
        """Work out what a name stands for at given positions, and keep it."""
        if (name, at) in self._pending:
            raise RuntimeError(f"`{name}` at {at} needs itself")
        self._pending.add((name, at))
        type = self._named[name].type
        found = self._known(name, at)
        if found is None:
            rule = self._rule(name, at)
            if rule is not None:
                found = yield self._step(*rule)
            else:
                found = np.array(-1 if type.kind == "token" else 0)
        value = fill(number(found, type), self.sizes.dims(type.shape))
        self._memo[name, at] = value
        return value

    def _known(self, name: str, at: tuple[int, ...]) -> Array | None:
        """What a window before this one or the data say, where they say something."""
        before = self._before.get(name)
        if before is not None and 1 - len(before) <= at[0] <= 0:
            return np.asarray(before[at[0] - 1])
        if isinstance(self._named[name], Equation) or not self._is_inside(name, at):
            return None
        if name not in self._data:
            raise DataError(f"`{name}` is needed and was not given")
        return np.asarray(self._data[name][tuple(position - 1 for position in at)])

    def _rule(self, name: str, at: tuple[int, ...]) -> tuple[Expr, Env] | None:
        """The right side that holds at given positions: the equation's, a boundary's or none."""
        equation = self._named[name]
        if isinstance(equation, Data):
            return None
        if self._is_inside(name, at):
            return self._end_of_tree(equation, at) or (
                equation.expr, tuple(zip(equation.indices, at, strict=True)))  # fmt: skip
        for boundary in equation.boundaries:
            env = None if _end(boundary) is not None else self._meets(boundary, at)
            if env is not None:
                return boundary.expr, env
        return None

    def _meets(self, boundary: Boundary, at: tuple[int, ...]) -> Env | None:
        """Where the indices of a boundary stand at given positions; None if it is not there."""
        env = []
        for place, position in zip(boundary.places, at, strict=True):
            if place.index is None:
                if position != self.position(place, ()):
                    return None
            elif 1 <= position <= self.lengths[place.axis]:
                env.append((place.index, position))
            else:
                return None
        return tuple(env)

    def _end_of_tree(self, equation: Equation, at: tuple[int, ...]) -> tuple[Expr, Env] | None:
        """The equation for leaves, or for the root, where a node is one; the root's first."""
        ends = {_end(item): item for item in equation.boundaries}
        for end in ("root", "leaf"):
            boundary = ends.get(end)
            slots = enumerate(boundary.places) if boundary is not None else ()
            for slot, place in slots:
                if boundary is not None and place.anchor == end:
                    tree, node = self.trees[place.axis], at[slot]
                    holds = node == tree.root if end == "root" else not tree.children(node)
                    names = [item.index or item.axis for item in boundary.places]
                    if holds:
                        return boundary.expr, tuple(zip(names, at, strict=True))
        return None

    def _is_inside(self, name: str, at: tuple[int, ...]) -> bool:
        axes = self._named[name].axes
        return all(1 <= p <= self.lengths[axis] for axis, p in zip(axes, at, strict=True))


def _end(boundary: Boundary) -> str | None:
    """Whether a boundary is for leaves or for the root of a tree."""
    return next((p.anchor for p in boundary.places if p.anchor in ("leaf", "root")), None)


def fixed_lengths(model: Model, sizes: Sizes) -> dict[str, int]:
    """The lengths of the fixed axes, unrolled or not."""
    axes = {**model.axes, **model.fixed}.values()
    return {axis.name: sizes.integer(axis.size) for axis in axes if axis.size is not None}

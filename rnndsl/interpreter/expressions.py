"""The value of an expression where the running indices stand.

What a name stands for at a position is left to `evaluate`, what an operation does to
`operations`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypedDict, get_args

import numpy as np

from rnndsl.interpreter import chance
from rnndsl.interpreter.elementwise import Array, choose, real
from rnndsl.interpreter.operations import OPERATIONS, OVER_AXIS, pick
from rnndsl.interpreter.sizes import Sizes
from rnndsl.interpreter.tasks import Step, Task
from rnndsl.interpreter.trees import Tree
from rnndsl.model import expr as form
from rnndsl.model.expr import Expr, Position, Type

Mode = Literal["teacher", "free", "scheduled"]
Env = tuple[tuple[str, int], ...]
"""The running indices and where they stand, in the order in which draws count them.

First those of the equation as written, then those that reductions bind, the innermost last.
"""


class Settings(TypedDict, total=False):
    """How a model is run.

    `mode` and `forcing` say how `teach` chooses, `training` whether `dropout` acts, and every
    draw depends on `seed`.
    """

    mode: Mode
    seed: int
    forcing: float
    training: bool


class Expressions(ABC):
    """Expressions of one example."""

    def __init__(
        self,
        sizes: Sizes,
        params: Mapping[str, Any],
        lengths: Mapping[str, int],
        settings: Settings,
        example: int,
        trees: Mapping[str, Tree] | None = None,
        slots: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        unknown = sorted(settings.keys() - Settings.__annotations__.keys())
        if unknown:
            raise TypeError(f"no setting is called `{unknown[0]}`")
        if settings.get("mode", "teacher") not in get_args(Mode):
            raise ValueError(f"no mode is called `{settings['mode']}`")
        self.sizes = sizes
        self.lengths = {axis: int(length) for axis, length in lengths.items()}
        self.trees = dict(trees or {})
        self._slots = dict(slots or {})
        self._params = {name: number(value) for name, value in params.items()}
        self._mode = settings.get("mode", "teacher")
        self._forcing = settings.get("forcing", 1.0)
        self._training = settings.get("training", False)
        self._seed, self._example = settings.get("seed", 0), example
        self._stacked: dict[tuple[form.Over, Env], Array] = {}

    @abstractmethod
    def _value(self, name: str, at: tuple[int, ...]) -> Step:
        """A value or data at given positions, one for each of its axes."""

    def position(self, place: Position, env: Env) -> int:
        """A place on an axis as a number, from 1."""
        if place.axis in self.trees:
            return self._node(place, env)
        offset = self.sizes.integer(place.offset)
        if place.anchor == "index":
            return dict(env)[str(place.index)] + offset
        return offset + (self.lengths[place.axis] if place.anchor == "end" else 0)

    def _node(self, place: Position, env: Env) -> int:
        """A node of a tree; 0 for none."""
        tree = self.trees[place.axis]
        if place.anchor == "root":
            return tree.root
        if place.anchor == "leaf":
            return dict(env)[place.axis]
        node = dict(env)[str(place.index)]
        for link in place.link:
            node = tree.step(node, link, self._slots[place.axis])
        return node

    def _step(self, expr: Expr, env: Env) -> Step:
        """An expression of any form."""
        match expr:
            case form.Apply(operation="where"):
                return self._where(expr, env)
            case form.Apply():
                return self._apply(expr, env)
            case form.Read():
                return self._read(expr, env)
            case form.Param() if expr.places:
                return self._param(expr, env)
            case form.Pick():
                return self._pick(expr, env)
            case form.Over():
                return self._over(expr, env)
            case form.Teach():
                return self._step(expr.teacher if self._is_taught(expr, env) else expr.free, env)
        return self._filled(expr, self._leaf(expr, env))

    def _leaf(self, expr: Expr, env: Env) -> Array:
        match expr:
            case form.Param():
                return self._params[expr.name]
            case form.Literal():
                return number(expr.value)
            case form.SizeNumber():
                return number(self.sizes.integer(expr.dim))
            case form.Length():
                return number(self.lengths[expr.axis])
            case form.IndexNumber():
                return number(dict(env)[expr.index])
        raise TypeError(f"no meaning for {type(expr).__name__}")

    def _filled(self, expr: Expr, value: Array) -> Array:
        """A value in the shape that its expression was found to have."""
        return fill(value, self.sizes.shape(expr))

    def _read(self, expr: form.Read, env: Env) -> Task:
        at = []
        for place in expr.places:
            at.append((yield self._at(place, env)))
        return (yield self._value(expr.name, tuple(int(real(position)) for position in at)))

    def _at(self, place: Position | Expr, env: Env) -> Step:
        """Where a place is, as an array of one number."""
        if isinstance(place, Position):
            return np.array(self.position(place, env))
        return self._step(place, env)

    def _param(self, expr: form.Param, env: Env) -> Task:
        """A parameter at places on its fixed axes: zeros outside."""
        value = self._params[expr.name]
        for place in expr.places:
            position = yield self._at(place, env)
            value = pick(value, position - 1)
        return self._filled(expr, value)

    def _pick(self, expr: form.Pick, env: Env) -> Task:
        base = yield self._step(expr.base, env)
        index = yield self._step(expr.index, env)
        return pick(base, index)

    def _apply(self, expr: form.Apply, env: Env) -> Task:
        arguments: list[Any] = []
        for argument in expr.arguments:
            arguments.append((yield self._step(argument, env)))
        shape = self.sizes.shape(expr)
        if expr.operation == "one_hot":
            arguments = [arguments[0], shape[0]]
        elif expr.operation == "sample":
            arguments.append(self._draw(expr, env, ()))
        elif expr.operation == "dropout":
            if not self._training:
                return self._filled(expr, arguments[0])
            arguments.append(self._draw(expr, env, shape))
        operation = OPERATIONS.get(expr.operation) or expr.meaning
        if operation is None:
            raise ValueError(f"no meaning is known of {expr.operation!r}")
        return self._filled(expr, operation(*arguments))

    def _where(self, expr: form.Apply, env: Env) -> Task:
        """Only a branch that some component takes is worked out."""
        condition, *branches = expr.arguments
        holds = yield self._step(condition, env)
        is_taken = (bool(np.any(real(holds) != 0)), bool(np.any(real(holds) == 0)))
        values = []
        for branch, taken in zip(branches, is_taken, strict=True):
            if taken:
                values.append((yield self._step(branch, env)))
        return self._filled(expr, choose(holds, *values) if len(values) == 2 else values[0])

    def _over(self, expr: form.Over, env: Env) -> Task:
        rest = tuple(pair for pair in env if pair[0] != expr.index)
        key = (expr, rest)
        if key not in self._stacked:
            rows = []
            for position in self._range(expr, env):
                rows.append((yield self._step(expr.body, (*rest, (expr.index, position)))))
            shape = self.sizes.shape(expr)
            over = OVER_AXIS[expr.operation]
            self._stacked[key] = over(np.stack(rows)) if rows else _of_none(expr, shape)
        result = self._stacked[key]
        return result[dict(env)[expr.index] - 1] if expr.operation == "softmax" else result

    def _range(self, expr: form.Over, env: Env) -> Iterable[int]:
        """The positions, or the nodes, that an index runs over."""
        if expr.within:
            return self.trees[expr.axis].children(dict(env)[expr.within])
        return range(1, self.lengths[expr.axis] + 1)

    def _is_taught(self, expr: form.Teach, env: Env) -> bool:
        if self._mode == "scheduled":
            return bool(self._draw(expr, env, ()) < self._forcing)
        return self._mode == "teacher"

    def _draw(self, expr: form.Apply | form.Teach, env: Env, shape: tuple[int, ...]) -> Array:
        """The draws of a site where the indices stand, unrolled ones in their places."""
        if expr.site is None:
            raise ValueError("an expression that draws has no site")
        running = iter(position for _, position in env)
        at = tuple(next(running) if p is None else p for p in expr.at or (None,) * len(env))
        return chance.uniform(self._seed, expr.site, self._example, at, shape)


def _of_none(expr: form.Over, shape: tuple[int, ...]) -> Array:
    """A reduction over the children of a node that has none: 0, `logsumexp` minus infinity."""
    return np.full(shape, -np.inf if expr.operation == "logsumexp" else 0.0)


def fill(value: Array, shape: tuple[int, ...]) -> Array:
    """A value in a given shape: a scalar fills it; ValueError where another has it not."""
    array = np.asarray(value)
    if array.shape == shape:
        return array
    if array.ndim:
        raise ValueError(f"a value of shape {array.shape} stands where {shape} was found")
    return np.broadcast_to(array, shape)


def number(value: Any, type: Type | None = None) -> Array:
    """Numbers in the widest dtype of their sort; those of a real type as float64 at least."""
    array = np.asarray(value)
    if np.iscomplexobj(array):
        return array.astype(np.complex128, copy=False)
    is_whole = np.issubdtype(array.dtype, np.integer) or array.dtype == np.bool_
    if is_whole and (type is None or type.kind != "real"):
        return array.astype(np.int64, copy=False)
    return array.astype(np.float64, copy=False)

"""Fixed axes unrolled, from checked model to checked model: nothing behind it meets them.

What becomes of a model in which `l` runs over a fixed axis of length L (sizes given):

- a value over `l` becomes one equation a position, `h.1`, `h.2`, … (`h.2.1` over two fixed
  axes), without `l` in its indices and places; a position outside that is read (`h.0`, `h.m1`
  for -1) becomes an equation too: its boundary's right side, or 0. Boundaries at places of
  other axes stand with each of these equations;
- a parameter keeps its array, `lead` in front of `shape`; `W[l]` becomes `Pick`s by literals of
  a `Param` that has no places and the whole array's shape as its type (a pick outside is 0);
- data keeps its axes; its places along `l` are literal `Position`s: `start` with the number, or
  `end` with what is beyond the length;
- a computed place along `l` becomes a choice (`where`) between the positions;
- reductions become sums, products, choices and `logaddexp`s of the instances, `l` a literal;
  positions of `l` are integers;
- a draw keeps its counters: `at` of `Apply` and `Teach`;
- an output over `l` gets `parts`, and keeps its label and `axes`;
- `axes` holds the sequence axes, `fixed` the others; a clip along a reference over `l` becomes
  one for each position.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product

from rnndsl.model import expr as ir
from rnndsl.model.dims import ZERO
from rnndsl.model.expr import Position, Read, Type
from rnndsl.model.instances import Instances, instance_name, outside
from rnndsl.model.model import Axis, Boundary, Clip, Equation, Model, Output, Parts
from rnndsl.model.sizes import known_sizes
from rnndsl.model.unroll_text import unrolled_text
from rnndsl.text.diagnostics import DataError

DEFAULT_LENGTH = 3
"""Of a fixed axis whose size is not known where only the form of a model is looked at."""


def unroll(model: Model, sizes: Mapping[str, int]) -> Model:
    """The model with every fixed axis unrolled to the length that `sizes` give it.

    Sizes that are not given are taken from the defaults of the file; DataError where a length
    is not known, or not a whole number of at least 1.
    """
    fixed = {name: axis for name, axis in model.axes.items() if axis.size is not None}
    if not fixed:
        return model
    known = known_sizes(model, sizes)
    lengths = {name: _length(axis, known) for name, axis in fixed.items()}
    return _Unrolling(model, fixed, lengths, known).model()


def unroll_by_default(model: Model) -> Model:
    """The model unrolled by the default sizes, where there are none by three of everything.

    For what only the form of a model is needed for.
    """
    if all(axis.size is None for axis in model.axes.values()):
        return model
    known = known_sizes(model, {})
    free = [s.name for s in model.sizes.values() if s.name not in known and not s.is_derived]
    return unroll(model, dict.fromkeys(free, DEFAULT_LENGTH))


def _length(axis: Axis, sizes: Mapping[str, int]) -> int:
    assert axis.size is not None
    if not axis.size.names <= sizes.keys():
        raise DataError(f"size `{axis.length}` has no value: an axis is unrolled to its length")
    length = axis.size.value(sizes)
    if length.denominator != 1 or length < 1:
        raise DataError(f"size `{axis.length}` is {length}, not a positive integer")
    return int(length)


class _Unrolling:
    """One model on its way; equations outside the axes are added when they are read."""

    def __init__(
        self,
        model: Model,
        fixed: Mapping[str, Axis],
        lengths: Mapping[str, int],
        sizes: Mapping[str, int],
    ) -> None:
        self.old = model
        self.fixed = dict(fixed)
        self.lengths = lengths
        self.found: dict[str, Equation] = {}
        self.keys: dict[str, tuple[str, tuple[int, ...]]] = {}
        self.inside = Instances(model, self.fixed, lengths, sizes, self._instance)

    def model(self) -> Model:
        """The unrolled model."""
        for equation in self.old.equations.values():
            for at in self._positions(equation.axes):
                self._instance(equation.name, at)
        loss = self.old.loss
        if loss is not None:
            loss = replace(loss, expr=self.inside.side(loss.expr, (), {}))
        outputs = tuple(self._output(item, k) for k, item in enumerate(self.old.outputs))
        clips = tuple(item for clip in self.old.clips for item in self._clips(clip))
        axes = {name: a for name, a in self.old.axes.items() if name not in self.fixed}
        return replace(
            self.old,
            axes=axes,
            fixed=self.fixed,
            equations=self._in_order(),
            loss=loss,
            outputs=outputs,
            clips=clips,
        )

    def _positions(self, axes: tuple[str, ...]) -> Iterator[tuple[int, ...]]:
        """Every position along the fixed ones of some axes."""
        ends = [self.lengths[axis] for axis in axes if axis in self.fixed]
        yield from product(*(range(1, end + 1) for end in ends))

    def _in_order(self) -> dict[str, Equation]:
        """The equations in the order of the file, then of positions, those of outputs last."""
        number = {name: at for at, name in enumerate(self.old.equations)}

        def key(name: str) -> tuple[int, tuple[int, ...]]:
            old, at = self.keys.get(name, ("", ()))
            return number.get(old, len(number)), at

        return {name: self.found[name] for name in sorted(self.found, key=key)}

    def _instance(self, name: str, at: tuple[int, ...]) -> str:
        """The name of a value at positions of its fixed axes; its equation is made once."""
        own = instance_name(name, at)
        if own not in self.keys:
            self.keys[own] = name, at  # before the right side, which may read it
            self.found[own] = self._equation(self.old.equations[name], own, at)
        return own

    def _equation(self, old: Equation, own: str, at: tuple[int, ...]) -> Equation:
        held = [axis for axis in old.axes if axis in self.fixed]
        is_inside = all(1 <= p <= self.lengths[a] for a, p in zip(held, at, strict=True))
        rule: Equation | Boundary | None = old if is_inside else None
        places = self._own_places(old)
        bounds: list[Boundary] = []
        for bound in old.boundaries:
            where = self._where(bound.places, at)
            if where is None:
                continue
            rest = tuple(place for place in bound.places if place.axis not in self.fixed)
            if any(not place.is_here for place in rest):
                side, text = self._right(bound, bound.indices, where)
                bounds.append(Boundary(own, rest, side, text, bound.span))
            elif rule is None:
                rule, places = bound, bound.places
        order = tuple(place.index for place in places if place.index is not None)
        if rule is not None:
            expr, text = self._right(rule, order, self._where(places, at) or {})
        else:
            expr = ir.Literal(old.span, outside(old.type), type=Type("integer"))
            text = self._nothing(old, at)
        return replace(
            old,
            name=own,
            indices=tuple(p.index or "" for p in places if p.axis not in self.fixed),
            axes=tuple(axis for axis in old.axes if axis not in self.fixed),
            type=self.inside.type(old.type),
            expr=expr,
            text=text,
            boundaries=tuple(bounds),
        )

    def _own_places(self, old: Equation) -> tuple[Position, ...]:
        """The left side of an equation as places."""
        pairs = zip(old.indices, old.axes, strict=True)
        return tuple(Position("index", ZERO, axis, index) for index, axis in pairs)

    def _where(self, places: tuple[Position, ...], at: tuple[int, ...]) -> dict[str, int] | None:
        """Where fixed indices of a left side stand at these positions; None if not there."""
        found: dict[str, int] = {}
        fixed = [place for place in places if place.axis in self.fixed]
        for place, position in zip(fixed, at, strict=True):
            if place.index is None:
                if self.inside.number(place, {}) != position:
                    return None
            elif 1 <= position <= self.lengths[place.axis]:
                found[place.index] = position
            else:
                return None
        return found

    def _right(
        self, rule: Equation | Boundary, order: tuple[str, ...], where: dict[str, int]
    ) -> tuple[ir.Expr, str]:
        """The right side where the fixed indices stand, and its equation as text."""
        text = unrolled_text(self.old, rule.text, where, self.lengths)
        return self.inside.side(rule.expr, order, where), text

    def _nothing(self, old: Equation, at: tuple[int, ...]) -> str:
        """`h[0,t] = 0`, for a place that nothing is given for."""
        positions = iter(at)
        shown = [
            str(next(positions)) if axis in self.fixed else index
            for axis, index in zip(old.axes, old.indices, strict=True)
        ]
        return f"{old.name}[{','.join(shown)}] = {outside(old.type)}"

    def _output(self, output: Output, number: int) -> Output:
        free = ir.free_indices(output.read)
        fixed = [index for index, axis in free.items() if axis in self.fixed]
        parts = self._parts(output.read, fixed, {}, (str(number),))
        if isinstance(parts, Read):
            return replace(output, read=parts)
        first: Read | Parts = parts
        while not isinstance(first, Read):
            first = first[0]
        return replace(output, read=first, parts=parts)

    def _parts(
        self, read: Read, fixed: list[str], where: dict[str, int], number: tuple[str, ...]
    ) -> Read | Parts:
        """What an output reads at every position of its fixed indices."""
        free = ir.free_indices(read)
        if fixed:
            end = self.lengths[free[fixed[0]]]
            return tuple(
                self._parts(read, fixed[1:], {**where, fixed[0]: p}, (*number, str(p)))
                for p in range(1, end + 1)
            )
        found = self.inside.side(read, tuple(free), where)
        if isinstance(found, Read):
            return found
        # A choice between positions is a value of its own.
        name = ".".join(("output", *number))
        running = {index: axis for index, axis in free.items() if index not in where}
        left = name + (f"[{','.join(running)}]" if running else "")
        text = f"{left} = {self.old.source.slice(read.span)}"
        own = Equation(
            name, tuple(running), tuple(running.values()), found.type, found, text, read.span
        )
        self.found[name] = own
        places = tuple(Position("index", ZERO, axis, index) for index, axis in running.items())
        return Read(read.span, name, places, type=found.type)

    def _clips(self, clip: Clip) -> Iterator[Clip]:
        if clip.reference is None:
            yield clip
            return
        free = ir.free_indices(clip.reference)
        fixed = {index: axis for index, axis in free.items() if axis in self.fixed}
        ends = [range(1, self.lengths[axis] + 1) for axis in fixed.values()]
        for at in product(*ends):
            where = dict(zip(fixed, at, strict=True))
            read = self.inside.side(clip.reference, tuple(free), where)
            if isinstance(read, Read):
                yield replace(clip, reference=read)

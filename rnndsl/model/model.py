"""The checked model: what every later floor, the interpreter and the drawings start from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Union

from rnndsl.model.dims import Dim
from rnndsl.model.expr import Expr, Position, Read, Type
from rnndsl.text.diagnostics import Diagnostic
from rnndsl.text.source import Source, Span


@dataclass(frozen=True)
class Axis:
    """An axis: known by its first index; `length` is the name of its length.

    `size`: for a fixed axis (`axis l = 1..L` with `size L`) its length, else None. An axis over
    the nodes of a tree has no length; its `slots` are the names of children, none where a node
    may have any number of them.
    """

    name: str
    indices: tuple[str, ...]
    length: str
    span: Span
    size: Dim | None = None
    is_tree: bool = False
    slots: tuple[str, ...] = ()


@dataclass(frozen=True)
class Size:
    """A symbolic size; `default` is a number or arithmetic over other sizes (`m / 4`)."""

    name: str
    default: Dim | None
    span: Span

    @property
    def is_derived(self) -> bool:
        """Whether it follows from other sizes and so cannot be given."""
        return self.default is not None and self.default.constant is None


@dataclass(frozen=True)
class Initialiser:
    """How a parameter starts: `number` (its value in `arguments`), `zeros`, `normal`, …"""

    name: str
    arguments: tuple[float, ...] = ()


@dataclass(frozen=True)
class Parameter:
    """A learned parameter: `shape` at each position of the fixed `axes`, drawn one by one.

    `lead` holds the lengths of these axes.
    """

    name: str
    shape: tuple[Dim, ...]
    initialiser: Initialiser
    span: Span
    axes: tuple[str, ...] = ()
    lead: tuple[Dim, ...] = ()

    @property
    def whole(self) -> tuple[Dim, ...]:
        """The shape of its array: the lengths of its axes, then `shape`."""
        return (*self.lead, *self.shape)


@dataclass(frozen=True)
class Data:
    """An input or a target; `axes` holds one axis name for each leading dimension.

    `indices`: the index that is written for each.
    """

    name: str
    role: Literal["input", "target"]
    axes: tuple[str, ...]
    type: Type
    span: Span
    indices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Boundary:
    """The value of an equation at a place outside its axes.

    `places`: one for each axis of the value. Each is a running index (`a[0,i]`), which may be
    named otherwise than in the equation, or one position outside; one at least is outside.
    Along a tree it is the leaves (`h[leaf]`) or the root (`d[root]`), and holds there in place
    of the equation.
    """

    name: str
    places: tuple[Position, ...]
    expr: Expr
    text: str
    span: Span

    @property
    def place(self) -> Position:
        """The first place that does not run."""
        return next(place for place in self.places if not place.is_here)

    @property
    def indices(self) -> tuple[str, ...]:
        """The indices that run."""
        return tuple(place.index or "" for place in self.places if place.is_here)


@dataclass(frozen=True)
class Equation:
    """A value: its running indices (`()` for one value an example), type and right side.

    `axes` names the axis of each index.
    """

    name: str
    indices: tuple[str, ...]
    axes: tuple[str, ...]
    type: Type
    expr: Expr
    text: str
    span: Span
    boundaries: tuple[Boundary, ...] = ()


Parts = tuple[Union[Read, "Parts"], ...]
"""A read for each position of a fixed axis, or of several, one inside the other."""


@dataclass(frozen=True)
class Output:
    """What a run hands back, and the name it goes by: `yhat`, `h[T]`.

    `axes`: the axes of the indices that run free in it, in their written order. Where some of
    them are fixed and unrolled, `parts` holds a read for each of their positions, nested from
    the first fixed axis to the last, and `read` is the first of these.
    """

    label: str
    read: Read
    axes: tuple[str, ...] = ()
    parts: Parts = ()


@dataclass(frozen=True)
class Clip:
    """How gradients are clipped: all (`params` empty), a group, or along one reference."""

    kind: Literal["norm", "value"]
    limit: float
    params: tuple[str, ...] = ()
    reference: Read | None = None


@dataclass(frozen=True)
class Model:
    """A checked model. Mappings keep the order of the file.

    Where fixed axes are unrolled they are no more in `axes` but in `fixed`: data and
    parameters still carry them.
    """

    name: str
    title: str
    source: Source
    axes: Mapping[str, Axis]
    sizes: Mapping[str, Size]
    consts: Mapping[str, float]
    params: Mapping[str, Parameter]
    inputs: Mapping[str, Data]
    targets: Mapping[str, Data]
    equations: Mapping[str, Equation]
    loss: Equation | None
    outputs: tuple[Output, ...]
    clips: tuple[Clip, ...]
    sites: int
    warnings: tuple[Diagnostic, ...]
    fixed: Mapping[str, Axis] = field(default_factory=dict)

    def axis_of(self, index: str) -> str:
        """The name of the axis that an index runs over."""
        return next(axis.name for axis in self.axes.values() if index in axis.indices)

    @property
    def data(self) -> dict[str, Data]:
        """Inputs and targets together."""
        return {**self.inputs, **self.targets}

    @property
    def all_equations(self) -> Iterator[Equation]:
        """Every equation, the loss last."""
        yield from self.equations.values()
        if self.loss is not None:
            yield self.loss

    @property
    def has_teach(self) -> bool:
        """Whether training and free running differ through `teach`."""
        from rnndsl.model.expr import Teach

        return any(
            isinstance(item, Teach)
            for equation in self.all_equations
            for top in (equation.expr, *(b.expr for b in equation.boundaries))
            for item in top.walk()
        )

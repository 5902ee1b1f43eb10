"""The checked model: what every later floor, the interpreter and the drawings start from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from rnndsl.model.dims import Dim
from rnndsl.model.expr import Expr, Position, Read, Type
from rnndsl.text.diagnostics import Diagnostic
from rnndsl.text.source import Source, Span


@dataclass(frozen=True)
class Axis:
    """A sequence axis: known by its first index; `length` is the name of its length."""

    name: str
    indices: tuple[str, ...]
    length: str
    span: Span


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
    """A learned parameter."""

    name: str
    shape: tuple[Dim, ...]
    initialiser: Initialiser
    span: Span


@dataclass(frozen=True)
class Data:
    """An input or a target; `axes` holds one axis name for each leading dimension."""

    name: str
    role: Literal["input", "target"]
    axes: tuple[str, ...]
    type: Type
    span: Span


@dataclass(frozen=True)
class Boundary:
    """The value of an equation at one position outside its axis."""

    name: str
    place: Position
    expr: Expr
    text: str
    span: Span


@dataclass(frozen=True)
class Equation:
    """A value: its running indices (`()` for one value an example), type and right side."""

    name: str
    indices: tuple[str, ...]
    axes: tuple[str, ...]
    type: Type
    expr: Expr
    text: str
    span: Span
    boundaries: tuple[Boundary, ...] = ()


@dataclass(frozen=True)
class Output:
    """What a run hands back, and the name it goes by: `yhat`, `h[T]`."""

    label: str
    read: Read


@dataclass(frozen=True)
class Clip:
    """How gradients are clipped: all (`params` empty), a group, or along one reference."""

    kind: Literal["norm", "value"]
    limit: float
    params: tuple[str, ...] = ()
    reference: Read | None = None


@dataclass(frozen=True)
class Model:
    """A checked model. Mappings keep the order of the file."""

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

"""What of a model a text fills, and where its logits stand: read off the checked model.

It looks at models only; texts are in `text_data`, generation in `generate`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from rnndsl.model.dims import ZERO, Dim
from rnndsl.model.expr import Apply, Over, Position, Read
from rnndsl.model.model import Data, Model, Output
from rnndsl.model.sizes import running_axes, tree_axes
from rnndsl.text.diagnostics import DataError


@dataclass(frozen=True)
class TextRoles:
    """The token input that takes the characters and the token target that takes the next ones."""

    input: Data
    target: Data

    def sizes(self, characters: int, given: Mapping[str, int]) -> dict[str, int]:
        """The given sizes and the tokens' sizes for an alphabet of so many characters.

        DataError RNN433 where a size is fixed and too small.
        """
        sizes = dict(given)
        for data in (self.input, self.target):
            size = data.type.size
            assert size is not None  # both are tokens
            if size.name is not None:
                sizes.setdefault(size.name, characters)
            _require_room(data, size, sizes, characters)
        return sizes


@dataclass(frozen=True)
class Logits:
    """The value that holds the logits of a token, or its probabilities."""

    read: Read
    are_probabilities: bool


def text_roles(model: Model) -> TextRoles:
    """The one token input and the one token target; DataError RNN432 for any other data."""
    inputs = [data for data in model.inputs.values() if _is_tokens(data)]
    targets = [data for data in model.targets.values() if _is_tokens(data)]
    trees = tree_axes(model)
    is_text = len(inputs) == 1 and len(targets) == 1 and len(model.data) == 2 and not trees
    several = len(running_axes(model)) > 1
    if is_text and model.loss is not None and not several:
        return TextRoles(inputs[0], targets[0])
    axis = "the one axis that there is" if several else "the axis"
    wanted = f"a text fills one token input and one token target along {axis}, for a loss"
    found = ", ".join(_described(data) for data in model.data.values()) or "no data"
    axes = f", and the axes {', '.join(f'`{name}`' for name in model.axes)}" if several else ""
    axes += f", over the nodes of trees (`{next(iter(trees))}`)" if trees else ""
    loss = "" if model.loss is not None else " and no loss"
    raise DataError(f"{wanted}; `{model.name}` has {found}{axes}{loss}", "RNN432")


def find_logits(model: Model, target: Data) -> Logits:
    """What the loss compares with the target: `cross_entropy(o[t], y[t])` or `nll(p[t], y[t])`.

    DataError RNN434 where there is not exactly one such place, or it holds an expression.
    """
    found = list(scored(model, target))
    index = target.axes[0]
    here = f"{target.name}[{index}]"
    if len(found) != 1:
        number = "no" if not found else "more than one"
        raise DataError(
            f"`{model.name}` has {number} `cross_entropy(…, {here})` or `nll(…, {here})`: "
            "what its tokens are drawn from is not clear",
            "RNN434",
        )
    operation, (first, second) = found[0].operation, found[0].arguments
    if not (_is_here(second) and isinstance(first, Read) and _is_here(first)):
        raise DataError(
            f"`{operation}` in `{model.name}` does not compare a named value with `{here}` at the "
            f"same position; to generate, write `o[{index}] = …` and `{operation}(o[{index}], "
            f"{here})`",
            "RNN434",
        )
    axis = model.axes[index]
    place = Position("index", ZERO, axis.name, axis.indices[0])
    read = Read(first.span, first.name, (place,), type=first.type)
    return Logits(read, operation == "nll")


def with_logits(model: Model, logits: Logits) -> Model:
    """The model with its logits as the only output, under their own name."""
    axes = tuple(place.axis for place in logits.read.places if isinstance(place, Position))
    return replace(model, outputs=(Output(logits.read.name, logits.read, axes),))


def summed_axes(model: Model) -> tuple[str, ...]:
    """The axes of the sums that the loss is, one inside the other.

    `sum[t](…)` is over T numbers, `sum[j](sum[i](…))` over S T: a loss by position is that part.
    """
    found: list[str] = []
    expr = None if model.loss is None else model.loss.expr
    while isinstance(expr, Over) and expr.operation == "sum":
        found.append(expr.axis)
        expr = expr.body
    return tuple(found)


def scored(model: Model, target: Data) -> Iterator[Apply]:
    """Every place where `cross_entropy` or `nll` compares something with a target."""
    for equation in model.all_equations:
        for item in equation.expr.walk():
            if not (isinstance(item, Apply) and item.operation in ("cross_entropy", "nll")):
                continue
            second = item.arguments[1]
            if isinstance(second, Read) and second.name == target.name:
                yield item


def _is_here(item: object) -> bool:
    places = item.places if isinstance(item, Read) else ()
    return len(places) == 1 and isinstance(places[0], Position) and places[0].is_here


def _is_tokens(data: Data) -> bool:
    return data.type.kind == "token" and len(data.axes) == 1


def _described(data: Data) -> str:
    index = f"[{','.join(data.axes)}]" if data.axes else ""
    return f"{data.role} `{data.name}{index}: {data.type}`"


def _require_room(data: Data, size: Dim, sizes: Mapping[str, int], characters: int) -> None:
    if not size.names <= sizes.keys():
        return  # compiling names the size that nothing fixes
    room = int(size.value(sizes))
    if room < characters:
        raise DataError(
            f"the text has {characters} different characters, and `{data.name}` takes {room} "
            f"(`{data.type}`)",
            "RNN433",
        )

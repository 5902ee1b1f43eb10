"""What a model is trained and validated on, made of the data that people give.

It parts what is held back from what is trained on; what a batch is says `feed`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnndsl.runtime.array_data import Examples, split
from rnndsl.runtime.feed import ArrayFeed, Feed, TextFeed
from rnndsl.runtime.forest_data import flat
from rnndsl.runtime.program import Program
from rnndsl.runtime.settings import Settings
from rnndsl.runtime.text_data import Alphabet, Text, Tokens, Windows
from rnndsl.runtime.text_model import text_roles
from rnndsl.text.diagnostics import DataError

Data = Text | str | Mapping[str, Any]


@dataclass(frozen=True)
class Material:
    """What to train on and what to score. `sizes`: those given and those that the data say;
    `extents`: the positions of the longest `part` (window, batch) on each axis."""

    training: Feed
    validation: Feed | None
    sizes: dict[str, int]
    extents: dict[str, int]
    part: str
    alphabet: Alphabet | None = None

    def open_sizes(self, program: Program) -> dict[str, int]:
        """The sizes that the program does not know by itself."""
        return {name: size for name, size in self.sizes.items() if name not in program.sizes}


def material(
    program: Program, data: Data, validation_data: Data | None, settings: Settings
) -> Material:
    """Feeds for the data; DataError RNN430 to RNN433 for a text, RNN441 for arrays.

    RNN436 where there is nothing to validate on, and patience that needs it.
    """
    if isinstance(data, Mapping):
        if not isinstance(validation_data, Mapping | None):
            raise DataError("arrays are validated on arrays, not on a text", "RNN441")
        found = _of_arrays(program, data, validation_data, settings)
    elif isinstance(validation_data, Mapping):
        raise DataError("a text is validated on a text, not on arrays", "RNN441")
    else:
        found = _of_text(program, _text(data), validation_data, settings)
    if settings.patience is not None and found.validation is None:
        raise DataError("`patience` needs something to validate on", "RNN436")
    return found


def digest(data: Data, validation_data: Data | None) -> str:
    """The same for the same data, and for no others."""
    found = hashlib.sha256()
    for item in (data, validation_data):
        if isinstance(item, Mapping):
            arrays = flat(item)
            for name in sorted(arrays):
                array = np.ascontiguousarray(arrays[name])
                found.update(f"{name} {array.dtype} {np.shape(arrays[name])}:".encode())
                found.update(array.data)
        elif item is not None:
            text = _text(item)
            found.update(repr(text.alphabet.characters).encode())
            found.update(text.tokens.data)
        found.update(b";")
    return found.hexdigest()


def _of_text(
    program: Program, text: Text, validation_data: Text | str | None, settings: Settings
) -> Material:
    roles = text_roles(program.model)
    sizes = roles.sizes(len(text.alphabet), program.sizes)
    if validation_data is None:
        first, held = text.split(settings.validation)
    else:
        first, held = text.tokens, _again(text, _text(validation_data))

    def feed(tokens: Tokens) -> TextFeed:
        windows = Windows(tokens, settings.batch, settings.window)
        return TextFeed(program.model, roles, windows)

    checks = feed(held) if len(held) else None
    extents = dict.fromkeys(program.model.axes, settings.window)
    return Material(feed(first), checks, sizes, extents, "window", text.alphabet)


def _of_arrays(
    program: Program,
    data: Mapping[str, Any],
    validation_data: Mapping[str, Any] | None,
    settings: Settings,
) -> Material:
    model = program.model
    examples = Examples(model, data)
    first, held = split(examples.count, settings.validation, settings.seed)
    checked = examples
    if validation_data is not None:
        checked = Examples(model, validation_data)
        first, held = np.arange(examples.count), np.arange(checked.count)
    checks = ArrayFeed(model, checked, held, settings.batch, None) if len(held) else None
    feed = ArrayFeed(model, examples, first, settings.batch, settings.seed)
    sizes = {**examples.sizes(), **program.sizes}
    return Material(feed, checks, sizes, examples.extents(), "batch")


def _text(data: Text | str) -> Text:
    return Text(data) if isinstance(data, str) else data


def _again(text: Text, other: Text) -> Tokens:
    """The tokens of another text in the alphabet of the first."""
    return text.alphabet.encode(other.alphabet.decode(other.tokens))

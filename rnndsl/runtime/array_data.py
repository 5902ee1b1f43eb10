"""Examples in arrays, as a `.npz` file or a dict holds them: checked, chosen, cut to length.

One array a name, (T, B, …) along an axis, (T, S, B, …) along two and (B, …) without one,
`lengths_t` for examples of different lengths along `t`, and the length of an axis that no data
carries under its own name. Over trees (nodes, …), with the forest beside it (`forest_data`).
Shapes beyond the number of examples, tokens and lengths are checked by the program that is fed.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from rnndsl.model.model import Model
from rnndsl.model.sizes import fixed_axes, running_axes
from rnndsl.runtime import forest_data
from rnndsl.runtime.forest_data import leading, tree_of
from rnndsl.runtime.memory import require
from rnndsl.text.diagnostics import DataError

Array = npt.NDArray[Any]
LENGTHS = "lengths_"
_UNSOUND = (ValueError, TypeError, EOFError, KeyError, NotImplementedError)


class Examples:
    """The examples of a model. DataError RNN441 for a name that the model has not, or arrays
    that do not agree in the number of examples or nodes; RNN450 for trees that are none."""

    def __init__(self, model: Model, data: Mapping[str, Any]) -> None:
        self._model, self._axes = model, running_axes(model)
        self.forests = forest_data.forests(model, data)
        trees = forest_data.names(model)
        rest = {name: item for name, item in forest_data.flat(data).items() if name not in trees}
        arrays = {name: _array(model, name, value) for name, value in rest.items()}
        _require_known(model, arrays)
        self._data = {name: arrays[name] for name in model.data if name in arrays}
        self._lengths = {
            axis: arrays[LENGTHS + axis] for axis in self._axes if LENGTHS + axis in arrays
        }
        self._ends = {
            axis.length: _whole(axis.length, arrays[axis.length])
            for axis in self._axes.values()
            if axis.length in arrays
        }
        self._fixed = {name: axis.size for name, axis in fixed_axes(model).items()}
        self._nodes = {name: forest_data.sizes_of(item) for name, item in self.forests.items()}
        self.count = self._count()

    def sizes(self) -> dict[str, int]:
        """The sizes that show in the shapes of data."""
        found: dict[str, int] = {}
        for key, array in self._data.items():
            item = self._model.data[key]
            ends = (self._fixed.get(axis) for axis in leading(self._model, item.axes))
            for dim, extent in zip((*ends, None, *item.type.shape), array.shape, strict=False):
                name = None if dim is None else dim.name
                if name is not None and not self._model.sizes[name].is_derived:
                    found.setdefault(name, extent)
        return found

    def extents(self) -> dict[str, int]:
        """How many positions the longest example has along each sequence axis, and how many
        nodes an example on average."""
        nodes = {axis: int(np.mean(counts)) for axis, counts in self._nodes.items()}
        return {**{axis: self.longest(axis) for axis in self._axes}, **nodes}

    def longest(self, axis: str) -> int:
        """How many positions the longest example has along an axis; 1 where nothing says it."""
        if axis in self._lengths:
            return int(np.max(self._lengths[axis]))
        carried = [
            array.shape[self._model.data[name].axes.index(axis)]
            for name, array in self._data.items()
            if axis in self._model.data[name].axes
        ]
        return int(max([1, *carried, *self._ends_of(axis)]))

    def take(self, chosen: Array) -> tuple[dict[str, Any], dict[str, Array]]:
        """What a program is fed for some examples, no longer than the longest of them, and by
        axis over trees the numbers that their nodes have here."""
        lengths = {axis: every[chosen] for axis, every in self._lengths.items()}
        parts = {axis: forest.select(chosen) for axis, forest in self.forests.items()}
        nodes = {axis: taken for axis, (_, taken) in parts.items()}
        fed: dict[str, Any] = dict(self._ends)
        for name, array in self._data.items():
            axes = self._model.data[name].axes
            lead, tree = leading(self._model, axes), tree_of(self._model, axes)
            cut = tuple(slice(_end(lengths.get(axis))) for axis in lead)
            rows = chosen if tree is None else nodes[tree]
            fed[name] = np.take(array[cut], rows, axis=len(lead))
        if lengths:
            fed["lengths"] = lengths
            for axis in lengths:
                fed.pop(self._axes[axis].length, None)
        if parts:
            fed[forest_data.TREES] = {axis: forest for axis, (forest, _) in parts.items()}
        elif not self._data:
            fed["batch"] = len(chosen)
        return fed, nodes

    def mean_positions(self, axes: Iterable[str], chosen: Array) -> float:
        """The positions (or nodes) of the chosen examples over some axes together, on average."""
        counts, ragged = np.ones(len(chosen)), {**self._lengths, **self._nodes}
        for axis in axes:
            counts *= ragged[axis][chosen] if axis in ragged else self.longest(axis)
        return float(np.mean(counts))

    def _ends_of(self, axis: str) -> list[int]:
        name = self._axes[axis].length
        return [self._ends[name]] if name in self._ends else []

    def _count(self) -> int:
        counts = {axis + forest_data.ROOTS: len(item) for axis, item in self.forests.items()}
        for name, array in self._data.items():
            axes = self._model.data[name].axes
            self._require_dimensions(name, array)
            place, tree = len(leading(self._model, axes)), tree_of(self._model, axes)
            if tree is None:
                counts[name] = array.shape[place]
            elif array.shape[place] != self.forests[tree].nodes:
                raise DataError(
                    f"`{name}` has {array.shape[place]} nodes, but the trees over `{tree}` have "
                    f"{self.forests[tree].nodes} (the rows of `{tree}{forest_data.CHILDREN}`)",
                    "RNN441",
                )
        for axis, array in self._lengths.items():
            if array.ndim != 1 or array.dtype.kind not in "iu":
                raise DataError(
                    f"`{LENGTHS}{axis}` must hold one whole number an example", "RNN441"
                )
            counts[LENGTHS + axis] = len(array)
        return _agreed(counts)

    def _require_dimensions(self, name: str, array: Array) -> None:
        """DataError RNN441 where data have too few of them."""
        axes = self._model.data[name].axes
        lead = leading(self._model, axes)
        if array.ndim > len(lead):
            return
        known = {**self._model.axes, **self._model.fixed}
        rows = "B" if lead == axes else "nodes"
        shape = f"({', '.join([*(known[axis].length for axis in lead), rows, '…'])})"
        said = ", B the examples" if lead == axes else ""
        raise DataError(f"`{name}` has shape {array.shape}; expected {shape}{said}", "RNN441")


def split(count: int, share: float, seed: int) -> tuple[Array, Array]:
    """The numbers of the examples to train on and of those held back, drawn at random."""
    held = int(count * share)
    order = np.random.default_rng((seed, 0)).permutation(count)
    return np.sort(order[held:]), np.sort(order[:held])


def read_npz(path: str | os.PathLike[str], limit: int | None = None) -> dict[str, Array]:
    """The arrays of a `.npz` file, which is never unpickled.

    DataError RNN001 where there is no such file, RNN010 where it is none or is damaged, RNN501
    where it does not fit in memory (`limit` bytes, None: what is free).
    """
    name = os.fspath(path)
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as found:
            require(sum(item.file_size for item in found.zip.infolist()), limit, "the data")
            return {key: found[key] for key in found.files}
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(f"there is no file `{name}`", "RNN001") from None
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise DataError(f"`{name}` cannot be read: {reason}", "RNN001") from None
    except (*_UNSOUND, zipfile.BadZipFile, zlib.error):  # a TypeError: it is a bare `.npy`
        raise DataError(
            f"`{name}` is not a sound .npz file of numbers (`numpy.savez`)", "RNN010"
        ) from None


def _agreed(counts: Mapping[str, int]) -> int:
    """The number of examples that all say; DataError RNN441 where they differ."""
    if not counts:
        return 1
    first, count = next(iter(counts.items()))
    for name, other in counts.items():
        if other != count:
            raise DataError(f"`{name}` has {other} examples, but `{first}` has {count}", "RNN441")
    if not count:
        raise DataError("the data hold no examples", "RNN441")
    return count


def _require_known(model: Model, arrays: Mapping[str, Array]) -> None:
    axes = running_axes(model)
    known = {axis.length for axis in axes.values()}
    known |= {LENGTHS + axis for axis in axes} | model.data.keys()
    for name in arrays:
        if name not in known:
            own = ", ".join(f"`{item}`" for item in model.data) or "none"
            raise DataError(
                f"the data hold `{name}`, and `{model.name}` has no such data; it has: {own}",
                "RNN441",
            )


def _array(model: Model, name: str, value: Any) -> Array:
    try:
        array = np.asarray(value)
    except ValueError:
        axes = model.data[name].axes if name in model.data else ()
        given = " or ".join(f"`{LENGTHS}{axis}`" for axis in axes if axis in running_axes(model))
        raise DataError(
            f"`{name}` is not an array: its rows differ in length"
            f"{f'; pad them and give {given}' if given else ''}",
            "RNN441",
        ) from None
    if array.dtype.kind not in "fiub":
        raise DataError(f"`{name}` must hold real numbers, not {array.dtype}", "RNN441")
    return array


def _whole(name: str, array: Array) -> int:
    if array.shape != () or array.dtype.kind not in "iu" or array < 1:
        raise DataError(f"`{name}` must be one whole number above 0", "RNN441")
    return int(array)


def _end(lengths: Array | None) -> int | None:
    return None if lengths is None else max(1, int(np.max(lengths)))

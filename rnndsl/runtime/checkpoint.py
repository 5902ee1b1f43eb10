"""Checkpoints: weights in a safetensors file, with the spec they belong to in its metadata.

Nothing in a checkpoint is executed when it is read: the weights are arrays, the spec goes through
the compiler. Where a training run wrote it, what the run needs to go on stands beside the weights,
in arrays whose names have a dot and a part of the metadata of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rnndsl.driver import parse
from rnndsl.model.model import Model
from rnndsl.model.sizes import known_sizes
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.program import Program
from rnndsl.runtime.standing import Snapshot
from rnndsl.runtime.text_data import Alphabet
from rnndsl.text.diagnostics import DataError
from rnndsl.text.files import read_bytes, write_atomic

Array = npt.NDArray[Any]
KEY = "rnndsl"
FORMAT = 1


class Checkpoint(NamedTuple):
    """A program, its weights, and the alphabet where it was trained on a text."""

    program: Program
    params: dict[str, Array]
    alphabet: Alphabet | None


@dataclass(frozen=True)
class _Metadata:
    """What stands beside the weights; one JSON text, so that the same run gives the same bytes."""

    format: int
    file: str
    spec: str
    sha256: str
    sizes: dict[str, int]
    dtype: str
    alphabet: str | None


def save(
    path: str | os.PathLike[str],
    program: Program,
    params: Mapping[str, Array],
    alphabet: Alphabet | None = None,
    snapshot: Snapshot | None = None,
) -> None:
    """Write a checkpoint, whole or not at all; with a `snapshot`, one that can be resumed.

    DataError RNN003 where it cannot be written, RNN440 where the weights are not the program's.
    """
    from safetensors.numpy import save as to_bytes

    source = program.model.source
    sizes = settled_sizes(program.model, program.sizes, params)
    if not _fit(program.model, sizes, params):
        raise DataError("these weights do not fit this program: other names or shapes", "RNN440")
    metadata = _Metadata(
        FORMAT,
        os.path.basename(source.name),
        source.text,
        _digest(source.text),
        sizes,
        str(np.dtype(program.dtype)),
        None if alphabet is None else alphabet.characters,
    )
    # safetensors writes other than contiguous arrays in the wrong order
    more = {} if snapshot is None else snapshot.arrays
    arrays = {name: np.array(value, order="C") for name, value in {**params, **more}.items()}
    facts = {} if snapshot is None else {"training": snapshot.facts}
    write_atomic(path, to_bytes(arrays, {KEY: json.dumps({**vars(metadata), **facts})}))


def restore(
    path: str | os.PathLike[str], *, target: str = "numpy", optimize: int = 1
) -> Checkpoint:
    """Read a checkpoint and compile its spec for its weights.

    DataError RNN005 where the file is no checkpoint or is damaged, RNN006 where it was written by
    a later version.
    """
    data, name = read_bytes(path), os.fspath(path)
    metadata, params, _, _ = _parse(data, name)
    model = parse(metadata.spec, metadata.file)
    program = compile_model(
        model, target=target, optimize=optimize, dtype=metadata.dtype, **metadata.sizes
    )
    kinds = {str(value.dtype) for value in params.values()}
    if not (_fit(model, metadata.sizes, params) and kinds <= {metadata.dtype}):
        raise DataError(f"`{name}` is damaged: its weights do not fit its spec", "RNN005")
    alphabet = None if metadata.alphabet is None else Alphabet(metadata.alphabet)
    return Checkpoint(program, {name: params[name] for name in model.params}, alphabet)


def read_snapshot(path: str | os.PathLike[str], program: Program) -> Snapshot:
    """Where the training run that wrote a checkpoint stood.

    DataError RNN005 and RNN006 as `restore`, RNN442 where it belongs to another program, RNN443
    where no training run can go on from it.
    """
    data, name = read_bytes(path), os.fspath(path)
    metadata, params, arrays, facts = _parse(data, name)
    if not isinstance(facts, dict):
        raise DataError(f"`{name}` holds weights, but no training run to resume", "RNN443")
    sizes = settled_sizes(program.model, program.sizes, params)
    same_spec = metadata.sha256 == _digest(program.model.source.text)
    if not (same_spec and metadata.sizes == sizes and metadata.dtype == program.dtype):
        what = "other sizes or another dtype" if same_spec else "another spec"
        raise DataError(f"`{name}` was trained with {what}: it cannot be resumed", "RNN442")
    if not _fit(program.model, sizes, params):
        raise DataError(f"`{name}` is damaged: its weights do not fit its spec", "RNN005")
    return Snapshot(params, arrays, facts)


def _parse(data: bytes, name: str) -> tuple[_Metadata, dict[str, Array], dict[str, Array], Any]:
    """Metadata, weights, the arrays of a training run, and its facts (None: there are none)."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        found = load(data)
    except (SafetensorError, KeyError, TypeError, ValueError):
        raise DataError(f"`{name}` is not a checkpoint (a safetensors file)", "RNN005") from None
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    try:
        fields = json.loads(header["__metadata__"][KEY])
        if fields["format"] > FORMAT:
            raise DataError(f"`{name}` was written by a later version of rnndsl", "RNN006")
        facts = fields.pop("training", None)
        metadata = _Metadata(**fields)
        sound = _digest(metadata.spec) == metadata.sha256 and _is_typed(metadata)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        if isinstance(problem, DataError):
            raise
        sound = False
    if not sound:
        raise DataError(f"`{name}` holds weights, but no spec of rnndsl with them", "RNN005")
    params = {key: value for key, value in found.items() if "." not in key}
    return metadata, params, {key: found[key] for key in found.keys() - params.keys()}, facts


def _is_typed(metadata: _Metadata) -> bool:
    return (
        isinstance(metadata.file, str)
        and isinstance(metadata.alphabet, str | None)
        and all(isinstance(size, int) for size in metadata.sizes.values())
        and metadata.dtype in ("float32", "float64")
    )


def _fit(model: Model, given: Mapping[str, int], params: Mapping[str, Array]) -> bool:
    """Whether there is exactly one array of the right shape for each parameter."""
    sizes = known_sizes(model, given)
    dims = [dim for parameter in model.params.values() for dim in parameter.whole]
    if not all(dim.names <= sizes.keys() for dim in dims):
        return False
    wanted = {
        parameter.name: tuple(int(dim.value(sizes)) for dim in parameter.whole)
        for parameter in model.params.values()
    }
    return {name: np.shape(value) for name, value in params.items()} == wanted


def settled_sizes(
    model: Model, given: Mapping[str, int], params: Mapping[str, Array]
) -> dict[str, int]:
    """The sizes to compile with again; what the program left open is read off the weights."""
    sizes = {name: int(given[name]) for name in model.sizes if name in given}
    for parameter in model.params.values():
        lengths = np.shape(params[parameter.name]) if parameter.name in params else ()
        for dim, length in zip(parameter.whole, lengths, strict=False):
            if dim.name is not None:
                sizes.setdefault(dim.name, length)
    return {name: size for name, size in sizes.items() if not model.sizes[name].is_derived}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

"""Checkpoints: weights in a safetensors file, with the spec they belong to in its metadata.

Nothing in a checkpoint is executed when it is read: the weights are arrays, the spec goes through
the compiler. Where a training run wrote it, what the run needs to go on stands beside the weights,
in arrays whose names have a dot and a part of the metadata of its own. Weights of instances,
`enc.W`, have a colon there instead. The files that a spec uses are kept with it.
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

from rnndsl.driver import check_text
from rnndsl.model.model import Model
from rnndsl.model.sizes import known_sizes
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.program import Program
from rnndsl.runtime.standing import Snapshot
from rnndsl.runtime.text_data import Alphabet
from rnndsl.runtime.used_files import Kept, kept_files, with_files
from rnndsl.text.diagnostics import DataError
from rnndsl.text.files import read_bytes, write_atomic

Array = npt.NDArray[Any]
KEY = "rnndsl"
FORMAT = 2
"""1 where no file is used."""


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
    files: Kept | None = None


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
    files = kept_files(source)
    metadata = _Metadata(
        1 if files is None else FORMAT,
        os.path.basename(source.name),
        source.text,
        _digest(source.text, files),
        sizes,
        str(np.dtype(program.dtype)),
        None if alphabet is None else alphabet.characters,
        files,
    )
    # safetensors writes other than contiguous arrays in the wrong order
    more = {} if snapshot is None else snapshot.arrays
    weights = {name.replace(".", ":"): value for name, value in params.items()}
    arrays = {name: np.array(value, order="C") for name, value in {**weights, **more}.items()}
    facts = {} if snapshot is None else {"training": snapshot.facts}
    write_atomic(path, to_bytes(arrays, {KEY: json.dumps({**_fields(metadata), **facts})}))


def restore(
    path: str | os.PathLike[str], *, target: str = "numpy", optimize: int = 1
) -> Checkpoint:
    """Read a checkpoint and compile its spec for its weights.

    DataError RNN005 where the file is no checkpoint or is damaged, RNN006 where it was written by
    a later version.
    """
    data, name = read_bytes(path), os.fspath(path)
    metadata, params, _, _ = _parse(data, name)
    try:
        source = with_files(metadata.file, metadata.spec, metadata.files)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise DataError(
            f"`{name}` is damaged: a file that its spec uses is missing", "RNN005"
        ) from None
    model = check_text(source)
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
    source = program.model.source
    same_spec = metadata.sha256 == _digest(source.text, kept_files(source))
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
        sound = _digest(metadata.spec, metadata.files) == metadata.sha256 and _is_typed(metadata)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        if isinstance(problem, DataError):
            raise
        sound = False
    if not sound:
        raise DataError(f"`{name}` holds weights, but no spec of rnndsl with them", "RNN005")
    params = {key.replace(":", "."): value for key, value in found.items() if "." not in key}
    return metadata, params, {key: found[key] for key in found if "." in key}, facts


def _fields(metadata: _Metadata) -> dict[str, Any]:
    """What is written of the metadata: files only where there are any."""
    fields = dict(vars(metadata))
    return fields if metadata.files is not None else {k: fields[k] for k in fields if k != "files"}


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


def _digest(text: str, files: Kept | None) -> str:
    if files is not None:
        text += "\0" + json.dumps(files, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

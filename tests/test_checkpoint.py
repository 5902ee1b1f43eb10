"""Checkpoints: what goes in comes out, and what is no sound checkpoint is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save_file

from rnndsl.model.load import parse_model
from rnndsl.runtime.checkpoint import restore, save
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.text_data import Alphabet
from rnndsl.text.diagnostics import DataError, SpecError

SPEC = """
model letters "Letters — ŷ"
axis t = 1..T
size k, m = 4, q = m / 2
input x[t]: token(k)
target y[t]: token(k)
param E: (k, m), W, Q: (q, m), s: () = 0.5, V, c
h[t]: m = tanh(W @ h[t-1] + s * E[x[t]] + (Q @ h[t-1]) @ Q)
o[t] = c + V @ h[t]
loss = sum[t](cross_entropy(o[t], y[t]))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    program = compile_model(parse_model(SPEC, "/home/me/letters.rnn"), k=5, m=6)
    target = tmp_path / "a.safetensors"
    save(target, program, program.init(seed=3), Alphabet("abcde"))
    return target


def rewrite(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Write the checkpoint again with other metadata."""
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    fields = json.loads(header["__metadata__"]["rnndsl"])
    change(fields)
    save_file(load(data), path, {"rnndsl": json.dumps(fields)})


def message(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        restore(path)
    return f"{caught.value.code}: {caught.value}".replace(str(path), "FILE")


def test_what_is_saved_is_restored(path: Path) -> None:
    program, params, alphabet = restore(path)
    fresh = program.init(seed=3)
    assert alphabet == Alphabet("abcde")
    assert program.model.source.text == SPEC
    assert program.model.source.name == "letters.rnn"
    assert (program.sizes["k"], program.sizes["m"]) == (5, 6)
    assert list(fresh) == ["E", "W", "Q", "s", "V", "c"]
    for name, value in fresh.items():
        np.testing.assert_array_equal(params[name], value)
        assert params[name].dtype == np.float32
        assert params[name].shape == value.shape


def test_a_restored_program_computes_the_same(path: Path) -> None:
    program, params, _ = restore(path)
    tokens = np.array([[0, 4], [2, 1], [3, 3]])
    loss = program.loss(params, x=tokens, y=tokens[::-1])
    first = compile_model(parse_model(SPEC), k=5, m=6)
    assert loss == first.loss(first.init(seed=3), x=tokens, y=tokens[::-1])


def test_sizes_left_open_are_read_off_the_weights(tmp_path: Path) -> None:
    program = compile_model(parse_model(SPEC), dtype="float64")
    save(tmp_path / "a", program, program.init(k=7))
    restored, params, alphabet = restore(tmp_path / "a")
    assert alphabet is None
    assert restored.sizes["k"] == 7
    assert params["E"].shape == (7, 4)
    assert params["E"].dtype == np.float64


def test_arrays_in_any_order_of_memory_keep_their_entries(tmp_path: Path) -> None:
    program = compile_model(parse_model(SPEC), k=5)
    params = {name: np.array(value, order="F") for name, value in program.init().items()}
    save(tmp_path / "a", program, params)
    for name, value in restore(tmp_path / "a").params.items():
        np.testing.assert_array_equal(value, params[name])


def test_the_same_weights_give_the_same_bytes(path: Path, tmp_path: Path) -> None:
    program, params, alphabet = restore(path)
    save(tmp_path / "b", program, params, alphabet)
    assert (tmp_path / "b").read_bytes() == path.read_bytes()


def test_nothing_of_this_machine_is_in_a_checkpoint(path: Path) -> None:
    assert b"/home" not in path.read_bytes()


def test_a_damaged_file_is_refused(path: Path) -> None:
    data = path.read_bytes()
    for broken in (b"", data[:4], data[:100], data[:-1], data + b"x", b"\xff" * 99):
        path.write_bytes(broken)
        assert message(path) == "RNN005: `FILE` is not a checkpoint (a safetensors file)"


def test_weights_of_something_else_are_refused(path: Path) -> None:
    wanted = "RNN005: `FILE` holds weights, but no spec of rnndsl with them"
    save_file({"a": np.zeros(3)}, path)
    assert message(path) == wanted
    for other in ({"format": "pt"}, {"rnndsl": "{"}, {"rnndsl": "[]"}, {"rnndsl": '{"format": 1}'}):
        save_file({"a": np.zeros(3)}, path, other)
        assert message(path) == wanted


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("spec", SPEC + "# changed"),
        ("spec", 3),
        ("sha256", "0"),
        ("format", "1"),
        ("sizes", 3),
        ("sizes", {"m": "6"}),
        ("dtype", "object"),
        ("alphabet", 7),
        ("file", None),
        ("more", 1),
    ],
)
def test_metadata_that_were_changed_are_refused(path: Path, field: str, value: object) -> None:
    rewrite(path, lambda fields: fields.update({field: value}))
    assert message(path) == "RNN005: `FILE` holds weights, but no spec of rnndsl with them"


def test_a_later_format_is_named(path: Path) -> None:
    rewrite(path, lambda fields: fields.update(format=3))
    assert message(path) == "RNN006: `FILE` was written by a later version of rnndsl"


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: arrays.pop("W"),
        lambda arrays: arrays.update(more=arrays["W"]),
        lambda arrays: arrays.update(W=arrays["W"][:, :-1].copy()),
        lambda arrays: arrays.update(W=arrays["W"].astype(np.float64)),
    ],
)
def test_weights_that_do_not_fit_are_refused(
    path: Path, change: Callable[[dict[str, np.ndarray]], object]
) -> None:
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    arrays = dict(load(data))
    change(arrays)
    save_file(arrays, path, header["__metadata__"])
    assert message(path) == "RNN005: `FILE` is damaged: its weights do not fit its spec"


def test_sizes_that_are_missing_are_noticed(path: Path) -> None:
    rewrite(path, lambda fields: fields.update(sizes={}))
    assert message(path) == "RNN005: `FILE` is damaged: its weights do not fit its spec"
    program = compile_model(parse_model(SPEC))
    with pytest.raises(DataError, match="do not fit this program"):
        save(path, program, {})


def test_a_spec_that_is_no_spec_is_shown_as_one(path: Path, tmp_path: Path) -> None:
    import hashlib

    broken = "h[t] = nothing\n"
    digest = hashlib.sha256(broken.encode()).hexdigest()
    rewrite(path, lambda fields: fields.update(spec=broken, sha256=digest))
    with pytest.raises(SpecError, match=r"--> letters\.rnn:1:"):
        restore(path)


def test_other_weights_are_not_saved(tmp_path: Path) -> None:
    program = compile_model(parse_model(SPEC), k=5)
    params = program.init()
    without = {name: value for name, value in params.items() if name != "W"}
    for wrong in (without, {**params, "W": params["W"][:2]}, {**params, "more": params["W"]}, {}):
        with pytest.raises(DataError) as caught:
            save(tmp_path / "a", program, wrong)
        assert caught.value.code == "RNN440"
        assert str(caught.value) == "these weights do not fit this program: other names or shapes"
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    program = compile_model(parse_model(SPEC), k=5)
    with pytest.raises(DataError) as caught:
        save(tmp_path / "no" / "a", program, program.init())
    assert caught.value.code == "RNN003"
    assert list(tmp_path.iterdir()) == []

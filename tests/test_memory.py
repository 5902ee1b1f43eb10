"""Amounts of memory, what is free, and the refusal to go beyond."""

from __future__ import annotations

from pathlib import Path

import pytest

from rnndsl.model.load import parse_model
from rnndsl.model.sizes import known_sizes
from rnndsl.runtime import memory
from rnndsl.runtime.memory import available, parse_amount, require, show_amount
from rnndsl.runtime.memory_model import parameter_bytes, value_bytes
from rnndsl.text.diagnostics import DataError

SPEC = """
axis t = 1..T
size n, m = 8, r = q * n, q = m / 4
input x[t]: n, c: r
param U, W, b, Q: (q, q), s: () = 1
h[t]: m = s * tanh(b + W @ h[t-1] + U @ x[t])
loss = sum[t](squared_error(h[t], 0)) + sum(Q @ Q) + sum(c)
"""


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", 0),
        ("100000", 100_000),
        ("7b", 7),
        ("2GB", 2 * 10**9),
        ("2 gb", 2 * 10**9),
        ("1.5g", 15 * 10**8),
        (" 512MiB ", 512 * 2**20),
        ("1KiB", 1024),
        ("3T", 3 * 10**12),
    ],
)
def test_amounts_are_read(text: str, amount: int) -> None:
    assert parse_amount(text) == amount


@pytest.mark.parametrize("text", ["", "GB", "-1", "1e9", "2 GB 3", "2PB", "nan", "١GB"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(DataError) as caught:
        parse_amount(text)
    assert str(caught.value) == (
        f"`{text}` is no amount of memory; write one as `2GB`, `512MiB` or `100000`"
    )
    assert caught.value.code == "RNN502"


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (1_500_000_000, "1.5 GB"),
        (3 * 10**19, "30 EB"),
        (10**400, "more than 999 EB"),
    ],
)
def test_amounts_are_shown(amount: int, text: str) -> None:
    assert show_amount(amount) == text


def test_a_limit_holds_exactly() -> None:
    require(1000, 1000, "the parameters")
    with pytest.raises(DataError) as caught:
        require(1001, 1000, "the parameters")
    assert str(caught.value) == (
        "the parameters need at least 1 kB of memory, and 1 kB is the limit; "
        "take smaller sizes, or raise `--max-memory` (in Python `max_memory`)"
    )
    assert caught.value.code == "RNN501"


def test_without_a_limit_what_is_free_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 3_000_000_000)
    require(3_000_000_000, None, "the values")
    with pytest.raises(DataError) as caught:
        require(40_000_000_000, None, "the values")
    assert str(caught.value) == (
        "the values need at least 40 GB of memory, and 3 GB are free; "
        "take smaller sizes, or raise `--max-memory` (in Python `max_memory`)"
    )


def test_where_the_system_does_not_say_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: None)
    require(10**30, None, "the values")


def test_something_is_free_here() -> None:
    free = available()
    assert free is None or 10**6 < free < 10**16


def group(folder: Path, **files: int | str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(f"{text}\n")


def test_the_least_room_of_nested_control_groups_counts(tmp_path: Path) -> None:
    me = tmp_path / "me"
    me.write_text("0::/outer/inner\n")
    root = tmp_path / "root"
    group(root / "outer/inner", memory__max="max", memory__current=5000)
    group(root / "outer", memory__max=9000, memory__current=7000)
    assert memory._control_group(root, me) == 2000
    (root / "outer/memory.stat").write_text("anon 1\ninactive_file 1500\n")
    assert memory._control_group(root, me) == 3500
    group(root / "outer/inner", memory__max=5500, memory__current=5000)
    assert memory._control_group(root, me) == 500


def test_control_groups_of_the_first_version_count(tmp_path: Path) -> None:
    me = tmp_path / "me"
    me.write_text("5:cpu:/x\n4:memory:/x\n0::/\n")
    root = tmp_path / "root"
    names = {"memory__limit_in_bytes": 8000, "memory__usage_in_bytes": 1000}
    group(root / "memory/x", **names)
    assert memory._control_group(root, me) == 7000
    group(root / "memory/x", memory__limit_in_bytes=2**63 - 4096)
    assert memory._control_group(root, me) is None


def test_no_control_group_no_bound(tmp_path: Path) -> None:
    assert memory._control_group(tmp_path, tmp_path / "missing") is None


def test_sizes_follow_from_sizes_in_any_order() -> None:
    model = parse_model(SPEC)
    assert known_sizes(model, {"n": 3}) == {"n": 3, "m": 8, "q": 2, "r": 6}
    assert known_sizes(model, {"m": 12}) == {"m": 12, "q": 3}


def test_parameters_and_values_are_counted() -> None:
    model = parse_model(SPEC)
    sizes = known_sizes(model, {"n": 3})
    # U (8, 3), W (8, 8), b 8, Q (2, 2), s
    assert parameter_bytes(model, sizes) == 4 * (24 + 64 + 8 + 4 + 1)
    # x (T, B, 3), c (B, 6), h (T, B, 8), loss (B)
    assert value_bytes(model, sizes, {"t": 5}, 2, 8) == 8 * (30 + 12 + 80 + 2)


def test_a_size_left_open_counts_as_one() -> None:
    model = parse_model(SPEC)
    assert parameter_bytes(model, {"m": 8, "q": 2}) == 4 * (8 + 64 + 8 + 4 + 1)

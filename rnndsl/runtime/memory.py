"""How much memory is free, amounts as people write them, and the refusal to go beyond.

It knows nothing of models; what one needs is counted in `memory_model`.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
from pathlib import Path

from rnndsl.text.diagnostics import DataError

_AMOUNT = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)(i?)b?\s*", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_UNITS = ("kB", "MB", "GB", "TB", "PB", "EB")
_UNLIMITED = 1 << 60  # control groups write "no limit" as a number beyond this


def parse_amount(text: str) -> int:
    """Bytes of "2GB", "512 MiB", "1.5g" or "100000"; K, M, G, T are powers of 1000, Ki, … of 1024.

    DataError RNN502 where it is no amount.
    """
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise DataError(
            f"`{text}` is no amount of memory; write one as `2GB`, `512MiB` or `100000`", "RNN502"
        )
    number, unit, binary = match.groups()
    return int(float(number) * (1024 if binary else 1000) ** _POWERS[unit.lower()])


def show_amount(amount: int) -> str:
    """Bytes as a person reads them, three digits: `1.5 GB`."""
    if amount < 1000:
        return f"{amount} bytes"
    for power, unit in enumerate(_UNITS, 1):
        if amount < 999.5 * 1000**power:
            return f"{amount / 1000**power:.3g} {unit}"
    return f"more than 999 {_UNITS[-1]}"


def available() -> int | None:
    """Bytes that this process can still have; None where the system does not say."""
    if sys.platform == "win32":
        return _windows()
    known = [amount for amount in (_free(), _control_group()) if amount is not None]
    return min(known) if known else None


def require(needed: int, limit: int | None, what: str) -> None:
    """DataError RNN501 where `needed` bytes are more than `limit` (None: than what is free).

    `what` opens the sentence and is a plural: "the parameters".
    """
    bound = available() if limit is None else limit
    if bound is None or needed <= bound:
        return
    kept = "are free" if limit is None else "is the limit"
    raise DataError(
        f"{what} need at least {show_amount(needed)} of memory, and {show_amount(bound)} {kept}; "
        "take smaller sizes, or raise `--max-memory` (in Python `max_memory`)",
        "RNN501",
    )


def _free() -> int | None:
    """What the system counts as free; elsewhere than on Linux all there is."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return _physical()
    found = re.search(r"^MemAvailable:\s+(\d+) kB$", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else _physical()


def _physical() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _control_group(
    root: Path = Path("/sys/fs/cgroup"), me: Path = Path("/proc/self/cgroup")
) -> int | None:
    """The least room that the process's control groups (version 1 or 2) leave."""
    try:
        lines = me.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    rooms: list[int] = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            rooms += _rooms(root, path, "memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
            rooms += _rooms(root / "memory", path, *names)
    return min(rooms) if rooms else None


def _rooms(root: Path, path: str, limit: str, usage: str) -> list[int]:
    """The room in each group from `path` up to `root`; inside a container only the root shows."""
    rooms = []
    group = root / path.lstrip("/")
    for folder in (group, *group.parents):
        bound, used = _number(folder / limit), _number(folder / usage)
        if bound is not None and used is not None and bound < _UNLIMITED:
            rooms.append(max(0, bound - used + _page_cache(folder)))
        if folder == root:
            break
    return rooms


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _page_cache(folder: Path) -> int:
    """File pages that count as used and are given up when needed."""
    try:
        text = (folder / "memory.stat").read_text(encoding="ascii")
    except OSError:
        return 0
    found = re.search(r"^(?:total_)?inactive_file (\d+)$", text, re.MULTILINE)
    return int(found[1]) if found else 0


def _windows() -> int | None:
    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_uint32),
            ("load", ctypes.c_uint32),
            ("total", ctypes.c_uint64),
            ("free", ctypes.c_uint64),
            ("rest", ctypes.c_uint64 * 5),
        )

    status = Status(length=ctypes.sizeof(Status))
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009  # not known to the types elsewhere
    return int(status.free) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else None

"""Files that people name: texts read whole, results written whole or not at all.

Every failure is a DataError of the range RNN0xx that names the file. What is in a file is no
business of this module; specs are read by `rnndsl.model.load`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from rnndsl.text.diagnostics import DataError


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """All bytes of a file; DataError RNN001 where it is missing, a folder or refused."""
    try:
        return Path(path).read_bytes()
    except OSError as problem:
        raise _unreadable(path, problem) from None
    except ValueError:  # a null character in the name
        raise DataError(f"there is no file `{os.fspath(path)}`", "RNN001") from None


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of a UTF-8 file, every line break as a line feed; as `read_bytes`, and RNN002."""
    return decode(read_bytes(path), f"`{os.fspath(path)}`")


def decode(data: bytes, name: str) -> str:
    """Bytes as UTF-8 without a byte order mark; DataError RNN002 where it is no text."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{name} is not a text file in UTF-8", "RNN002") from None
    if "\0" in text:
        raise DataError(f"{name} is not a text file in UTF-8", "RNN002")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def require_writable(path: str | os.PathLike[str], inputs: Iterable[str] = ()) -> Path:
    """The path, if a file can be written there; DataError RNN003, RNN004 where it is an input.

    Asked before long work, so that the work is not lost at its end.
    """
    target = Path(path)
    if "\0" in str(target):
        raise DataError(f"cannot write `{target}`: it is no name of a file", "RNN003")
    try:
        for name in inputs:
            if target.exists() and os.path.exists(name) and os.path.samefile(target, name):
                raise DataError(f"`{target}` is read here; write to another file", "RNN004")
        if target.is_dir():
            raise DataError(f"cannot write `{target}`: it is a folder", "RNN003")
        if target.exists() and not os.access(target, os.W_OK):
            raise DataError(f"cannot write `{target}`: permission denied", "RNN003")
        if not _is_special(target):
            descriptor, probe = tempfile.mkstemp(prefix=".", dir=target.parent)
            os.close(descriptor)
            os.unlink(probe)
    except OSError as problem:
        raise _unwritable(path, problem) from None
    return target


def write_atomic(path: str | os.PathLike[str], data: bytes | str) -> None:
    """Write beside the file, then rename: at every moment the old or the new file is there whole.

    What is written has reached the disk before the old file gives way, so that a loss of power
    leaves one of them too.

    A text goes out as UTF-8 with line feeds; a device or a pipe is written to, never replaced.
    DataError RNN003 where it cannot be written.
    """
    target = require_writable(path)
    payload = data.encode("utf-8") if isinstance(data, str) else data
    try:
        if _is_special(target):
            target.write_bytes(payload)
        else:
            # through a link, the file it leads to is replaced
            _replace(Path(os.path.realpath(target)), payload)
    except OSError as problem:
        raise _unwritable(path, problem) from None


def _replace(target: Path, payload: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(payload)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, _mode(target))
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def _is_special(target: Path) -> bool:
    """Whether something is there that is neither a file nor a folder: `/dev/stdout`, a pipe."""
    return target.exists() and not target.is_file()


def _mode(target: Path) -> int:
    """The permissions of the file that is replaced, or those a new file gets here."""
    try:
        return target.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _unreadable(path: str | os.PathLike[str], problem: OSError) -> DataError:
    name = os.fspath(path)
    if isinstance(problem, FileNotFoundError | NotADirectoryError):
        return DataError(f"there is no file `{name}`", "RNN001")
    if isinstance(problem, IsADirectoryError):
        return DataError(f"`{name}` is a folder, not a file", "RNN001")
    return DataError(f"`{name}` cannot be read: {_reason(problem)}", "RNN001")


def _unwritable(path: str | os.PathLike[str], problem: OSError) -> DataError:
    name = os.fspath(path)
    if isinstance(problem, FileNotFoundError | NotADirectoryError):
        return DataError(f"cannot write `{name}`: there is no such folder", "RNN003")
    return DataError(f"cannot write `{name}`: {_reason(problem)}", "RNN003")


def _reason(problem: OSError) -> str:
    return (problem.strerror or str(problem)).lower()

"""Files that people name: read whole, written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from rnndsl.text import files
from rnndsl.text.diagnostics import DataError
from rnndsl.text.files import decode, read_bytes, read_text, require_writable, write_atomic

ROOT_IS_ALLOWED = not hasattr(os, "geteuid") or os.geteuid() == 0


def message(caught: pytest.ExceptionInfo[DataError]) -> str:
    return f"{caught.value.code}: {caught.value}"


def test_every_line_break_is_a_line_feed(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\rthree\n")
    assert read_text(path) == "one\ntwo\nthree\n"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_bytes(tmp_path / "a.txt")
    assert message(caught) == f"RNN001: there is no file `{tmp_path / 'a.txt'}`"
    (tmp_path / "b.txt").write_text("")
    with pytest.raises(DataError) as caught:
        read_bytes(tmp_path / "b.txt" / "c")
    assert message(caught) == f"RNN001: there is no file `{tmp_path / 'b.txt' / 'c'}`"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_text(tmp_path)
    assert message(caught) == f"RNN001: `{tmp_path}` is a folder, not a file"


def test_what_the_system_refuses_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(DataError) as caught:
        read_text(tmp_path / "a")
    assert message(caught) == f"RNN001: `{tmp_path / 'a'}` cannot be read: permission denied"


@pytest.mark.parametrize("data", [b"caf\xe9", b"\xff\xfeh\x00i\x00", b"a\x00b", b"\x89PNG\r\n"])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(DataError) as caught:
        decode(data, "`a.txt`")
    assert message(caught) == "RNN002: `a.txt` is not a text file in UTF-8"


def test_a_file_is_replaced_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_atomic(path, "αβ\n")
    assert path.read_bytes() == "αβ\n".encode()
    path.chmod(0o640)
    write_atomic(path, b"\0\1")
    assert path.read_bytes() == b"\0\1"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a", "")
    (tmp_path / "b").write_text("")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    write_atomic(tmp_path / "b", "new")
    assert (tmp_path / "b").is_symlink()
    assert (tmp_path / "a").read_text() == "new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_atomic(pipe, "x")
    assert os.read(reader, 9) == b"x"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_nothing_is_left_of_a_write_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail(source: str, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(DataError) as caught:
        write_atomic(path, "new")
    assert message(caught) == f"RNN003: cannot write `{path}`: no space left on device"
    assert os.listdir(tmp_path) == ["a.txt"]
    assert path.read_text() == "old"


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        require_writable(tmp_path)
    assert message(caught) == f"RNN003: cannot write `{tmp_path}`: it is a folder"
    inside = tmp_path / "missing" / "a"
    with pytest.raises(DataError) as caught:
        write_atomic(inside, "")
    assert message(caught) == f"RNN003: cannot write `{inside}`: there is no such folder"
    with pytest.raises(DataError) as caught:
        require_writable("a\0b")
    assert message(caught) == "RNN003: cannot write `a\0b`: it is no name of a file"


@pytest.mark.skipif(ROOT_IS_ALLOWED, reason="permissions do not bind this user")
def test_a_protected_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    path.chmod(0o400)
    with pytest.raises(DataError) as caught:
        write_atomic(path, "new")
    assert message(caught) == f"RNN003: cannot write `{path}`: permission denied"


def test_what_is_read_is_not_written_over(tmp_path: Path) -> None:
    spec = tmp_path / "a.rnn"
    spec.write_text("")
    (tmp_path / "link").symlink_to(spec)
    for name in (spec, tmp_path / "link", tmp_path / "." / "a.rnn"):
        with pytest.raises(DataError) as caught:
            require_writable(name, [str(spec)])
        assert message(caught) == f"RNN004: `{name}` is read here; write to another file"
    assert require_writable(tmp_path / "b", [str(spec), "-"]) == tmp_path / "b"
    assert sorted(os.listdir(tmp_path)) == ["a.rnn", "link"]


def test_what_is_written_is_on_the_disk_before_the_old_file_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(files.os, "fsync", lambda number: sizes.append(os.fstat(number).st_size))
    replace = os.replace

    def last(source: str, target: Path) -> None:
        assert sizes == [3]
        replace(source, target)

    monkeypatch.setattr(files.os, "replace", last)
    write_atomic(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "new"

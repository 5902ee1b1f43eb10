"""The loss curve of a training run as a picture.

SVG is written here and needs nothing; PNG and PDF need matplotlib (the extra `plot`).
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from rnndsl.runtime.history import History, binned
from rnndsl.text.diagnostics import DataError
from rnndsl.text.files import write_atomic

FORMATS = (".svg", ".png", ".pdf")
WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 40, 48
TRAINING, VALIDATION = "#1f77b4", "#d62728"

_HEAD = (
    f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
    f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">'
)

Points = Sequence[tuple[float, float]]


def save_curve(path: str | os.PathLike[str], history: History, title: str) -> None:
    """Write the curve in the format of the file's suffix; DataError RNN003, RNN007 or RNN008."""
    require_format(path)
    if Path(path).suffix == ".svg":
        write_atomic(path, curve_svg(history, title))
    else:
        write_atomic(path, _with_matplotlib(history, title, Path(path).suffix[1:]))


def require_format(path: str | os.PathLike[str]) -> None:
    """DataError RNN008 for a suffix that is no picture's, RNN007 where matplotlib is missing."""
    suffix = Path(path).suffix
    if suffix not in FORMATS:
        raise DataError(
            f"`{os.fspath(path)}` names no picture: it must end in {', '.join(FORMATS)}", "RNN008"
        )
    if suffix != ".svg":
        try:
            import matplotlib  # noqa: F401
        except ImportError:
            raise DataError(
                f"a curve as {suffix} needs matplotlib: `pip install 'rnndsl[plot]'`; "
                ".svg needs nothing",
                "RNN007",
            ) from None


def curve_svg(history: History, title: str) -> str:
    """The curve as SVG: training losses averaged over neighbouring steps, validation as dots."""
    training = [point for point in binned(history.losses, 200) if math.isfinite(point[1])]
    validation = [(float(step), loss) for step, loss in history.validation]
    plot = _Plot(training + validation)
    lines = [
        _HEAD,
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(WIDTH / 2, 24, title, 'text-anchor="middle" font-size="14"'),
        *plot.axes(),
        plot.line(training, TRAINING),
        *(plot.dots(training, TRAINING) if len(training) == 1 else ()),
    ]
    if validation:
        lines += [plot.line(validation, VALIDATION), *plot.dots(validation, VALIDATION)]
    lines += _legend(bool(validation))
    return "\n".join([*lines, "</svg>", ""])


class _Plot:
    """Scales for points, and what is drawn with them."""

    def __init__(self, points: Points) -> None:
        steps = [step for step, _ in points] or [0.0]
        losses = [loss for _, loss in points] or [0.0]
        self.steps = _ticks(0.0, max(*steps, 5.0))
        self.losses = _ticks(min(losses), max(losses))

    def x(self, step: float) -> float:
        """The column of a step."""
        low, high = self.steps[0], self.steps[-1]
        return LEFT + (WIDTH - LEFT - RIGHT) * (step - low) / (high - low)

    def y(self, loss: float) -> float:
        """The row of a loss."""
        low, high = self.losses[0], self.losses[-1]
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (loss - low) / (high - low)

    def axes(self) -> list[str]:
        """Grid, numbers and what the axes mean."""
        lines = []
        for step in self.steps:
            lines.append(_rule(self.x(step), TOP, self.x(step), HEIGHT - BOTTOM))
            where = (self.x(step), HEIGHT - BOTTOM + 16)
            lines.append(_text(*where, f"{step:g}", 'text-anchor="middle"'))
        for loss in self.losses:
            lines.append(_rule(LEFT, self.y(loss), WIDTH - RIGHT, self.y(loss)))
            lines.append(_text(LEFT - 6, self.y(loss) + 4, f"{loss:g}", 'text-anchor="end"'))
        middle = HEIGHT / 2
        turned = f'text-anchor="middle" transform="rotate(-90 16 {middle:g})"'
        lines.append(_text(WIDTH / 2, HEIGHT - 10, "step", 'text-anchor="middle"'))
        lines.append(_text(16, middle, "loss", turned))
        return lines

    def line(self, points: Points, colour: str) -> str:
        """A line through the points."""
        places = " ".join(f"{self.x(step):.1f},{self.y(loss):.1f}" for step, loss in points)
        return f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="1.5"/>'

    def dots(self, points: Points, colour: str) -> list[str]:
        """A dot at every point."""
        return [
            f'<circle cx="{self.x(step):.1f}" cy="{self.y(loss):.1f}" r="3" fill="{colour}"/>'
            for step, loss in points
        ]


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers from at most `low` to at least `high`, 1, 2 or 5 times a power of 10 apart."""
    spread = high - low if high > low else max(abs(high), 1.0)
    power = 10.0 ** math.floor(math.log10(spread / 5))
    step = next(power * factor for factor in (1, 2, 5, 10) if spread / (power * factor) <= 6)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(number * step, 12) for number in range(first, max(last, first + 1) + 1)]


def _legend(has_validation: bool) -> list[str]:
    entries = [("training", TRAINING), ("validation", VALIDATION)][: 2 if has_validation else 1]
    lines = []
    for row, (word, colour) in enumerate(entries):
        y = TOP + 16 + 18 * row
        x = WIDTH - RIGHT - 110
        lines.append(f'<rect x="{x}" y="{y - 6}" width="22" height="3" fill="{colour}"/>')
        lines.append(_text(x + 30, y, word, ""))
    return lines


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#dddddd"/>'


def _text(x: float, y: float, text: str, attributes: str) -> str:
    clean = "".join(char if char.isprintable() else " " for char in text)
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(clean)}</text>'


def _with_matplotlib(history: History, title: str, kind: str) -> bytes:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=150, layout="constrained")
    axes = figure.subplots()
    points = binned(history.losses, 200)
    axes.plot(*zip(*points, strict=True), color=TRAINING, label="training")
    if history.validation:
        axes.plot(
            *zip(*history.validation, strict=True), "o-", color=VALIDATION, label="validation"
        )
    axes.set_title(title, parse_math=False)
    axes.set_xlabel("step")
    axes.set_ylabel("loss")
    axes.grid(alpha=0.3)
    axes.legend()
    picture = io.BytesIO()
    figure.savefig(picture, format=kind)
    return picture.getvalue()

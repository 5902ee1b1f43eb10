"""Progress of training on standard error: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from rnndsl.cli.show import note

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from rnndsl.runtime.steps import Progress

LINES = 20


class ProgressView:
    """Shows what training reports; used as a context, so that the bar is taken down again."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._said = 0.0
        self._bar = None if quiet or not sys.stderr.isatty() else _bar()
        self._task: TaskID | None = None

    def __enter__(self) -> ProgressView:
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task("training", total=1.0, figures="")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, progress: Progress) -> None:
        """Take notice of a step."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=progress.fraction, figures=_figures(progress))
        elif not self._quiet:
            due = progress.fraction * LINES >= self._said + 1 or progress.fraction >= 1
            if due or progress.step == 1:
                self._said = progress.fraction * LINES // 1
                note(f"step {progress.step}, epoch {progress.epoch}: {_figures(progress)}")


def _bar() -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    return Bar(
        TextColumn("training"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[figures]}", markup=False),
        console=Console(stderr=True),
    )


def _figures(progress: Progress) -> str:
    """`loss 1.83, validation 1.97, 31,200 characters/s`."""
    history = progress.history
    parts = [f"loss {history.recent():.3f}"]
    if history.validation:
        parts.append(f"validation {history.validation[-1][1]:.3f}")
    return ", ".join([*parts, f"{history.speed:,.0f} {history.unit}/s"])

"""What the examples share: their arguments, a progress bar, a clock. It trains nothing."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rnndsl.runtime.steps import Progress

HERE = Path(__file__).resolve().parent


def arguments(argv: Sequence[str] | None, about: str | None) -> argparse.Namespace:
    """`steps`: an end after so many updates, or None; `folder`: where the figure goes."""
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, help="end after so many updates: a quick look")
    parser.add_argument("--folder", type=Path, default=HERE, help="where the figure goes")
    return parser.parse_args(argv)


class Clock:
    """The time since it was made: on the wall, and of the processors.

    Processes that were started meanwhile count once they have ended.
    """

    def __init__(self) -> None:
        self._wall, self._busy = time.perf_counter(), _busy()

    def __str__(self) -> str:
        wall, busy = time.perf_counter() - self._wall, _busy() - self._busy
        return f"{busy:.0f} s of processor time, {wall:.0f} s on the clock"


def _busy() -> float:
    return sum(os.times()[:4])


class Tell(Protocol):
    """Takes notice of a step: the share of the work that is done, and a word about it."""

    def __call__(self, fraction: float, figures: str) -> None: ...


@contextmanager
def bar(what: str) -> Iterator[Tell]:
    """A progress bar on standard error for one training."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<12}"), BarColumn(), TimeElapsedColumn())
    figures = TextColumn("{task.fields[figures]}")
    with Progress(*columns, figures, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=1.0, figures="")

        def tell(fraction: float, figures: str) -> None:
            progress.update(task, completed=fraction, figures=figures)

        yield tell


class Watch:
    """Shows a training on a bar, and ends it: after `steps`, or held out below `good`.

    `rnndsl.train` takes it as `report`, and its method `over` as `stop`.
    """

    def __init__(self, tell: Tell, steps: int | None, good: float = 0.0) -> None:
        self._tell, self._steps, self._good = tell, steps, good
        self._done, self._held_out = 0, float("inf")

    def __call__(self, progress: Progress) -> None:
        """Take notice of a step."""
        history = progress.history
        figures = f"loss {history.recent():.4f}"
        if history.validation:
            self._held_out = history.validation[-1][1]
            figures += f", held out {self._held_out:.4f}"
        self._tell(progress.fraction, figures)

    def over(self) -> bool:
        """Whether enough is done; asked once after every step."""
        self._done += 1
        return self._held_out < self._good or self._done == self._steps

"""What a training run leaves behind in numbers: losses by step, validation losses, speed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class History:
    """Losses by position (character) where the spec sums over positions, else as the spec says.

    `losses[i]` belongs to step i + 1; `validation` holds (steps done, loss), `metrics` what else
    was found at the same times. `seen` counts the characters or the examples (`unit`) trained on
    in `seconds`, since the run was taken up.
    """

    losses: list[float] = field(default_factory=list)
    validation: list[tuple[int, float]] = field(default_factory=list)
    metrics: list[dict[str, float]] = field(default_factory=list)
    seen: int = 0
    seconds: float = 0.0
    unit: str = "characters"

    @property
    def steps(self) -> int:
        """Updates done."""
        return len(self.losses)

    @property
    def speed(self) -> float:
        """Characters or examples a second, validation included."""
        return self.seen / self.seconds if self.seconds > 0 else 0.0

    def recent(self, count: int = 50) -> float:
        """The mean loss of the last steps; NaN before the first."""
        last = self.losses[-count:]
        return sum(last) / len(last) if last else float("nan")


def binned(values: Sequence[float], most: int) -> list[tuple[float, float]]:
    """At most so many (step, mean) points: neighbours averaged, the step the middle of its bin."""
    width = max(1, -(-len(values) // most))
    points = []
    for start in range(0, len(values), width):
        part = values[start : start + width]
        points.append((start + (len(part) + 1) / 2, sum(part) / len(part)))
    return points

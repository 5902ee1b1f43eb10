"""Options of `rnndsl train`, with the names and defaults of `rnndsl.runtime.settings.Settings`."""

from __future__ import annotations

import math
from typing import Any

import click

POSITIVE = click.FloatRange(0, math.inf, min_open=True, max_open=True)
SHARE = click.FloatRange(0, 1, max_open=True)
COUNT = click.IntRange(1)
TRAINING_OPTIONS = (
    click.option("--epochs", type=COUNT, default=10, show_default=True, help="At most so many."),
    click.option("--seconds", type=POSITIVE, help="End after so long."),
    click.option(
        "--batch", type=COUNT, default=32, show_default=True, help="Examples; streams of a text."
    ),
    click.option(
        "--window", type=COUNT, default=64, show_default=True, help="Characters of a text."
    ),
    click.option(
        "--optimiser",
        "--optimizer",
        type=click.Choice(["adam", "rmsprop", "sgd"]),
        default="adam",
        show_default=True,
    ),
    click.option("--rate", type=POSITIVE, help="Default: 0.002, for sgd 0.01."),
    click.option("--momentum", type=SHARE, default=0.0, show_default=True, help="For sgd."),
    click.option("--clip-norm", type=POSITIVE, help="Instead of the spec's clip."),
    click.option("--clip-value", type=POSITIVE, help="Instead of the spec's clip."),
    click.option(
        "--validation",
        type=SHARE,
        default=0.1,
        show_default=True,
        help="The share of the examples, or of the text at its end, that is only scored.",
    ),
    click.option(
        "--mode",
        type=click.Choice(["teacher", "free", "scheduled"]),
        default="teacher",
        show_default=True,
        help="What `teach` reads.",
    ),
    click.option(
        "--forcing",
        type=click.FloatRange(0, 1),
        default=1.0,
        show_default=True,
        help="With scheduled: how often the teacher.",
    ),
    click.option(
        "--schedule",
        type=click.Choice(["constant", "step", "exponential", "cosine"]),
        default="constant",
        show_default=True,
        help="How the rate changes.",
    ),
    click.option("--warmup", type=click.IntRange(0), default=0, help="Steps of a rising rate."),
    click.option(
        "--decay",
        type=click.FloatRange(0, 1, min_open=True),
        default=0.5,
        show_default=True,
        help="What step and exponential multiply the rate with.",
    ),
    click.option("--decay-every", type=COUNT, default=1, show_default=True, help="Epochs."),
    click.option("--patience", type=COUNT, help="End after so many epochs without a better score."),
    click.option("--log", metavar="FILE", help="JSON lines, one a step."),
    click.option("--checkpoint-every", type=COUNT, metavar="STEPS", help="Besides every epoch."),
    click.option("--resume", is_flag=True, help="Go on from the weights file, if it is there."),
)


def training_options(command: Any) -> Any:
    """How to train."""
    for option in reversed(TRAINING_OPTIONS):
        command = option(command)
    return command

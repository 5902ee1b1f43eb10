"""`rnndsl train`: a character model from a text."""

from __future__ import annotations

import math
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from rnndsl.cli.main import INTERRUPTED
from rnndsl.cli.options import (
    dtype_option,
    memory_option,
    optimize_option,
    seed_option,
    size_option,
    sizes_of,
    spec_argument,
    target_option,
    threads_option,
    use_threads,
)

if TYPE_CHECKING:
    from pathlib import Path

    from rnndsl.runtime.training import Trained

POSITIVE = click.FloatRange(0, math.inf, min_open=True, max_open=True)
SHARE = click.FloatRange(0, 1, max_open=True)
COUNT = click.IntRange(1)
TRAINING_OPTIONS = (
    click.option("--epochs", type=COUNT, default=10, show_default=True, help="At most so many."),
    click.option("--seconds", type=POSITIVE, help="End after so long."),
    click.option("--batch", type=COUNT, default=32, show_default=True, help="Streams."),
    click.option("--window", type=COUNT, default=64, show_default=True, help="Characters."),
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
        help="The share of the text, at its end, that is only scored.",
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
)


def _training_options(command: Any) -> Any:
    """How to train, with the names and defaults of `rnndsl.runtime.training.Settings`."""
    for option in reversed(TRAINING_OPTIONS):
        command = option(command)
    return command


@click.command("train", short_help="Train a character model on a text.")
@spec_argument
@click.option("--text", required=True, metavar="FILE", help="The text; `-` reads standard input.")
@click.option("-o", "--output", metavar="FILE", help="Default: NAME.safetensors.")
@click.option("--curve", metavar="FILE", help="Loss curve. Default: beside the weights, as .svg.")
@_training_options
@target_option
@optimize_option
@dtype_option
@size_option
@seed_option
@memory_option
@threads_option
@click.option("--quiet", is_flag=True, help="No progress.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    spec: str,
    text: str,
    output: str | None,
    curve: str | None,
    quiet: bool,
    threads: int | None,
    **options: Any,
) -> None:
    """Train a character model on a text: windows with carried state, a validation split."""
    if spec == text == "-":
        raise click.UsageError("standard input can be the spec or the text, not both")
    if "-" in (output, curve):
        raise click.UsageError("weights and curve go to files, not to standard output")
    use_threads(threads)
    trained = _train(spec, text, output, curve, quiet, options)
    if trained.stopped:
        ctx.exit(INTERRUPTED)


def _train(
    spec: str,
    text: str,
    output: str | None,
    curve: str | None,
    quiet: bool,
    options: dict[str, Any],
) -> Trained:
    """Read, compile, train, write; nothing is trained that could not be written afterwards."""
    from rnndsl.cli.progress import ProgressView
    from rnndsl.cli.reading import read_model, read_text_file
    from rnndsl.runtime.checkpoint import save
    from rnndsl.runtime.compile import compile_model
    from rnndsl.runtime.curve import save_curve
    from rnndsl.runtime.text_data import Text
    from rnndsl.runtime.text_model import text_roles
    from rnndsl.runtime.training import train

    model = read_model(spec)
    roles = text_roles(model)
    weights, picture = _places(output or f"{model.name}.safetensors", curve, [spec, text])
    limit = options.pop("max_memory")
    data = Text(read_text_file(text, limit))
    sizes: dict[str, Any] = roles.sizes(len(data.alphabet), sizes_of(options.pop("sizes")))
    kind: dict[str, Any] = {name: options.pop(name) for name in ("target", "optimize", "dtype")}
    program = compile_model(model, **kind, **sizes)
    with _interruption() as interrupted, ProgressView(quiet) as view:
        trained = train(
            program,
            data,
            report=view,
            save=lambda params: save(weights, program, params, data.alphabet),
            stop=interrupted,
            max_memory=limit,
            **options,
        )
    save_curve(picture, trained.history, model.title or model.name)
    _summary(trained, weights, picture)
    return trained


def _places(output: str, curve: str | None, inputs: list[str]) -> tuple[Path, Path]:
    """Where weights and curve go; DataError where they cannot be written."""
    from rnndsl.runtime.curve import require_format
    from rnndsl.text.files import require_writable

    weights = require_writable(output, inputs)
    picture = require_writable(curve or f"{weights.with_suffix('')}-loss.svg", inputs)
    require_format(picture)
    return weights, picture


def _summary(trained: Trained, weights: Path, picture: Path) -> None:
    from rnndsl.cli.show import note, say

    history = trained.history
    if trained.stopped:
        note(f"interrupted after step {history.steps}; the weights are kept")
    losses = f"loss {history.recent():.3f}"
    if history.validation:
        losses += f", validation {history.validation[-1][1]:.3f}"
    say(f"{losses} after {history.steps} steps, {history.speed:,.0f} characters/s")
    say(f"weights: {weights}")
    say(f"curve: {picture}")


@contextmanager
def _interruption() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C came: the first ends training after its step, a second one at once."""
    came = False

    def note_it(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note_it)
    try:
        yield lambda: came
    finally:
        signal.signal(signal.SIGINT, before)

"""`rnndsl generate`: text from a trained character model."""

from __future__ import annotations

import math
import sys

import click

from rnndsl.cli.options import memory_option, seed_option, use_threads


@click.command("generate")
@click.argument("checkpoint", metavar="CHECKPOINT")
@click.option("--prompt", default="", metavar="TEXT", help="What the text starts with.")
@click.option(
    "--length",
    type=click.IntRange(0),
    default=500,
    show_default=True,
    help="Characters after the prompt.",
)
@click.option(
    "--temperature",
    type=click.FloatRange(0, math.inf, min_open=True, max_open=True),
    default=1.0,
    show_default=True,
    help="Below 1 more likely text, above 1 more varied.",
)
@click.option("--greedy", is_flag=True, help="Take the most likely character every time.")
@seed_option
@memory_option
def command(
    checkpoint: str,
    prompt: str,
    length: int,
    temperature: float,
    greedy: bool,
    seed: int,
    max_memory: int | None,
) -> None:
    """Let a trained character model run freely."""
    use_threads(None)
    from rnndsl.cli.reading import read_checkpoint
    from rnndsl.runtime.generate import characters
    from rnndsl.text.diagnostics import DataError

    program, params, alphabet = read_checkpoint(checkpoint, max_memory)
    if alphabet is None:
        raise DataError(f"`{checkpoint}` was not trained on a text: it has no alphabet", "RNN439")
    drawn = characters(
        program,
        params,
        alphabet,
        prompt=prompt,
        length=length,
        temperature=temperature,
        greedy=greedy,
        seed=seed,
    )
    shown = _visible if sys.stdout.isatty() else str
    sys.stdout.write(shown(prompt))
    for character in drawn:
        sys.stdout.write(shown(character))
        sys.stdout.flush()
    sys.stdout.write("\n")


def _visible(text: str) -> str:
    """Text for a terminal: what a model has learned of control characters must not steer it."""
    from rnndsl.cli.show import printable

    return printable(text)

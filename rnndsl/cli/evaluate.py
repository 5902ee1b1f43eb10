"""`rnndsl evaluate`: the loss and the metrics of a trained model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rnndsl.cli.options import json_option, memory_option, mode_option, use_threads

if TYPE_CHECKING:
    from rnndsl.runtime.checkpoint import Checkpoint
    from rnndsl.runtime.evaluate import Score
    from rnndsl.runtime.feed import Feed
    from rnndsl.runtime.program import Program

COUNT = click.IntRange(1)


@click.command("evaluate", short_help="Score a trained model on data.")
@click.argument("checkpoint", metavar="CHECKPOINT")
@click.option("--data", metavar="FILE.npz", help="Arrays by name, and `lengths_t` or `v_children`.")
@click.option("--text", metavar="FILE", help="A text; `-` reads standard input.")
@mode_option
@click.option("--batch", type=COUNT, default=32, show_default=True, help="Examples, or streams.")
@click.option("--window", type=COUNT, default=64, show_default=True, help="Characters of a text.")
@memory_option
@json_option
def command(
    checkpoint: str,
    data: str | None,
    text: str | None,
    mode: str,
    batch: int,
    window: int,
    max_memory: int | None,
    as_json: bool,
) -> None:
    """Score a trained model on arrays or on a text: its loss, and where that is a cross-entropy
    the accuracy, the perplexity and, of a text, the bits a character.

    A text is read in streams side by side, their state carried from window to window; with
    `--batch 1` it is one.
    """
    if (data is None) == (text is None):
        raise click.UsageError("give either --data or --text")
    use_threads(None)
    from rnndsl.cli.reading import read_checkpoint
    from rnndsl.cli.show import say_json
    from rnndsl.runtime.evaluate import evaluate

    found = read_checkpoint(checkpoint, max_memory)
    feed = _text_feed(found, text, batch, window, max_memory) if text else None
    feed = feed or data_feed(found.program, str(data), batch, max_memory)
    score = evaluate(found.program, found.params, feed, mode)
    if as_json:
        say_json(_data(score))
    else:
        _show(score)


def data_feed(program: Program, path: str, batch: int, limit: int | None) -> Feed:
    """Every example of an .npz file once; DataError where it does not fit model or memory."""
    from rnndsl.runtime.array_data import Examples, read_npz
    from rnndsl.runtime.evaluate import array_feed
    from rnndsl.runtime.memory import require
    from rnndsl.runtime.memory_model import value_bytes

    model = program.model
    examples = Examples(model, read_npz(path, limit))
    sizes = {**examples.sizes(), **program.sizes}
    needed = value_bytes(model, sizes, examples.extents(), min(batch, examples.count))
    require(needed, limit, f"the values of {min(batch, examples.count)} examples")
    return array_feed(model, examples, batch)


def _text_feed(found: Checkpoint, path: str, batch: int, window: int, limit: int | None) -> Feed:
    """A text in windows; DataError where the model knows no text, or not these characters."""
    from rnndsl.cli.reading import read_text_file
    from rnndsl.runtime.feed import TextFeed
    from rnndsl.runtime.text_data import Windows
    from rnndsl.runtime.text_model import text_roles
    from rnndsl.text.diagnostics import DataError

    if found.alphabet is None:
        raise DataError("this model was not trained on a text: it has no alphabet", "RNN439")
    model = found.program.model
    tokens = found.alphabet.encode(read_text_file(path, limit))
    return TextFeed(model, text_roles(model), Windows(tokens, batch, window))


def _show(score: Score) -> None:
    from rnndsl.cli.show import say

    a_character = " a character" if score.unit == "characters" else ""
    say(f"loss {score.loss:.4f} over {score.count:,} {score.unit}")
    if score.cross_entropy is not None and score.accuracy is not None:
        say(f"accuracy {score.accuracy:.2%} of {score.tokens:,} tokens")
        say(f"cross-entropy {score.cross_entropy:.4f} nats{a_character or ' a token'}")
        say(f"perplexity {score.perplexity:.4g}")
        say(f"{score.bits:.4f} bits{a_character or ' a token'}")


def _data(score: Score) -> dict[str, Any]:
    """The same for a program; null stands for what there is not, or is not finite."""
    from math import isfinite

    found = {**vars(score), "perplexity": score.perplexity, "bits": score.bits}
    return {
        key: None if isinstance(item, float) and not isfinite(item) else item
        for key, item in found.items()
    }

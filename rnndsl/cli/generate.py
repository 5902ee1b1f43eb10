"""`rnndsl generate`: text from a trained character model, tokens from any other."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from rnndsl.cli.options import json_option, memory_option, seed_option, use_threads

if TYPE_CHECKING:
    from rnndsl.runtime.checkpoint import Checkpoint
    from rnndsl.runtime.generate_batch import Generated

COUNT = click.IntRange(1)
ABOVE_0 = click.FloatRange(0, math.inf, min_open=True, max_open=True)


@click.command("generate", short_help="Let a trained model run freely.")
@click.argument("checkpoint", metavar="CHECKPOINT")
@click.option("--data", metavar="FILE.npz", help="What a model is given besides its tokens.")
@click.option("--prompt", default="", metavar="TEXT|TOKENS", help="What stands first.")
@click.option(
    "--length",
    type=click.IntRange(0),
    help="Tokens after the prompt at most; of a text 500, with data as many as they have room for.",
)
@click.option("--end", metavar="CHARACTER|TOKEN", help="What ends a sequence.")
@click.option(
    "--temperature",
    type=ABOVE_0,
    default=1.0,
    show_default=True,
    help="Below 1 more likely tokens, above 1 more varied.",
)
@click.option("--top-k", type=COUNT, help="Draw from so many most likely tokens.")
@click.option("--greedy", is_flag=True, help="Take the most likely token every time.")
@click.option("--beam", type=COUNT, help="Keep so many sequences, and take the best at the end.")
@click.option("--batch", type=COUNT, default=32, show_default=True, help="Examples at a time.")
@seed_option
@memory_option
@json_option
def command(
    checkpoint: str,
    data: str | None,
    prompt: str,
    length: int | None,
    batch: int,
    max_memory: int | None,
    as_json: bool,
    **choice: Any,
) -> None:
    """Let a trained model run freely: each token that it chooses is fed to it again.

    A model of a text writes. Any other gives tokens, a line an example.
    """
    use_threads(None)
    from rnndsl.cli.reading import read_checkpoint

    found = read_checkpoint(checkpoint, max_memory)
    if found.alphabet is None:
        _tokens(found, data, prompt, length, batch, max_memory, as_json, choice)
        return
    if data is not None:
        raise click.UsageError("a model of a text takes no --data")
    _text(found, {"prompt": prompt, "length": length, **choice}, as_json)


def _text(found: Checkpoint, options: dict[str, Any], as_json: bool) -> None:
    """The prompt and what follows, each character as soon as it is drawn."""
    from rnndsl.cli.show import say_json
    from rnndsl.runtime.generate import characters, write

    assert found.alphabet is not None
    if as_json:
        written = write(found.program, found.params, found.alphabet, **options)
        data = {"tokens": list(written.tokens), "score": written.score}
        say_json({"prompt": options["prompt"], "text": written.text, **data})
        return
    drawn = characters(found.program, found.params, found.alphabet, **options)
    shown = _visible if sys.stdout.isatty() else str
    sys.stdout.write(shown(options["prompt"]))
    for character in drawn:
        sys.stdout.write(shown(character))
        sys.stdout.flush()
    sys.stdout.write("\n")


def _tokens(
    found: Checkpoint,
    path: str | None,
    prompt: str,
    length: int | None,
    batch: int,
    limit: int | None,
    as_json: bool,
    choice: dict[str, Any],
) -> None:
    """The tokens of every example, the prompt in front."""
    from rnndsl.cli.show import say, say_json
    from rnndsl.runtime.generate import make_settings
    from rnndsl.runtime.generate_batch import generate_batch

    given = _numbers("the prompt", prompt)
    end = None if choice["end"] is None else _numbers("`--end`", choice["end"])
    if end is not None and len(end) != 1:
        raise click.UsageError("`--end` is one token")
    settings = make_settings(**{**choice, "end": end and end[0]})
    examples = []
    for first, data in _batches(found, path, batch, settings.beam or 1, length or 0, limit):
        made = generate_batch(found.program, found.params, settings, given, length, data, first)
        examples += list(_rows(made))
        if not as_json:
            for row in _rows(made):
                say(" ".join(map(str, row["tokens"])))
    if as_json:
        say_json({"examples": examples})


def _rows(made: Generated) -> Iterator[dict[str, Any]]:
    for tokens, length, score in zip(made.tokens, made.lengths, made.scores, strict=True):
        yield {"tokens": [int(token) for token in tokens[:length]], "score": float(score)}


def _batches(
    found: Checkpoint, path: str | None, batch: int, beam: int, length: int, limit: int | None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Some examples at a time, with the number of the first; one without data.

    DataError RNN501 where their beams do not fit in memory, over so many tokens.
    """
    if path is None:
        yield 0, {}
        return
    import numpy as np

    from rnndsl.runtime.array_data import Examples, read_npz
    from rnndsl.runtime.generate_batch import conditions
    from rnndsl.runtime.generate_task import find_task
    from rnndsl.runtime.memory import require
    from rnndsl.runtime.memory_model import value_bytes

    program, arrays = found.program, read_npz(path, limit)
    model = program.model
    task = find_task(model, arrays.keys())
    examples = Examples(model, conditions(task, arrays))
    extents, rows = examples.extents(), min(batch, examples.count) * beam
    if not task.is_stepwise:
        extents[task.axis] = max(extents[task.axis], length)
    needed = value_bytes(model, {**examples.sizes(), **program.sizes}, extents, rows)
    require(needed, limit, f"the values of {rows} sequences")
    for first in range(0, examples.count, batch):
        chosen = np.arange(first, min(first + batch, examples.count))
        yield first, examples.take(chosen)[0]


def _numbers(what: str, text: str) -> list[int]:
    """`3 1 4` as numbers; DataError where it is none."""
    from rnndsl.text.diagnostics import DataError

    words = re.split(r"[\s,]+", text.strip()) if text.strip() else []
    if not all(re.fullmatch(r"\d{1,18}", word, re.ASCII) for word in words):
        raise DataError(
            f"{what} is {text!r}; this model knows no characters, only tokens: `3 1 4`", "RNN439"
        )
    return [int(word) for word in words]


def _visible(text: str) -> str:
    """Text for a terminal: what a model has learned of control characters must not steer it."""
    from rnndsl.cli.show import printable

    return printable(text)

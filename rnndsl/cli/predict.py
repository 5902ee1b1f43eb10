"""`rnndsl predict`: the outputs of a trained model."""

from __future__ import annotations

import click

from rnndsl.cli.options import memory_option, mode_option, use_threads


@click.command("predict", short_help="What a trained model puts out for data.")
@click.argument("checkpoint", metavar="CHECKPOINT")
@click.option("--data", required=True, metavar="FILE.npz", help="Arrays by name.")
@click.option("-o", "--output", required=True, metavar="OUT.npz", help="`-`: standard output.")
@mode_option
@click.option(
    "--batch", type=click.IntRange(1), default=32, show_default=True, help="Examples at a time."
)
@memory_option
def command(
    checkpoint: str, data: str, output: str, mode: str, batch: int, max_memory: int | None
) -> None:
    """Run a trained model on arrays and write its outputs, one array a name: (T, B, …), padded
    with 0, or (B, …); along two axes (T, S, B, …), over trees (nodes, …).

    Where the spec teaches, `--mode free` needs no targets.
    """
    use_threads(None)
    import io

    import numpy as np

    from rnndsl.cli.evaluate import data_feed
    from rnndsl.cli.reading import read_checkpoint
    from rnndsl.cli.show import say
    from rnndsl.cli.writing import write_result
    from rnndsl.runtime.evaluate import predict
    from rnndsl.text.files import require_writable

    if output != "-":
        require_writable(output, [checkpoint, data])
    found = read_checkpoint(checkpoint, max_memory)
    feed = data_feed(found.program, data, batch, max_memory)
    outputs = predict(found.program, found.params, feed, mode)
    file = io.BytesIO()
    np.savez(file, **outputs)  # type: ignore[arg-type]
    write_result(output, file.getvalue())
    if output != "-":
        shapes = ", ".join(f"{name} {value.shape}" for name, value in outputs.items())
        say(f"{output}: {shapes}")

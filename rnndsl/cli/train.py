"""`rnndsl train`: any model from arrays, a character model from a text."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
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
from rnndsl.cli.train_options import training_options

if TYPE_CHECKING:
    from pathlib import Path

    from rnndsl.model.model import Model
    from rnndsl.runtime.material import Data
    from rnndsl.runtime.program import Program
    from rnndsl.runtime.steps import Trained


@click.command("train", short_help="Train a model on arrays or on a text.")
@spec_argument
@click.option("--data", metavar="FILE.npz", help="Arrays by name, and `lengths_t` or `v_children`.")
@click.option("--text", metavar="FILE", help="A text; `-` reads standard input.")
@click.option("--validation-data", metavar="FILE", help="What to score, instead of a share.")
@click.option("-o", "--output", metavar="FILE", help="Default: NAME.safetensors.")
@click.option("--curve", metavar="FILE", help="Loss curve. Default: beside the weights, as .svg.")
@training_options
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
    data: str | None,
    text: str | None,
    validation_data: str | None,
    output: str | None,
    curve: str | None,
    quiet: bool,
    threads: int | None,
    **options: Any,
) -> None:
    """Train a model: mini-batches of the examples in a `.npz` file, or windows of a text."""
    source = data or text
    if source is None or (data and text):
        raise click.UsageError("say what to train on: `--data FILE.npz` or `--text FILE`")
    if [spec, source, validation_data].count("-") > 1:
        raise click.UsageError("standard input can be read once, not twice")
    if data and "-" in (data, validation_data):
        raise click.UsageError("arrays come from a file, not from standard input")
    if "-" in (output, curve):
        raise click.UsageError("weights and curve go to files, not to standard output")
    use_threads(threads)
    sources = _Sources(spec, source, validation_data, is_text=text is not None)
    trained = _train(sources, output, curve, quiet, options)
    if trained.stopped:
        ctx.exit(INTERRUPTED)


@dataclass(frozen=True)
class _Sources:
    """The files that a run reads."""

    spec: str
    data: str
    validation: str | None
    is_text: bool

    def read(self, limit: int | None) -> tuple[Data, Data | None]:
        """What to train on and what to score; DataError where a file is not what it should be."""
        from rnndsl.cli.reading import read_text_file
        from rnndsl.runtime.array_data import read_npz
        from rnndsl.runtime.text_data import Text

        def read(path: str) -> Data:
            return Text(read_text_file(path, limit)) if self.is_text else read_npz(path, limit)

        return read(self.data), None if self.validation is None else read(self.validation)

    @property
    def names(self) -> list[str]:
        """All of them."""
        return [name for name in (self.spec, self.data, self.validation) if name is not None]


def _train(
    sources: _Sources, output: str | None, curve: str | None, quiet: bool, options: dict[str, Any]
) -> Trained:
    """Read, compile, train, write; nothing is trained that could not be written afterwards."""
    from rnndsl.cli.progress import ProgressView
    from rnndsl.cli.reading import read_model
    from rnndsl.cli.show import note
    from rnndsl.runtime.curve import save_curve
    from rnndsl.runtime.training import train
    from rnndsl.text.files import require_writable

    model = read_model(sources.spec)
    weights, picture = _places(output or f"{model.name}.safetensors", curve, sources.names)
    if options["log"] is not None:
        require_writable(options["log"], [*sources.names, str(weights)])
    data, validation = sources.read(options["max_memory"])
    program = _compile(model, data, options)
    resume = options.pop("resume")
    if resume and not weights.exists():
        note(f"`{weights}` is not there yet: training starts anew")
    with _interruption() as interrupted, ProgressView(quiet) as view:
        trained = train(
            program,
            data,
            validation_data=validation,
            report=view,
            checkpoint=weights,
            resume=resume,
            stop=interrupted,
            **options,
        )
    save_curve(picture, trained.history, model.title or model.name)
    _summary(trained, weights, picture)
    return trained


def _compile(model: Model, data: Data, options: dict[str, Any]) -> Program:
    """The program for the sizes given and those that the data say; takes its options out."""
    from rnndsl.runtime.array_data import Examples
    from rnndsl.runtime.compile import compile_model
    from rnndsl.runtime.text_data import Text
    from rnndsl.runtime.text_model import text_roles

    sizes: dict[str, Any] = sizes_of(options.pop("sizes"))
    if isinstance(data, Text):
        sizes = text_roles(model).sizes(len(data.alphabet), sizes)
    elif isinstance(data, Mapping):
        open_sizes = {name for name, size in model.sizes.items() if size.default is None}
        found = Examples(model, data).sizes()
        sizes = {**{name: found[name] for name in found.keys() & open_sizes}, **sizes}
    _require_known(model, sizes)
    kind: dict[str, Any] = {name: options.pop(name) for name in ("target", "optimize", "dtype")}
    return compile_model(model, **kind, **sizes)


def _require_known(model: Model, sizes: Mapping[str, int]) -> None:
    """DataError RNN401 for the first size that neither the spec, the data nor an option gives."""
    from rnndsl.model.sizes import known_sizes
    from rnndsl.text.diagnostics import DataError

    known = known_sizes(model, sizes)
    for name in model.sizes:
        if name not in known:
            raise DataError(f"the data do not tell the size `{name}`: give it, `--size {name}=32`")


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
    if trained.ended == "patience":
        step, best = min(history.validation, key=lambda point: point[1])
        note(f"no better validation; the weights are those after step {step}: {best:.3f}")
    losses = f"loss {history.recent():.3f}"
    if history.validation:
        losses += f", validation {history.validation[-1][1]:.3f}"
    if history.metrics:
        found = history.metrics[-1].items()
        losses += "".join(f", {name.replace('_', ' ')} {value:.3f}" for name, value in found)
    say(f"{losses} after {history.steps} steps, {history.speed:,.0f} {history.unit}/s")
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

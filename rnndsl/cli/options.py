"""Options that several commands share, and the kinds of values they take."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rnndsl.text.diagnostics import DataError

Command = TypeVar("Command", bound=Callable[..., Any])


def parse_size(text: str) -> tuple[str, int]:
    """`m=256` as ("m", 256); wrong usage where it is no such pair."""
    name, equals, number = (part.strip() for part in text.partition("="))
    plain = name.isascii() and name.isidentifier() and number.isascii() and number.isdigit()
    if not (equals and plain and len(number) <= 18 and int(number) >= 1):
        raise click.BadParameter(f"`{text}` is not of the form m=256")
    return name, int(number)


def parse_steps(text: str) -> int | dict[str, int]:
    """`3`, or `i=4,j=3` by axis; wrong usage where it is neither."""
    if "=" in text:
        return sizes_of(parse_size(part) for part in text.split(","))
    number = text.strip()
    if not (number.isascii() and number.isdigit() and len(number) <= 18 and int(number) >= 1):
        raise click.BadParameter(f"`{text}` is not a number from 1, nor of the form i=4,j=3")
    return int(number)


def parse_memory(text: str) -> int:
    """`2GB` as bytes; wrong usage where it is no amount."""
    from rnndsl.runtime.memory import parse_amount
    from rnndsl.text.diagnostics import DataError

    try:
        return parse_amount(text)
    except DataError as problem:
        raise click.BadParameter(str(problem)) from None


def sizes_of(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The sizes given; wrong usage where one is given twice with two numbers."""
    sizes: dict[str, int] = {}
    for name, number in pairs:
        if sizes.setdefault(name, number) != number:
            raise click.UsageError(f"size `{name}` is given twice: {sizes[name]} and {number}")
    return sizes


def spec_argument(command: Command) -> Command:
    """The spec: a file, or `-` for standard input."""
    return click.argument("spec", metavar="SPEC")(command)


def size_option(command: Command) -> Command:
    """Sizes by name."""
    return click.option(
        "--size",
        "sizes",
        type=parse_size,
        multiple=True,
        metavar="NAME=NUMBER",
        help="Give a size; repeat for more.",
    )(command)


def memory_option(command: Command) -> Command:
    """The bound on memory."""
    return click.option(
        "--max-memory",
        type=parse_memory,
        metavar="AMOUNT",
        help="Refuse what needs more, such as 2GB (default: what is free).",
    )(command)


def dtype_option(command: Command) -> Command:
    """The kind of numbers."""
    return click.option(
        "--dtype",
        type=click.Choice(["float32", "float64"]),
        default="float32",
        show_default=True,
        help="The numbers to compute with.",
    )(command)


def optimize_option(command: Command) -> Command:
    """How far the code is optimised."""
    return click.option(
        "-O",
        "optimize",
        type=click.IntRange(0, 2),
        default=1,
        show_default=True,
        help="0: the textbook, 1: products outside the loop, 2: arrays reused.",
    )(command)


def later(what: str, present: str) -> DataError:
    """The word for a choice that is planned and not there yet (RNN602)."""
    from rnndsl.text.diagnostics import DataError

    return DataError(f"{what} waits for a later version; `{present}` is there", "RNN602")


def _present(ctx: click.Context, param: click.Parameter, target: str) -> str:
    if target != "numpy":
        raise later(f"the target `{target}`", "numpy")
    return target


def target_option(command: Command) -> Command:
    """What the code is generated for."""
    return click.option(
        "--target",
        type=click.Choice(["numpy", "native", "cupy"]),
        default="numpy",
        show_default=True,
        callback=_present,
        help="What the code runs on.",
    )(command)


def use_threads(count: int | None) -> None:
    """How many threads matrix products may use; before NumPy is imported, or it has no effect.

    Without a word from the option or the environment it is 1: the products of one step are small,
    and threads that wait for each other, above all on a busy machine, cost more than they bring
    (0.3 s instead of 0.04 s a window for `char_lstm` on two busy cores).
    """
    for library in ("OPENBLAS", "OMP", "MKL", "VECLIB"):
        name = "VECLIB_MAXIMUM_THREADS" if library == "VECLIB" else f"{library}_NUM_THREADS"
        if count is not None:
            os.environ[name] = str(count)
        else:
            os.environ.setdefault(name, "1")


def threads_option(command: Command) -> Command:
    """Threads for matrix products."""
    return click.option(
        "--threads",
        type=click.IntRange(1),
        help="For matrix products; default 1, which suits all but large models.",
    )(command)


def mode_option(command: Command) -> Command:
    """How a model runs that has something to teach."""
    return click.option(
        "--mode",
        type=click.Choice(["teacher", "free"]),
        default="teacher",
        show_default=True,
        help="What `teach` reads.",
    )(command)


def json_option(command: Command) -> Command:
    """The answer for a program."""
    return click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")(command)


def seed_option(command: Command) -> Command:
    """The seed of all that is drawn at random."""
    return click.option(
        "--seed", type=click.IntRange(0), default=0, show_default=True, help="Random seed."
    )(command)

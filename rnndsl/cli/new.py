"""`rnndsl new`: a spec to start from."""

from __future__ import annotations

from pathlib import Path

import click

DEFAULT = "elman"


@click.command("new", short_help="Start a spec from one of the gallery.")
@click.argument("name", metavar="NAME")
@click.option(
    "--from",
    "origin",
    default=DEFAULT,
    show_default=True,
    metavar="SPEC",
    help="Which one; `rnndsl specs` lists them.",
)
def command(name: str, origin: str) -> None:
    """Write NAME.rnn, a copy of a spec of the gallery under that name; no file is overwritten.

    `-` writes to standard output.
    """
    from rnndsl.cli.show import say
    from rnndsl.cli.writing import write_result
    from rnndsl.gallery import SUFFIX, specs
    from rnndsl.text.files import read_text

    found = specs()
    if origin not in found:
        raise click.BadParameter(
            f"the gallery has no `{origin}`; it has {', '.join(found)}", param_hint="'--from'"
        )
    text = read_text(found[origin])
    if name == "-":
        write_result(name, text)
        return
    path = Path(name if name.endswith(SUFFIX) else f"{name}{SUFFIX}")
    _write_new(path, _named(text, path.stem))
    say(f"{path}: started from {origin}")


def _named(text: str, stem: str) -> str:
    """The text with its model under a new name, as near to the file's as names may be."""
    from rnndsl.driver import check
    from rnndsl.syntax.parser import parse
    from rnndsl.syntax.tree import ModelStatement
    from rnndsl.text.source import Source

    kept = "".join(char if char.isascii() and char.isalnum() else "_" for char in stem).strip("_")
    for name in (kept, f"model_{kept}".rstrip("_")):  # the second where the first may not be
        statement = parse(Source(stem, text)).statements[0]
        if isinstance(statement, ModelStatement):
            span = statement.name.span
            changed = text[: span.start] + name + text[span.end :]
            if check(Source(stem, changed))[0] is not None:
                return changed
    return text


def _write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet; DataError RNN003 where it is, or cannot be written."""
    from rnndsl.text.diagnostics import DataError
    from rnndsl.text.files import require_writable

    if path.exists() or path.is_symlink():
        raise DataError(f"`{path}` is there already; it stays as it is", "RNN003")
    require_writable(path)
    with path.open("x", encoding="utf-8", newline="\n") as file:
        try:
            file.write(text)
            file.flush()
        except OSError:
            path.unlink()
            raise

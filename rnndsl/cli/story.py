"""The story of a diagnostic as `rnndsl explain RNN203` tells it."""

from __future__ import annotations

import textwrap

import click

from rnndsl.cli.show import coloured, say, say_json, wants_colour
from rnndsl.text.stories import Story, codes, story


def tell(code: str, as_json: bool) -> None:
    """What a code means, a spec that fails with it, and one that does not; wrong usage where
    there is no such code."""
    found = story(code)
    if found is None:
        raise click.UsageError(f"there is no diagnostic {code}; they are {_ranges()}")
    said = None if found.fails is None else _said(found.fails)
    if as_json:
        say_json({**vars(found), "diagnostic": said})
    else:
        _tell(found, said)


def _ranges() -> str:
    """`RNN001 to RNN023, RNN101 to …`, by hundreds."""
    by_hundred: dict[str, list[str]] = {}
    for code in codes():
        by_hundred.setdefault(code[:4], []).append(code)
    return ", ".join(f"{items[0]} to {items[-1]}" for items in by_hundred.values())


def _tell(found: Story, said: str | None) -> None:
    import sys

    say(f"{found.code}: {found.title}\n\n{found.words}")
    if found.fails and found.mended and said:
        say(f"\nThis fails:\n\n{_indented(found.fails)}\n")
        click.echo(_indented(coloured(said) if wants_colour(sys.stdout) else said))
        say(f"\nThis is fine:\n\n{_indented(found.mended)}")
    if found.command:
        say(f"\nFor example:\n\n{_indented(found.command)}")


def _indented(text: str) -> str:
    return textwrap.indent(text.rstrip(), "    ")


def _said(spec: str) -> str:
    """What `rnndsl check` says of the example."""
    from rnndsl.driver import check
    from rnndsl.text.render import render_all
    from rnndsl.text.source import Source

    source = Source("example.rnn", spec)
    model, diagnostics = check(source)
    return render_all(diagnostics or (model.warnings if model else ()), source)

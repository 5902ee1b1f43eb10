"""`rnndsl specs`: the gallery."""

from __future__ import annotations

import click


@click.command("specs", short_help="List the specs of the gallery.")
def command() -> None:
    """List the specs of the gallery, with their titles and where they lie."""
    from rnndsl.cli.show import say
    from rnndsl.gallery import folder, specs
    from rnndsl.model.load import load_model

    titles = {name: load_model(path).title for name, path in specs().items()}
    width = max(map(len, titles), default=0)
    for name, title in titles.items():
        say(f"{name:<{width}}  {title}".rstrip())
    say(f"\nthe files: {folder('specs')}")

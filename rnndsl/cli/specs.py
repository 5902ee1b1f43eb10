"""`rnndsl specs`: the gallery."""

from __future__ import annotations

import click

from rnndsl.cli.options import json_option


@click.command("specs", short_help="List the specs of the gallery.")
@json_option
def command(as_json: bool) -> None:
    """List the specs of the gallery, with their titles and where they lie."""
    from rnndsl.cli.show import say, say_json
    from rnndsl.gallery import folder, specs
    from rnndsl.model.load import load_model

    found = specs()
    titles = {name: load_model(path).title for name, path in found.items()}
    if as_json:
        say_json(
            [
                {"name": name, "title": title, "file": str(found[name])}
                for name, title in titles.items()
            ]
        )
        return
    width = max(map(len, titles), default=0)
    for name, title in titles.items():
        say(f"{name:<{width}}  {title}".rstrip())
    say(f"\nthe files: {folder('specs')}")

"""Drawings as people meet them: text in DOT, pictures on demand, a file that is whole or not there.

`draw` picks the picture; what is in it stands in `folded` and `unfolded`, how it is rendered
in `render`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnndsl.draw.backward import titled, turned
from rnndsl.draw.dot import to_dot
from rnndsl.draw.folded import folded_scene
from rnndsl.draw.grown import over_trees
from rnndsl.draw.render import NoGraphviz, check_format, render
from rnndsl.draw.steps import LEFT_OUT, steps_of, with_lengths
from rnndsl.draw.unfolded import unfolded_scene
from rnndsl.model.model import Model
from rnndsl.model.unroll import unroll
from rnndsl.text.diagnostics import DataError
from rnndsl.text.files import write_atomic


@dataclass(frozen=True)
class Drawing:
    """A drawing; `source` is its text in DOT, every place in it given."""

    source: str

    def render(self, format: str = "svg") -> bytes:
        """The picture as `svg`, `png`, `pdf` or `dot`; a DataError (RNN020 to RNN022) if not."""
        return render(self.source, check_format(format))

    def svg(self) -> str:
        """The picture as SVG."""
        return self.render("svg").decode("utf-8")

    def save(self, path: str | os.PathLike[str], format: str | None = None) -> Path:
        """Write the picture, whole or not at all; the format is the file's ending if not given.

        Where there is no Graphviz the text in DOT is written beside, and the error (RNN020)
        names it. DataError RNN003 where the file cannot be written.
        """
        target = Path(path)
        wanted = check_format(format or target.suffix.removeprefix(".").lower() or "svg")
        try:
            data = render(self.source, wanted)
        except NoGraphviz as problem:
            beside = target.with_suffix(".dot")
            write_atomic(beside, self.source)
            raise DataError(f"{problem}; wrote `{beside}` instead", problem.code) from None
        write_atomic(target, data)
        return target

    def _repr_svg_(self) -> str | None:
        try:
            return self.svg()
        except DataError:
            return None

    def __str__(self) -> str:
        return self.source


def draw(
    model: Model,
    unfold: int | Mapping[str, int] | None = None,
    *,
    tree: Any = None,
    sizes: Mapping[str, int] | None = None,
    backward: bool = False,
) -> Drawing:
    """The folded graph of a model, or the graph unfolded over so many steps, or over a tree.

    `unfold` is one number for all sequence axes, or by axis (3 where one is left out; that of a
    fixed axis stands for its size). `tree` is a bracketed text, nested tuples or a `Forest` of
    one tree, for all axes over trees or by axis; sequences beside it have 3 steps unless `unfold`
    says otherwise. `sizes` gives values for sizes; a delay by a size is drawn as
    2 where none is known, a fixed axis as long as 3. `backward` turns the arrows round where
    gradients flow. DataError RNN421 for fewer steps than one, an axis that there is not, or an
    axis over trees that is to be unfolded without one; RNN450 for what is no tree.
    """
    shown, known = model, dict(sizes or {})
    steps: dict[str, int] = {}
    trees = over_trees(model, unfold, tree)
    if trees and unfold is None:
        unfold = LEFT_OUT
    if unfold is not None:
        steps, known = steps_of(model, unfold, known)
        known = with_lengths(model, known)
        shown = unroll(model, known)
    entitled = titled(shown) if backward else shown
    if unfold is None:
        scene = folded_scene(entitled)
    else:
        scene = unfolded_scene(entitled, steps, known, trees)
    return Drawing(to_dot(turned(scene, shown) if backward else scene).source)

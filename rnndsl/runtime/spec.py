"""A spec in Python's hands: what `rnndsl.load` and `rnndsl.parse` give back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnndsl import driver
from rnndsl.model.model import Data, Equation, Model, Output, Parameter, Size

if TYPE_CHECKING:
    from rnndsl.draw.drawing import Drawing
    from rnndsl.runtime.program import Program
    from rnndsl.text.diagnostics import Diagnostic


class Spec:
    """A checked model with everything that can be done with it.

    `model` is the checked model; `params`, `inputs`, `targets`, `sizes` and `equations` map
    names to what is known of them, `outputs` lists what a run hands back.
    """

    def __init__(self, model: Model) -> None:
        self.model = model

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model.name

    @property
    def title(self) -> str:
        """The model's title, "" where it has none."""
        return self.model.title

    @property
    def params(self) -> Mapping[str, Parameter]:
        """Parameters: shape and initialiser."""
        return self.model.params

    @property
    def inputs(self) -> Mapping[str, Data]:
        """Inputs: axes and type."""
        return self.model.inputs

    @property
    def targets(self) -> Mapping[str, Data]:
        """Targets: axes and type."""
        return self.model.targets

    @property
    def outputs(self) -> Mapping[str, Output]:
        """Outputs by label: what is read, and where."""
        return {output.label: output for output in self.model.outputs}

    @property
    def sizes(self) -> Mapping[str, Size]:
        """Sizes: each with its default, if it has one."""
        return self.model.sizes

    @property
    def equations(self) -> Mapping[str, Equation]:
        """Equations: text, type, checked right side and boundaries."""
        return self.model.equations

    @cached_property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What is doubtful, though sound; holds the model against the gallery when first asked."""
        return driver.warnings(self.model)

    def draw(
        self,
        unfold: int | Mapping[str, int] | None = None,
        *,
        tree: Any = None,
        backward: bool = False,
        sizes: Mapping[str, int] | None = None,
    ) -> Drawing:
        """The folded graph, or the one unfolded over so many positions of every axis, or by axis.

        `tree`: over this tree, a bracketed text (`"((a b) c)"`), nested tuples or a `Forest` of
        one tree. `backward` turns its arrows round where gradients flow; `sizes` gives numbers to
        delays by a size and to fixed axes. DataError RNN403 names a size that there is not,
        RNN421 an axis that there is not, or fewer steps than one, RNN450 what is no tree.
        """
        from rnndsl.draw.drawing import draw
        from rnndsl.runtime.compile import with_sizes

        return draw(with_sizes(self.model, sizes or {}), unfold, tree=tree, backward=backward)

    def compile(
        self,
        target: str = "numpy",
        optimize: int = 2,
        dtype: str = "float32",
        **sizes: int,
    ) -> Program:
        """The program; sizes as keywords. DataError names a setting that there is not."""
        from rnndsl.runtime.compile import compile_model

        return compile_model(self.model, target, optimize, dtype, **sizes)

    def __repr__(self) -> str:
        return f"<rnndsl spec {self.name}: {len(self.equations)} equations>"


def load(path: str | Path) -> Spec:
    """The spec in a file; SpecError carries every diagnostic where it is at fault."""
    return Spec(driver.load(path))


def parse(text: str, name: str = "<text>", base: str | Path = "") -> Spec:
    """The spec in a text; SpecError carries every diagnostic where it is at fault.

    `base`: the folder of the files that it uses, "" for the working folder.
    """
    return Spec(driver.parse(text, name, base))

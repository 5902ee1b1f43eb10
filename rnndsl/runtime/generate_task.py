"""What generation feeds a model and reads of it: looked up in the checked model, nothing is run.

A chosen token goes where training reads the true one: into the target that `teach` reads (the
token at t is chosen from the logits at t), or into the input of a language model (the logits at t
are those of the token at t+1).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

from rnndsl.graph.equations import Reference, references
from rnndsl.model import expr as ir
from rnndsl.model.model import Data, Equation, Model
from rnndsl.model.sizes import running_axes, tree_axes
from rnndsl.model.unroll import unroll_by_default
from rnndsl.runtime.text_model import Logits, find_logits, scored, text_roles, with_logits
from rnndsl.text.diagnostics import DataError


@dataclass(frozen=True)
class Task:
    """`model`: with its logits as the only output. `target`: whose tokens are chosen.

    `taught`: whether `teach` reads them. `fed`: the input that takes the token before, if one does.
    """

    model: Model
    logits: Logits
    target: Data
    taught: bool
    fed: Data | None

    @property
    def axis(self) -> str:
        """The axis along which tokens are chosen."""
        return self.target.axes[0]

    @property
    def lag(self) -> int:
        """How many tokens must be there before the first logits."""
        return 0 if self.fed is None else 1

    @cached_property
    def needed(self) -> tuple[tuple[Equation, ...], tuple[Reference, ...]]:
        """The equations that the logits are made from under the teacher, and all their reads."""
        model = unroll_by_default(self.model)
        by_target: dict[str, list[Reference]] = {}
        for item in references(model, "teacher"):
            by_target.setdefault(item.target, []).append(item)
        names, stack = dict[str, None](), [self.logits.read.name]
        while stack:
            name = stack.pop()
            if name not in names:
                names[name] = None
                stack += [item.source for item in by_target.get(name, ())]
        found = tuple(model.equations[name] for name in names if name in model.equations)
        return found, tuple(item for name in names for item in by_target.get(name, ()))

    @cached_property
    def carried(self) -> frozenset[str]:
        """What has the one axis and no other: its last values are in the state of a window."""
        model = unroll_by_default(self.model)
        axes = {name: data.axes for name, data in model.data.items()}
        axes |= {name: equation.axes for name, equation in model.equations.items()}
        return frozenset(name for name, found in axes.items() if found == (self.axis,))

    @property
    def is_stepwise(self) -> bool:
        """Whether the state tells all that the logits need of earlier positions.

        It does where nothing is read but here and at earlier positions, from values over this axis
        alone, and nothing depends on the number of a position.
        """
        equations, found = self.needed
        if any(not self._is_carried(item) for item in found):
            return False
        return not any(self._counts(item) for equation in equations for item in _taught(equation))

    def _is_carried(self, item: Reference) -> bool:
        for along in item.along:
            if along.axis != self.axis or along.is_here:
                continue
            behind = along.place.offset.most if along.place else None
            if along.kind != "shift" or behind is None or behind > 0:
                return False
            if item.source not in self.carried:
                return False
        return True

    def _counts(self, item: ir.Expr) -> bool:
        """Whether an expression depends on the number of its position, or on the length."""
        match item:
            case ir.IndexNumber(index=index):
                return self.model.axis_of(index) == self.axis
            case ir.Length(axis=axis) | ir.Over(axis=axis):
                return axis == self.axis
            case ir.Apply(operation=operation, site=site):
                return site is not None and operation != "dropout"
        return False


def text_task(model: Model) -> Task:
    """The task of a character model; DataError RNN432 and RNN434 for any other."""
    roles = text_roles(model)
    return _task(model, roles.target, roles.input)


def find_task(model: Model, given: Collection[str]) -> Task:
    """The task of a model for which some data are given.

    DataError RNN434 where the logits are not clear, RNN444 where there is nothing to choose,
    nothing takes what is chosen, or values run over trees.
    """
    _require_no_trees(model)
    target = _target(model)
    if _is_taught(model, target):
        return _task(model, target, None)
    fed = [
        data
        for data in model.inputs.values()
        if data.axes == target.axes and data.type.kind == "token"
        if data.type.size == target.type.size
    ]
    missing = [data for data in fed if data.name not in given]
    if len(missing) == 1:
        return _task(model, target, missing[0])
    here = f"{target.name}[{target.axes[0]}]"
    if len(missing) > 1:
        names = " and ".join(f"`{data.name}`" for data in missing)
        said = f"{names} could take the tokens chosen for `{here}`; give data for all but one"
    elif fed:
        said = f"`{fed[0].name}` takes the tokens chosen: give the first ones as the prompt"
    else:
        said = (
            f"nothing in `{model.name}` takes the tokens chosen for `{here}`: no `teach({here}, …)`"
            f", and no input `w[{target.axes[0]}]: {target.type}` for the token before"
        )
    raise DataError(said, "RNN444")


def _require_no_trees(model: Model) -> None:
    for axis in tree_axes(model):
        raise DataError(
            f"`{model.name}` runs over the trees of `{axis}`, and `generate` chooses tokens one "
            "after the other along a sequence; `rnndsl predict` runs it on trees that are there",
            "RNN444",
        )


def _target(model: Model) -> Data:
    axes = running_axes(model)
    targets = [
        data
        for data in model.targets.values()
        if data.type.kind == "token" and len(data.axes) == 1 and data.axes[0] in axes
    ]
    found = [data for data in targets if any(scored(model, data))]
    if len(found) == 1:
        return found[0]
    if not found and targets:
        find_logits(model, targets[0])  # says what is missing
    names = " and ".join(f"`{data.name}`" for data in found)
    said = f"more than one: {names}" if found else "none"
    raise DataError(
        "tokens are generated for one token target along one axis that the loss scores; "
        f"`{model.name}` has {said}",
        "RNN444",
    )


def _task(model: Model, target: Data, fed: Data | None) -> Task:
    logits = find_logits(model, target)
    task = Task(with_logits(model, logits), logits, target, _is_taught(model, target), fed)
    _require_blind(task)
    return task


def _is_taught(model: Model, target: Data) -> bool:
    return any(
        isinstance(item, ir.Teach)
        and any(read.name == target.name for read in ir.reads(item.teacher))
        for equation in model.all_equations
        for item in equation.expr.walk()
    )


def _require_blind(task: Task) -> None:
    """DataError RNN444 where a way of shifts leads from the logits to a token not yet chosen."""
    seen = _furthest(task)
    here = f"{task.logits.read.name}[{task.axis}]"
    places = ((task.target.name, 0), *(((task.fed.name, 1),) if task.fed else ()))
    for name, open_from in places:
        if seen.get(name, -1) >= open_from:
            place = f"{task.axis}+1" if open_from else task.axis
            raise DataError(
                f"`{here}` depends on `{name}[{place}]`, the token that is chosen from it",
                "RNN444",
            )


def _furthest(task: Task) -> dict[str, int]:
    """How far ahead of the logits each value is read, along shifts of the axis."""
    _, found = task.needed
    edges = [
        (item.source, item.target, int(along.place.offset.most))
        for item in found
        for along in item.along
        if along.axis == task.axis and along.kind == "shift"
        if along.place is not None and along.place.offset.most is not None
    ]
    furthest = {task.logits.read.name: 0}
    for _ in range(len({source for source, _, _ in edges}) + 1):
        for source, target, by in edges:
            if target in furthest:
                furthest[source] = max(furthest.get(source, -(10**9)), furthest[target] + by)
    return furthest


def _taught(equation: Equation) -> Iterator[ir.Expr]:
    """All of an equation that a run under the teacher computes."""
    stack = [equation.expr, *(bound.expr for bound in equation.boundaries)]
    while stack:
        item = stack.pop()
        yield item
        stack.extend((item.teacher,) if isinstance(item, ir.Teach) else item.children)

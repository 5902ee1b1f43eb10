"""Holds a random model to the interpreter at every level, and makes a failing one small."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rnndsl.driver import parse
from rnndsl.graph.causality import modes
from rnndsl.interpreter.batch import Batch
from rnndsl.interpreter.gradients import STEP
from rnndsl.model.model import Model
from rnndsl.runtime.program import Program
from rnndsl.text.diagnostics import SpecError
from tests.agreement import close, lengths_by_axis, options, random_data
from tests.random_program import Plans, random_programs
from tests.random_spec import Line, Spec
from tests.random_terms import Sort, Term


def check(spec: Spec) -> Plans:
    """A spec is sound, and all levels agree on it with the interpreter, warnings none.

    Hands back the plans of its modes.
    """
    return check_text(spec.text(), spec.sizes, spec.lengths, spec.seed)


def check_text(
    text: str,
    sizes: dict[str, int],
    lengths: tuple[int, ...] = (6, 1, 4, 2),
    seed: int = 0,
    base: str | Path = "",
) -> Plans:
    """The same for a text, which may use files of a folder."""
    plans = Plans()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _check(parse(text, base=base), sizes, lengths, seed, plans)
    return plans


def _check(
    model: Model, sizes: dict[str, int], lengths: tuple[int, ...], seed: int, plans: Plans
) -> None:
    rng = np.random.default_rng(seed)
    free = {n: sizes[n] for n, size in model.sizes.items() if size.default is None}
    programs = random_programs(model, free, plans)
    start = programs[0].init(0)
    params = {name: rng.normal(0.0, 0.7, value.shape) for name, value in start.items()}
    data = random_data(programs[0], rng, lengths)
    _spoil(model, data, lengths)
    run: dict[str, Any] = {**options(model, lengths), "batch": len(lengths)}
    before = {name: value.copy() for name, value in {**params, **data}.items()}
    for mode in modes(model):
        _Run(model, free, params, data, run, mode, rng).hold(programs)
    for name, value in {**params, **data}.items():
        assert np.array_equal(value, before[name], equal_nan=True), f"written to {name}"


def _spoil(model: Model, data: dict[str, Any], lengths: tuple[int, ...]) -> None:
    """Padding that would be seen wherever it counted."""
    ends = lengths_by_axis(model, lengths)
    for name, value in data.items():
        axes, filler = model.data[name].axes, 10**6
        for place, axis in enumerate(axes):
            for b, length in enumerate(ends.get(axis, ())):
                beyond = (*[slice(None)] * place, slice(length, None))
                beyond += (*[slice(None)] * (len(axes) - place - 1), b)
                value[beyond] = np.nan if model.data[name].type.kind == "real" else filler


class _Run:
    """One model on one batch in one mode."""

    def __init__(
        self,
        model: Model,
        sizes: dict[str, int],
        params: dict[str, Any],
        data: dict[str, Any],
        run: dict[str, Any],
        mode: str,
        rng: np.random.Generator,
    ) -> None:
        self.model, self.params, self.data, self.rng = model, params, data, rng
        self.settings: dict[str, Any] = {"mode": mode, "seed": 5, "forcing": 0.6}
        self.call = {**data, **self.settings, **run}
        lengths = run.get("lengths", {})
        self.given = (model, sizes, params, data, lengths)
        self.extra = {"batch": run["batch"], **self.settings}
        self.extra.update({"trees": run["trees"]} if "trees" in run else {})
        self.directions = {
            name: rng.normal(size=np.shape(params[name] if name in params else data[name]))
            for name in [*params, *(n for n in data if _is_real(model, n))]
        }

    def hold(self, programs: list[Program]) -> None:
        """Every level against the interpreter."""
        meaning = Batch(*self.given, **self.extra)
        want = meaning.outputs()
        real = {k: v for k, v in want.items() if np.issubdtype(v.dtype, np.floating)}
        kinds = {o.label: o.read.type.kind for o in self.model.outputs}
        cotangents = {
            name: self.rng.normal(size=v.shape) for name, v in real.items() if kinds[name] == "real"
        }
        moved = self._moved()
        ends = moved.outputs() if cotangents else {}
        slope = sum(_slope(ends[name], d) for name, d in cotangents.items())
        end = moved.loss() if self.model.loss is not None else 0.0
        for program in programs:
            got = program.forward(self.params, **self.call)
            assert set(got) == set(want), "other outputs"
            for name in want:
                close(f"output {name}", got[name], want[name], 1e-12)
            if self.model.loss is not None:
                close("loss", program.loss(self.params, **self.call), meaning.loss(), 1e-12)
                self._losses(program, end)
            if cotangents:
                trace = program.record(self.params, **self.call)
                grads, inputs = program.backward(trace, inputs=True, **cotangents)
                self._along("cotangents", {**grads, **inputs}, slope)

    def _moved(self) -> Batch:
        """The batch in training, a complex step along the directions away."""
        model, sizes, params, data, lengths = self.given
        steps = {name: 1j * STEP * direction for name, direction in self.directions.items()}
        params, data = (
            {name: value + steps[name] if name in steps else value for name, value in of.items()}
            for of in (params, data)
        )
        return Batch(model, sizes, params, data, lengths, training=True, **self.extra)

    def _losses(self, program: Program, moved: complex) -> None:
        """The training loss and its gradient, both from one complex number."""
        loss, grads, inputs = program.loss_and_grads(self.params, inputs=True, **self.call)
        close("training loss", loss, np.real(moved), 1e-12)
        self._along("gradient", {**grads, **inputs}, _slope(moved, 1.0))
        clipped = program.loss_and_grads(self.params, clip=True, **self.call)[1]
        for name, value in clipped.items():
            assert np.all(np.isfinite(value)), f"clipped gradient of {name}"

    def _along(self, what: str, grads: dict[str, Any], slope: float) -> None:
        assert set(grads) == set(self.directions), f"{what}: other names"
        parts = []
        for name, direction in self.directions.items():
            assert grads[name].shape == direction.shape, f"{what} of {name}: shape"
            parts.append(grads[name] * direction)
        got = sum(float(np.sum(part)) for part in parts)
        scale = sum(float(np.sum(np.abs(part))) for part in parts)
        off = abs(got - slope)
        assert off <= 1e-9 * max(scale, 1e-3), f"{what}: off by {off:.2e} of {scale:.2e}"


def _slope(moved: Any, weights: Any) -> float:
    """How fast a weighted sum changes along the directions."""
    return float(np.sum(np.imag(moved) * weights)) / STEP


def _is_real(model: Model, name: str) -> bool:
    return name in model.inputs and model.inputs[name].type.kind == "real"


# Making it small


def symptom(attempt: Callable[[], object]) -> str | None:
    """What goes wrong, in words that a smaller model shares; None where nothing does."""
    try:
        attempt()
    except SpecError as fault:
        return f"refused {next(item.code for item in fault.diagnostics if item.is_error)}"
    except Exception as fault:
        words = re.sub(r"[hxyWO-]+\d+\S*|[\d.e+-]+|\(.*?\)", "", str(fault))
        return f"{type(fault).__name__}: {' '.join(words.split()[:3])}"
    return None


def shrunk(spec: Spec, limit: int = 400) -> Spec:
    """A small spec with the same symptom."""
    wanted = symptom(lambda: check(spec))
    tries, again = 0, True
    while again:
        again = False
        for smaller in _smaller(spec):
            tries += 1
            if tries > limit:
                return spec
            if symptom(lambda one=smaller: check(one)) == wanted:
                spec, again = smaller, True
                break
    return spec


def _smaller(spec: Spec) -> Iterator[Spec]:
    """One piece less, large pieces first."""
    for number in range(len(spec.lines)):
        rest = spec.lines[:number] + spec.lines[number + 1 :]
        yield replace(spec, lines=rest)
        line = spec.lines[number]
        if not line.is_bound:
            less = [one for one in spec.lines if one.name != line.name]
            outputs = [o for o in spec.outputs if line.name not in o]
            yield replace(spec, lines=less, outputs=outputs)
    if spec.loss is not None and spec.outputs:
        yield replace(spec, loss=None)
    for number in range(len(spec.outputs)):
        if len(spec.outputs) > 1 or spec.loss is not None:
            yield replace(spec, outputs=spec.outputs[:number] + spec.outputs[number + 1 :])
    for number in range(len(spec.clips)):
        yield replace(spec, clips=spec.clips[:number] + spec.clips[number + 1 :])
    if spec.loss is not None:
        for term in _smaller_terms(spec.loss):
            yield replace(spec, loss=term)
    for number, line in enumerate(spec.lines):
        for term in _smaller_terms(line.term):
            lines = list(spec.lines)
            lines[number] = Line(line.left, line.name, term, line.type, line.is_bound)
            yield replace(spec, lines=lines)
    for number in range(len(spec.lengths)):
        if len(spec.lengths) > 1:
            yield replace(spec, lengths=spec.lengths[:number] + spec.lengths[number + 1 :])


def _smaller_terms(term: Term) -> Iterator[Term]:
    if term.sort.kind == "real" and term.template not in ("0.5", "x"):
        yield Term("0.5", term.sort)
    for part in term.parts:
        if part.sort == term.sort or (part.sort.kind == term.sort.kind and not term.sort.shape):
            yield part
        elif part.sort.kind == "real" and not term.sort.shape and term.sort.kind == "real":
            yield Term("sum({0})", Sort("real"), (part,))
    for number, part in enumerate(term.parts):
        for less in _smaller_terms(part):
            parts = (*term.parts[:number], less, *term.parts[number + 1 :])
            yield Term(term.template, term.sort, parts)

"""What a generated module does as a script: it checks its own gradients and says so."""

import numpy as np

from rnndsl.emit.carried.forests import _random_forests
from rnndsl.emit.carried.reading import _known_sizes
from rnndsl.emit.carried.running import backward, record
from rnndsl.emit.carried.starts import init
from rnndsl.emit.carried.tables import (
    AXES,
    DATA,
    FIXED,
    NAME,
    OUTPUTS,
    PARAMS,
    SIZES,
    STAGES,
    _data_shapes,
    _token_sizes,
)

# --8<-- copied from here on


def _check_gradients():
    """Gradients against central differences along random directions, in float64."""
    global DTYPE
    DTYPE = np.float64
    SIZES.update(_small_sizes())
    sizes, rng = SIZES, np.random.default_rng(0)
    params = {name: p + 0.1 * rng.normal(size=p.shape) for name, p in init(0, **sizes).items()}
    data = _random_data(rng, _known_sizes(sizes))
    worst, seen = 0.0, []
    for mode, stages in STAGES.items():
        if stages not in seen:
            seen.append(stages)
            if PARAMS and ("loss" in stages or OUTPUTS):
                worst = max(worst, _worst_error(params, {**data, "mode": mode}, rng))
    is_right = worst < 1e-5
    print(f"gradients of {NAME} {'agree with' if is_right else 'DIFFER from'} central differences")
    return 0 if is_right else 1


def _worst_error(params, data, rng):
    """The largest relative error of a gradient; prints one line for each parameter."""
    trace, worst = record(params, **data), 0.0
    values = {"loss": trace["loss"]} if trace["loss"] is not None else (
        {name: trace["outputs"][name] for name in OUTPUTS})  # fmt: skip
    weights = {name: rng.normal(size=value.shape) for name, value in values.items()}
    grads = backward(trace, **weights)

    def objective(changed):
        run = record(changed, **data)
        values = {**run["outputs"], "loss": run["loss"]}
        return sum(np.sum(values[name] * weight) for name, weight in weights.items())

    print(f"{data['mode']:>12}  {'gradient':>16}  {'differences':>16}  error")
    for name, p in params.items():
        direction, step = rng.normal(size=p.shape), 1e-6
        ahead = objective({**params, name: p + step * direction})
        behind = objective({**params, name: p - step * direction})
        measured, exact = (ahead - behind) / (2 * step), float(np.sum(grads[name] * direction))
        error = abs(measured - exact) / max(1e-3, abs(measured), abs(exact))
        print(f"{name:>12}  {exact: .9e}  {measured: .9e}  {error:.1e}")
        worst = max(worst, error) if error == error else np.inf
    return worst


def _small_sizes():
    """A small number for every size without one, so that all that follow come out whole."""
    names = [name for name, size in SIZES.items() if size is None]
    for factor in (1, 2, 4, 12, 60):
        sizes = {name: factor * (3 + place) for place, name in enumerate(names)}
        try:
            _known_sizes(sizes)
        except ValueError:
            continue
        return sizes
    return sizes


def _random_data(rng, sizes, positions=5, examples=3):
    limits, found = _token_sizes(sizes), {}
    extents = {axis: positions - place for place, axis in enumerate(AXES)}
    extents.update({axis: sizes[length] for axis, length in FIXED.items()})
    trees = _random_forests(rng, examples)
    for name, shape in _data_shapes(sizes).items():
        tree = DATA[name].get("tree")
        count = len(trees[tree][0]) if tree else examples
        lead = (*(extents[axis] for axis in DATA[name]["axes"]), count)
        kind = DATA[name]["kind"]
        if kind == "real":
            found[name] = rng.normal(size=lead + shape)
        else:
            of = DATA[name].get("of")
            low, high = (0, limits[name]) if kind == "token" else (1, extents[of] + 1)
            found[name] = rng.integers(low, high, lead)
    found["batch"], found["lengths"], found["trees"] = examples, {}, trees
    for place, axis in enumerate(AXES):
        found[AXES[axis]] = extents[axis]
        found["lengths"][axis] = np.roll([extents[axis], 2, 1], place)
    return found


if __name__ == "__main__":
    raise SystemExit(_check_gradients())

"""Parameters, data and options made into what the stages of a generated module are given.

Every fault is a ValueError that names what is wrong, what came and what was expected.
"""

import numpy as np

from rnndsl.emit.carried.checking import (
    _as_reals,
    _as_whole,
    _check_known,
    _check_needed,
    _check_options,
    _check_shapes,
    _check_table,
    _extents,
    _full_lengths,
    _of_axis,
    _whole_number,
    _without_padding,
)
from rnndsl.emit.carried.forests import _forests
from rnndsl.emit.carried.tables import (
    AXES,
    DATA,
    FIXED,
    PARAMS,
    SIZES,
    STATE,
    UNROLLED,
    _derived,
    _state_shapes,
)

# --8<-- copied from here on


def _prepare(params, data, stage, *, mode, training=False, clip=False, work=None,
             forcing=1.0, seed=0, lengths=None, trees=None, state=None, batch=None):  # fmt: skip
    """What the stages are given: parameters, data, and how to run."""
    _check_options(mode, forcing)
    seed = _whole_number("seed", seed)
    _check_known("data", [name for name in data if name not in AXES.values()], DATA)
    data = {name: value for name, value in data.items() if value is not None}
    ends = {axis: data.pop(length) for axis, length in AXES.items() if length in data}
    _check_needed(mode, stage, data)
    lengths = _lengths(lengths)
    params, found = _params(params), _arrays(data)
    forests = _forests(trees)
    extents, counts = _extents(found, lengths, batch, ends, forests)
    sizes, examples = _sizes_of(params, found), counts[None]
    _check_shapes(params, found, sizes, extents, counts)
    lengths = _full_lengths(lengths, extents, examples)
    live = {axis: np.arange(extents[axis])[:, None] < lengths[axis] for axis in AXES}
    run = {
        "sizes": sizes, "extents": extents, "examples": examples, "lengths": lengths,
        "live": live, "state": _state(state, sizes, examples), "seed": seed,
        "forcing": forcing, "training": training, "mode": mode, "clip": clip, "scale": None,
        "work": {} if work is None else work, "trees": forests,
    }  # fmt: skip
    found = _without_padding(found, live, sizes)
    for name, array in found.items():
        if "tree" in DATA[name]:
            found[name] = array[forests[DATA[name]["tree"]]["order"]]
    return params, found, run


def _lengths(lengths):
    """Numbers of positions by axis, as far as they are given."""
    given = _check_table("lengths", "axis", lengths, AXES)
    return {
        axis: _as_whole(f"lengths{_of_axis(axis)}", "numbers of positions", value)
        for axis, value in given.items()
        if value is not None
    }


def _params(params):
    """Parameters as arrays, all that there are and no other."""
    params = _check_table("params", "parameter", params, PARAMS)
    for name in PARAMS:
        if name not in params:
            raise ValueError(f"the parameter {name!r} is missing")
    return {name: _as_reals(f"the parameter {name!r}", params[name]) for name in PARAMS}


def _arrays(data):
    """Data as arrays of the right kind."""
    found = {}
    for name, value in data.items():
        kind = DATA[name]["kind"]
        if kind == "real":
            found[name] = _as_reals(f"{name!r}", value)
        else:
            found[name] = _as_whole(f"{name!r}", f"{kind}s, which are integers", value)
    return found


def _state(state, sizes, examples):
    """The last values of the window before, as arrays (delay, batch, ...)."""
    state = _check_table("state", "state", state, STATE)
    shapes, found = _state_shapes(sizes), {}
    for name, value in state.items():
        what = f"the state of {name!r}"
        is_token = STATE[name] == "token"
        array = _as_whole(what, "tokens, which are integers", value) if is_token else (
            _as_reals(what, value))  # fmt: skip
        want = (shapes[name][0], examples, *shapes[name][1:])
        if array.shape != want:
            raise ValueError(f"{what} has shape {array.shape}; expected {want}")
        found[name] = array
    return found


def _sizes_of(params, found):
    """Sizes read off the shapes of parameters and data, else the defaults."""
    sizes = {}
    shapes = [(params[name], 0, dims) for name, (dims, *_) in PARAMS.items()]
    for name, array in found.items():
        axes = DATA[name]["axes"]
        fixed = tuple(FIXED.get(axis) for axis in axes)
        shapes += [(array, 0, fixed), (array, len(axes) + 1, DATA[name]["dims"])]
    for array, lead, dims in shapes:
        for dim, extent in zip(dims, array.shape[lead:], strict=False):
            if dim in SIZES:
                sizes.setdefault(dim, extent)
    for name, default in SIZES.items():
        if default is None and name not in sizes:
            raise ValueError(f"the size {name!r} shows in no array: compile with {name}=32, say")
    return _known_sizes(sizes)


def _known_sizes(given):
    """All sizes: what is given, else the defaults."""
    _check_known("size", given, SIZES)
    sizes = {name: given.get(name, default) for name, default in SIZES.items()}
    for name, value in sizes.items():
        if value is None:
            raise ValueError(f"the size {name!r} is not known: give it, for example {name}=32")
        sizes[name] = _whole_number(f"the size {name!r}", value, 1)
    sizes = _derived(sizes)
    for name, count in UNROLLED.items():
        if sizes[name] != count:
            what = f"the size {name!r} is {sizes[name]}, but this module is unrolled for {count}"
            raise ValueError(f"{what}: compile with {name}={sizes[name]}")
    return sizes

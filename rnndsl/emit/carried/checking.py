"""What data, parameters and options must be: each fault is a ValueError that says it.

It names what is wrong, what came and what was expected; nothing given is changed.
"""

import numpy as np

from rnndsl.emit.carried.tables import (
    AXIS,
    DATA,
    DTYPE,
    LENGTH,
    NAME,
    NEEDS,
    PARAMS,
    STAGES,
    _data_shapes,
    _shapes,
    _token_sizes,
)

# --8<-- copied from here on


def _whole_number(what, value, least=None):
    """An integer, and one that is large enough."""
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_whole or (least is not None and value < least):
        above = "" if least is None else f" above {least - 1}"
        raise ValueError(f"{what} must be a whole number{above}, not {value!r}")
    return int(value)


def _as_array(what, value):
    try:
        return np.asarray(value)
    except (ValueError, TypeError):
        raise ValueError(f"{what} is not an array: its rows differ in length") from None


def _as_reals(what, value):
    """An array of real numbers at the precision of this module."""
    array = _as_array(what, value)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{what} must hold real numbers, not {array.dtype}")
    return array.astype(DTYPE, copy=False)


def _as_whole(what, kind, value):
    """An array of integers; those too large for int64 stay too large for anything."""
    array = _as_array(what, value)
    if array.dtype.kind not in "iu":
        raise ValueError(f"{what} must hold {kind}, not {array.dtype}")
    if array.dtype == np.uint64:
        array = np.minimum(array, np.uint64(2**63 - 1))
    return array.astype(np.int64, copy=False)


def _check_options(mode, forcing=1.0):
    if not isinstance(mode, str) or mode not in STAGES:
        raise ValueError(f"mode must be one of {', '.join(STAGES)}, not {mode!r}")
    is_number = isinstance(forcing, int | float | np.integer | np.floating)
    if not is_number or not 0 <= forcing <= 1:
        raise ValueError(f"forcing must be a number from 0 to 1, not {forcing!r}")


def _check_known(what, given, known):
    for name in given:
        if name not in known:
            raise ValueError(f"{NAME} has no {what} {name!r}; it has: {', '.join(known) or 'none'}")


def _check_table(option, what, given, known):
    """A dict with known names; None is an empty one."""
    given = {} if given is None else given
    if not hasattr(given, "items"):
        raise ValueError(f"{option} must be a dict by name, not {type(given).__name__}")
    _check_known(what, given, known)
    return given


def _check_needed(mode, stage, data):
    """Whatever the stage reads must be there."""
    for name in NEEDS[mode][stage]:
        if name in data:
            continue
        if DATA[name]["role"] == "input":
            raise ValueError(f"the input {name!r} is missing")
        if name in NEEDS[mode]["forward"] and name not in NEEDS["free"]["forward"]:
            raise ValueError(
                f"the target {name!r} is missing: mode={mode!r} reads it; mode='free' does not"
            )
        raise ValueError(f"the target {name!r} is missing: the {stage} reads it")


def _extent(found, lengths, batch, length):
    """How many positions and examples there are; data must agree."""
    seen = {}
    if length is not None:
        seen["positions"] = (f"{LENGTH}", _whole_number(LENGTH, length, 1))
    if batch is not None:
        seen["examples"] = ("batch", _whole_number("batch", batch, 1))
    for name, array in found.items():
        lead = 1 + DATA[name]["axis"]
        if array.ndim < lead:
            want = ", ".join([LENGTH, "batch"][2 - lead :] + list(DATA[name]["dims"]))
            raise ValueError(f"{name!r} has shape {array.shape}; expected ({want})")
        here = [("positions", array.shape[0])] * (lead == 2) + [("examples", array.shape[lead - 1])]
        for what, count in here:
            first, others = seen.setdefault(what, (repr(name), count))
            if others != count:
                raise ValueError(f"{name!r} has {count} {what}, but {first} has {others}")
            if not count:
                raise ValueError(f"{name!r} has no {what}")
    if lengths is not None and lengths.ndim == 1 and len(lengths):
        seen.setdefault("examples", ("lengths", len(lengths)))
        seen.setdefault("positions", ("lengths", int(np.max(lengths))))
    if AXIS and "positions" not in seen:
        raise ValueError(f"no data tells how many positions there are: give {LENGTH}=10, say")
    return seen.get("positions", ("", 1))[1], seen.get("examples", ("", 1))[1]


def _lengths(lengths, positions, examples):
    """The number of positions of each example."""
    if lengths is None:
        return np.full(examples, positions)
    if lengths.shape != (examples,):
        got = lengths.shape
        raise ValueError(f"lengths of {AXIS!r} has shape {got}; expected {(examples,)}")
    if lengths.min() < 1 or lengths.max() > positions:
        wrong = lengths[(lengths < 1) | (lengths > positions)][0]
        raise ValueError(f"lengths of {AXIS!r} holds {wrong}; expected 1 to {positions}")
    return lengths


def _check_shapes(params, found, sizes, positions, examples):
    for name, shape in _shapes(sizes).items():
        got, dims = params[name].shape, ", ".join(PARAMS[name][0])
        if got != shape:
            raise ValueError(f"the parameter {name!r} has shape {got}; expected ({dims}) = {shape}")
    for name, shape in _data_shapes(sizes).items():
        lead = (positions, examples) if DATA[name]["axis"] else (examples,)
        if name in found and found[name].shape != lead + shape:
            dims = ", ".join([LENGTH, "batch"][2 - len(lead) :] + list(DATA[name]["dims"]))
            got, want = found[name].shape, lead + shape
            raise ValueError(f"{name!r} has shape {got}; expected ({dims}) = {want}")


def _without_padding(found, live, sizes):
    """Data with nothing in the padding, and tokens and positions that there are."""
    limits = _token_sizes(sizes)
    for name, array in found.items():
        kind = DATA[name]["kind"]
        if DATA[name]["axis"] and not live.all():
            mask = live.reshape(live.shape + (1,) * (array.ndim - 2))
            array = found[name] = np.where(mask, array, array.dtype.type(-(kind == "token")))
        if kind == "real":
            continue
        low, high, none = (0, limits[name] - 1, -1) if kind == "token" else (1, len(live), 0)
        wrong = array[(array != none) & ((array < low) | (array > high))]
        if wrong.size:
            what = f"{name!r} holds the {kind} {wrong[0]}"
            raise ValueError(f"{what}; expected {low} to {high}, or {none} for none")
    return found

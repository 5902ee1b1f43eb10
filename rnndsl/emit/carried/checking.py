"""What data, parameters and options must be: each fault is a ValueError that says it.

It names what is wrong, what came and what was expected; nothing given is changed.
"""

import numpy as np

from rnndsl.emit.carried.tables import (
    AXES,
    DATA,
    DTYPE,
    FIXED,
    NAME,
    NEEDS,
    PARAMS,
    STAGES,
    TREES,
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


def _of_axis(axis, word="of"):
    """Which axis is meant, where there are several."""
    return f" {word} {axis!r}" if len(AXES) > 1 else ""


def _layout(name):
    """The shape of data in words."""
    axes = [{**AXES, **FIXED}[axis] for axis in DATA[name]["axes"]]
    return ", ".join([*axes, "nodes" if "tree" in DATA[name] else "batch", *DATA[name]["dims"]])


def _extents(found, lengths, batch, ends, forests):
    """How many positions an axis has, and how many examples (or nodes) there are.

    Data must agree.
    """
    seen = {axis: ("the forest", forest["nodes"]) for axis, forest in forests.items()}
    for axis, end in ends.items():
        seen[axis] = (AXES[axis], _whole_number(AXES[axis], end, 1))
    if batch is not None:
        seen[None] = ("batch", _whole_number("batch", batch, 1))
    for forest in forests.values():
        _note_extent(seen, "trees", None, len(forest["roots"]))
    for name, array in found.items():
        axes = DATA[name]["axes"]
        if array.ndim <= len(axes):
            want = _layout(name)
            raise ValueError(f"{name!r} has shape {array.shape}; expected ({want})")
        for axis, count in zip((*axes, DATA[name].get("tree")), array.shape, strict=False):
            if axis not in FIXED:
                _note_extent(seen, name, axis, count)
    for axis, given in lengths.items():
        if given.ndim == 1 and len(given):
            seen.setdefault(None, ("lengths", len(given)))
            seen.setdefault(axis, ("lengths", int(np.max(given))))
    for axis, length in AXES.items():
        if axis not in seen:
            what = f"no data tells how many positions there are{_of_axis(axis, 'along')}"
            raise ValueError(f"{what}: give {length}=10, say")
    counts = {axis: seen[axis][1] for axis in forests}
    return {axis: seen[axis][1] for axis in AXES}, {None: seen.get(None, ("", 1))[1], **counts}


def _note_extent(seen, name, axis, count):
    """Hold what data say of an axis (None: of the examples) against what is known of it."""
    what = "examples"
    if axis in TREES:
        what = "nodes"
    elif axis is not None:
        what = f"positions{_of_axis(axis, 'along')}" + f" ({AXES[axis]})" * (len(AXES) > 1)
    first, others = seen.setdefault(axis, (repr(name), count))
    if others != count:
        rival = "also" if first == repr(name) else f"but {first} has"
        raise ValueError(f"{name!r} has {count} {what}, {rival} {others}")
    if not count:
        raise ValueError(f"{name!r} has no {what}")


def _full_lengths(lengths, extents, examples):
    """The number of positions of each example on every axis; all, where nothing is given."""
    found = {}
    for axis, positions in extents.items():
        given = found[axis] = lengths.get(axis, np.full(examples, positions))
        if given.shape != (examples,):
            got = given.shape
            raise ValueError(f"lengths of {axis!r} has shape {got}; expected {(examples,)}")
        if given.min() < 1 or given.max() > positions:
            wrong = given[(given < 1) | (given > positions)][0]
            raise ValueError(f"lengths of {axis!r} holds {wrong}; expected 1 to {positions}")
    return found


def _check_shapes(params, found, sizes, extents, counts):
    for name, shape in _shapes(sizes).items():
        got, dims = params[name].shape, ", ".join(PARAMS[name][0])
        if got != shape:
            raise ValueError(f"the parameter {name!r} has shape {got}; expected ({dims}) = {shape}")
    known = {**extents, **{axis: sizes[length] for axis, length in FIXED.items()}}
    for name, shape in _data_shapes(sizes).items():
        count = counts[DATA[name].get("tree")]
        want = (*(known[axis] for axis in DATA[name]["axes"]), count, *shape)
        if name in found and found[name].shape != want:
            got, words = found[name].shape, _layout(name)
            raise ValueError(f"{name!r} has shape {got}; expected ({words}) = {want}")


def _there(axes, live):
    """Where an example has the positions of all of some axes: (positions, ..., batch)."""
    mask = np.ones((1,) * (len(axes) + 1), bool)
    for place, axis in enumerate(axes):
        if axis in live:
            positions, examples = live[axis].shape
            ahead, behind = (1,) * place, (1,) * (len(axes) - place - 1)
            mask = mask & live[axis].reshape(*ahead, positions, *behind, examples)
    return mask


def _without_padding(found, live, sizes):
    """Data with nothing in the padding, and tokens and positions that there are."""
    limits = _token_sizes(sizes)
    for name, array in found.items():
        kind, mask, along = DATA[name]["kind"], _there(DATA[name]["axes"], live), ""
        if not mask.all():
            mask = mask.reshape(mask.shape + (1,) * (array.ndim - mask.ndim))
            array = found[name] = np.where(mask, array, array.dtype.type(-(kind == "token")))
        if kind == "real":
            continue
        if kind == "token":
            low, high, none = 0, limits[name] - 1, -1
        else:
            axis = DATA[name]["of"]
            low, high, none = 1, len(live[axis]) if axis in live else sizes[FIXED[axis]], 0
            along = _of_axis(axis, "along")
        wrong = array[(array != none) & ((array < low) | (array > high))]
        if wrong.size:
            what = f"{name!r} holds the {kind} {wrong[0]}{along}"
            raise ValueError(f"{what}; expected {low} to {high}, or {none} for none")
    return found

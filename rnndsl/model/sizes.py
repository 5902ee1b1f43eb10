"""Numbers for sizes, and which axes have a size for their length.

It looks at checked models only; what sizes a model is run with is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping

from rnndsl.model.model import Axis, Model


def known_sizes(model: Model, given: Mapping[str, int]) -> dict[str, int]:
    """Every size that follows from the given ones and the defaults; a size left open is absent.

    So is one that does not come out whole.
    """
    known = {name: given[name] for name in model.sizes if name in given}
    for name, size in model.sizes.items():
        if size.default is not None and size.default.constant is not None:
            known.setdefault(name, int(size.default.constant))
    derived = {name: size.default for name, size in model.sizes.items() if size.is_derived}
    for _ in derived:
        for name, default in derived.items():
            if name not in known and default is not None and default.names <= known.keys():
                value = default.value(known)
                if value.denominator == 1:
                    known[name] = int(value)
    return known


def running_axes(model: Model) -> dict[str, Axis]:
    """The sequence axes by name: each example has a length of its own."""
    return {n: a for n, a in model.axes.items() if a.size is None and not a.is_tree}


def tree_axes(model: Model) -> dict[str, Axis]:
    """The axes over the nodes of trees by name."""
    return {name: axis for name, axis in model.axes.items() if axis.is_tree}


def fixed_axes(model: Model) -> dict[str, Axis]:
    """The axes by name whose length is a size, unrolled or not."""
    return {**{n: a for n, a in model.axes.items() if a.size is not None}, **model.fixed}

"""Gradients clipped, and a step against them."""

import numpy as np

from rnndsl.emit.carried.checking import _check_known
from rnndsl.emit.carried.tables import CLIPS

# --8<-- copied from here on


@np.errstate(all="ignore")
def clip_by_norm(grads, limit):
    """New gradients whose norm, over all together, is at most `limit`; and the norm before.

    If |g| > v then g <- g v / |g| (Deep Learning, 10.48 and 10.49). Infinite entries keep
    their direction and leave the finite ones no share; NaN stays NaN.
    """
    _check_limit(limit)
    top, norm = _norm_of(grads)
    if not norm > limit:
        return {name: np.array(g) for name, g in grads.items()}, norm
    if np.isinf(top):
        grads = {name: np.where(np.isinf(g), np.sign(g), 0) for name, g in grads.items()}
        top, total = _norm_of(grads)
    else:
        total = norm
    scale = limit / (total / top)
    return {name: (g / top * scale).astype(g.dtype) for name, g in grads.items()}, norm


@np.errstate(all="ignore")
def clip_by_value(grads, limit):
    """New gradients whose entries lie between -limit and limit; and the norm before."""
    _check_limit(limit)
    _, norm = _norm_of(grads)
    return {name: np.array(np.clip(g, -limit, limit)) for name, g in grads.items()}, norm


def clip(grads):
    """New gradients, clipped as the spec says: by norm or value, all together or in groups."""
    grads = {name: np.array(g) for name, g in grads.items()}
    for kind, limit, names in CLIPS:
        group = {name: g for name, g in grads.items() if not names or name in names}
        by = clip_by_norm if kind == "norm" else clip_by_value
        grads.update(by(group, limit)[0])
    return grads


@np.errstate(all="ignore")
def sgd_step(params, grads, rate):
    """One step against the gradients, clipped as the spec says; updates `params` in place."""
    _check_known("parameter", grads, params)
    for name, g in clip(grads).items():
        if np.shape(g) != np.shape(params[name]):
            got, want = np.shape(g), np.shape(params[name])
            raise ValueError(f"the gradient of {name!r} has shape {got}; expected {want}")
        params[name] -= rate * g
    return params


def _check_limit(limit):
    if not limit >= 0:
        raise ValueError(f"the limit must be 0 or more, not {limit!r}")


def _norm_of(grads):
    """The largest entry and the Euclidean norm of all, scaled by it so that nothing overflows."""
    top = float(np.max([np.max(np.abs(g)) for g in grads.values()], initial=0.0))
    if not np.isfinite(top) or top == 0.0:
        return top, top
    total = sum(float(np.sum((g.astype(np.float64) / top) ** 2)) for g in grads.values())
    return top, top * float(np.sqrt(total))

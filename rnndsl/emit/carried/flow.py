"""Gradients clipped along one reference."""

import numpy as np

from rnndsl.emit.carried.entries import _widen


def _clip_flow_norm(d, limit, scale, rank):
    """The gradient along one reference, each example's norm at most the limit, if asked."""
    if scale is None:
        return d
    flat = d.reshape((*d.shape[: d.ndim - rank], -1)) / scale
    norm = np.sqrt(np.sum(flat * flat, axis=-1))
    factor = np.where(norm > limit, limit / np.where(norm > limit, norm, 1), 1)
    return d * _widen(factor, rank)


def _clip_flow_value(d, limit, scale):
    """The gradient along one reference, each entry at most the limit, if asked."""
    if scale is None:
        return d
    return np.clip(d, -limit * scale, limit * scale)

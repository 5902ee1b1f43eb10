"""Draws that depend on the seed, the place in the file, the example and the position alone."""

import numpy as np

from rnndsl.emit.carried.tables import DTYPE


def _mix(z):
    """One round of splitmix64's output function."""
    z = z ^ (z >> np.uint64(30))
    z = z * np.uint64(0xBF58476D1CE4E5B9)
    z = z ^ (z >> np.uint64(27))
    z = z * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _uniform(seed, site, position, examples, components=1):
    """Numbers in [0, 1) that depend on seed, place, example, position and component alone.

    `position` may be several, one for each index that runs, beside each other. Shape: theirs,
    examples, components. For nodes of trees `examples` holds that of each, and their numbers.
    """
    golden = np.uint64(0x9E3779B97F4A7C15)
    z = _mix(np.asarray([(int(seed) + int(golden)) % 2**64], np.uint64))
    positions = position if isinstance(position, tuple) else (position,)
    positions = [np.asarray(item)[..., None, None] for item in positions]
    who = examples if isinstance(examples, tuple) else (np.arange(examples),)
    who = [np.asarray(item)[:, None] for item in who]
    for part in (site, *who, *positions, np.arange(components)):
        z = _mix(z ^ ((np.asarray(part, np.uint64) + np.uint64(1)) * golden))
    return (z >> np.uint64(11)) * 2.0**-53


def _coin(forcing, seed, site, position, examples):
    """Scheduled sampling: whether the teacher is read."""
    return _uniform(seed, site, position, examples)[..., 0] < forcing


def _dropout(p, seed, site, position, examples, shape, training):
    """0 with probability p, else 1 / (1 - p), in training; 1 elsewhere."""
    if not training:
        positions = position if isinstance(position, tuple) else (position,)
        lead = np.broadcast_shapes(*(np.shape(item) for item in positions))
        count = len(examples[0]) if isinstance(examples, tuple) else examples
        return np.ones((*lead, count, *shape), DTYPE)
    u = _uniform(seed, site, position, examples, int(np.prod(shape)))
    kept = u.reshape(u.shape[:-1] + shape) >= p
    return np.where(kept, 1 / np.where(kept, 1 - p, 1), 0).astype(DTYPE)


def _sample(logits, seed, site, position, examples):
    """A token drawn from softmax(logits)."""
    p = np.exp((logits - np.max(logits, axis=-1, keepdims=True)).astype(np.float64))
    sums = np.cumsum(p / np.sum(p, axis=-1, keepdims=True), axis=-1)
    u = _uniform(seed, site, position, examples)
    return np.minimum(np.sum(sums <= u, axis=-1), logits.shape[-1] - 1)

"""What is done over the components of one value: sums, norms, softmax, joining, turning."""

import numpy as np

from rnndsl.emit.carried.tables import DTYPE


def _softmax(x):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def _log_softmax(x):
    z = x - np.max(x, axis=-1, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))


def _logsumexp(x, rank):
    x = x.reshape((*x.shape[: x.ndim - rank], -1))
    top = np.max(x, axis=-1)
    return top + np.log(np.sum(np.exp(x - top[..., None]), axis=-1))


def _norm(x, rank):
    x = x.reshape((*x.shape[: x.ndim - rank], -1))
    top = np.max(np.abs(x), axis=-1)
    safe = np.where(top > 0, top, 1)
    return top * np.sqrt(np.sum((x / safe[..., None]) ** 2, axis=-1))


def _extent(x, rank):
    """The largest magnitude; 1 where all are 0."""
    top = np.max(np.abs(x), axis=tuple(range(-rank, 0)))
    return np.where(top > 0, top, 1)


def _unit(x, norm, rank):
    """The direction of x; 0 where its norm is."""
    norm = np.asarray(norm).reshape(np.shape(norm) + (1,) * rank)
    return np.where(norm > 0, x / np.where(norm > 0, norm, 1), 0)


def _touched(d, rank):
    """Whether any component of an adjoint is not 0."""
    return np.any(d != 0, axis=tuple(range(-rank, 0)))


def _concat(*parts):
    lead = np.broadcast_shapes(*(part.shape[:-1] for part in parts))
    return np.concatenate([np.broadcast_to(p, lead + p.shape[-1:]) for p in parts], axis=-1)


def _fill(d, shape):
    """A scalar in every component."""
    d = d if isinstance(d, np.ndarray | np.generic) else DTYPE(d)
    return np.broadcast_to(d.reshape(d.shape + (1,) * len(shape)), d.shape + shape)


def _first_hot(x, rank):
    """1 at the first largest component, 0 at the others."""
    flat = x.reshape((*x.shape[: x.ndim - rank], -1))
    hot = np.zeros(flat.shape, DTYPE)
    np.put_along_axis(hot, np.argmax(flat, axis=-1)[..., None], 1, axis=-1)
    return hot.reshape(x.shape)


def _other_factors(x, rank):
    """For each component the product of the others."""
    flat = x.reshape((*x.shape[: x.ndim - rank], -1))
    ahead, behind = np.ones_like(flat), np.ones_like(flat)
    ahead[..., 1:] = np.cumprod(flat, axis=-1)[..., :-1]
    behind[..., :-1] = np.cumprod(flat[..., ::-1], axis=-1)[..., -2::-1]
    return (ahead * behind).reshape(x.shape)


def _norms(x):
    """Euclidean norms along the last axis; over the largest where squares could be lost."""
    squares = (x[..., None, :] @ x[..., None])[..., 0, 0]
    least = np.finfo(DTYPE).tiny / np.finfo(DTYPE).eps
    if np.min(squares, initial=1) > least and np.max(squares, initial=1) < np.inf:
        return np.sqrt(squares)
    return _norm(x, 1)


def _directions(x):
    """Vectors over their norms, 0 where a norm is 0, and one over the norms, 0 there too."""
    norms = _norms(x)
    safe = np.where(norms > 0, norms, 1)
    return x / safe[..., None], np.where(norms > 0, 1 / safe, 0)


def _cosine(u, v, rank):
    """Cosine of v with u, or (rank 2) with each row of u; 0 where a norm is 0."""
    (u, _), (v, _) = _directions(u), _directions(v)
    return (u @ v[..., None])[..., 0] if rank > 1 else np.sum(u * v, axis=-1)


def _cosine_left(u, v, cosine, d, rank):
    (u, steep), (v, _) = _directions(u), _directions(v)
    v = v[..., None, :] if rank > 1 else v
    return (v - u * cosine[..., None]) * (d * steep)[..., None]


def _cosine_right(u, v, cosine, d, rank):
    (u, _), (v, steep) = _directions(u), _directions(v)
    if rank == 1:
        return (u - v * cosine[..., None]) * (d * steep)[..., None]
    total = np.sum(d * cosine, axis=-1)
    return ((d[..., None, :] @ u)[..., 0, :] - v * total[..., None]) * steep[..., None]


def _turns(count, size):
    """Index of w[(i - j) mod N] for shifts j around 0: (S, N)."""
    shifts = np.arange(size) - size // 2
    return (np.arange(count)[None, :] - shifts[:, None]) % count


def _circular_conv(w, s):
    """out[i] = sum_j w[(i - j) mod N] s[j], j around 0."""
    turned = w[..., _turns(w.shape[-1], s.shape[-1])]
    return np.sum(turned * s[..., None], axis=-2)


def _circular_back(d, s):
    turned = d[..., _turns(d.shape[-1], s.shape[-1])]
    return np.sum(turned * s[..., ::-1, None], axis=-2)


def _circular_weights(d, w, s):
    turned = w[..., _turns(w.shape[-1], s.shape[-1])]
    return np.sum(turned * d[..., None, :], axis=-1)

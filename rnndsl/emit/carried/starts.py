"""The first values of parameters."""

import numpy as np

from rnndsl.emit.carried.checking import _whole_number
from rnndsl.emit.carried.reading import _known_sizes
from rnndsl.emit.carried.tables import DTYPE, PARAMS, _shapes

# --8<-- copied from here on


def init(seed=0, **sizes):
    """Fresh parameters: a dict from name to array. Sizes without a default must be given.

    Each name draws its own numbers: they depend on the seed, the name and the shape alone.
    """
    seed = _whole_number("seed", seed) % 2**63
    params = {}
    for name, shape in _shapes(_known_sizes(sizes)).items():
        rng = np.random.default_rng([seed, *name.encode()])
        _, kind, arguments, *axes = PARAMS[name]
        lead = sum(axes)  # how many dimensions are positions of fixed axes
        count, inner = int(np.prod(shape[:lead])), shape[lead:]
        each = [_draw_start(inner, kind, arguments, rng) for _ in range(count)]
        params[name] = np.array(np.reshape(each, shape), DTYPE)
    return params


def _draw_start(shape, kind, arguments, rng):
    """The first values of one parameter, or of one position of it."""
    if kind in ("number", "zeros", "ones"):
        return np.full(shape, arguments[0] if arguments else float(kind == "ones"))
    if kind == "identity":
        return np.eye(*shape)
    if kind == "normal":
        return rng.normal(0.0, arguments[0], shape)
    if kind == "uniform":
        return rng.uniform(arguments[0], arguments[1], shape)
    rows, columns = shape[0] if shape else 1, shape[-1] if len(shape) > 1 else 1
    if kind == "glorot":  # Glorot and Bengio (2010), equation 16
        limit = np.sqrt(6.0 / (rows + columns))
        return rng.uniform(-limit, limit, shape)
    # orthogonal: Q of a normal matrix, each column's sign that of R's diagonal
    q, r = np.linalg.qr(rng.normal(size=(max(shape), min(shape))))
    q = q * np.where(np.diag(r) < 0, -1.0, 1.0)
    return q if rows >= columns else q.T

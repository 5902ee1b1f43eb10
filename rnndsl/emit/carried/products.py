"""Products of matrices over all positions and examples at once."""

import numpy as np


def _outer_sum(x, y):
    """Sum over positions and examples of the outer products: one matrix product."""
    lead = np.broadcast_shapes(x.shape[:-1], y.shape[:-1])
    x = np.broadcast_to(x, lead + x.shape[-1:]).reshape(-1, x.shape[-1])
    y = np.broadcast_to(y, lead + y.shape[-1:]).reshape(-1, y.shape[-1])
    return x.T @ y


def _outer_sum_each(x, y):
    """Sum over positions of the outer products, each example for itself."""
    lead = np.broadcast_shapes(x.shape[:-1], y.shape[:-1])
    x, y = np.broadcast_to(x, lead + x.shape[-1:]), np.broadcast_to(y, lead + y.shape[-1:])
    x, y = (part.reshape(-1, *part.shape[-2:]) for part in (x, y))
    return np.einsum("tbi,tbj->bij", x, y)


def _product_into(x, matrix, out):
    """x @ matrix over all positions and examples as one product."""
    if x.ndim < 3 or not x.flags.c_contiguous:
        np.matmul(x, matrix, out=out)
        return
    flat = x.reshape(-1, x.shape[-1])
    if out.flags.c_contiguous:
        np.matmul(flat, matrix, out=out.reshape(-1, out.shape[-1]))
    else:
        out[...] = (flat @ matrix).reshape(out.shape)

"""Small functions that generated modules carry along, copied as they stand here.

Only those that a module calls are copied. They see `np` and `DTYPE` and nothing of this
package. Shapes: `live` is (T, B) or, within a step, (B,); values are (T, B, …) or (B, …).
"""

import numpy as np

DTYPE = np.float64


def _widen(mask, rank):
    """A mask beside values of some rank."""
    return mask.reshape(mask.shape + (1,) * rank)


def _real(x):
    return np.asarray(x, DTYPE)


def _sigmoid(x):
    return 0.5 * np.tanh(0.5 * x) + 0.5


def _relu(x):
    return np.maximum(x, 0)


def _softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _softmax(x):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def _log_softmax(x):
    z = x - np.max(x, axis=-1, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))


def _logsumexp(x, rank):
    x = x.reshape(x.shape[: x.ndim - rank] + (-1,))
    top = np.max(x, axis=-1)
    return top + np.log(np.sum(np.exp(x - top[..., None]), axis=-1))


def _norm(x, rank):
    x = x.reshape(x.shape[: x.ndim - rank] + (-1,))
    top = np.max(np.abs(x), axis=-1)
    safe = np.where(top > 0, top, 1)
    return top * np.sqrt(np.sum((x / safe[..., None]) ** 2, axis=-1))


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
    d = np.asarray(d)
    return np.broadcast_to(d.reshape(d.shape + (1,) * len(shape)), d.shape + shape)


def _outer_sum(x, y):
    """Sum over positions and examples of the outer products: one matrix product."""
    lead = np.broadcast_shapes(x.shape[:-1], y.shape[:-1])
    x = np.broadcast_to(x, lead + x.shape[-1:]).reshape(-1, x.shape[-1])
    y = np.broadcast_to(y, lead + y.shape[-1:]).reshape(-1, y.shape[-1])
    return x.T @ y


def _outer_sum_each(x, y):
    """Sum over positions of the outer products, each example for itself."""
    return np.einsum("tbi,tbj->bij", x, y)


def _first_hot(x, rank):
    """1 at the first largest component, 0 at the others."""
    flat = x.reshape(x.shape[: x.ndim - rank] + (-1,))
    hot = np.zeros(flat.shape, DTYPE)
    np.put_along_axis(hot, np.argmax(flat, axis=-1)[..., None], 1, axis=-1)
    return hot.reshape(x.shape)


def _other_factors(x, rank):
    """For each component the product of the others."""
    flat = x.reshape(x.shape[: x.ndim - rank] + (-1,))
    ahead, behind = np.ones_like(flat), np.ones_like(flat)
    ahead[..., 1:] = np.cumprod(flat, axis=-1)[..., :-1]
    behind[..., :-1] = np.cumprod(flat[..., ::-1], axis=-1)[..., -2::-1]
    return (ahead * behind).reshape(x.shape)


def _rows(table, index):
    """Rows of a parameter by token; zeros for no token."""
    index = np.asarray(index)
    known = (index >= 0) & (index < len(table))
    rows = table[np.where(known, index, 0)]
    return np.where(_widen(known, rows.ndim - index.ndim), rows, 0)


def _picked(x, index, rank):
    """The component (or row) of each value that a token picks; 0 for no token."""
    size = x.shape[x.ndim - rank]
    index = np.broadcast_to(index, x.shape[: x.ndim - rank])
    known = (index >= 0) & (index < size)
    where = np.where(known, index, 0)
    taken = np.take_along_axis(x, _widen(where, rank), axis=-rank)
    return np.where(_widen(known, rank - 1), np.squeeze(taken, axis=-rank), 0)


def _one_hot(index, size):
    return (np.asarray(index)[..., None] == np.arange(size)).astype(DTYPE)


def _unpick(d, index, size, rank):
    """d at the component (or row) that a token picks, 0 at the others."""
    hot = np.asarray(index)[..., None] == np.arange(size)
    return np.where(_widen(hot, rank - 1), np.expand_dims(d, -rank), 0)


def _put(d, index, size, rank):
    """d at one component (or row), 0 at the others."""
    hot = (np.arange(size) == index).reshape((size,) + (1,) * (rank - 1))
    return np.where(hot, np.expand_dims(d, -rank), 0)


def _row_sums(d, index, size):
    """Gradient of a table of rows: each d added to the row that its token picked."""
    index = np.asarray(index)
    d = np.broadcast_to(d, np.broadcast_shapes(d.shape, index.shape + (1,) * (d.ndim - index.ndim)))
    rows, index = d.reshape((index.size,) + d.shape[index.ndim :]), index.reshape(-1)
    known = (index >= 0) & (index < size)
    rows, index = rows[known], index[known]
    order = np.argsort(index, kind="stable")
    found, starts = np.unique(index[order], return_index=True)
    result = np.zeros((size,) + rows.shape[1:], DTYPE)
    if len(found):
        result[found] = np.add.reduceat(rows[order], starts, axis=0)
    return result


def _cross_entropy(logits, token):
    """-log softmax(logits)[token]; 0 for no token."""
    token = np.broadcast_to(token, logits.shape[:-1])
    known = (token >= 0) & (token < logits.shape[-1])
    picked = np.take_along_axis(logits, np.where(known, token, 0)[..., None], axis=-1)[..., 0]
    top = np.max(logits, axis=-1)
    total = np.log(np.sum(np.exp(logits - top[..., None]), axis=-1))
    return np.where(known, total + (top - picked), 0)


def _cross_entropy_slope(logits, token):
    """softmax(logits) - one_hot(token); 0 for no token."""
    token = np.broadcast_to(token, logits.shape[:-1])
    known = (token >= 0) & (token < logits.shape[-1])
    slope = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    slope /= np.sum(slope, axis=-1, keepdims=True)
    where = np.where(known, token, 0)[..., None]
    np.put_along_axis(slope, where, np.take_along_axis(slope, where, axis=-1) - 1, axis=-1)
    return np.where(known[..., None], slope, 0)


def _nll(p, token):
    """-log p[token]; 0 for no token."""
    known = (token >= 0) & (token < p.shape[-1])
    picked = np.take_along_axis(p, np.where(known, token, 0)[..., None], axis=-1)[..., 0]
    return np.where(known, -np.log(picked), 0)


def _cosine(u, v):
    """Cosine of v with u, or with each row of u; 0 where a norm is 0."""
    v = v[..., None, :] if u.ndim > v.ndim or u.shape[:-1] != v.shape[:-1] else v
    norms = np.sqrt(np.sum(u * u, axis=-1) * np.sum(v * v, axis=-1))
    return np.where(norms > 0, np.sum(u * v, axis=-1) / np.where(norms > 0, norms, 1), 0)


def _cosine_left(u, v, cosine, d):
    v = v[..., None, :] if cosine.ndim and cosine.shape != v.shape[:-1] else v
    square = np.sum(u * u, axis=-1)
    norms = np.sqrt(square * np.sum(v * v, axis=-1))
    safe, one = np.where(norms > 0, norms, 1), np.where(norms > 0, square, 1)
    slope = v / safe[..., None] - u * (cosine / one)[..., None]
    return np.where((norms > 0)[..., None], slope * d[..., None], 0)


def _cosine_right(u, v, cosine, d):
    is_rows = cosine.ndim and cosine.shape != v.shape[:-1]
    wide = v[..., None, :] if is_rows else v
    square = np.sum(wide * wide, axis=-1)
    norms = np.sqrt(np.sum(u * u, axis=-1) * square)
    safe, one = np.where(norms > 0, norms, 1), np.where(norms > 0, square, 1)
    slope = u / safe[..., None] - wide * (cosine / one)[..., None]
    slope = np.where((norms > 0)[..., None], slope * d[..., None], 0)
    return np.sum(slope, axis=-2) if is_rows else slope


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


def _spread(d, live, rank):
    """d at the positions that an example has, 0 at those it lacks."""
    return np.where(_widen(live, rank), d, 0)


def _over(x, live, filler):
    """x with a neutral number at the positions that an example lacks."""
    return np.where(_widen(live, x.ndim - 2), x, filler)


def _sum_over(x, live):
    return np.sum(_over(x, live, 0), axis=0)


def _mean_over(x, live):
    total = _sum_over(x, live)
    return total / _widen(np.sum(live, axis=0), total.ndim - 1).astype(DTYPE)


def _prod_over(x, live):
    return np.prod(_over(x, live, 1), axis=0)


def _other_factors_over(x, live):
    """For each position the product of the others."""
    x = _over(x, live, 1)
    ahead, behind = np.ones_like(x), np.ones_like(x)
    ahead[1:] = np.cumprod(x, axis=0)[:-1]
    behind[:-1] = np.cumprod(x[::-1], axis=0)[-2::-1]
    return ahead * behind


def _lowest(x):
    return np.iinfo(x.dtype).min if np.issubdtype(x.dtype, np.integer) else -np.inf


def _max_over(x, live):
    return np.max(_over(x, live, _lowest(x)), axis=0)


def _min_over(x, live):
    return -_max_over(-x, live)


def _argmax_over(x, live):
    """The first best position, counted from 1."""
    return np.argmax(_over(x, live, _lowest(x)), axis=0) + 1


def _first_hot_over(x, live):
    """1 at the first largest position, 0 at the others."""
    x = _over(x, live, _lowest(x))
    hot = np.zeros(x.shape, DTYPE)
    np.put_along_axis(hot, np.argmax(x, axis=0)[None], 1, axis=0)
    return hot


def _logsumexp_over(x, live):
    x = _over(x, live, -np.inf)
    top = np.max(x, axis=0)
    return top + np.log(np.sum(np.exp(x - top), axis=0))


def _softmax_over(x, live):
    x = _over(x, live, -np.inf)
    e = np.exp(x - np.max(x, axis=0))
    return e / np.sum(e, axis=0)


def _everywhere(x, like):
    """x at every position and example of `like`."""
    np.copyto(like, x)
    return like


def _live_only(x, like, live):
    """x where an example has the position; what stands in `like` elsewhere."""
    return np.where(_widen(live, like.ndim - live.ndim), x, like)


def _clear(live, *arrays):
    """Padding is 0 in everything that is kept."""
    if not live.all():
        for array in arrays:
            array[~live] = 0


def _extended(x, before, after, filler):
    """x with room for positions before the first and after the last."""
    room = np.full((before + len(x) + after,) + x.shape[1:], filler, x.dtype)
    room[before : before + len(x)] = x
    return room


def _restore(room, before, state, name):
    """The last values of the window before, where there was one."""
    if name in state:
        last = np.asarray(state[name])
        count = min(before, len(last))
        room[before - count : before] = last[len(last) - count :]


def _carried(value, state, name, back):
    """A boundary, or what the window before left in its place."""
    if name in state and len(state[name]) >= back:
        return np.asarray(state[name])[-back]
    return value


def _uncarried(d, state, name):
    """No gradient reaches a boundary that the window before replaced."""
    return np.zeros_like(d) if name in state else d


def _beyond(room, before, lengths, ahead, value):
    """Write a boundary behind the last position of each example."""
    rows = before + lengths + ahead - 1
    inside = rows < len(room)
    value = np.broadcast_to(value, room.shape[1:])
    room[rows[inside], np.arange(len(lengths))[inside]] = value[inside]


def _at(room, before, position, filler):
    """What stands at a position of each example; the filler outside."""
    row = np.asarray(position) + (before - 1)
    examples = np.arange(room.shape[1])
    inside = np.broadcast_to((row >= 0) & (row < len(room)), np.broadcast_shapes(row.shape, (1,)))
    found = room[np.clip(row, 0, len(room) - 1), examples]
    inside = np.broadcast_to(inside, found.shape[: row.ndim or 1])
    return np.where(_widen(inside, found.ndim - inside.ndim), found, filler)


def _placed(d, position, live):
    """d at one position of each example, 0 at the others."""
    hit = live & (np.arange(1, len(live) + 1)[:, None] == position)
    return np.where(_widen(hit, d.ndim - 1), d, 0)


def _scattered(d, position, live):
    """Each d added at the position that it names."""
    position = np.asarray(position)
    if position.ndim < 2:
        return _placed(d, position, live)
    result = np.zeros(live.shape + d.shape[2:], DTYPE)
    examples = np.broadcast_to(np.arange(live.shape[1]), position.shape)
    inside = (position >= 1) & (position <= np.sum(live, axis=0)) & live
    np.add.at(result, (position[inside] - 1, examples[inside]), d[inside])
    return result


def _last(room, before, count, lengths):
    """The last values of each example: (count, B, …), the oldest first."""
    rows = before + lengths[None, :] - count + np.arange(count)[:, None]
    return room[rows, np.arange(len(lengths))]


def _clip_flow_norm(d, limit, scale, rank):
    """The gradient along one reference, each example's norm at most the limit."""
    flat = d.reshape(d.shape[: d.ndim - rank] + (-1,)) / scale
    norm = np.sqrt(np.sum(flat * flat, axis=-1))
    factor = np.where(norm > limit, limit / np.where(norm > limit, norm, 1), 1)
    return d * _widen(factor, rank)


def _clip_flow_value(d, limit, scale):
    """The gradient along one reference, each entry at most the limit."""
    return np.clip(d, -limit * scale, limit * scale)


def _mix(z):
    """One round of splitmix64's output function."""
    z = z ^ (z >> np.uint64(30))
    z = z * np.uint64(0xBF58476D1CE4E5B9)
    z = z ^ (z >> np.uint64(27))
    z = z * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _uniform(seed, site, position, examples, components=1):
    """Numbers in [0, 1) that depend on seed, place, example, position and component alone.

    Shape: that of `position`, examples, components.
    """
    golden = np.uint64(0x9E3779B97F4A7C15)
    z = _mix(np.asarray([(int(seed) + int(golden)) % 2**64], np.uint64))
    position = np.asarray(position, np.uint64)
    parts = (np.uint64(site), np.arange(examples)[:, None], position.reshape(position.shape + (1, 1)),
             np.arange(components))  # fmt: skip
    for part in parts:
        z = _mix(z ^ ((np.asarray(part, np.uint64) + np.uint64(1)) * golden))
    return (z >> np.uint64(11)) * 2.0**-53


def _coin(forcing, seed, site, position, examples):
    """Scheduled sampling: whether the teacher is read."""
    return _uniform(seed, site, position, examples)[..., 0] < forcing


def _dropout(p, seed, site, position, examples, shape, training):
    """0 with probability p, else 1 / (1 - p), in training; 1 elsewhere."""
    if not training:
        return np.ones(np.shape(position) + (examples,) + shape, DTYPE)
    size = int(np.prod(shape))
    kept = _uniform(seed, site, position, examples, size) >= p
    scale = 1 / (1 - p) if p < 1 else 0.0
    return (kept * scale).astype(DTYPE).reshape(kept.shape[:-1] + shape)


def _sample(logits, seed, site, position, examples):
    """A token drawn from softmax(logits)."""
    p = np.exp((logits - np.max(logits, axis=-1, keepdims=True)).astype(np.float64))
    sums = np.cumsum(p / np.sum(p, axis=-1, keepdims=True), axis=-1)
    u = _uniform(seed, site, position, examples)
    return np.minimum(np.sum(sums <= u, axis=-1), logits.shape[-1] - 1)


def _padded(x, live):
    """An output: 0 where an example has no position."""
    return np.where(_widen(live, x.ndim - 2), x, x.dtype.type(0))


def _for_each(x, examples, rank):
    """An output without positions, one for each example."""
    x = np.asarray(x)
    return np.broadcast_to(x, (examples,) + x.shape[x.ndim - rank :]).copy()


def _array(work, name, shape, dtype):
    """An array of the workspace, made anew where it has another shape; its entries are open."""
    array = work.get(name)
    if array is None or array.shape != shape or array.dtype != dtype:
        array = work[name] = np.empty(shape, dtype)
    return array


def _filled_array(work, name, shape, dtype, filler):
    """An array of the workspace, filled."""
    array = _array(work, name, shape, dtype)
    array.fill(filler)
    return array


def _sigmoid_into(x, out):
    np.multiply(x, 0.5, out=out)
    np.tanh(out, out=out)
    out *= 0.5
    out += 0.5


def _relu_into(x, out):
    np.maximum(x, 0, out=out)


def _product_into(x, matrix, out):
    """x @ matrix over all positions and examples as one product."""
    if x.ndim > 2 and x.flags.c_contiguous:
        flat = x.reshape(-1, x.shape[-1])
        np.matmul(flat, matrix, out=out.reshape(-1, out.shape[-1]))
    else:
        np.matmul(x, matrix, out=out)

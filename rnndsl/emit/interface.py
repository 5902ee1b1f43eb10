"""The public functions of a generated module, and how data reaches the stages between them.

Copied into every module as they stand; the tables above them are the module's own. Nothing
here knows a model.
"""


import numpy as np

DTYPE = np.float64
NAME, AXIS, LENGTH = "", "", ""
SIZES, PLACES, STARTS, DATA, NEEDS, CLIPS, DELAYS, STAGES = {}, {}, {}, {}, {}, (), {}, {}
OUTPUTS, OVER = (), {}


def _derived(sizes):
    return sizes


def _shapes(sizes):
    return {}


def _data_shapes(sizes):
    return {}


def _token_sizes(sizes):
    return {}


# --8<-- copied from here on


def _whole(name, top, bottom):
    """A size that follows from others; it must come out whole."""
    if top % bottom or top < bottom:
        raise ValueError(f"the size {name!r} is {top}/{bottom}: it must be a whole number above 0")
    return top // bottom


def _known_sizes(given):
    """All sizes: what is given, else the defaults; ValueError names one that is missing."""
    for name in given:
        if name not in SIZES:
            raise ValueError(f"{NAME} has no size {name!r}; its sizes: {', '.join(SIZES) or 'none'}")
    sizes = {name: given.get(name, default) for name, default in SIZES.items()}
    for name, value in sizes.items():
        if value is None:
            raise ValueError(f"the size {name!r} is not known: give it, for example {name}=32")
        is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not is_whole or value < 1:
            raise ValueError(f"the size {name!r} must be a whole number above 0, not {value!r}")
    return _derived({name: int(value) for name, value in sizes.items()})


def _draw_start(shape, kind, arguments, rng):
    """The first values of one parameter."""
    if kind == "number":
        return np.full(shape, arguments[0])
    if kind in ("zeros", "ones"):
        return np.full(shape, float(kind == "ones"))
    if kind == "identity":
        return np.eye(*shape)
    if kind == "normal":
        return rng.normal(0.0, arguments[0], shape)
    if kind == "uniform":
        return rng.uniform(arguments[0], arguments[1], shape)
    rows, columns = shape[0] if shape else 1, shape[-1] if len(shape) > 1 else 1
    if kind == "glorot":
        limit = np.sqrt(6.0 / (rows + columns))
        return rng.uniform(-limit, limit, shape)
    q, r = np.linalg.qr(rng.normal(size=(max(shape), min(shape))))
    q = q * np.where(np.diag(r) < 0, -1.0, 1.0)
    return q if rows >= columns else q.T


def init(seed=0, **sizes):
    """Fresh parameters: a dict from name to array. Sizes without a default must be given."""
    params = {}
    for name, shape in _shapes(_known_sizes(sizes)).items():
        rng = np.random.default_rng([int(seed) % 2**63, *name.encode()])
        params[name] = np.asarray(_draw_start(shape, *STARTS[name], rng), DTYPE)
    return params


def _check_names(what, given, known):
    for name in given:
        if name not in known:
            raise ValueError(f"{NAME} has no {what} {name!r}; it has: {', '.join(known) or 'none'}")


def _arrays(data):
    """Data as arrays of the right kind; ValueError names what is not."""
    found = {}
    for name, value in data.items():
        kind = DATA[name]["kind"]
        try:
            array = np.asarray(value)
        except ValueError:
            raise ValueError(f"{name!r} is not an array: its rows differ in length") from None
        if kind == "real":
            if array.dtype.kind not in "fiub":
                raise ValueError(f"{name!r} must hold real numbers, not {array.dtype}")
            found[name] = array.astype(DTYPE, copy=False)
        elif array.dtype.kind not in "iu":
            word = "tokens" if kind == "token" else "positions"
            raise ValueError(f"{name!r} must hold {word}, which are integers, not {array.dtype}")
        else:
            found[name] = array.astype(np.int64, copy=False)
    return found


def _extent(found, lengths, batch, length):
    """How many positions and examples there are; ValueError where data disagree."""
    seen = {}
    for name, array in found.items():
        lead = 2 if DATA[name]["axis"] else 1
        if array.ndim < lead:
            want = f"({LENGTH}, batch, ...)" if lead == 2 else "(batch, ...)"
            raise ValueError(f"{name!r} has shape {array.shape}; expected {want}")
        here = [("positions", array.shape[0])] * (lead == 2) + [("batch", array.shape[lead - 1])]
        for what, count in here:
            first = seen.setdefault(what, (name, count))
            if first[1] != count:
                raise ValueError(f"{name!r} has {count} for {what}, but {first[0]!r} has {first[1]}")
    if lengths is not None:
        seen.setdefault("batch", ("lengths", len(lengths)))
        if length is None and len(lengths):
            seen.setdefault("positions", ("lengths", int(np.max(lengths))))
    if length is not None and seen.setdefault("positions", (LENGTH, length))[1] != length:
        name, count = seen["positions"]
        raise ValueError(f"{LENGTH}={length}, but {name!r} has {count} positions")
    if batch is not None and seen.setdefault("batch", ("batch", batch))[1] != batch:
        name, count = seen["batch"]
        raise ValueError(f"batch={batch}, but {name!r} has {count} examples")
    if AXIS and "positions" not in seen:
        raise ValueError(f"no data tells how many positions there are: give {LENGTH}=10, say")
    positions, examples = seen.get("positions", ("", 1))[1], seen.get("batch", ("", 1))[1]
    if positions < 1 or examples < 1:
        raise ValueError(f"{NAME} needs at least one position and one example")
    return int(positions), int(examples)


def _lengths(lengths, positions, examples):
    """The number of positions of each example, checked."""
    if lengths is None:
        return np.full(examples, positions)
    array = np.asarray(lengths)
    if array.shape != (examples,) or array.dtype.kind not in "iu":
        raise ValueError(f"lengths of {AXIS!r} must be {examples} integers, one for each example")
    if array.min() < 1 or array.max() > positions:
        raise ValueError(f"lengths of {AXIS!r} must lie between 1 and {positions}")
    return array.astype(np.int64)


def _sizes_of(params, found):
    """Sizes read off the shapes of parameters and data, else the defaults."""
    sizes = {}
    for size, places in PLACES.items():
        for name, dim in places:
            array = params.get(name) if name in params else found.get(name)
            lead = 0 if name in params else 1 + bool(name in DATA and DATA[name]["axis"])
            if array is not None and array.ndim > lead + dim:
                sizes.setdefault(size, array.shape[lead + dim])
    return _known_sizes(sizes)


def _check_shapes(params, found, sizes, positions, examples):
    for name, shape in _shapes(sizes).items():
        if params[name].shape != shape:
            got = params[name].shape
            raise ValueError(f"the parameter {name!r} has shape {got}; expected {shape}")
    for name, shape in _data_shapes(sizes).items():
        lead = (positions, examples) if DATA[name]["axis"] else (examples,)
        if name in found and found[name].shape != lead + shape:
            got = found[name].shape
            raise ValueError(f"{name!r} has shape {got}; expected {lead + shape}")


def _without_padding(found, live, sizes):
    """Data with nothing in the padding, and tokens and positions that there are."""
    limits = _token_sizes(sizes)
    for name, array in found.items():
        kind = DATA[name]["kind"]
        if DATA[name]["axis"] and not live.all():
            mask = live.reshape(live.shape + (1,) * (array.ndim - 2))
            array = found[name] = np.where(mask, array, array.dtype.type(-(kind == "token")))
        low, high = (-1, limits[name] - 1) if kind == "token" else (0, len(live))
        if kind != "real" and (array.min() < low or array.max() > high):
            wrong = array[(array < low) | (array > high)][0]
            raise ValueError(f"{name!r} holds {wrong}; expected {low} to {high}")
    return found


def _params(params):
    """Parameters as arrays; ValueError names what is missing or unknown."""
    _check_names("parameter", params, STARTS)
    for name in STARTS:
        if name not in params:
            raise ValueError(f"the parameter {name!r} is missing")
    return {name: np.asarray(params[name], DTYPE) for name in STARTS}


def _need(mode, stage, data):
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


def _prepare(params, data, stage, *, mode="teacher", forcing=1.0, seed=0, lengths=None,
             state=None, batch=None, training=False, clip=False, work=None):  # fmt: skip
    """Everything that the stages are given: parameters, data, and how to run."""
    if mode not in STAGES:
        raise ValueError(f"mode must be one of {', '.join(STAGES)}, not {mode!r}")
    _check_names("data", [name for name in data if name != LENGTH], DATA)
    data = {name: value for name, value in data.items() if value is not None}
    length = data.pop(LENGTH, None) if LENGTH else None
    _need(mode, stage, data)
    if lengths is not None:
        _check_names("axis", lengths, (AXIS,) if AXIS else ())
        lengths = lengths.get(AXIS)
        lengths = None if lengths is None else np.asarray(lengths)
    state = {} if state is None else state
    _check_names("state", state, DELAYS)
    params, found = _params(params), _arrays(data)
    positions, examples = _extent(found, lengths, batch, length)
    sizes = _sizes_of(params, found)
    _check_shapes(params, found, sizes, positions, examples)
    lengths = _lengths(lengths, positions, examples)
    live = np.arange(positions)[:, None] < lengths
    found = _without_padding(found, live, sizes)
    run = {
        "sizes": sizes, "length": positions, "examples": examples, "lengths": lengths,
        "live": live, "state": state, "seed": seed, "forcing": forcing, "training": training,
        "mode": mode, "clip": clip, "scale": None, "work": {} if work is None else work,
    }  # fmt: skip
    return params, found, run


@np.errstate(all="ignore")
def forward(params, *, return_state=False, mode="teacher", **rest):
    """Outputs by name: (positions, batch, ...), or (batch, ...) without positions.

    `rest` holds the data by name and, where wanted, `lengths`, `state`, `seed`, `forcing` and
    `batch`. Dropout does not act. ValueError names data that do not fit.
    """
    options, data = _options(rest)
    with _Workspace() as work:
        params, data, run = _prepare(params, data, "forward", mode=mode, work=work, **options)
        outputs, after, _ = STAGES[mode]["forward"](params, data, run)
    return {**outputs, "state": after} if return_state else outputs


class _Workspace:
    """Arrays that one call at a time uses and leaves for the next."""

    resting = []  # noqa: RUF012

    def __enter__(self):
        self.work = self.resting.pop() if self.resting else {}
        return self.work

    def __exit__(self, *_):
        self.resting.append(self.work)


def _options(rest):
    """What says how to run, apart from the data."""
    names = ("forcing", "seed", "lengths", "state", "batch")
    options = {name: rest[name] for name in names if name in rest}
    return options, {name: value for name, value in rest.items() if name not in names}


def _record(params, rest, mode, training, clip=False, work=None):
    if "loss" not in STAGES.get(mode, {"loss": None}) and not OUTPUTS:
        raise ValueError(f"{NAME} has neither a loss nor an output")
    options, data = _options(rest)
    has_loss = "loss" in STAGES.get(mode, {"loss": None})
    stage = "loss" if has_loss else "forward"
    params, data, run = _prepare(params, data, stage, mode=mode, training=training, clip=clip,
                                 work=work, **options)  # fmt: skip
    outputs, after, kept = STAGES[mode]["forward"](params, data, run)
    loss = None
    if has_loss:
        loss, more, rest_kept = STAGES[mode]["loss"](params, data, run, kept)
        after, kept = {**after, **more}, {**kept, **rest_kept}
    return {"params": params, "data": data, "run": run, "kept": kept, "outputs": outputs,
            "loss": loss, "state": after}  # fmt: skip


def _check_loss():
    if "loss" not in STAGES["teacher"]:
        raise ValueError(f"{NAME} has no loss: write `loss = ...` in the spec, or use record()")


@np.errstate(all="ignore")
def loss(params, *, mode="teacher", **rest):
    """The loss of the batch, the mean over its examples. Dropout does not act."""
    _check_loss()
    with _Workspace() as work:
        return float(np.mean(_record(params, rest, mode, False, False, work)["loss"]))


@np.errstate(all="ignore")
def record(params, *, mode="teacher", **rest):
    """A run that `backward` can go back through: a dict with `outputs` and `loss` among it."""
    return _record(params, rest, mode, True)


@np.errstate(all="ignore")
def backward(trace, *, inputs=False, **cotangents):
    """Gradients by parameter (and by input, if asked) of the batch loss.

    `cotangents` name outputs (or `loss`, one number an example): then the gradients are those
    of the sum of all products of outputs and cotangents.
    """
    run, examples = dict(trace["run"]), trace["run"]["examples"]
    stages = STAGES[run["mode"]]
    if not cotangents:
        _check_loss()
        seeds = {"loss": np.full(examples, 1.0 / examples, DTYPE)}
        way = stages["backward"]
    else:
        seeds = _seeds(trace, cotangents)
        way = stages["backward_outputs"]
    if run["clip"]:
        run["scale"] = 1.0 if cotangents else 1.0 / examples
    grads, more = way(trace["params"], trace["data"], run, trace["kept"], seeds, inputs)
    return (grads, more) if inputs else grads


def _seeds(trace, cotangents):
    """Adjoints of the outputs: zero where none is given, and in the padding."""
    known = {name: trace["outputs"][name] for name in OUTPUTS}
    if trace["loss"] is not None:
        known["loss"] = trace["loss"]
    _check_names("output", cotangents, known)
    seeds = {}
    for name, value in known.items():
        given = np.asarray(cotangents.get(name, 0), DTYPE)
        if name in cotangents and given.shape not in (value.shape, ()):
            raise ValueError(f"{name!r} has shape {value.shape}, its cotangent {given.shape}")
        seed = np.array(np.broadcast_to(given, value.shape), DTYPE)
        if OVER[name]:
            seed[~trace["run"]["live"]] = 0
        seeds[name] = seed
    return seeds


@np.errstate(all="ignore")
def loss_and_grads(params, *, inputs=False, mode="teacher", clip=False, return_state=False,
                   **rest):  # fmt: skip
    """The loss of the batch and its gradients by parameter (and by input, if asked).

    Gradients are exact and unclipped; with `clip` those along references that the spec clips
    (`clip norm 1 d h[t-1]`) are held to their limit on the way. Dropout acts.
    """
    _check_loss()
    with _Workspace() as work:
        trace = _record(params, rest, mode, True, clip, work)
        grads = backward(trace, inputs=inputs)
    result = (float(np.mean(trace["loss"])), *(grads if inputs else (grads,)))
    return (*result, trace["state"]) if return_state else result


def _norm_of(grads):
    """Euclidean norm of all entries, scaled by the largest so that nothing overflows."""
    top = max((float(np.max(np.abs(g))) for g in grads.values() if g.size), default=0.0)
    if not np.isfinite(top) or top == 0.0:
        return top, top
    total = sum(float(np.sum((g.astype(np.float64) / top) ** 2)) for g in grads.values())
    return top, top * float(np.sqrt(total))


def clip_by_norm(grads, limit):
    """New gradients whose norm, over all together, is at most `limit`; and the norm before.

    If |g| > v then g <- g v / |g| (Deep Learning, 10.48 and 10.49). Infinite entries keep
    their direction and leave the finite ones no share; NaN stays NaN.
    """
    top, norm = _norm_of(grads)
    if np.isinf(top):
        grads = {name: np.where(np.isinf(g), np.sign(g), 0 * np.nan_to_num(g, posinf=0, neginf=0))
                 for name, g in grads.items()}  # fmt: skip
        _, total = _norm_of(grads)
        return {name: (g * (limit / total)).astype(g.dtype) for name, g in grads.items()}, norm
    if not norm > limit:
        return {name: g.copy() for name, g in grads.items()}, norm
    return {name: ((g / top) * (limit / (norm / top))).astype(g.dtype)
            for name, g in grads.items()}, norm  # fmt: skip


def clip_by_value(grads, limit):
    """New gradients whose entries lie between -limit and limit; and the norm before."""
    _, norm = _norm_of(grads)
    return {name: np.clip(g, -limit, limit) for name, g in grads.items()}, norm


def clip(grads):
    """New gradients, clipped as the spec says: by norm or value, all together or in groups."""
    grads = {name: g.copy() for name, g in grads.items()}
    for kind, limit, names in CLIPS:
        group = {name: g for name, g in grads.items() if not names or name in names}
        by = clip_by_norm if kind == "norm" else clip_by_value
        grads.update(by(group, limit)[0])
    return grads


def sgd_step(params, grads, rate):
    """One step against the gradients, clipped as the spec says; updates `params` in place."""
    for name, g in clip(grads).items():
        params[name] -= (rate * g).astype(params[name].dtype)
    return params


def _random_data(rng, sizes, positions=5, examples=3):
    limits, found = _token_sizes(sizes), {}
    for name, shape in _data_shapes(sizes).items():
        lead = (positions, examples) if DATA[name]["axis"] else (examples,)
        kind = DATA[name]["kind"]
        if kind == "real":
            found[name] = rng.normal(size=lead + shape)
        else:
            low, high = (0, limits[name]) if kind == "token" else (1, positions + 1)
            found[name] = rng.integers(low, high, lead)
    if AXIS:
        found[LENGTH] = positions
    return found


def _check_gradients():
    """Gradients against central differences along random directions, in float64."""
    global DTYPE
    DTYPE = np.float64
    rng = np.random.default_rng(0)
    small = iter(range(3, 1000))
    given = {name: next(small) for name, size in SIZES.items() if size is None}
    params = {name: p + 0.1 * rng.normal(size=p.shape) for name, p in init(0, **given).items()}
    found = _random_data(rng, _known_sizes(given))
    if AXIS:
        found["lengths"] = {AXIS: [found[LENGTH], 2, 1]}
    else:
        found["batch"] = 3
    trace = record(params, **found)
    if trace["loss"] is None:
        cotangents = {name: rng.normal(size=trace["outputs"][name].shape) for name in OUTPUTS}
    else:
        cotangents = {"loss": np.full(3, 1 / 3)}
    grads, worst = backward(trace, **cotangents), 0.0

    def objective(changed):
        run = record(changed, **found)
        values = {**run["outputs"], "loss": run["loss"]}
        return sum(np.sum(values[name] * weight) for name, weight in cotangents.items())

    for name, p in params.items():
        direction, step = rng.normal(size=p.shape), 1e-6
        ahead = objective({**params, name: p + step * direction})
        behind = objective({**params, name: p - step * direction})
        measured, exact = (ahead - behind) / (2 * step), float(np.sum(grads[name] * direction))
        error = abs(measured - exact) / max(1e-3, abs(measured), abs(exact))
        worst = max(worst, error)
        print(f"{name:>12}  {exact: .9e}  {measured: .9e}  {error:.1e}")
    is_right = worst < 1e-5
    print(f"gradients of {NAME} {'agree with' if is_right else 'DIFFER from'} central differences")
    return 0 if is_right else 1


if __name__ == "__main__":
    raise SystemExit(_check_gradients())

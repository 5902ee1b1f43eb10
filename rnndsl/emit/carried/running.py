"""Runs of a generated module: forwards, and back for gradients."""

import numpy as np

from rnndsl.emit.carried.checking import _as_reals, _check_known, _check_options, _there
from rnndsl.emit.carried.reading import _prepare
from rnndsl.emit.carried.tables import DTYPE, NAME, OUTPUTS, STAGES

# --8<-- copied from here on


@np.errstate(all="ignore")
def forward(params, /, *, mode="teacher", return_state=False, **data):
    """Outputs by name: (positions, batch, ...), or (batch, ...) without positions.

    `data` holds the data by name and, where wanted: `lengths`, a dict from an axis to one
    number an example; `trees`, one from an axis to a forest, (children, roots); `state`, what
    an earlier window left under outputs["state"] when asked for with `return_state`; `seed` of
    what is drawn; `forcing`, how often mode="scheduled" reads the target; `batch` and the
    length of an axis, where no data tells them. Dropout does not act. ValueError names data
    that do not fit.
    """
    data, options = _parted(data)
    with _Workspace() as work:
        params, data, run = _prepare(params, data, "forward", mode=mode, work=work, **options)
        outputs, after, _ = STAGES[mode]["forward"](params, data, run)
        outputs = _own(outputs, OUTPUTS, params, data, work)
    return {**outputs, "state": after} if return_state else outputs


@np.errstate(all="ignore")
def loss(params, /, *, mode="teacher", return_outputs=False, return_state=False, **data):
    """The loss of the batch, the mean over its examples. Dropout does not act.

    With `return_outputs` the outputs of the same run follow, with `return_state` the state.
    """
    _check_loss()
    with _Workspace() as work:
        trace = _record(params, data, mode, training=False, work=work)
        outputs = _own(trace["outputs"], OUTPUTS, work)
    more = [outputs] * return_outputs + [trace["state"]] * return_state
    mean = float(np.mean(trace["loss"]))
    return (mean, *more) if more else mean


@np.errstate(all="ignore")
def loss_and_grads(params, /, *, mode="teacher", inputs=False, clip=False, return_state=False,
                   **data):  # fmt: skip
    """The loss of the batch and its gradients by parameter (and by input, if asked).

    Gradients are exact and unclipped; with `clip` those along references that the spec clips
    (`clip norm 1 d h[t-1]`) are held to their limit on the way. Dropout acts. With
    `return_state` the state comes last.
    """
    _check_loss()
    with _Workspace() as work:
        trace = _record(params, data, mode, training=True, clip=clip, work=work)
        grads = backward(trace, inputs=inputs)
    result = (float(np.mean(trace["loss"])), *(grads if inputs else (grads,)))
    return (*result, trace["state"]) if return_state else result


@np.errstate(all="ignore")
def record(params, /, *, mode="teacher", **data):
    """A run that `backward` can go back through: a dict with `outputs`, `loss` and `state`.

    Dropout acts; the loss is one number an example, None where the model has none.
    """
    return _record(params, data, mode, training=True)


@np.errstate(all="ignore")
def backward(trace, /, *, inputs=False, **cotangents):
    """Gradients by parameter (and by input, if asked) of the batch loss.

    `cotangents` name outputs (or `loss`, one number an example): then the gradients are those
    of the sum of all products of outputs and cotangents.
    """
    if not isinstance(trace, dict) or not {"run", "kept"} <= set(trace):
        raise ValueError("backward goes back through what record() gave")
    run, examples = dict(trace["run"]), trace["run"]["examples"]
    way = STAGES[run["mode"]]["backward_outputs"] if cotangents else None
    if cotangents:
        seeds = _seeds(trace, cotangents)
    else:
        _check_loss()
        way = STAGES[run["mode"]]["backward"]
        seeds = {"loss": np.full(examples, 1.0 / examples, DTYPE)}
    if run["clip"]:
        run["scale"] = 1.0 if cotangents else 1.0 / examples
    params, data, kept = trace["params"], trace["data"], trace["kept"]
    grads, more = way(params, data, run, kept, seeds, inputs)
    grads = _own({**grads, **(more or {})}, None, params, data, kept, seeds, run["work"])
    if not inputs:
        return grads
    return {name: grads[name] for name in params}, {name: grads[name] for name in more}


def _record(params, data, mode, training, clip=False, work=None):
    data, options = _parted(data)
    _check_options(mode)
    stages = STAGES[mode]
    if "loss" not in stages and not OUTPUTS:
        raise ValueError(f"{NAME} has neither a loss nor an output with gradients")
    stage = "loss" if "loss" in stages else "forward"
    params, data, run = _prepare(params, data, stage, mode=mode, training=training, clip=clip,
                                 work=work, **options)  # fmt: skip
    outputs, after, kept = stages["forward"](params, data, run)
    losses = None
    if "loss" in stages:
        losses, more, also_kept = stages["loss"](params, data, run, kept)
        losses = losses.astype(DTYPE, copy=False)
        after, kept = {**after, **more}, {**kept, **also_kept}
    outputs = _own(outputs, OUTPUTS, params, data, kept)
    return {"params": params, "data": data, "run": run, "kept": kept, "outputs": outputs,
            "loss": losses, "state": after}  # fmt: skip


def _parted(data):
    """The data, and what says how to run."""
    names = ("lengths", "trees", "state", "seed", "forcing", "batch")
    options = {name: data[name] for name in names if name in data}
    return {name: value for name, value in data.items() if name not in names}, options


def _check_loss():
    if "loss" not in STAGES["teacher"]:
        raise ValueError(f"{NAME} has no loss: `backward` takes cotangents of its outputs")


def _seeds(trace, cotangents):
    """Adjoints of the outputs: zero where none is given, and in the padding."""
    known = {name: trace["outputs"][name] for name in OUTPUTS}
    if trace["loss"] is not None:
        known["loss"] = trace["loss"]
    _check_known("output", cotangents, known)
    seeds = {}
    for name, value in known.items():
        given = _as_reals(f"the cotangent of {name!r}", cotangents.get(name, 0))
        if name in cotangents and given.shape not in (value.shape, ()):
            what = f"the cotangent of {name!r} has shape {given.shape}"
            raise ValueError(f"{what}; expected {value.shape}")
        seed = np.array(np.broadcast_to(given, value.shape))
        if OUTPUTS.get(name):
            mask = _there(OUTPUTS[name], trace["run"]["live"])
            seed = np.where(mask.reshape(mask.shape + (1,) * (seed.ndim - mask.ndim)), seed, 0)
        seeds[name] = seed
    return seeds


def _own(arrays, reals, *others):
    """Arrays that share no memory with each other or with `others`, real ones as DTYPE."""
    taken, found = {id(array) for group in others for array in group.values()}, {}
    for name, array in arrays.items():
        is_real = reals is None or name in reals
        array = np.asarray(array, DTYPE if is_real else None)
        is_shared = id(array) in taken or not (array.flags.owndata and array.flags.writeable)
        found[name] = array.copy() if is_shared else array
        taken.add(id(array))
    return found


class _Workspace:
    """Arrays that one call at a time uses and leaves for the next."""

    resting = []  # noqa: RUF012

    def __enter__(self):
        self.work = self.resting.pop() if self.resting else {}
        return self.work

    def __exit__(self, *_):
        self.resting.append(self.work)

"""Makes `.npz` files beside it: what PyTorch computes for six recurrent layers.

Run once with torch 2.13.0 (CPU), never by the tests:

    python -m venv somewhere && somewhere/bin/pip install torch==2.13.0 numpy
    somewhere/bin/python tests/vectors/make_torch_vectors.py

Every file holds float64 arrays under `param/NAME` (PyTorch's names and stacking), `data/NAME`,
`value/NAME`, `loss`, `grad/NAME` (of the parameters) and `data_grad/NAME`; `lengths` is the number
of steps of each example. The LSTM's file also has `cotangent/NAME`, cotangents of outputs, and
`pulled/NAME`, `data_pulled/NAME`, what they give. Sizes, batch and steps are all different, the
lengths are not sorted, and the padding holds random numbers. It knows nothing of the `.rnn` specs.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

HERE = Path(__file__).parent
LENGTHS = (1, 2, 6, 3)
STEPS, BATCH = max(LENGTHS), len(LENGTHS)
INPUTS, STATES, CLASSES, WORDS, FEW = 3, 5, 7, 8, 2
Tensors = dict[str, Tensor]


def randomised(**modules: nn.Module) -> nn.ModuleDict:
    """The modules, every parameter drawn anew with standard deviation 0.6."""
    model = nn.ModuleDict(modules)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.6)
    return model


def real(*shape: int) -> Tensor:
    """Random real data that takes a gradient."""
    return torch.randn(*shape).requires_grad_()


def run(layer: nn.Module, x: Tensor, state: object) -> tuple[Tensor, object]:
    """The layer over packed sequences: `(STEPS, BATCH, …)` with zero padding, final states."""
    packed = pack_padded_sequence(x, torch.tensor(LENGTHS), enforce_sorted=False)
    out, final = layer(packed, state)
    return pad_packed_sequence(out, total_length=STEPS)[0], final


def live() -> Tensor:
    """`(STEPS, BATCH, 1)`: 1 within each example, 0 in the padding."""
    return (torch.arange(STEPS)[:, None] < torch.tensor(LENGTHS))[:, :, None].double()


def step_loss(logits: Tensor, y: Tensor) -> Tensor:
    """Mean over examples of the sum over their steps; tokens -1 count nothing."""
    each = cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=-1, reduction="none")
    return (each.view(STEPS, BATCH, 1) * live()).sum() / BATCH


def gradients(top: Tensor, tensors: Mapping[str, Tensor], prefix: str) -> Tensors:
    """Of `top` for each tensor that takes a gradient; 0 where it does not depend on one."""
    wanted = {name: item for name, item in tensors.items() if item.requires_grad}
    if not wanted:
        return {}
    found = torch.autograd.grad(
        top, list(wanted.values()), retain_graph=True, allow_unused=True, materialize_grads=True
    )
    return {f"{prefix}/{name}": item for name, item in zip(wanted, found, strict=True)}


def write(
    name: str,
    model: nn.Module,
    data: Tensors,
    values: Tensors,
    loss: Tensor,
    lengths: Mapping[str, tuple[int, ...]] | None = None,
    **more: Tensor,
) -> None:
    """One `.npz`; its bytes are the same in every run."""
    params = dict(model.named_parameters())
    by_axis = {f"lengths/{axis}": torch.tensor(ends) for axis, ends in (lengths or {}).items()}
    arrays = {
        **({"lengths": torch.tensor(LENGTHS)} if lengths is None else by_axis),
        "loss": loss,
        **{f"param/{key}": item for key, item in params.items()},
        **{f"data/{key}": item for key, item in data.items()},
        **{f"value/{key}": item for key, item in values.items()},
        **gradients(loss, params, "grad"),
        **gradients(loss, data, "data_grad"),
        **more,
    }
    with zipfile.ZipFile(HERE / f"{name}.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for key, item in arrays.items():
            entry = zipfile.ZipInfo(f"{key}.npy")
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as file:
                np.lib.format.write_array(file, item.detach().numpy(), allow_pickle=False)


def cells(layer: nn.LSTM, x: Tensor, state: tuple[Tensor, Tensor]) -> Tensor:
    """The cell's state after every step, which `nn.LSTM` hands back only for the last."""
    each = []
    for t in range(STEPS):
        _, state = layer(x[t : t + 1], state)
        each.append(state[1])
    return torch.cat(each) * live()


def lstm() -> None:
    """`nn.LSTM`, a linear layer and a cross entropy at every step."""
    model = randomised(rnn=nn.LSTM(INPUTS, STATES), out=nn.Linear(STATES, CLASSES))
    data = {
        "x": real(STEPS, BATCH, INPUTS),
        "h0": real(BATCH, STATES),
        "c0": real(BATCH, STATES),
        "y": torch.randint(CLASSES, (STEPS, BATCH)),
    }
    start = (data["h0"][None], data["c0"][None])
    h, (last_h, last_c) = run(model["rnn"], data["x"], start)
    o = model["out"](h) * live()
    values = {"h": h, "s": cells(model["rnn"], data["x"], start), "o": o}
    values |= {"h[T]": last_h[0], "s[T]": last_c[0]}
    cotangents = {"h": torch.randn_like(h), "s[T]": torch.randn_like(last_c[0])}
    top = sum((values[key] * item).sum() for key, item in cotangents.items())
    more = gradients(top, dict(model.named_parameters()), "pulled")
    more |= gradients(top, data, "data_pulled")
    more |= {f"cotangent/{key}": item for key, item in cotangents.items()}
    write("lstm", model, data, values, step_loss(o, data["y"]), **more)


def gru() -> None:
    """`nn.GRU` (the reset gate after the product), a linear layer, a cross entropy a step."""
    model = randomised(rnn=nn.GRU(INPUTS, STATES), out=nn.Linear(STATES, CLASSES))
    data = {
        "x": real(STEPS, BATCH, INPUTS),
        "h0": real(BATCH, STATES),
        "y": torch.randint(CLASSES, (STEPS, BATCH)),
    }
    h, last = run(model["rnn"], data["x"], data["h0"][None])
    o = model["out"](h) * live()
    values = {"h": h, "o": o, "h[T]": last[0]}
    write("gru", model, data, values, step_loss(o, data["y"]))


def rnn() -> None:
    """`nn.Embedding` and a two-layer `nn.RNN`; one target within the third example is -1."""
    model = randomised(
        embedding=nn.Embedding(WORDS, INPUTS),
        rnn=nn.RNN(INPUTS, STATES, num_layers=2),
        out=nn.Linear(STATES, CLASSES),
    )
    data = {
        "w": torch.randint(WORDS, (STEPS, BATCH)),
        "h0": real(BATCH, STATES),
        "g0": real(BATCH, STATES),
        "y": torch.randint(CLASSES, (STEPS, BATCH)),
    }
    data["y"][3, 2] = -1
    start = torch.stack((data["h0"], data["g0"]))
    g, last = run(model["rnn"], model["embedding"](data["w"]), start)
    o = model["out"](g) * live()
    values = {"g": g, "o": o, "h[T]": last[0], "g[T]": last[1]}
    write("rnn", model, data, values, step_loss(o, data["y"]))


def bilstm() -> None:
    """A bidirectional `nn.LSTM`; the final states of both directions give one class."""
    model = randomised(
        rnn=nn.LSTM(INPUTS, STATES, bidirectional=True),
        hidden=nn.Linear(2 * STATES, CLASSES),
        cell=nn.Linear(2 * STATES, CLASSES, bias=False),
    )
    data = {
        "x": real(STEPS, BATCH, INPUTS),
        **{name: real(BATCH, STATES) for name in ("h0", "c0", "g0", "d0")},
        "y": torch.randint(CLASSES, (BATCH,)),
    }
    start = (torch.stack((data["h0"], data["g0"])), torch.stack((data["c0"], data["d0"])))
    both, (h, c) = run(model["rnn"], data["x"], start)
    o = model["hidden"](torch.cat((h[0], h[1]), -1)) + model["cell"](torch.cat((c[0], c[1]), -1))
    values = {"h": both[:, :, :STATES], "g": both[:, :, STATES:], "o": o}
    values |= {"h[T]": h[0], "s[T]": c[0], "g[1]": h[1], "q[1]": c[1]}
    write("bilstm", model, data, values, cross_entropy(o, data["y"]))


def lstm2() -> None:
    """A linear layer into an `nn.LSTM` of two layers, with the final states of both."""
    model = randomised(
        into=nn.Linear(INPUTS, STATES, bias=False),
        rnn=nn.LSTM(STATES, STATES, num_layers=2),
        out=nn.Linear(STATES, CLASSES),
    )
    data = {
        "x": real(STEPS, BATCH, INPUTS),
        "h0": real(2, BATCH, STATES),
        "c0": real(2, BATCH, STATES),
        "y": torch.randint(CLASSES, (STEPS, BATCH)),
    }
    top, last = run(model["rnn"], model["into"](data["x"]), (data["h0"], data["c0"]))
    o = model["out"](top) * live()
    values = {"h[L,t]": top, "o": o, "h[l,T]": last[0], "s[l,T]": last[1]}
    write("lstm2", model, data, values, step_loss(o, data["y"]))


def bigru2() -> None:
    """A linear layer into a bidirectional `nn.GRU` of two layers; both read by one layer."""
    model = randomised(
        into=nn.Linear(INPUTS, 2 * FEW, bias=False),
        rnn=nn.GRU(2 * FEW, FEW, num_layers=2, bidirectional=True),
        out=nn.Linear(2 * FEW, CLASSES),
    )
    data = {
        "x": real(STEPS, BATCH, INPUTS),
        "h0": real(2, BATCH, FEW),
        "g0": real(2, BATCH, FEW),
        "y": torch.randint(CLASSES, (STEPS, BATCH)),
    }
    start = torch.stack((data["h0"], data["g0"]), 1).flatten(0, 1)  # layer by layer, both ways
    top, last = run(model["rnn"], model["into"](data["x"]), start)
    o = model["out"](top) * live()
    values = {"v[L,t]": top, "o": o, "h[l,T]": last[0::2], "g[l,1]": last[1::2]}
    write("bigru2", model, data, values, step_loss(o, data["y"]))


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    for seed, make in enumerate((lstm, gru, rnn, bilstm, lstm2, bigru2)):
        torch.manual_seed(seed)
        make()

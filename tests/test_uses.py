"""`use`: instances of other files mean what their equations, written out by hand, mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnndsl.driver import parse
from rnndsl.model.model import Model
from rnndsl.runtime.compile import compile_model
from tests.agreement import agree, close, options, random_data, random_params

FILES = {
    "cell.rnn": """
axis t = 1..T
size n, m = 4, k
input x[t]: n
target y[t]: token(k)
param W, U, b, V, c, h0
mix(A, B) = A @ x[t] + B @ h[t-1]
h[t]: m = tanh(b + mix(U, W))
h[0] = tanh(h0)
o[t] = c + V @ h[t]
loss = sum[t](cross_entropy(o[t], y[t]))
output h[T]
clip norm 5
""",
    "two.rnn": """
use "cell.rnn" as cell
axis t = 1..T
size n, q = 3
input x[t]: n
param R
low = cell(x = x, m = q)
high = reverse cell(x = low.h)
s[t]: q = low.h[t] + R @ high.h[t+1]
output s[t]
""",
    "odd.rnn": """
axis s = 1..L
size n, m, d = 2
input x[s]: n
param W, U
const keep = 0.5
h[s]: m = tanh(W @ h[s-d] + U @ x[s-1] + keep * h[s-1])
h[0] = keep
h[-1] = 0.25
g[s]: m = max[s](h[s]) * h[s]
first[s]: m = U @ x[1] + U @ x[L] + s
""",
    "deep.rnn": """
axis t = 1..T
axis l = 1..L
size n, m = 3, L = 2
input x[t]: n
param W[l]: (m, m), U[l]: (m, m), P
h[l,t]: m = tanh(W[l] @ h[l,t-1] + U[l] @ h[l-1,t])
h[0,t] = P @ x[t]
top[t] = h[L,t]
""",
    "self.rnn": """
axis i, j = 1..N
size n, m = 3
input x[i]: n
param Q, K
a[i,j] = softmax[j](dot(Q @ x[i], K @ x[j]))
r[i]: n = sum[j](a[i,j] * x[j])
q[i]: m = Q @ r[i]
""",
}
HEAD = """
use "cell.rnn" as cell
axis j = 1..S
size p, k
input e[j]: p
target y[j]: token(k)
"""
LOSS = """
param O
o[j] = O @ z[j]
loss = sum[j](cross_entropy(o[j], y[j]))
output z[j]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("uses")
    for name, text in FILES.items():
        (home / name).write_text(text, encoding="utf-8")
    return home


def run(model: Model, params: dict[str, Any] | None = None, **sizes: int) -> tuple[Any, ...]:
    """Loss, gradients and outputs on random data; the same seed gives the same data."""
    program = compile_model(model, optimize=1, dtype="float64", **sizes)
    rng = np.random.default_rng(7)
    data = random_data(program, rng)
    params = random_params(program, rng) if params is None else params
    loss, grads, inputs = program.loss_and_grads(params, inputs=True, **data, **options(model))
    outputs = program.forward(params, **data, **options(model))
    return loss, {**grads, **inputs}, outputs, params


def same(used: Model, by_hand: Model, names: dict[str, str], **sizes: int) -> None:
    """Equal losses, outputs and gradients, parameters called otherwise; nothing left over."""
    loss, grads, outputs, params = run(used, **sizes)
    own = {names.get(name, name): value for name, value in params.items()}
    assert len(own) == len(params)
    wanted, exact, values, _ = run(by_hand, own, **sizes)
    assert set(own) == set(by_hand.params)
    close("loss", loss, wanted, 1e-12)
    for name, value in outputs.items():
        close(name, value, values[name], 1e-12)
    for name, value in grads.items():
        close(name, value, exact[names.get(name, name)], 1e-12)


def cell(name: str, given: str, tag: str, size: str, sign: str = "-", edge: str = "0") -> str:
    """The equations of `cell.rnn` by hand."""
    return f"""
param W{tag}, U{tag}, b{tag}, h0{tag}
{name}[j]: {size} = tanh(b{tag} + U{tag} @ {given}[j] + W{tag} @ {name}[j{sign}1])
{name}[{edge}] = tanh(h0{tag})
"""


def named(instance: str, tag: str) -> dict[str, str]:
    return {f"{instance}.{name}": f"{name}{tag}" for name in ("W", "U", "b", "h0")}


def test_stacked(folder: Path) -> None:
    used = HEAD + "low = cell(x = e, m = 5)\ntop = cell(x = low.h, m = q)\nsize q\n"
    used = parse(used + "z[j] = top.h[j] + 0 * top.h[S]" + LOSS, base=folder)
    hand = HEAD + "size q\n" + cell("h", "e", "_a", "5") + cell("g", "h", "_b", "q")
    hand = parse(hand.replace('use "cell.rnn" as cell', "") + "z[j] = g[j]" + LOSS)
    same(used, hand, named("low", "_a") | named("top", "_b"), p=2, k=3, q=4)
    assert [str(d) for d in used.params["top.U"].shape] == ["q", "5"]
    agree(used)


def test_both_directions(folder: Path) -> None:
    used = HEAD + "f = cell(x = e)\nb = reverse cell(x = e, m = 6)\nparam A, B\n"
    used = parse(used + "z[j]: 5 = A @ f.h[j] + B @ b.h[j] + B @ b.h[1]" + LOSS, base=folder)
    hand = "size" + HEAD.partition("size")[2] + "axis j = 1..S\nparam A, B\n"
    hand += cell("f", "e", "_a", "4") + cell("g", "e", "_b", "6", "+", "S+1")
    hand = parse(hand + "z[j]: 5 = A @ f[j] + B @ g[j] + B @ g[1]" + LOSS)
    same(used, hand, named("f", "_a") | named("b", "_b"), p=2, k=3)
    agree(used)


def test_shared_parameters_have_one_gradient(folder: Path) -> None:
    text = (
        HEAD + "one = cell(x = e)\ntwo = reverse cell(x = e{})\nz[j] = one.h[j] * two.h[j]" + LOSS
    )
    apart = parse(text.format(""), base=folder)
    shared = parse(text.format(", share = one"), base=folder)
    assert not [name for name in shared.params if name.startswith("two")]
    loss, grads, _, params = run(shared, p=2, k=3)
    own = {name: params[name.replace("two.", "one.")] for name in apart.params}
    wanted, exact, _, _ = run(apart, own, p=2, k=3)
    close("loss", loss, wanted, 1e-12)
    for name in ("W", "U", "b", "h0"):
        close(name, grads[f"one.{name}"], exact[f"one.{name}"] + exact[f"two.{name}"], 1e-12)
    agree(shared)


def test_only_what_is_read_is_kept(folder: Path) -> None:
    model = parse(HEAD + "enc = cell(x = e)\nz[j] = enc.h[j]" + LOSS, base=folder)
    assert set(model.params) == {"enc.W", "enc.U", "enc.b", "enc.h0", "O"}
    assert set(model.equations) == {"enc.h", "z", "o"}
    assert [clip.limit for clip in model.clips] == []
    full = parse(HEAD + "enc = cell(x = e)\nz[j]: k = enc.o[j]" + LOSS, base=folder)
    assert {"enc.V", "enc.c"} < set(full.params)
    assert [str(d) for d in full.params["enc.V"].shape] == ["k", "4"]


def test_a_boundary_is_replaced(folder: Path) -> None:
    used = HEAD + "enc = cell(x = e)\nenc.h[0] = R @ e[S]\nparam R\nz[j] = enc.h[j]" + LOSS
    model = parse(used, base=folder)
    assert "enc.h0" not in model.params
    assert [b.text for b in model.equations["enc.h"].boundaries] == ["enc.h[0] = R @ e[S]"]
    agree(model)
    used = HEAD + "enc = reverse cell(x = e)\nenc.h[1+S] = 0.5\nz[j] = enc.h[j]" + LOSS
    model = parse(used, base=folder)
    assert [b.text for b in model.equations["enc.h"].boundaries] == ["enc.h[1+S] = 0.5"]
    agree(model)


def test_nested(folder: Path) -> None:
    used = 'use "two.rnn" as two\n' + HEAD
    used += "net = reverse two(x = e)\nz[j] = net.s[j]" + LOSS
    hand = "size" + HEAD.partition("size")[2] + "axis j = 1..S\nparam R\n"
    hand += cell("f", "e", "_a", "3", "+", "S+1") + cell("g", "f", "_b", "4", "-", "0")
    hand += "z[j]: 3 = f[j] + R @ g[j-1]"
    names = named("net.low", "_a") | named("net.high", "_b") | {"net.R": "R"}
    model = parse(used.replace('use "cell.rnn" as cell', ""), base=folder)
    same(model, parse(hand + LOSS), names, p=2, k=5)
    agree(model)


def test_an_instance_feeds_on_itself_through_a_delay(folder: Path) -> None:
    used = HEAD + "enc = cell(x = w)\nw[j]: p = e[j] + F @ enc.h[j-1]\nparam F\nz[j] = enc.h[j]"
    model = parse(used + LOSS, base=folder)
    hand = "size" + HEAD.partition("size")[2] + "axis j = 1..S\nparam F\n" + cell("h", "w", "", "4")
    hand += "w[j]: p = e[j] + F @ h[j-1]\nz[j] = h[j]"
    same(model, parse(hand + LOSS), named("enc", ""), p=2, k=3)
    agree(model)


def test_delays_boundaries_numbers_and_ends_in_reverse(folder: Path) -> None:
    head = HEAD.replace("cell", "odd")
    used = head + "a = reverse odd(x = e, m = 3)\nz[j] = a.g[j] + a.first[j]"
    hand = (
        "size" + HEAD.partition("size")[2] + "axis j = 1..S\nparam W, U\n"
        "h[j]: 3 = tanh(W @ h[j+2] + U @ e[j+1] + 0.5 * h[j+1])\n"
        "h[S+1] = 0.5\nh[S+2] = 0.25\n"
        "z[j]: 3 = max[j](h[j]) * h[j] + U @ e[S] + U @ e[1] + S + 1 - j"
    )
    model = parse(used + LOSS, base=folder)
    same(model, parse(hand + LOSS), {"a.W": "W", "a.U": "U"}, p=2, k=4)
    agree(model)


def test_a_size_is_a_delay(folder: Path) -> None:
    text = HEAD.replace("cell", "odd") + "a = odd(x = e, m = 3, d = {})\nz[j] = a.h[j]" + LOSS
    for size, delay in (("3", "j-3"), ("k", "j-k")):
        model = parse(text.format(size), base=folder)
        assert f"a.h[{delay}]" in model.equations["a.h"].text
        agree(model, k=3)


def test_fixed_axes_come_along(folder: Path) -> None:
    text = HEAD.replace("cell", "deep") + "net = deep(x = e{})\nz[j] = net.top[j]{}" + LOSS
    model = parse(text.format("", ""), base=folder)
    assert [str(d) for d in model.params["net.W"].whole] == ["net_L", "3", "3"]
    agree(model, net_L=2)
    model = parse(text.format(", L = d", "\nsize d = 3"), base=folder)
    assert [str(d) for d in model.params["net.W"].whole] == ["d", "3", "3"]
    model = parse(text.format(", l = u", "\naxis u = 1..N\nsize N = 2"), base=folder)
    assert model.params["net.W"].axes == ("u",)
    agree(model, N=2)


def test_two_indices_over_one_axis(folder: Path) -> None:
    text = HEAD.replace("cell", "self") + "att = self(x = e)\nz[j] = att.q[j]" + LOSS
    model = parse(text, base=folder)
    assert model.axes["j"].indices == ("j", "att_j")
    agree(model)


def test_axes_are_told_or_carried(folder: Path) -> None:
    text = """
use "cell.rnn" as cell
axis i = 1..N
axis j = 1..S
size p, m
input e[i]: p, u: p
param A, B
a = cell(x = e, m = 3)
b = cell(x = a.h, t = i, m = 3)
output b.h[N], a.h[i]
"""
    model = parse(text, base=folder)
    assert model.equations["b.h"].axes == ("i",)


def test_members_are_names_everywhere(folder: Path) -> None:
    text = HEAD + (
        "enc = cell(x = e)\nparam G: (3, enc.m)\nz[j]: 3 = G @ enc.h[j] / enc.m + sum(enc.b)\n"
        "clip norm 1 enc.W, enc.U\nclip norm 2 d enc.h[j-1]"
    )
    model = parse(text + LOSS.replace("output", "output enc.h[S],"), base=folder)
    assert [clip.params for clip in model.clips] == [("enc.W", "enc.U"), ()]
    assert [output.label for output in model.outputs] == ["enc.h[S]", "z"]
    agree(model)


def test_the_gallery_is_at_hand() -> None:
    text = HEAD.replace("cell.rnn", "lstm.rnn") + "a = cell(x = e, m = 3)\nz[j] = a.h[j]" + LOSS
    model = parse(text)
    assert model.params["a.W_f"].shape == model.params["a.W"].shape
    agree(model, entries=False)


def test_unrolled_equations_are_shown_with_numbers(folder: Path) -> None:
    text = HEAD.replace("cell", "deep") + "net = deep(x = e)\nz[j] = net.top[j]" + LOSS
    source = compile_model(parse(text, base=folder), optimize=0).source
    assert "# net.h[2,j] = tanh(net.W[2] @ net.h[2,j-1] + net.U[2] @ net.h[1,j])" in source


def test_names_in_code_do_not_meet(folder: Path) -> None:
    text = HEAD + "enc = cell(x = e)\nparam enc_W\n"
    text += "enc_h[j]: 3 = tanh(enc_W @ enc.h[j])\nz[j] = enc_h[j]"
    agree(parse(text + LOSS, base=folder))


def test_what_is_given_may_be_a_target_or_a_parameter(folder: Path) -> None:
    (folder / "taught.rnn").write_text(
        "axis t = 1..T\nsize k, m = 3\ninput c: m\ntarget y[t]: token(k)\n"
        "param E: (k, m), W, V\nz[t] = teach(y[t], argmax(o[t]))\n"
        "h[t]: m = tanh(c + E[z[t-1]] + W @ h[t-1])\no[t] = V @ h[t]\n"
        "loss = sum[t](cross_entropy(o[t], y[t]))\n"
    )
    text = HEAD.replace("cell", "taught") + "param start\ndec = taught(c = start, y = y, m = 4)\n"
    model = parse(text + "loss = sum[j](cross_entropy(dec.o[j], y[j])) + sum(e[1])", base=folder)
    assert model.params["start"].shape == model.params["dec.W"].shape[:1]
    for mode in ("teacher", "free"):
        agree(model, mode=mode)


def test_draws_of_instances_are_apart(folder: Path) -> None:
    (folder / "noisy.rnn").write_text(
        "axis t = 1..T\nsize n\ninput x[t]: n\nparam W\nh[t]: n = W @ dropout(x[t], 0.5)\n"
    )
    text = HEAD.replace("cell", "noisy") + "a = noisy(x = e)\nb = reverse noisy(x = e, share = a)\n"
    model = parse(text + "z[j] = a.h[j] - b.h[j]" + LOSS, base=folder)
    assert model.sites == 2
    agree(model)


def test_the_owner_of_shared_parameters_need_not_be_read(folder: Path) -> None:
    text = HEAD + "one = cell(x = e, m = 5)\ntwo = cell(x = e, share = one)\nz[j]: k = two.o[j]"
    model = parse(text + LOSS, base=folder)
    names = {"one.W", "one.U", "one.b", "one.h0", "one.V", "one.c", "O"}
    assert set(model.params) == names
    assert set(model.equations) == {"two.h", "two.o", "z", "o"}
    assert [str(dim) for dim in model.params["one.W"].shape] == ["5", "5"]
    agree(model)
    text = HEAD.replace("cell", "deep") + "one = deep(x = e)\ntwo = deep(x = e, share = one)\n"
    model = parse(text + "z[j] = two.top[j]" + LOSS, base=folder)
    assert set(model.params) == {"one.W", "one.U", "one.P", "O"}
    assert len(model.axes) == 2
    agree(model, one_L=2)

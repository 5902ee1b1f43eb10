"""Loops, their directions and modes, and what no order can compute."""

from __future__ import annotations

import pytest

from rnndsl.driver import check, parse
from rnndsl.graph.causality import loops, modes
from rnndsl.model.load import text_source
from rnndsl.model.model import Model

HEAD = """
axis   t = 1..T
size   n, m = 8, d = 2
input  x[t]: n, p: position(t), c: m
target y[t]: m
param  W: (m, m), U: (m, n)
"""


def model(text: str) -> Model:
    return parse(HEAD + text)


def codes(text: str) -> list[str]:
    _, diagnostics = check(text_source(HEAD + text))
    return [item.code for item in diagnostics if item.is_error]


LOOPS = [
    ("h[t] = tanh(U @ x[t])", []),
    ("h[t] = tanh(W @ h[t-1] + U @ x[t])", [("h", 1)]),
    ("h[t] = tanh(W @ h[t+1] + U @ x[t])", [("h", -1)]),
    ("h[t]: m = tanh(h[t-1] + h[t-d] + h[t-d-3])", [("h", 1)]),
    ("h[t]: m = tanh(h[t+d])", [("h", -1)]),
    # shifts of one sign somewhere, 0 elsewhere; the order of the file
    ("a[t]: m = b[t]\nb[t]: m = e[t]\ne[t]: m = a[t-1] + a[t-2]", [("a b e", 1)]),
    ("a[t]: m = b[t+1]\nb[t]: m = a[t] + c", [("a b", -1)]),
    # two loops: of opposite direction, or one in the other's wake
    ("h[t] = tanh(W @ h[t-1] + U @ x[t])\ng[t] = tanh(W @ g[t+1] + U @ x[t])",
     [("h", 1), ("g", -1)]),
    ("h[t] = tanh(W @ h[t-1] + U @ x[t])\ng[t] = tanh(W @ g[t+1] + h[t])", [("h", 1), ("g", -1)]),
    ("g[t] = g[t-1] + h[t]\nh[t] = tanh(W @ h[t-1] + U @ x[t])", [("g", 1), ("h", 1)]),
    # a boundary is computed before its loop, a fixed position and a sum after it
    ("h[t] = W @ h[t-1]\nh[0] = W @ c\nu = h[T] + h[1]\ng[t] = W @ g[t-1] + u\ng[0] = h[T]",
     [("h", 1), ("g", 1)]),
    ("h[t] = W @ h[t-1] + h[0]\nh[0] = W @ c", [("h", 1)]),
    ("h[t] = W @ h[t-1] + h[0] + h[T+1]", [("h", 1)]),
    ("h[t] = W @ h[t-1]\nh[0] = W @ h[-1]\nh[-1] = c", [("h", 1)]),
    ("h[t] = W @ h[t-1]\ns = sum[t](h[t])\ng[t] = W @ g[t+1] + s + h[p]", [("h", 1), ("g", -1)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), LOOPS)
def test_loops(text: str, wanted: list[tuple[str, int]]) -> None:
    found = [(" ".join(loop.names), loop.step) for loop in loops(model(text))]
    assert found == wanted


TAUGHT = "z[t] = teach(y[t], o[t])\nh[t] = tanh(W @ z[t-1] + U @ x[t])\no[t] = W @ h[t]"


def test_teacher_forcing_takes_a_loop_away() -> None:
    found = model(TAUGHT)
    assert modes(found) == ("teacher", "free", "scheduled")
    assert loops(found, "teacher") == []
    for mode in ("free", "scheduled"):
        assert [(loop.names, loop.step) for loop in loops(found, mode)] == [(("z", "h", "o"), 1)]
    assert modes(model("h[t] = U @ x[t]")) == ("teacher",)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("h[t] = W @ h[t]", ["RNN203"]),
        ("a[t]: m = b[t]\nb[t]: m = a[t]\ne[t]: m = f[t]\nf[t]: m = e[t]", ["RNN203", "RNN203"]),
        ("h[t] = W @ h[t-1] + h[t+1]", ["RNN201"]),
        ("h[t] = W @ g[t-d]\ng[t] = W @ h[t+d]", ["RNN201"]),
        ("h[t] = W @ h[t-1] + h[1]", ["RNN202"]),
        ("h[t] = W @ h[t-1] + h[T-d]", ["RNN202"]),
        ("h[t] = W @ h[t-1] + h[p]", ["RNN202"]),
        ("h[t] = W @ h[t-1] + mean[t](h[t])", ["RNN202"]),
        ("h[t] = W @ h[t-1]\nh[0] = h[T]", ["RNN202"]),
        ("h[t] = W @ h[t-d+1]", ["RNN204"]),
        ("h[t] = W @ h[t-1]\nh[0] = W @ h[-1]\nh[-1] = h[0]", ["RNN203"]),
        ("u: m = W @ u", ["RNN203"]),
        # only where the mode closes the circle; told once for all modes
        ("z[t] = teach(y[t], o[t])\no[t] = W @ z[t]", ["RNN203"]),
        ("h[t] = W @ teach(y[t-1], h[t-1]) + h[t]", ["RNN203"]),
    ],
)  # fmt: skip
def test_what_no_order_computes(text: str, wanted: list[str]) -> None:
    assert codes(text) == wanted


def test_the_cycle_is_printed_and_its_reads_are_shown() -> None:
    _, (item,) = check(text_source("a: () = b\nb = e + 1\ne = a\noutput a"))
    assert item.message == "`a` needs itself"
    assert item.notes == ("the cycle is a -> b -> e -> a",)
    assert [label.text for label in item.labels] == ["a reads b", "b reads e", "e reads a"]


@pytest.mark.parametrize("order", [1, -1])
def test_the_shortest_cycle_is_told(order: int) -> None:
    ways = ["b = a", "e = b", "f = e", "g = a"]
    text = "a: () = f + g\n" + "\n".join(ways[::order]) + "\noutput a"
    _, (item,) = check(text_source(text))
    assert item.notes == ("the cycle is a -> g -> a",)


def test_outside_is_outside_for_every_size() -> None:
    found = model("h[t] = W @ h[t-1]\nh[-d] = 0\nh[1-d] = 0\nh[T+d] = 1\nh[T+1] = 1")
    assert all(bound.place.is_outside for bound in found.equations["h"].boundaries)
    others = model("h[t] = W @ h[t-1]\noutput h[1], h[d], h[2-d], h[T], h[T-d], h[T+1-d]")
    assert not any(output.read.places[0].is_outside for output in others.outputs)

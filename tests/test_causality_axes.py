"""Loops along one of several axes, shifts along the others, and grids."""

from __future__ import annotations

import pytest

from rnndsl.driver import check, parse
from rnndsl.graph.causality import loops
from rnndsl.graph.equations import references
from rnndsl.model.load import text_source

HEAD = """
axis   i, k = 1..S
axis   j = 1..T
axis   l = 1..L
size   n = 3, L = 2, d
input  x[i]: n, y[j]: n, p[j]: position(i)
"""

Wanted = list[tuple[str, int, str, str]]

LOOPS: list[tuple[str, Wanted]] = [
    ("e[i,j] = dot(x[i], y[j])", []),
    ("h[i,j]: n = h[i-1,j]", [("h", 1, "i", "i")]),
    ("h[i,j]: n = h[i,j+1]", [("h", -1, "j", "j")]),
    # shifts along the other axis are free, and so is all else along it
    ("h[i,j]: n = h[i-1,j+1] + h[i-1,j-1]", [("h", 1, "i", "i")]),
    ("h[i,j]: n = h[i+1,j-1] + h[i-1,j-1]", [("h", 1, "j", "j")]),
    ("h[i,j]: n = h[i-d,j-1] + h[i,j-1] + sum[i](h[i,j-1])", [("h", 1, "j", "j")]),
    ("h[i,j]: n = h[1,j-1] + h[S,j-2] + h[p[j],j-1]", [("h", 1, "j", "j")]),
    ("h[i,j]: n = mean[j](h[i-1,j]) + h[i-2,T]", [("h", 1, "i", "i")]),
    # both would do: the first of the file
    ("h[i,j]: n = h[i-1,j-1]", [("h", 1, "i", "i")]),
    ("h[j,i]: n = h[j+1,i-1]", [("h", 1, "i", "i")]),
    # attention: what runs over both axes is in the loop along one
    ("s[j]: n = y[j] + c[j]\nc[j] = sum[i](a[j,i] * x[i])\na[j,i] = softmax[i](sum(s[j-1]))",
     [("s c a", 1, "j", "j j j")]),
    # two indices over one axis: the loop runs along one of them
    ("s[i]: n = sum[k](a[i,k] * x[k])\na[i,k] = dot(s[i-1], x[k])", [("s a", 1, "i", "i i")]),
    ("s[i]: n = sum[k](a[k,i] * x[k])\na[k,i] = dot(s[i-1], x[k])", [("s a", 1, "i", "i i")]),
    ("s[i]: n = sum[k](a[k,i] * x[k])\na[i,k] = dot(s[k+1], x[i])", [("s a", -1, "i", "i k")]),
    ("e[i,k]: () = e[i-1,k] + e[i-1,k+1]", [("e", 1, "i", "i")]),
    ("e[i,k]: () = e[i+1,k-1] + e[i-1,k-1]", [("e", 1, "i", "k")]),
    # a boundary that runs along the other axis
    ("h[i,j]: n = h[i-1,j]\nh[0,j] = y[j] + g[j]\ng[j]: n = g[j-1]",
     [("h", 1, "i", "i"), ("g", 1, "j", "j")]),
    ("h[i,j]: n = h[i-1,j-1]\nh[0,j] = h[S,j-1]", [("h", 1, "j", "j")]),
    ("h[i,j]: n = h[i-1,j] + h[0,j] + h[S+1,j]\nh[0,j] = y[j]", [("h", 1, "i", "i")]),
    # a fixed axis is no loop
    ("h[l,j]: n = h[l,j-1] + h[l-1,j]", [("h.1", 1, "j", "j"), ("h.2", 1, "j", "j")]),
    ("h[l,j]: n = h[l,j-1] + h[l-1,j]\nh[0,j] = y[j] + h[L,j-1]",
     [("h.0 h.1 h.2", 1, "j", "j j j")]),
    ("h[l]: n = h[l-1]\nh[0] = x[1]\nu[j] = h[L]", []),
    ("h[l,i]: n = h[l-1,i+1]\nh[0,i] = x[i]", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), LOOPS)
def test_loops(text: str, wanted: Wanted) -> None:
    found = loops(parse(HEAD + text))
    shown = [(" ".join(a.names), a.step, a.axis, " ".join(a.indices)) for a in found]
    assert shown == wanted


FAULTS = [
    ("h[i,j]: n = h[i-1,j] + h[i,j-1]", ["RNN205"]),
    ("h[i,j]: n = h[i-1,j] + g[i,j]\ng[i,j]: n = h[i,j+1]", ["RNN205"]),
    ("h[i,j]: n = h[i-1,j] + h[i+1,j-1]", ["RNN205"]),
    ("h[i,j]: n = h[i-1,j] + h[i+1,j]", ["RNN201"]),
    ("h[i,j]: n = h[i-1,j] + h[k,j]", ["RNN118"]),
    ("h[i,j]: n = h[i-1,j] + h[1,j]", ["RNN202"]),
    ("h[i,j]: n = h[i-1,j] + h[p[j],j]", ["RNN202"]),
    ("h[i,j]: n = h[i-1,j]\nh[0,j] = h[S,j]", ["RNN202"]),
    ("h[i,j]: n = h[i,j]", ["RNN203"]),
    ("h[i,j]: n = sum[i](g[i,j])\ng[i,j]: n = h[i,j]", ["RNN202"]),
    ("h[i,j]: n = h[i-d+1,j]", ["RNN204"]),
    ("e[i,k]: () = e[k,i-1]", ["RNN202"]),
    ("h[l,j]: n = h[l-1,j] + h[l,j]", ["RNN203"]),
    ("h[l]: n = h[l-1] + h[l+1]", ["RNN203"]),
    ("h[l,j]: n = h[l,j-1] + h[l,j+1]", ["RNN201"]),
    ("h[l,j]: n = h[l,j-1] + sum[l](h[l,T])", ["RNN202"]),
]


@pytest.mark.parametrize(("text", "wanted"), FAULTS)
def test_faults(text: str, wanted: list[str]) -> None:
    _, diagnostics = check(text_source(HEAD + text))
    assert [item.code for item in diagnostics if item.is_error] == wanted


def test_a_reference_knows_every_axis() -> None:
    model = parse(HEAD + "h[i,j]: n = sum[i](h[i,j-1]) + x[p[j]]\nh[i,0] = x[i]\nu = h[S,T]")
    found = [
        (item.source, [at.axis for at in item.along], [at.kind for at in item.along], item.kind)
        for item in references(model)
    ]
    assert found == [
        ("h", ["i", "j"], ["all", "shift"], "all"),
        ("x", ["i"], ["through"], "through"),
        ("p", ["j"], ["shift"], "shift"),
        ("x", ["i"], ["shift"], "shift"),
        ("h", ["i", "j"], ["fixed", "fixed"], "fixed"),
    ]

"""The graph of operations as text: lowering, stable logarithms, the adjoint by reversal."""

from __future__ import annotations

from functools import cache

import networkx as nx
import pytest

from rnndsl.driver import parse
from rnndsl.gallery import specs
from rnndsl.graph.differentiate import differentiate
from rnndsl.graph.families import MOVERS
from rnndsl.graph.lower import Forward, lower
from rnndsl.graph.text import show
from rnndsl.passes import run_passes
from rnndsl.plan.schedule import Loop, needed, schedule
from tests.generated import checked
from tests.sample import sampled

TINY = """
axis t = 1..T
size m
input x[t]: m
param W, p
h[t] = tanh(W @ h[t-1] + x[t])
h[0] = p
loss = sum(h[T])
"""


def of(text: str) -> Forward:
    return run_passes(lower(parse(text)))


@cache
def of_gallery(name: str) -> Forward:
    return run_passes(lower(checked(name)))


def test_lowering() -> None:
    forward = of(TINY)
    assert forward.loss is not None
    assert show([forward.loss]) == "\n".join(
        [
            "%0: (m, m) = param()  # W",
            "%1: (m) = param()  # p",
            "%2: (t, b, m) = data()  # x",
            "%3: (t, b, m) = value(%8, %9) [places=((0))]  # h",
            "%4: (b) = value(%11)  # loss",
            "%5: (t, b, m) = shift(%3) [t-1]",
            "%6: (t, b, m) = matvec(%0, %5)",
            "%7: (t, b, m) = add(%6, %2)",
            "%8: (t, b, m) = tanh(%7)",
            "%9: (b, m) = carry(%1) [row=1]",
            "%10: (b, m) = at(%3) [end]",
            "%11: (b) = sum(%10)",
        ]
    )


def test_the_adjoint_reverses_the_graph_and_its_shifts() -> None:
    forward = of(TINY)
    assert forward.loss is not None
    seed = forward.builder.given("seed", "d_loss", "real", (), (), True)
    back = differentiate(forward, {forward.loss: seed})
    text = show([back.params["W"], back.params["p"], back.inputs["x"]])
    assert "shift(%3) [t-1]" in text
    assert text.count("[t+1]") == 1
    assert "[end]" in text
    assert "outer_sum" in text
    assert "uncarry" in text
    assert text.count("tanh(") == 1


@pytest.mark.parametrize(
    ("written", "stable"),
    [
        ("log(softmax(a[t]))[0]", "log_softmax"),
        ("log(softmax(a[t])[w[t]])", "log_softmax"),
        ("log(yhat[t][w[t]])", "log_softmax"),
        ("nll(softmax(a[t]), w[t])", "cross_entropy"),
        ("nll(yhat[t], w[t])", "cross_entropy"),
        ("log(sigmoid(a[t][0]))", "softplus"),
        ("log(1 - sigmoid(a[t][0]))", "softplus"),
        ("log(gate[t][0])", "softplus"),
        ("log(1 + gate[t][0])", "log"),
        ("log(exp(a[t][0]))", "pick"),
        ("log(sum(exp(a[t])))", "logsumexp"),
        ("log(sum[t](exp(a[t][0])))", "logsumexp_over"),
        ("log(1 + exp(a[t][0]))", "softplus"),
        ("log(exp(a[t][0]) + exp(a[t][1]))", "logaddexp"),
        ("sqrt(sum(a[t] ^ 2))", "norm"),
    ],
)
def test_stable_logarithms(written: str, stable: str) -> None:
    forward = of(
        f"""
axis t = 1..T
size m
input a[t]: m, w[t]: token(m)
yhat[t] = softmax(a[t])
gate[t] = sigmoid(a[t])
z[t] = {written}
output z[t]
"""
    )
    text = show([forward.values["z"]])
    assert f"{stable}(" in text
    if stable != "log":
        assert " log(" not in text
        assert " nll(" not in text
        assert " exp(" not in text
        assert " sqrt(" not in text


def test_what_is_reached_through_a_shift_is_left_alone() -> None:
    forward = of(
        """
axis t = 1..T
size m
input a[t]: m
yhat[t] = softmax(a[t])
z[t] = log(yhat[t-1])
output z[t]
"""
    )
    text = show([forward.values["z"]])
    assert " log(" in text
    assert "log_softmax(" not in text


@pytest.mark.parametrize("name", sampled(sorted(specs())))
def test_loops_are_the_components_with_a_shift(name: str) -> None:
    forward = of_gallery(name)
    targets = [*forward.outputs.values(), *([forward.loss] if forward.loss else [])]
    nodes = needed(targets)
    graph = nx.DiGraph((item.number, node.number) for node in nodes for item in node.inputs)
    components = [part for part in nx.strongly_connected_components(graph) if len(part) > 1]
    blocks = schedule(nodes, grouped=False)
    found = [{node.number for node in block.body} for block in blocks if isinstance(block, Loop)]
    assert sorted(map(sorted, components)) == sorted(map(sorted, found))


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("name", sampled(sorted(specs())))
def test_everything_is_computed_after_what_it_needs(name: str, grouped: bool) -> None:
    forward = of_gallery(name)
    nodes = needed(forward.outputs.values())
    done: set[int] = set()
    for block in schedule(nodes, grouped):
        body = block.body if isinstance(block, Loop) else (block,)
        inside = {node.number for node in body}
        for node in body:
            wanted = {item.number for item in node.inputs if item in nodes}
            assert wanted <= done | (inside if node.op in ("shift", *MOVERS) else set())
            done.add(node.number)

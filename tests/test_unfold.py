"""Unfolding: values at positions, boundaries outside them, and what is left out."""

from __future__ import annotations

import networkx as nx
import pytest

from rnndsl.driver import parse
from rnndsl.gallery import specs
from rnndsl.graph.unfold import unfold, unfolded_size
from rnndsl.model.load import load_model, parse_model
from rnndsl.model.unroll import unroll_by_default
from rnndsl.text.diagnostics import DataError
from tests.drawn import sequence_specs

HEAD = """
axis  t = 1..T
size  n, m = 4
input x[t]: n
param W, U, b
"""
CHAIN = HEAD + "h[t]: m = tanh(b + W @ h[t-1] + U @ x[t])\n"


def edges(graph: nx.DiGraph) -> set[tuple[object, object]]:
    return set(graph.edges)


def test_a_chain_of_three_steps() -> None:
    graph = unfold(parse_model(CHAIN), 3)
    assert edges(graph) == {
        (("h", 0), ("h", 1)),
        (("h", 1), ("h", 2)),
        (("h", 2), ("h", 3)),
        (("x", 1), ("h", 1)),
        (("x", 2), ("h", 2)),
        (("x", 3), ("h", 3)),
    }
    roles = nx.get_node_attributes(graph, "role")
    assert roles["h", 0] == "boundary"
    assert roles["h", 1] == "value"
    assert roles["x", 3] == "input"


def test_a_boundary_given_stands_with_what_it_reads() -> None:
    model = parse_model(CHAIN + "input c: m\nparam Q\nh[0] = Q @ c\noutput h[t]\n")
    graph = unfold(model, 2)
    assert graph.nodes["h", 0]["equation"] is model.equations["h"].boundaries[0]
    assert (("c", None), ("h", 0)) in graph.edges


def test_a_boundary_not_given_has_no_equation() -> None:
    assert unfold(parse_model(CHAIN), 2).nodes["h", 0]["equation"] is None


def test_a_loop_from_the_end_ends_behind_it() -> None:
    model = parse_model(HEAD + "g[t]: m = tanh(b + W @ g[t+1] + U @ x[t])\ng[T+1] = 0.5\n")
    graph = unfold(model, 3)
    assert (("g", 4), ("g", 3)) in graph.edges
    assert graph.nodes["g", 4]["equation"] is model.equations["g"].boundaries[0]
    assert ("g", 0) not in graph


def test_delays_by_a_size_and_by_one_that_follows_from_it() -> None:
    text = CHAIN.replace("W @ h[t-1]", "W @ h[t-d]").replace("m = 4", "m = 4, e = 6, d = e / 3")
    assert (("h", 0), ("h", 2)) in unfold(parse_model(text), 3).edges
    assert (("h", -1), ("h", 2)) in unfold(parse_model(text), 3, sizes={"e": 9}).edges


def test_a_delay_by_a_size_without_a_value_is_refused() -> None:
    text = CHAIN.replace("W @ h[t-1]", "W @ h[t-d]").replace("m = 4", "m = 4, d")
    with pytest.raises(DataError, match="needs a value for the size `d`") as caught:
        unfold(parse_model(text), 3)
    assert caught.value.code == "RNN420"


def test_values_without_axis_read_one_position_or_all() -> None:
    graph = unfold(parse_model(CHAIN + "last = h[T]\nfirst = h[1]\nall = mean[t](h[t])\n"), 3)
    assert set(graph.predecessors(("last", None))) == {("h", 3)}
    assert set(graph.predecessors(("first", None))) == {("h", 1)}
    assert set(graph.predecessors(("all", None))) == {("h", 1), ("h", 2), ("h", 3)}


def test_a_context_reaches_every_step() -> None:
    text = CHAIN.replace("U @ x[t]", "U @ x[t] + R @ c") + "input c: n\nparam R\n"
    assert set(unfold(parse_model(text), 3).successors(("c", None))) == {
        ("h", 1),
        ("h", 2),
        ("h", 3),
    }


def test_data_read_before_its_beginning_is_a_boundary() -> None:
    graph = unfold(parse_model(CHAIN.replace("U @ x[t]", "U @ x[t-2]")), 3)
    assert (("x", -1), ("h", 1)) in graph.edges
    assert graph.nodes["x", -1]["role"] == "boundary"


def test_references_between_the_same_two_nodes_share_an_edge() -> None:
    text = CHAIN.replace("U @ x[t]", "U @ x[t] + x[t] @ V") + "param V\n"
    graph = unfold(parse_model(text), 2)
    assert len(graph.edges[("x", 1), ("h", 1)]["references"]) == 2


def test_positions_left_out_become_one_node_a_name() -> None:
    graph = unfold(parse_model(CHAIN), 100, elided=range(3, 100))
    assert edges(graph) == {
        (("h", 0), ("h", 1)),
        (("h", 1), ("h", 2)),
        (("h", 2), ("h", ...)),
        (("h", ...), ("h", 100)),
        (("x", 1), ("h", 1)),
        (("x", 2), ("h", 2)),
        (("x", 100), ("h", 100)),
    }


def test_positions_left_out_are_read_as_all_the_others() -> None:
    graph = unfold(parse_model(CHAIN + "all = mean[t](h[t])\n"), 9, elided=range(2, 10))
    assert set(graph.predecessors(("all", None))) == {("h", 1), ("h", ...)}


def test_positions_left_out_of_a_loop_from_the_end() -> None:
    model = parse_model(HEAD + "g[t]: m = tanh(b + W @ g[t+1] + U @ x[t])\n")
    graph = unfold(model, 9, elided=range(2, 9))
    loop = {(a, b) for a, b in graph.edges if a[0] == "g"}
    assert loop == {(("g", 10), ("g", 9)), (("g", 9), ("g", ...)), (("g", ...), ("g", 1))}


@pytest.mark.parametrize("steps", [1, 2, 7])
@pytest.mark.parametrize("name", sequence_specs())
def test_the_size_is_known_before(name: str, steps: int) -> None:
    model = unroll_by_default(load_model(specs()[name]))
    graph = unfold(model, steps)
    nodes, count = unfolded_size(model, steps)
    assert graph.number_of_nodes() <= nodes <= 4 * graph.number_of_nodes() + 4
    assert graph.number_of_edges() <= count <= 3 * graph.number_of_edges() + 4


def test_the_size_of_what_could_never_be_built() -> None:
    assert unfolded_size(parse_model(CHAIN), 10**15).nodes == 3 * 10**15


def test_attention_over_all_positions_is_counted_squared() -> None:
    model = parse_model(CHAIN + "e[t] = sum(h[t])\na[t] = softmax[t](e[t])\n")
    graph = unfold(model, 10)
    assert sum(a[0] == "e" for a, _ in graph.edges) == 100
    assert unfolded_size(model, 10).edges >= graph.number_of_edges()


def test_a_value_over_two_axes_stands_along_that_of_its_loop() -> None:
    text = """
    axis j = 1..T
    axis i = 1..S
    input x[i], y[j]
    e[j,i] = x[i-1] * y[j] + e[j-1,i+1]
    e[j,0] = 1
    e[0,i] = x[i]
    s[j] = sum[i](e[j,i]) + s[j-1]
    loss = s[T]
    """
    model = parse(text)
    graph = unfold(model, 2)
    into = {
        place: sorted(graph.predecessors((name, place))) for name, place in graph if name == "e"
    }
    everywhere = [("x", 0), ("x", 1)]
    assert into[2] == [("e", 1), *everywhere, ("y", 2)]
    assert into[1] == [("e", 0), *everywhere, ("y", 1)]
    assert into[0] == [("x", 1), ("x", 2)]
    assert sorted(graph.predecessors(("s", 2))) == [("e", 2), ("s", 1)]
    size = unfolded_size(model, 2)
    assert size.nodes >= len(graph)
    assert size.edges >= graph.number_of_edges()


PLANE = """
axis i = 1..S
axis j = 1..T
input x[i], y[j]
"""


def test_each_axis_has_steps_of_its_own() -> None:
    chains = "h[i] = tanh(x[i] + h[i-1])\ns[j] = tanh(y[j] + s[j-1] + h[S])\noutput s[T]"
    model = parse(PLANE + chains)
    graph = unfold(model, {"i": 4, "j": 2}, elided={"i": range(2, 4), "j": range(0)})
    assert {place for name, place in graph if name == "h"} == {0, 1, 4, ...}
    assert {place for name, place in graph if name == "s"} == {0, 1, 2}
    assert (("h", 4), ("s", 1)) in graph.edges
    size = unfolded_size(model, {"i": 4, "j": 2})
    assert size.nodes >= 4 + 4 + 2 + 2
    assert unfolded_size(model, {"i": 40, "j": 2}).nodes == size.nodes + 3 * 36


def test_data_over_two_axes_follow_what_reads_them() -> None:
    model = parse(PLANE + "input m[i,j]\ns[j] = sum[i](m[i,j] * x[i])\noutput s[j]")
    graph = unfold(model, {"i": 3, "j": 2})
    assert {place for name, place in graph if name == "m"} == {1, 2}
    assert set(graph.predecessors(("s", 1))) == {("m", 1), ("x", 1), ("x", 2), ("x", 3)}


def test_boundaries_of_the_other_axis_are_read_at_each_position() -> None:
    model = parse(PLANE + "e[j,i] = x[i] + e[j-1,i]\ne[j,0] = 2 * y[j]\na[j] = e[j,0]\noutput a[j]")
    graph = unfold(model, 2)
    assert (("y", 1), ("e", 1)) in graph.edges
    assert (("y", 2), ("e", 2)) in graph.edges
    assert (("y", 1), ("e", 2)) not in graph.edges


def test_a_corner_has_the_boundary_that_covers_most() -> None:
    model = parse(
        PLANE
        + "e[j,i] = x[i] + e[j-1,i]\ne[0,0] = 3\ne[0,i] = 2 * x[i]\na[j] = e[0,0]\noutput a[j]"
    )
    graph = unfold(model, 2)
    assert graph.nodes["e", 0]["equation"].text == "e[0,i] = 2 * x[i]"
    assert (("x", 2), ("e", 0)) in graph.edges


def test_another_index_of_the_axis_reads_everything() -> None:
    model = parse(
        "axis i, j = 1..N\ninput x[i]\ne[i,j] = x[i] * x[j]\ns[i] = sum[j](e[i,j])\noutput s[i]"
    )
    graph = unfold(model, 3)
    assert set(graph.predecessors(("e", 2))) == {("x", 1), ("x", 2), ("x", 3)}
    assert set(graph.predecessors(("s", 2))) == {("e", 2)}

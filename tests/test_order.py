"""Components and orders against those of another library, on random graphs."""

from __future__ import annotations

from random import Random

import networkx as nx
import pytest

from rnndsl.plan.order import components, in_order


def _random(seed: int) -> dict[int, set[int]]:
    rng = Random(seed)
    count = rng.randrange(1, 30)
    share = rng.choice((0.5, 1.0, 2.0)) / count
    return {
        a: {b for b in range(count) if rng.random() < share}
        for a in rng.sample(range(count), count)
    }


def _graph(needs: dict[int, set[int]]) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(needs)
    graph.add_edges_from((b, a) for a, others in needs.items() for b in others)
    return graph


def test_components_and_their_order() -> None:
    for seed in range(200):
        needs = _random(seed)
        found = components(needs)
        parts = {frozenset(part) for part in nx.strongly_connected_components(_graph(needs))}
        assert sorted(map(sorted, found)) == sorted(map(sorted, parts))
        place = {item: number for number, part in enumerate(found) for item in part}
        assert all(place[b] <= place[a] for a in needs for b in needs[a])


def test_the_least_of_those_that_may_come_is_first() -> None:
    for seed in range(200):
        needs = {a: {b for b in others if b % 7 < a % 7} for a, others in _random(seed).items()}
        assert in_order(needs) == list(nx.lexicographical_topological_sort(_graph(needs)))


def test_numbers_that_need_each_other_have_no_order() -> None:
    with pytest.raises(ValueError, match="need each other"):
        in_order({0: [1], 1: [0], 2: []})


def test_a_long_chain() -> None:
    needs = {n: [n - 1] if n else [49_999] for n in range(50_000)}
    assert len(components(needs)) == 1
    del needs[0]
    needs[1] = []
    assert in_order(needs) == list(range(1, 50_000))
    assert components(needs) == [[n] for n in range(1, 50_000)]

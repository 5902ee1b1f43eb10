"""Random models over several axes against the interpreter, and those that once failed."""

from __future__ import annotations

import os

import pytest

from tests.random_check import check, check_text, shrunk, symptom
from tests.random_counts import WANTED_SEVERAL
from tests.random_many import tally_all, told
from tests.random_models import random_spec

COUNT = int(os.environ.get("RNNDSL_RANDOM_MODELS", "3000"))
SIZES = {"n": 2, "m": 3, "k": 4, "p": 5, "d": 1, "L": 3}
HEADS = {
    "plane": "axis t = 1..T\naxis i = 1..S\n",
    "pair": "axis t, z = 1..T\n",
    "both": "axis t, z = 1..T\naxis i = 1..S\n",
    "deep": "axis l, r = 1..L\naxis t = 1..T\naxis i = 1..S\nsize L\n",
}

REGRESSIONS: dict[str, tuple[str, str]] = {
    "rows_of_a_parameter_outside_its_axis": ("deep", """
param W[l]: (m, n), V[r,l]
h[t,l]: (m, n) = min[t](W[l-2]) + W[L+1]
g[l]: () = V[l,l-1] + V[L+1,l]
output h[1,l-1], h[t,l], g[l]"""),
    "positions_of_a_fixed_axis_outside": ("deep", """
input x[l]: position(l)
param W[l]
h[l,t]: position(l) = where(W[L+2] != 0.5 + 0.1347, x[l], h[l,t+1])
output h[2,1], h[l,t]"""),
    "a_fixed_axis_twice": ("deep", """
param W[l,r]: (n, m)
h[r,l]: () = h[r-1,l] + norm(W[l,r+1])
h[l,-3] = 0.5
g[r,l,t] = h[l,r] - g[r+d,r,t]
loss = sum[r](h[r,r-2*L] + h[L-d,r]) + sum[l](g[l,1,T])"""),
    "corners_lead_to_corners": ("plane", """
param W: m
h[T+2,i] = W
h[t,-1] = h[T+2,S+1] + h[T+2,2]
h[t,i]: m = 0.5
output h[-1,S+d], h[1,-1], h[t,-1], h[T+2,i-1], h[T+2,S+1]"""),
    "a_boundary_runs_by_itself": ("plane", """
input x[i]: m
h[t,i]: m = tanh(h[t+1,i-1] + x[i])
h[T+1,i] = tanh(0.5 * h[T+1,i-1] + x[i])
h[T+1,0] = 0.3
loss = sum[t](sum[i](sum(h[t,i])))
output h[t,i], h[T+1,i]"""),
    "a_boundary_comes_from_the_other_end": ("plane", """
input x[t,i]: m
h[t,i]: m = tanh(h[t-1,i-1] + x[t,i])
h[0,i] = 0.5 * h[T,i-1]
h[0,0] = 0.4
h[t,0] = 0.3
loss = sum[t](sum[i](sum(h[t,i] ^ 2)))
output h[t,i]"""),
    "what_is_read_at_one_place_of_a_step_before": ("plane", """
input x[i]: m, y[t]: m
h[t]: () = dot(x[2], y[t]) - sum(g[t+2,2])
g[t,i]: m = x[i] * h[t+2] + 0.5 * g[t+1,2]
output h[2], g[t,i]"""),
    "boundaries_that_a_loop_back_meets": ("plane", """
size q = m + 1
input x: m
h[t,i]: q = sum(g[t-1]) + h[t-3,i-1]
h[t,0] = h[t-4,d+1] + 0.1
g[t]: m = sum(h[t-1,S-d]) + x
output h[T-1,i+2], g[t]"""),
    "a_loop_under_another_index": ("pair", """
input x[z]: (m, p)
param W: (p, m)
h[z]: p = W @ g[z-1]
g[z]: m = x[z+1] @ h[z-1] + 0.1
output h[T], g[z]"""),
    "diagonals_of_a_loop": ("pair", """
param W: m
h[t,z]: m = tanh(W + h[z,z+1])
g[t,z]: m = 0.5 * h[t,z]
g[-2,z] = g[z,z-4]
output h[z-1,T-1], g[3,1], g[-2,z]"""),
    "boundaries_under_another_index": ("both", """
param W: p
h[t]: p = g[t+1,k]
g[t,1-2] = 0.5 * h[t+2] + W
g[z,t]: p = 0.5 * h[z+1]
e[z,-2] = e[z,-3]
e[t,-3] = W
e[t,z]: p = W
output h[2], g[t,z], e[t,-2]"""),
    "data_in_another_order": ("plane", """
input x[t,i]: (m, m), y[t]: n
h[i,t]: m = 0.5
output x[1,i], h[i,t]"""),
    "matrices_of_an_example_times_steps": ("pair", """
param W: n, V: (p, n)
h[z]: n = 0.5 * W
g[t,z]: p = min[z](V) @ where(0.5 > h[z] + 0.1347, min(h[z], W), h[t+d])
output g[3,1]"""),
    "a_boundary_that_a_short_length_meets": ("pair", """
param W: k
h[z,t]: k = 0.5
h[0,-1] = W
output h[T-d,-1], h[z,t]"""),
    "a_boundary_that_leads_back_to_itself": ("plane", """
input x[i]: m
h[t,i]: m = tanh(h[t,i-1] + x[i])
h[T+1,i] = prod[t](0.9 + 0.2 * tanh(h[t-2,i-1] + h[t+1,i-2]))
loss = sum[t](sum[i](sum(h[t,i]))) + sum[i](sum(h[T+1,i]))
output h[t+1,i]"""),
    "a_boundary_that_runs_at_the_other_place": ("pair", """
input x[t,z]: m
param W: m
h[z,t]: m = tanh(x[z,t] * W)
h[0,t] = h[t+3,t+3] * W
output h[z-1,t], h[0,t]"""),
    "nothing_flows_into_a_lookup": ("plane", """
param W: k
h[-4,i] = h[3,i-4] * W
h[t,i]: k = 0.5
h[t,-3] = W + h[-4,-1]
g[t]: k = h[1,d] + 0.1 * g[t-1]
loss = sum(g[T-1])"""),
    "a_loop_along_the_axis_that_is_not_summed": ("plane", """
g[t,i]: n = 0.5 * g[t-1,i] + i
h[t,i]: n = tanh(sum[t](h[t-1,i+1]) + 0.1 * g[t,i])
output h[t,i]"""),
    "a_sum_on_the_way_back_over_the_axis_that_moves": ("plane", """
input x[t,i]: n
g[t,i]: n = 0.5 * g[t-1,i] + x[t,i]
h[t,i]: n = tanh(sum[t](h[t-1,i+1]) + g[t,i])
loss = sum[t](sum[i](sum(h[t,i])))
output h[t,i]"""),
    "a_draw_over_more_than_what_is_drawn_from": ("deep", """
input x[i,l]: m
h[i,t]: token(m) = sample(x[i+1,argmax[l](0.5)])
output h[S-d,T-1], h[i,t]"""),
    "a_turned_value_beside_its_boundary": ("pair", """
input x[t,z]: ()
h[z,t]: () = log(0.5) * x[z,t-2*d]
h[T+2,z] = x[z-d,z]
output h[3,t]"""),
    "a_turned_read_of_data_in_its_two_stages": ("pair", """
input x[z,t]: position(t)
h[z]: () = 0.5
g: () = x[1,1]
loss = g - 0.5
output h[x[t,z]]"""),
    "a_count_of_what_is_the_same_everywhere": ("deep", """
param W: k, V[l]: p
h[t]: () = W[sum(V[L+2] < 0.6)]
output h[t+2]"""),
    "a_product_into_a_part_of_a_room": ("plane", """
input x: k
param W: (m, k)
h[i,t]: k = 0.5 * h[i,t-1] + x
h[-1,t] = x
g[t,i]: m = W @ h[i-2,t]
output g[t,1]"""),
    "a_lookup_of_what_was_written_in_another_place": ("plane", """
param W: k
h[i,t]: k = 0.5 + teach(0.5, 0.5) * W
output h[S,t]"""),
}  # fmt: skip


@pytest.mark.parametrize("name", list(REGRESSIONS))
@pytest.mark.parametrize("lengths", [(5, 1, 4, 2), (1, 1)], ids=str)
def test_what_once_failed(name: str, lengths: tuple[int, ...]) -> None:
    head, text = REGRESSIONS[name]
    check_text(f"{HEADS[head]}size n, m, k, p, d = 1\n{text}\n", SIZES, lengths)


@pytest.mark.parametrize("start", range(0, 60, 10))
def test_random_models(start: int) -> None:
    for seed in range(start, start + 10):
        spec = random_spec(seed, several=True)
        if symptom(lambda one=spec: check(one)) is not None:
            pytest.fail(told(seed, shrunk(spec)))


@pytest.mark.long
def test_many_random_models_that_exercise_everything() -> None:
    found = tally_all(1000, COUNT, several=True)
    print(dict(found.seen.most_common()))
    assert not found.failed, "\n".join(found.failed)
    few = {name: found.seen[name] for name in WANTED_SEVERAL if found.seen[name] < COUNT // 100}
    assert few == {}

"""Random sound models against the interpreter at every level, and those that once failed."""

from __future__ import annotations

import os

import pytest

from tests.random_check import check, check_text, shrunk, symptom
from tests.random_counts import WANTED
from tests.random_many import tally_all, told
from tests.random_models import random_spec

COUNT = int(os.environ.get("RNNDSL_RANDOM_MODELS", "7000"))
SIZES = {"n": 2, "m": 3, "k": 4, "p": 5, "d": 3, "s": 5, "q": 6}

REGRESSIONS: dict[str, str] = {
    "condition_times_number_in_product": """
input x[t]: n
param W: (m, n)
h[t]: m = W @ (0.1 + 2 * (x[t] > 0))
output h[t]""",
    "filled_value_feeds_a_loop_back": """
input x: (p, k)
param W: (k, m)
h[t]: (p, m) = sum(g[t+d]) + x @ W
g[t]: k = 0.5
output h[t]""",
    "nothing_beyond_a_filled_value": """
h[t]: n = 0.5
loss = sum(h[T+2])""",
    "guard_before_a_parameter": """
param a: n, b: n
h[0] = where(a > 0.1, log(max(a, 0)) * b, 0.5)
h[t]: n = tanh(h[t-1])
loss = sum[t](sum(h[t]))""",
    "guard_before_a_position_looked_up": """
param a: n, b: n
h[T+d] = dot(where(relu(a) > 0.1, log(relu(a)) * b, 0.5), b)
h[t]: () = 0.5
loss = mean[t](h[T-t+1])""",
    "clipped_flow_by_cotangents": """
input x[t]: n
param W: n
h[t]: () = tanh(h[t-2] * x[3][argmax(W)] + 1)
output h[t]
clip value 0.01 d h[t-2]""",
    "embedding_of_no_token_before_the_start": """
input x[t]: token(d)
param W: (d, k)
h: k = W[x[-1]]
loss = sum(h)""",
    "target_before_the_start": """
target y[t]: (n, m)
h: (n, m) = y[-7]
loss = sum(h)""",
    "delay_of_either_sign_and_long": """
input x[t]: (p, n)
h[t]: (p, n) = x[t-s+1]
output h[3]""",
    "delay_of_either_sign_back": """
input x: n
h[t]: () = sum(x) * t
loss = mean[t](h[t+d-2])""",
    "two_delays_around_a_size": """
target y[t]: (), z[t]: token(k)
loss = mean[t](where(T % 4 == z[T] + 1, y[t-d-1], y[t-d+1]))""",
    "context_picked_by_tokens_of_positions": """
input x: (d, n), v[t]: token(s), w: token(d)
h[t]: n = x[where(v[t] == 2, w, w)]
output h[t]""",
    "boundary_read_by_the_loss_alone": """
param W: (m, k)
h[t]: position(t) = h[t+1]
g[t]: k = 0.5
e[t]: m = W @ g[t+1]
g[1-d] = 0.5
loss = sum(g[1-d]) + sum(e[h[0]])""",
    "boundary_that_sizes_put_there": """
param u: n
h[-d] = u
h[t]: n = 0.5 * h[t-1] + 1
output h[-3], h[-1], h[t-4]""",
    "boundary_that_sizes_put_behind": """
h[T+3] = 0.5
h[t]: m = tanh(h[t+1])
loss = sum(h[T+d])
output h[t]""",
    "chance_of_dropout_from_data": """
input x[t]: (), z[t]: m
h[t]: () = dropout(0.5, 0.5 * sigmoid(x[t-1]))
g[t]: m = dropout(z[t], 0.5 * sigmoid(z[t-1])) + dropout(z[t], 0.2 * sigmoid(h[t]))
output h[t+1], g[t]""",
    "chance_of_dropout_under_a_guard": """
param W: m
h[t]: m = h[t-1]
h[0] = where(W > 0, dropout(0.5, 0.5 * sigmoid(W)) / W, W)
loss = mean[t](sum(h[t]))""",
    "number_that_a_gradient_reads_again": """
input x: n, z[t]: (n, k)
param W: k
const alpha = 0.9, beta = alpha ^ 2 / 2
h[t]: k = clamp(clamp(0.5, -0.4, beta), -0.5, W)
g[t]: n = z[t-2*d] @ h[t-d] + clamp(x, -0.4, beta)
output g[t+2]""",
    "one_hot_of_a_number": """
h[t]: m = 0.3 * h[t+1]
h[T+1] = 0.5 * one_hot(2) + 0.5
output h[1]""",
    "picked_by_a_count": """
input x[t]: n
target y[t]: m
h[t]: () = y[t][sum(x[t] > 0.2)]
loss = sum[t](0.1 * h[t])""",
    "counts_of_conditions": """
input x[t]: n
h[t] = sum((x[t] > 0) + (x[t] > 1)) + max[t](x[t][0] > 0)
g[t] = where(x[t] > 0, x[t] > 1, x[t+1] > 0)
output h[t], g[t]""",
    "literal_outside_a_dimension": """
param W: n
input x[t]: n
h[t]: () = x[t][5] + 0.5 * h[t-1]
h[0] = W[2] + W[1]
loss = h[d]""",
    "data_looked_up_before_and_in_the_loss": """
input x[t]: position(t)
h[t]: m = 0.5 * t
loss = sum(h[x[T-d]])
output h[x[t]]""",
    "cotangents_of_what_is_looked_up": """
input x: token(s)
param W: (s, k)
h[0] = W[x]
h[t]: k = 0.5
g[t]: position(t) = g[t-1]
output h[g[t]]""",
    "textbook_loops_run_one_way": """
input x[t]: (d, n), w: token(d)
param W: k
h[t]: n = x[t+2][w] - 0.5 * h[t-2]
g[t] = argmax[t](0.5) + w % 2
loss = 0.5 * sum[t](outer(W, h[t])[g[t], 1])""",
    "filled_and_cleared": """
input x[t]: k
param W: (k, k)
h[t]: () = 0.5
g[t]: k = cosine(W, h[t-d-1] / (1.2 + sigmoid(x[T+d])))
output g[3]""",
    "cosine_of_context_and_steps": """
input x[t]: n, c: n, M: (m, n)
h[t] = cosine(c, x[t]) + cosine(x[t], c)
g[t]: m = cosine(M, x[t]) * cosine(M, c)
loss = sum[t](h[t] + sum(g[t]))
output h[t], g[t]""",
    "losses_of_context_and_steps": """
input c: k, u: k
target y[t]: token(k), z: token(k)
loss = sum[t](cross_entropy(c, y[t]) + nll(sigmoid(u), y[t]) + nll(sigmoid(c), z))""",
    "position_chosen_by_sizes": """
h[t]: m = 0.5 * t
g[t]: position(t) = argmax[t](0.5)
g[T+d] = 1
loss = sum(h[g[T+2]])""",
    "outer_products_with_what_is_fixed": """
input x[t]: (p, m)
param W: m
h[t]: m = W * h[t-1] + 0.1
h[0] = W
g[t]: p = (0.5 * x[t-d] + 0.5 * x[T-1]) @ h[0]
output g[T-d]""",
    "sum_of_matrices_turned": """
input x[t]: m
param A: (n, m), B: (p, n)
h[t]: n = (0.5 * A + 0.5 * A) @ x[t]
g[t]: p = B @ h[t-d]
output g[t-1]""",
    "nothing_for_each_example": """
input x[t]: ()
param W: m
h[t]: m = 0.5 * h[t-2]
h[-1] = c * -W
c: () = x[T+d]
output h[t]""",
    "condition_on_the_index_in_a_loop": """
input x[t]: m
param W: m
h[t]: (m, m) = 0.5 * h[t-1] + outer(x[t], where(p == t % 5, W, 0.5))
g[t]: m = where(t % 2 == 0, 1, 1 / m) * g[t-1] + x[t] * t / T
output h[t], g[t]""",
    "numbers_that_python_refuses": """
input x[t]: ()
h[t] = where(n > 2, 1 / (n - 2), 0.5) * x[t]
g[t]: () = where(abs(x[T+d]) > 0.2, 1 / x[T+d], 0.5)
output h[t], g[2]""",
    "boundary_that_is_an_output_too": """
input x: n
c: n = tanh(x)
h[t]: n = 0.5 * h[t+1]
h[T+1] = c
output c, h[T+1], h[1]""",
    "nothing_depends_on_anything": """
param W: n
input x: n
h[t]: (p, n) = 0.5
output h[T+d]""",
    "rows_of_a_context_at_every_step": """
input x: position(t), y[t]: n
param W: n
h[t]: n = 0.5
g[t]: () = (W - h[t])[x] + (W - y[t])[x]
output g[t]""",
    "what_is_the_same_for_every_example": """
param W: (k, n)
h[t]: k = 0.5 * h[t-1] + cosine(W, 0.5 * one_hot((t + m) % 6) + 0.5)
loss = sum[t](0.1 * sum(h[t]))""",
    "softmax_over_positions_that_are_not_asked": """
input x[t]: n
param W: n
u[t]: n = softmax[t](log(1 + exp(W * x[t])))
h[t]: n = where(x[t] > 0, u[t], where(x[1] > 0, softmax[t](log(max(x[1], 0)) * x[t]), 1))
output h[t]""",
    "softmax_whose_padding_holds_a_boundary": """
param W: n
h[t]: n = softmax[t](t * W)
h[T+2] = 0.5
output h[3], h[1]""",
    "product_with_what_only_positions_change": """
param A: (k, k), B: (n, k)
h[t]: k = A @ B[-t % 3]
output h[T-1], h[t]""",
    "guard_before_nothing_at_all": """
param W: ()
h[t]: () = 0.5
h[T+3] = W
g[t]: () = 0.5 * g[t-1]
g[0] = where(h[T+1] > 0.3, h[T+3] / max(h[T+1], 0), 0.5 * W)
output g[t]""",
    "numbers_joined": """
param W: m, a: ()
h[t]: () = 0.5
g[t]: m + 1 = tanh(g[t-1])
g[0] = concat(W, h[T+2])
e[t]: m + 3 = concat(a, W, a * t, T)
output g[1], e[t]""",
    "comparisons_of_comparisons": """
input x[t]: token(m), y[t]: ()
h[t] = (d >= x[T+2]) > 0.5
loss = ((d >= (x[T+2] - 0)) > 0.5) * (d >= x[T+2]) + sum[t](((y[t] > 0.1) != (2 > m)) * y[t])
output h[t]""",
    "functions_of_bare_conditions": """
input x[t]: n
h[t]: n = (1.1 + tanh(n != 0)) ^ tanh(x[t]) + exp(n > 1) * x[t] + sigmoid(n == 2)
u = log(0.5 + (n > 1)) + logaddexp(n > 1, n > 5) + softplus(m > n)
output h[t-1], u""",
    "textbook_loops_met_through_one_position": """
param W: m
h[t]: () = sum(g[t-2])
e[t]: () = 0.5 * e[t-d] + norm(g[t-4])
g[t]: m = W * g[t-4]
g[-2] = W
e[-d] = h[d]
loss = e[T-d]""",
    "a_component_beyond_the_end_of_what_is_the_same_everywhere": """
param W: m
h[t]: p = 0.5
u: () = exp(-abs(h[T+1]))[7] + sum(W)
loss = u""",
    "first_component_kept_beside_a_boundary": """
input x[t]: n
param W: n, V: n
h[t]: n = tanh(W * h[t+1] + x[t])
h[T+1] = V
u[t] = exp(h[t][0]) * x[t][0] ^ 2
loss = sum[t](u[t] * sum(h[t+2]) + u[t] ^ 2) + sum(h[T+1])
output u[t]""",
}


@pytest.mark.parametrize("name", list(REGRESSIONS))
@pytest.mark.parametrize("lengths", [(6, 1, 4, 2), (1, 1)], ids=str)
def test_what_once_failed(name: str, lengths: tuple[int, ...]) -> None:
    check_text(f"axis t = 1..T\nsize n, m, k, p, d, s\n{REGRESSIONS[name]}\n", SIZES, lengths)


@pytest.mark.parametrize("start", range(0, 140, 10))
def test_random_models(start: int) -> None:
    for seed in range(start, start + 10):
        spec = random_spec(seed)
        if symptom(lambda one=spec: check(one)) is not None:
            pytest.fail(told(seed, shrunk(spec)))


def test_a_wrong_model_is_made_small() -> None:
    """What is refused stays refused for the same reason, and loses the rest."""
    spec = random_spec(3)
    spec.outputs.append("missing[t]")
    small = shrunk(spec)
    wanted = symptom(lambda: check(spec))
    assert wanted is not None
    assert symptom(lambda: check(small)) == wanted
    assert len(small.text()) < len(spec.text())


@pytest.mark.long
def test_many_random_models_that_exercise_everything() -> None:
    found = tally_all(1000, COUNT)
    print(dict(found.seen.most_common()))
    assert not found.failed, "\n".join(found.failed)
    assert {name: found.seen[name] for name in WANTED if found.seen[name] < COUNT // 100} == {}

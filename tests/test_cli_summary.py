"""`rnndsl summary`: counts against numbers from the equations, by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rnndsl.driver import load, parse
from rnndsl.gallery import specs
from rnndsl.plan.summary import number, summarise
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.random_data import small_sizes
from tests.test_cli import run

LSTM = str(specs()["lstm"])

TEXT = """\
sequence_to_one: Sequence in, single output (Deep Learning, figure 10.5)
n = 3, m = 2, k = 4

parameter   shape   starts as    numbers
────────────────────────────────────────
U           2×3     glorot             6
W           2×2     orthogonal         4
V           4×2     glorot             8
b           2       zeros              2
c           4       zeros              4

name   role     for each   type       shape    multiply-adds    elementwise
───────────────────────────────────────────────────────────────────────────
x      input    t          n          3
y      target   example    token(k)   scalar
h      value    t          m          2                   10              6
o      value    example    k          4         8 an example   4 an example
yhat   value    example    k          4                        4 an example
loss   loss     example    ()         scalar                   4 an example

24 parameters
10 multiply-adds and 6 elementwise operations a step
8 multiply-adds and 12 elementwise operations an example
"""


def test_the_table() -> None:
    sizes = ("--size", "n=3", "--size", "k=4", "--size", "m=2")
    result = run("summary", specs()["sequence_to_one"], *sizes)
    assert (result.exit_code, result.stdout) == (0, TEXT)


def test_open_sizes_stay_letters() -> None:
    result = run("summary", LSTM)
    assert "m = 32\n" in result.stdout
    assert "\nU           32×n    glorot          32*n\n" in result.stdout
    assert "\n33*k + 128*n + 4224 parameters\n" in result.stdout


def test_the_answer_for_a_program() -> None:
    result = run("summary", "-", "--json", "--size", "n=2", stdin=specs()["lstm"].read_text())
    data = json.loads(result.stdout)
    assert data["model"] == "lstm"
    assert data["sizes"] == {"n": 2, "m": 32, "k": None}
    assert data["count"] == {"formula": "k*m + 4*m*m + 4*m*n + k + 4*m", "number": None}
    gate = next(row for row in data["values"] if row["name"] == "f")
    assert gate["cost"]["step"]["multiply_adds"] == {"formula": "m*m + m*n", "number": 1088}
    weights = next(row for row in data["parameters"] if row["name"] == "W_f")
    assert weights["count"]["number"] == 1024
    assert weights["initialiser"] == "orthogonal"


@pytest.mark.parametrize("name", sorted(specs()))
def test_as_many_parameters_as_are_made(name: str) -> None:
    model = load(specs()[name])
    sizes = small_sizes(model, {})
    params = compile_model(model, **sizes).init(0)
    assert number(summarise(model).count, sizes) == sum(map(np.size, params.values()))


def test_products_of_every_kind() -> None:
    model = parse("""
axis t = 1..T
size n, m, k
input x[t]: n
param A: (m, n), B: (n, k), q: m
u[t] = A @ x[t]
v[t] = x[t] @ B
w[t] = dot(u[t], q)
z[t] = outer(u[t], v[t])
r[t] = cosine(z[t], v[t])
C = A @ B
p = sum[t](w[t])
output r[T], p, C
""")
    cost = {row.name: row.cost for row in summarise(model).values}
    step = {name: str(cost[name].at("step").multiply_adds) for name in "uvwzr"}
    assert step == {"u": "m*n", "v": "k*n", "w": "m", "z": "k*m", "r": "2*k*m"}
    assert str(cost["C"].at("batch").multiply_adds) == "k*m*n"
    assert str(cost["p"].at("step").elementwise) == "1"
    assert str(cost["p"].at("example").elementwise) == "0"

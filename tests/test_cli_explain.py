"""`rnndsl explain`: how equations are run, against the table of loops written by hand."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from rnndsl.driver import load, parse
from rnndsl.gallery import specs
from rnndsl.graph.lower import lower
from rnndsl.model.model import Model
from rnndsl.passes import run_passes
from rnndsl.plan.cost import forward_nodes
from rnndsl.plan.explain import EquationRow, explain
from rnndsl.plan.schedule import loop_count, schedule
from tests import zoo
from tests.loops import LOOPS, way_back
from tests.sample import sampled
from tests.test_cli import run
from tests.zoo_axes import AXES

TEACHER_FORCING = """\
teacher_forcing: Teacher forcing (Deep Learning, figure 10.6)

With the teacher:
  no loop is left: every equation runs for all positions at once

Running free or scheduled:
  loop 1 runs forwards over t: z, h, o
    because h reads z[t-1]
  gradients: one loop backwards; those of parameters are summed outside

z[t] = teach(y[t], o[t])
  shape k, at every t
  with the teacher: for all positions at once
  running free or scheduled: in loop 1: reads o[t]
  cost scheduled: k + 1 elementwise operations a step

h[t]: m = tanh(b + W @ z[t-1] + U @ x[t])
  shape m, at every t
  with the teacher: for all positions at once
  running free or scheduled: in loop 1: reads z[t-1]
  before the loop (-O1), for all positions at once: U @ x[t]
  cost: 32*k + 32*n multiply-adds and 96 elementwise operations a step

o[t] = c + V @ h[t]
  shape k, at every t
  with the teacher: for all positions at once
  running free or scheduled: in loop 1: reads h[t]
  cost: 32*k multiply-adds and k elementwise operations a step

loss = sum[t](squared_error(o[t], y[t]))
  a number, for each example
  once for each example, from all t at once
  cost: 3*k + 1 elementwise operations a step
"""
BIDIRECTIONAL = """\
bidirectional: Bidirectional network (Deep Learning, figure 10.11)

loop 1 runs forwards over t: h
  because h reads h[t-1]
loop 2 runs backwards over t: g
  because g reads g[t+1]
gradients: one loop forwards and one loop backwards; those of parameters are summed outside
"""


def rows(model: Model) -> dict[str, EquationRow]:
    return {row.equation.name: row for row in explain(model)[0].rows}


@pytest.mark.parametrize("name", sampled(sorted(specs())))
def test_loops_are_those_of_the_table(name: str) -> None:
    for item in explain(load(specs()[name])):
        want = LOOPS[name][item.mode]
        assert Counter(f"{'+' if r.step > 0 else '-'}{r.axis}" for r in item.loops) == Counter(want)
        back = Counter(1 if loop[0] == "+" else -1 for loop in way_back(want))
        assert Counter(item.gradient_loops) == back
        numbers = {row.loop for row in item.rows if row.how == "loop"}
        assert numbers == set(range(len(item.loops)))


@pytest.mark.parametrize("name", sorted(zoo.MODELS))
def test_every_construct_is_explained_as_it_is_scheduled(name: str) -> None:
    model = parse(zoo.MODELS[name])
    for item in explain(model):
        nodes = forward_nodes(run_passes(lower(model, item.mode)))
        running = {row.loop for row in item.rows if row.how == "loop"}
        assert len(running) == loop_count(schedule(nodes, grouped=False))
        assert all(row.because for row in item.rows if row.how == "loop")
        assert all(loop.because for loop in item.loops)
    assert run("explain", "-", stdin=zoo.MODELS[name]).exit_code == 0


def test_what_leaves_the_loop() -> None:
    gates = rows(load(specs()["lstm"]))
    assert gates["f"].before == ("b_f + U_f @ x[t]",)
    assert gates["s"].before == ("b + U @ x[t]",)
    assert gates["h"].before == ()
    embedded = rows(load(specs()["char_lstm"]))
    assert embedded["f"].before == ("b_f + U_f[x[t]]",)


def test_how_equations_are_run() -> None:
    found = rows(load(specs()["sequence_to_one"]))
    assert {name: row.how for name, row in found.items()} == {
        "h": "loop",
        "o": "once",
        "yhat": "once",
        "loss": "once",
    }
    unused = parse(
        "axis t = 1..T\nsize m\ninput x[t]: m\nu[t] = 2 * x[t]\nv[t] = -x[t]\noutput v[T]"
    )
    assert {name: row.how for name, row in rows(unused).items()} == {"u": "unused", "v": "parallel"}


def test_the_teacher_leaves_no_loop() -> None:
    result = run("explain", specs()["teacher_forcing"])
    assert (result.exit_code, result.stdout) == (0, TEACHER_FORCING)


def test_several_reads_are_told_together() -> None:
    result = run("explain", specs()["lstm"])
    assert "\n  because f, g and q read h[t-1]; s reads s[t-1] and h[t-1]\n" in result.stdout


def test_tokens_and_positions() -> None:
    text = "axis t = 1..T\nsize k\ninput x[t]: k\nu[t] = argmax(x[t])\nv = argmax[t](x[t][0])\n"
    result = run("explain", "-", stdin=text + "output u[t], v")
    assert "\n  token(k), at every t\n" in result.stdout
    assert "\n  position(t), for each example\n" in result.stdout
    assert "\n  cost: 1 elementwise operation a step\n" in result.stdout


def test_both_directions() -> None:
    assert run("explain", specs()["bidirectional"]).stdout.startswith(BIDIRECTIONAL)


def test_ways_back_of_one_direction_are_counted() -> None:
    text = "axis t = 1..T\nsize m\ninput x[t]: m\nparam W, Q, R\nh[t] = tanh(W @ h[t-1] + x[t])\n"
    layers = "s[t] = tanh(Q @ s[t-1] + h[t])\ng[t] = tanh(R @ g[t+1] + s[t])\n"
    result = run("explain", "-", stdin=f"{text}{layers}output g[1]")
    assert "\ngradients: one loop forwards and 2 loops backwards; " in result.stdout


def test_the_answer_for_a_program() -> None:
    result = run("explain", specs()["lstm"], "--json", "--size", "n=2")
    (mode,) = json.loads(result.stdout)["modes"]
    (loop,) = mode["loops"]
    assert (loop["direction"], loop["equations"]) == ("forwards", ["f", "s", "g", "h", "q"])
    assert {"equation": "s", "reads": "s[t-1]"} in loop["because"]
    assert mode["gradient_loops"] == ["backwards"]
    first = mode["equations"][0]
    assert (first["how"], first["loop"], first["because"]) == ("loop", 0, ["h[t-1]"])
    assert first["cost"]["step"]["multiply_adds"]["number"] == 32 * 32 + 32 * 2


@pytest.mark.parametrize(
    ("right", "part"),
    [
        ("tanh(x[t-2] ^ 2 * 3) + h[t-1]", "tanh(x[t-2] ^ 2 * 3)"),
        ("(x[t] + b) * c * h[t-1]", "(x[t] + b) * c"),
        ("softmax(x[t]) * h[t-d]", "softmax(x[t])"),
        ("where(t % 4 == 0 and not x[t][1] > 2, 1 / T, h[t-1])", "t % 4 == 0 and not x[t][1] > 2"),
        ("h[t-1] - exp(-(x[t] - x[T]))", "exp(-(x[t] - x[T]))"),
    ],
)
def test_parts_are_formulas(right: str, part: str) -> None:
    head = "axis t = 1..T\nsize m, d = 2\ninput x[t]: m\nparam b: m, c: m\n"
    found = rows(parse(f"{head}h[t]: m = {right}\noutput h[T]"))["h"]
    assert part in found.before


ATTENTION = parse(AXES["attending"])


def test_reads_name_their_indices_without_blanks() -> None:
    said = run("explain", "-", stdin=AXES["attending"]).output
    assert "  in loop 2: reads e[j,i]\n" in said
    assert "reads alpha[j,i]" in said


def test_loops_of_gradients_say_along_which_axis_where_there_are_several() -> None:
    said = run("explain", "-", stdin=AXES["attending"]).output
    assert "gradients: one loop backwards over j and one loop backwards over i; those" in said
    assert {item.gradient_axes for item in explain(ATTENTION)} == {("j", "i")}
    alone = run("explain", "-", stdin=AXES["attending_to_itself"]).output
    assert "over i" not in alone


def test_costs_say_the_steps_of_which_index_they_are_of() -> None:
    rates = {name: set(row.cost.rates) for name, row in rows(ATTENTION).items()}
    assert rates["h"] == {"step i"}
    assert rates["e"] == {"step j,i", "step i", "step j"}
    assert rates["ctx"] == {"step j,i"}
    assert rates["s"] == {"step j", "example"}
    said = run("explain", "-", stdin=AXES["attending"]).output
    assert "elementwise operations a step of j and i, m*q multiply-adds a step of i" in said


def test_a_summary_leaves_out_the_steps_of_the_values_own_indices() -> None:
    said = run("summary", "-", stdin=AXES["attending"]).output
    row = next(line for line in said.splitlines() if line.startswith("e "))
    assert "a step of j and i" not in row
    assert "q + m*q a step of i + m*q a step of j" in row
    assert "elementwise operations a step of j and i\n" in said

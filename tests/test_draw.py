"""Drawings, by the layout that Graphviz reports: columns, rows, boundaries, labels, looks."""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections.abc import Iterator

import pytest

from rnndsl.draw import draw
from rnndsl.draw.places import is_recurrent
from rnndsl.draw.terms import by_position
from rnndsl.graph.equations import references
from rnndsl.graph.outer import outer
from rnndsl.model.expr import Position
from rnndsl.model.load import parse_model
from rnndsl.model.model import Model
from rnndsl.model.unroll import unroll_by_default
from rnndsl.text.diagnostics import DataError
from tests.drawn import Box, Drawn, sequence_specs
from tests.generated import checked
from tests.sample import DRAWN, sampled

pytest.importorskip("pygraphviz")

CROWDED = {("memory_network_untied", 4)}
each_model = pytest.mark.parametrize("name", sampled(sequence_specs(), DRAWN))

HEAD = """
axis  t = 1..T
size  n, m = 4, k
input x[t]: n
target y[t]: token(k)
param W, U, b, V, c
"""
CHAIN = HEAD + (
    "h[t]: m = tanh(b + W @ h[t-1] + U @ x[t])\n"
    "o[t] = c + V @ h[t]\n"
    "loss = sum[t](cross_entropy(o[t], y[t]))\n"
)


def folded(text: str) -> Drawn:
    return Drawn(draw(parse_model(text)))


def unfolded(text: str, steps: int) -> Drawn:
    return Drawn(draw(parse_model(text), unfold=steps))


@functools.cache
def gallery(name: str, steps: int | None = None) -> Drawn:
    return Drawn(draw(checked(name), unfold=steps))


def along(name: str) -> dict[str, set[str]]:
    """By axis, the names that an unfolded picture has along it."""
    model = by_position(unroll_by_default(checked(name)))
    found = outer(model)
    names = {axis: {n for n in found.slots if found.axis(n) == axis} for axis in model.axes}
    return {axis: inside for axis, inside in names.items() if inside}


def blocks(name: str) -> list[tuple[set[str], list[dict[str, Box]]]]:
    """The names along each axis, and their columns from the first to the last."""
    steps = gallery(name, 4).steps
    return [
        (names, [{n: box for n, box in steps[p].items() if n in names} for p in sorted(steps)])
        for names in along(name).values()
    ]


def full_columns(name: str) -> Iterator[list[dict[str, Box]]]:
    for names, columns in blocks(name):
        full = [column for column in columns if names <= set(column)]
        yield [c for c in full if all(b.attributes["style"] == "filled" for b in c.values())]


def is_lettering(name: str) -> bool:
    """Whether a node is no box: a ground, a rail, where lines meet it, or letters."""
    grounds = name.startswith(("step ", "title ", "rail ", "axis "))
    return grounds or name.endswith((" below", " above")) or "(all, " in name


# Unfolded ------------------------------------------------------------------------------


@each_model
def test_time_runs_from_left_to_right_one_column_a_step(name: str) -> None:
    for _, found in blocks(name):
        columns = [column for column in found if column]
        assert len(columns) >= 4
        for before, after in itertools.pairwise(columns):
            assert max(b.right for b in before.values()) < min(b.left for b in after.values())


@each_model
def test_every_value_stands_in_every_step(name: str) -> None:
    assert [len(columns) for columns in full_columns(name)] == [4] * len(along(name))
    model = unroll_by_default(checked(name))
    alone = (set(model.data) | set(model.equations)) - set().union(*along(name).values())
    assert alone <= set(gallery(name, 4).boxes)


@each_model
def test_columns_are_alike(name: str) -> None:
    for columns in full_columns(name):
        for one, other in itertools.pairwise(columns):
            apart = [other[name].x - one[name].x for name in one]
            assert max(apart) - min(apart) < 0.15
            assert {n: box.y for n, box in one.items()} == {n: b.y for n, b in other.items()}


@each_model
@pytest.mark.parametrize("steps", [None, 4])
def test_no_two_boxes_meet(name: str, steps: int | None) -> None:
    boxes = gallery(name, steps).boxes
    solid = [box for name, box in boxes.items() if not is_lettering(name)]
    for one, other in itertools.combinations(solid, 2):
        apart = max(
            abs(one.x - other.x) - (one.width + other.width) / 2,
            abs(one.y - other.y) - (one.height + other.height) / 2,
        )
        assert apart > 0, (one.name, other.name)


@each_model
@pytest.mark.parametrize("steps", [None, 4])
def test_no_arrow_runs_through_a_box(name: str, steps: int | None) -> None:
    if (name, steps) in CROWDED:
        pytest.skip("every position is read by every hop: no way is left between the boxes")
    drawn = gallery(name, steps)
    for ends, edge in drawn.edges.items():
        points = [tuple(map(float, p.split(","))) for p in edge["pos"].split() if p[0] != "e"]
        curve = [bezier(points, number / 40) for number in range(41)]
        for box in drawn.boxes.values():
            if box.name not in ends and not is_lettering(box.name):
                far = sum_of if box.attributes["shape"] == "diamond" else math.hypot
                away = min(far((x - box.x) / box.width, (y - box.y) / box.height) for x, y in curve)
                assert away > 0.5, (ends, box.name)


def sum_of(x: float, y: float) -> float:
    return abs(x) + abs(y)


def bezier(points: list[tuple[float, ...]], s: float) -> tuple[float, float]:
    weights = ((1 - s) ** 3, 3 * (1 - s) ** 2 * s, 3 * (1 - s) * s * s, s**3)
    x, y = (sum(w * p[i] for w, p in zip(weights, points, strict=True)) for i in (0, 1))
    return x, y


def test_inputs_are_below_and_targets_on_top() -> None:
    column = unfolded(CHAIN, 2).steps[1]
    assert [name for name, _ in sorted(column.items(), key=lambda item: item[1].y)] == [
        "x",
        "h",
        "o",
        "loss",
        "y",
    ]


def test_the_beginning_has_its_boundary_and_the_rest_its_dots() -> None:
    drawn = unfolded(CHAIN, 3)
    assert list(drawn.steps[0]) == ["h"]
    assert drawn.boxes["h(0)"].right < drawn.boxes["h(1)"].left
    assert drawn.boxes["h(0)"].attributes["style"] == "filled,dashed"
    assert drawn.boxes["h(...)"].left > drawn.boxes["h(3)"].right
    assert ("h(3)", "h(...)") in drawn.edges
    assert drawn.boxes["h(3)"].attributes["label"] == "h⁽³⁾"
    assert drawn.boxes["h(...)"].attributes["label"] == "h⁽⋯⁾"


def test_a_loop_from_the_end_has_its_boundary_at_the_end() -> None:
    drawn = unfolded(CHAIN.replace("h[t-1]", "h[t+1]") + "h[T+1] = 1\n", 3)
    labels = {box.attributes["label"]: box for box in drawn.boxes.values()}
    order = ["h⁽¹⁾", "h⁽²⁾", "h⁽⋯⁾", "h⁽ᵀ⁾", "h⁽ᵀ⁺¹⁾"]
    places = [labels[label].x for label in order]
    assert places == sorted(places)
    assert labels["h⁽ᵀ⁺¹⁾"].attributes["style"] == "filled,dashed"
    chain = [labels[label].name for label in reversed(order)]
    assert set(itertools.pairwise(chain)) <= set(drawn.edges)


def test_states_run_on_along_straight_lines() -> None:
    drawn = gallery("bidirectional", 4)
    for ends in (("h(1)", "h(2)"), ("g(2)", "g(1)")):
        points = [part.split(",") for part in drawn.edges[ends]["pos"].split() if part[0] != "e"]
        assert {round(float(y)) for _, y in points} == {round(drawn.boxes[ends[0]].y)}


def test_both_directions_meet_dots_before_the_end() -> None:
    drawn = gallery("bidirectional", 3)
    last = max(p for p, column in drawn.steps.items() if "o" in column)
    assert ("h(2)", "h(...)") in drawn.edges
    assert ("h(...)", f"h({last})") in drawn.edges
    assert (f"g({last})", "g(...)") in drawn.edges
    assert ("g(...)", "g(2)") in drawn.edges
    assert (f"g({last + 1})", f"g({last})") in drawn.edges


def test_one_step_is_the_first_and_the_last() -> None:
    drawn = gallery("bidirectional", 1)
    assert {"h(0)", "h(1)", "g(1)", "g(2)"} <= set(drawn.boxes)
    assert "h(...)" not in drawn.boxes


def test_steps_that_nothing_joins_have_dots_too() -> None:
    drawn = unfolded(CHAIN.replace("W @ h[t-1] + ", "").replace("W, ", ""), 3)
    assert drawn.boxes["the dots"].x > drawn.boxes["h(3)"].right
    assert not drawn.boxes["the dots"].attributes["label"].isascii()


def test_what_reads_the_end_stands_to_the_right() -> None:
    drawn = gallery("sequence_to_one", 3)
    last = max(p for p, column in drawn.steps.items() if "x" in column)
    for name in ("o", "yhat", "loss", "y"):
        assert drawn.boxes[name].left > drawn.boxes[f"h({last})"].right
    assert drawn.label(f"h({last})", "o") == "V"


def test_a_context_stands_below_the_steps_and_an_initial_one_to_the_left() -> None:
    text = CHAIN.replace("U @ x[t]", "U @ x[t] + R @ w") + "input w: n, v: n\nparam R, Q\n"
    drawn = unfolded(text + "h[0] = Q @ v\n", 3)
    assert drawn.boxes["w"].y < min(box.y for box in drawn.steps[1].values()) - 40
    assert drawn.boxes["v"].right < drawn.boxes["h(0)"].left
    assert drawn.label("v", "h(0)") == "Q"


def test_a_delay_by_a_size_is_drawn_with_its_value_and_says_so() -> None:
    text = CHAIN.replace("h[t-1]", "h[t-d]").replace("k\n", "k, d = 3\n", 1)
    drawn = unfolded(text, 5)
    assert ("h(2)", "h(5)") in drawn.edges
    assert drawn.boxes["the note"].attributes["label"] == "drawn with d = 3"
    given = Drawn(draw(parse_model(text), unfold=5, sizes={"d": 2}))
    assert ("h(3)", "h(5)") in given.edges


def test_a_delay_by_a_size_without_a_value_is_drawn_as_2() -> None:
    drawn = unfolded(CHAIN.replace("h[t-1]", "h[t-d]").replace("k\n", "k, d\n", 1), 5)
    assert ("h(3)", "h(5)") in drawn.edges
    assert drawn.boxes["the note"].attributes["label"] == "drawn with d = 2"


def test_a_long_delay_costs_no_room() -> None:
    drawn = unfolded(CHAIN.replace("h[t-1]", "h[t-d]").replace("k\n", "k, d = 900000\n", 1), 3)
    assert len(drawn.steps) == 6


def test_a_model_without_axis_is_drawn_once() -> None:
    text = "size n, m = 3\ninput x: n\nparam W\nh: m = W @ x\noutput h\n"
    assert unfolded(text, 3).drawing == folded(text).drawing


def test_no_steps_is_refused() -> None:
    with pytest.raises(DataError, match="cannot unfold over 0 steps") as caught:
        draw(parse_model(CHAIN), unfold=0)
    assert caught.value.code == "RNN421"


# Folded --------------------------------------------------------------------------------


@each_model
def test_every_name_stands_once(name: str) -> None:
    boxes, model = gallery(name).boxes, checked(name)
    assert set(model.data) | set(model.equations) <= set(boxes)
    assert ("loss" in boxes) == (model.loss is not None)


@each_model
def test_every_recurrent_edge_carries_its_delay(name: str) -> None:
    drawn, model = gallery(name), checked(name)
    found = 0
    for item in references(model):
        moved = [at for at in item.along if at.kind == "shift" and not at.is_here]
        if is_recurrent(item) and item.place is not None and len(moved) == 1:
            offset = str(item.place.offset).replace("1", "+1").replace("-+", "-")
            square = f"{item.source}({item.place.index}{offset})"
            is_depth = model.axes[item.place.axis].size is not None
            fill = "#ffffff" if is_depth else "#111111"
            assert drawn.boxes[square].attributes["fillcolor"] == fill
            shown = f"{item.place.index}{offset}".replace("-", "−")
            assert drawn.label(item.source, square) == shown
            assert (square, item.target) in drawn.edges
            found += 1
    assert found or all(place is None for place in recurrent_places(model))


def recurrent_places(model: Model) -> list[Position | None]:
    return [item.place if is_recurrent(item) else None for item in references(model)]


def test_delays_of_every_kind() -> None:
    text = CHAIN.replace("W @ h[t-1]", "W @ h[t-1] + D @ h[t-d] + F @ x[t-2]")
    drawn = folded(text.replace("k\n", "k, d\n", 1) + "param D, F\n")
    assert drawn.label("h", "h(t-1)") == "t−1"
    assert drawn.label("h(t-1)", "h") == "W"
    assert drawn.label("h", "h(t-d)") == "t−d"
    assert drawn.label("h(t-d)", "h") == "D"
    assert drawn.label("x", "x(t-2)") == "t−2"
    assert drawn.label("x(t-2)", "h") == "F"


def test_the_past_comes_from_the_left_and_the_future_from_the_right() -> None:
    drawn = gallery("bidirectional")
    assert drawn.boxes["h(t-1)"].right < drawn.boxes["h"].left
    assert drawn.boxes["g(t+1)"].left > drawn.boxes["g"].right
    assert drawn.label("g", "g(t+1)") == "t+1"


def test_fixed_positions_and_reductions_say_where_they_read() -> None:
    text = HEAD.replace("y[t]", "y") + (
        "h[t]: m = tanh(b + W @ h[t-1] + U @ x[t])\n"
        "h[0] = S @ p\n"
        "input p: n\nparam S, F\n"
        "o = c + V @ h[T] + F @ h[1] + mean[t](V @ h[t])\n"
        "loss = cross_entropy(o, y)\n"
    )
    drawn = folded(text)
    assert drawn.label("p", "h") == "S, t = 0"
    labels = [line for line in draw(parse_model(text)).source.splitlines() if "\th -> o" in line]
    said = [re.findall(r"t = T|t = 1|all t", line) for line in labels]
    assert sorted(said) == [["all t"], ["t = 1"], ["t = T"]]


def test_positions_that_are_values_are_named() -> None:
    text = HEAD + (
        "input p: position(t), mine: position(t)\n"
        "h[t]: m = tanh(b + W @ h[t-1] + U @ x[t])\n"
        "near = h[mine]\n"
        "later = h[p+1]\n"
        "output near, later\n"
    )
    drawn = folded(text.replace("target y[t]: token(k)\nparam W, U, b, V, c", "param W, U, b"))
    assert drawn.label("h", "near") == "t = mine"
    assert drawn.label("h", "later") == "t by p"


def test_what_reads_all_positions_is_lettered_once_a_step() -> None:
    text = HEAD.replace("target y[t]: token(k)\n", "").replace("V, c", "v") + (
        "h[t]: m = tanh(b + W @ h[t-1] + U @ x[t])\n"
        "alpha[t] = softmax[t](dot(v, h[t]))\n"
        "output alpha[t]\n"
    )
    drawn = unfolded(text, 2)
    assert drawn.label("h(1)", "alpha(1)") == drawn.label("h(2)", "alpha(2)") == "v"
    assert drawn.label("h(1)", "alpha(2)") == drawn.label("h(2)", "alpha(1)") == ""
    colours = {drawn.edges[ends].get("color") for ends in (("h(1)", "h(2)"), ("h(1)", "alpha(2)"))}
    assert len(colours) == 2


def test_arrows_between_the_same_two_keep_apart() -> None:
    text = CHAIN.replace("V @ h[t]", "V @ h[t] + V @ h[1] + mean[t](V @ h[t])")
    lines = [line for line in draw(parse_model(text)).source.splitlines() if "\th -> o" in line]
    ways = {re.search(r'pos="([^"]*)"', line)[1] for line in lines}  # type: ignore[index]
    assert len(lines) == len(ways) == 3


@pytest.mark.parametrize("name", ["node", "graph", "strict", "note", "dots", "title", "step"])
def test_a_value_may_be_called_anything(name: str) -> None:
    text = CHAIN.replace("h[", f"{name}[").replace("k\n", "k, d\n", 1).replace("t-1", "t-d")
    assert name in folded(text).boxes
    assert {f"{name}(1)", f"{name}(2)"} <= set(unfolded(text, 2).boxes)


def test_an_axis_goes_by_its_own_names() -> None:
    text = CHAIN.replace("t = 1..T", "i = 1..N").replace("[t", "[i").replace("h[i-1]", "h[i+1]")
    assert folded(text).label("h", "h(i+1)") == "i+1"
    labels = {box.attributes["label"] for box in unfolded(text, 2).boxes.values()}
    assert {"x⁽¹⁾", "x⁽ᴺ⁾", "h⁽ᴺ⁺¹⁾"} <= labels


def test_a_position_far_out_is_among_those_left_out() -> None:
    drawn = unfolded(CHAIN + "far = h[50]\noutput far\n", 3)
    assert ("h(...)", "far") in drawn.edges
    assert "h(50)" not in drawn.boxes


def test_long_sums_of_parameters_are_not_lettered() -> None:
    names = [f"a{number}" for number in range(60)]
    text = CHAIN.replace("U @ x[t]", f"({' + '.join(names)}) * (U @ x[t])")
    text += "param " + ", ".join(f"{name}: ()" for name in names) + "\n"
    assert folded(text).label("x", "h") == "U"


# Looks ---------------------------------------------------------------------------------


def test_gates_states_data_and_losses_are_told_apart() -> None:
    boxes = gallery("lstm").boxes
    looks = {
        name: (boxes[name].attributes["shape"], boxes[name].attributes["fillcolor"])
        for name in ("x", "f", "g", "q", "s", "h", "o", "loss", "y")
    }
    assert looks["f"] == looks["g"] == looks["q"]
    assert looks["s"] == looks["h"]
    kinds = [looks[name] for name in ("x", "f", "s", "o", "loss", "y")]
    assert len({shape for shape, _ in kinds}) == 4
    assert len({colour for _, colour in kinds}) == 6
    assert boxes["f"].attributes["shape"] == "diamond"


def test_a_sigmoid_that_scales_nothing_is_no_gate() -> None:
    drawn = gallery("gru")
    assert drawn.boxes["u"].attributes["shape"] == "diamond"
    assert drawn.boxes["h"].attributes["shape"] == "ellipse"
    plain = folded(CHAIN.replace("tanh", "sigmoid"))
    assert plain.boxes["h"].attributes["shape"] == "ellipse"


def test_what_a_gate_scales_ends_in_a_ring() -> None:
    drawn = gallery("lstm")
    assert drawn.edges["f", "s"]["arrowhead"] == "odot"
    assert drawn.edges["s", "h"]["arrowhead"] == "normal"
    assert drawn.edges["q", "h"]["arrowhead"] == "odot"


def test_outputs_have_a_second_line() -> None:
    boxes = gallery("lstm").boxes
    assert boxes["yhat"].attributes["peripheries"] == "2"
    assert boxes["o"].attributes["peripheries"] == "1"


def test_the_free_side_of_teach_is_dashed() -> None:
    drawn = gallery("teacher_forcing")
    assert drawn.edges["o", "z"]["style"] == "dashed"
    assert drawn.edges["y", "z"].get("style") != "dashed"
    assert drawn.boxes["legend free word"].attributes["label"] == "free running"


def test_parameters_stand_on_the_edges_they_transform() -> None:
    drawn = gallery("lstm")
    assert drawn.label("x", "f") == "U_f"
    assert drawn.label("h(t-1)", "f") == "W_f"
    assert drawn.label("h", "o") == "V"
    assert drawn.label("s(t-1)", "s") == ""


@pytest.mark.parametrize(
    ("expression", "label"),
    [
        ("alpha * x[t]", "α"),
        ("(1 - alpha) * x[t]", "1−α"),
        ("A @ (B @ x[t])", "AB"),
        ("A @ x[t] + B @ x[t]", "A, B"),
        ("tanh(A @ x[t])", "A"),
        ("A @ tanh(x[t])", ""),
        ("0.5 * x[t]", "0.5"),
        ("x[t]", ""),
        ("x[t] / 2", ""),
        ("dot(v, x[t])", "v"),
    ],
)
def test_what_a_value_passes_through(expression: str, label: str) -> None:
    names = [n for n in ("alpha", "A", "B", "v") if n in expression.replace("tanh", "")]
    shapes = {"alpha": "()", "A": "(n, n)", "B": "(n, n)", "v": "n"}
    params = "".join(f"param {name}: {shapes[name]}\n" for name in names)
    model = f"axis t = 1..T\nsize n\ninput x[t]: n\n{params}g[t] = {expression}\noutput g[t]\n"
    assert folded(model).label("x", "g") == label


def test_an_embedding_stands_on_the_edge_of_its_token() -> None:
    model = (
        "axis t = 1..T\nsize k, m = 3\ninput w[t]: token(k)\nparam E: (k, m)\n"
        "e[t] = E[w[t]]\noutput e[t]\n"
    )
    assert folded(model).label("w", "e") == "E"


def test_the_equation_is_the_tooltip() -> None:
    boxes = folded(CHAIN).boxes
    assert boxes["h"].attributes["tooltip"] == "h[t]: m = tanh(b + W @ h[t-1] + U @ x[t])"
    assert boxes["x"].attributes["tooltip"] == "input x[t]: n"


def test_the_legend_explains_what_is_there_and_no_more() -> None:
    words = {name for name in folded(CHAIN).boxes if name.startswith("legend")}
    assert "legend state" in words
    assert "legend gate" not in words
    assert "legend gate" in gallery("gru").boxes


def test_a_boundary_may_be_read_by_another() -> None:
    text = CHAIN + "h[0] = 2 * h[-1]\nh[-1] = 0.5\n"
    drawn = folded(text)
    box = drawn.boxes["h"]
    points = [part.split(",") for part in drawn.edges["h", "h"]["pos"].split() if part[0] != "e"]
    assert max(float(x) for x, _ in points) > box.right + 20
    assert ("h(-1)", "h(0)") in unfolded(text, 2).edges


def test_a_boundary_at_a_size_that_nothing_reads_is_not_in_the_way() -> None:
    drawn = unfolded(CHAIN.replace("k\n", "k, d\n", 1) + "h[-d] = 0.5\n", 2)
    assert ("h(0)", "h(1)") in drawn.edges


def test_an_axis_that_nothing_stands_along_is_drawn_folded() -> None:
    text = "axis t = 1..T\nsize m = 3\ninput x: m\nh = x * T\noutput h\n"
    assert unfolded(text, 3).drawing == folded(text).drawing

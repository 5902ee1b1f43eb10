"""Drawings of several axes, of two indices over one, and of fixed axes."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping

import pytest

from rnndsl.draw import draw
from rnndsl.driver import parse
from rnndsl.gallery import specs
from rnndsl.model.load import load_model
from rnndsl.text.diagnostics import DataError
from tests.drawn import Drawn
from tests.zoo_axes import AXES

pytest.importorskip("pygraphviz")

GALLERY = {name: specs()[name] for name in ("encoder_decoder", "lstm_stacked")}
DEPTH = """
axis t = 1..T
axis l = 1..L
size n, m = 64, L = 3, k
input x[t]: n
target y[t]: token(k)
param W[l]: (m, m), U[l]: (m, m), b[l]: m, P, V, c
h[l,t]: m = tanh(b[l] + W[l] @ h[l,t-1] + U[l] @ h[l-1,t])
h[0,t] = P @ x[t]
o[t] = c + V @ h[L,t]
loss = sum[t](cross_entropy(o[t], y[t]))
"""


@functools.cache
def attention() -> Drawn:
    return drawn(AXES["attending"], {"i": 4, "j": 2})


def drawn(
    text: str, unfold: int | Mapping[str, int] | None = None, backward: bool = False
) -> Drawn:
    return Drawn(draw(parse(text), unfold, backward=backward))


def label(found: Drawn, name: str) -> tuple[str, str, str]:
    """What a box shows: its letters, what stands below the line, what above."""
    small = (f"{name} below", f"{name} above")
    below, above = (
        found.boxes[id].attributes["label"] if id in found.boxes else "" for id in small
    )
    return found.boxes[name].attributes["label"], below, above


# Several axes --------------------------------------------------------------------------


def test_each_axis_has_columns_of_its_own_as_many_as_asked() -> None:
    found = attention()
    states = [found.boxes[f"h({place})"] for place in ("1", "2", "3", "...", "6")]
    assert {round(box.y) for box in states} == {round(states[0].y)}
    assert all(a.right < b.left for a, b in itertools.pairwise(states))
    assert "s(2)" in found.boxes
    assert "s(3)" not in found.boxes
    assert found.boxes["axis i"].attributes["label"] == "i = 1 … S"
    assert found.boxes["axis j"].attributes["label"] == "j = 1 … T"


def test_an_axis_that_is_not_named_has_three() -> None:
    boxes = drawn(AXES["attending"], {"j": 1}).boxes
    assert {"h(1)", "h(2)", "h(...)"} <= set(boxes)
    assert {"s(1)", "s(...)"} <= set(boxes)
    assert "s(2)" not in boxes


def test_what_reads_all_of_an_axis_stands_above_it() -> None:
    found = attention()
    top = max(found.boxes[name].top for name in ("h(1)", "x(1)", "h(0)"))
    rail = found.boxes["rail h 1"]
    bottom = min(box.bottom for box in found.steps[1].values() if box.name[0] in "esoyz")
    assert top < rail.y < bottom


def test_a_rail_gathers_what_every_step_reads() -> None:
    found = attention()
    gathered = {a for a, b in found.edges if b.startswith("h(all, ")}
    assert gathered == {"h(1)", "h(2)", "h(3)", "h(...)", "h(6)"}
    read = {b for a, b in found.edges if a.startswith("h(all, ")}
    assert read == {"e(1)", "e(2)", "ctx(1)", "ctx(2)"}
    assert found.edges["h(1)", "h(all, 1, 1)"]["arrowhead"] == "none"
    assert found.label("h(all, e(1))", "e(1)") == "B"
    assert not [a for a, b in found.edges if b == "e(1)" and a in gathered]
    assert found.boxes["rail h 1 word"].attributes["label"] == "all h⁽ⁱ⁾"


def test_values_over_two_axes_show_the_one_that_is_not_unfolded() -> None:
    assert label(attention(), "e(1)") == ("e⁽¹⁾", "i", "")
    assert label(attention(), "alpha(2)") == ("α⁽²⁾", "i", "")
    assert label(attention(), "s(1)") == ("s⁽¹⁾", "", "")


def test_a_length_that_cannot_be_raised_is_set_small() -> None:
    assert label(attention(), "h(6)") == ("h", "", "(S)")


def test_what_reads_one_position_of_an_axis_stands_beside_it() -> None:
    text = AXES["attending"].replace("ctx[j] = sum[i](alpha[j,i] * h[i])", "ctx = h[S]")
    text = text.replace("ctx[j]", "ctx").replace(", alpha[j,i]", "").split("output")[0]
    lines = [line for line in text.splitlines() if not line.startswith(("e[", "alpha["))]
    text = "\n".join(lines).replace("A: (q, m), B, v, ", "").replace(", q\n", "\n")
    found = drawn(text, 2)
    encoder = [box for box in found.boxes.values() if box.name[:2] in ("h(", "x(")]
    decoder = [box for box in found.boxes.values() if box.name[:2] in ("s(", "o(", "z(")]
    assert max(box.right for box in encoder) < min(box.left for box in decoder)
    assert not any(name.startswith("rail") for name in found.boxes)
    assert found.boxes["h(1)"].y == pytest.approx(found.boxes["s(1)"].y, abs=0.2)
    context = found.boxes["ctx"]
    assert context.left > max(box.right for box in encoder)
    assert context.top < found.boxes["s(1)"].bottom


def test_a_value_stands_along_the_axis_of_its_loop() -> None:
    found = drawn(AXES["loop_of_second"], {"i": 3, "j": 2})
    assert ("h(1)", "h(2)") in found.edges
    assert "h(3)" in found.boxes
    assert label(found, "h(1)") == ("h⁽¹⁾", "j", "")
    assert found.label("h(1)", "h(2)") == "W"
    assert found.label("h(1)", "h(3)") == "R, j−1"


def test_several_reads_at_once_leave_shifts_of_other_axes_out() -> None:
    both = ("W @ e[j-1,i]", "R @ e[j-1,i-1]")
    text = AXES["edges_of_first"].replace(" + ".join(both), " + ".join(reversed(both)))
    assert drawn(text, 2).label("e(1)", "e(2)") == "R, W, 0.3"


def test_gradients_flow_back_by_the_rails() -> None:
    found = drawn(AXES["attending"], {"i": 2, "j": 1}, backward=True)
    up, down = found.edges["e(1)", "h(all, e(1))"], found.edges["h(all, 1, 1)", "h(1)"]
    assert up["color"] == down["color"] == "#b3261e"
    assert (up["arrowhead"], down["arrowhead"]) == ("none", "normal")


# Two indices over one axis -------------------------------------------------------------


def test_another_index_of_the_axis_reads_by_a_rail_and_its_own_position_directly() -> None:
    found = drawn(AXES["causal_attention"], 2)
    assert ("h(1)", "e(1)") in found.edges
    assert ("h(1)", "e(2)") not in found.edges
    assert found.label("h(all, e(2))", "e(2)") == "D"
    assert found.label("h(1)", "e(1)") == ""
    rail = found.boxes["rail h 0"]
    assert found.boxes["h(1)"].top < rail.y < found.boxes["e(1)"].bottom


def test_folded_edges_name_another_index() -> None:
    found = drawn(AXES["attending_to_itself"])
    assert found.label("r", "e") == "j"
    assert found.label("q", "e") == ""
    assert found.label("e", "alpha") == "all j"
    assert label(found, "e") == ("e", "i,j", "")


# Fixed axes ----------------------------------------------------------------------------


def test_fixed_axes_are_rows_as_many_as_they_are_long() -> None:
    found = drawn(DEPTH, 2)
    column = [found.boxes[f"{name}(1)"] for name in ("x", "h.0", "h.1", "h.2", "h.3", "o")]
    assert [box.y for box in column] == sorted(box.y for box in column)
    assert len({round(box.y) for box in column}) == 6
    assert len({round(box.x) for box in column}) == 1
    assert "h.4(1)" not in found.boxes
    assert found.boxes["the note"].attributes["label"] == "drawn with L = 3"


def test_layers_and_their_parameters_carry_their_number() -> None:
    found = drawn(DEPTH, 2)
    assert label(found, "h.2(1)") == ("h⁽¹⁾", "2", "")
    assert found.label("h.2(1)", "h.2(2)") == "W_2"
    assert found.label("h.1(2)", "h.2(2)") == "U_2"
    assert found.label("h.3(1)", "o(1)") == "V"


def test_the_length_of_a_fixed_axis_may_be_given() -> None:
    found = drawn(DEPTH, {"t": 1, "l": 4})
    assert {"h.4(1)", "h.0(1)"} <= set(found.boxes)
    assert found.boxes["the note"].attributes["label"] == "drawn with L = 4"
    assert "h.2(1)" not in drawn(DEPTH, {"l": 1}).boxes


def test_a_fixed_axis_of_unknown_length_is_drawn_three_long() -> None:
    found = drawn(DEPTH.replace("L = 3", "L"), 1)
    assert "h.3(1)" in found.boxes
    assert "h.4(1)" not in found.boxes


def test_depth_is_a_white_square_and_time_a_black_one() -> None:
    found = drawn(DEPTH)
    assert found.boxes["h(t-1)"].attributes["fillcolor"] == "#111111"
    assert found.boxes["h(l-1)"].attributes["fillcolor"] == "#ffffff"
    assert found.boxes["h(t-1)"].right < found.boxes["h"].left
    assert found.boxes["h(l-1)"].left > found.boxes["h"].right
    assert found.label("h", "h(l-1)") == "l−1"
    assert found.label("h(l-1)", "h") == "U_l"
    assert found.label("h(t-1)", "h") == "W_l"
    assert found.label("x", "h") == "P, l = 0"
    assert found.label("h", "o") == "V, l = L"
    assert label(found, "h") == ("h", "l,t", "")
    assert found.boxes["legend depth word"].attributes["label"] == "step in depth"


def test_folded_edges_carry_the_shifts_of_every_axis() -> None:
    found = drawn(AXES["edges_of_first"])
    squares = {name for name in found.boxes if name.startswith("e(")}
    assert squares == {"e(j-1)", "e(j-1, i-1)", "e(j-1, i+1)"}
    assert found.label("e(j-1, i-1)", "e") == "R"
    assert found.label("e", "e(j-1, i-1)") == "j−1, i−1"


def test_outputs_over_a_fixed_axis_have_a_second_line_at_every_position() -> None:
    found = drawn(DEPTH + "output h[l,t]\n", 1)
    lines = {found.boxes[f"h.{layer}(1)"].attributes["peripheries"] for layer in (1, 2, 3)}
    assert lines == {"2"}
    assert found.boxes["h.0(1)"].attributes["peripheries"] == "1"


# What is refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unfold", "said"),
    [
        ({"q": 3}, "there is no axis `q` to unfold: there is `t`, `l`"),
        ({"t": 0}, "cannot unfold over 0 steps"),
        ({"l": 0}, "cannot unfold over 0 steps"),
    ],
)
def test_axes_that_are_not_there_are_refused(unfold: dict[str, int], said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        drawn(DEPTH, unfold)
    assert caught.value.code == "RNN421"


def test_a_length_that_follows_from_others_cannot_be_given() -> None:
    text = DEPTH.replace("L = 3", "d = 2, L = 2 * d")
    assert "h.4(1)" in drawn(text, 1).boxes
    with pytest.raises(DataError, match="`L` of `l` follows from other sizes"):
        drawn(text, {"l": 3})


@pytest.mark.parametrize("name", GALLERY)
def test_a_picture_is_the_same_each_time(name: str) -> None:
    model = load_model(GALLERY[name])
    assert draw(model, 3).source == draw(load_model(GALLERY[name]), 3).source

"""The interpreter on models put together by hand, without the reader of the language."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from rnndsl.interpreter.evaluate import Interpreter
from rnndsl.interpreter.sizes import Sizes, delays
from rnndsl.model.dims import Dim
from rnndsl.model.expr import (
    REAL,
    Apply,
    Expr,
    IndexNumber,
    Literal,
    Over,
    Param,
    Pick,
    Position,
    Read,
    SizeNumber,
    Type,
    free_indices,
)
from rnndsl.model.model import (
    Axis,
    Boundary,
    Data,
    Equation,
    Initialiser,
    Model,
    Output,
    Parameter,
    Size,
)
from rnndsl.text.diagnostics import DataError
from rnndsl.text.source import NOWHERE, Source

M, N = Dim.size("m"), Dim.size("n")


def place(offset: int | Dim = 0, anchor: Any = "index", index: str = "t") -> Position:
    dim = offset if isinstance(offset, Dim) else Dim.number(offset)
    return Position(anchor, dim, "t", index if anchor == "index" else None)


def read(name: str, *places: Position | Expr, type: Type = REAL) -> Read:
    return Read(NOWHERE, name, places, type=type)


def apply(operation: str, *arguments: Expr, type: Type = REAL) -> Apply:
    return Apply(NOWHERE, operation, arguments, type=type)


def number(value: float) -> Literal:
    return Literal(NOWHERE, value)


def equation(
    name: str,
    expr: Expr,
    indices: tuple[str, ...] = ("t",),
    type: Type = REAL,
    boundaries: Iterable[tuple[Position, Expr]] = (),
) -> Equation:
    sides = tuple(Boundary(name, (where,), side, "", NOWHERE) for where, side in boundaries)
    axes = ("t",) * len(indices)
    return Equation(name, indices, axes, type, expr, "", NOWHERE, sides)


def model(
    *equations: Equation,
    data: Iterable[Data] = (),
    params: Iterable[Parameter] = (),
    sizes: Iterable[Size] = (),
    outputs: tuple[Output, ...] = (),
) -> Model:
    return Model(
        name="by_hand",
        title="",
        source=Source("", ""),
        axes={"t": Axis("t", ("t", "i", "j"), "T", NOWHERE)},
        sizes={size.name: size for size in sizes},
        consts={},
        params={param.name: param for param in params},
        inputs={item.name: item for item in data},
        targets={},
        equations={item.name: item for item in equations if item.name != "loss"},
        loss=next((item for item in equations if item.name == "loss"), None),
        outputs=outputs,
        clips=(),
        sites=0,
        warnings=(),
    )


X = Data("x", "input", ("t",), REAL, NOWHERE)
HERE, BEFORE, AFTER = place(0), place(-1), place(1)


def test_a_running_sum_of_any_length() -> None:
    h = equation("h", apply("add", read("h", BEFORE), read("x", HERE)))
    last = equation("last", read("h", place(0, "end")), ())
    numbers = np.arange(1.0, 5001.0)
    found = Interpreter(model(h, last, data=[X]), {}, {}, {"x": numbers}, {"t": 5000})
    assert found.value("last") == 5000 * 5001 / 2
    assert found.value("h", 0) == 0
    assert found.value("h", 5001) == 0


def test_an_expression_of_any_depth() -> None:
    deep: Expr = read("x", HERE)
    for _ in range(5000):
        deep = apply("add", deep, number(1))
    found = Interpreter(model(equation("h", deep), data=[X]), {}, {}, {"x": [0.5]}, {"t": 1})
    assert found.value("h", 1) == 5000.5


def test_a_value_that_needs_itself_is_found_out() -> None:
    h = equation("h", apply("mul", read("g", HERE), number(2)))
    g = equation("g", read("h", HERE))
    found = Interpreter(model(h, g), {}, {}, {}, {"t": 2})
    with pytest.raises(RuntimeError, match=r"`h` at \(2,\) needs itself"):
        found.value("h", 2)


def test_a_failure_leaves_nothing_behind() -> None:
    h = equation("h", apply("mul", read("x", HERE), number(2)))
    found = Interpreter(model(h, data=[X]), {}, {}, {}, {"t": 1})
    for _ in range(2):
        with pytest.raises(DataError, match="`x` is needed and was not given"):
            found.value("h", 1)


def test_boundaries_hold_at_their_positions_alone() -> None:
    sides = [
        (place(0, "start"), number(5)),
        (place(-2, "start"), number(7)),
        (place(1, "end"), number(11)),
        (place(M, "end"), number(13)),
    ]
    h = equation("h", IndexNumber(NOWHERE, "t"), boundaries=sides)
    found = Interpreter(model(h, sizes=[Size("m", None, NOWHERE)]), {"m": 4}, {}, {}, {"t": 3})
    values = [float(found.value("h", position)) for position in range(-3, 9)]
    assert values == [0, 7, 0, 5, 1, 2, 3, 11, 0, 0, 13, 0]


def test_a_number_fills_the_shape_of_a_value() -> None:
    h = equation("h", number(0.5), type=Type(shape=(M, N)))
    sizes = [Size("m", None, NOWHERE), Size("n", None, NOWHERE)]
    found = Interpreter(model(h, sizes=sizes), {"m": 2, "n": 3}, {}, {}, {"t": 1})
    assert found.value("h", 1).tolist() == [[0.5] * 3] * 2
    assert found.value("h", 0).tolist() == [[0.0] * 3] * 2


def test_a_value_of_the_wrong_shape_is_not_let_through() -> None:
    wrong = equation("h", Param(NOWHERE, "p", type=Type(shape=(N,))), type=Type(shape=(M,)))
    sizes = [Size("m", None, NOWHERE), Size("n", None, NOWHERE)]
    p = Parameter("p", (N,), Initialiser("zeros"), NOWHERE)
    made = model(wrong, params=[p], sizes=sizes)
    found = Interpreter(made, {"m": 2, "n": 3}, {"p": np.zeros(3)}, {}, {"t": 1})
    with pytest.raises(ValueError, match=r"a value of shape \(3,\) stands where \(2,\)"):
        found.value("h", 1)


def test_a_position_that_is_a_value_reads_there_and_outside() -> None:
    p = Data("p", "input", ("t",), Type("position", axis="t"), NOWHERE)
    h = equation("h", read("x", HERE), boundaries=[(place(0, "start"), number(9))])
    g = equation("g", read("h", read("p", HERE, type=p.type)))
    data = {"x": [1.5, 2.5, 3.5], "p": [3, 0, 7]}
    found = Interpreter(model(h, g, data=[X, p]), {}, {}, data, {"t": 3})
    assert [float(found.value("g", k)) for k in (1, 2, 3)] == [3.5, 9.0, 0.0]


def test_no_token_and_no_position_outside() -> None:
    w = Data("w", "input", ("t",), Type("token", size=M), NOWHERE)
    p = Data("p", "input", ("t",), Type("position", axis="t"), NOWHERE)
    v = equation("v", read("w", HERE, type=w.type), type=w.type)
    sizes = [Size("m", None, NOWHERE)]
    made = model(v, data=[w, p], sizes=sizes)
    found = Interpreter(made, {"m": 2}, {}, {"w": [1, 0], "p": [1, 2]}, {"t": 2})
    assert [found.value(name, 0).item() for name in "wvp"] == [-1, -1, 0]
    assert [found.value(name, 3).item() for name in "wvp"] == [-1, -1, 0]
    assert found.value("v", 1).dtype == np.int64


def test_two_indices_over_one_axis() -> None:
    product = apply("mul", read("x", place(0, index="i")), read("x", place(0, index="j")))
    e = equation("e", product, ("j", "i"))
    row = equation(
        "row", Over(NOWHERE, "sum", "i", "t", read("e", place(index="j"), place(index="i"))), ("j",)
    )
    share = Over(NOWHERE, "softmax", "i", "t", read("e", place(index="j"), place(index="i")))
    alpha = equation("alpha", share, ("j", "i"))
    both = read("alpha", place(index="j"), place(index="i"))
    outputs = (Output("alpha", both),)
    x = np.array([1.0, 2.0, -1.0])
    found = Interpreter(model(e, row, alpha, data=[X], outputs=outputs), {}, {}, {"x": x}, {"t": 3})
    assert [float(found.value("row", k)) for k in (1, 2, 3)] == (x * x.sum()).tolist()
    powers = np.exp(np.outer(x, x))
    expected = powers / powers.sum(axis=1, keepdims=True)
    assert free_indices(both) == {"j": "t", "i": "t"}
    np.testing.assert_allclose(found.outputs()["alpha"], expected, rtol=1e-15)


def test_a_row_is_picked_by_an_integer() -> None:
    token = apply("sub", IndexNumber(NOWHERE, "t"), number(2), type=Type("integer"))
    base = Param(NOWHERE, "p", type=Type(shape=(N, M)))
    h = equation("h", Pick(NOWHERE, base, token, type=Type(shape=(M,))), type=Type(shape=(M,)))
    sizes = [Size("m", None, NOWHERE), Size("n", None, NOWHERE)]
    made = model(h, sizes=sizes, params=[Parameter("p", (N, M), Initialiser("zeros"), NOWHERE)])
    table = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    found = Interpreter(made, {"m": 3, "n": 2}, {"p": table}, {}, {"t": 4})
    rows = [found.value("h", k).tolist() for k in (1, 2, 3, 4)]
    assert rows == [[0, 0, 0], [1, 2, 3], [4, 5, 6], [0, 0, 0]]


# Sizes ------------------------------------------------------------------------------------


def sized(given: dict[str, int], **defaults: Dim | None) -> Sizes:
    return Sizes(model(sizes=[Size(k, v, NOWHERE) for k, v in defaults.items()]), given)


def test_sizes_take_defaults_and_follow_from_each_other() -> None:
    found = sized({"n": 3}, q=M.divided(4) + N, m=Dim.number(8), n=None)
    assert found.numbers == {"n": 3, "m": 8, "q": 5}
    assert found.integer(M * N - Dim.number(1)) == 23
    given = {"m": 12, "q": 99}
    assert sized(given, q=M.divided(4), m=Dim.number(8)).numbers == {"q": 3, "m": 12}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "size `m` has no value"),
        ({"m": 6}, "size `q` is 3/2, not a positive integer"),
        ({"m": 0}, "size `m` is 0, not a positive integer"),
    ],
)
def test_sizes_that_cannot_be(given: dict[str, int], message: str) -> None:
    with pytest.raises(DataError) as caught:
        sized(given, q=M.divided(4), m=None)
    assert str(caught.value) == message


def test_a_delay_that_is_no_integer_is_refused() -> None:
    with pytest.raises(DataError, match="`m/2` is 3/2, not an integer"):
        sized({"m": 3}, m=None).integer(M.divided(2))


def test_a_size_is_a_number() -> None:
    h = equation("h", apply("mul", SizeNumber(NOWHERE, M), read("x", HERE)))
    made = model(h, data=[X], sizes=[Size("m", None, NOWHERE)])
    found = Interpreter(made, {"m": 4}, {}, {"x": [0.25]}, {"t": 1})
    assert found.value("h", 1) == 1


def test_the_longest_delay_of_each_name() -> None:
    h = equation("h", apply("add", read("h", BEFORE), read("h", place(-M))))
    g = equation("g", apply("add", read("x", place(-2)), read("g", AFTER)))
    made = model(h, g, data=[X], sizes=[Size("m", None, NOWHERE)])
    assert delays(made, Sizes(made, {"m": 3})) == {"h": 3, "x": 2}

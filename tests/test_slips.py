"""Slips of people who know other languages: each is told once, with a text that mends it.

The transcripts stand in `tests/bad/slip_*`. What they tell to write is written here in the place of
the slip, and is then sound.
"""

from __future__ import annotations

import re

import pytest

from rnndsl.driver import check, parse
from rnndsl.syntax.lines import KEYWORDS, logical_lines
from rnndsl.syntax.parser import parse as parse_statements
from rnndsl.text.diagnostics import Diagnostic
from rnndsl.text.source import Source
from tests.test_bad import BAD
from tests.test_front_hostile import patience

NAMES = sorted(path.stem for path in BAD.glob("slip_*.rnn"))
FRAGMENTS = {
    "data_without_shape": ("input x[t]\n", "input x[t]: n\n"),
    "function_with_square_brackets": ("tanh[h[t]]", "tanh(h[t])"),
    "index_behind_a_line": ("h_t", "h[t]"),
    "index_behind_shape": ("x: n[t]", "x[t]: n"),
    "layer_as_function": ("Linear(h[t])", "c + V @ h[t]"),
    "left_side_with_a_line": ("o_t", "o[t]"),
    "matmul": ("matmul(W, h[t-1])", "W @ h[t-1]"),
    "matrix_and_vector_in_one_word": ("Wh[t-1]", "W @ h[t-1]"),
    "matrix_times_vector": ("U * x[t]", "U @ x[t]"),
    "matrix_times_vector_elsewhere": ("V * h[t]", "V @ h[t]"),
    "mean_squared_error": ("mse(", "squared_error("),
    "parameter_over_positions": ("W[t], U", "W, U"),
    "power_as_transpose": ("V^T", "transpose(V)"),
    "power_of_matrix": ("W: (m, n)", "W: (m, m)", "W ^ 2", "W @ W"),
    "power_of_square_matrix": ("W ^ 2", "W @ W"),
    "previous": ("h_prev", "h[t-1]"),
    "python_augmented": ("o[t] += c\n", "p[t] = o[t] + c\noutput p[t]\n"),
    "python_axis_argument": ("softmax(h[t], axis=0)", "softmax(h[t])"),
    "python_def": ("def cell(a): return tanh(a)", "cell(a) = tanh(a)"),
    "python_elif": ("elif t > 1: o[t] = c\n", ""),
    "python_for": ("for t in range(T):\n    ", ""),
    "python_named_arguments": ("logits=o[t], token=y[t]", "o[t], y[t]"),
    "python_none": ("h[0] = None\n", ""),
    "python_self": ("self.W", "W"),
    "python_shape": ("x.shape", "n"),
    "python_transpose": ("V.T", "transpose(V)"),
    "python_true": ("where(True", "where(1"),
    "right_side_missing": ("g[t] =", "g[t] = h[t]\noutput g[t]"),
    "left_side_missing": ("= h[t]\n", "g[t] = h[t]\noutput g[t]\n"),
    "sigma": ("sigma(", "sigmoid("),
    "sum_with_a_line": ("sum_t(", "sum[t]("),
    "sum_with_index_first": ("sum(t, ", "sum[t]("),
    "swapped_arguments": ("y[t], o[t]", "o[t], y[t]"),
    "three_factors": ("V @ h[t] @ h[t]", "V @ (h[t] * h[t])"),
    "two_equations_in_one": ("q[t] = o[t] = c", "q[t] = o[t]\noutput q[t]\no[t] = c"),
    "value_in_round_brackets": ("h(t-1)", "h[t-1]"),
    "vector_times_matrix": ("U: (m, n), b, V, c", "U: (m, n), b, V, c", "x[t] * U", "U @ x[t]"),
    "capital_function": ("Tanh(", "tanh("),
    "capitals_in_function": ("ReLU(", "relu("),
    "cell_as_function": ("LSTM(x[t], h[t-1])", "tanh(W @ h[t-1] + U @ x[t] + b)"),
}
"""Where the help is a part of a statement, or words: what is written instead of what."""


def told(name: str) -> tuple[Source, Diagnostic]:
    """The one thing that is said of a slip."""
    source = Source(f"{name}.rnn", (BAD / f"{name}.rnn").read_text(encoding="utf-8"))
    _, diagnostics = check(source)
    (item,) = diagnostics
    return source, item


def mended(name: str) -> str:
    source, item = told(name)
    help = item.help or ""
    parts = FRAGMENTS.get(name.removeprefix("slip_"))
    if parts is not None:
        text = source.text
        for wrong, right in zip(parts[::2], parts[1::2], strict=True):
            assert wrong in text
            text = text.replace(wrong, right)
        return text
    start = item.labels[0].span.start
    lines = logical_lines(source.text)
    span = next(line.span for line in lines if line.span.start <= start < line.span.end)
    before, after = source.text[: span.start], source.text[span.end :]
    if help == "remove this line":
        return before + after
    found = re.search(r"`([^`]*)`$", help)
    assert found is not None, help
    statement = found.group(1)
    assert re.match(rf"(?:{'|'.join(KEYWORDS)}) |#|[^=]+ = ", statement), statement
    return before + statement + after


@pytest.mark.parametrize("name", NAMES)
def test_what_is_told_to_write_is_sound(name: str) -> None:
    model, diagnostics = check(Source("mended.rnn", mended(name)))
    assert model is not None, diagnostics
    assert {item.code for item in diagnostics} <= {"RNN701", "RNN702"}


@pytest.mark.parametrize("name", FRAGMENTS)
def test_the_help_has_the_mended_text(name: str) -> None:
    """Where it can be known; the rest tells what to do in words."""
    in_words = ("function_with", "layer", "parameter_over", "python_aug")
    in_words += ("python_elif", "python_for", "python_none", "right_side", "left_side_missing")
    in_words += ("three", "two_eq", "cell", "matrix_and", "capital", "mean", "sigma", "sum_with")
    _, item = told(f"slip_{name}")
    right = FRAGMENTS[name][-1]
    if not name.startswith(in_words):
        assert right.removeprefix("where(").strip().removeprefix("input ") in (item.help or "")
    assert item.help


HEAD = "axis t = 1..T\nsize n, m = 8\ninput x[t]: n\nparam W, U\n"


@pytest.mark.parametrize(
    "line",
    [
        "h[ t ]: m = tanh(W @ h[ t - 1 ] + U @ x[ t ])",
        "\th [t]:m=tanh( W@h [t-1]+U@x[t] )\t",
        "h[t]: m = tanh(\n    W @ h[t - 1]\n    + U @ x[t]\n)",
    ],
)
def test_blanks_and_tabs_are_free(line: str) -> None:
    assert parse(f"{HEAD}{line}\noutput h[T]\n").warnings == ()


@pytest.mark.parametrize(
    ("text", "place"),
    [("def\n", 0), ("  let\n", 2), ("clip\n", 3), ("h[t] = b\n  k: m == 2\n", 16), ("loss\n", 3)],
)
def test_the_place_of_a_statement_that_ends_too_early(text: str, place: int) -> None:
    (item,) = parse_statements(Source("a", text)).diagnostics
    assert item.labels[0].span.start == place


def test_digits_of_names_are_no_numbers() -> None:
    (item,) = parse_statements(Source("a", "size n12, m 5, k: 3\n")).diagnostics
    assert item.help == "write `size n12, m = 5, k = 3`"


def test_past_a_hundred_faults_nothing_is_mended() -> None:
    found = parse_statements(Source("a", "h[t] = a ** 2\n" * 200)).diagnostics
    assert [item.help == "write `h[t] = a ^ 2`" for item in found] == [True] * 100 + [False] * 100


def test_an_expression_may_go_on_for_many_lines_and_is_told_once() -> None:
    found = parse_statements(Source("a", "h = a\n" + "+ a\n" * 30_000)).diagnostics
    assert [item.code for item in found] == ["RNN107"]
    (item,) = parse_statements(Source("a", "h = a\n" + "  + a\n" * 30)).diagnostics
    assert item.help == "put the right side in brackets"


@pytest.mark.parametrize(
    "text",
    [
        "h[t] = " + "a" * 19_000 + "ₜ",
        "h[t] = " + "a²" * 9_000,
        "size n" + " " * 19_000 + "x",
        "% a" + " " * 19_000 + "b =",
        "h[t] = " + "a if b else " * 1_500,
        "=" * 19_000,
        "h = " + "a_{b}" * 3_000,
        "h = " + "sum[t] " * 2_500,
        "def " + "f(" * 9_000,
    ],
)
def test_long_statements_are_not_searched_to_their_end(text: str) -> None:
    with patience():
        (item,) = parse_statements(Source("a", text)).diagnostics
    assert item.is_error

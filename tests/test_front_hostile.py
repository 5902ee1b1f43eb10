"""Whatever the text, there is a model or a list of diagnostics, and soon."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnndsl.driver import check, parse
from rnndsl.gallery import specs
from rnndsl.model.load import text_source
from rnndsl.text.diagnostics import SpecError
from rnndsl.text.render import render_all
from tests.sample import sampled

SPECS = {name: path.read_text(encoding="utf-8") for name, path in specs().items()}
DECLARATIONS = (
    "axis t = 1..T\n size n, m = 8\n input x[t]: n\n target y[t]: token(m)\n param W, U\n"
)
OPERATORS = "h[t] h[t-1] h[0] h[T+1] x[t] y[t] W @ U + - * / % ^ ( ) [ ] , : = == < and or not"
CALLS = "tanh( sum[t]( teach( argmax( where( concat( cross_entropy( loss output clip norm use as in"
ODD = 't T n m 0 1 1.5 -1 1..T . .. " # \n \t \\ é α ∑ \0 \r tree leaf root token( : ()'
PIECES = [piece for pieces in (DECLARATIONS, OPERATORS, CALLS, ODD) for piece in pieces.split(" ")]
SECONDS = 20
"""Of the processor; far above what any text here takes: it ends what would not end."""


class TooSlow(Exception):
    pass


@contextmanager
def patience(seconds: int = SECONDS) -> Iterator[None]:
    """Ends what does not end by itself."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooSlow

    old = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, old)


def codes(text: str) -> list[str]:
    """The codes of all that is said of a text; its rendering must not fail either."""
    with patience():
        source = text_source(text)
        model, diagnostics = check(source)
        assert bool(render_all(diagnostics, source)) == bool(diagnostics)
        assert (model is None) == any(item.is_error for item in diagnostics)
    return [item.code for item in diagnostics]


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_text(text: str) -> None:
    codes(text)


@given(st.lists(st.sampled_from(PIECES), max_size=60))
@settings(max_examples=100, deadline=None)
def test_words_of_the_language_in_any_order(words: list[str]) -> None:
    codes(" ".join(words))


@given(st.lists(st.sampled_from(PIECES), max_size=25))
@settings(max_examples=100, deadline=None)
def test_any_right_side(words: list[str]) -> None:
    codes(SPECS["elman"] + f"\ng[t] = {' '.join(words)}\nq = {' '.join(words)}\n")


def mutated(text: str, chance: random.Random) -> str:
    """A text with characters or lines lost, doubled, swapped or from elsewhere."""
    for _ in range(chance.randint(1, 4)):
        is_line = chance.random() < 0.4
        parts = text.splitlines(keepends=True) if is_line else list(text)
        at, other = chance.randrange(len(parts)), chance.randrange(len(parts))
        match chance.randrange(4):
            case 0:
                del parts[at]
            case 1:
                parts.insert(at, parts[other])
            case 2:
                parts[at], parts[other] = parts[other], parts[at]
            case _:
                parts.insert(at, chance.choice(PIECES))
        text = "".join(parts) or " "
    return text


@pytest.mark.parametrize("name", sampled(SPECS))
def test_good_specs_with_slips(name: str) -> None:
    chance = random.Random(name)
    for _ in range(10):
        codes(mutated(SPECS[name], chance))


HEAD = "axis t = 1..T\nsize m = 8\nparam W, b\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("h[t]: m = " + "(" * 9_000 + "h[t-1]" + ")" * 9_000, []),
        ("h[t]: m = " + "(" * 10_000, ["RNN102"]),
        ("h[t]: m = h" + "[" * 10_000, ["RNN102"]),
        ("h[t]: m = " + "tanh(" * 3_000 + "h[t-1]" + ")" * 3_000, ["RNN104"]),
        ("h[t]: m = " + "-" * 9_000 + "h[t-1]", ["RNN104"]),
        ("h[t]: m = " + "not " * 4_000 + "h[t-1]", ["RNN104"]),
        ("h[t]: m = " + " + ".join(["b"] * 4_900), ["RNN104"]),
        ("h[t]: m = " + " ^ ".join(["b"] * 4_900), ["RNN104"]),
        ("h[t]: m = " + "b[" * 3_000 + "0" + "]" * 3_000, ["RNN104"]),
        ("h[t]: m = " + "b" + "[0]" * 3_000, ["RNN104"]),
        ("h[t]: m = " + "a + " * 250_000 + "1", ["RNN107"]),
        ("h[t]: m = " + "9" * 5_000, ["RNN106"]),
        ("h[t]: m = 9" * 2_000, ["RNN107"]),
        ("const c = 9 ^ 9 ^ 9 ^ 9\nh[t]: m = c * h[t-1]", ["RNN125"]),
        ("h[t]: " + "(" * 5_000 + "m" + ")" * 5_000 + " = 1", []),
        ("h[t]: m = " + "concat(" * 90 + "h[t-1]" + ", h[t-1])" * 90, ["RNN301"]),
        ("a" * 15_000 + " = 1 + " + "a" * 4_000, ["RNN110"]),
        ("clip norm 1 " + ", ".join(["W"] * 2_000), ["RNN127"]),
    ],
)
def test_size_is_no_weapon(text: str, wanted: list[str]) -> None:
    found = codes(HEAD + text + "\n")
    assert [code for code in found if code not in ("RNN701", "RNN702")] == wanted


def test_many_lines_of_brackets_and_quotes() -> None:
    assert set(codes('f(\n[\n"\n' * 3_000)) <= {"RNN101", "RNN102", "RNN103"}


def test_formulas_that_explode_are_told_once_each() -> None:
    text = "f0(a) = a + a\n" + "".join(f"f{n}(a) = f{n - 1}(f{n - 1}(a))\n" for n in range(1, 30))
    lines = "".join(f"h{n}[t]: m = f29(h{n}[t-1])\n" for n in range(200))
    found = codes(HEAD + text + lines)
    assert set(found) <= {"RNN104", "RNN105"}
    assert len(found) == 200


def test_formulas_that_nest() -> None:
    text = "f0(a) = tanh(a)\n" + "".join(f"f{n}(a) = tanh(f{n - 1}(a))\n" for n in range(1, 2_000))
    assert codes(HEAD + text + "h[t]: m = f1999(h[t-1])\n") == ["RNN104"]


LONG_ROWS = [pytest.param(3_000, order, marks=pytest.mark.long) for order in (1, -1)]


@pytest.mark.parametrize(("count", "order"), [(700, 1), *LONG_ROWS])
def test_thousands_of_equations_in_a_row(count: int, order: int) -> None:
    lines = [f"h{n}[t] = tanh(b{n} + h{n - 1}[t] * h{n}[t-1])" for n in range(1, count)]
    text = HEAD + "h0[t]: m = tanh(W @ h0[t-1] + b)\n" + "\n".join(lines[::order])
    parts = [f"param b{n}\n" for n in range(1, count)]
    assert codes("".join(parts) + text + f"\noutput h{count - 1}[t]\n") == []


def test_a_thousand_unknown_names() -> None:
    lines = "".join(f"h{n}[t]: m = tanh(W @ h{n}[t-1] + bias{n})\n" for n in range(1_000))
    assert codes(HEAD + lines) == ["RNN110"] * 1_000


def test_three_thousand_sizes_consts_and_boundaries() -> None:
    sizes = "".join(f"size s{n} = s{n + 1} + 1\n" for n in range(2_999)) + "size s2999 = 1\n"
    consts = "".join(f"const c{n} = c{n + 1} + 1\n" for n in range(2_999)) + "const c2999 = 1\n"
    bounds = "".join(f"h[-{n}] = c{n}\n" for n in range(3_000))
    text = HEAD + sizes + consts + bounds + "h[t]: s0 = h[t-1] + 1\n"
    assert set(codes(text)) == {"RNN702"}


def test_byte_order_mark_and_line_breaks_of_other_systems() -> None:
    text = SPECS["elman"]
    for other in ("\r\n", "\r"):
        model = parse("\ufeff" + text.replace("\n", other), "elman.rnn")
        assert [item.text for item in model.all_equations] == [
            item.text for item in parse(text).all_equations
        ]


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("α", "write `h[t]: m = alpha * h[t-1]`"),
        ("Θ", "write `h[t]: m = theta * h[t-1]`"),
        ("é", "names are written with the letters a to z and A to Z, digits and `_`"),
        ("\0", "the language is written in ASCII: letters, digits, `_` and the operators"),
        ("٣", "names are written with the letters a to z and A to Z, digits and `_`"),
    ],
)
def test_other_letters(text: str, help: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse(HEAD + f"h[t]: m = {text} * h[t-1]\n")
    (item,) = caught.value.diagnostics
    assert (item.code, item.help) == ("RNN103", help)


PYTHON_NAMES = "lambda def None True print class np numpy self __init__ import yield e int"


@pytest.mark.parametrize("name", PYTHON_NAMES.split())
def test_names_of_python_are_names(name: str) -> None:
    if name.startswith("_"):
        assert "RNN103" in codes(HEAD + f"h[t]: m = {name} * h[t-1]\n")
        return
    model = parse(
        f"axis {name}_t = 1..{name}_T\nsize {name}_m = 3\ninput {name}[{name}_t]: {name}_m\n"
        f"param {name}W\nmodel {name}\n"
        f"h_{name}[{name}_t] = tanh({name}W @ h_{name}[{name}_t-1] + {name}[{name}_t])\n"
        f"output h_{name}[{name}_T]\n"
    )
    assert model.name == name
    assert list(model.inputs) == [name]


def test_an_unclosed_bracket_hides_no_statement_after_it() -> None:
    text = HEAD + (
        "h[t]: m = tanh(W @ h[t-1]\ng[t]: m = tahn(b)\nu = norm((b)\nf(a) = bb + (a\noutput zz[T]\n"
    )
    assert codes(text) == ["RNN102", "RNN113", "RNN102", "RNN102", "RNN110"]


def test_a_bracket_may_run_over_lines() -> None:
    text = (
        HEAD
        + "h[t]: m = tanh(\nW @ h[t-1] # a comment (\n+ where(\nb >= 0, b,\n-b))\noutput h[T]\n"
    )
    assert codes(text) == []

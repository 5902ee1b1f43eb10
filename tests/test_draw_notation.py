"""Names as mathematics."""

from __future__ import annotations

import pytest

from rnndsl.draw.notation import ACCENTS, GREEK, Symbol, at, spaced_minus, symbol, width

LETTERS = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu "
    "nu xi omicron pi rho sigma tau upsilon phi chi psi omega"
)
LOWER = LETTERS.split()


@pytest.mark.parametrize("name", LOWER)
def test_every_greek_letter_small_and_large(name: str) -> None:
    small, large = symbol(name).text, symbol(name.capitalize()).text
    assert len(small) == len(large) == 1
    assert small.upper() == large
    assert not small.isascii()


def test_greek_letters_are_in_their_order() -> None:
    alphabet = [GREEK[name] for name in LOWER]
    assert alphabet == sorted(alphabet)
    assert len(set(alphabet)) == 24


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("h", "h"),
        ("yhat", "ŷ"),
        ("y_hat", "ŷ"),
        ("xbar", "x̄"),
        ("stilde", "s̃"),
        ("thetahat", "θ̂"),
        ("context", "context"),
        ("chat_", "ĉ′"),
        ("xhat2", "x̂₂"),
        ("h0", "h₀"),
        ("W12", "W₁₂"),
        ("W_f", "W_f"),
        ("U_i", "Uᵢ"),
        ("W_xh", "Wₓₕ"),
        ("alpha_t", "αₜ"),
        ("b_alpha", "b_α"),
        ("W_beta", "Wᵦ"),
        ("h1_t", "h_1,t"),
        ("wg_", "wg′"),
        ("key__", "key′′"),
        ("hat", "hat"),
        ("bar", "bar"),
        ("loghat", "loghat"),
    ],
)
def test_a_name_in_one_line(name: str, shown: str) -> None:
    assert symbol(name).inline == shown


def test_what_cannot_be_lowered_is_set_apart() -> None:
    assert symbol("W_f") == Symbol("W", "f")
    assert symbol("W_f").settled == Symbol("W", "f")
    assert symbol("U_i").settled == Symbol("Uᵢ")


def test_names_stay_apart() -> None:
    names = ["w", "w_", "w__", "w_g", "wg", "wg_", "w1", "w_1_2", "what", "omega", "w_omega"]
    assert len({symbol(name).inline for name in names}) == len(names)


@pytest.mark.parametrize(
    ("name", "place", "shown"),
    [
        ("h", "1", "h⁽¹⁾"),
        ("h", "t−1", "h⁽ᵗ⁻¹⁾"),
        ("g", "T+1", "g⁽ᵀ⁺¹⁾"),
        ("yhat", "⋯", "ŷ⁽⋯⁾"),
        ("h", "t−d", "h⁽ᵗ⁻ᵈ⁾"),
        ("h", "-3", "h⁽⁻³⁾"),
        ("h", "q", "h(q)"),
    ],
)
def test_a_value_at_a_place(name: str, place: str, shown: str) -> None:
    assert at(symbol(name), place).inline == shown


def test_arithmetic_as_printed() -> None:
    assert spaced_minus("-d - 2*m") == "−d−2·m"


def test_a_longer_text_is_wider_and_marks_take_no_room() -> None:
    assert width("hh", 10) == 2 * width("h", 10)
    assert width("W", 10) > width("i", 10)
    assert width("x" + ACCENTS["bar"], 10) == width("x", 10)


def test_what_cannot_be_raised_is_set_apart() -> None:
    assert at(symbol("h"), "S") == Symbol("h", raised="(S)")
    assert at(symbol("h"), "T") == Symbol("h", above="⁽ᵀ⁾")


def test_indices_stand_behind_what_is_below_the_line() -> None:
    assert symbol("h").indexed(["j", "i"]) == Symbol("h", "j,i")
    assert symbol("W_f").indexed(["2"]) == Symbol("W", "f,2")
    assert at(symbol("e").indexed(["i"]), "1") == Symbol("e", "i", "⁽¹⁾")

"""Dimensions are a ring, and unification finds the most general common shape."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rnndsl.model.dims import ONE, ZERO, Dim
from rnndsl.model.unify import Mismatch, ShapeVar, Unifier

NAMES = ("a", "b", "m", "n_1")
ATOMS = st.one_of(st.sampled_from(NAMES).map(Dim.size), st.integers(-3, 5).map(Dim.number))
DIMS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(lambda x, y: x + y, inner, inner),
        st.builds(lambda x, y: x - y, inner, inner),
        st.builds(lambda x, y: x * y, inner, inner),
        st.builds(lambda x, n: x.divided(n), inner, st.integers(1, 4)),
    ),
    max_leaves=6,
)
SIZES = st.fixed_dictionaries({name: st.integers(1, 50) for name in NAMES})


@given(DIMS, DIMS, DIMS)
@settings(deadline=None)
def test_dimensions_are_a_commutative_ring(x: Dim, y: Dim, z: Dim) -> None:
    assert x + y == y + x
    assert x * y == y * x
    assert (x + y) + z == x + (y + z)
    assert (x * y) * z == x * (y * z)
    assert x * (y + z) == x * y + x * z
    assert x + ZERO == x == x * ONE
    assert x - x == ZERO == x * ZERO
    negative = -x
    assert -negative == x == ZERO - negative


@given(DIMS, DIMS, SIZES, st.integers(1, 6))
@settings(deadline=None)
def test_arithmetic_is_that_of_the_values(x: Dim, y: Dim, at: dict[str, int], n: int) -> None:
    assert (x + y).value(at) == x.value(at) + y.value(at)
    assert (x - y).value(at) == x.value(at) - y.value(at)
    assert (x * y).value(at) == x.value(at) * y.value(at)
    assert x.divided(n).value(at) == x.value(at) / n
    assert x.substitute({name: Dim.number(v) for name, v in at.items()}.get).constant == x.value(at)


@given(DIMS, DIMS, SIZES)
@settings(deadline=None)
def test_the_form_is_canonical(x: Dim, y: Dim, at: dict[str, int]) -> None:
    """Two dimensions are one value exactly where their difference is nothing."""
    assert (x == y) == (not (x - y).terms)
    assert all(factor for _, factor in x.terms)
    if x == y:
        assert hash(x) == hash(y)
        assert str(x) == str(y)


@given(DIMS, SIZES)
@settings(deadline=None)
def test_bounds_hold_for_every_size(x: Dim, at: dict[str, int]) -> None:
    assert x.least is None or x.least <= x.value(at)
    assert x.most is None or x.value(at) <= x.most
    ones = x.value(dict.fromkeys(NAMES, 1))
    assert x.least in (None, ones)
    assert x.most in (None, ones)
    assert (x.constant is not None) == (not x.names)


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        (Dim.size("n") + Dim.size("m"), "m + n"),
        (Dim.size("m") * Dim.number(2) - ONE, "2*m - 1"),
        (Dim.size("m").divided(4), "m/4"),
        (Dim.size("m") * Dim.number(Fraction(3, 2)), "3*m/2"),
        (Dim.size("m") * Dim.size("a"), "a*m"),
        (-Dim.size("d"), "-d"),
        (ZERO, "0"),
        (ONE - Dim.size("d"), "-d + 1"),
    ],
)
def test_dimensions_are_shown_as_the_language_writes_them(dim: Dim, text: str) -> None:
    assert str(dim) == text


# Unification ------------------------------------------------------------------------------

UNKNOWNS = ("?1", "?2", "?3")
PARTS = st.lists(
    st.one_of(st.sampled_from(NAMES + UNKNOWNS).map(Dim.size), st.integers(1, 3).map(Dim.number)),
    min_size=1,
    max_size=3,
).map(lambda parts: sum(parts, ZERO))
LOOSE = st.builds(lambda part, name: part + Dim.size(name), PARTS, st.sampled_from(UNKNOWNS))
GIVEN = st.builds(
    lambda name, factor, more: Dim.size(name) * Dim.number(factor) + Dim.number(more),
    st.sampled_from(NAMES),
    st.integers(1, 3),
    st.integers(0, 2),
)
SHAPES = st.lists(PARTS, max_size=3).map(tuple)


def unified(*pairs: tuple[tuple[Dim, ...], tuple[Dim, ...]]) -> Unifier | None:
    """A unifier that made every pair one; None where it cannot, or does not know."""
    unifier = Unifier()
    for left, right in pairs:
        try:
            unifier.equal(ShapeVar(left), ShapeVar(right))
        except Mismatch:
            return None
    return unifier


@given(st.lists(st.tuples(LOOSE, LOOSE), max_size=3))
@settings(deadline=None, max_examples=150)
def test_what_is_made_one_is_one(dims: list[tuple[Dim, Dim]]) -> None:
    left, right = tuple(one for one, _ in dims), tuple(other for _, other in dims)
    unifier = unified((left, right))
    assume(unifier is not None and not unifier.is_undecided)
    assert unifier is not None
    assert [unifier.dim(dim) for dim in left] == [unifier.dim(dim) for dim in right]


@given(SHAPES, SHAPES)
@settings(deadline=None, max_examples=150)
def test_order_does_not_matter(left: tuple[Dim, ...], right: tuple[Dim, ...]) -> None:
    one, other = unified((left, right)), unified((right, left))
    assert (one is None) == (other is None)
    if one is not None and other is not None and not (one.is_undecided or other.is_undecided):
        for dim in (*left, *right):
            assert one.dim(dim).names.isdisjoint(UNKNOWNS) == other.dim(dim).names.isdisjoint(
                UNKNOWNS
            )


@given(SHAPES)
@settings(deadline=None)
def test_a_shape_is_itself(shape: tuple[Dim, ...]) -> None:
    unifier = unified((shape, shape))
    assert unifier is not None
    assert not unifier.known


@given(st.lists(PARTS, min_size=1, max_size=3), st.tuples(GIVEN, GIVEN, GIVEN))
@settings(deadline=None, max_examples=150)
def test_it_is_most_general(dims: list[Dim], given: tuple[Dim, Dim, Dim]) -> None:
    """Where unknowns have a solution, unification does not fail, and asks for no more than it."""
    solution = dict(zip(UNKNOWNS, given, strict=True))
    left = tuple(dims)
    right = tuple(dim.substitute(solution.get) for dim in dims)
    unifier = unified((left, right))
    assert unifier is not None
    for name, found in unifier.known.items():
        assert unifier.dim(found).substitute(solution.get) == solution[name]


def test_what_is_undecided_is_not_taken_as_settled() -> None:
    unifier = Unifier()
    a, b, m, n = unifier.fresh(), unifier.fresh(), Dim.size("m"), Dim.size("n")
    unifier.equal_dims(a * b, m * n)
    assert unifier.is_undecided
    unifier.is_undecided = False
    unifier.equal_dims(a, m)
    unifier.equal_dims(b, m)
    with pytest.raises(Mismatch):
        unifier.equal_dims(a * b, m * n)


def test_different_sizes_never_unify() -> None:
    assert unified(((Dim.size("m"),), (Dim.size("n"),))) is None
    assert unified(((Dim.size("m"),), (Dim.number(8),))) is None
    assert unified(((), (Dim.size("m"),))) is None
    assert unified(((Dim.size("m") + ONE,), (ONE + Dim.size("m"),))) is not None

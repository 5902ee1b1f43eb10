"""Dimensions: arithmetic over sizes, kept as polynomials in canonical form.

`m + n` and `n + m` are one dimension, `m` and `n` never are, whatever their values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

Monomial = tuple[str, ...]


@dataclass(frozen=True)
class Dim:
    """A polynomial over size names: `terms` maps sorted monomials to coefficients."""

    terms: tuple[tuple[Monomial, Fraction], ...]

    @staticmethod
    def number(value: int | Fraction) -> Dim:
        """A constant dimension."""
        return Dim._canonical({(): Fraction(value)})

    @staticmethod
    def size(name: str) -> Dim:
        """One named size."""
        return Dim((((name,), Fraction(1)),))

    @staticmethod
    def _canonical(terms: Mapping[Monomial, Fraction]) -> Dim:
        kept = ((key, value) for key, value in terms.items() if value)
        return Dim(tuple(sorted(kept, key=lambda item: (-len(item[0]), item[0]))))

    def __add__(self, other: Dim) -> Dim:
        terms = dict(self.terms)
        for key, value in other.terms:
            terms[key] = terms.get(key, Fraction(0)) + value
        return Dim._canonical(terms)

    def __neg__(self) -> Dim:
        return Dim(tuple((key, -value) for key, value in self.terms))

    def __sub__(self, other: Dim) -> Dim:
        return self + (-other)

    def __mul__(self, other: Dim) -> Dim:
        terms: dict[Monomial, Fraction] = {}
        for key, value in self.terms:
            for key2, value2 in other.terms:
                both = tuple(sorted(key + key2))
                terms[both] = terms.get(both, Fraction(0)) + value * value2
        return Dim._canonical(terms)

    def divided(self, number: int | Fraction) -> Dim:
        """This dimension over a whole number other than 0."""
        return self * Dim.number(Fraction(1) / Fraction(number))

    @property
    def constant(self) -> Fraction | None:
        """The value, where no size takes part."""
        if not self.terms:
            return Fraction(0)
        if len(self.terms) == 1 and self.terms[0][0] == ():
            return self.terms[0][1]
        return None

    @property
    def name(self) -> str | None:
        """The size's name, where the dimension is exactly one size."""
        if len(self.terms) == 1 and len(self.terms[0][0]) == 1 and self.terms[0][1] == 1:
            return self.terms[0][0][0]
        return None

    @property
    def names(self) -> frozenset[str]:
        """Every size that takes part."""
        return frozenset(name for key, _ in self.terms for name in key)

    def substitute(self, find: Callable[[str], Dim | None]) -> Dim:
        """Each name replaced by what `find` gives for it; None keeps it."""
        total = ZERO
        for key, value in self.terms:
            product = Dim.number(value)
            for name in key:
                product = product * (find(name) or Dim.size(name))
            total = total + product
        return total

    def value(self, sizes: Mapping[str, int]) -> Fraction:
        """The value under given sizes; KeyError where one is missing."""
        total = Fraction(0)
        for key, factor in self.terms:
            for name in key:
                factor *= sizes[name]
            total += factor
        return total

    @cached_property
    def least(self) -> Fraction | None:
        """The smallest value over all sizes (each at least 1); None where there is none."""
        if any(value < 0 for key, value in self.terms if key):
            return None
        return sum((value for _, value in self.terms), Fraction(0))

    @cached_property
    def most(self) -> Fraction | None:
        """The largest value over all sizes (each at least 1); None where there is none."""
        least = (-self).least
        return None if least is None else -least

    def __str__(self) -> str:
        text = ""
        for key, factor in self.terms:
            sign = "-" if factor < 0 else "+"
            part = _term(key, abs(factor))
            text += f" {sign} {part}" if text else (f"-{part}" if factor < 0 else part)
        return text or "0"


def _term(key: Monomial, factor: Fraction) -> str:
    names = "*".join(key)
    top, bottom = factor.numerator, factor.denominator
    text = names if names and top == 1 else f"{top}*{names}" if names else str(top)
    return text if bottom == 1 else f"{text}/{bottom}"


ZERO = Dim(())
ONE = Dim.number(1)


def show_shape(shape: Iterable[Dim]) -> str:
    """A shape as the language writes it: `()`, `m`, `(n, m)`."""
    texts = [str(dim) for dim in shape]
    return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"

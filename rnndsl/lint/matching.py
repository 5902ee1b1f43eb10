"""Whether two cells are one but for names, and but for one difference at most.

Names of parameters, states and inputs are bound as the comparison goes, each to one other;
sums and products are compared in any order. A difference that appears in several places because
an equation is read more than once is one difference. What it means is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Literal

from rnndsl.lint.cells import LEAVES, Cell, Term

FLAT = ("sum", "product")
MOST_STATES = 4
MOST_STEPS = 20_000
"""After so many comparisons two cells count as different."""
SMALL = 4
"""Terms or factors larger than this are no slip: a cell without them is another cell."""

Kind = Literal["without", "more", "other", "lacks", "adds", "leaf"]
Name = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Difference:
    """One difference of a cell (`own`) from another (`its`).

    `without` a function that the other applies here; one `more` than it; an`other` function;
    a sum or product that `lacks` the other's term `its`, or `adds` the term `own`; another `leaf`.
    """

    kind: Kind
    own: Term
    its: Term
    is_factor: bool = False
    """Whether a term is one of a product, not of a sum."""

    def is_same(self, other: Difference) -> bool:
        """Whether both stand at the same expressions of the two files."""
        return (
            self.kind == other.kind
            and self.own.source is other.own.source
            and self.its.source is other.its.source
        )


@dataclass(frozen=True)
class Match:
    """What is bound so far: names of the cell to those of the other, and back to the terms."""

    names: Mapping[Name, str]
    terms: Mapping[Name, Term]
    difference: Difference | None = None
    uses: int = 0
    """How often the difference was met, in equations that are written out several times."""

    def bind(self, own: Term, its: Term) -> Match | None:
        """With two names bound to each other; None where one has another partner."""
        key, back = (own.op, own.name), (its.op, its.name)
        if key in self.names or back in self.terms:
            partner = self.terms.get(back)
            is_bound = self.names.get(key) == its.name and partner is not None
            return self if is_bound and partner and partner.name == own.name else None
        return replace(self, names={**self.names, key: its.name}, terms={**self.terms, back: own})


class OutOfSteps(Exception):
    """The comparison takes too long."""


def compare(own: Cell, its: Cell, allowed: int) -> Match | None:
    """How `own` is `its`, with at most so many differences (0 or 1); None where it is not."""
    count = len(own.states)
    if count != len(its.states) or count > MOST_STATES or not _may_match(own, its, allowed):
        return None
    search = _Search(allowed)
    try:
        for order in permutations(its.states):
            pairs = list(zip(own.states, order, strict=True))
            names = {("state", mine): theirs for mine, theirs in pairs}
            terms = {("state", theirs): Term("state", (), mine) for mine, theirs in pairs}
            parts = [own.states[mine] for mine, _ in pairs], [its.states[i] for i in order]
            for found in search.each(*parts, Match(names, terms)):
                return found
    except OutOfSteps:
        pass
    return None


def _may_match(own: Cell, its: Cell, allowed: int) -> bool:
    """Whether two cells apply the same functions, but for one in each."""
    mine, theirs = _operations(own), _operations(its)
    return len(mine - theirs) <= allowed and len(theirs - mine) <= allowed


def _operations(cell: Cell) -> set[str]:
    terms = (term for top in cell.states.values() for term in top.walk())
    return {term.op for term in terms if term.op not in LEAVES and term.op not in FLAT}


class _Search:
    def __init__(self, allowed: int) -> None:
        self.allowed = allowed
        self.steps = 0

    def each(self, own: list[Term], its: list[Term], match: Match) -> Iterator[Match]:
        """Terms that match one by one."""
        if not own:
            yield match
            return
        for found in self.one(own[0], its[0], match):
            yield from self.each(own[1:], its[1:], found)

    def one(self, own: Term, its: Term, match: Match) -> Iterator[Match]:
        """Two terms that match."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise OutOfSteps
        if own.op in LEAVES and its.op in LEAVES:
            yield from self._leaf(own, its, match)
        elif own.op in FLAT or its.op in FLAT:
            for op in FLAT:
                if op in (own.op, its.op):
                    yield from self._flat(op, own, its, match)
        elif own.op == its.op and len(own.parts) == len(its.parts):
            yield from self.each(list(own.parts), list(its.parts), match)
        if self.allowed:
            yield from self._function(own, its, match)

    def _with(
        self, match: Match, kind: Kind, own: Term, its: Term, op: str = ""
    ) -> Iterator[Match]:
        """With one difference noted, where there is none yet or the very same."""
        found = Difference(kind, own, its, op == "product")
        if match.difference is None and self.allowed:
            yield replace(match, difference=found, uses=1)
        elif match.difference is not None and match.difference.is_same(found):
            yield replace(match, uses=match.uses + 1)

    def _leaf(self, own: Term, its: Term, match: Match) -> Iterator[Match]:
        if own.op == its.op and own.op == "number":
            bound = match if own.name == its.name else None
        else:
            is_alike = own.op == its.op and own.offset == its.offset
            bound = match.bind(own, its) if is_alike else None
        if bound is not None:
            yield bound
        else:
            yield from self._with(match, "leaf", own, its)

    def _flat(self, op: str, own: Term, its: Term, match: Match) -> Iterator[Match]:
        mine = list(own.parts) if own.op == op else [own]
        theirs = list(its.parts) if its.op == op else [its]
        more = len(mine) - len(theirs)
        if more == 0:
            yield from self._in_any_order(mine, theirs, match)
        elif more == -1:
            for item in (item for item in theirs if item.size <= SMALL):
                rest = [other for other in theirs if other is not item]
                for noted in self._with(match, "lacks", own, item, op):
                    yield from self._in_any_order(mine, rest, noted)
        elif more == 1:
            for item in (item for item in mine if item.size <= SMALL):
                rest = [other for other in mine if other is not item]
                for noted in self._with(match, "adds", item, its, op):
                    yield from self._in_any_order(rest, theirs, noted)

    def _in_any_order(self, own: list[Term], its: list[Term], match: Match) -> Iterator[Match]:
        if not own:
            yield match
            return
        for number, item in enumerate(its):
            rest = its[:number] + its[number + 1 :]
            for found in self.one(own[0], item, match):
                yield from self._in_any_order(own[1:], rest, found)

    def _function(self, own: Term, its: Term, match: Match) -> Iterator[Match]:
        """One function more, less or another."""
        is_own, is_its = len(own.parts) == 1, len(its.parts) == 1
        if is_own and is_its and own.op != its.op:
            for noted in self._with(match, "other", own, its):
                yield from self.one(own.parts[0], its.parts[0], noted)
        if is_its:
            for noted in self._with(match, "without", own, its):
                yield from self.one(own, its.parts[0], noted)
        if is_own:
            for noted in self._with(match, "more", own, its):
                yield from self.one(own.parts[0], its, noted)

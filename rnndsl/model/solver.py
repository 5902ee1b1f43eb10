"""Solves the demands on shapes: sure conclusions first, then the defaults of the language.

A constraint waits until the rank of one of its shapes becomes known. What is wrong becomes a
diagnostic, and its constraint is dropped, so that one mistake is told once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from rnndsl.model.constraints import Concatenation, Constraint, Elementwise, Misuse
from rnndsl.model.products import Picking, Product
from rnndsl.model.unify import Mismatch, ShapeVar, Unifier
from rnndsl.text.diagnostics import Diagnostic


class Solver:
    """`constraints` in the order of the file; `params` and `filled` are shapes to guess."""

    def __init__(
        self,
        unifier: Unifier,
        constraints: Sequence[Constraint],
        params: Iterable[ShapeVar],
        filled: Iterable[ShapeVar],
    ) -> None:
        self.unifier = unifier
        self.constraints = constraints
        self.diagnostics: list[Diagnostic] = []
        self._params = deque(params)
        self._filled = list(filled)
        self._settled: set[int] = set()
        self._waiting = list(constraints)
        self._undecided: dict[int, Constraint] = {}
        self._guesses = deque(self._order())
        for constraint in constraints:
            for shape in constraint.shapes:
                shape.root().watchers.append(constraint)
        self._pending = deque(constraints)

    def solve(self) -> None:
        """Everything that can be concluded, and then guessed, until nothing changes."""
        self._conclude()
        while self._guess():
            self._conclude()

    def _conclude(self) -> None:
        """Every sure conclusion."""
        while True:
            while self._pending:
                self._try(self._pending.popleft())
                self._wake()
            before = len(self.unifier.known)
            for constraint in list(self._undecided.values()):
                self._try(constraint)
            self._wake()
            if not self._pending and len(self.unifier.known) == before:
                return

    def _wake(self) -> None:
        woken, self.unifier.woken = self.unifier.woken, []
        self._pending.extend(item for item in woken if isinstance(item, Constraint))

    def _try(self, constraint: Constraint) -> None:
        if id(constraint) in self._settled:
            return
        self.unifier.is_undecided = False
        is_done = self._run(constraint, constraint.step)
        if self.unifier.is_undecided:
            self._undecided[id(constraint)] = constraint
        else:
            self._undecided.pop(id(constraint), None)
            if is_done:
                self._settled.add(id(constraint))

    def _run(self, constraint: Constraint, act: Callable[[Unifier], bool]) -> bool:
        """One act of a constraint; a fault is told, and settles it."""
        try:
            return act(self.unifier)
        except Mismatch as fault:
            self.diagnostics.append(constraint.mismatch(self.unifier, fault))
        except Misuse as fault:
            self.diagnostics.append(constraint.misuse(self.unifier, fault))
        self.unifier.is_undecided = False
        self._settled.add(id(constraint))
        return True

    # Defaults

    def _order(self) -> Iterable[Callable[[], bool]]:
        """The defaults, in the order in which the language takes them."""
        for kind in (Product, Picking, Concatenation):
            yield from (self._default(c) for c in self.constraints if isinstance(c, kind))
        yield from (self._scalar(shape) for shape in self._filled)
        yield self._param
        yield self._any

    def _guess(self) -> bool:
        """One default; whether there was one to take."""
        while self._guesses:
            if self._guesses[0]():
                self._wake()
                return True
            self._guesses.popleft()
        return False

    def _default(self, constraint: Constraint) -> Callable[[], bool]:
        def guess() -> bool:
            if id(constraint) in self._settled:
                return False
            return self._run(constraint, constraint.guess)

        return guess

    def _any(self) -> bool:
        """A parameter that now meets a known shape, or the first constraint with a default."""
        if self._param():
            return True
        self._waiting = [c for c in self._waiting if id(c) not in self._settled]
        return any(self._run(c, c.guess) for c in self._waiting)

    def _scalar(self, shape: ShapeVar) -> Callable[[], bool]:
        def guess() -> bool:
            if self.unifier.rank(shape) is not None:
                return False
            self.unifier.set(shape, ())
            return True

        return guess

    def _param(self) -> bool:
        """The first open parameter that meets a known shape takes it."""
        while self._params and self.unifier.rank(self._params[0]) is not None:
            self._params.popleft()
        return any(
            self.unifier.rank(shape) is None and self._meets(shape) for shape in self._params
        )

    def _meets(self, shape: ShapeVar) -> bool:
        """The full shape of what a parameter meets, a scalar if it meets only those."""
        met = [c.met(shape) for c in shape.root().watchers if isinstance(c, Elementwise)]
        others = [item for items in met for item in items]
        ranks = [self.unifier.rank(item) for item in others]
        full = [item for item, rank in zip(others, ranks, strict=True) if rank]
        if full:
            self.unifier.equal(shape, full[0])
        elif others and None not in ranks:
            self.unifier.set(shape, ())
        return bool(full) or (bool(others) and None not in ranks)

"""What operations demand of shapes: each constraint says what it can and remembers the rest.

`step` draws every sure conclusion and tells whether it is settled; `guess` draws one that
the language allows only when nothing sure is left (its page, *Shapes*). Both may be asked
again and again; `solver` does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rnndsl.model import shape_messages as messages
from rnndsl.model.dims import ONE, ZERO
from rnndsl.model.expr import Expr
from rnndsl.model.unify import Mismatch, ShapeVar, Unifier
from rnndsl.text.diagnostics import Diagnostic
from rnndsl.text.source import Span


class Misuse(Exception):
    """A shape that an operation cannot take; `help` is a way out."""

    def __init__(self, message: str, help: str, code: str = "RNN303") -> None:
        self.message, self.help, self.code = message, help, code
        super().__init__(message)


@dataclass
class Operand:
    """An expression and its shape; `is_number` where it fills any shape."""

    expr: Expr
    shape: ShapeVar
    is_number: bool = False


@dataclass(eq=False)
class Constraint:
    """The base: where it comes from, its operands and its result."""

    expr: Expr
    operands: tuple[Operand, ...]
    result: ShapeVar

    @property
    def shapes(self) -> list[ShapeVar]:
        """Every shape that it is about."""
        return [*(item.shape for item in self.operands if not item.is_number), self.result]

    def step(self, unifier: Unifier) -> bool:
        """Every sure conclusion; whether nothing is left to conclude."""
        raise NotImplementedError

    def guess(self, unifier: Unifier) -> bool:
        """One conclusion by default; whether there was one."""
        return False

    def shown(self, unifier: Unifier) -> list[tuple[Span, str]]:
        """The operands' places and shapes, for messages."""
        return [
            (item.expr.span, unifier.show(item.shape))
            for item in self.operands
            if not item.is_number
        ]

    def mismatch(self, unifier: Unifier, fault: Mismatch) -> Diagnostic:
        """What is said where two shapes are not one."""
        return messages.do_not_meet(self.expr.span, fault.left, fault.right, self.shown(unifier))

    def misuse(self, unifier: Unifier, fault: Misuse) -> Diagnostic:
        """What is said where a shape is not what the operation takes."""
        shown = self.shown(unifier)
        return messages.misuse(self.expr.span, fault.message, fault.help, fault.code, shown)


@dataclass(eq=False)
class Same(Constraint):
    """The result's shape is that of the one operand; `say` words what is wrong otherwise."""

    say: Callable[[str, str], Diagnostic] | None = None

    def step(self, unifier: Unifier) -> bool:
        unifier.equal(self.result, self.operands[0].shape)
        return True

    def mismatch(self, unifier: Unifier, fault: Mismatch) -> Diagnostic:
        if self.say is None:
            return super().mismatch(unifier, fault)
        return self.say(unifier.show(self.result), unifier.show(self.operands[0].shape))


class Elementwise(Constraint):
    """Scalars broadcast, everything else has the shape of the result."""

    def step(self, unifier: Unifier) -> bool:
        operands = [item for item in self.operands if not item.is_number]
        if not operands:
            unifier.set(self.result, ())
            return True
        for item in operands:
            if item.shape.root().is_full:
                unifier.equal(self.result, item.shape)
        rank = unifier.rank(self.result)
        is_open = [item for item in operands if unifier.rank(item.shape) is None]
        if rank == 0:
            for item in is_open:
                unifier.set(item.shape, ())
            return True
        if not is_open:
            if all(unifier.rank(item.shape) == 0 for item in operands):
                unifier.set(self.result, ())
            return True
        others = [item for item in operands if item is not is_open[0]]
        if rank and len(is_open) == 1 and all(unifier.rank(o.shape) == 0 for o in others):
            unifier.equal(is_open[0].shape, self.result)
            return True
        return False

    def met(self, shape: ShapeVar) -> list[ShapeVar]:
        """The shapes that an open operand meets here."""
        others = [item.shape for item in self.operands if not item.is_number]
        if not any(item.root() is shape.root() for item in others):
            return []
        return [item for item in others if item.root() is not shape.root()]

    def shown(self, unifier: Unifier) -> list[tuple[Span, str]]:
        return [item for item in super().shown(unifier) if item[1] not in ("()", "an open shape")]

    def guess(self, unifier: Unifier) -> bool:
        """An open operand takes the full shape of what it meets."""
        operands = [item for item in self.operands if not item.is_number]
        is_open = [item for item in operands if unifier.rank(item.shape) is None]
        known = [item for item in operands if unifier.rank(item.shape) is not None]
        full = [item.shape for item in known if unifier.rank(item.shape)]
        if is_open and (full or unifier.rank(self.result)):
            unifier.equal(is_open[0].shape, full[0] if full else self.result)
            return True
        if is_open and known:
            unifier.set(is_open[0].shape, ())
            return True
        return False


class Concatenation(Constraint):
    """`concat`: vectors (a scalar counts as one component) behind each other."""

    def step(self, unifier: Unifier) -> bool:
        ranks = [0 if item.is_number else unifier.rank(item.shape) for item in self.operands]
        if any(rank is not None and rank > 1 for rank in ranks):
            raise Misuse("`concat` joins vectors and scalars", "pick rows of matrices first")
        unknown = None in ranks
        if unifier.rank(self.result) is None:
            unifier.set(self.result, (unifier.fresh(),))
        if unknown:
            return False
        total = ZERO
        for item in self.operands:
            dims = () if item.is_number else unifier.shape(item.shape)
            total = total + (dims[0] if dims else ONE)
        result = unifier.shape(self.result)
        if result is None or len(result) != 1:
            raise Mismatch("a vector", unifier.show(self.result))
        unifier.equal_dims(result[0], total)
        return True

    def guess(self, unifier: Unifier) -> bool:
        """What is joined is a vector unless something says otherwise."""
        for item in self.operands:
            if not item.is_number and unifier.rank(item.shape) is None:
                unifier.set(item.shape, (unifier.fresh(),))
                return True
        return False

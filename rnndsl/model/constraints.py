"""What operations demand of shapes: each constraint says what it can and remembers the rest.

`step` draws every sure conclusion and tells whether it is settled; `guess` draws one that
the language allows only when nothing sure is left (its page, *Shapes*).
"""

from __future__ import annotations

from dataclasses import dataclass

from rnndsl.model.dims import ZERO, Dim
from rnndsl.model.expr import Expr, Param
from rnndsl.model.unify import Mismatch, ShapeVar, Unifier


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


@dataclass
class Constraint:
    """The base: where it comes from, its operands and its result."""

    expr: Expr
    operands: tuple[Operand, ...]
    result: ShapeVar

    def step(self, unifier: Unifier) -> bool:
        """Every sure conclusion; whether nothing is left to conclude."""
        raise NotImplementedError

    def guess(self, unifier: Unifier) -> bool:
        """One conclusion by default; whether there was one."""
        return False


class Elementwise(Constraint):
    """Scalars broadcast, everything else has the shape of the result."""

    def step(self, unifier: Unifier) -> bool:
        operands = [item for item in self.operands if not item.is_number]
        if not operands:
            unifier.set(self.result, ())
            return True
        for item in operands:
            if unifier.rank(item.shape):
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
        if rank and len(is_open) == 1:
            if all(unifier.rank(item.shape) == 0 for item in operands if item is not is_open[0]):
                unifier.equal(is_open[0].shape, self.result)
                return True
        return False

    def met(self, unifier: Unifier, shape: ShapeVar) -> list[ShapeVar] | None:
        """The shapes that an open operand meets here; None where it is no operand."""
        others = [item.shape for item in self.operands if not item.is_number]
        if not any(item.root() is shape.root() for item in others):
            return None
        return [item for item in others if item.root() is not shape.root()]

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


class Product(Constraint):
    """`@`: matrix and vector, matrix and matrix, vector and matrix."""

    def step(self, unifier: Unifier) -> bool:
        left, right = (item.shape for item in self.operands)
        self._ranks(unifier, left, right)
        ranks = unifier.rank(left), unifier.rank(right)
        for item, rank in zip(self.operands, ranks, strict=True):
            if rank == 0:
                raise Misuse("`@` is a product of matrices and vectors, and this is a scalar",
                             "multiply by a scalar with `*`")  # fmt: skip
            if rank is not None and rank > 2:
                raise Misuse("`@` takes matrices and vectors", "pick a row first")
            del item
        if ranks == (1, 1):
            raise Misuse("`@` between two vectors has no meaning here",
                         "write `dot(a, b)` for the inner product, `outer(a, b)` for the outer",
                         "RNN304")  # fmt: skip
        if None in ranks:
            return False
        first, second = unifier.shape(left), unifier.shape(right)
        assert first is not None and second is not None
        unifier.equal_dims(first[-1], second[0])
        unifier.set(self.result, first[:-1] + second[1:])
        return True

    def _ranks(self, unifier: Unifier, left: ShapeVar, right: ShapeVar) -> None:
        """Ranks that follow from ranks."""
        ranks = unifier.rank(left), unifier.rank(right), unifier.rank(self.result)
        match ranks:
            case (1, None, _):
                self._set_rank(unifier, right, 2)
            case (None, 1, _):
                self._set_rank(unifier, left, 2)
            case (2, None, int(rank)) if rank in (1, 2):
                self._set_rank(unifier, right, rank)
            case (None, 2, int(rank)) if rank in (1, 2):
                self._set_rank(unifier, left, rank)

    def guess(self, unifier: Unifier) -> bool:
        """Right of `@` stands a vector unless something says otherwise; left a matrix."""
        left, right = self.operands
        if unifier.rank(right.shape) is None and unifier.rank(left.shape) == 2:
            self._set_rank(unifier, right.shape, 1)
        elif unifier.rank(left.shape) is None:
            self._set_rank(unifier, left.shape, 1 if unifier.rank(right.shape) == 2 else 2)
        else:
            return False
        return True

    @staticmethod
    def _set_rank(unifier: Unifier, var: ShapeVar, rank: int) -> None:
        unifier.set(var, tuple(unifier.fresh() for _ in range(rank)))


class Picking(Constraint):
    """`base[index]`: the first dimension goes; `size` is that of the token, if it has one."""

    size: Dim | None = None

    def step(self, unifier: Unifier) -> bool:
        base = self.operands[0].shape
        if unifier.rank(base) is None and (rest := unifier.shape(self.result)) is not None:
            unifier.set(base, (self.size or unifier.fresh(), *rest))
        dims = unifier.shape(base)
        if dims is None:
            return False
        if not dims:
            raise Misuse("there is nothing to pick from a scalar",
                         "remove the brackets, or declare the shape it should have",
                         "RNN117")  # fmt: skip
        if self.size is not None:
            unifier.equal_dims(dims[0], self.size)
        unifier.set(self.result, dims[1:])
        return True

    def guess(self, unifier: Unifier) -> bool:
        """A parameter picked by tokens is a matrix, anything else a vector."""
        base = self.operands[0]
        if unifier.rank(base.shape) is not None:
            return False
        count = 2 if isinstance(base.expr, Param) else 1
        Product._set_rank(unifier, base.shape, count)
        return True


class Signed(Constraint):
    """A function with a signature; `alternatives` are (arguments, result) in dimension names."""

    alternatives: tuple[tuple[tuple[str, ...], str], ...] = ()
    sizes: tuple[Dim | None, ...] = ()

    def step(self, unifier: Unifier) -> bool:
        fitting = [item for item in self.alternatives if self._fits(unifier, item[0])]
        if not fitting:
            raise Misuse(self._wanted(unifier), "declare the shapes, or pick a row or a component")
        if len(fitting) > 1:
            return False
        self._apply(unifier, *fitting[0])
        return True

    def _fits(self, unifier: Unifier, arguments: tuple[str, ...]) -> bool:
        return all(
            argument.startswith("#") or unifier.rank(item.shape) in (None, len(argument.split()))
            for argument, item in zip(arguments, self.operands, strict=True)
        )

    def _apply(self, unifier: Unifier, arguments: tuple[str, ...], result: str) -> None:
        names: dict[str, Dim] = {}
        for argument, item, size in zip(arguments, self.operands, self.sizes, strict=True):
            if argument.startswith("#"):
                known = names.setdefault(argument[1:], size or unifier.fresh())
                if size is not None:
                    unifier.equal_dims(known, size)
                continue
            dims = tuple(names.setdefault(name, unifier.fresh()) for name in argument.split())
            unifier.set(item.shape, dims)
        if result.startswith("#"):
            unifier.set(self.result, ())
            unifier.equal_dims(names[result[1:]], self.token)
        else:
            unifier.set(self.result, tuple(names[name] for name in result.split()))

    token: Dim = ZERO
    """The size of the resulting token, where the result is one."""

    def guess(self, unifier: Unifier) -> bool:
        """Among several alternatives the first that fits."""
        for arguments, result in self.alternatives:
            if self._fits(unifier, arguments):
                self._apply(unifier, arguments, result)
                self.alternatives = ((arguments, result),)
                return True
        return False

    def _wanted(self, unifier: Unifier) -> str:
        shown = " or ".join(
            ", ".join(_shape_words(item) for item in arguments)
            for arguments, _ in self.alternatives
        )
        got = ", ".join(unifier.show(item.shape) for item in self.operands)
        return f"this function takes {shown}; here the shapes are {got}"


def _shape_words(text: str) -> str:
    if text.startswith("#"):
        return "a token"
    return {1: "a vector", 2: "a matrix"}.get(len(text.split()), "a scalar")


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
            total = total + (dims[0] if dims else Dim.number(1))
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

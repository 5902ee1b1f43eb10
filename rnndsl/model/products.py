"""Constraints of products, of picks, and of functions with a signature."""

from __future__ import annotations

from dataclasses import dataclass

from rnndsl.model import shape_messages as messages
from rnndsl.model.constraints import Constraint, Misuse
from rnndsl.model.dims import ZERO, Dim
from rnndsl.model.expr import Param
from rnndsl.model.unify import Mismatch, ShapeVar, Unifier
from rnndsl.text.diagnostics import Diagnostic


class Product(Constraint):
    """`@`: matrix and vector, matrix and matrix, vector and matrix."""

    def step(self, unifier: Unifier) -> bool:
        left, right = (item.shape for item in self.operands)
        self._ranks(unifier, left, right)
        ranks = unifier.rank(left), unifier.rank(right)
        if 0 in ranks:
            raise Misuse(
                "`@` is a product of matrices and vectors, and a scalar is neither",
                "multiply by a scalar with `*`",
            )
        if any(rank is not None and rank > 2 for rank in ranks):
            raise Misuse("`@` takes matrices and vectors", "pick a row first: `M[0] @ …`")
        if ranks == (1, 1):
            raise Misuse(
                "`@` between two vectors has no meaning here",
                "write `dot(a, b)` for the inner product, `outer(a, b)` for the outer",
                "RNN304",
            )
        if None in ranks:
            if 2 in ranks:
                unifier.fill(self.result)
            return False
        first, second = unifier.shape(left), unifier.shape(right)
        assert first is not None
        assert second is not None
        unifier.equal_dims(first[-1], second[0])
        unifier.set(self.result, first[:-1] + second[1:])
        return True

    def mismatch(self, unifier: Unifier, fault: Mismatch) -> Diagnostic:
        left, right = (unifier.shape(item.shape) for item in self.operands)
        if left and right:
            inner = unifier.show_dim(left[-1]), unifier.show_dim(right[0])
            if "?" not in inner and inner[0] != inner[1]:
                return messages.inner_sizes(self.expr.span, *inner, self.shown(unifier))
        return super().mismatch(unifier, fault)

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
        unifier.set(var, unifier.fresh_shape(rank))


@dataclass(eq=False)
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
            raise Misuse(
                "there is nothing to pick from a scalar",
                "remove the brackets, or declare the shape it should have",
                "RNN117",
            )
        if self.size is not None:
            unifier.equal_dims(dims[0], self.size)
        unifier.set(self.result, dims[1:])
        return True

    def guess(self, unifier: Unifier) -> bool:
        """A parameter picked by tokens is a matrix, anything else a vector."""
        base = self.operands[0]
        if unifier.rank(base.shape) is not None:
            return False
        unifier.set(base.shape, unifier.fresh_shape(2 if isinstance(base.expr, Param) else 1))
        return True

    def mismatch(self, unifier: Unifier, fault: Mismatch) -> Diagnostic:
        dims = unifier.shape(self.operands[0].shape)
        if dims and self.size is not None:
            first, size = unifier.show_dim(dims[0]), unifier.show_dim(self.size)
            if first != size:
                what = "rows" if len(dims) > 1 else "components"
                return messages.token_does_not_fit(self.shown(unifier)[0], what, first, size)
        return super().mismatch(unifier, fault)


@dataclass(eq=False)
class Signed(Constraint):
    """A function with a signature; `alternatives` are (arguments, result) in dimension names."""

    name: str = ""
    alternatives: tuple[tuple[tuple[str, ...], str], ...] = ()
    sizes: tuple[Dim | None, ...] = ()
    token: Dim = ZERO
    """The size of the resulting token, where the result is one."""

    def step(self, unifier: Unifier) -> bool:
        fitting = [item for item in self.alternatives if self._fits(unifier, item[0])]
        if not fitting:
            raise Misuse(self._wanted(), "pick a row or a component, or declare other shapes")
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
            unifier.equal(ShapeVar(dims), item.shape)
        if result.startswith("#"):
            unifier.set(self.result, ())
            unifier.equal_dims(names[result[1:]], self.token)
        else:
            unifier.set(self.result, tuple(names[name] for name in result.split()))

    def guess(self, unifier: Unifier) -> bool:
        """Among several alternatives the first that fits."""
        for arguments, result in self.alternatives:
            if self._fits(unifier, arguments):
                self._apply(unifier, arguments, result)
                self.alternatives = ((arguments, result),)
                return True
        return False

    def _wanted(self) -> str:
        shown = " or ".join(
            " and ".join(_shape_words(item) for item in arguments)
            for arguments, _ in self.alternatives
        )
        return f"`{self.name}` takes {shown}"


def _shape_words(text: str) -> str:
    if text.startswith("#"):
        return "a token"
    return {1: "a vector", 2: "a matrix"}.get(len(text.split()), "a scalar")

"""Unification of shapes: dimensions are polynomials over sizes and unknowns.

It knows shapes, not expressions. An unknown dimension is a size whose name starts with `?`.
"""

from __future__ import annotations

from rnndsl.model.dims import Dim, show_shape


class Mismatch(Exception):
    """Two shapes that cannot be one; `left` and `right` say what stands against what."""

    def __init__(self, left: str, right: str) -> None:
        self.left = left
        self.right = right
        super().__init__(left, right)


class ShapeVar:
    """A shape to be found; `dims` is None as long as even the rank is open."""

    __slots__ = ("_parent", "dims")

    def __init__(self, dims: tuple[Dim, ...] | None = None) -> None:
        self._parent: ShapeVar | None = None
        self.dims = dims

    def root(self) -> ShapeVar:
        """The variable that stands for all that were made equal to it."""
        node = self
        while node._parent is not None:
            node = node._parent
        return node

    def point_to(self, other: ShapeVar) -> None:
        """Make this root one with another."""
        self._parent = other


class Unifier:
    """Makes shapes equal, and remembers what that says of unknown dimensions."""

    def __init__(self) -> None:
        self.known: dict[str, Dim] = {}
        self.changes = 0
        self._count = 0

    def fresh(self) -> Dim:
        """A new unknown dimension."""
        self._count += 1
        return Dim.size(f"?{self._count}")

    def dim(self, dim: Dim) -> Dim:
        """A dimension with everything known put in."""
        while any(name in self.known for name in dim.names):
            dim = dim.substitute(self.known.get)
        return dim

    def shape(self, var: ShapeVar) -> tuple[Dim, ...] | None:
        """The shape as far as it is known; None where the rank is open."""
        dims = var.root().dims
        return None if dims is None else tuple(self.dim(dim) for dim in dims)

    def rank(self, var: ShapeVar) -> int | None:
        """The number of dimensions, where it is known."""
        dims = var.root().dims
        return None if dims is None else len(dims)

    def show(self, var: ShapeVar) -> str:
        """The shape in words."""
        dims = self.shape(var)
        return "an open shape" if dims is None else self.show_dims(dims)

    def show_dims(self, dims: tuple[Dim, ...]) -> str:
        """A shape, with `?` for what is unknown."""
        shown = [Dim.size("?") if any(n.startswith("?") for n in d.names) else d for d in dims]
        return show_shape(shown)

    def equal_dims(self, left: Dim, right: Dim) -> None:
        """Make two dimensions one; Mismatch where they are different sizes."""
        rest = self.dim(left) - self.dim(right)
        if not rest.terms:
            return
        name = _solvable(rest)
        if name is None:
            if any(item.startswith("?") for item in rest.names):
                return
            raise Mismatch(str(self.dim(left)), str(self.dim(right)))
        factor = next(value for key, value in rest.terms if key == (name,))
        solution = (Dim.size(name) * Dim.number(factor) - rest).divided(factor)
        self.known[name] = solution
        self.changes += 1

    def equal(self, left: ShapeVar, right: ShapeVar) -> None:
        """Make two shapes one."""
        left, right = left.root(), right.root()
        if left is right:
            return
        if left.dims is None:
            left.point_to(right)
            self.changes += 1
            return
        if right.dims is None:
            right.point_to(left)
            self.changes += 1
            return
        if len(left.dims) != len(right.dims):
            raise Mismatch(self.show(left), self.show(right))
        try:
            for first, second in zip(left.dims, right.dims, strict=True):
                self.equal_dims(first, second)
        except Mismatch:
            raise Mismatch(self.show(left), self.show(right)) from None
        left.point_to(right)

    def set(self, var: ShapeVar, dims: tuple[Dim, ...]) -> None:
        """Make a shape equal to given dimensions."""
        self.equal(var, ShapeVar(dims))


def _solvable(rest: Dim) -> str | None:
    """An unknown that stands alone in one term and in no other; the newest one."""
    found = [
        key[0]
        for key, _ in rest.terms
        if len(key) == 1
        and key[0].startswith("?")
        and sum(key[0] in other for other, _ in rest.terms) == 1
    ]
    return max(found, key=lambda name: int(name[1:])) if found else None

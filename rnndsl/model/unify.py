"""Unification of shapes: dimensions are polynomials over sizes and unknowns.

It knows shapes, not expressions. An unknown dimension is a size whose name starts with `?`, or
one of a used file, whose name has a dot.
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
    """A shape to be found; `dims` is None as long as even the rank is open.

    `is_full` tells that it is no scalar, though the rank may be open; `watchers` are whatever
    wants to be woken when either becomes known.
    """

    __slots__ = ("_parent", "dims", "is_full", "watchers")

    def __init__(self, dims: tuple[Dim, ...] | None = None) -> None:
        self._parent: ShapeVar | None = None
        self.dims = dims
        self.is_full = bool(dims)
        self.watchers: list[object] = []

    def root(self) -> ShapeVar:
        """The variable that stands for all that were made equal to it."""
        node = self
        while node._parent is not None:
            if node._parent._parent is not None:
                node._parent = node._parent._parent
            node = node._parent
        return node

    def join(self, other: ShapeVar) -> None:
        """Make two roots one; the one of fewer watchers points to the other."""
        small, large = sorted((self, other), key=lambda var: len(var.watchers))
        small._parent = large
        large.dims = small.dims if large.dims is None else large.dims
        large.is_full = large.is_full or small.is_full
        large.watchers.extend(small.watchers)
        small.watchers = []


class Unifier:
    """Makes shapes equal, and remembers what that says of unknown dimensions."""

    def __init__(self) -> None:
        self.known: dict[str, Dim] = {}
        self.woken: list[object] = []
        self.is_undecided = False
        """Set where two dimensions may or may not be one: ask again when more is known."""
        self._count = 0

    def fresh(self) -> Dim:
        """A new unknown dimension."""
        self._count += 1
        return Dim.size(f"?{self._count}")

    def fresh_shape(self, rank: int) -> tuple[Dim, ...]:
        """New unknown dimensions."""
        return tuple(self.fresh() for _ in range(rank))

    def dim(self, dim: Dim) -> Dim:
        """A dimension with everything known put in."""
        while any(name in self.known for name in dim.names):
            dim = dim.substitute(self.known.get)
        return dim

    def shape(self, var: ShapeVar) -> tuple[Dim, ...] | None:
        """The shape as far as it is known; None where the rank is open."""
        root = var.root()
        if root.dims is not None:
            root.dims = tuple(self.dim(dim) for dim in root.dims)
        return root.dims

    def rank(self, var: ShapeVar) -> int | None:
        """The number of dimensions, where it is known."""
        dims = var.root().dims
        return None if dims is None else len(dims)

    def fill(self, var: ShapeVar) -> None:
        """Remember that a shape is no scalar."""
        root = var.root()
        if not root.is_full and root.dims is None:
            root.is_full = True
            self.woken.extend(root.watchers)

    def show(self, var: ShapeVar) -> str:
        """The shape in words."""
        dims = self.shape(var)
        return "an open shape" if dims is None else self.show_dims(dims)

    def show_dims(self, dims: tuple[Dim, ...]) -> str:
        """A shape, with `?` for what is unknown."""
        return show_shape([Dim.size(self.show_dim(dim)) for dim in dims])

    def show_dim(self, dim: Dim) -> str:
        """A dimension, `?` where it is unknown."""
        dim = self.dim(dim)
        return "?" if any(map(is_unknown, dim.names)) else str(dim)

    def equal_dims(self, left: Dim, right: Dim) -> None:
        """Make two dimensions one; Mismatch where they are different sizes."""
        rest = self.dim(left) - self.dim(right)
        if not rest.terms:
            return
        name = _solvable(rest)
        if name is None:
            if any(map(is_unknown, rest.names)):
                self.is_undecided = True
                return
            raise Mismatch(str(self.dim(left)), str(self.dim(right)))
        factor = next(value for key, value in rest.terms if key == (name,))
        self.known[name] = (Dim.size(name) * Dim.number(factor) - rest).divided(factor)

    def equal(self, left: ShapeVar, right: ShapeVar) -> None:
        """Make two shapes one."""
        left, right = left.root(), right.root()
        if left is right:
            return
        if left.dims is None or right.dims is None:
            for one, other in ((left, right), (right, left)):
                learns_rank = one.dims is None and other.dims is not None
                if learns_rank or (other.is_full and not one.is_full):
                    self.woken.extend(one.watchers)
            left.join(right)
            return
        if len(left.dims) != len(right.dims):
            raise Mismatch(self.show(left), self.show(right))
        try:
            for first, second in zip(left.dims, right.dims, strict=True):
                self.equal_dims(first, second)
        except Mismatch:
            raise Mismatch(self.show(left), self.show(right)) from None
        if not self.is_undecided:
            left.join(right)

    def set(self, var: ShapeVar, dims: tuple[Dim, ...]) -> None:
        """Make a shape equal to given dimensions."""
        self.equal(var, ShapeVar(dims))


def _solvable(rest: Dim) -> str | None:
    """An unknown that stands alone in one term and in no other; the newest one."""
    found = [
        key[0]
        for key, _ in rest.terms
        if len(key) == 1
        and is_unknown(key[0])
        and sum(key[0] in other for other, _ in rest.terms) == 1
    ]
    newest = max((int(name[1:]) for name in found if name.startswith("?")), default=None)
    return f"?{newest}" if newest is not None else next(iter(found), None)


def is_unknown(name: str) -> bool:
    """Whether a size is one that unification finds."""
    return name.startswith("?") or "." in name

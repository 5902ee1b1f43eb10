"""Random reads, and random terms that are whole: tokens, positions, conditions, integers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from tests.random_terms import (
    OUTSIDE,
    REAL,
    TIME,
    WHOLE,
    Axis,
    Here,
    Mark,
    Name,
    Shape,
    Sort,
    Term,
    World,
    position_of,
)

FIXED = ("1", "T", "T-1", "2", "3", "0", "-1", "T+1", "T+2", "T-d", "d", "d+1", "1-d", "T+d", "-7")
SHIFTS = ("-1", "-2", "-3", "-4", "-d", "-d-1", "-2*d", "+1", "+2", "+3", "+d", "-d+1", "+d-2")
BACK = ("-1", "-1", "-1", "-1", "-2", "-3", "-4", "-d", "-d-1", "-2*d")
AHEAD = ("+1", "+1", "+1", "+2", "+3", "+4", "+d", "+d+1")
RECKONED = ("T-t+1", "2*t", "t % 3 + 1", "t-2*T")


class Reader(ABC):
    """Reads what may be read at a place, and makes what is whole of it."""

    def __init__(self, world: World) -> None:
        self.world, self.rng = world, world.rng

    def dim(self) -> str:
        return self.rng.choice(self.world.dims)

    # Reading

    def axis(self) -> Axis:
        """Any of the axes."""
        return self.world.axes[self.rng.choice([*self.world.axes])]

    def running(self, axis: Axis, here: Here) -> str:
        """An index of an axis that runs; none where there is none."""
        own = [index for index in here.running if index in axis.indices]
        return self.rng.choice(own) if own else ""

    def place(self, axis: Axis, here: Here, depth: int) -> str | Term:
        """A place on an axis at which something earlier is read."""
        roll, index = self.rng.random(), self.running(axis, here)
        if index and roll < 0.5:
            return index
        if index and roll < 0.73:
            return f"{index}{self.rng.choice(SHIFTS)}"
        if index and roll < 0.78:
            return Term(axis.put(self.rng.choice(RECKONED), index), WHOLE)
        if roll < 0.85 or depth <= 0:
            return axis.put(self.rng.choice(FIXED))
        return self.through(axis, here, depth - 1)

    def through(self, axis: Axis, here: Here, depth: int) -> Term:
        """A position that is itself a value."""
        roll, index = self.rng.random(), self.running(axis, here)
        if roll < 0.3:
            return self.make(position_of(axis.name), here, depth)
        if roll < 0.5:
            return self.extreme(axis, here, depth)
        if roll < 0.75 and index:
            return Term(axis.put(self.rng.choice(RECKONED), index), WHOLE)
        return self.make(WHOLE, here, depth)

    def read(self, item: Name, here: Here, depth: int) -> Term:
        """Something earlier, anywhere."""
        axes = [self.world.axes[name] for name in item.axes]
        return self.placed(item, [self.place(axis, here, depth) for axis in axes])

    def placed(self, item: Name, places: Sequence[str | Term]) -> Term:
        """A read at given places."""
        if not places:
            return Term(item.name, item.sort)
        texts = ["{}" if isinstance(place, Term) else place for place in places]
        parts = tuple(place for place in places if isinstance(place, Term))
        return Term(f"{item.name}[{','.join(texts)}]", item.sort, parts)

    def beside(self, item: Name, here: Here, place: str, depth: int) -> Term:
        """A member of the loop around, at a place along the loop and anywhere else."""
        places: list[str | Term] = []
        for slot, name in enumerate(item.axes):
            is_loop = slot == item.slot
            places.append(place if is_loop else self.place(self.world.axes[name], here, depth))
        return self.placed(item, places)

    def marked(self, mark: Mark, here: Here) -> Term:
        """A boundary that is written, where it is."""
        places = [
            place or self._mark_index(mark, slot, here) for slot, place in enumerate(mark.places)
        ]
        return self.placed(mark.item, places)

    def _mark_index(self, mark: Mark, slot: int, here: Here) -> str:
        if mark.item in here.group and slot == mark.item.slot:
            return here.loop
        return self.running(self.world.axes[mark.item.axes[slot]], here)

    def _is_marked_here(self, mark: Mark, here: Here) -> bool:
        """Whether a boundary may be read: what runs in it runs here."""
        runs = [slot for slot, place in enumerate(mark.places) if not place]
        return all(self._mark_index(mark, slot, here) for slot in runs)

    def readable(self, sort: Sort, here: Here) -> list[tuple[str, Name | Mark]]:
        """What may be read, and in which way."""
        found: list[tuple[str, Name | Mark]]
        found = [("earlier", item) for item in here.earlier if item.sort == sort]
        found += [("now", item) for item in here.now if item.sort == sort]
        found += [("past", i) for i in here.group if i.sort == sort for _ in range(2)]
        marks = [mark for mark in here.bounds if mark.item.sort == sort]
        found += [("bound", mark) for mark in marks if self._is_marked_here(mark, here)]
        return found

    def reading(self, way: str, item: Name | Mark, here: Here, depth: int) -> Term:
        """What may be read, read."""
        if isinstance(item, Mark):
            return self.marked(item, here)
        if way == "earlier":
            return self.read(item, here, depth)
        place = here.loop
        if way == "past":
            place += self.rng.choice(BACK if here.step > 0 else AHEAD)
            if self.rng.random() < 0.08:
                place = self.world.axis_of(here.loop).put(self.rng.choice(OUTSIDE))
        return self.beside(item, here, place, min(depth, 1))

    def leaf(self, sort: Sort, here: Here, depth: int = 0) -> Term:
        """A parameter, data or a value; a new one where there is none or by chance."""
        known = self.readable(sort, here)
        if known and self.rng.random() < 0.7:
            return self.reading(*self.rng.choice(known), here, depth)
        world, roles = self.world, ["input"]
        if sort.kind == "real":
            roles += ["param", "param"]
        if here.targets and sort.kind in ("real", "token"):
            roles.append("target")
        role = self.rng.choice(roles)
        if sort.kind == "integer":
            return self.whole_leaf(here)
        if sort.kind == "bool":
            return self.compare(sort.shape, here, 0)
        kept = [i for i in world.names.values() if (i.role, i.sort) == (role, sort)]
        if kept and self.rng.random() < 0.4:
            item = self.rng.choice(kept)
        else:
            item = world.fresh(role, sort, world.some_axes(role, chance=0.65))
        return self.read(item, here, depth)

    def whole_leaf(self, here: Here) -> Term:
        roll = self.rng.random()
        dim = self.rng.choice([*self.world.sizes])
        if roll < 0.2 and here.running:
            index = self.rng.choice(here.running)
            return Term(TIME.put(self.rng.choice(("t % 5", "(t + m) % 6", "-t % 3")), index), WHOLE)
        if roll < 0.3 and self.world.axes:
            return Term(self.axis().put(self.rng.choice(("T % 4", "(T - d) % 5"))), WHOLE)
        if roll < 0.6:
            token = self.leaf(Sort("token", (), self.dim_token()), here)
            return Term(self.rng.choice(("({0} + 1)", "{0} % 3", "({0} - 0)")), WHOLE, (token,))
        return Term(dim if roll < 0.75 else str(self.rng.randrange(4)), WHOLE)

    def dim_token(self) -> str:
        return self.rng.choice([*self.world.sizes])

    def number(self) -> Term:
        world, dims = self.world, [*self.world.sizes]
        options = ["0.5", "0.25", "1.5", "-0.7", "2", "1", *world.consts, self.rng.choice(dims)]
        options += [f"1 / {self.rng.choice(dims)}", "-(two ^ 2)"]
        if world.axes:
            options.append(self.axis().put("1 / T"))
        return Term(self.rng.choice(options), REAL)

    @abstractmethod
    def make(self, sort: Sort, here: Here, depth: int) -> Term:
        """A term of a sort."""

    @abstractmethod
    def real(self, shape: Shape, here: Here, depth: int) -> Term:
        """A real term of a shape."""

    @abstractmethod
    def second(self, shape: Shape, here: Here, depth: int) -> Term:
        """The other side of an operator: of the same shape, a scalar, or a number."""

    # What is whole

    def compare(self, shape: Shape, here: Here, depth: int) -> Term:
        a, b = self.real(shape, here, depth), self.second(shape, here, depth)
        sign = self.rng.choice((">", "<", ">=", "<=", "!=", "=="))
        return Term(f"({{0}} {sign} {{1}} + 0.1347)", Sort("bool", shape), (a, b))

    def condition(self, shape: Shape, here: Here, depth: int) -> Term:
        sort, roll = Sort("bool", shape), self.rng.random()
        known = self.readable(sort, here)
        if known and roll < 0.3:
            return self.leaf(sort, here, depth)
        if roll < 0.25 and depth > 0:
            parts = self.condition(shape, here, depth - 1), self.condition(shape, here, depth - 1)
            return Term(self.rng.choice(("({} and {})", "({} or not {})")), sort, parts)
        if roll < 0.5 and not shape:
            a, b = self.whole(here, depth - 1), self.whole(here, depth - 1)
            return Term(f"({{}} {self.rng.choice(('==', '!=', '>=', '<'))} {{}})", sort, (a, b))
        if roll < 0.6 and not shape:
            sort_of = Sort("token", (), self.dim_token())
            return Term("({} == {})", sort, (self.token(sort_of, here, depth - 1),
                                             self.token(sort_of, here, depth - 1)))  # fmt: skip
        return self.compare(shape, here, depth - 1)

    def token(self, sort: Sort, here: Here, depth: int) -> Term:
        roll = self.rng.random()
        if depth <= 0 or roll < 0.4:
            return self.leaf(sort, here, depth)
        if roll < 0.7:
            logits = self.real((sort.size,), here, depth - 1)
            word = "argmax" if self.world.is_calm or roll < 0.58 else "sample"
            return Term(f"{word}({{}})", sort, (logits,))
        if roll < 0.8 and here.taught:
            item = self.taught(sort)
            first = self.read(item, replace(here, targets=False), 0)
            return Term("teach({}, {})", sort, (first, self.token(sort, here, depth - 1)))
        parts = [self.condition((), here, depth - 1), self.token(sort, here, depth - 1)]
        parts.append(self.token(sort, here, depth - 1))
        if self.rng.random() < 0.3:
            parts[-1] = Term("0", WHOLE)
        return Term("where({}, {}, {})", sort, tuple(parts))

    def taught(self, sort: Sort) -> Name:
        """A target of some sort."""
        names = [i for i in self.world.names.values() if i.role == "target" and i.sort == sort]
        if names:
            return names[0]
        return self.world.fresh("target", sort, self.world.some_axes("target", chance=0.8))

    def extreme(self, axis: Axis, here: Here, depth: int) -> Term:
        """A best position along an axis."""
        index = self.rng.choice(axis.indices)
        body = self.real((), here.under(index), depth - 1)
        return Term(f"argmax[{index}]({{}})", position_of(axis.name), (body,))

    def position(self, axis: Axis, here: Here, depth: int) -> Term:
        """A position along an axis."""
        roll, sort = self.rng.random(), position_of(axis.name)
        if depth <= 0 or roll < 0.5:
            return self.leaf(sort, here, depth)
        if roll < 0.8:
            return self.extreme(axis, here, depth)
        c = self.condition((), here, depth - 1)
        parts = (c, self.position(axis, here, depth - 1), self.position(axis, here, depth - 1))
        return Term("where({}, {}, {})", sort, parts)

    def whole(self, here: Here, depth: int) -> Term:
        roll = self.rng.random()
        if depth <= 0 or roll < 0.3:
            known = self.readable(WHOLE, here)
            if known and roll < 0.2:
                return self.leaf(WHOLE, here, depth)
            return self.whole_leaf(here)
        if roll < 0.45 and self.world.axes:
            found = self.position(self.axis(), here, depth - 1)
            return found if len(self.world.axes) == 1 else Term("({} + 0)", WHOLE, (found,))
        if roll < 0.55 and self.world.axes:
            index = self.rng.choice(self.axis().indices)
            return Term(f"sum[{index}]({{}})", WHOLE, (self.whole(here.under(index), depth - 1),))
        if roll < 0.62:
            x = self.condition((self.dim(),), here, depth - 1)
            return Term("sum({})", WHOLE, (x,))
        if roll < 0.7:
            return Term("where({}, {}, {})", WHOLE, (self.condition((), here, depth - 1),
                        self.whole(here, depth - 1), self.whole(here, depth - 1)))  # fmt: skip
        a, b = self.whole(here, depth - 1), self.whole(here, depth - 1)
        template = self.rng.choice(
            ("({} + {})", "({} - {})", "max({}, {})", "min({}, {})", "abs({} - {})",
             "({} * {} % 3)", "({} + {}) % 4", "clamp({}, 0, {})", "-({} - {})", "({} % -3 + {})")
        )  # fmt: skip
        return Term(template, WHOLE, (a, b))

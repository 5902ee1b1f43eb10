"""Random reads, and random terms that are whole: tokens, positions, conditions, integers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace

from tests.random_terms import OUTSIDE, POSITION, REAL, WHOLE, Here, Name, Shape, Sort, Term, World

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

    def place(self, here: Here, depth: int) -> str | Term:
        """A place on the axis at which something earlier is read."""
        roll = self.rng.random()
        if here.running and roll < 0.5:
            return "t"
        if here.running and roll < 0.75:
            return f"t{self.rng.choice(SHIFTS)}"
        if here.running and roll < 0.78:
            return Term(self.rng.choice(RECKONED), WHOLE)
        if roll < 0.85 or depth <= 0:
            return self.rng.choice(FIXED)
        return self.through(here, depth - 1)

    def through(self, here: Here, depth: int) -> Term:
        """A position that is itself a value."""
        roll = self.rng.random()
        if roll < 0.3:
            return self.make(POSITION, here, depth)
        if roll < 0.5 and self.world.has_axis:
            return self.extreme(here, depth)
        if roll < 0.75 and here.running:
            return Term(self.rng.choice(RECKONED), WHOLE)
        return self.make(WHOLE, here, depth)

    def read(self, item: Name, here: Here, depth: int) -> Term:
        if not item.over_t:
            return Term(item.name, item.sort)
        place = self.place(here, depth)
        if isinstance(place, Term):
            return Term(f"{item.name}[{{}}]", item.sort, (place,))
        return Term(f"{item.name}[{place}]", item.sort)

    def readable(self, sort: Sort, here: Here) -> list[Term | Name]:
        found: list[Term | Name] = [item for item in here.earlier if item.sort == sort]
        found += [Term(f"{i.name}[t]", i.sort) for i in here.now if i.sort == sort]
        shifts = BACK if here.step > 0 else AHEAD
        for item in here.group if here.running else ():
            if item.sort == sort:
                for _ in range(2):
                    found.append(Term(f"{item.name}[t{self.rng.choice(shifts)}]", sort))
                if self.rng.random() < 0.08:
                    found.append(Term(f"{item.name}[{self.rng.choice(OUTSIDE)}]", sort))
        found += [item for item in here.bounds if item.sort == sort]
        return found

    def leaf(self, sort: Sort, here: Here, depth: int = 0) -> Term:
        """A parameter, data or a value; a new one where there is none or by chance."""
        known = self.readable(sort, here)
        if known and self.rng.random() < 0.7:
            found = self.rng.choice(known)
            return found if isinstance(found, Term) else self.read(found, here, depth)
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
        over_t = role != "param" and world.has_axis and self.rng.random() < 0.65
        kept = [i for i in world.names.values() if (i.role, i.sort) == (role, sort)]
        if kept and self.rng.random() < 0.4:
            item = self.rng.choice(kept)
        else:
            item = world.fresh(role, sort, over_t)
        return self.read(item, here, depth)

    def whole_leaf(self, here: Here) -> Term:
        roll = self.rng.random()
        dim = self.rng.choice([*self.world.sizes])
        if roll < 0.2 and here.running:
            return Term(self.rng.choice(("t % 5", "(t + m) % 6", "-t % 3")), WHOLE)
        if roll < 0.3 and self.world.has_axis:
            return Term(self.rng.choice(("T % 4", "(T - d) % 5")), WHOLE)
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
        if world.has_axis:
            options.append("1 / T")
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
            over_t = self.world.has_axis and self.rng.random() < 0.8
            names = [i for i in self.world.names.values() if i.role == "target" and i.sort == sort]
            item = names[0] if names else self.world.fresh("target", sort, over_t)
            first = self.read(item, replace(here, targets=False), 0)
            return Term("teach({}, {})", sort, (first, self.token(sort, here, depth - 1)))
        parts = [self.condition((), here, depth - 1), self.token(sort, here, depth - 1)]
        parts.append(self.token(sort, here, depth - 1))
        if self.rng.random() < 0.3:
            parts[-1] = Term("0", WHOLE)
        return Term("where({}, {}, {})", sort, tuple(parts))

    def extreme(self, here: Here, depth: int) -> Term:
        return Term("argmax[t]({})", POSITION, (self.real((), here.under(), depth - 1),))

    def position(self, here: Here, depth: int) -> Term:
        roll = self.rng.random()
        if depth <= 0 or roll < 0.5 or not self.world.has_axis:
            return self.leaf(POSITION, here, depth)
        if roll < 0.8:
            return self.extreme(here, depth)
        c = self.condition((), here, depth - 1)
        parts = (c, self.position(here, depth - 1), self.position(here, depth - 1))
        return Term("where({}, {}, {})", POSITION, parts)

    def whole(self, here: Here, depth: int) -> Term:
        roll = self.rng.random()
        if depth <= 0 or roll < 0.3:
            known = self.readable(WHOLE, here)
            if known and roll < 0.2:
                return self.leaf(WHOLE, here, depth)
            return self.whole_leaf(here)
        if roll < 0.45 and self.world.has_axis:
            return self.position(here, depth - 1)
        if roll < 0.55 and self.world.has_axis:
            return Term("sum[t]({})", WHOLE, (self.whole(here.under(), depth - 1),))
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

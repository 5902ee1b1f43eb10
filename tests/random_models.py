"""Random sound specs of one axis, each from a seed.

A model is made in stages: a loop, equations over positions or of an example, each reading what
the stages before it define; then what is asked of it. `random_terms` holds the pieces,
`random_reading` and `random_expressions` make terms of a wanted kind and shape, `random_spec`
writes them out, `random_check` holds them to the interpreter, `random_counts` tells what was
exercised.

To let a new function take part, add a template to the maker of its shape. For a new kind of
axis, give `Name` the axes that it has and `Here` the indices that run, let `Reader.place` make
places on each, and add a stage here. For each there is a row in `random_counts`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

from tests.random_bare import bare
from tests.random_expressions import Maker
from tests.random_spec import Line, Spec
from tests.random_terms import OUTSIDE, POSITION, REAL, WHOLE, Here, Name, Shape, Sort, Term, World

STARTS = ("", "", "", " = 0.3", " = zeros", " = ones", " = normal(0.3)", " = uniform(-1, 1)",
          " = glorot")  # fmt: skip
HEADS = ('model random "a [title] \\\\ of $x_1$"', 'model random "A title"', "model random", "")
SQUASH = ("tanh({0})", "tanh({0})", "sigmoid({0})", "0.8 * tanh({0})", "clamp({0}, -1, 1)",
          "relu(tanh({0}))", "tanh({0}) + 0.1")  # fmt: skip


def random_spec(seed: int) -> Spec:
    """The spec of a seed."""
    return _Writer(Random(seed), seed).write()


class _Writer:
    """Writes one spec."""

    def __init__(self, rng: Random, seed: int) -> None:
        self.rng = rng
        sizes = dict(zip("nmkp", rng.sample(range(1 + (rng.random() < 0.8), 9), 4), strict=True))
        sizes["d"] = rng.choice([n for n in range(1, 6) if n not in sizes.values()])
        sizes["s"] = rng.choice([n for n in (1, 3, 5, 7, 9) if n not in sizes.values()])
        derived = {}
        if rng.random() < 0.3:
            derived = {"q": rng.choice(("2 * m / 1", "2 * m", "m + k", "n + k + 1"))}
            sizes["q"] = int(eval(derived["q"], {}, dict(sizes)))
        dims = ["n", "m", "m", "k", *(["q"] if derived else ["p"])]
        if rng.random() < 0.5:
            dims.append(rng.choice(("m + n", "m + 1")))
        has_axis = rng.random() < 0.93
        self.world = World(rng, sizes, dims, has_axis)
        self.world.is_calm = rng.random() < 0.5
        self.maker = Maker(self.world)
        self.spec = Spec(seed, sizes, derived, has_axis)
        self.earlier: tuple[Name, ...] = ()
        self.depth = rng.choice((1, 1, 2, 2, 3))
        self.spec.head = rng.choice(HEADS)
        self.spec.defaults = tuple(name for name in sizes if rng.random() < 0.1)

    def write(self) -> Spec:
        rng, spec = self.rng, self.spec
        for _ in range(rng.choice((1, 1, 2, 2, 3, 4))):
            kind = rng.choice(("loop", "loop", "loop", "map", "plain"))
            self._stage(kind if self.world.has_axis else "plain")
        if rng.random() < 0.75:
            self._loss()
        if spec.loss is None or rng.random() < 0.7:
            self._outputs()
        rng.shuffle(spec.lines)
        self._declare()
        self._clip()
        spec.lengths = self._lengths()
        return bare(spec) if rng.random() < 0.15 else spec

    def _lengths(self) -> tuple[int, ...]:
        rng = self.rng
        return rng.choice(
            ((6, 1, 4, 2), (6, 1, 4, 2), (5, 2, 7), (1, 1, 1), (1,), (4, 4, 4), (3, 8), (2, 9, 1))
        )

    def _sort(self) -> Sort:
        roll, dim = self.rng.random(), self.maker.dim
        if roll < 0.55:
            return Sort("real", (dim(),))
        if roll < 0.7:
            return REAL
        if roll < 0.82:
            return Sort("real", (dim(), dim()))
        if roll < 0.9:
            return Sort("token", (), self.rng.choice([*self.world.sizes]))
        if roll < 0.94:
            return WHOLE
        if roll < 0.97 or not self.world.has_axis:
            shape: Shape = (dim(),) if self.rng.random() < 0.5 else ()
            return Sort("bool", shape)
        return POSITION

    # Equations

    def _stage(self, kind: str) -> None:
        world, rng = self.world, self.rng
        over_t = kind != "plain"
        count = rng.choice((1, 1, 2, 3)) if kind == "loop" else 1
        members = [world.fresh("value", self._sort(), over_t) for _ in range(count)]
        step = rng.choice((1, 1, -1))
        now: tuple[Name, ...] = ()
        for member in members:
            group = tuple(members) if kind == "loop" else ()
            here = Here(over_t, self.earlier, now, group, step)
            term = self._right_side(member, here, members)
            left = f"{member.name}[t]" if over_t else member.name
            self.spec.lines.append(Line(left, member.name, term, self._type(member.sort)))
            now = (*now, member) if kind == "loop" else now
        if over_t:
            self._bounds(members)
        self.earlier += tuple(members)

    def _type(self, sort: Sort) -> str:
        if sort.kind in ("integer", "bool"):
            return ""
        return sort.text() if sort.shape or sort.kind != "real" else "()"

    def _right_side(self, member: Name, here: Here, members: list[Name]) -> Term:
        sort, make, rng = member.sort, self.maker.make, self.rng
        term = make(sort, here, self.depth + 1)
        if sort == WHOLE:
            token = self.maker.leaf(Sort("token", (), self.maker.dim_token()), here)
            term = Term("{0} + {1} % 2", sort, (term, token))
        if not here.group:
            return term
        if sort.kind != "real":
            return self._held(member, here, term)
        source = rng.choice(members)
        past = self._past(source, here)
        if source.sort == sort:
            template = rng.choice(("{0} + {1}", "{0} * {1}", "0.5 * {0} + {1}", "{1} - {0}"))
        elif len(sort.shape) == 1 and len(source.sort.shape) == 1 and source.sort.kind == "real":
            matrix = make(Sort("real", (sort.shape[0], source.sort.shape[0])), here, 0)
            past = Term("{0} @ {1}", sort, (matrix, past))
            template = "{0} + {1}"
        elif source.sort.shape or source.sort.kind == "position":
            template = "{1}" if source.sort.kind == "bool" else "{0} + {1}"
            past = Term("sum({0})" if source.sort.shape else "0.1 * {0}", REAL, (past,))
        else:
            template = "0.2 * {0} + {1}"
        inner = Term(template, sort, (past, term))
        return Term(rng.choice(SQUASH), sort, (inner,))

    def _past(self, source: Name, here: Here) -> Term:
        shifts = ("-1", "-1", "-2", "-d") if here.step > 0 else ("+1", "+1", "+2", "+d")
        return Term(f"{source.name}[t{self.rng.choice(shifts)}]", source.sort)

    def _held(self, member: Name, here: Here, term: Term) -> Term:
        """What is whole keeps its value now and then."""
        if self.rng.random() < 0.4 and member.sort.kind != "bool":
            return term
        past = self._past(member, here)
        if member.sort.kind == "bool":
            fresh = self.maker.compare(member.sort.shape, replace(here, group=()), 0)
            return Term("({0} and {1}) or {2}", member.sort, (term, past, fresh))
        if member.sort.kind == "integer":
            return Term("({0} + {1}) % 5", member.sort, (term, past))
        condition = self.maker.condition((), here, 1)
        return Term("where({0}, {1}, {2})", member.sort, (condition, term, past))

    def _bounds(self, members: list[Name]) -> None:
        """Boundaries at both ends, some from other boundaries."""
        rng, known = self.rng, list[Term]()
        for member in members:
            taken: set[tuple[bool, int]] = set()
            for place in rng.sample(OUTSIDE, len(OUTSIDE)):
                key = place.startswith("T"), self._offset(place)
                if rng.random() > 0.22 or key in taken or (not key[0] and key[1] > 0):
                    continue
                taken.add(key)
                left = f"{member.name}[{place}]"
                term = self._bound(member.sort, tuple(known))
                self.spec.lines.append(Line(left, member.name, term, is_bound=True))
                known.append(Term(left, member.sort))

    def _offset(self, place: str) -> int:
        text = place.removeprefix("T") or "0"
        return int(eval(text, {}, dict(self.world.sizes)))

    def _bound(self, sort: Sort, known: tuple[Term, ...]) -> Term:
        rng = self.rng
        if rng.random() < 0.2:
            whole = sort.kind in ("token", "position", "integer", "bool")
            text = "1" if whole else rng.choice(("0.5", "-0.3", "alpha", "1", "two / 3"))
            return Term(text, sort)
        here = Here(False, self.earlier, bounds=known)
        return self.maker.make(sort, here, rng.choice((0, 1, 2)))

    # What is asked of the model

    def _loss(self) -> None:
        world, rng, make = self.world, self.rng, self.maker.make
        over_t = world.has_axis and rng.random() < 0.3
        here = Here(over_t, self.earlier, targets=True)
        parts: list[Term] = []
        if rng.random() < 0.4:
            score = world.fresh("value", REAL if rng.random() < 0.6 else self._sort(), over_t)
            left = f"{score.name}[t]" if over_t else score.name
            term = make(score.sort, here, self.depth)
            self.spec.lines.append(Line(left, score.name, term, self._type(score.sort)))
            read = Term(f"{score.name}[t]" if over_t else score.name, score.sort)
            read = Term("sum({0})", REAL, (read,)) if score.sort.shape else read
            parts.append(Term("sum[t]({0})", REAL, (read,)) if over_t else read)
        here = Here(False, self.earlier, targets=True)
        for _ in range(rng.choice((0, 1, 2)) if parts else rng.choice((1, 2))):
            body = make(REAL, here.under() if world.has_axis else here, self.depth)
            word = rng.choice(("sum[t]({0})", "mean[t]({0})", "0.5 * sum[t]({0})"))
            parts.append(Term(word, REAL, (body,)) if world.has_axis else body)
        loss = parts[0]
        for part in parts[1:]:
            loss = Term(rng.choice(("{0} + {1}", "{0} - {1}")), REAL, (loss, part))
        for value in self.earlier:
            if rng.random() < 0.5:
                loss = Term("{0} + {1}", REAL, (loss, self._of(value, here)))
        self.spec.loss = loss

    def _of(self, value: Name, here: Here) -> Term:
        """A value as one number."""
        if value.over_t and self.rng.random() < 0.5:
            term = Term(f"{value.name}[t]", value.sort)
            whole = Term("sum({0})", REAL, (term,)) if value.sort.shape else term
            return Term("sum[t](0.1 * {0})", REAL, (whole,))
        term = self.maker.read(value, here, 1)
        return Term("sum({0})", REAL, (term,)) if value.sort.shape else term

    def _outputs(self) -> None:
        rng, found = self.rng, dict[str, None]()
        names = [*self.earlier]
        names += [i for i in self.world.names.values() if i.role == "input" and rng.random() < 0.1]
        for item in names:
            for _ in range(rng.choice((1, 1, 2, 3))):
                places = ("t", "t", "t", "T", "1", "2", "T-1", "0", "T+1", "t-1", "t+2", "T-d",
                          "-1", "t-d", "T+d", "3")  # fmt: skip
                found.setdefault(f"{item.name}[{rng.choice(places)}]" if item.over_t else item.name)
            lookups = [i for i in self.world.names.values() if i.sort == POSITION]
            if item.over_t and lookups and rng.random() < 0.3:
                other = rng.choice(lookups)
                found.setdefault(f"{item.name}[{other.name}{'[t]' if other.over_t else ''}]")
        self.spec.outputs = self._distinct(list(found))

    def _distinct(self, labels: list[str]) -> list[str]:
        """A label each: all that is looked up has one."""
        found: dict[str, str] = {}
        for text in labels:
            name, _, place = text.partition("[")
            key = f"{name}[…]" if re.match(r"[hx]\d", place) else text
            found.setdefault(key, text)
        return list(found.values())

    def _declare(self) -> None:
        for item in self.world.names.values():
            if item.role == "value":
                continue
            indices = "[t]" if item.over_t else ""
            shape = item.sort.text() if item.sort.shape or item.sort.kind != "real" else "()"
            start = self.rng.choice(STARTS) if item.role == "param" else ""
            if item.role == "param" and len(item.sort.shape) == 2 and self.rng.random() < 0.2:
                start = self.rng.choice((" = orthogonal", " = identity"))
            self.spec.declared[item.name] = (item.role, f"{item.name}{indices}: {shape}{start}")

    def _clip(self) -> None:
        rng, text = self.rng, self.spec.text()
        params = [n for n, (r, _) in self.spec.declared.items() if r == "param" and n in text]
        for _ in range(rng.choice((0, 0, 1, 2))):
            options = ["clip norm 5", "clip value 0.7", "clip norm alpha"]
            if params:
                group = rng.sample(params, min(2, len(params)))
                options.append(f"clip norm 0.1 {', '.join(group)}")
                options.append(f"clip value 0.1 {', '.join(group)}")
            reads = self._shifts()
            if reads:
                read = rng.choice(reads)
                options += [f"clip norm 0.01 d {read}", f"clip value 0.01 d {read}"]
            self.spec.clips.append(rng.choice(options))

    def _shifts(self) -> list[str]:
        """The recurrent references of the equations."""
        bodies = " ".join(str(line.term) for line in self.spec.lines if not line.is_bound)
        reals = {item.name for item in self.earlier if item.sort.kind == "real"}
        found = re.findall(r"(h\d+\[t[-+]\w+\])", bodies)
        return [read for read in found if read.partition("[")[0] in reals]

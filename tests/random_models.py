"""Random sound specs of one axis or of several, each from a seed.

A model is made in stages: a loop, equations over positions or of an example, each reading what
the stages before it define; then what is asked of it. `random_terms` holds the pieces,
`random_reading` and `random_expressions` make terms of a wanted kind and shape, `random_spec`
writes them out, `random_check` holds them to the interpreter, `random_counts` tells what was
exercised.

To let a new function take part, add a template to the maker of its shape, and a row in
`random_counts`. Templates speak of `t = 1..T`; `Axis.put` says it in the words of another axis.
For a new kind of axis, add it to `PLANES`, and let `Reader.place` make places on it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

from tests.random_bare import bare
from tests.random_expressions import Maker
from tests.random_spec import Line, Spec
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

STARTS = ("", "", "", " = 0.3", " = zeros", " = ones", " = normal(0.3)", " = uniform(-1, 1)",
          " = glorot")  # fmt: skip
HEADS = ('model random "a [title] \\\\ of $x_1$"', 'model random "A title"', "model random", "")
SQUASH = ("tanh({0})", "tanh({0})", "sigmoid({0})", "0.8 * tanh({0})", "clamp({0}, -1, 1)",
          "relu(tanh({0}))", "tanh({0}) + 0.1")  # fmt: skip
PAIR, SECOND = Axis(("t", "z"), "T"), Axis(("i",), "S")
LAYERS, BOTH = Axis(("l",), "L", is_fixed=True), Axis(("l", "r"), "L", is_fixed=True)
PLANES = (
    (TIME, SECOND), (TIME, SECOND), (SECOND, TIME), (PAIR,), (PAIR, SECOND), (TIME, LAYERS),
    (LAYERS, TIME), (PAIR, LAYERS), (BOTH, TIME), (TIME, SECOND, LAYERS), (LAYERS,), (BOTH,),
)  # fmt: skip
"""The axes that a model of several may have."""


def random_spec(seed: int, several: bool = False) -> Spec:
    """The spec of a seed: over one axis or none, or over several (or one that is not plain)."""
    rng = Random(seed)
    axes: tuple[Axis, ...] = (TIME,) if rng.random() < 0.93 else ()
    return _Writer(rng, seed, rng.choice(PLANES) if several else axes).write()


class _Writer:
    """Writes one spec."""

    def __init__(self, rng: Random, seed: int, axes: tuple[Axis, ...]) -> None:
        self.rng = rng
        sizes = dict(zip("nmkp", rng.sample(range(1 + (rng.random() < 0.8), 9), 4), strict=True))
        sizes["d"] = rng.choice([n for n in range(1, 6) if n not in sizes.values()])
        sizes["s"] = rng.choice([n for n in (1, 3, 5, 7, 9) if n not in sizes.values()])
        if any(axis.is_fixed for axis in axes):
            sizes["L"] = rng.choice((1, 2, 2, 3, 3, 4))
        derived = {}
        if rng.random() < 0.3:
            derived = {"q": rng.choice(("2 * m / 1", "2 * m", "m + k", "n + k + 1"))}
            sizes["q"] = int(eval(derived["q"], {}, dict(sizes)))
        dims = ["n", "m", "m", "k", *(["q"] if derived else ["p"])]
        if rng.random() < 0.5:
            dims.append(rng.choice(("m + n", "m + 1")))
        self.world = World(rng, sizes, dims, {axis.name: axis for axis in axes})
        self.world.is_calm = rng.random() < 0.5
        self.maker = Maker(self.world)
        self.spec = Spec(seed, sizes, derived, [str(axis) for axis in axes])
        self.earlier: tuple[Name, ...] = ()
        self.depth = rng.choice((1, 1, 1, 2, 2, 3))
        self.spec.head = rng.choice(HEADS)
        self.spec.defaults = tuple(name for name in sizes if rng.random() < 0.1)
        if "L" in sizes:  # along a fixed axis `-d` and `-3` are one place for some sizes
            self.spec.defaults += ("d",)

    def write(self) -> Spec:
        rng, spec = self.rng, self.spec
        for _ in range(rng.choice((1, 1, 1, 2, 2, 3))):
            kind = rng.choice(("loop", "loop", "loop", "map", "plain"))
            self._stage(kind if self.world.axes else "plain")
        if rng.random() < 0.75:
            self._loss()
        if spec.loss is None or rng.random() < 0.7:
            self._outputs()
        rng.shuffle(spec.lines)
        self._declare()
        self._clip()
        spec.lengths = self._lengths()
        self._sharpen(spec)
        return bare(spec) if rng.random() < 0.15 else spec

    def _sharpen(self, spec: Spec) -> None:
        """Weights that are sharpened, now and then."""
        if spec.seed % 50 == 7:
            spec.declared["Z"] = ("param", "Z: m")
            term = Term("softmax(Z) ^ 3 / sum(softmax(Z) ^ 3)", Sort("real", ("m",)))
            spec.lines.append(Line("sharp", "sharp", term, "m"))
            spec.outputs.append("sharp")

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
        if roll < 0.97 or not self.world.axes:
            shape: Shape = (dim(),) if self.rng.random() < 0.5 else ()
            return Sort("bool", shape)
        return position_of(self.maker.axis().name)

    # Equations

    def _stage(self, kind: str) -> None:
        rng = self.rng
        axis = self.maker.axis().name if kind == "loop" else ""
        count = rng.choice((1, 1, 2, 3)) if kind == "loop" else 1
        members = [self._value(axis, 0.0 if kind == "plain" else 1.0) for _ in range(count)]
        step = rng.choice((1, 1, -1))
        now: tuple[Name, ...] = ()
        for member in members:
            here = Here(member.indices, self.earlier)
            if kind == "loop":
                here = replace(here, now=now, group=tuple(members), step=step,
                               loop=member.indices[member.slot])  # fmt: skip
            self._equation(member, self._right_side(member, here, members))
            now = (*now, member) if kind == "loop" else now
        self._bounds([member for member in members if member.axes], kind == "loop", step)
        self.earlier += tuple(members)

    def _value(self, axis: str, chance: float) -> Name:
        """A new value, over an axis if one is named."""
        world, rng = self.world, self.rng
        item = world.fresh("value", self._sort(), world.some_axes("value", axis, chance))
        if axis:
            item.slot = rng.choice([k for k, name in enumerate(item.axes) if name == axis])
        return item

    def _equation(self, item: Name, term: Term) -> None:
        left = f"{item.name}[{','.join(item.indices)}]" if item.axes else item.name
        self.spec.lines.append(Line(left, item.name, term, self._type(item.sort)))

    def _type(self, sort: Sort) -> str:
        if sort.kind == "bool":
            return ""
        return sort.text() if sort.shape or sort.kind in ("token", "position") else "()"

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
        return self.maker.beside(source, here, f"{here.loop}{self.rng.choice(shifts)}", 1)

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

    def _bounds(self, members: list[Name], is_loop: bool, step: int) -> None:
        """Boundaries at both ends, some from other boundaries."""
        rng, known = self.rng, list[Mark]()
        for member in members:
            taken: set[tuple[object, ...]] = set()
            for place in rng.sample(OUTSIDE, len(OUTSIDE)):
                if rng.random() > 0.22 * (1 + 0.5 * (len(member.axes) > 1)):
                    continue
                mark = self._mark(member, place)
                key = tuple(self._place(place) for place in mark.places)
                if key not in taken and all(not at or at[0] or at[1] <= 0 for at in key):
                    taken.add(key)
                    self._bound(mark, Here((), self.earlier, bounds=tuple(known)),
                                tuple(members) if is_loop else (), step)  # fmt: skip
                    known.append(mark)

    def _mark(self, member: Name, place: str) -> Mark:
        """A boundary at some place along one of the axes, rarely of two."""
        rng, count = self.rng, len(member.axes)
        beyond = rng.sample(range(count), min(count, 1 + (rng.random() < 0.25)))
        axes = [self.world.axes[name] for name in member.axes]
        return Mark(member, tuple(
            axes[k].put(place if k == beyond[0] else rng.choice(OUTSIDE)) if k in beyond else ""
            for k in range(count)
        ))  # fmt: skip

    def _place(self, text: str) -> tuple[bool, int] | None:
        """Whether a place is counted from the end, and the number; None where an index runs."""
        if not text:
            return None
        plain = re.sub(r"^[TSL]", "0", text)
        return plain != text, int(eval(plain, {}, dict(self.world.sizes)))

    def _bound(self, mark: Mark, here: Here, group: tuple[Name, ...], step: int) -> None:
        """One boundary; where it runs with the loop, it may read what is behind."""
        item = mark.item
        fresh = dict(enumerate(self.world.indices_of(item.axes)))
        places = [place or fresh[slot] for slot, place in enumerate(mark.places)]
        running = tuple(fresh[slot] for slot, place in enumerate(mark.places) if not place)
        marks = [one for one in here.bounds if not group or self._is_still(one)]
        here = replace(here, running=running, bounds=tuple(marks))
        if group and not mark.places[item.slot]:
            here = replace(here, group=group, loop=fresh[item.slot], step=step)
        term = self._beginning(item.sort, here)
        self.spec.lines.append(
            Line(f"{item.name}[{','.join(places)}]", item.name, term, is_bound=True)
        )

    def _is_still(self, mark: Mark) -> bool:
        """Whether a boundary does not run with the loop."""
        return bool(mark.places[mark.item.slot])

    def _beginning(self, sort: Sort, here: Here) -> Term:
        rng = self.rng
        if rng.random() < 0.2:
            whole = sort.kind in ("token", "position", "integer", "bool")
            text = "1" if whole else rng.choice(("0.5", "-0.3", "alpha", "1", "two / 3"))
            return Term(text, sort)
        return self.maker.make(sort, here, rng.choice((0, 1, 2)))

    # What is asked of the model

    def _loss(self) -> None:
        world, rng, make = self.world, self.rng, self.maker.make
        parts: list[Term] = []
        if rng.random() < 0.4:
            axes = world.some_axes("value", chance=0.3)
            score = world.fresh("value", REAL if rng.random() < 0.6 else self._sort(), axes)
            here = Here(score.indices, self.earlier, targets=True)
            self._equation(score, make(score.sort, here, self.depth))
            parts.append(self._summed(score, "sum[t]({0})"))
        here = Here((), self.earlier, targets=True)
        for _ in range(rng.choice((0, 1, 2)) if parts else rng.choice((1, 2))):
            if not world.axes:
                parts.append(make(REAL, here, self.depth))
                continue
            index = rng.choice(self.maker.axis().indices)
            body = make(REAL, here.under(index), self.depth)
            word = rng.choice(("sum[t]({0})", "mean[t]({0})", "0.5 * sum[t]({0})"))
            parts.append(Term(TIME.put(word, index), REAL, (body,)))
        loss = parts[0]
        for part in parts[1:]:
            loss = Term(rng.choice(("{0} + {1}", "{0} - {1}")), REAL, (loss, part))
        for value in self.earlier:
            if rng.random() < 0.5:
                loss = Term("{0} + {1}", REAL, (loss, self._of(value, here)))
        self.spec.loss = loss

    def _summed(self, item: Name, word: str) -> Term:
        """A value as one number, over all its axes."""
        term = self.maker.placed(item, item.indices)
        term = Term("sum({0})", REAL, (term,)) if item.sort.shape else term
        for index in item.indices:
            term = Term(TIME.put(word, index), REAL, (term,))
        return term

    def _of(self, value: Name, here: Here) -> Term:
        """A value as one number."""
        if value.axes and self.rng.random() < 0.5:
            return self._summed(value, "sum[t](0.1 * {0})")
        term = self.maker.read(value, here, 1)
        return Term("sum({0})", REAL, (term,)) if value.sort.shape else term

    def _outputs(self) -> None:
        rng, found = self.rng, list[str]()
        names = [*self.earlier]
        names += [i for i in self.world.names.values() if i.role == "input" and rng.random() < 0.1]
        for item in names:
            for _ in range(rng.choice((1, 1, 2, 3))):
                indices = self.world.indices_of(item.axes)
                pairs = zip(item.axes, indices, strict=True)
                places = [self._output_place(self.world.axes[n], i) for n, i in pairs]
                found.append(str(self.maker.placed(item, places)))
        self.spec.outputs = self._distinct(found)

    def _output_place(self, axis: Axis, index: str) -> str:
        rng, sort = self.rng, position_of(axis.name)
        places = ("t", "t", "t", "T", "1", "2", "T-1", "0", "T+1", "t-1", "t+2", "T-d",
                  "-1", "t-d", "T+d", "3")  # fmt: skip
        lookups = [i for i in self.world.names.values() if i.sort == sort and i.role != "target"]
        if lookups and rng.random() < 0.15:
            other = rng.choice(lookups)
            return str(self.maker.placed(other, self.world.indices_of(other.axes)))
        return axis.put(rng.choice(places), index)

    def _distinct(self, labels: list[str]) -> list[str]:
        """A label each: what runs over all has one, under whatever indices."""
        found: dict[str, str] = {}
        for text in labels:
            name, _, places = text.partition("[")
            is_all = all(place in self._indices for place in places[:-1].split(","))
            found.setdefault(f"{name}[…]" if is_all else text, text)
        return list(found.values())

    @property
    def _indices(self) -> list[str]:
        return [index for axis in self.world.axes.values() for index in axis.indices]

    def _declare(self) -> None:
        for item in self.world.names.values():
            if item.role == "value":
                continue
            indices = f"[{','.join(item.indices)}]" if item.axes else ""
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
        found = re.findall(r"(h\d+)\[([^][()]+)\]", bodies)
        place = re.compile(rf"({'|'.join(self._indices)})([-+]\w+)?")
        return [
            f"{name}[{places}]"
            for name, places in found
            if name in reals and self._is_shift([place.fullmatch(p) for p in places.split(",")])
        ]

    def _is_shift(self, places: list[re.Match[str] | None]) -> bool:
        """Whether different indices run, one of them beside itself."""
        running = [place[1] for place in places if place]
        return len({*running}) == len(places) and any(place and place[2] for place in places)

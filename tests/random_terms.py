"""Random expressions of a wanted kind and shape, over what may be read where they stand.

Shapes are texts of dimensions, so that two shapes are equal where their texts are. Everything
stays tame: what could overflow or leave its domain is squashed first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

Shape = tuple[str, ...]


@dataclass(frozen=True)
class Sort:
    """A kind, a shape and, of a token, how many there are."""

    kind: str
    shape: Shape = ()
    size: str = ""

    def text(self) -> str:
        """As it is declared."""
        if self.kind == "token":
            return f"token({self.size})"
        if self.kind == "position":
            return "position(t)"
        return self.shape[0] if len(self.shape) == 1 else f"({', '.join(self.shape)})"


@dataclass(frozen=True)
class Term:
    """A template with `{}` for each part, and what it gives."""

    template: str
    sort: Sort
    parts: tuple[Term, ...] = ()

    def __str__(self) -> str:
        return self.template.format(*(part.inside() for part in self.parts))

    def inside(self) -> str:
        """As a part of another: in brackets, where an operator stands outside of them."""
        text, depth = str(self), 0
        for letter in text:
            depth += (letter in "([") - (letter in ")]")
            if depth == 0 and letter in " +-*/%^@":
                return f"({text})"
        return text


@dataclass
class Name:
    """Something that can be read."""

    name: str
    sort: Sort
    over_t: bool = False
    role: str = "value"
    declared: bool = True


@dataclass
class World:
    """Everything named so far, and how likely the constructs are."""

    rng: Random
    sizes: dict[str, int]
    dims: list[str]
    has_axis: bool
    names: dict[str, Name] = field(default_factory=dict)
    consts: tuple[str, ...] = ("alpha", "beta", "two")
    is_calm: bool = False
    """Without draws."""

    def fresh(self, role: str, sort: Sort, over_t: bool = False) -> Name:
        """A new name."""
        letter = {"param": "W", "input": "x", "target": "y", "value": "h"}[role]
        number = sum(item.role == role for item in self.names.values())
        item = Name(f"{letter}{number}", sort, over_t, role)
        self.names[item.name] = item
        return item


@dataclass(frozen=True)
class Here:
    """What may be read at a place: `earlier` anywhere, `now` at t, `group` against `step`."""

    running: bool
    earlier: tuple[Name, ...] = ()
    now: tuple[Name, ...] = ()
    group: tuple[Name, ...] = ()
    step: int = 1
    bounds: tuple[Term, ...] = ()
    targets: bool = False
    taught: bool = True

    def under(self) -> Here:
        """Inside a reduction over the axis."""
        return replace(self, running=True, now=(), group=(), bounds=())


REAL, BOOL, WHOLE, POSITION = Sort("real"), Sort("bool"), Sort("integer"), Sort("position")
FIXED = ("1", "T", "T-1", "2", "3", "0", "-1", "T+1", "T+2", "T-d", "d", "d+1", "1-d", "T+d", "-7")
OUTSIDE = ("0", "-1", "-2", "-3", "1-d", "-d", "T+1", "T+2", "T+3", "T+d")
SHIFTS = ("-1", "-2", "-3", "-4", "-d", "-d-1", "-2*d", "+1", "+2", "+3", "+d", "-d+1", "+d-2")
BACK = ("-1", "-1", "-1", "-1", "-2", "-3", "-4", "-d", "-d-1")
AHEAD = ("+1", "+1", "+1", "+2", "+3", "+4", "+d", "+d+1")


class Maker:
    """Makes terms."""

    def __init__(self, world: World) -> None:
        self.world, self.rng = world, world.rng

    def one(self, *options: Callable[[], Term]) -> Term:
        return self.rng.choice(options)()

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
        if roll < 0.88 or depth <= 0:
            return self.rng.choice(FIXED)
        return self.through(here, depth - 1)

    def through(self, here: Here, depth: int) -> Term:
        """A position that is itself a value."""
        roll = self.rng.random()
        if roll < 0.45:
            return self.make(POSITION, here, depth)
        if roll < 0.6 and here.running:
            return Term(self.rng.choice(("T-t+1", "2*t", "t % 3 + 1", "t-2*T")), WHOLE)
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
        if sort.kind in ("bool", "integer"):
            return self.whole_leaf(here) if sort.kind == "integer" else self.compare(sort.shape, here, 0)
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

    # Making

    def make(self, sort: Sort, here: Here, depth: int) -> Term:
        """A term of a sort."""
        if sort.kind == "token":
            return self.token(sort, here, depth)
        if sort.kind == "position":
            return self.position(here, depth)
        if sort.kind == "integer":
            return self.whole(here, depth)
        if sort.kind == "bool":
            return self.condition(sort.shape, here, depth)
        if depth <= 0:
            return self.leaf(sort, here)
        if self.rng.random() < 0.22:
            return self.leaf(sort, here, depth)
        options: list[Callable[[Shape, Here, int], Term]]
        options = [self.unary, self.unary, self.binary, self.binary, self.binary, self.choice]
        options += [self.rest, self.formula]
        options += {0: [self.scalar] * 6, 1: [self.vector] * 5, 2: [self.matrix] * 4}.get(
            len(sort.shape), []
        )
        if self.world.has_axis:
            options += [self.over]
        return self.rng.choice(options)(sort.shape, here, depth - 1)

    def real(self, shape: Shape, here: Here, depth: int) -> Term:
        return self.make(Sort("real", shape), here, depth)

    def term(self, template: str, shape: Shape, *parts: Term) -> Term:
        return Term(template, Sort("real", shape), parts)

    def vec(self, here: Here, depth: int) -> Term:
        return self.real((self.dim(),), here, depth)

    def unary(self, shape: Shape, here: Here, depth: int) -> Term:
        x = self.real(shape, here, depth)
        template = self.rng.choice(
            ("tanh({})", "sigmoid({})", "relu({})", "softplus({})", "abs({})", "-{}",
             "exp(tanh({}))", "exp(-abs({}))", "log(0.5 + sigmoid({}))", "log(sigmoid({}))",
             "log(1 - sigmoid({}))", "log(exp(tanh({})))", "log(1 + exp(clamp({}, -3, 3)))",
             "log(1 + {} ^ 2)", "sqrt(0.2 + sigmoid({}))", "sqrt(1 + {} ^ 2)", "({}) ^ 2",
             "({}) ^ 3", "(1.1 + tanh({})) ^ -1.5", "(-{})", "two ^ tanh({})", "(({}) % 0.7)",
             "dropout({}, 0.3)", "clamp({}, -0.4, beta)", "min({}, 0.3)", "max(0.1, {}, -0.2)",
             "(not {})", "relu({} - 0.2)")
        )  # fmt: skip
        if self.world.is_calm:
            template = template.replace("dropout({}, 0.3)", "tanh({})")
        return self.term(template.replace("{}", "{0}"), shape, x)

    def second(self, shape: Shape, here: Here, depth: int) -> Term:
        """The other side: of the same shape, a scalar, or a number."""
        roll = self.rng.random()
        if roll < 0.15:
            return self.number()
        if roll < 0.3:
            if self.rng.random() < 0.4:
                return self.make(self.rng.choice((BOOL, WHOLE)), here, depth - 1)
            return self.real((), here, depth - 1)
        return self.real(shape, here, depth - 1)

    def binary(self, shape: Shape, here: Here, depth: int) -> Term:
        a, b = self.real(shape, here, depth), self.second(shape, here, depth)
        if self.rng.random() < 0.5:
            a, b = b, a
        template = self.rng.choice(
            ("({0} + {1})", "({0} - {1})", "({0} * {1})", "({0} * {1})", "({0} + {1})",
             "({0} / (1.2 + sigmoid({1})))", "({0}) % (0.5 + sigmoid({1}))", "max({0}, {1})",
             "min({0}, {1})", "logaddexp({0}, {1})", "log(exp(tanh({0})) + exp(tanh({1})))",
             "(1.1 + tanh({0})) ^ tanh({1})", "clamp({0}, -0.5, {1})", "min({1}, {0}, 0.5)",
             "({1} - {0} / two)", "dropout({0}, 0.5 * sigmoid({1}))", "({0} > {1}) * {0}",
             "({0}) * -({1})", "{0} - ({1} - {0})", "{0} / -(2 + {1} ^ 2)")
        )  # fmt: skip
        if "dropout" in template and (self.world.is_calm or a.sort.shape != shape):
            template = "({0} - {1})"
        return self.term(template, shape, a, b)

    def formula(self, shape: Shape, here: Here, depth: int) -> Term:
        roll = self.rng.random()
        if roll < 0.4:
            x = self.real(shape, here, depth)
            return self.term(self.rng.choice(("act({0})", "sq({0})")), shape, x)
        parts = [self.real(shape, here, depth - (i > 0)) for i in range(3)]
        return self.term("mix({0}, {1}, {2})", shape, *parts)

    def rest(self, shape: Shape, here: Here, depth: int) -> Term:
        """`teach`, or a dropout."""
        x = self.real(shape, here, depth)
        if here.taught and not self.world.is_calm and self.rng.random() < 0.7:
            over_t = self.world.has_axis and self.rng.random() < 0.8
            sort = Sort("real", shape)
            names = [i for i in self.world.names.values() if i.role == "target" and i.sort == sort]
            item = names[0] if names else self.world.fresh("target", sort, over_t)
            calm = replace(here, targets=False)
            return self.term("teach({0}, {1})", shape, self.read(item, calm, 0), x)
        return self.term("tanh({0})", shape, x)

    def choice(self, shape: Shape, here: Here, depth: int) -> Term:
        a, b = self.real(shape, here, depth), self.second(shape, here, depth)
        q = self.calm(shape, here, depth - 1)
        roll = self.rng.random()
        if roll < 0.45:
            c = self.condition(self.rng.choice(((), shape)), here, depth - 1)
            return self.term("where({0}, {1}, {2})", shape, c, a, b)
        template = self.rng.choice(
            ("where({0} > 0.2, log(max({0}, 0)), {1})", "where({0} <= 0, {1}, sqrt({0}))",
             "where({0} > 0.3 and not {1} < -1, {1} / max({0}, 0), {2})",
             "where({0} < 0.1, {1}, max({0}, 0) ^ 1.5)", "where({0} == 0, {1}, {2})",
             "where(abs({0}) > 0.2, 1 / {0}, {1})", "where({0}, {1}, {2})",
             "where(relu({0}) > 0.1, log(relu({0})) * {1}, {2})",
             "where({0} > 0.4, sqrt(relu({0}) / {0}) + {1}, {2})")
        )  # fmt: skip
        return self.term(template, shape, q, a, b)

    def calm(self, shape: Shape, here: Here, depth: int) -> Term:
        """What has one value wherever it is written: no draws."""
        before, self.world.is_calm = self.world.is_calm, True
        term = self.real(shape, replace(here, taught=False), depth)
        self.world.is_calm = before
        return term

    def over(self, shape: Shape, here: Here, depth: int) -> Term:
        """Over the axis."""
        body = self.real(shape, here.under(), depth)
        options = ["sum[t]({0})", "mean[t]({0})", "max[t]({0})", "min[t]({0})", "sum[t]({0}) / T",
                   "logsumexp[t]({0})", "prod[t](0.9 + 0.2 * tanh({0}))",
                   "log(sum[t](exp(tanh({0}))))"]  # fmt: skip
        if here.running:
            options += ["softmax[t]({0})", "(softmax[t]({0}) * {0})"]
            if here.now or here.group:
                options = options[:-1]
        return self.term(self.rng.choice(options), shape, body)

    def scalar(self, shape: Shape, here: Here, depth: int) -> Term:
        roll = self.rng.random()
        if roll < 0.4:
            x = self.real(self.rng.choice(((self.dim(),), (self.dim(), self.dim()))), here, depth)
            template = self.rng.choice(
                ("sum({0})", "mean({0})", "max({0})", "min({0})", "norm({0})", "logsumexp({0})",
                 "prod(1 + 0.2 * tanh({0}))", "sqrt(sum(({0}) ^ 2))", "log(sum(exp(tanh({0}))))",
                 "sum({0} * {0})", "sum({0} > 0.1)", "norm({0} * {0})", "mean({0} / T)"
                 if self.world.has_axis else "mean({0})")
            )  # fmt: skip
            return self.term(template, (), x)
        if roll < 0.6:
            dim = self.dim()
            template = self.rng.choice(
                ("dot({0}, {1})", "squared_error({0}, {1})", "cosine({0}, {1})",
                 "binary_cross_entropy({0}, sigmoid({1}))", "binary_cross_entropy({0}, {1} > 0)",
                 "squared_error({0}, 0.3)", "0.2 * (dot({0}, {1}) - dot({1}, {0}) ^ 2)")
            )  # fmt: skip
            return self.term(template, (), self.real((dim,), here, depth),
                             self.real((dim,), here, depth))  # fmt: skip
        if roll < 0.75:
            dim = self.dim_token()
            token = self.make(Sort("token", (), dim), here, depth - 1)
            x = self.real((dim,), here, depth)
            template = self.rng.choice(
                ("cross_entropy({0}, {1})", "nll(softmax({0}), {1})", "nll(sigmoid({0}), {1})",
                 "({0})[{1}]", "log(softmax({0})[max({1}, 0)])", "softmax({0})[{1}]",
                 "nll(0.1 + ({0}) ^ 2, {1})")
            )  # fmt: skip
            return self.term(template, (), x, token)
        if roll < 0.85:
            x = self.real((self.dim(),), here, depth)
            return self.term(self.rng.choice(("({0})[0]", "({0})[1]", "({0})[2]")), (), x)
        if roll < 0.93:
            return self.term("({0})[{1}]", (), self.vec(here, depth),
                             self.whole(here, depth - 1))  # fmt: skip
        x = self.real((self.dim(), self.dim()), here, depth)
        return self.term("({0})[{1}, 1]", (), x, self.whole(here, depth - 1))

    def vector(self, shape: Shape, here: Here, depth: int) -> Term:
        (n,) = shape
        other, roll = self.dim(), self.rng.random()
        if roll < 0.3:
            parts = self.real((n, other), here, depth - 1), self.real((other,), here, depth)
            return self.term("({0} @ {1})", shape, *parts)
        if roll < 0.4:
            parts = self.real((other,), here, depth), self.real((other, n), here, depth - 1)
            return self.term("({0} @ {1})", shape, *parts)
        if roll < 0.52:
            x = self.real(shape, here, depth)
            template = ("softmax({0})", "log_softmax({0})", "log(softmax({0}))",
                        "({0} - sum({0}))", "({0} / (1 + norm({0})))")  # fmt: skip
            return self.term(self.rng.choice(template), shape, x)
        if roll < 0.62 and " + " in n:
            left, right = n.split(" + ")
            pieces = [self.real((d,) if not d.isdigit() else (), here, depth)
                      for d in (left, right)]  # fmt: skip
            return self.term("concat({0}, {1})", shape, *pieces)
        if roll < 0.72:
            size = self.dim_token()
            table = self.real((size, n), here, depth - 2)
            token = self.make(Sort("token", (), size), here, depth)
            return self.term("{0}[{1}]", shape, table, token)
        if roll < 0.78:
            table = self.real((other, n), here, depth - 1)
            index = Term(str(self.rng.randrange(3)), WHOLE)
            if self.rng.random() < 0.4:
                index = self.whole(here, depth - 1)
            return self.term("({0})[{1}]", shape, table, index)
        if roll < 0.85 and n in self.world.sizes:
            token = self.make(self.rng.choice((Sort("token", (), n), WHOLE)), here, depth)
            return self.term("(0.5 * one_hot({0}) + {1})", shape, token, self.leaf(
                Sort("real", shape), here))  # fmt: skip
        if roll < 0.92:
            parts = self.real((n, other), here, depth - 1), self.real((other,), here, depth)
            return self.term("cosine({0}, {1})", shape, *parts)
        parts = self.real(shape, here, depth), self.real(("s",), here, depth)
        return self.term("circular_conv({0}, softmax({1}))", shape, *parts)

    def matrix(self, shape: Shape, here: Here, depth: int) -> Term:
        n, m = shape
        other, roll = self.dim(), self.rng.random()
        if roll < 0.4:
            parts = self.real((n,), here, depth), self.real((m,), here, depth)
            return self.term("outer({0}, {1})", shape, *parts)
        if roll < 0.7:
            parts = self.real((n, other), here, depth - 1), self.real((other, m), here, depth - 1)
            return self.term("({0} @ {1})", shape, *parts)
        if roll < 0.9:
            return self.term("transpose({0})", shape, self.real((m, n), here, depth - 1))
        return self.term("({0} - mean({0}))", shape, self.real(shape, here, depth - 1))

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

    def position(self, here: Here, depth: int) -> Term:
        roll = self.rng.random()
        if depth <= 0 or roll < 0.5 or not self.world.has_axis:
            return self.leaf(POSITION, here, depth)
        if roll < 0.8:
            return Term("argmax[t]({})", POSITION, (self.real((), here.under(), depth - 1),))
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

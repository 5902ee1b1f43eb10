"""Random expressions of a wanted kind and shape, over what may be read where they stand.

Everything stays tame: what could overflow or leave its domain is squashed first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.random_reading import Reader
from tests.random_terms import BOOL, WHOLE, Here, Shape, Sort, Term


class Maker(Reader):
    """Makes terms of every sort."""

    # Making

    def make(self, sort: Sort, here: Here, depth: int) -> Term:
        """A term of a sort."""
        if sort.kind == "token":
            return self.token(sort, here, depth)
        if sort.kind == "position":
            return self.position(self.world.axes[sort.size], here, depth)
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
        if self.world.axes:
            options += [self.over] * len(self.world.axes)
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
            ("tanh({})", "sigmoid({})", "relu({})", "softplus({})", "softsign({})", "abs({})",
             "-{}", "exp(tanh({}))", "exp(-abs({}))", "log(0.5 + sigmoid({}))",
             "log(sigmoid({}))", "log(1 - sigmoid(3 * tanh({})))", "log(exp(tanh({})))",
             "log(1 + exp(clamp({}, -3, 3)))", "log(1 + {} ^ 2)", "sqrt(0.2 + sigmoid({}))",
             "sqrt(1 + {} ^ 2)", "({}) ^ 2", "({}) ^ 3", "(1.1 + tanh({})) ^ -1.5", "(-{})",
             "two ^ tanh({})", "(({}) % 0.7)",
             "dropout({}, 0.3)", "clamp({}, -0.4, beta)", "min({}, 0.3)", "max(0.1, {}, -0.2)",
             "(not relu({} - 0.2))", "relu({} - 0.2)")
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
            item = self.taught(Sort("real", shape))
            calm = replace(here, targets=False)
            return self.term("teach({0}, {1})", shape, self.read(item, calm, 0), x)
        return self.term("tanh({0})", shape, x)

    def choice(self, shape: Shape, here: Here, depth: int) -> Term:
        a, b = self.real(shape, here, depth), self.second(shape, here, depth)
        q = self.calm(shape, here, depth - 1)
        roll = self.rng.random()
        if roll < 0.45:
            c = self.condition(self.rng.choice(((), shape)), here, depth - 1)
            return self.term("where(relu({0} - 0.3), {1}, {2})", shape, c, a, b)
        template = self.rng.choice(
            ("where({0} > 0.2, log(max({0}, 0)), {1})", "where({0} <= 0, {1}, sqrt({0}))",
             "where({0} > 0.3 and not {1} < -1, {1} / max({0}, 0), {2})",
             "where({0} < 0.1, {1}, max({0}, 0) ^ 1.5)", "where({0} == 0, {1}, {2})",
             "where(abs({0}) > 0.2, 1 / {0}, {1})", "where(relu({0} - 0.3), {1}, {2})",
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
        """Over an axis."""
        axis = self.axis()
        index = self.rng.choice(axis.indices)
        body = self.real(shape, here.under(index), depth)
        options = ["sum[t]({0})", "mean[t]({0})", "max[t]({0})", "min[t]({0})", "sum[t]({0}) / T",
                   "logsumexp[t]({0})", "prod[t](0.9 + 0.2 * tanh({0}))",
                   "log(sum[t](exp(tanh({0}))))"]  # fmt: skip
        if index in here.running:
            options += ["softmax[t]({0})", "(softmax[t]({0}) * {0})"]
            if here.now or here.group:
                options = options[:-1]
        return self.term(axis.put(self.rng.choice(options), index), shape, body)

    def scalar(self, shape: Shape, here: Here, depth: int) -> Term:
        roll = self.rng.random()
        if roll < 0.4:
            x = self.real(self.rng.choice(((self.dim(),), (self.dim(), self.dim()))), here, depth)
            template = self.rng.choice(
                ("sum({0})", "mean({0})", "max({0})", "min({0})", "max({0})",
                 "min({0})", "norm({0})", "logsumexp({0})", "0.3 * logsumexp({0}) - mean({0})",
                 "prod(1 + 0.2 * tanh({0}))", "sqrt(sum(({0}) ^ 2))", "log(sum(exp(tanh({0}))))",
                 "sum({0} * {0})", "sum({0} > 0.1)", "norm({0} * {0})", "mean({0} / T)"
                 if self.world.axes else "mean({0})")
            )  # fmt: skip
            return self.term(self.axis().put(template) if self.world.axes else template, (), x)
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
                        "({0} - 0.7 * sum({0}))", "({0} / (1 + norm({0})))")  # fmt: skip
            return self.term(self.rng.choice(template), shape, x)
        if roll < 0.8 and " + " in n:
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
        return self.term("({0} - 0.7 * mean({0}))", shape, self.real(shape, here, depth - 1))

"""Statements of a used file as an instance has them: renamed, moved, and where asked mirrored.

It copies trees; what of a file is copied, and what its names become, is for `uses`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from rnndsl.syntax import tree
from rnndsl.text.source import Span, moved

NONE: frozenset[str] = frozenset()


class CannotReverse(Exception):
    """What has no mirror image: a computed position; `span` is where in the used file."""

    def __init__(self, span: Span) -> None:
        self.span = span
        super().__init__(span)


@dataclass(frozen=True)
class Copier:
    """Copies trees of one file into one instance.

    `names`: what each name of the file becomes, `base` how far places move, `carried` the
    indices of each value, datum and parameter, `lengths` the length that each index runs to.
    `mirrored` are the indices that run the other way round: position t of the file is
    T + 1 - t outside.
    """

    names: Mapping[str, tree.Expr]
    base: int
    carried: Mapping[str, tuple[str, ...]]
    lengths: Mapping[str, str]
    mirrored: frozenset[str] = NONE
    formulas: Mapping[str, str] = field(default_factory=dict)

    def plain(self, name: tree.Name, without: frozenset[str] = NONE) -> tree.Expr:
        """A name as it is called outside, at its own place."""
        span = moved(name.span, self.base)
        found = None if name.name in without else self.names.get(name.name)
        if found is None:
            return replace(name, span=span)
        return replace(found, span=span) if isinstance(found, tree.Name | tree.Member) else found

    def word(self, name: tree.Name) -> tree.Name:
        """The name of what is declared."""
        found = self.plain(name)
        assert isinstance(found, tree.Name)
        return found

    def index(self, index: str) -> str:
        """What an index is called outside."""
        found = self.names.get(index)
        return found.name if isinstance(found, tree.Name) else index

    def expr(self, expr: tree.Expr, without: frozenset[str] = NONE) -> tree.Expr:
        """An expression; names in `without` are a formula's own."""
        span = moved(expr.span, self.base)
        match expr:
            case tree.Name(name=name) if name in self.mirrored and name not in without:
                return self._mirror(span, name, [], 0)
            case tree.Name():
                return self.plain(expr, without)
            case tree.Index():
                return self._index(expr, without)[0]
            case tree.Unary(operand=operand):
                return replace(expr, span=span, operand=self.expr(operand, without))
            case tree.Binary(left=left, right=right):
                one, two = self.expr(left, without), self.expr(right, without)
                return replace(expr, span=span, left=one, right=two)
            case tree.Call():
                return self._call(expr, span, without)
            case tree.Member():
                return self._member(expr)
        return replace(expr, span=span)

    def _member(self, member: tree.Member) -> tree.Member:
        """A node's child or parent, `v.left`, from the node as it is called outside."""
        node, dot, steps = member.base.name.partition(".")
        name = f"{self.index(node)}{dot}{steps}"
        base = replace(member.base, span=moved(member.base.span, self.base), name=name)
        return replace(member, span=moved(member.span, self.base), base=base)

    def _call(self, call: tree.Call, span: Span, without: frozenset[str]) -> tree.Call:
        binder = call.binder
        if binder is not None:
            if call.function == "argmax" and binder.index in self.mirrored:
                raise CannotReverse(call.span)
            at = moved(binder.span, self.base)
            within = None if binder.within is None else self._member(binder.within)
            binder = replace(binder, span=at, index=self.index(binder.index), within=within)
        arguments = tuple(
            replace(item, span=moved(item.span, self.base), value=self.expr(item.value, without))
            if isinstance(item, tree.Argument)
            else self.expr(item, without)
            for item in call.arguments
        )
        function = self.formulas.get(call.function, call.function)
        return replace(call, span=span, function=function, arguments=arguments, binder=binder)

    def _index(self, expr: tree.Index, without: frozenset[str]) -> tuple[tree.Expr, int]:
        """Brackets, and how many places they and those before them hold."""
        base, items = expr.base, expr.items
        axes: tuple[str, ...] = ()
        done = 0
        if isinstance(base, tree.Index):
            inner, done = self._index(base, without)
            root = base.base
            while isinstance(root, tree.Index):
                root = root.base
        else:
            inner, root = self.expr(base, without), base
        if isinstance(root, tree.Name) and root.name not in without:
            axes = self.carried.get(root.name, ())
        copied = tuple(
            self.place(item, axes[done + slot], without)
            if done + slot < len(axes)
            else self.expr(item, without)
            for slot, item in enumerate(items)
        )
        span = moved(expr.span, self.base)
        return replace(expr, span=span, base=inner, items=copied), done + len(items)

    def place(self, item: tree.Expr, index: str, without: frozenset[str] = NONE) -> tree.Expr:
        """A place along the axis that an index runs over."""
        if index not in self.mirrored:
            return self.expr(item, without)
        terms = list(_terms(item, 1))
        anchor, rest, total = "", list[tuple[int, tree.Expr]](), 0
        for sign, term in terms:
            if isinstance(term, tree.Number) and isinstance(term.value, int):
                total += sign * term.value
            elif not isinstance(term, tree.Name):
                raise CannotReverse(item.span)
            elif term.name in self.lengths or term.name in self.lengths.values():
                if anchor or sign < 0:
                    raise CannotReverse(item.span)
                anchor = term.name
            elif term.name in self.carried:  # a value that says where
                raise CannotReverse(item.span)
            else:
                rest.append((-sign, self.expr(term, without)))
        span = moved(item.span, self.base)
        if anchor in self.lengths:  # t + k is T + 1 - t away from the other end
            return _sum(span, self.names.get(anchor) or tree.Name(span, anchor), rest, -total)
        if anchor:
            return _sum(span, None, rest, 1 - total)
        length = self.lengths[index]
        return _sum(span, self.names.get(length) or tree.Name(span, length), rest, 1 - total)

    def _mirror(
        self, span: Span, index: str, rest: list[tuple[int, tree.Expr]], total: int
    ) -> tree.Expr:
        """The number of a mirrored index: `T + 1 - t`."""
        length = self.lengths[index]
        first = self.names.get(length) or tree.Name(span, length)
        own = self.names.get(index) or tree.Name(span, index)
        more = tree.Binary(span, "+", replace(first, span=span), tree.Number(span, 1 + total))
        return tree.Binary(span, "-", more, replace(own, span=span))

    def left(self, statement: tree.EquationStatement) -> tuple[tree.Expr, ...]:
        """The places on a left side."""
        target, items = statement.target, statement.indices or ()
        axes = self.carried.get(target.name, ()) if isinstance(target, tree.Name) else ()
        return tuple(
            self.place(item, axes[slot]) if slot < len(axes) else self.expr(item)
            for slot, item in enumerate(items)
        )

    def equation(self, statement: tree.EquationStatement) -> tree.EquationStatement:
        """An equation or boundary."""
        target = statement.target
        assert isinstance(target, tree.Name)
        indices = None if statement.indices is None else self.left(statement)
        return replace(
            statement,
            span=moved(statement.span, self.base),
            target=self.word(target),
            indices=indices,
            shape=None if statement.shape is None else self.type(statement.shape),
            value=self.expr(statement.value),
        )

    def type(self, node: tree.Shape | tree.IntegerType) -> tree.Shape | tree.IntegerType:
        """What stands after a colon."""
        span = moved(node.span, self.base)
        if isinstance(node, tree.Shape):
            return replace(node, span=span, dims=tuple(self.expr(dim) for dim in node.dims))
        argument = node.argument
        if isinstance(argument, tree.Name) and argument.name in self.mirrored:
            raise CannotReverse(node.span)
        return replace(node, span=span, argument=self.expr(argument))

    def param(self, entry: tree.ParamEntry) -> tree.ParamEntry:
        """One parameter."""
        shape = None if entry.shape is None else self.type(entry.shape)
        start = entry.initialiser
        return replace(
            entry,
            span=moved(entry.span, self.base),
            name=self.word(entry.name),
            indices=tuple(self.expr(item) for item in entry.indices),
            shape=shape if isinstance(shape, tree.Shape) else None,
            initialiser=None if start is None else self.expr(start),
        )

    def const(self, entry: tree.ConstEntry) -> tree.ConstEntry:
        """One const."""
        span = moved(entry.span, self.base)
        return replace(entry, span=span, name=self.word(entry.name), value=self.expr(entry.value))

    def size(self, entry: tree.SizeEntry) -> tree.SizeEntry:
        """One size."""
        value = None if entry.value is None else self.expr(entry.value)
        span = moved(entry.span, self.base)
        return replace(entry, span=span, name=self.word(entry.name), value=value)

    def formula(self, statement: tree.FormulaStatement) -> tree.FormulaStatement:
        """A formula; its parameters keep their names."""
        own = frozenset(item.name for item in statement.parameters)
        name = replace(
            statement.name,
            span=moved(statement.name.span, self.base),
            name=self.formulas.get(statement.name.name, statement.name.name),
        )
        parameters = tuple(
            replace(item, span=moved(item.span, self.base)) for item in statement.parameters
        )
        return replace(
            statement,
            span=moved(statement.span, self.base),
            name=name,
            parameters=parameters,
            body=self.expr(statement.body, own),
        )


def _terms(expr: tree.Expr, sign: int) -> Iterator[tuple[int, tree.Expr]]:
    """A sum as its terms, each with its sign."""
    match expr:
        case tree.Binary(operator="+" | "-" as operator, left=left, right=right):
            yield from _terms(left, sign)
            yield from _terms(right, sign if operator == "+" else -sign)
        case tree.Unary(operator="-", operand=operand):
            yield from _terms(operand, -sign)
        case _:
            yield sign, expr


def _sum(
    span: Span, first: tree.Expr | None, rest: list[tuple[int, tree.Expr]], total: int
) -> tree.Expr:
    """`first`, terms with their signs and a number, as short as they can be written."""
    found = None if first is None else replace(first, span=span)
    for sign, term in rest:
        if found is None:
            found = term if sign > 0 else tree.Unary(span, "-", term)
        else:
            found = tree.Binary(span, "+" if sign > 0 else "-", found, term)
    if found is None:
        number = tree.Number(span, abs(total))
        return number if total >= 0 else tree.Unary(span, "-", number)
    if total:
        number = tree.Number(span, abs(total))
        return tree.Binary(span, "+" if total > 0 else "-", found, number)
    return found

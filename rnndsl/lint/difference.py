"""What a difference between two cells is, in the names of the file at hand.

How the equation would read is made by a change of its text at the place of the difference, so
all the rest stays as it was written. Where that place is not in the equation itself (it stands
in a formula) nothing is proposed.
"""

from __future__ import annotations

from rnndsl.lint.cells import Cell, Term
from rnndsl.lint.matching import Difference, Match
from rnndsl.lint.messages import bare, one_line
from rnndsl.model import expr as ir
from rnndsl.model.expr import Expr
from rnndsl.model.model import Equation, Model
from rnndsl.ops.signatures import OPERATORS
from rnndsl.text.source import Span

INFIX = frozenset(OPERATORS.values())
SIGNS = ("-", "1 -")


class Wording:
    """The words for one difference: its `place`, the `left` side of its equation."""

    def __init__(self, cell: Cell, known: Model, match: Match) -> None:
        assert match.difference is not None
        self.model, self.step = cell.model, cell.step
        self.known = known
        self.match = match
        self.difference: Difference = match.difference
        self.source, name = self._where(cell)
        self.equation: Equation = self.model.equations[name]
        self.left = f"{name}[{', '.join(self.equation.indices)}]"

    def _where(self, cell: Cell) -> tuple[Expr | None, str]:
        """What differs and in which equation: what is read, where it differs in some reads only."""
        own = self.difference.own
        terms = (term for top in cell.states.values() for term in top.walk())
        count = sum(term.source is own.source and term.op == own.op for term in terms)
        if own.through is not None and count > self.match.uses:
            return own.through
        return own.source, own.equation

    @property
    def place(self) -> Span:
        """The place of the difference, or of the whole equation where that is elsewhere."""
        is_inside = self.source is not None and self._is_inside(self.source)
        return self.source.span if self.source is not None and is_inside else self.equation.span

    def _is_inside(self, expr: Expr) -> bool:
        span = self.equation.span
        return span.start <= expr.span.start and expr.span.end <= span.end

    def sentence(self) -> str:
        """`leaves out tanh`: what the equation does."""
        own, its = self.difference.own, self.difference.its
        match self.difference.kind:
            case "more" if own.op == "-":
                return f"subtracts `{self._written(own.parts[0])}`"
            case "without" if its.op == "-":
                return f"does not subtract `{self._written(own)}`"
            case "without":
                return f"leaves out `{its.op}`"
            case "more":
                return f"has `{own.op}` besides"
            case "other":
                return f"has `{own.op}` in place of `{its.op}`"
            case "lacks":
                return f"leaves out {self._what} `{self._translated(its) or self._theirs(its)}`"
            case "adds":
                return f"has {self._what} `{self._written(own)}` besides"
        theirs = self._translated(its)
        instead = f"`{theirs or self._theirs(its)}`"
        if theirs is None and its.op == "param":
            instead = "a parameter of its own"
        return f"has `{self._written(own)}` in place of {instead}"

    @property
    def _what(self) -> str:
        return "the factor" if self.difference.is_factor else "the term"

    def _written(self, term: Term) -> str:
        source = self.source if term is self.difference.own else term.source
        return bare(self.model.source.slice(source.span)) if source else term.name

    def _theirs(self, term: Term) -> str:
        return one_line(self.known.source.slice(term.source.span)) if term.source else term.name

    # The gallery's terms in the names of the file

    def _translated(self, term: Term) -> str | None:
        """A small term of the gallery; None where a part of it has no name of its own here."""
        parts = [self._translated(part) for part in term.parts]
        if None in parts:
            return None
        texts = [part for part in parts if part is not None]
        if term.op in ("param", "state", "input"):
            return self._name(term)
        if term.op == "number":
            return f"{float(term.name):g}"
        if term.op in SIGNS:
            return f"{term.op} {texts[0]}" if term.op == "1 -" else f"-{texts[0]}"
        joint = {"@": " @ ", "product": " * ", "sum": " + "}.get(term.op)
        return joint.join(texts) if joint else f"{term.op}({', '.join(texts)})"

    def _name(self, term: Term) -> str | None:
        own = self.match.terms.get((term.op, term.name))
        if term.op == "state":
            name = own.name if own else term.name
            return f"{name}[{self.equation.indices[0]}{self._shift(term)}]"
        if own is None:
            return term.name if term.op == "param" and self._is_new(term.name) else None
        if own.op == "param":
            return own.name if "." not in own.name else None
        return self._written(own)

    def _shift(self, term: Term) -> str:
        """`-1`, `+1` or nothing, in the direction of the file's own loop."""
        text = str(term.offset if self.step < 0 else -term.offset).replace(" ", "")
        return "" if text == "0" else text if text.startswith("-") else f"+{text}"

    def _is_new(self, name: str) -> bool:
        used = (self.model.params, self.model.data, self.model.equations, self.model.sizes)
        return not any(name in names for names in used)

    # The text of the equation, changed

    def would_be(self) -> str | None:
        """The equation as it reads in the gallery; None where it cannot be said so shortly."""
        source = self.source
        if source is None or not self._is_inside(source):
            return None
        change = self._change(source)
        if change is None:
            return None
        place, text = change
        return one_line(self._up_to(place) + text + self._from(place))

    def _up_to(self, place: Span) -> str:
        return self.model.source.text[self.equation.span.start : place.start]

    def _from(self, place: Span) -> str:
        return self.model.source.text[place.end : self.equation.span.end]

    def _change(self, source: Expr) -> tuple[Span, str] | None:
        """A place of the equation and what stands there in the gallery."""
        own, its, place = self.difference.own, self.difference.its, source.span
        written = self._written(own)
        match self.difference.kind:
            case "more" | "without" if "-" in (own.op, its.op):
                return self._signed(source)
            case "without":
                return place, self._applied(its.op, source)
            case "more":
                inner = own.parts[0].source
                return None if inner is None else (place, self._bracketed(inner, place))
            case "other":
                inner = own.parts[0].source
                return None if inner is None else (place, self._applied(its.op, inner))
            case "lacks":
                return self._extended(source)
            case "adds":
                return self._without(source)
        term = self._translated(its)
        return None if term is None or not written else (place, term)

    def _applied(self, function: str, inner: Expr) -> str:
        """A function of an expression."""
        if function == "1 -":
            return f"(1 - {self._bracketed(inner, inner.span)})"
        if function == "-":
            return f"-{self._bracketed(inner, inner.span)}"
        return f"{function}({self._text(inner)})"

    def _text(self, expr: Expr) -> str:
        """The text of an expression without brackets around it."""
        return bare(self.model.source.slice(expr.span))

    def _signed(self, source: Expr) -> tuple[Span, str] | None:
        """A sum with a term added that was subtracted, or the other way."""
        for item in self.equation.expr.walk():
            match item:
                case ir.Apply(operation="neg", arguments=(inner,)) if item is source:
                    return item.span, self._bracketed(inner, item.span)
                case ir.Apply(operation="add" | "sub", arguments=(left, right)) if right is source:
                    sign = "-" if item.operation == "add" else "+"
                    written = (one_line(self.model.source.slice(e.span)) for e in (left, right))
                    return item.span, f" {sign} ".join(written)
        return None

    def _bracketed(self, inner: Expr, place: Span) -> str:
        """An expression as it may stand in a place, in brackets if it may fall apart there."""
        text = self._text(inner)
        is_alone = self._up_to(place).rstrip().endswith(("=", "("))
        is_infix = isinstance(inner, ir.Apply) and inner.operation in INFIX
        return f"({text})" if is_infix and not is_alone else text

    def _extended(self, source: Expr) -> tuple[Span, str] | None:
        """A sum or product with the term that it lacks."""
        term, its = self._translated(self.difference.its), self.difference.its
        if term is None:
            return None
        if self.difference.is_factor:
            return source.span, f"{self._bracketed(source, source.span)} * {term}"
        sign = " - " if its.op == "-" else " + "
        text = one_line(self.model.source.slice(source.span))
        return source.span, f"{text}{sign}{term.removeprefix('-')}"

    def _without(self, source: Expr) -> tuple[Span, str] | None:
        """What is left of the sum or product around a term."""
        for item in self.equation.expr.walk():
            if isinstance(item, ir.Apply) and source in item.arguments and len(item.arguments) > 1:
                rest = next(other for other in item.arguments if other is not source)
                text = one_line(self.model.source.slice(rest.span))
                is_less = item.operation == "sub" and rest is item.arguments[1]
                return item.span, f"-{self._bracketed(rest, rest.span)}" if is_less else text
        return None

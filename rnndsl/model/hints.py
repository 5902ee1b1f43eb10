"""Where shapes do not meet: products and powers that work component by component.

It adds a way out to what `infer` found, and finds nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from rnndsl.model import expr as ir
from rnndsl.model.drafts import Drafts
from rnndsl.model.model import Model
from rnndsl.text.diagnostics import Diagnostic, warning
from rnndsl.text.source import Source, Span

HINTED = ("RNN301", "RNN303", "RNN308")
LONGEST = 60
MANY = 3


def hinted(faults: Iterable[Diagnostic], drafts: Drafts, source: Source) -> list[Diagnostic]:
    """Faults of shapes, with the products that may have been meant; each product once."""
    found = sorted(faults, key=_extent)
    if not found:
        return []
    hints, told = Hints(drafts, source), set[str]()
    kept: list[Diagnostic] = []
    for item in found:
        meant = hints.hinted(item)
        if meant is not item and meant.help in told:
            continue
        if meant is not item:
            told.add(meant.help or "")
        kept.append(meant)
    return kept


def _extent(item: Diagnostic) -> int:
    return sum(label.span.end - label.span.start for label in item.labels)


class Hints:
    """Everything that the expressions of a file hold, by its place."""

    def __init__(self, drafts: Drafts, source: Source) -> None:
        self.source = source
        self.equations = {item.name: item.expr for item in drafts.equations}
        self.at: dict[Span, list[ir.Expr]] = {}
        for side in drafts.sides:
            for node in side.expr.walk():
                self.at.setdefault(node.span, []).append(node)
                if isinstance(node, ir.Apply) and node.operation in ("mul", "pow"):
                    for child in node.children:
                        self.at.setdefault(child.span, []).append(node)

    def hinted(self, item: Diagnostic) -> Diagnostic:
        """A fault of shapes, with the matrix product that may have been meant as its help."""
        if item.code not in HINTED:
            return item
        found = dict.fromkeys(
            text
            for label in item.labels
            for node in self.at.get(label.span, ())
            for text in self._meant(node)
        )
        if not found:
            return self._without_shape(item)
        texts = " and ".join(f"`{text}`" for text in list(found)[:MANY])
        how = "`*` works component by component, a matrix product is `@`"
        if not any(" @ " in text for text in found) or len(set(next(iter(found)).split(" @ "))) < 2:
            how = "`^` works component by component"
        notes = (*item.notes, item.help) if item.help else item.notes
        return replace(item, notes=notes, help=f"{how}: write {texts}")

    def _without_shape(self, item: Diagnostic) -> Diagnostic:
        """`W @ x[t]` where `input x[t]` declares no shape."""
        for label in item.labels:
            for node in self.at.get(label.span, ()):
                is_data = isinstance(node, ir.Read) and node.name not in self.equations
                if item.code == "RNN303" and is_data and label.text == "is a scalar":
                    read = self.source.slice(label.span)
                    help = f"data without a shape is one number; declare it: `{read}: n`"
                    return replace(item, help=help)
        return item

    def _meant(self, node: ir.Expr) -> Iterator[str]:
        """The matrix products that may have been meant in an expression or what it reads."""
        inside = [node]
        if isinstance(node, ir.Read) and node.name in self.equations:
            inside.append(self.equations[node.name])
        for expr in inside:
            for part in expr.walk():
                if isinstance(part, ir.Apply) and (text := self._product(part)):
                    yield text

    def _product(self, expr: ir.Apply) -> str | None:
        if expr.operation == "mul":
            for matrix, other in (expr.arguments, expr.arguments[::-1]):
                if _is_matrix(matrix) and isinstance(other, ir.Read | ir.Apply):
                    return self._text(matrix, other)
        if expr.operation == "pow" and _is_matrix(expr.arguments[0]):
            return powered(expr, self.source)
        return None

    def _text(self, matrix: ir.Expr, other: ir.Expr) -> str | None:
        first, second = self.source.slice(matrix.span), self.source.slice(other.span)
        if len(first) + len(second) > LONGEST or "\n" in second:
            return None
        is_sum = isinstance(other, ir.Apply) and not second.endswith(")")
        return f"{first} @ ({second})" if is_sum else f"{first} @ {second}"


def _is_matrix(expr: ir.Expr) -> bool:
    """A parameter that is written as people write matrices: in upper case."""
    return isinstance(expr, ir.Param) and expr.name[:1].isupper()


def powered(expr: ir.Apply, source: Source) -> str | None:
    """What `W ^ 2` or `W ^ T` may have been meant as."""
    base, exponent = expr.arguments
    text = source.slice(base.span)
    if len(text) > LONGEST:
        return None
    if isinstance(exponent, ir.Length):
        return f"transpose({text})"
    is_count = isinstance(exponent, ir.Literal) and exponent.value in (2, 3)
    return " @ ".join([text] * int(exponent.value)) if is_count else None  # type: ignore[attr-defined]


def powers(model: Model) -> Iterator[Diagnostic]:
    """Warnings for powers of matrices beside `@`, and for `W ^ T`."""
    for equation in model.all_equations:
        for expr in equation.expr.walk():
            if not isinstance(expr, ir.Apply):
                continue
            inside = expr.arguments if expr.operation == "matmul" else ()
            for part in inside:
                if isinstance(part, ir.Apply) and part.operation == "pow" and _rank(part) == 2:
                    meant = powered(part, model.source)
                    if meant:
                        yield elementwise_power(part.span, meant)


def _rank(expr: ir.Expr) -> int:
    return len(expr.type.shape)


def elementwise_power(span: Span, meant: str) -> Diagnostic:
    """`W ^ 2 @ x`."""
    return warning(
        "RNN710",
        "`^` raises every component of a matrix by itself",
        span,
        help=f"if the matrix itself is meant, write `{meant}`",
    )

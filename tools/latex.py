"""A model's equations in LaTeX, as the book sets them: `h[t-1]` becomes h^{(t-1)}, `@` a product.

It reads the syntax tree, so every equation looks as it is written; of the checked model it asks
only which values are single numbers. What it writes keeps to what GitHub shows: no macros but
those of plain LaTeX with `aligned` and `cases`.
"""

from __future__ import annotations

from collections.abc import Iterator

from rnndsl.draw.notation import GREEK
from rnndsl.model.dims import Dim
from rnndsl.model.model import Model
from rnndsl.syntax import tree
from rnndsl.syntax.parser import parse
from rnndsl.syntax.printer import ATOM, LEVELS

PLAIN = {"sigmoid": r"\sigma", "tanh": r"\tanh", "exp": r"\exp", "log": r"\log"}
OVER = {"sum": r"\sum", "prod": r"\prod", "max": r"\max", "min": r"\min"}
NUMBERS = frozenset(
    {"sum", "mean", "prod", "logsumexp", "norm", "dot", "cosine", "nll", "cross_entropy"}
    | {"binary_cross_entropy", "squared_error", "argmax", "sample"}
)
"""Functions whose result is one number, whatever comes in."""
COMPARED = {"==": "=", "!=": r"\ne", "<=": r"\le", ">=": r"\ge", "and": r"\land", "or": r"\lor"}
PRODUCT, SUM = LEVELS["*"], LEVELS["+"]


def latex(model: Model) -> str:
    """The constants, formulas, equations and boundaries of a model, one a line, aligned."""
    lines = " \\\\\n".join(_Setter(model).lines())
    return f"\\begin{{aligned}}\n{lines}\n\\end{{aligned}}"


def letter(name: str) -> str:
    """`yhat` as a y under a hat, `W_f` as W with a lower f, words upright."""
    stem = name.rstrip("_")
    first, *below = stem.split("_")
    base = first.rstrip("0123456789")
    below = [first[len(base) :], *below] if base else below
    shown = _word(base or first) + "'" * (len(name) - len(stem))
    under = ",".join(_word(part) for part in below if part)
    return f"{shown}_{{{under}}}" if under else shown


def _word(text: str) -> str:
    for accent in ("hat", "bar", "tilde"):
        base = text.removesuffix(accent)
        if base != text and (len(base) == 1 or base in GREEK):
            return rf"\{accent}{{{_word(base)}}}"
    if text in GREEK:
        return rf"\{text}"
    return text if len(text) == 1 or text.isdigit() else rf"\mathrm{{{text}}}"


class _Setter:
    """One model on its way to LaTeX."""

    def __init__(self, model: Model) -> None:
        self.statements = parse(model.source).statements
        self.axes: dict[str, int] = {}
        self.ends: dict[str, str] = {}
        numbers = {*model.sizes}
        for statement in self.statements:
            if isinstance(statement, tree.AxisStatement):
                self.ends |= {i.name: statement.length.name for i in statement.indices}
            elif isinstance(statement, tree.ConstStatement):
                numbers |= {entry.name.name for entry in statement.entries}
        self.numbers = numbers | {*self.ends, *self.ends.values()}
        self.nodes = {i for axis in model.axes.values() if axis.is_tree for i in axis.indices}
        for equation in model.equations.values():
            self._know(equation.name, len(equation.axes), equation.type.shape)
        for item in model.data.values():
            self._know(item.name, len(item.axes), item.type.shape)
        for param in model.params.values():
            self._know(param.name, len(param.axes), param.shape)

    def _know(self, name: str, axes: int, shape: tuple[Dim, ...]) -> None:
        self.axes[name] = axes
        if not shape:
            self.numbers.add(name)

    def lines(self) -> Iterator[str]:
        """Each with the sign that it is aligned at."""
        for item in self.statements:
            if isinstance(item, tree.ConstStatement):
                for entry in item.entries:
                    yield f"{letter(entry.name.name)} &= {self.set(entry.value)}"
            elif isinstance(item, tree.FormulaStatement):
                inside = ", ".join(letter(name.name) for name in item.parameters)
                yield f"{letter(item.name.name)}({inside}) &= {self.set(item.body)}"
            elif isinstance(item, tree.EquationStatement):
                yield f"{self._left(item)} &= {self.set(item.value)}"

    def _left(self, item: tree.EquationStatement) -> str:
        name = self.set(item.target)
        if name == letter("loss"):
            return r"\mathcal{L}"
        return name if not item.indices else f"{name}^{{({self._places(item.indices)})}}"

    def set(self, expr: tree.Expr | tree.Argument, level: int = 0) -> str:
        """An expression, in brackets where it binds looser than `level`."""
        match expr:
            case tree.Number(value=value):
                return _number(value)
            case tree.Name(name=name):
                return letter(name)
            case tree.Member(base=base, member=member):
                return self._member(base.name, member)
            case tree.Argument(name=name, value=value):
                return f"{letter(name)} = {self.set(value)}"
            case tree.Index():
                return self._index(expr)
            case tree.Call():
                return self._call(expr)
            case tree.Unary(operator=operator, operand=operand):
                sign = "-" if operator == "-" else r"\lnot "
                own = LEVELS["neg" if operator == "-" else "not"]
                return _bracketed(f"{sign}{self.set(operand, own)}", own, level)
            case tree.Binary(operator="/"):
                return rf"\frac{{{self.set(expr.left)}}}{{{self.set(expr.right)}}}"
            case tree.Binary(operator="^"):
                return f"{self._base(expr.left)}^{{{self.set(expr.right)}}}"
            case tree.Binary():
                own = LEVELS[expr.operator]
                return _bracketed(self._infix(expr, own), own, level)

    def _member(self, base: str, member: str) -> str:
        """A value of an instance, `enc.h`; of a node its child or parent, `left(v)`."""
        index, *steps = [*base.split("."), member]
        if index not in self.nodes:
            return f"{letter(base)}.{letter(member)}"
        text = letter(index)
        for step in steps:
            text = rf"{letter(step)}({text})"
        return text

    def _infix(self, expr: tree.Binary, own: int) -> str:
        left, right = self.set(expr.left, own), self.set(expr.right, own + 1)
        match expr.operator:
            case "@":
                return rf"{left}\, {right}"
            case "*":
                is_plain = self._is_number(expr.left) or self._is_number(expr.right)
                return rf"{left}\, {right}" if is_plain else rf"{left} \odot {right}"
            case "%":
                return rf"{left} \bmod {right}"
        return f"{left} {COMPARED.get(expr.operator, expr.operator)} {right}"

    def _base(self, expr: tree.Expr) -> str:
        is_bare = isinstance(expr, tree.Number | tree.Name)
        return self.set(expr) if is_bare else rf"\left({self.set(expr)}\right)"

    def _places(self, items: tuple[tree.Expr, ...]) -> str:
        text = ",".join(self.set(item) for item in items)
        return text.replace(" - ", "-").replace(" + ", "+")

    def _index(self, expr: tree.Index) -> str:
        """Positions stand above; rows and components, in brackets behind."""
        known = isinstance(expr.base, tree.Name) and self.axes.get(expr.base.name)
        count = len(expr.items) if isinstance(expr.base, tree.Member) else int(known or 0)
        if isinstance(expr.base, tree.Name) and expr.base.name not in self.axes:
            is_row = any(isinstance(item, tree.Index) for item in expr.items)
            count = 0 if is_row else len(expr.items)  # the parameter of a formula
        above, behind = expr.items[:count], expr.items[count:]
        text = self.set(expr.base, ATOM)
        if above:
            text += f"^{{({self._places(above)})}}"
        return text + (f"[{self._places(behind)}]" if behind else "")

    def _call(self, expr: tree.Call) -> str:
        name, inside = expr.function, expr.arguments
        if expr.binder is not None:
            return self._over(expr, expr.binder)
        parts = [self.set(item) for item in inside]
        match name:
            case "sqrt":
                return rf"\sqrt{{{parts[0]}}}"
            case "dot":
                return rf"\left\langle {parts[0]},\; {parts[1]} \right\rangle"
            case "concat":
                inside_brackets = r";\; ".join(parts)
                return rf"\left[{inside_brackets}\right]"
            case "squared_error":
                right = self.set(inside[1], SUM + 1)
                return rf"\left\lVert {parts[0]} - {right} \right\rVert^2"
            case "where":
                return (
                    rf"\begin{{cases}} {parts[1]} & \text{{if }} {parts[0]} \\ "
                    rf"{parts[2]} & \text{{otherwise}} \end{{cases}}"
                )
        word = name.replace("_", r"\_")
        shown = PLAIN.get(name) or rf"\mathrm{{{word}}}"
        ahead = r"\mathrm{reverse}\; " if expr.reverse else ""
        return rf"{ahead}{shown}\left({', '.join(parts)}\right)"

    def _over(self, expr: tree.Call, binder: tree.Binder) -> str:
        body, index = expr.arguments[0], binder.index
        end = letter(self.ends.get(index, ""))
        if index in self.nodes or binder.within is not None:
            index = letter(index)
            if binder.within is not None:
                index += rf" \in {self.set(binder.within)}"
            if expr.function == "sum":
                return rf"\sum_{{{index}}} {self.set(body, PRODUCT)}"
        elif expr.function in ("sum", "prod", "mean"):
            sign = OVER.get(expr.function, rf"\frac{{1}}{{{end}}} \sum")
            return rf"{sign}_{{{index}=1}}^{{{end}}} {self.set(body, PRODUCT)}"
        shown = OVER.get(expr.function) or rf"\mathrm{{{expr.function}}}"
        return rf"{shown}_{{{index}}} \left({self.set(body)}\right)"

    def _is_number(self, expr: tree.Expr | tree.Argument) -> bool:
        match expr:
            case tree.Number():
                return True
            case tree.Name(name=name) | tree.Index(base=tree.Name(name=name)):
                return name in self.numbers
            case tree.Unary(operand=operand):
                return self._is_number(operand)
            case tree.Binary(left=left, right=right, operator=operator):
                is_both = self._is_number(left) and self._is_number(right)
                return is_both and operator != "@"
            case tree.Call(function=name, binder=None) if name in NUMBERS:
                return True
            case tree.Call(arguments=arguments):
                return all(self._is_number(item) for item in arguments)
        return False


def _number(value: int | float) -> str:
    """`0.9`; `1e-05` as a power of ten."""
    digits, _, power = str(value).partition("e")
    ahead = "" if digits == "1" else rf"{digits} \cdot "
    return f"{ahead}10^{{{int(power)}}}" if power else digits


def _bracketed(text: str, own: int, level: int) -> str:
    return rf"\left({text}\right)" if own < level else text

"""Trees back to text, in one canonical spacing, with no more brackets than needed.

Comments in generated code come from here and never from the file's own characters.
"""

from __future__ import annotations

from rnndsl.syntax import tree

LEVELS = {
    "or": 1,
    "and": 2,
    "not": 3,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), 4),
    **dict.fromkeys(("+", "-"), 5),
    **dict.fromkeys(("*", "/", "%"), 6),
    "neg": 7,
    "@": 8,
    "^": 9,
}
ATOM = 10


def print_expr(expr: tree.Expr | tree.Argument | tree.Binder) -> str:
    """An expression as the language writes it."""
    match expr:
        case tree.Number(value=value):
            return str(value) if isinstance(value, int) else repr(value)
        case tree.Name(name=name):
            return name
        case tree.Member(base=base, member=member):
            return f"{base.name}.{member}"
        case tree.Index(base=base, items=items):
            return f"{_at(base, ATOM)}[{','.join(_place(item) for item in items)}]"
        case tree.Unary(operator="-", operand=operand):
            return f"-{_at(operand, LEVELS['neg'])}"
        case tree.Unary(operand=operand):
            return f"not {_at(operand, LEVELS['not'])}"
        case tree.Binary():
            return _binary(expr)
        case tree.Argument(name=name, value=value):
            return f"{name} = {print_expr(value)}"
        case tree.Binder(index=index, within=within):
            return index if within is None else f"{index} in {print_expr(within)}"
        case tree.Call():
            binder = f"[{print_expr(expr.binder)}]" if expr.binder else ""
            arguments = ", ".join(print_expr(item) for item in expr.arguments)
            prefix = "reverse " if expr.reverse else ""
            return f"{prefix}{expr.function}{binder}({arguments})"


def _level(expr: tree.Expr) -> int:
    """How tight the outermost operator of an expression binds."""
    match expr:
        case tree.Unary(operator=operator):
            return LEVELS["neg" if operator == "-" else "not"]
        case tree.Binary(operator=operator):
            return LEVELS[operator]
    return ATOM


def _binary(expr: tree.Binary) -> str:
    level = LEVELS[expr.operator]
    is_power, is_comparison = expr.operator == "^", level == LEVELS["=="]
    left = _at(expr.left, level + (is_power or is_comparison))
    right = _at(expr.right, level + (not is_power), signed=level >= LEVELS["@"])
    return f"{left} {expr.operator} {right}"


def _at(expr: tree.Expr, level: int, signed: bool = False) -> str:
    """An operand in brackets where it binds looser than `level`.

    `signed` operands, right of `@` and `^`, may start with a sign: `a @ -b`.
    """
    text, own = print_expr(expr), _level(expr)
    is_signed = signed and own == LEVELS["neg"] and _is_tight(expr)
    return text if own >= level or is_signed else f"({text})"


def _is_tight(expr: tree.Expr) -> bool:
    """Whether what follows the signs of an expression binds as tight as a power."""
    while isinstance(expr, tree.Unary) and expr.operator == "-":
        expr = expr.operand
    return _level(expr) >= LEVELS["^"]


def _place(expr: tree.Expr | tree.Binder) -> str:
    """Inside brackets sums are set close: `h[t-1]`."""
    if isinstance(expr, tree.Binary) and expr.operator in ("+", "-"):
        return f"{_summand(expr.left)}{expr.operator}{_at(expr.right, LEVELS['*'])}"
    return print_expr(expr)


def _summand(expr: tree.Expr) -> str:
    is_sum = isinstance(expr, tree.Binary) and expr.operator in ("+", "-")
    return _place(expr) if is_sum else _at(expr, LEVELS["+"])


def print_type(shape: tree.Shape | tree.IntegerType) -> str:
    """What stands after a colon."""
    if isinstance(shape, tree.IntegerType):
        return f"{shape.kind}({print_expr(shape.argument)})"
    texts = [print_expr(dim) for dim in shape.dims]
    return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"


def print_equation(statement: tree.EquationStatement) -> str:
    """`h[t]: m = …`."""
    left = print_expr(statement.target)
    if statement.indices is not None:
        left += f"[{','.join(_place(item) for item in statement.indices)}]"
    if statement.shape is not None:
        left += f": {print_type(statement.shape)}"
    return f"{left} = {print_expr(statement.value)}"

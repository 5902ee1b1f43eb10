"""Statements become the trees that the language's page says, and trees become text again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnndsl.syntax import tree
from rnndsl.syntax.lines import logical_lines
from rnndsl.syntax.parser import parse
from rnndsl.syntax.printer import print_equation, print_expr
from rnndsl.text.source import NOWHERE, Source, Span


def statement(text: str) -> Any:
    parsed = parse(Source("<text>", text))
    assert not parsed.diagnostics, [item.message for item in parsed.diagnostics]
    (found,) = parsed.statements
    return found


def right(text: str) -> tree.Expr:
    found = statement(f"q = {text}")
    assert isinstance(found, tree.EquationStatement)
    return found.value


def grouped(expr: Any) -> str:
    """An expression with every bracket written."""
    match expr:
        case tree.Binary(operator=operator, left=left, right=right):
            return f"({grouped(left)} {operator} {grouped(right)})"
        case tree.Unary(operator=operator, operand=operand):
            return f"({operator} {grouped(operand)})"
        case tree.Index(base=base, items=items):
            return f"{grouped(base)}[{','.join(map(grouped, items))}]"
    return print_expr(expr)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("a ^ b ^ c", "(a ^ (b ^ c))"),
        ("-a ^ b", "(- (a ^ b))"),
        ("a ^ -b", "(a ^ (- b))"),
        ("a ^ -b ^ c", "(a ^ (- (b ^ c)))"),
        ("a @ b ^ c", "(a @ (b ^ c))"),
        ("a ^ b @ c", "((a ^ b) @ c)"),
        ("a @ b @ c", "((a @ b) @ c)"),
        ("-a @ b", "(- (a @ b))"),
        ("a @ -b", "(a @ (- b))"),
        ("a @ -b @ c", "((a @ (- b)) @ c)"),
        ("r * W @ h", "(r * (W @ h))"),
        ("W @ h * r", "((W @ h) * r)"),
        ("-a * b", "((- a) * b)"),
        ("a * -b", "(a * (- b))"),
        ("a / b * c % d", "(((a / b) * c) % d)"),
        ("a - b - c", "((a - b) - c)"),
        ("a - -b", "(a - (- b))"),
        ("- - a", "(- (- a))"),
        ("a + b * c", "(a + (b * c))"),
        ("a + b < c * d", "((a + b) < (c * d))"),
        ("not a == b", "(not (a == b))"),
        ("not a and b or c", "(((not a) and b) or c)"),
        ("a or b and not c", "(a or (b and (not c)))"),
        ("not not a", "(not (not a))"),
        ("a and b and c", "((a and b) and c)"),
        ("-h[t-1]", "(- h[(t - 1)])"),
        ("p[t][y[t]] ^ 2", "(p[t][y[t]] ^ 2)"),
        ("2 ^ 3", "(2 ^ 3)"),
    ],
)
def test_precedence(text: str, meaning: str) -> None:
    assert grouped(right(text)) == meaning


NAMES = st.sampled_from(["a", "b", "W", "h_1", "e", "E", "d", "input_", "not_", "leafy", "lambda"])


def spanless(kind: Any, *parts: Any) -> Any:
    return st.builds(lambda *values: kind(NOWHERE, *values), *parts)


def compound(inner: Any) -> Any:
    operators = "or and == != < <= > >= + - * / % @ ^"
    items = st.lists(inner, min_size=1, max_size=3).map(tuple)
    binder = spanless(tree.Binder, NAMES)
    return st.one_of(
        spanless(tree.Binary, st.sampled_from(operators.split()), inner, inner),
        spanless(tree.Unary, st.sampled_from(["-", "not"]), inner),
        spanless(tree.Index, st.one_of(spanless(tree.Name, NAMES), inner), items),
        spanless(tree.Call, NAMES, st.lists(inner, max_size=3).map(tuple)),
        spanless(tree.Call, NAMES, items, binder),
    )


LEAVES = st.one_of(
    spanless(tree.Name, NAMES),
    spanless(tree.Number, st.integers(0, 2**63 - 1)),
    spanless(tree.Number, st.floats(0, 1e300, allow_nan=False)),
    spanless(tree.Member, spanless(tree.Name, NAMES), st.sampled_from(["h", "left", "parent"])),
)
EXPRESSIONS = st.recursive(LEAVES, compound, max_leaves=12)


def bare(node: Any) -> Any:
    """A tree without its places."""
    if isinstance(node, tuple):
        return tuple(bare(item) for item in node)
    if not isinstance(node, tree.Node):
        return node
    values = {name: bare(value) for name, value in vars(node).items() if name != "span"}
    return type(node)(NOWHERE, **values)


@pytest.mark.parametrize(
    "text",
    [
        "a @ (-(b @ c))",
        "a ^ (-(b @ c))",
        "a @ (-(-b ^ c)) @ d",
        "a ^ (-(-(b @ c)))",
        "h[(a < b) + 1]",
        "h[(a or b) - (c + d)]",
        "h[a - (b - c) - 1]",
        "h[not a]",
        "(-a) ^ b",
        "(a < b) < c",
        "a < (b < c)",
        "(not a) == b",
        "a - (b - c) * (d / (e * f))",
        "(a ^ b) ^ c",
        "a @ (b @ c)",
        "(a + b)[0]",
        "(a[0])[1]",
        "f(-(a + b))",
    ],
)
def test_brackets_that_are_needed_are_printed(text: str) -> None:
    expr = right(text)
    assert bare(right(print_expr(expr))) == bare(expr)


@given(EXPRESSIONS)
@settings(max_examples=300, deadline=None)
def test_what_is_printed_reads_as_the_same_tree(expr: tree.Expr) -> None:
    text = print_expr(expr)
    found = right(text)
    assert bare(found) == bare(expr), text
    assert print_expr(found) == text


@given(
    EXPRESSIONS,
    st.sampled_from(["h[t]", "h[0]", "h[T+1]", "u", "h[t]: m", "h[t]: (m, n)", "h: ()"]),
)
@settings(max_examples=100, deadline=None)
def test_equations_print_as_they_read(expr: tree.Expr, left: str) -> None:
    text = f"{left} = {print_expr(expr)}"
    assert print_equation(statement(text)) == text


@given(EXPRESSIONS)
@settings(max_examples=100, deadline=None)
def test_every_span_covers_what_it_names(expr: tree.Expr) -> None:
    text = f"q = {print_expr(expr)}"
    stack: list[tree.Node] = [statement(text)]
    while stack:
        node = stack.pop()
        shown = text[node.span.start : node.span.end]
        if isinstance(node, tree.Name):
            assert shown.strip("()") == node.name
        if isinstance(node, tree.Number):
            assert type(node.value)(shown.strip("()")) == node.value
        if isinstance(node, tree.Call | tree.Index):
            assert shown[-1] in ")]"
        for value in vars(node).values():
            for child in value if isinstance(value, tuple) else (value,):
                if isinstance(child, tree.Node):
                    assert node.span.start <= child.span.start <= child.span.end <= node.span.end
                    stack.append(child)


STATEMENTS = {
    'model elman "A title (with # and brackets ["': tree.ModelStatement,
    "model elman": tree.ModelStatement,
    "axis t = 1..T": tree.AxisStatement,
    "axis i, j = 1..N": tree.AxisStatement,
    "axis v in tree(left, right)": tree.TreeStatement,
    "axis v in tree": tree.TreeStatement,
    "size n, m = 128, d = 4": tree.SizeStatement,
    "size q = m / 4": tree.SizeStatement,
    "input x[t]: n": tree.DataStatement,
    "input c: p": tree.DataStatement,
    "input w[t]: token(k)": tree.DataStatement,
    "input M: (n, m)": tree.DataStatement,
    "input p[v]: position(t)": tree.DataStatement,
    "target y[t]: token(k), z": tree.DataStatement,
    "param U, W: (m, m) = orthogonal, b = 0": tree.ParamStatement,
    "param a: () = 0.3": tree.ParamStatement,
    "param W[l]: (m, m) = normal(0.1)": tree.ParamStatement,
    "const alpha = 0.9": tree.ConstStatement,
    "gate(U, W, b) = sigmoid(b + U @ x[t] + W @ h[t-1])": tree.FormulaStatement,
    "h[t]: m = tanh(a[t])": tree.EquationStatement,
    "h[-3] = 0": tree.EquationStatement,
    "h[leaf] = 0": tree.EquationStatement,
    "loss = sum[u in v.children](h[u])": tree.EquationStatement,
    "enc.h[0] = 1": tree.EquationStatement,
    "enc = lstm(x = e, m = 64)": tree.EquationStatement,
    "enc = reverse lstm(x = e)": tree.EquationStatement,
    "e[j,i] = dot(v, tanh(A @ s[j-1] + B @ h[i]))": tree.EquationStatement,
    "output yhat[t], h[T], o[root]": tree.OutputStatement,
    "clip norm 5": tree.ClipStatement,
    "clip value 1": tree.ClipStatement,
    "clip norm 1 W, U": tree.ClipStatement,
    "clip norm 1 d h[t-1]": tree.ClipStatement,
    "clip norm 0.5 d": tree.ClipStatement,
    'use "lstm.rnn" as lstm': tree.UseStatement,
}


@pytest.mark.parametrize("text", STATEMENTS)
def test_every_statement_of_the_page_parses(text: str) -> None:
    found = statement(text)
    assert type(found) is STATEMENTS[text]
    assert text[found.span.start : found.span.end] == text
    assert statement(f"\n\n  {text}   # a comment\n").span.start == 4


def test_clips_tell_a_parameter_d_from_a_derivative() -> None:
    assert [name.name for name in statement("clip norm 1 d").params] == ["d"]
    assert statement("clip norm 1 d h[t-1]").params == ()


def test_a_title_is_kept_as_written() -> None:
    assert statement('model a "h[t] # = (\\n"').title == "h[t] # = (\\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("007", 7), ("1.5", 1.5), (".5", 0.5), ("2.", 2.0), ("1e3", 1000.0), ("3E-2", 0.03)],
)
def test_numbers(text: str, value: float) -> None:
    found = right(text)
    assert isinstance(found, tree.Number)
    assert (found.value, type(found.value)) == (value, type(value))


def test_lines_know_brackets_comments_and_strings() -> None:
    text = 'a = (1 + # one (\n\n  2)\n\nmodel m "a # ( b"\nb = 3 # c = (\n'
    lines = list(logical_lines(text))
    assert [line.text.split()[0] for line in lines] == ["a", "model", "b"]
    for line in lines:
        assert len(line.text) == line.span.end - line.span.start
        assert line.unclosed is None
    assert lines[1].text == 'model m "a # ( b"'


@pytest.mark.parametrize(
    "after",
    ["h[t] = 1", "h[t]: m = 1", "u = f(1)", "loss = 2", "f(a, b) = a", "size n", 'use "a" as b'],
)
def test_a_statement_after_an_open_bracket(after: str) -> None:
    lines = list(logical_lines(f"a = (1 +\n{after}\n"))
    assert [line.text for line in lines] == ["a = (1 +", after]
    assert lines[0].unclosed == 4


@pytest.mark.parametrize(
    "inside",
    [
        "h[t-1] <= 3, 1, 2)",
        "h[t-1] == 3, 1, 2)",
        "h[t-1] != 3)",
        "x = e, m = 64)",
        "  u = 1)",
        "b)",
    ],
)
def test_what_goes_on_inside_a_bracket(inside: str) -> None:
    (line,) = logical_lines(f"a = f(\n{inside}\n")
    assert line.unclosed is None


def test_spans_survive_line_breaks() -> None:
    text = "q = a +\n"  # a statement ends with its line outside brackets
    assert parse(Source("<text>", text)).diagnostics[0].labels[0].span == Span(6, 7)

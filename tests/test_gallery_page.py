"""The page of the gallery and its pictures are those that `python tools/gallery.py` makes."""

from __future__ import annotations

import re

import pytest

from rnndsl.driver import load, parse
from rnndsl.gallery import specs
from rnndsl.syntax import parser, tree
from tests.sample import sampled
from tools import gallery, pictures
from tools.latex import latex, letter


def equations(name: str) -> list[str]:
    """The lines between `aligned`."""
    return latex(load(specs()[name])).splitlines()[1:-1]


def line(text: str) -> str:
    """The first equation of a model over t, of vectors x and h, a matrix W and a number a."""
    head = "axis t = 1..T\nsize m, k\ninput x[t]: m, y[t]: token(k)\nparam W: (m, m), E: (k, m)\n"
    head += "param a: () = 1\n"
    return latex(parse(f"{head}{text}\nh[t]: m = tanh(W @ h[t-1] + x[t])\noutput h[t]")).split(
        "\n"
    )[1]


def test_the_page_is_up_to_date() -> None:
    assert gallery.PAGE.read_text(encoding="utf-8") == gallery.page()


@pytest.mark.parametrize("name", sampled(sorted(specs())))
def test_the_pictures_are_of_their_spec(name: str) -> None:
    found = [picture for picture in gallery.pictures() if picture.name == name]
    assert len(found) == 2
    for picture in found:
        assert pictures.drawn_from(picture.path) == pictures.digest(picture.source())


def test_no_picture_lies_about_unseen() -> None:
    assert {item.path for item in gallery.pictures()} == set(gallery.FOLDER.iterdir())
    page = gallery.PAGE.read_text(encoding="utf-8")
    assert all(f"](gallery/{item.path.name})" in page for item in gallery.pictures())


def test_a_spec_under_no_heading_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(gallery.HEADINGS, "Depth", ["deep_states"])
    with pytest.raises(ValueError, match="differ: deep_layers, deep_skip"):
        gallery.page()


@pytest.mark.parametrize("name", sampled(specs()))
def test_every_equation_is_set(name: str) -> None:
    statements = parser.parse(load(specs()[name]).source).statements
    kinds = (tree.EquationStatement, tree.FormulaStatement, tree.ConstStatement)
    lines = equations(name)
    assert len(lines) == sum(isinstance(item, kinds) for item in statements)
    for text in lines:
        assert text.count("{") == text.count("}")
        assert len(re.findall(r"\\left\b", text)) == len(re.findall(r"\\right\b", text))
        assert text.count(r"\begin{cases}") == text.count(r"\end{cases}")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("h", "h"),
        ("W_f", "W_{f}"),
        ("yhat", r"\hat{y}"),
        ("alpha", r"\alpha"),
        ("n_x", "n_{x}"),
        ("h1", "h_{1}"),
        ("wg_", r"\mathrm{wg}'"),
        ("theta_new", r"\theta_{\mathrm{new}}"),
    ],
)
def test_names(name: str, shown: str) -> None:
    assert letter(name) == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a * x[t] * h[t-1]", r"a\, x^{(t)} \odot h^{(t-1)}"),
        ("W @ (x[t] - (a - x[t]))", r"W\, \left(x^{(t)} - \left(a - x^{(t)}\right)\right)"),
        ("x[t] / (1 + x[t] ^ 2)", r"\frac{x^{(t)}}{1 + \left(x^{(t)}\right)^{2}}"),
        ("E[y[t]] + E[y[t-1]]", r"E[y^{(t)}] + E[y^{(t-1)}]"),
        ("sum[t](x[t] + h[t])", r"\sum_{t=1}^{T} \left(x^{(t)} + h^{(t)}\right)"),
        ("t % 2 * x[t]", r"t \bmod 2\, x^{(t)}"),
        ("mean[t](x[t])", r"\frac{1}{T} \sum_{t=1}^{T} x^{(t)}"),
        ("dot(x[t], h[t]) * x[t]", r"\left\langle x^{(t)},\; h^{(t)} \right\rangle\, x^{(t)}"),
        (
            "where(t > 2, x[t], -a)",
            r"\begin{cases} x^{(t)} & \text{if } t > 2 \\ -a & \text{otherwise} \end{cases}",
        ),
        ("sqrt(0.00001 + x[t] * x[t])", r"\sqrt{10^{-5} + x^{(t)} \odot x^{(t)}}"),
    ],
)  # fmt: skip
def test_equations_as_the_book_sets_them(written: str, shown: str) -> None:
    left = "u" if "[t](" in written else "u[t]"
    assert (
        line(f"{left} = {written}").removesuffix(r" \\")
        == f"{letter('u')}{'^{(t)}' * (left != 'u')} &= {shown}"
    )


TREE = """
axis v in tree(left, right)
size n
input x[v]: n
param W
h[leaf]: n = W @ x[leaf]
h[v] = x[v.left] + h[v.right] - h[v.parent.left]
"""


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("h[leaf]", r"h^{(\mathrm{leaf})} &= W\, x^{(\mathrm{leaf})}"),
        ("u[v] = x[v.left.right]", r"u^{(v)} &= x^{(\mathrm{right}(\mathrm{left}(v)))}"),
        ("u[v] = x[v.parent] - x[root]",
         r"u^{(v)} &= x^{(\mathrm{parent}(v))} - x^{(\mathrm{root})}"),
        ("u[v] = sum[c in v.children](x[c])",
         r"u^{(v)} &= \sum_{c \in \mathrm{children}(v)} x^{(c)}"),
        ("u[v] = max[c in v.children](x[c])",
         r"u^{(v)} &= \max_{c \in \mathrm{children}(v)} \left(x^{(c)}\right)"),
        ("u = sum[v](x[v])", r"u &= \sum_{v} x^{(v)}"),
        ("u = mean[v](x[v])", r"u &= \mathrm{mean}_{v} \left(x^{(v)}\right)"),
    ],
)  # fmt: skip
def test_nodes_as_a_book_sets_them(written: str, shown: str) -> None:
    text = TREE.replace(" - h[v.parent.left]", "") + ("" if written == "h[leaf]" else written)
    lines = latex(parse(text)).split(" \\\\\n")
    assert shown in lines[0 if written == "h[leaf]" else -1]

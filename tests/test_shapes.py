"""Shapes, kinds and roles that follow from a file, sentence by sentence of the page."""

from __future__ import annotations

import pytest

from rnndsl.driver import check, parse
from rnndsl.model.load import text_source
from rnndsl.model.model import Model

HEAD = """
axis   t = 1..T
size   n, m = 8, d = 2, k, q = m / 4
input  x[t]: n, w[t]: token(k), p: position(t), r[t]: position(t), c: m
target y[t]: token(k), z[t]: k
"""


def model(text: str) -> Model:
    return parse(HEAD + text)


def types(text: str) -> dict[str, str]:
    """The types of all values and parameters."""
    found = model(text)
    values = {item.name: str(item.type) for item in found.equations.values()}
    for param in found.params.values():
        dims = [str(dim) for dim in param.shape]
        values[param.name] = dims[0] if len(dims) == 1 else f"({', '.join(dims)})"
    return values


def codes(text: str) -> list[str]:
    _, diagnostics = check(text_source(HEAD + text))
    return [item.code for item in diagnostics if item.is_error]


@pytest.mark.parametrize(
    ("text", "name", "wanted"),
    [
        # a matrix left of `@`, a vector right of it
        ("param W\nh[t]: m = W @ x[t]", "W", "(m, n)"),
        ("param W\nh[t] = x[t] @ W\ng[t]: m = h[t]", "W", "(n, m)"),
        ("param W, V: (m, q)\nh[t] = V @ (W @ x[t])", "W", "(q, n)"),
        ("param W: (m, m), v\nh[t] = W @ v + h[t-1]", "v", "m"),
        ("param V: (m, m), W\nh[t]: (m, n) = V @ W + h[t-1]", "W", "(m, n)"),
        # open shapes take the full shape of what they meet
        ("param b, W\nh[t]: m = b + W @ h[t-1]", "b", "m"),
        ("param a\nh[t]: m = a * h[t-1]", "a", "m"),
        ("param a: ()\nh[t]: m = a * h[t-1]", "a", "()"),
        ("param a: () = 0.3\nh[t]: m = a * h[t-1]", "a", "()"),
        ("param a\ns[t] = a * sum(x[t])", "a", "()"),
        ("param a\ns[t] = a * sum(x[t])", "s", "()"),
        ("param a, W\nh[t]: m = W @ (a * x[t])", "a", "n"),
        ("param a, b, W\nh[t]: m = tanh(W @ x[t] + where(a >= 0, b, -b))", "b", "m"),
        ("param a, b, W\nh[t]: m = tanh(W @ x[t] + where(a >= 0, b, -b))", "a", "m"),
        ("param g\nh[t]: m = c * g + h[t-1]\nh[0] = tanh(g)", "g", "m"),
        ("param h0\nh[t]: m = h[t-1] + 1\nh[0] = tanh(h0)", "h0", "m"),
        # numbers, sizes and consts fill any shape
        ("h[t]: m = h[t-1]\nh[0] = 0.5", "h", "m"),
        ("h[t]: (m, n) = where(t % 4 == 0, 1 / T, n)", "h", "(m, n)"),
        ("u: m = 1", "u", "m"),
        ("u = 1", "u", "()"),
        ("h[t] = t", "h", "()"),
        ("h[t] = h[t-1]\nh[0] = 1", "h", "()"),
        ("const e = 2\nh[t]: m = max(h[t-1], e)", "h", "m"),
        # a dimension is arithmetic over sizes
        ("o[t] = concat(x[t], c, x[t])", "o", "m + 2*n"),
        ("o[t] = concat(x[t], 1, sum(c))", "o", "n + 2"),
        ("param W\nh[t]: m = W @ concat(h[t-1], x[t])", "W", "(m, m + n)"),
        ("h[t]: q = h[t-1]", "h", "q"),
        ("h[t]: m / 4 = h[t-1]", "h", "m/4"),
        ("param W: (2 * m + n - 1, (m))\nh[t] = W @ c", "h", "2*m + n - 1"),
        ("param a\nh[t]: m + n = concat(a, x[t])", "a", "m"),
        # tokens and picks
        ("param E\nh[t]: m = E[w[t]]", "E", "(k, m)"),
        ("param E\nh[t]: m = E[w[t-1]] + E[y[t]]\nloss = norm(h[T])", "E", "(k, m)"),
        ("param E: (m, n)\no[t] = E[0]", "o", "n"),
        ("param E: (m, n)\no[t] = E[0][1]", "o", "()"),
        ("param E: (m, n)\no[t] = E[0,1]", "o", "()"),
        ("o[t] = x[t][2]", "o", "()"),
        ("o[t] = x[t,2]", "o", "()"),
        ("o[t] = softmax(z[t])[y[t]]\nloss = sum[t](o[t])", "o", "()"),
        ("o[t] = w[t]", "o", "token(k)"),
        ("o[t] = argmax(z[t])\noutput o[t]", "o", "token(k)"),
        ("o[t] = sample(x[t])", "o", "token(n)"),
        ("o[t] = where(t > 1, w[t], 0)", "o", "token(k)"),
        ("o[t] = w[t-1]\no[0] = 0", "o", "token(k)"),
        ("o[t]: token(k) = 0", "o", "token(k)"),
        ("o[t] = one_hot(w[t])", "o", "k"),
        ("o[t] = w[t] == w[t-1]", "o", "()"),
        # positions
        ("b = argmax[t](norm(x[t]))", "b", "position(t)"),
        ("b = argmax[t](norm(x[t]))\nu = x[b]", "u", "n"),
        ("u[t] = x[r[t]]", "u", "n"),
        ("u = x[p]", "u", "n"),
        # over the axis and over components
        ("s = sum[t](x[t])", "s", "n"),
        ("s = mean[t](norm(x[t]))", "s", "()"),
        ("h[t] = softmax[t](x[t])", "h", "n"),
        ("s[t] = max(x[t])", "s", "()"),
        ("s[t] = max(x[t], 0)", "s", "n"),
        ("s[t] = logsumexp(x[t]) + prod(x[t]) + mean(x[t]) + min(x[t])", "s", "()"),
        ("s[t] = outer(x[t], c)", "s", "(n, m)"),
        ("s[t] = transpose(outer(x[t], c))", "s", "(m, n)"),
        ("s[t] = cosine(outer(x[t], c), c)", "s", "n"),
        ("s[t] = cosine(c, c)", "s", "()"),
        ("s[t] = circular_conv(c, x[t])", "s", "m"),
        ("M[t] = M[t-1] + outer(c, x[t])", "M", "(m, n)"),
        ("M[t] = M[t-1] + outer(c, x[t])\nv[t] = c @ M[t]", "v", "n"),
        ("param A\nM[t]: (m, n) = A @ M[t-1]", "A", "(m, m)"),
        # a function is known by its bracket
        ("tanh[t] = x[t]\nh[t] = tanh(tanh[t])", "h", "n"),
        # formulas substitute, binders too
        ("f(u, v) = u + v\ns(i) = sum[i](x[i])\nh[t] = f(s(t), f(x[t], 1))", "h", "n"),
        ("param U_f, W_f\ngate(U, W) = sigmoid(U @ x[t] + W @ h[t-1])\nh[t]: m = gate(U_f, W_f)",
         "U_f", "(m, n)"),
    ],
)  # fmt: skip
def test_types(text: str, name: str, wanted: str) -> None:
    assert types(text)[name] == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("h[t]: m = h[t-1] + x[t]", ["RNN301"]),
        ("h[t]: m = c @ x[t]", ["RNN304"]),
        ("h[t] = a[t-1] + 1\na[t] = h[t]", ["RNN302"]),
        ("param E\ne[t] = E[w[t]]", ["RNN302"]),
        ("param W, V\nh[t]: m = V @ (W @ x[t])", ["RNN302"]),
        ("param W\nh[t]: m = W @ w[t]", ["RNN305"]),
        ("param W\nh[t]: m = W @ p", ["RNN305"]),
        ("param W: (m, 7)\nh[t]: m = W @ x[t]", ["RNN301"]),
        ("param W: (m, k)\nh[t]: m = W @ concat(x[t], c)", ["RNN301"]),
        ("h[t] = concat(x[t], x[t])\ng[t]: k = h[t]", ["RNN301"]),
        ("h[t]: m = m * n", []),
        ("h[t] = circular_conv(c, x[t] + c)", ["RNN301"]),
        ("loss = x[T]", ["RNN308"]),
        ("loss = 1", []),
        ("loss = x[T][0] * 2", []),
    ],
)
def test_faults(text: str, wanted: list[str]) -> None:
    assert codes(text) == wanted


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("t", "h"),
        ("t-1", "h[t-1]"),
        ("-1+t", "h[t-1]"),
        ("t+2", "h[t+2]"),
        ("t-d", "h[t-d]"),
        ("t-2*d-1", "h[t-2*d-1]"),
        ("t-(d+1)", "h[t-d-1]"),
        ("t-lag", "h[t-3]"),
        ("1", "h[1]"),
        ("d", "h[d]"),
        ("T", "h[T]"),
        ("T-1", "h[T-1]"),
        ("T+1", "h[T+1]"),
        ("0", "h[0]"),
        ("-3", "h[-3]"),
        ("p", "h[p]"),
        ("argmax[t](x[t][0])", "h[argmax[t](x[t][0])]"),
        ("T-t+1", "h[T-t+1]"),
    ],
)
def test_positions(place: str, shown: str) -> None:
    found = model(f"const lag = 3\nh[t]: m = h[t-1]\noutput h[{place}]")
    assert [item.label for item in found.outputs] == [shown]


@pytest.mark.parametrize(
    ("place", "is_fine"),
    [
        ("0", True),
        ("-3", True),
        ("1-d", True),
        ("-d", True),
        ("1-lag", True),
        ("T+1", True),
        ("T+d", True),
        ("d+T", True),
        ("1", False),
        ("2-d", False),
        ("d", False),
        ("T", False),
        ("T-1", False),
        ("T+1-d", False),
        ("t-1", False),
        ("1.5", False),
        ("p", False),
    ],
)
def test_boundaries(place: str, is_fine: bool) -> None:
    found = codes(f"const lag = 3\nh[t]: m = h[t-1]\nh[{place}] = 0.5")
    assert found == [] if is_fine else found in (["RNN121"], ["RNN120"])


def test_one_position_has_one_boundary() -> None:
    assert codes("h[t]: m = h[t-1]\nh[0] = 0\nh[2-2] = 1") == ["RNN111"]
    assert codes("h[t]: m = h[t-1]\nh[-d] = 0\nh[1-d-1] = 1") == ["RNN111"]


def test_outputs_are_what_the_loss_reads_unless_said() -> None:
    text = "h[t]: n = x[t]\ng[t] = norm(h[t])\nloss = sum[t](g[t]) + norm(h[T])"
    assert [item.label for item in model(text).outputs] == ["g", "h[T]"]
    assert [item.label for item in model(text + "\noutput h[1], x[t]").outputs] == ["h[1]", "x"]


def test_initialisers() -> None:
    text = "param W, b, a: () = -0.3, V = normal(0.1), U = uniform(-1, 2 * 0.5), e = ones\n"
    text += "const s = 0.5\nparam g = s\nh[t]: m = W @ x[t] + b * a + V @ c + U @ c + e * g\n"
    found = {
        p.name: (p.initialiser.name, p.initialiser.arguments) for p in model(text).params.values()
    }
    assert found == {
        "W": ("glorot", ()),
        "b": ("zeros", ()),
        "a": ("number", (-0.3,)),
        "V": ("normal", (0.1,)),
        "U": ("uniform", (-1.0, 1.0)),
        "e": ("ones", ()),
        "g": ("number", (0.5,)),
    }


def test_sizes_and_consts_are_arithmetic() -> None:
    found = model("size u = m + 2 * q, v = (u - 1) * 3\nconst e = 2 ^ -1, f = -e * 4\nh[t]: u = f")
    assert {name: str(size.default) for name, size in found.sizes.items()} == {
        "n": "None", "m": "8", "d": "2", "k": "None", "q": "m/4", "u": "m + 2*q", "v": "3*u - 3",
    }  # fmt: skip
    assert found.consts == {"e": 0.5, "f": -2.0}
    assert [name for name, size in found.sizes.items() if size.is_derived] == ["q", "u", "v"]


LOSS_OF = "\nloss = sum[t](squared_error(f[t], z[t]))"


@pytest.mark.parametrize(
    ("text", "is_fine"),
    [
        # read by what only the loss depends on, directly or through sums
        ("f[t]: k = z[t]" + LOSS_OF, True),
        ("f[t] = x[t][0] - z[t]\ns[t] = sum(f[t] ^ 2)\nloss = sum[t](s[t])", True),
        ("run[t] = run[t-1] + (argmax(x[t]) == y[t] % 2)\noutput run[T]", True),
        ("f[t]: k = teach(z[t-1], f[t-1])" + LOSS_OF, True),
        ("g[t]: k = teach(z[t-1], f[t-1])\nparam a\nf[t] = a * g[t]" + LOSS_OF, True),
        # read where the model goes on with it
        ("g[t]: k = teach(f[t-1], z[t-1])\nparam a\nf[t] = a * g[t]" + LOSS_OF, False),
        ("g[t]: k = z[t-1]\nparam a\nf[t] = tanh(a * g[t])\nu[t] = f[t] * 2" + LOSS_OF, False),
        ("param W\nf[t]: k = tanh(W @ f[t-1] + z[t-1])" + LOSS_OF, False),
        ("g[t]: k = g[t-1] + 1\ng[0] = z[1]\nparam a\nf[t] = a * g[t] + f[t-1]" + LOSS_OF, False),
    ],
)
def test_who_may_read_targets(text: str, is_fine: bool) -> None:
    assert codes(text) == ([] if is_fine else ["RNN130"])

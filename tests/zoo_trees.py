"""Models over trees, one for each construct, and forests of every form."""

from __future__ import annotations

from typing import Any

import numpy as np

Forest = tuple[Any, Any]

BINARY = "axis v in tree(left, right)\nsize n, m, k, c\n"
ANY = "axis v in tree\nsize n, m, k, c\n"

MODELS: dict[str, str] = {
    "recursive": BINARY + """
input x[v]: token(k)
target y: token(c)
param E: (k, m), W, U, b, S, d
h[leaf]: m = tanh(E[x[leaf]])
h[v] = tanh(b + W @ h[v.left] + U @ h[v.right])
o = d + S @ h[root]
loss = cross_entropy(o, y)
""",
    "everywhere": BINARY + """
input x[v]: n
param W, U, V, b
h[v]: m = tanh(b + V @ x[v] + W @ h[v.left] + U @ h[v.right])
loss = sum[v](sum(h[v] ^ 2)) + sum(h[root])
output h[v], h[root]
""",
    "child_sum": ANY + """
input x[v]: n
target y[v]: token(c)
param U_i, W_i, b_i, U_g, W_g, b_g, U_f, W_f, b_f = 1, V, d
hs[v] = sum[u in v.children](h[u])
i[v] = sigmoid(U_i @ x[v] + W_i @ hs[v] + b_i)
g[v] = tanh(U_g @ x[v] + W_g @ hs[v] + b_g)
s[v]: m = i[v] * g[v] + sum[u in v.children](sigmoid(U_f @ x[v] + W_f @ h[u] + b_f) * s[u])
h[v]: m = tanh(s[v])
loss = mean[v](cross_entropy(d + V @ h[v], y[v]))
output h[v]
""",
    "binary_lstm": BINARY + """
input x[v]: n
target y: c
param W_i: (m, n), U_i, V_i, W_f, U_f, W_g: (m, n), U_g, V_g, S
i[leaf]: m = sigmoid(W_i @ x[leaf])
i[v] = sigmoid(U_i @ h[v.left] + V_i @ h[v.right])
g[leaf]: m = tanh(W_g @ x[leaf])
g[v] = tanh(U_g @ h[v.left] + V_g @ h[v.right])
f[v] = sigmoid(W_f @ h[v.left] + U_f @ h[v.right])
s[leaf]: m = i[leaf] * g[leaf]
s[v] = i[v] * g[v] + f[v] * (s[v.left] + s[v.right])
h[leaf]: m = tanh(s[leaf])
h[v] = tanh(s[v])
o = S @ h[root]
loss = squared_error(o, y)
output h[v], o
""",
    "top_down": ANY + """
input x[v]: n
param W, U, V, R, b
h[v]: m = tanh(W @ x[v] + sum[u in v.children](U @ h[u]))
d[root] = tanh(R @ h[root])
d[v]: m = tanh(b + V @ d[v.parent] + R @ h[v])
loss = sum[v](sum(d[v] * x[v][0]))
output d[v]
""",
    "top_down_missing": BINARY + """
input x[v]: n, w: m
param V, R
d[v]: m = tanh(V @ d[v.parent] + R @ x[v.parent] + w) * x[v.left][1]
loss = mean[v](sum(d[v]) ^ 2)
output d[v], d[root]
""",
    "leaf_and_root": BINARY + """
input x[v]: m, w: m
param W, U
h[leaf] = x[leaf] * w
h[root] = 0.3 * w + x[root]
h[v]: m = tanh(W @ h[v.left] + U @ h[v.right])
g[v]: m = sum(h[v]) * h[v]
loss = sum(g[root]) + sum[v](h[v][0] * g[v][1])
output h[v], g[v], h[root]
""",
    "leaves_of_another": BINARY + """
input x[v]: m
param W, U
a[v]: m = tanh(x[v] + 0.5 * h[v.left])
h[leaf] = 2 * a[leaf]
h[v]: m = tanh(W @ h[v.left] + U @ h[v.right] + a[v])
loss = sum(h[root]) + sum[v](sum(a[v]))
output h[v], a[v]
""",
    "attention_over_children": ANY + """
input x[v]: n
param W, Q, K
q[v]: m = tanh(Q @ x[v] + sum[u in v.children](0.3 * h[u]))
z[v]: () = logsumexp[u in v.children](dot(q[v], K @ h[u]))
a[v]: m = sum[u in v.children](exp(dot(q[v], K @ h[u]) - z[v]) * h[u])
h[v]: m = tanh(W @ x[v] + a[v])
loss = sum(h[root])
output h[v]
""",
    "extremes": ANY + """
input x[v]: m
param W
h[v]: m = tanh(W @ x[v] + max[u in v.children](h[u]) - 0.5 * min[u in v.children](h[u] * x[v]))
a[v]: m = mean[u in v.children](h[u] + x[v])
top: m = max[v](h[v]) + 2 * min[v](a[v])
loss = sum(top) + sum(logsumexp[v](h[v])) + sum[v](sum[u in v.children](1) * sum(a[v]))
output top, a[v]
""",
    "softmax_over_nodes": BINARY + """
input x[v]: m, w: m
param W, U
h[leaf] = x[leaf]
h[v]: m = tanh(W @ h[v.left] + U @ h[v.right])
p[v]: () = softmax[v](dot(h[v], w))
r: m = sum[v](p[v] * h[v]) + mean[v](h[v])
loss = sum(r)
output p[v], r
""",
    "grandchildren": BINARY + """
input x[v]: m
param W, U
h[v]: m = tanh(x[v] + W @ h[v.left.right] + U @ h[v.right] + x[v.parent.left])
loss = sum[v](sum(h[v]))
output h[v]
""",
    "siblings_of_a_child": ANY + """
input x[v]: m
param W
h[v]: m = tanh(x[v] + sum[u in v.children](h[u] * x[u.parent] + W @ h[u]))
loss = sum(h[root])
output h[v]
""",
    "words": """
axis t = 1..T
axis v in tree(left, right)
size n, m, k, c
input e[t]: n, p[v]: position(t)
target y: token(c)
param W, U, R, Q, A, B, S, h0
f[t]: m = tanh(W @ e[t] + U @ f[t-1])
f[0] = tanh(h0)
g[t]: m = tanh(W @ e[t] + R @ g[t+1])
h[leaf]: m = tanh(f[p[leaf]] + g[p[leaf]] + Q @ f[T])
h[v] = tanh(A @ h[v.left] + B @ h[v.right] + g[p[v]] + f[p[v]] * g[p[v]])
z[t]: m = tanh(e[t][0] + h[root])
o = S @ (h[root] + z[T])
loss = cross_entropy(o, y) + sum[t](sum(z[t]))
output h[v], o, f[p[v]]
""",
    "by_chance": ANY + """
input x[v]: n
target y[v]: token(c)
param W, U, V
h[v]: m = dropout(tanh(W @ x[v] + sum[u in v.children](dropout(U @ h[u], 0.2))), 0.3)
o[v]: c = V @ h[v]
z[v] = teach(y[v], sample(o[v]))
loss = mean[v](cross_entropy(o[v], y[v])) + 0.01 * sum[v](z[v])
output z[v], o[v]
""",
    "a_context": BINARY + """
input x[v]: token(k), w: m, q[v]: (m, n)
param E: (k, m), W, U
h[v]: m = where(x[v] == x[v.left], E[x[v]], w) + W @ h[v.left] + 0.1 * sum(q[v]) * (U @ w)
a: m = sum[v](q[v] @ q[v] [0]) + h[root]
loss = sum(a)
output a, h[v.left]
""".replace("sum[v](q[v] @ q[v] [0])", "sum[v](q[v] @ q[v][0])"),
    "deep": """
axis v in tree(left, right)
axis l = 1..L
size n, m, L = 2
input x[v]: n
param W[l]: (m, m), U[l]: (m, m), Q[l]: (m, m), P
h[l,v]: m = tanh(W[l] @ h[l,v.left] + U[l] @ h[l,v.right] + Q[l] @ h[l-1,v])
h[l,leaf] = tanh(Q[l] @ h[l-1,leaf])
h[0,v] = P @ x[v]
loss = sum[l](sum(h[l,root])) + sum[v](sum(h[L,v]))
output h[l,v], h[L,root]
""",
    "nothing_recurs": BINARY + """
input x[v]: m
h[leaf] = 3 * x[leaf]
h[v]: m = x[v.left] - x[v.right]
d[root] = x[root]
d[v]: m = h[v.parent]
u[v] = 0.5
loss = sum[v](sum(h[v] * d[v])) + sum[v](u[v])
output h[v], d[v]
""",
}  # fmt: skip


def random_forest(rng: np.random.Generator, slots: int, sizes: tuple[int, ...]) -> Forest:
    """Trees of so many nodes each, grown at random places, their nodes mixed."""
    rows: list[list[int]] = []
    roots = []
    for count in sizes:
        start = len(rows)
        roots.append(start)
        rows.append([-1] * slots)
        while len(rows) < start + count:
            above, place = rng.integers(start, len(rows)), rng.integers(slots)
            if rows[above][place] < 0:
                rows[above][place] = len(rows)
                rows.append([-1] * slots)
    return mixed(np.array(rows), np.array(roots), rng)


def mixed(children: Any, roots: Any, rng: np.random.Generator) -> Forest:
    """The same forest under other numbers."""
    new = rng.permutation(len(children))
    found = np.full_like(children, -1)
    found[new] = np.where(children >= 0, new[children], -1)
    return found, new[roots]


def chain(slots: int, count: int) -> Forest:
    """One tree in which every node but the last has one child, in any slot."""
    children = np.full((count, slots), -1)
    for node in range(count - 1):
        children[node, node % slots] = node + 1
    return children, np.array([0])


def star(count: int) -> Forest:
    """One node with all others below it."""
    children = np.full((count, count - 1), -1)
    children[0] = np.arange(1, count)
    return children, np.array([0])


def full(rng: np.random.Generator, leaves: int) -> Forest:
    """A tree in which every node has two children or none."""
    rows = [[-1, -1]]
    ends = [0]
    while len(ends) < leaves:
        node = ends.pop(rng.integers(len(ends)))
        rows[node] = [len(rows), len(rows) + 1]
        ends += rows[node]
        rows += [[-1, -1], [-1, -1]]
    return np.array(rows), np.array([0])

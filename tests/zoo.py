"""Small models, each for one construct of the language; every function is in one of them."""

from __future__ import annotations

from rnndsl.ops import signatures
from tests.zoo_axes import AXES as AXES

HEAD = """
axis t = 1..T
size n, m, k, d
"""
READOUT = """
target y[t]: token(k)
param V, c
o[t] = c + V @ h[t]
loss = sum[t](cross_entropy(o[t], y[t]))
output o[t], h[T], h[1]
"""
CELL = """
input x[t]: n
param W, U, b
h[t]: m = tanh(b + W @ h[t-1] + U @ x[t])
"""


def model(*parts: str) -> str:
    """A model from parts, with the usual axis and sizes."""
    return HEAD + "\n".join(parts)


def elementwise(expression: str, more: str = "") -> str:
    """A recurrence in which an expression of `a[t]` and `q[t]` stands."""
    return model(
        f"""
input x[t]: n
param W, U, b, R
{more}
a[t]: m = b + W @ h[t-1] + U @ x[t]
q[t]: m = R @ x[t]
h[t]: m = tanh({expression})
""",
        READOUT,
    )


FUNCTIONS = {
    "sigmoid": "sigmoid(a[t]) * q[t]",
    "relu": "relu(a[t]) + q[t]",
    "softplus": "softplus(a[t] - q[t])",
    "exp_log": "log(1.5 + exp(a[t])) * exp(-q[t])",
    "log": "log(2 + a[t] ^ 2)",
    "sqrt": "sqrt(1 + a[t] * a[t])",
    "abs": "abs(a[t]) - q[t]",
    "power": "(1.2 + sigmoid(a[t])) ^ q[t]",
    "power_right": "sigmoid(a[t]) ^ 2 ^ 1.5 - -q[t] ^ 2",
    "division": "a[t] / (2 + sigmoid(q[t]))",
    "normalised": "(a[t] - mean(a[t])) / sqrt(0.01 + mean((a[t] - mean(a[t])) ^ 2)) * q[t]",
    "remainder": "a[t] % 0.7 + q[t] % (1 + sigmoid(a[t]))",
    "max_min": "max(a[t], q[t], 0.1) + min(a[t], 2 * q[t])",
    "clamp": "clamp(a[t], -0.5, 0.4)",
    "where": "where(a[t] > q[t] and not q[t] < -1 or a[t] == 3, a[t] * q[t], log(2 + a[t] ^ 2))",
    "where_guard": "where(q[t] > 0, log(max(q[t], 0)) + sqrt(max(q[t], 0)), a[t])",
    "logaddexp": "logaddexp(a[t], q[t])",
    "softmax": "softmax(a[t]) * 3",
    "log_softmax": "log_softmax(a[t] + q[t])",
    "sum": "sum(a[t] * q[t]) * a[t]",
    "mean": "mean(a[t]) - mean(q[t] ^ 2)  + a[t]",
    "prod": "prod(1 + 0.1 * a[t]) * q[t]",
    "greatest": "max(a[t]) * q[t] + min(q[t]) * a[t]",
    "logsumexp": "logsumexp(a[t]) + q[t]",
    "norm": "norm(a[t]) * q[t] / (1 + norm(q[t]))",
    "dot": "dot(a[t], q[t]) * a[t] + dot(b, q[t])",
    "cosine": "cosine(a[t], q[t]) * a[t]",
    "outer": "outer(a[t], q[t]) @ q[t] + q[t] @ outer(q[t], a[t])",
    "matrices": "(outer(a[t], q[t]) @ transpose(W)) @ q[t] + transpose(W) @ a[t]",
    "matrix_cosine": "outer(a[t], q[t]) @ cosine(outer(q[t], a[t]) + W, a[t])",
    "numbers": "a[t] * t / T + where(t % 2 == 0, 1, 1 / m) * q[t]",
    "conditions": "a[t] * (t > 2) + (a[t] > 0) * q[t]",
    "dropout": "dropout(a[t], 0.4) + q[t]",
    "squared_error": "squared_error(a[t], q[t]) * 0.1 + a[t]",
    "binary_cross_entropy": "binary_cross_entropy(a[t], sigmoid(q[t])) * a[t]",
    "pick": "a[t][1] * q[t] + q[t, 0]",
    "matrix_sums": "norm(outer(a[t], q[t])) * max(outer(q[t], a[t])) + sum(outer(b, q[t])) * a[t]",
}

FUNCTIONS |= {
    f"own_{item.name}": f"{item.name}({', '.join(['a[t]', 'q[t]', 'b'][: item.least])})"
    for item in signatures.FUNCTIONS.values()
    if item.meaning is not None
}
"""Those whose row brings its own meaning come by themselves."""

MODELS = {name: elementwise(text) for name, text in FUNCTIONS.items()}

MODELS |= {
    "concat": model(CELL.replace("W @ h[t-1]", "W @ concat(h[t-1], sum(x[t]), x[t])"), READOUT),
    "concat_pieces": elementwise("a[t] * concat(a[t][0], q[t][1])[1]"),
    "embedding": model(
        """
input w[t]: token(n)
param E, W
h[t]: m = tanh(W @ h[t-1] + E[w[t]] + E[w[t-1]] - 0.5 * E[1])
""",
        READOUT,
    ),
    "token_arithmetic": model(
        """
input w[t]: token(n)
param E: (n, m), W, A
u[t] = w[t] + 1
h[t]: m = tanh(W @ h[t-1] + E[u[t]] * (w[t] == 1) + 0.1 * w[t] * (A @ one_hot(w[t])))
""",
        READOUT,
    ),
    "pick_by_token": model(
        CELL,
        """
input w[t]: token(m)
target y[t]: token(k)
param V
o[t]: k = softmax(V @ h[t])
loss = -sum[t](h[t][w[t]] * log(o[t][max(y[t], 0)]))
""",
    ),
    "book_loss": model(
        CELL,
        """
target y[t]: token(k)
param V, c
o[t] = c + V @ h[t]
yhat[t] = softmax(o[t])
loss = mean[t](nll(yhat[t], y[t]))
output yhat[t]
""",
    ),
    "plain_nll": model(
        CELL,
        """
target y[t]: token(k)
param V
p[t]: k = sigmoid(V @ h[t])
loss = sum[t](nll(p[t], y[t]))
""",
    ),
    "delay_by_size": model(
        CELL.replace("W @ h[t-1]", "W @ h[t-1] + D @ h[t-d]").replace("param", "param D, s0,"),
        "h[0] = tanh(s0)\nh[-2] = 0.3\nh[1-d] = s0",
        READOUT,
    ),
    "delays": model(
        """
input x[t]: n
param W, U, A, p, q
h[t]: m = tanh(W @ h[t-3] + U @ x[t-2] + A @ g[t-1] + U @ x[t])
g[t]: m = tanh(h[t-1] - h[t-2])
h[0] = p
h[-1] = 2 * q
h[-2] = -q
g[0] = p * q
""",
        READOUT,
    ),
    "backwards": model(
        """
input x[t]: n, v: m
param W, U, p
h[t]: m = tanh(W @ h[t+1] + U @ x[t] + U @ x[t+1])
h[T+1] = tanh(p + v)
""",
        READOUT,
    ),
    "backwards_far": model(
        """
input x[t]: n
param W, U, p, q
h[t]: m = tanh(W @ h[t+2] + 0.5 * h[t+d] + U @ x[t])
h[T+1] = p
h[T+2] = q
h[T+d+3] = 1
""",
        READOUT,
    ),
    "both_directions": model(
        """
input x[t]: n
target y: token(k)
param W, D, U, b, Q, R, e, alpha: () = 0.9, V, S, c
f[t]: m = tanh(b + W @ f[t-1] + D @ f[t-d] + U @ x[t])
g[t]: m = tanh(e + Q @ g[t+1] + R @ x[t])
mu[t] = alpha * mu[t-1] + (1 - alpha) * f[t]
g[T+1] = 0.5
o = c + V @ mu[T] + S @ g[1]
loss = cross_entropy(o, y)
output o, mu[T], f[t], g[2], f[T-1], g[T+1], f[0]
""",
    ),
    "boundaries_from_values": model(
        """
input x[t]: n, v: m
param W, U, A, B
e[t]: m = tanh(A @ e[t-1] + U @ x[t])
h[t]: m = tanh(W @ h[t-1] + B @ g[t-1] + U @ x[t])
g[t]: m = sigmoid(h[t] + g[t-1])
h[0] = tanh(e[T] + v)
g[0] = h[0] * e[1]
""",
        READOUT,
    ),
    "fixed_positions": model(
        CELL,
        """
target y: k
param V, p, A, B
h[0] = p
h[-1] = 0.7
o = V @ h[T] + A @ h[T-1] + V @ h[3] - B @ x[2] + A @ h[T-d] + V @ h[0] + A @ h[-1] + B @ x[T+1]
loss = squared_error(o, y)
output o, h[T-2]
""",
    ),
    "positions_as_data": model(
        CELL,
        """
input p: position(t), r[t]: position(t)
target y: k
param V, A, s
h[0] = s
g[t] = V @ h[r[t]]
o = V @ h[p] + A @ sum[t](tanh(g[t] + V @ h[r[t]-1]))
loss = squared_error(o, y)
output g[t], o
""",
    ),
    "over_positions": model(
        CELL,
        """
target y: k
param V, v, A
e[t] = dot(v, h[t])
alpha[t] = softmax[t](e[t])
c = sum[t](alpha[t] * h[t])
top = max[t](e[t]) + min[t](e[t] ^ 2) + logsumexp[t](2 * e[t]) + prod[t](1 + 0.2 * e[t])
best = argmax[t](e[t])
z[t]: m = h[t] * softmax[t](h[t]) + max[t](h[t]) - mean[t](x[t][0] * h[t])
o: k = V @ c + top * (A @ h[best]) + A @ mean[t](z[t-1] * z[t]) + V @ z[best]
loss = squared_error(o, y) + sum[t](1) / T
output alpha[t], best, o, z[t]
""",
    ),
    "context": model(
        """
input x[t]: n, w: m
target y[t]: k
param W, U, R, Q, b, V, c
z[t] = teach(y[t], o[t])
h[t]: m = tanh(b + W @ z[t-1] + U @ x[t] + R @ w)
z[0] = Q @ w
o[t] = c + V @ h[t]
loss = sum[t](squared_error(o[t], y[t]))
""",
    ),
    "taught_tokens": model(
        """
input w: m
target y[t]: token(k)
param E, W, R, V, c
z[t] = teach(y[t], argmax(o[t]))
h[t]: m = tanh(W @ h[t-1] + E[z[t-1]] + R @ w)
z[0] = 0
o[t] = c + V @ h[t]
loss = sum[t](cross_entropy(o[t], y[t]))
output o[t], z[t]
""",
    ),
    "sampled_tokens": model(
        """
target y[t]: token(k)
param E, W, V, c
z[t] = teach(y[t], sample(o[t]))
h[t]: m = tanh(W @ h[t-1] + E[z[t-1]])
o[t] = c + V @ h[t]
loss = mean[t](cross_entropy(o[t], y[t]))
output o[t], z[t]
""",
    ),
    "no_axis": """
size n, m, k
input x: n
target y: token(k)
param W, V, u
h: m = tanh(W @ x + u) * dropout(u, 0.5)
o = V @ h
loss = cross_entropy(o, y)
output o
""",
    "params_only": model(
        """
param A, p, q
u: m = tanh(A @ p)
h[t]: m = tanh(h[t-1] * u + q / t)
s = dot(u, p) + T
z[t] = u * s
output h[t], u, s, z[t]
""",
    ),
    "accumulated": model(
        CELL,
        """
target y[t]: k
param V
acc[t] = 0.9 * acc[t-1] + norm(h[t])
loss = sum[t](squared_error(V @ h[t], y[t])) + acc[T] + 0.01 * sum(W * W)
output h[t]
""",
    ),
    "formulas": model(
        """
const a = 0.5, r = a ^ 2
size q = m / 1
input x[t]: n
param W_f, U_f, b_f, W_g, U_g, b_g
gate(U, W, b) = sigmoid(b + U @ x[t] + W @ h[t-1])
mix(f, u, v) = f * u + (1 - f) * v
h[t]: m = mix(gate(U_f, W_f, b_f), h[t-1], tanh(2 * r * gate(U_g, W_g, b_g)) - a / q)
""",
        READOUT,
    ),
    "memory": """
axis t = 1..T
size n, m, N, W, k, s = 3
input x[t]: n
target y[t]: k
param A, R, b, Wk, bk, wb, bb, wg, bg, Ws: (s, m), bs, wy, by, We, be, Wa, ba, V, c
param M0: (N, W) = normal(0.1)
h[t]: m = tanh(b + A @ x[t] + R @ r[t-1])
key[t]: W = tanh(bk + Wk @ h[t])
wc[t] = softmax(softplus(dot(wb, h[t]) + bb) * cosine(M[t-1], key[t]))
g[t] = sigmoid(dot(wg, h[t]) + bg)
wg_[t] = g[t] * wc[t] + (1 - g[t]) * w[t-1]
ws[t] = circular_conv(wg_[t], softmax(bs + Ws @ h[t]))
gamma[t] = 1 + softplus(dot(wy, h[t]) + by)
w[t]: N = ws[t] ^ gamma[t] / sum(ws[t] ^ gamma[t])
e[t] = sigmoid(be + We @ h[t])
a[t] = tanh(ba + Wa @ h[t])
M[t]: (N, W) = M[t-1] * (1 - outer(w[t], e[t])) + outer(w[t], a[t])
r[t] = w[t] @ M[t]
M[0] = M0
w[0] = 1 / N
loss = sum[t](binary_cross_entropy(c + V @ concat(h[t], r[t]), y[t]))
output r[t], M[T]
""",
    "python_names": """
axis lambda = 1..None
size def, np
input class[lambda]: def
target import[lambda]: token(np)
param B, live, True, return
seed_[lambda]: np = tanh(B @ seed_[lambda-1] + live @ class[lambda] + True)
for[lambda] = return @ seed_[lambda]
loss = sum[lambda](cross_entropy(for[lambda], import[lambda]))
output for[lambda]
""",
}

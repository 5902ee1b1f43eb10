"""Texts that once brought the compiler down, or were not told as they should be."""

from __future__ import annotations

HEAD = "\naxis t = 1..T\nsize n, m, k, d\n"

TEXTS: dict[str, str] = {
    "a reserved name many times": "\naxis children = 1..T" * 16
    + """
size n, m, k, d
param W, ], b, R
input x[children]: n
a[children]: m = b + W @ h[children-1] + U @ x[children]
q[children]: m = R @token x[children]
h[children]: m = tanh(sigmoid(a[children]) * q[children])
target y[children]: token(k)
param V, c
o[children] = c + V @ h[children]
loss = sum[children](cross_entropy(o[children], y[children]))
output o[childrenU, h[T], h[1]
""",
    "two axes under a reserved name": """
axis   param = 1..T
size   n, m = 32, k
input  x[param]: n
target y[param]: token(k)
param  U, W = orthogonal, b
u[param] = sigmoid(b_u + U_u @ x[param] + W_u @ h[param-1])
axis   param = 1..T
size   n, m = 32, k
input  x[param]: n
target y[param]: k
param  U, W, V, b, c
h[param]: m = u[param] * h[param-1] + (1 - u[param]) * tanh(b + U @ x[param])
o[param]>= = c + V @ h[param]
loss = sum[param](cross_entropy(o,]param[ y[param]))
clip norm 5
""",
    "a parameter of tokens": """
size n, Ⅳ, k
input x: n
param y: token(k)
h: Ⅳ . tanh(W @ x + u) * dropout(u, 0.5)
o = V @ h
)(loss = cross_entropy(o, y)
output o
""",
    "a target that nothing reads": HEAD
    + """
input x[t]: n, v: m
param W, U, p
h[t]: m = tanh(W @ h[t+1] + U @ x[t] + U @ x[t+1])
h[T+1] = tanh(p + v)
target y[t]: token(k)""",
    "nothing asked for": HEAD
    + """
input x[t]: n
param W, U, b, R
a[t]: m = b + W @ h[t-1] + U @ x[t]
q[t]: m = R @ x[t]
h[t]: m = tanh(sigmoid(a[t]) * q[t])
""",
    "nothing asked for, and a delay by a size": HEAD
    + """
input x[t]: n
param D, s0, W, U, b
h[t]: m = tanh(b + W @ h[t-1] + D @ h[t-d] + U @ x[t])
h[0] = tanh(s0)
h[-2] = 0.3
h[1-d] = s0
target y[t]: token(k)
""",
    "a function in reverse": """
axis t = 1..T
size n, m
input x[t]: n
param W
h[t]: m = reverse tanh(W @ x[t] + h[t-1])
output h[t]
""",
    "an axis called loss beside a file that is used": """
use "lstm.rnn" as lstm
axis   loss = 1..T
size   n, m = 32, k
input  x[loss]: n
param  V, c
low = lstm(x = x, m = m)
<=o[loss] = c + V @ low.h[loss]
yhat[loss] = softmax(o[loss])
output yhat[loss]
""",
}

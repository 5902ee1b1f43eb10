"""Small models over two axes, each for one construct; they belong to the zoo."""

from __future__ import annotations

PLANE = """
axis i = 1..S
axis j = 1..T
size n, m
"""
SELF = """
axis i, j = 1..N
size n, m
"""
OVER = ("sum", "mean", "max", "min", "prod", "logsumexp")


def plane(*parts: str) -> str:
    """A model over two axes of different length."""
    return PLANE + "\n".join(parts)


def over(index: str) -> str:
    """Reductions of a matrix of scalars, and of vectors, over one of its axes."""
    other = "j" if index == "i" else "i"
    scalars = " + ".join(f"{name}[{index}](0.5 + 0.1 * e[j,i])" for name in OVER)
    vectors = " + ".join(f"{name}[{index}](1 + 0.2 * g[j,i])" for name in OVER)
    return plane(
        f"""
input x[i]: n, z[j]: n
param U, R, v, V
g[j,i]: m = tanh(U @ x[i] + R @ z[j])
e[j,i] = dot(v, g[j,i])
r[{other}] = {scalars}
q[{other}]: m = {vectors}
best[{other}] = argmax[{index}](e[j,i])
p[j,i] = softmax[{index}](e[j,i])
s[j,i] = softmax[{index}](g[j,i]) * p[j,i]
loss = sum[{other}](r[{other}] * sum(q[{other}])) + mean[i](sum[j](squared_error(s[j,i], V)))
output r[{other}], q[{other}], best[{other}], p[j,i], s[j,i]
"""
    )


AXES: dict[str, str] = {
    "attending": """
axis i = 1..S
axis j = 1..T
size a, b, m, q
input x[i]: token(a)
target y[j]: token(b)
param E, W, p, A: (q, m), B, v, R, K, L, G, F: (b, m), f, V, c
h[i]: m = tanh(p + W @ h[i-1] + E[x[i]])
z[j] = teach(y[j], argmax(o[j]))
e[j,i] = dot(v, tanh(A @ s[j-1] + B @ h[i]))
alpha[j,i] = softmax[i](e[j,i])
ctx[j] = sum[i](alpha[j,i] * h[i])
s[j]: m = tanh(f + R @ s[j-1] + K @ F[z[j-1]] + L @ ctx[j])
s[0] = tanh(G @ h[S])
z[0] = 0
o[j] = c + V @ s[j]
loss = sum[j](cross_entropy(o[j], y[j]))
output o[j], alpha[j,i], h[i], s[T], alpha[T,i], alpha[j,S], alpha[1,1]
""",
    "plane_data": plane(
        """
size k
input x[j,i]: n, w[j,i]: token(k), u[i,j]: m, z[j]: m
target y[j,i]: token(k), d[i,j]: m
param U, E: (k, m), b, V
a[j,i]: m = tanh(b + U @ x[j,i] + E[w[j,i]] + z[j] * u[i,j] + u[i,j-1])
loss = sum[j](mean[i](cross_entropy(V @ a[j,i], y[j,i]) + squared_error(a[j,i], d[i,j])))
output a[j,i], a[T,i], a[j,S], a[1,1], a[j,2]
"""
    ),
    "index_first": plane(
        """
input x[j,i]: n
param U, W, v
a[i,j]: m = tanh(U @ x[j,i] + W @ a[i-1,j])
c[i] = sum[j](a[i,j])
loss = sum[i](dot(v, c[i]) ^ 2) + sum[j](dot(v, a[S,j]))
output a[i,j], c[i]
"""
    ),
    "attending_to_itself": SELF
    + """
size k
input x[i]: n
target y[i]: token(k)
param A, B: (m, n), D, V, c
q[i]: m = A @ x[i]
r[i] = B @ x[i]
e[i,j] = dot(q[i], r[j]) / sqrt(m)
alpha[i,j] = softmax[j](e[i,j])
ctx[i]: m = sum[j](alpha[i,j] * (D @ x[j]))
o[i] = c + V @ ctx[i]
loss = sum[i](cross_entropy(o[i], y[i]))
output o[i], alpha[i,j], e[j,i]
""",
    "causal_attention": SELF
    + """
input x[i]: n
param A: (m, n), W, D, v
h[i]: m = tanh(A @ x[i] + W @ h[i-1])
e[i,j] = where(j > i, -1000, dot(h[i], D @ h[j]))
alpha[i,j] = softmax[j](e[i,j])
s[i] = sum[j](alpha[i,j] * h[j])
loss = mean[i](dot(v, s[i]) ^ 2)
output s[i], alpha[i,j]
""",
    "links": SELF
    + """
input M[i,j], x[i]: n
param U, v
h[i]: m = tanh(U @ x[i])
e[i,j] = M[i,j] * dot(h[i], h[j]) + M[j,i] + M[i,i] * j
g[i] = sum[j](e[i,j] * e[j,i]) + e[i,i] + max[j](e[j,i-1])
loss = sum[i](g[i] * dot(v, h[i]))
output e[i,j], g[i]
""",
    "edges_of_first": plane(
        """
input x[i]: n, z[j]: n
param U, W, R, G, p
e[j,i]: m = tanh(W @ e[j-1,i] + R @ e[j-1,i-1] + 0.3 * e[j-1,i+1] + U @ x[i])
e[0,i] = tanh(G @ x[i])
e[j,0] = 0.2 * G @ z[j]
e[j,S+1] = p * j
loss = sum[j](sum[i](squared_error(e[j,i], 0.3))) / (S * T)
output e[j,i], e[T,i]
"""
    ),
    "edges_of_both": plane(
        """
input x[i]: n, z[j]: n
param U, W, G, p, q
e[j,i]: m = tanh(U @ x[i] + G @ z[j])
e[0,i] = 0.5 * p + i
e[j,0] = q / T
e[0,0] = p * q
e[-1,i] = 0.1
a[j,i] = e[j-1,i-1] * (W @ e[j-2,i]) + e[j,i-1] * e[0,i] + e[j,0] + e[0,0] * e[-1,i]
loss = sum[i](sum[j](squared_error(a[j,i], e[j+1,i+1] + e[j,i])))
output a[j,i], e[0,0], e[0,i], e[j,0]
"""
    ),
    "edges_behind": plane(
        """
input x[j,i]: n
param U, W, R, p, q
g[j,i]: m = tanh(W @ g[j+1,i] + R @ g[j+2,i-1] + U @ x[j,i])
g[T+1,i] = p * i
g[j,0] = q
a[i] = g[1,i] + g[T,i] + g[T+1,i] * g[2,i]
loss = sum[i](squared_error(a[i], 0.3))
output a[i], g[j,i]
"""
    ),
    "loop_of_second": plane(
        """
input x[j,i]: n
param U, W, R
h[j,i]: m = tanh(W @ h[j,i-1] + R @ h[j-1,i-2] + U @ x[j,i])
loss = sum[j](sum[i](squared_error(h[j,i], 0.3)))
output h[j,i], h[T,S], h[j,S]
"""
    ),
    "two_loops": plane(
        """
size d
input x[j,i]: n
param U, W, R, v
f[j,i]: m = tanh(W @ f[j-d,i] + U @ x[j,i])
g[j,i]: m = tanh(R @ g[j,i+1] + f[j,i])
r[j] = dot(v, sum[i](g[j,i])) + 0.5 * r[j-1]
loss = sum[j](r[j] ^ 2)
output f[j,i], g[j,1], r[j]
"""
    ),
    "over_first": over("i"),
    "over_second": over("j"),
    "over_both": plane(
        """
input x[j,i]: n
param U, v, V: (n, m)
g[j,i]: m = tanh(U @ x[j,i])
e[j,i] = dot(v, g[j,i])
top = max[j](max[i](e[j,i])) + logsumexp[i](logsumexp[j](e[j,i]))
c = sum[i](sum[j](softmax[i](e[j,i]) * g[j,i])) + mean[j](g[j,1])
u = argmax[i](sum[j](e[j,i]))
loss = squared_error(V @ c + top, 0.2) + sum[j](e[j,u]) * S / T
output top, c, u
"""
    ),
    "hops": """
axis i = 1..N
axis k = 1..K
size n, m, c
input x[i]: n, q: n
target y: token(c)
param A, C, B, H, W
mem[i]: m = A @ x[i]
out[i]: m = C @ x[i]
p[k,i] = softmax[i](dot(u[k-1], mem[i]))
u[k]: m = H @ u[k-1] + sum[i](p[k,i] * out[i])
u[0] = B @ q
loss = cross_entropy(W @ u[K], y)
output p[k,i], u[k]
""",
    "no_data": plane(
        """
param W, b, v
e[j,i]: m = tanh(W @ e[j-1,i] + b * i + j / T)
e[0,i] = b / i
loss = sum[j](sum[i](dot(v, e[j,i])))
output e[j,i]
"""
    ),
    "positions_found": plane(
        """
input x[i]: n, z[j]: n
param U, R, W, v
h[i]: m = tanh(U @ x[i])
g[j]: m = tanh(R @ z[j] + W @ g[j-1] + h[p[j]])
e[j,i] = dot(g[j-1], h[i])
p[j] = argmax[i](e[j,i])
a[j] = e[j,p[j]] + max[i](e[j,i])
r[i] = argmax[j](e[j,i])
b[i] = dot(v, g[r[i]]) + e[r[i],i] + e[r[i],p[r[i]]]
loss = sum[j](a[j] ^ 2) + sum[i](b[i])
output p[j], a[j], r[i], b[i], e[j,p[j]]
"""
    ),
    "pointing": plane(
        """
input x[i]: n, r[j]: position(i)
target p[j]: position(i)
param U, W, R, v
h[i]: m = tanh(U @ x[i] + W @ h[i-1])
s[j]: m = tanh(R @ s[j-1] + W @ h[r[j-1]])
s[0] = h[S]
e[j,i] = dot(v, tanh(s[j] + h[i]))
loss = sum[j](logsumexp[i](e[j,i]) - e[j,p[j]])
best[j] = argmax[i](e[j,i])
output e[j,i], best[j], e[j,best[j]]
"""
    ),
    "position_data": plane(
        """
input x[j,i]: n, p[i]: position(j), r[j,i]: position(i), u: position(j)
param U, W
h[j,i]: m = tanh(U @ x[j,i])
a[j,i]: m = W @ h[p[i],i] + h[j,r[j,i]] * h[p[i],r[j,i]] + x[u,i][0] * h[u,r[u,i]]
loss = sum[j](sum[i](squared_error(a[j,i], h[p[i]-1,r[j,i]+1])))
output a[j,i]
"""
    ),
    "taught": plane(
        """
size k
input x[j,i]: n
target y[j,i]: k
param W, U, R, V, c
z[j,i] = teach(y[j,i], o[j,i])
h[j,i]: m = tanh(W @ z[j-1,i] + R @ z[j-1,i-1] + U @ x[j,i])
o[j,i] = c + V @ h[j,i]
loss = mean[j](sum[i](squared_error(o[j,i], y[j,i])))
output o[j,i], z[j,i]
"""
    ),
    "taught_tokens_in_plane": plane(
        """
size k
input x[i]: n
target y[j,i]: token(k)
param E, W, U, V
z[j,i] = teach(y[j,i], sample(o[j,i]))
h[j,i]: m = tanh(W @ h[j-1,i] + E[z[j-1,i]] + E[z[j-1,i+1]] + U @ x[i])
z[0,i] = 0
z[j,S+1] = 1
o[j,i] = V @ h[j,i]
loss = sum[j](sum[i](cross_entropy(o[j,i], y[j,i])))
output o[j,i], z[j,i]
"""
    ),
    "dropped": plane(
        """
input x[j,i]: n
param U, W, v
a[j,i]: m = dropout(U @ x[j,i], 0.4)
h[j,i]: m = tanh(dropout(W @ h[j-1,i], 0.3) + a[j,i])
c[i] = dropout(sum[j](dropout(h[j,i], 0.2)), 0.5)
loss = sum[i](dot(v, c[i])) + sum[j](dropout(dot(v, h[j,1]), 0.3))
output h[j,i], c[i]
"""
    ),
    "numbers_of_both": plane(
        """
input x[j,i]: n
param U
h[j,i]: m = U @ x[j,i] * i / S + where((i + j) % 2 == 0, j, h[j-1,i] * 0.5) / T
loss = sum[j](sum[i](squared_error(h[j,i], i - j))) / (S * T)
output h[j,i]
"""
    ),
    "three": """
axis i = 1..S
axis j = 1..T
axis l = 1..L
size n, m
input x[l,i]: n, y[j,l,i]: n, u[j]
param U, W, v
g[l,i]: m = tanh(U @ x[l,i] + W @ g[l-1,i])
e[j,l,i] = u[j] * dot(v, g[l,i]) + sum(y[j,l,i]) + 0.5 * e[j,l,i-1]
c[j,l]: m = sum[i](softmax[i](e[j,l,i]) * g[l,i])
loss = sum[j](sum[l](dot(v, c[j,l])) ^ 2) + logsumexp[l](max[j](e[j,l,S]))
output e[j,l,i], c[j,l], e[T,l,i]
""",
    "python_names_of_axes": """
axis lambda = 1..None
axis live = 1..extents
size def, np
input class[live,lambda]: def
target run[lambda]: token(np)
param B, return, True, yield
seed_[live,lambda]: np = tanh(B @ seed_[live-1,lambda-1] + True + yield @ class[live,lambda])
for[lambda] = return @ seed_[extents,lambda]
loss = sum[lambda](cross_entropy(for[lambda], run[lambda]))
output for[lambda]
""",
    "depth": """
axis t = 1..T
axis l = 1..L
size n, m, k, L = 3
input x[t]: n
target y[t]: token(k)
param W[l]: (m, m), U[l]: (m, m), b[l]: m, P, V, c
h[l,t]: m = tanh(b[l] + W[l] @ h[l,t-1] + U[l] @ h[l-1,t])
h[0,t] = P @ x[t]
h[l,0] = 0.1 * l
o[t] = c + V @ h[L,t]
loss = sum[t](cross_entropy(o[t], y[t]))
output h[l,t], h[L,t], h[l,T], o[t]
""",
    "fixed_within": """
axis l = 1..L
axis t = 1..T
size n, m, L = 3, k
input x[t]: n, c[l]: m, d[t,l]: m, w[t]: token(k)
param W[l]: (m, m), U[l]: (m, m), b[l]: m, P, E
a[t,l] = b[l] + W[l] @ h[t-1,l] + U[l] @ h[t,l-1] + c[l] * l
h[t,l]: m = tanh(a[t,l] + dropout(d[t,l], 0.3) + E[w[t]])
h[t,0] = P @ x[t]
h[0,l] = tanh(c[l])
s[t] = sum[l](h[t,l]) + mean[l](d[t,l])
g[l] = max[t](h[t,l])
loss = sum[t](squared_error(s[t], h[t,L])) + sum[l](sum(g[l]))
output h[t,l], s[t], g[l], h[T,l]
""",
}

# LSTM with peepholes, one-step-ahead forecast of a multivariate series, eqs. as in the notes
# u: series (T+1, m, n), n realisations; s: cell, q: output; linear head y = V q + d
import numpy as np

S = lambda a: 1 / (1 + np.exp(-a))


def run(u, q, s, W, R, P, b, V, d):
    T = len(u) - 1
    L = 0.
    Z = []
    for t in range(T):
        a = np.einsum('khm,mn->khn', W, u[t]) + np.einsum('khj,jn->khn', R, q) + b
        i = S(a[0] + P[0] * s)
        f = S(a[1] + P[1] * s)
        g = np.tanh(a[2])
        r = f * s + i * g
        o = S(a[3] + P[2] * r)
        k = np.tanh(r)
        p = o * k
        e = V @ p + d - u[t + 1]
        L = L + .5 * np.sum(e * e)
        Z.append((i, f, g, o, k, s, r, q, p, e))
        q, s = p, r
    n = u.shape[2]
    return L / n, Z


def grad(u, Z, W, R, P, b, V, d):
    n = u.shape[2]
    GW, GR, GP, Gb = 0 * W, 0 * R, 0 * P, 0 * b
    GV, Gd = 0 * V, 0 * d
    Gu = 0 * u
    Q = 0 * Z[0][7]
    C = 0 * Z[0][5]
    A = np.zeros((4,) + Q.shape)
    for t in range(len(Z))[::-1]:
        i, f, g, o, k, s, r, q, p, e = Z[t]
        e = e / n
        GV += e @ p.T
        Gd += e.sum(1, keepdims=True)
        Gu[t + 1] -= e
        Q = Q + V.T @ e
        # output gate first: it looks at the new cell
        A[3] = Q * k * o * (1 - o)
        C = C + Q * o * (1 - k * k) + P[2] * A[3]
        A[0] = C * g * i * (1 - i)
        A[1] = C * s * f * (1 - f)
        A[2] = C * i * (1 - g * g)
        C = C * f + P[0] * A[0] + P[1] * A[1]
        GP[0] += (A[0] * s).sum(1, keepdims=True)
        GP[1] += (A[1] * s).sum(1, keepdims=True)
        GP[2] += (A[3] * r).sum(1, keepdims=True)
        for j in range(4):
            GW[j] += A[j] @ u[t].T
            GR[j] += A[j] @ q.T
            Gb[j] += A[j].sum(1, keepdims=True)
        Gu[t] += sum(W[j].T @ A[j] for j in range(4))
        Q = sum(R[j].T @ A[j] for j in range(4))
    return dict(W=GW, R=GR, P=GP, b=Gb, V=GV, d=Gd, u=Gu, q=Q, s=C)


def loss(params, inputs):
    return run(**inputs, **params)[0]


def backward(params, inputs):
    _, Z = run(**inputs, **params)
    return grad(inputs['u'], Z, **params)


def example(rng):
    T, m, n, h = (int(v) for v in rng.permutation([3, 4, 5, 6]))
    N = rng.normal
    params = dict(W=N(size=(4, h, m)), R=N(size=(4, h, h)), P=N(size=(3, h, 1)),
                  b=N(size=(4, h, 1)), V=N(size=(m, h)), d=N(size=(m, 1)))
    inputs = dict(u=N(size=(T + 1, m, n)), q=N(size=(h, n)), s=N(size=(h, n)))
    return params, inputs

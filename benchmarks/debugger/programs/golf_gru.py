# GRU, 3 matrices, no cell class, no nonsense.  x: (B,T,D); rows of W: x, h, 1
import numpy as np

S = lambda a: 1 / (1 + np.exp(-a))
J = lambda *a: np.concatenate(a, -1)


def fwd(P, x):
    W, Q, v, h = P["W"], P["Q"], P["v"], P["h"] + np.zeros((len(x), 1))
    n, one, L = h.shape[1], np.ones((len(x), 1)), []
    for t in range(x.shape[1]):
        u = J(x[:, t], h, one)
        z, r = np.split(S(u @ W), 2, 1)
        k = J(x[:, t], r * h, one)
        g = np.tanh(k @ Q)
        L += [(u, z, r, k, g, h)]
        h = h + z * (g - h)
    return L, h, h @ v


def bwd(P, x, y, reg):
    W, Q, v = P["W"], P["Q"], P["v"]
    L, h, s = fwd(P, x)
    n, D = h.shape[1], x.shape[2]
    ds = -y * S(-y * s) / len(y)
    dW, dQ, dv, dx = reg * W, reg * Q, h.T @ ds + reg * v, 0 * x
    dh = ds[:, None] * v
    while L:
        u, z, r, k, g, h = L.pop()
        dz, dg, dh = dh * (g - h), dh * z, dh * (1 - z)
        da = dg * (1 - g * g)
        dk = da @ Q.T
        dr = dk[:, D:D + n] * h
        db = J(dz * z * (1 - z), dr * r * (1 - r))
        du = db @ W.T
        dQ += k.T @ da
        dW += u.T @ db
        dx[:, len(L)] = dk[:, :D] + du[:, :D]
        dh = dh + dk[:, D:D + n] * r + du[:, D:D + n]
    return dict(W=dW, Q=dQ, v=dv, h=dh.sum(0), x=dx)


def loss(params, inputs):
    s = fwd(params, inputs["x"])[2]
    w = sum((params[k] ** 2).sum() for k in ("W", "Q", "v"))
    return float(np.log1p(np.exp(-inputs["y"] * s)).mean() + inputs["reg"] / 2 * w)


def backward(params, inputs):
    return bwd(params, inputs["x"], inputs["y"], float(inputs["reg"]))


def example(rng):
    B, T, D, n = rng.integers(2, 4), rng.integers(3, 6), 2, rng.integers(3, 6)
    N = rng.standard_normal
    return (dict(W=N((D + n + 1, 2 * n)), Q=N((D + n + 1, n)), v=N(n), h=N(n)),
            dict(x=N((B, T, D)), y=np.array([1, -1, 1])[:B], reg=np.array(0.05)))

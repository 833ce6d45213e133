"""QRNN layer (filter width k, fo-pooling), time-major; Poisson read-out of spike counts."""
import numpy as np


def sig(a):
    return 1 / (1 + np.exp(-a))


def unfold(x, k):
    """(T,B,D) -> (T,B,k,D): the k newest frames at each step, zeros before the start."""
    T, B, D = x.shape
    pad = np.concatenate([np.zeros((k - 1, B, D)), x])
    return np.stack([pad[j:j + T] for j in range(k)], axis=2)


def fold(dwin):
    T, B, k, D = dwin.shape
    dpad = np.zeros((T + k - 1, B, D))
    for j in range(k):
        dpad[j:j + T] += dwin[:, :, j]
    return dpad[k - 1:]


def qrnn_fwd(x, K, b, c0):
    win = unfold(x, K.shape[0])
    z, f, o = np.split(np.einsum("tbkd,kdg->tbg", win, K) + b, 3, axis=-1)
    z, f, o = np.tanh(z), sig(f), sig(o)
    c = np.empty((len(x) + 1,) + z.shape[1:])
    c[0] = c0
    for t in range(len(x)):
        c[t + 1] = f[t] * c[t] + (1 - f[t]) * z[t]
    return o * c[1:], (win, K, z, f, o, c)


def qrnn_bwd(dh, cache):
    win, K, z, f, o, c = cache
    do = dh * c[1:]
    dc = dh * o                              # becomes the total gradient, step by step
    for t in range(len(dc) - 1, 0, -1):
        dc[t - 1] += dc[t] * f[t]
    dc0 = (dc[0] * f[0]).sum(axis=0)
    dz = dc * (1 - f)
    df = dc * (c[:-1] - z)
    dpre = np.concatenate([dz * (1 - z * z), df * f * (1 - f), do * o * (1 - o)], axis=-1)
    dK = np.einsum("tbkd,tbg->kdg", win, dpre)
    db = dpre.sum(axis=(0, 1))
    dx = fold(np.einsum("tbg,kdg->tbkd", dpre, K))
    return dx, dK, db, dc0


def rates(p, n):
    x1, mem1 = qrnn_fwd(n["x"], p["K1"], p["b1"], p["c1"])
    x2, mem2 = qrnn_fwd(x1, p["K2"], p["b2"], p["c2"])
    return x2 @ p["V"] + p["v"], x2, mem1, mem2


def loss(params, inputs):
    u = rates(params, inputs)[0]
    return float((np.exp(u) - inputs["counts"] * u).sum() / u.shape[1])


def backward(params, inputs):
    u, x2, mem1, mem2 = rates(params, inputs)
    du = (np.exp(u) - inputs["counts"]) / u.shape[1]
    g = {"V": np.einsum("tbh,tbn->hn", x2, du), "v": du.sum((0, 1))}
    dx2 = du @ params["V"].T
    dx1, g["K2"], g["b2"], g["c2"] = qrnn_bwd(dx2, mem2)
    g["x"], g["K1"], g["b1"], g["c1"] = qrnn_bwd(dx1, mem1)
    return g


def example(rng):
    T, B = int(rng.integers(3, 6)), int(rng.integers(2, 4))
    D, H, N = int(rng.integers(2, 4)), int(rng.integers(3, 5)), 2
    w = lambda *s: rng.normal(0, 0.8, s)
    p = dict(K1=w(2, D, 3 * H), b1=w(3 * H), c1=w(H), K2=w(3, H, 3 * H + 3), b2=w(3 * H + 3),
             c2=w(H + 1), V=w(H + 1, N), v=w(N))
    return p, dict(x=w(T, B, D), counts=rng.poisson(2.0, (T, B, N)))

"""GRU-D (Che et al. 2018) on vital signs with missing values; mortality, with weight decay."""
import numpy as np

ALPHA = 0.3


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def carry_forward(X, M, x_mean):
    last = np.empty_like(X)
    seen = np.tile(x_mean, (X.shape[0], 1))
    for t in range(X.shape[1]):
        last[:, t] = seen
        seen = np.where(M[:, t] == 1, X[:, t], seen)
    return last


def grud_forward(p, X, M, Delta, x_mean):
    B, T, D = X.shape
    last = carry_forward(X, M, x_mean)
    h = np.tile(p["h0"], (B, 1))
    store = []
    for t in range(T):
        x, m, d = X[:, t], M[:, t], Delta[:, t]
        ax = d * p["wgx"] + p["bgx"]
        ah = d @ p["Wgh"] + p["bgh"]
        gx, gh = np.exp(-np.maximum(ax, 0)), np.exp(-np.maximum(ah, 0))
        xhat = m * x + (1 - m) * (gx * last[:, t] + (1 - gx) * x_mean)
        hd = gh * h
        inp = np.concatenate([xhat, hd, m], axis=1)
        zr = sigmoid(inp @ p["Wzr"] + p["bzr"])
        z, r = np.split(zr, 2, axis=1)
        cand_in = np.concatenate([xhat, r * hd, m], axis=1)
        ht = np.tanh(cand_in @ p["Wh"] + p["bh"])
        store.append((m, d, ax, ah, gx, gh, last[:, t] - x_mean, h, hd, inp, z, r, cand_in, ht))
        h = (1 - z) * hd + z * ht
    return h, store


def grud_backward(p, store, dh, D):
    H = dh.shape[1]
    g = {k: np.zeros_like(v) for k, v in p.items()}
    for m, d, ax, ah, gx, gh, gap, h, hd, inp, z, r, cand_in, ht in store[::-1]:
        dz = dh * (ht - hd)
        da = dh * z * (1 - ht * ht)
        dhd = dh * (1 - z)
        dcand = da @ p["Wh"].T
        dxhat = dcand[:, :D]
        drh = dcand[:, D:D + H]
        dhd += drh * r
        dr = drh * hd
        dzr = np.concatenate([dz * z * (1 - z), dr * r * (1 - r)], axis=1)
        dinp = dzr @ p["Wzr"].T
        dxhat = dxhat + dinp[:, :D]
        dhd += dinp[:, D:D + H]
        g["Wh"] += cand_in.T @ da
        g["bh"] += da.sum(axis=0)
        g["Wzr"] += inp.T @ dzr
        g["bzr"] += dzr.sum(axis=0)
        dax = -dxhat * (1 - m) * gap * gx * (ax > 0)
        dah = -dhd * h * gh * (ah > 0)
        g["wgx"] += (dax * d).sum(axis=0)
        g["bgx"] += dax.sum(axis=0)
        g["Wgh"] += d.T @ dah
        g["bgh"] += dah.sum(axis=0)
        dh = dhd * gh
    g["h0"] = dh.sum(axis=0)
    return g


def loss(params, inputs):
    h, _ = grud_forward(params, inputs["X"], inputs["M"], inputs["Delta"], inputs["x_mean"])
    s = h @ params["w"] + params["b"]
    bce = np.mean(np.log(1 + np.exp(s)) - inputs["died"] * s)
    return float(bce + ALPHA * np.sum(params["Wh"] ** 2))


def backward(params, inputs):
    h, store = grud_forward(params, inputs["X"], inputs["M"], inputs["Delta"], inputs["x_mean"])
    ds = (sigmoid(h @ params["w"] + params["b"]) - inputs["died"]) / len(h)
    g = grud_backward(params, store, ds[:, None] * params["w"], inputs["X"].shape[2])
    g["w"] = h.T @ ds
    g["b"] = np.array([ds.sum()])
    g["Wh"] += 2 * ALPHA * params["Wh"]
    return g


def example(rng):
    B, T, D, H = 3, int(rng.integers(3, 6)), 2, 4
    n = rng.standard_normal
    params = {"wgx": n(D), "bgx": 0.5 + 0.3 * n(D), "Wgh": n((D, H)), "bgh": n(H), "Wzr": n((2 * D + H, 2 * H)),
              "bzr": n(2 * H), "Wh": n((2 * D + H, H)), "bh": n(H), "w": n(H), "b": n(1), "h0": n(H)}
    return params, {"X": n((B, T, D)), "M": rng.integers(0, 2, (B, T, D)),
                    "Delta": rng.uniform(0.2, 1.5, (B, T, D)), "x_mean": n(D), "died": rng.integers(0, 2, B)}

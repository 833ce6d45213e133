"""Pointer network: read N points, then name them in the given order, never one twice."""
import numpy as np


def encode(p, pts):
    h = np.tile(p["e0"], (pts.shape[0], 1))
    hs = []
    for j in range(pts.shape[1]):
        h = np.tanh(pts[:, j] @ p["Ue"] + h @ p["We"] + p["be"])
        hs.append(h)
    return np.stack(hs, axis=1)


def decode(p, enc, pts, order):
    B, N, _ = enc.shape
    b = np.arange(B)
    keys = enc @ p["W1"]                           # (B, N, A)
    d, x = enc[:, -1], np.tile(p["go"], (B, 1))
    free = np.ones((B, N), dtype=bool)
    nll, mem = 0.0, []
    for t in range(order.shape[1]):
        cat = np.concatenate([x, d, np.ones((B, 1))], axis=1)
        z, c = np.split(cat @ p["Wd"], 2, axis=1)
        z, c = 1 / (1 + np.exp(-z)), np.tanh(c)
        d_new = z * d + (1 - z) * c
        a = np.tanh(keys + (d_new @ p["W2"])[:, None])
        s = np.where(free, a @ p["v"], -np.inf)
        s = s - s.max(1, keepdims=True)
        prob = np.exp(s) / np.exp(s).sum(1, keepdims=True)
        nll -= np.log(prob[b, order[:, t]]).sum()
        mem.append((cat, z, c, d, d_new, a, prob))
        free = free.copy()
        free[b, order[:, t]] = False
        d, x = d_new, pts[b, order[:, t]]
    return nll / order.size, mem


def loss(params, inputs):
    enc = encode(params, inputs["pts"])
    return float(decode(params, enc, inputs["pts"], inputs["order"])[0])


def backward(params, inputs):
    p, pts, order = params, inputs["pts"], inputs["order"]
    enc = encode(p, pts)
    _, mem = decode(p, enc, pts, order)
    (B, N, D), H, b = pts.shape, enc.shape[2], np.arange(len(pts))
    grad = {k: np.zeros_like(w) for k, w in p.items()}
    dpts, dkeys, dd = np.zeros_like(pts), 0.0, np.zeros((B, H))

    for t, (cat, z, c, d, d_new, a, prob) in reversed(list(enumerate(mem))):
        ds = prob.copy()
        ds[b, order[:, t]] -= 1
        ds /= order.size
        grad["v"] += np.einsum("bn,bna->a", ds, a)
        da = ds[:, :, None] * p["v"] * (1 - a ** 2)
        dkeys = dkeys + da
        dquery = da.sum(axis=1)
        grad["W2"] += d_new.T @ dquery
        dd = dd + dquery @ p["W2"].T
        dpre = np.hstack([dd * (d - c) * z * (1 - z), dd * (1 - z) * (1 - c ** 2)])
        grad["Wd"] += cat.T @ dpre
        dcat = dpre @ p["Wd"].T
        if t > 0:
            dpts[b, order[:, t - 1]] += dcat[:, :D]
        else:
            grad["go"] += dcat[:, :D].sum(0)
        dd = dd * z + dcat[:, D:D + H]

    grad["W1"] = np.einsum("bnh,bna->ha", enc, dkeys)
    denc = dkeys @ p["W1"].T
    denc[:, -1] += dd
    dh = np.zeros((B, H))
    for j in range(N - 1, -1, -1):
        dz = (denc[:, j] + dh) * (1 - enc[:, j] ** 2)
        prev = enc[:, j - 1] if j else np.tile(p["e0"], (B, 1))
        grad["Ue"] += pts[:, j].T @ dz
        grad["We"] += prev.T @ dz
        grad["be"] += dz.sum(0)
        dpts[:, j] += dz @ p["Ue"].T
        dh = dz @ p["We"].T
    grad["e0"] = dh.sum(0)
    return {**grad, "pts": dpts}


def example(rng):
    B, N, D, H, A = int(rng.integers(2, 4)), int(rng.integers(4, 6)), 2, int(rng.integers(3, 5)), 3
    w = lambda *s: rng.normal(0, 0.8, s)
    p = dict(e0=w(H), Ue=w(D, H), We=w(H, H), be=w(H), go=w(D), Wd=w(D + H + 1, 2 * H), W1=w(H, A), W2=w(H, A), v=w(A))
    order = np.stack([rng.permutation(N)[:N - 1] for _ in range(B)])
    return p, dict(pts=w(B, N, D), order=order)

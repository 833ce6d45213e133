"""GRU-D for CGM traces with gaps: decayed inputs, decayed state, hypo risk at the end."""
import numpy as np


def sig(z):
    return 1 / (1 + np.exp(-z))


def run(p, X, M, gaps, y, pos_weight):
    B, T, D = X.shape
    H = p["Uz"].shape[0]
    h = np.tile(p["h0"], (B, 1))
    last = np.tile(p["mu"], (B, 1))
    seen = np.zeros((B, D))
    tape = []
    for t in range(T):
        m = M[:, t]
        pre_x = gaps[:, t] * p["wx"] + p["bx"]
        gx = np.exp(-np.maximum(pre_x, 0))
        pre_h = gaps[:, t] @ p["Wg"] + p["bg"]
        gh = np.exp(-np.maximum(pre_h, 0))
        xin = m * X[:, t] + (1 - m) * (gx * last + (1 - gx) * p["mu"])
        hd = gh * h
        inp = np.concatenate([xin, m], axis=1)
        z = sig(inp @ p["Wz"] + hd @ p["Uz"] + p["bz"])
        r = sig(inp @ p["Wr"] + hd @ p["Ur"] + p["br"])
        rh = r * hd
        n = np.tanh(inp @ p["Wn"] + rh @ p["Un"] + p["bn"])
        h_new = (1 - z) * hd + z * n
        tape.append((m, pre_x, gx, last, seen, pre_h, gh, h, hd, inp, z, r, rh, n))
        last = m * X[:, t] + (1 - m) * last
        seen = np.maximum(seen, m)
        h = h_new
    logit = h @ p["wo"] + p["bo"]
    prob = sig(logit)
    w = np.where(y == 1, pos_weight, 1.0)
    nll = -w * (y * np.log(prob) + (1 - y) * np.log(1 - prob))
    return nll.mean(), (tape, h, prob, w, H)


def grads(p, X, M, gaps, y, pos_weight):
    _, (tape, h_last, prob, w, H) = run(p, X, M, gaps, y, pos_weight)
    B, T, D = X.shape
    g = {k: np.zeros_like(v) for k, v in p.items()}
    dlogit = w * (prob - y) / B
    g["wo"] = h_last.T @ dlogit
    g["bo"] = dlogit.sum(keepdims=True)
    dh = np.outer(dlogit, p["wo"])
    for t in reversed(range(T)):
        m, pre_x, gx, last, seen, pre_h, gh, h_prev, hd, inp, z, r, rh, n = tape[t]
        dn = dh * z * (1 - n ** 2)
        dz = dh * (n - hd) * z * (1 - z)
        dhd = dh * (1 - z)
        drh = dn @ p["Un"].T
        dr = drh * hd * r * (1 - r)
        dhd += drh * r
        dhd += dz @ p["Uz"].T + dr @ p["Ur"].T
        dinp = dz @ p["Wz"].T + dr @ p["Wr"].T + dn @ p["Wn"].T
        for k, d, hh in (("z", dz, hd), ("r", dr, hd), ("n", dn, rh)):
            g["W" + k] += inp.T @ d
            g["U" + k] += hh.T @ d
            g["b" + k] += d.sum(axis=0)
        dfill = dinp[:, :D] * (1 - m)
        dgx = dfill * (last - p["mu"])
        dpre_x = -dgx * gx * (pre_x > 0)
        g["wx"] += (dpre_x * gaps[:, t]).sum(0)
        g["bx"] += dpre_x.sum(0)
        g["mu"] += (dfill * (1 - gx)).sum(0)
        g["mu"] += (dfill * gx * (1 - seen)).sum(0)
        dpre_h = -dhd * h_prev * gh * (pre_h > 0)
        g["Wg"] += gaps[:, t].T @ dpre_h
        g["bg"] += dpre_h.sum(0)
        dh = dhd * gh
    g["h0"] = dh.sum(axis=0)
    return g


def _args(i):
    return i["X"], i["M"], i["gaps"], i["y"], i["pos_weight"]


def loss(params, inputs):
    return float(run(params, *_args(inputs))[0])


def backward(params, inputs):
    return grads(params, *_args(inputs))


def example(rng):
    B, T, D, H = rng.integers(2, 4), rng.integers(4, 6), rng.integers(2, 4), rng.integers(4, 6)
    f = lambda *s: rng.normal(size=s)
    p = dict(wx=f(D), bx=f(D) * .3 + .4, Wg=f(D, H) * .5, bg=f(H) * .3 + .3, mu=f(D), h0=f(H),
             wo=f(H), bo=f(1))
    for k in "zrn":
        p.update({"W" + k: f(2 * D, H), "U" + k: f(H, H), "b" + k: f(H)})
    M = (rng.random((B, T, D)) < .5).astype(float)
    return p, dict(X=f(B, T, D), M=M, gaps=rng.random((B, T, D)) + .2,
                   y=rng.permutation(np.arange(B) % 2).astype(float), pos_weight=np.array(2.5))

"""RWKV-4 time mixing (Peng et al. 2023): token shift and the WKV recurrence."""
import numpy as np


def shift(x):
    out = np.zeros_like(x)
    out[:, 1:] = x[:, :-1]
    return out


def shift_T(d):
    out = np.zeros_like(d)
    out[:, :-1] = d[:, 1:]
    return out


def wkv(w, u, k, v, a0, b0):
    decay = np.exp(-np.exp(w))
    a, b = a0 + 0 * v[:, 0], np.exp(b0) + 0 * v[:, 0]
    y, saved = np.empty_like(v), []
    for t in range(k.shape[1]):
        ek, eu = np.exp(k[:, t]), np.exp(u + k[:, t])
        den = b + eu
        y[:, t] = (a + eu * v[:, t]) / den
        saved.append((a, b, ek, eu, den))
        a = decay * a + ek * v[:, t]
        b = decay * b + ek
    return y, (decay, saved)


def wkv_vjp(dy, w, v, y, b0, ctx):
    decay, saved = ctx
    da = np.zeros_like(v[:, 0])
    db = np.zeros_like(v[:, 0])
    dk, dv = np.zeros_like(v), np.zeros_like(v)
    dw, du = np.zeros_like(w), np.zeros_like(w)
    for t in range(v.shape[1])[::-1]:
        a, b, ek, eu, den = saved[t]
        dnum = dy[:, t] / den
        dden = -dy[:, t] * y[:, t] / den
        deu = (dnum * v[:, t] + dden) * eu
        du += deu.sum(0)
        dk[:, t] = deu + ek * (da * v[:, t] + db)
        dv[:, t] = dnum * eu + da * ek
        dw += (da * a + db * b).sum(0)
        da = decay * da + dnum
        db = decay * db + dden
    return -dw * decay * np.exp(w), du, dk, dv, da.sum(0), db.sum(0) * np.exp(b0)


def block(p, x):
    prev = shift(x)
    mixed = {s: p["mu_" + s] * x + (1 - p["mu_" + s]) * prev for s in "rkv"}
    r, k, v = (mixed[s] @ p["W_" + s] for s in "rkv")
    gate = 1 / (1 + np.exp(-r))
    y, ctx = wkv(p["w"], p["u"], k, v, p["a0"], p["b0"])
    return x + (gate * y) @ p["W_o"], (prev, mixed, gate, v, y, ctx)


def loss(params, inputs):
    out, _ = block(params, inputs["x"])
    return float(np.sum(np.log(np.cosh(out - inputs["target"]))))


def backward(params, inputs):
    p, x = params, inputs["x"]
    out, (prev, mixed, gate, v, y, ctx) = block(p, x)
    dout = np.tanh(out - inputs["target"])
    g = {"W_o": np.einsum("btc,btd->cd", gate * y, dout)}
    dgy = dout @ p["W_o"].T
    d = {"r": dgy * y * gate * (1 - gate)}
    g["w"], g["u"], d["k"], d["v"], g["a0"], g["b0"] = wkv_vjp(dgy * gate, p["w"], v, y, p["b0"], ctx)
    dx = dout.copy()
    for s in "rkv":
        g["W_" + s] = np.einsum("btc,btd->cd", mixed[s], d[s])
        dm = d[s] @ p["W_" + s].T
        g["mu_" + s] = (dm * (x - prev)).sum((0, 1))
        dx += dm * p["mu_" + s]
        dx += shift_T(dm * (1 - p["mu_" + s]))
    return {**g, "x": dx}


def example(rng):
    B, T, C, K = rng.integers(2, 4), rng.integers(3, 6), 3, 4
    n = lambda *s: rng.standard_normal(s) * 0.8
    params = {"w": n(K), "u": n(K), "a0": n(K), "b0": n(K), "W_o": n(K, C)}
    for s in "rkv":
        params |= {"mu_" + s: rng.random(C), "W_" + s: n(C, K)}
    return params, {"x": n(B, T, C), "target": n(B, T, C)}

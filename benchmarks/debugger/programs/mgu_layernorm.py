"""Minimal gated unit with layer normalisation, (T, B, D), small functions that give back a pullback."""
import numpy as np


def affine(x, W, b):
    def pull(dy):
        return dy @ W.T, x.T @ dy, dy.sum(axis=0)
    return x @ W + b, pull


def norm(a, gain):
    mu = a.mean(axis=1, keepdims=True)
    sd = np.sqrt(((a - mu) ** 2).mean(axis=1, keepdims=True) + 1e-3)
    ahat = (a - mu) / sd

    def pull(dy):
        dhat = dy * gain
        m1 = dhat.mean(axis=1, keepdims=True)
        m2 = (dhat * ahat).mean(axis=1, keepdims=True)
        return (dhat - m1 - ahat * m2) / sd, (dy * ahat).sum(axis=0)
    return gain * ahat, pull


def sigmoid(a):
    y = 1 / (1 + np.exp(-a))
    return y, lambda dy: dy * y * (1 - y)


def tanh(a):
    y = np.tanh(a)
    return y, lambda dy: dy * (1 - y ** 2)


def mgu(p, x, h):
    nx = x.shape[1]
    a, affine_f = affine(np.concatenate([x, h], 1), p["Wf"], p["bf"])
    n, norm_f = norm(a, p["gf"])
    f, sig = sigmoid(n)
    a, affine_c = affine(np.concatenate([x, f * h], 1), p["Wc"], p["bc"])
    n, norm_c = norm(a, p["gc"])
    c, tnh = tanh(n)

    def pull(dout):
        g = {}
        da, g["gc"] = norm_c(tnh(dout * f))
        dxfh, g["Wc"], g["bc"] = affine_c(da)
        df = dout * (c - h) + dxfh[:, nx:] * h
        da, g["gf"] = norm_f(sig(df))
        dxh, g["Wf"], g["bf"] = affine_f(da)
        dh = dout * (1 - f) + dxfh[:, nx:] * f + dxh[:, nx:]
        return dxfh[:, :nx] + dxh[:, :nx], dh, g
    return (1 - f) * h + f * c, pull


def unroll(p, xs, h):
    hs, pulls = [], []
    for x in xs:
        h, pull = mgu(p, x, h)
        hs.append(h)
        pulls.append(pull)
    return hs, pulls


def charbonnier(e):
    return np.sqrt(1 + e * e) - 1


def loss(params, inputs):
    hs, _ = unroll(params, inputs["xs"], inputs["h0"])
    return float(np.mean([charbonnier(h - y).sum(axis=1) for h, y in zip(hs, inputs["ys"])]))


def backward(params, inputs):
    xs, ys = inputs["xs"], inputs["ys"]
    hs, pulls = unroll(params, xs, inputs["h0"])
    total = {k: 0.0 for k in params}
    dh, dxs = 0.0, []
    for h, y, pull in zip(hs[::-1], ys[::-1], pulls[::-1]):
        e = h - y
        dx, dh, g = pull(dh + e / np.sqrt(1 + e * e) / (len(xs) * xs.shape[1]))
        dxs.insert(0, dx)
        total = {k: total[k] + g[k] for k in total}
    return dict(total, xs=np.stack(dxs), h0=dh)


def example(rng):
    T, B, D, H = rng.integers([3, 2, 2, 4], [6, 4, 4, 6])
    p = {f"W{k}": rng.normal(size=(D + H, H)) for k in "fc"}
    for k in "fc":
        p["b" + k], p["g" + k] = rng.normal(size=H), rng.normal(1.0, 0.4, H)
    return p, {"xs": rng.normal(size=(T, B, D)), "ys": 1.5 * rng.normal(size=(T, B, H)),
               "h0": rng.normal(size=(B, H))}

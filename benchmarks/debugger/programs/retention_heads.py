"""Multi-head retention, recurrent form, as pure functions. Letters: b batch, h head, k key, v value."""
import numpy as np

es = np.einsum
EPS = 1e-3


def heads(x, n):                                     # b t (h k) -> t h b k
    b, t, _ = x.shape
    return x.reshape(b, t, n, -1).transpose(1, 2, 0, 3)


def unheads(x):                                      # t h b k -> b t (h k)
    t, h, b, k = x.shape
    return x.transpose(2, 0, 1, 3).reshape(b, t, h * k)


def rms(o):
    r = 1 / np.sqrt((o * o).mean(-1, keepdims=True) + EPS)
    return o * r, r


def d_rms(dy, y, r):
    return r * (dy - y * (dy * y).mean(-1, keepdims=True))


def scan(q, k, v, gamma, s):
    past, out = [], []
    for qt, kt, vt in zip(q, k, v):
        past.append(s)
        s = gamma[:, None, None, None] * s + es("hbk,hbv->hbkv", kt, vt)
        out.append(es("hbk,hbkv->hbv", qt, s))
    return np.stack(out), past + [s]


def d_scan(do, q, k, v, gamma, states):
    dq, dk, dv = np.empty_like(q), np.empty_like(k), np.empty_like(v)
    dgamma, ds = np.zeros_like(gamma), np.zeros_like(states[0])
    for t in reversed(range(len(do))):
        dq[t] = es("hbv,hbkv->hbk", do[t], states[t + 1])
        ds = ds + es("hbk,hbv->hbkv", q[t], do[t])
        dk[t] = es("hbkv,hbv->hbk", ds, v[t])
        dv[t] = es("hbkv,hbk->hbv", ds, k[t])
        dgamma += es("hbkv,hbkv->h", ds, states[t])
        ds = gamma[:, None, None, None] * ds
    return dq, dk, dv, dgamma, ds


def run(p, x):
    n = len(p["decay"])
    q, k, v = (heads(x @ p[w], n) for w in ("Wq", "Wk", "Wv"))
    q = q / np.sqrt(q.shape[-1])
    gamma = 1 / (1 + np.exp(-p["decay"]))
    o, states = scan(q, k, v, gamma, np.repeat(p["S0"][:, None], len(x), axis=1))
    y, r = rms(o)
    y_flat = unheads(y)
    a = x @ p["Wg"]
    sg = 1 / (1 + np.exp(-a))
    z = a * sg * y_flat
    return z @ p["Wo"] + p["bo"], (q, k, v, gamma, states, y, r, y_flat, a, sg, z)


def loss(params, inputs):
    e = run(params, inputs["x"])[0] - inputs["target"]
    return float((e ** 2).mean())


def backward(params, inputs):
    x, n = inputs["x"], len(params["decay"])
    out, (q, k, v, gamma, states, y, r, y_flat, a, sg, z) = run(params, x)
    dout = 2 * (out - inputs["target"]) / out.size
    g = {"Wo": es("btz,bto->zo", z, dout), "bo": es("bto->o", dout)}
    dz = dout @ params["Wo"].T
    da = dz * y_flat * (sg + a * sg * (1 - sg))
    dy = heads(dz * a * sg, n)
    do = d_rms(dy, y, r)
    dq, dk, dv, dgamma, ds0 = d_scan(do, q, k, v, gamma, states)
    dq = dq / np.sqrt(q.shape[-1])
    g["decay"] = dgamma * gamma * (1 - gamma)
    g["S0"] = ds0.sum(1)
    g["x"] = da @ params["Wg"].T
    g["Wg"] = es("btd,btz->dz", x, da)
    for name, d in (("Wq", dq), ("Wk", dk), ("Wv", dv)):
        flat = unheads(d)
        g[name] = es("btd,bth->dh", x, flat)
        g["x"] += flat @ params[name].T
    return g


def example(rng):
    B, T, D, H = int(rng.integers(2, 4)), int(rng.integers(3, 6)), int(rng.integers(3, 5)), 2
    K, V, O = 3, int(rng.integers(2, 5)), 2
    w = lambda *s: rng.normal(0, 0.8, s)
    p = dict(Wq=w(D, H * K), Wk=w(D, H * K), Wv=w(D, H * V), Wg=w(D, H * V), Wo=w(H * V, O), bo=w(O),
             decay=w(H), S0=w(H, K, V))
    return p, dict(x=w(B, T, D), target=w(B, T, O))

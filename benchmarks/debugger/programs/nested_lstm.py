"""Nested LSTM (Moniz & Krueger 2018): the memory of the outer cell is an LSTM of its own."""
import numpy as np


class Gates:
    """[x, h] -> sigmoid(i), sigmoid(f), sigmoid(o), tanh(g); keeps a stack of what it saw."""

    def __init__(self, W, b):
        self.W, self.b = W, b
        self.dW, self.db = np.zeros_like(W), np.zeros_like(b)
        self.stack = []

    def forward(self, x, h):
        v = np.hstack((x, h))
        a = v @ self.W + self.b
        n = h.shape[1]
        s = 1 / (1 + np.exp(-a[:, :3 * n]))
        g = np.tanh(a[:, 3 * n:])
        self.stack.append((v, s, g))
        return s[:, :n], s[:, n:2 * n], s[:, 2 * n:], g

    def backward(self, di, df, do, dg, nx):
        v, s, g = self.stack.pop()
        da = np.hstack((np.hstack((di, df, do)) * s * (1 - s), dg * (1 - g * g)))
        self.dW += v.T @ da
        self.db += da.sum(axis=0)
        dv = da @ self.W.T
        return dv[:, :nx], dv[:, nx:]


def nested_forward(outer, inner, xs, state):
    h, c, m = state
    hs, cache = [], []
    for x in xs:
        i, f, o, g = outer.forward(x, h)
        ii, ff, oo, gg = inner.forward(i * g, f * c)
        m_prev, c_prev = m, c
        m = ff * m + ii * gg
        c = oo * np.tanh(m)
        h = o * np.tanh(c)
        hs.append(h)
        cache.append((i, f, o, g, c_prev, ii, ff, oo, gg, m_prev, m, c))
    return hs, cache


def nested_backward(outer, inner, cache, dhs, nx):
    dh = dc = dm = 0.0
    dxs = []
    while cache:
        i, f, o, g, c_prev, ii, ff, oo, gg, m_prev, m, c = cache.pop()
        dh = dh + dhs.pop()
        tc, tm = np.tanh(c), np.tanh(m)
        do = dh * tc
        dc = dc + dh * o * (1 - tc ** 2)
        doo = dc * tm
        dm = dm + dc * oo * (1 - tm ** 2)
        du, dv = inner.backward(dm * gg, dm * m_prev, doo, dm * ii, i.shape[1])
        dm = dm * ff
        dx, dh = outer.backward(du * g, dv * c_prev, do, du * i, nx)
        dc = dv * f
        dxs.append(dx)
    return dxs[::-1], (dh, dc, dm)


def setup(params, inputs):
    outer, inner = Gates(params["W"], params["b"]), Gates(params["W_in"], params["b_in"])
    state = (params["h0"], params["c0"], params["m0"])
    hs, cache = nested_forward(outer, inner, inputs["x"], state)
    errs = [np.tanh(h @ params["R"]) - y for h, y in zip(hs, inputs["y"])]
    return outer, inner, hs, cache, errs


def loss(params, inputs):
    errs = setup(params, inputs)[-1]
    return float(np.mean([np.mean(e ** 2) for e in errs]))


def backward(params, inputs):
    outer, inner, hs, cache, errs = setup(params, inputs)
    x, y, R = inputs["x"], inputs["y"], params["R"]
    dR, dhs = np.zeros_like(R), []
    for h, e, target in zip(hs, errs, y):
        dpre = 2 * e / y.size * (1 - (e + target) ** 2)
        dR += h.T @ dpre
        dhs.append(dpre @ R.T)
    dxs, (dh0, dc0, dm0) = nested_backward(outer, inner, cache, dhs, x.shape[2])
    return {"W": outer.dW, "b": outer.db, "W_in": inner.dW, "b_in": inner.db, "R": dR,
            "h0": dh0, "c0": dc0, "m0": dm0, "x": np.array(dxs)}


def example(rng):
    T, B, d, n, k = rng.integers(3, 6), rng.integers(2, 4), 2, 3, 2
    r = rng.standard_normal
    params = {"W": r((d + n, 4 * n)), "b": r(4 * n), "W_in": r((2 * n, 4 * n)), "b_in": r(4 * n),
              "R": r((n, k)), "h0": r((B, n)), "c0": r((B, n)), "m0": r((B, n))}
    return params, {"x": r((T, B, d)), "y": r((T, B, k))}

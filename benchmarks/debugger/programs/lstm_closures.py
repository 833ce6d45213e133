"""Every step of the LSTM gives back its own pullback."""
import numpy as np


def sigmoid(x):
    y = 1 / (1 + np.exp(-x))
    return y, lambda dy: dy * y * (1 - y)


def tanh(x):
    y = np.tanh(x)
    return y, lambda dy: dy * (1 - y ** 2)


def linear(w, u, b, x, h):
    y = x @ w + h @ u + b

    def pull(dy):
        return {"w": x.T @ dy, "u": h.T @ dy, "b": dy.sum(0)}, dy @ w.T, dy @ u.T

    return y, pull


def lstm_step(p, x, h, c):
    acts, pulls, lin = {}, {}, {}
    for k in "ifog":
        a, lin[k] = linear(p["w" + k], p["u" + k], p["b" + k], x, h)
        acts[k], pulls[k] = (tanh if k == "g" else sigmoid)(a)
    c_new = acts["f"] * c + acts["i"] * acts["g"]
    tc, pull_tc = tanh(c_new)
    h_new = acts["o"] * tc

    def pullback(dh, dc):
        dc = dc + pull_tc(dh * acts["o"])
        d = {"o": dh * tc, "f": dc * c, "i": dc * acts["g"], "g": dc * acts["i"]}
        dp = {}
        dx = np.zeros_like(x)
        dh_prev = np.zeros_like(h)
        for k in "ifog":
            gw, gx, gh = lin[k](pulls[k](d[k]))
            for name, value in gw.items():
                dp[name + k] = value
            dx += gx
            dh_prev += gh
        return dp, dx, dh_prev, dc * acts["f"]

    return h_new, c_new, pullback


def unroll(p, xs, h, c):
    hs, pullbacks = [], []
    for x in xs:
        h, c, pb = lstm_step(p, x, h, c)
        hs.append(h)
        pullbacks.append(pb)

    def pullback(dhs):
        total = {k: np.zeros_like(v) for k, v in p.items()}
        dxs = []
        dh = np.zeros_like(h)
        dc = np.zeros_like(c)
        for pb, dh_out in zip(reversed(pullbacks), dhs[::-1]):
            dp, dx, dh, dc = pb(dh + dh_out, dc)
            dxs.append(dx)
            for k, v in dp.items():
                total[k] += v
        return total, np.array(dxs[::-1]), dh, dc

    return np.array(hs), pullback


def loss(params, inputs):
    hs, _ = unroll(params, inputs["xs"], inputs["h0"], inputs["c0"])
    return float(np.sum(hs ** 2 * inputs["scale"]))


def backward(params, inputs):
    hs, pullback = unroll(params, inputs["xs"], inputs["h0"], inputs["c0"])
    total, dxs, dh0, dc0 = pullback(2 * hs * inputs["scale"])
    return {**total, "xs": dxs, "h0": dh0, "c0": dc0}


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {}
    for k in "ifog":
        params["w" + k] = rng.normal(size=(D, H)) * 0.8
        params["u" + k] = rng.normal(size=(H, H)) * 0.8
        params["b" + k] = rng.normal(size=H)
    inputs = {
        "xs": rng.normal(size=(T, B, D)),
        "h0": rng.normal(size=(B, H)),
        "c0": rng.normal(size=(B, H)),
        "scale": rng.normal(size=(T, B, H)),
    }
    return params, inputs

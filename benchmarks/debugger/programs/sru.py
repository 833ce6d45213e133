"""Simple recurrent unit: all matrix products outside of the loop, element-wise recurrence."""
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def sru_forward(x, c0, W, Wf, bf, Wr, br, Wskip):
    xt = x @ W
    f = sigmoid(x @ Wf + bf)
    r = sigmoid(x @ Wr + br)
    skip = x @ Wskip
    c = np.zeros((x.shape[0] + 1,) + c0.shape)
    c[0] = c0
    for t in range(x.shape[0]):
        c[t + 1] = f[t] * c[t] + (1 - f[t]) * xt[t]
    h = r * np.tanh(c[1:]) + (1 - r) * skip
    return h, (xt, f, r, skip, c)


def sru_backward(dh, x, saved, W, Wf, Wr, Wskip):
    xt, f, r, skip, c = saved
    tc = np.tanh(c[1:])
    dr = dh * (tc - skip) * r * (1 - r)
    dskip = dh * (1 - r)
    dc_local = dh * r * (1 - tc ** 2)
    dxt, df = np.zeros_like(xt), np.zeros_like(f)
    dc = np.zeros_like(c[0])
    for t in range(len(x) - 1, -1, -1):
        dc = dc + dc_local[t]
        df[t] = dc * (c[t] - xt[t])
        dxt[t] = dc * (1 - f[t])
        dc = dc * f[t]
    df *= f * (1 - f)

    def weight(delta):
        return np.einsum("tbd,tbh->dh", x, delta)

    return {
        "W": weight(dxt),
        "Wf": weight(df),
        "bf": df.sum(axis=(0, 1)),
        "Wr": weight(dr),
        "br": dr.sum(axis=(0, 1)),
        "Wskip": weight(dskip),
        "x": dxt @ W.T + df @ Wf.T + dr @ Wr.T + dskip @ Wskip.T,
        "c0": dc,
    }


def loss(params, inputs):
    h, _ = sru_forward(inputs["x"], inputs["c0"], **params)
    return (h * inputs["gout"]).sum()


def backward(params, inputs):
    _, saved = sru_forward(inputs["x"], inputs["c0"], **params)
    p = params
    return sru_backward(inputs["gout"], inputs["x"], saved, p["W"], p["Wf"], p["Wr"], p["Wskip"])


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {k: rng.normal(size=(D, H)) for k in ("W", "Wf", "Wr", "Wskip")}
    params["bf"] = rng.normal(size=H)
    params["br"] = rng.normal(size=H)
    inputs = {
        "x": rng.normal(size=(T, B, D)),
        "c0": rng.normal(size=(B, H)),
        "gout": rng.normal(size=(T, B, H)),
    }
    return params, inputs

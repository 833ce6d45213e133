"""Minimal gated unit."""
import numpy as np


def forward(x, h0, Wf, Uf, bf, Wh, Uh, bh):
    N, T, _ = x.shape
    h = [h0]
    f, hc = [], []
    for t in range(T):
        f.append(1 / (1 + np.exp(-(x[:, t] @ Wf + h[t] @ Uf + bf))))
        hc.append(np.tanh(x[:, t] @ Wh + (f[t] * h[t]) @ Uh + bh))
        h.append((1 - f[t]) * h[t] + f[t] * hc[t])
    return h, f, hc


def backward_in_time(dh_all, x, h, f, hc, Wf, Uf, Wh, Uh):
    T = len(f)
    dWf, dUf, dWh, dUh = (np.zeros_like(w) for w in (Wf, Uf, Wh, Uh))
    dbf, dbh = np.zeros(Uf.shape[0]), np.zeros(Uh.shape[0])
    dx = np.zeros_like(x)
    dh = np.zeros_like(h[0])
    for t in range(T - 1, -1, -1):
        dh += dh_all[:, t]
        dhc = dh * f[t]
        dhc_pre = dhc * (1 - hc[t] ** 2)
        dfh = dhc_pre @ Uh.T
        df = dh * (hc[t] - h[t]) + dfh * h[t]
        df_pre = df * f[t] * (1 - f[t])
        dWf += x[:, t].T @ df_pre
        dUf += h[t].T @ df_pre
        dbf += df_pre.sum(axis=0)
        dWh += x[:, t].T @ dhc_pre
        dUh += (f[t] * h[t]).T @ dhc_pre
        dbh += dhc_pre.sum(axis=0)
        dx[:, t] = df_pre @ Wf.T + dhc_pre @ Wh.T
        dh = dh * (1 - f[t]) + dfh * f[t] + df_pre @ Uf.T
    return {"Wf": dWf, "Uf": dUf, "bf": dbf, "Wh": dWh, "Uh": dUh, "bh": dbh, "x": dx, "h0": dh}


def loss(params, inputs):
    h, _, _ = forward(inputs["x"], inputs["h0"], **params)
    h = np.stack(h[1:], axis=1)
    return np.sum(inputs["weight"] * h ** 2) / 2


def backward(params, inputs):
    h, f, hc = forward(inputs["x"], inputs["h0"], **params)
    dh_all = inputs["weight"] * np.stack(h[1:], axis=1)
    return backward_in_time(dh_all, inputs["x"], h, f, hc,
                            params["Wf"], params["Uf"], params["Wh"], params["Uh"])


def example(rng):
    N, T, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {}
    for k in "fh":
        params["W" + k] = rng.normal(size=(D, H))
        params["U" + k] = rng.normal(size=(H, H))
        params["b" + k] = rng.normal(size=H)
    inputs = {
        "x": rng.normal(size=(N, T, D)),
        "h0": rng.normal(size=(N, H)),
        "weight": rng.normal(size=(N, T, H)),
    }
    return params, inputs

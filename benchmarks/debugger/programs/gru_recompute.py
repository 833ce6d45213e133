"""GRU that keeps only the states and recomputes the gates in the backward, to save memory."""
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gates(x, h, p):
    z = sigmoid(x @ p["Wz"] + h @ p["Uz"] + p["bz"])
    r = sigmoid(x @ p["Wr"] + h @ p["Ur"] + p["br"])
    q = h @ p["Un"] + p["cn"]
    n = np.tanh(x @ p["Wn"] + p["bn"] + r * q)
    return z, r, q, n


def states(p, xs, h):
    all_h = [h]
    for x in xs:
        z, _, _, n = gates(x, h, p)
        h = (1 - z) * n + z * h
        all_h.append(h)
    return all_h


def loss(params, inputs):
    all_h = states(params, inputs["xs"], inputs["h0"])
    total = 0.0
    for h, y in zip(all_h[1:], inputs["ys"]):
        total = total + np.sum((h - y) ** 2)
    return total / len(inputs["ys"])


def backward(params, inputs):
    p, xs, ys = params, inputs["xs"], inputs["ys"]
    all_h = states(p, xs, inputs["h0"])
    T = len(xs)
    g = {k: np.zeros_like(v) for k, v in p.items()}
    dxs = np.zeros_like(xs)
    dh = np.zeros_like(all_h[0])
    for t in range(T - 1, -1, -1):
        x, h_prev, h = xs[t], all_h[t], all_h[t + 1]
        z, r, q, n = gates(x, h_prev, p)
        dh = dh + 2 * (h - ys[t]) / T
        dz = dh * (h_prev - n) * z * (1 - z)
        dn = dh * (1 - z) * (1 - n ** 2)
        dq = dn * r
        dr = dn * q * r * (1 - r)
        for k, d in (("z", dz), ("r", dr), ("n", dn)):
            g["W" + k] += x.T @ d
            g["b" + k] += d.sum(axis=0)
            dxs[t] += d @ p["W" + k].T
        g["Uz"] += h_prev.T @ dz
        g["Ur"] += h_prev.T @ dr
        g["Un"] += h_prev.T @ dq
        g["cn"] += dq.sum(axis=0)
        dh = dh * z + dz @ p["Uz"].T + dr @ p["Ur"].T + dq @ p["Un"].T
    g["xs"] = dxs
    g["h0"] = dh
    return g


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {"cn": rng.normal(size=H)}
    for k in "zrn":
        params["W" + k] = rng.normal(size=(D, H))
        params["U" + k] = rng.normal(size=(H, H))
        params["b" + k] = rng.normal(size=H)
    inputs = {
        "xs": rng.normal(size=(T, B, D)),
        "h0": rng.normal(size=(B, H)),
        "ys": rng.normal(size=(T, B, H)),
    }
    return params, inputs

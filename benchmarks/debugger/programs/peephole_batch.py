"""Peephole LSTM: i and f look at c[t-1], o looks at c[t]."""
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(xs, h0, c0, Wz, Rz, pi, pf, po, b):
    H = h0.shape[-1]
    h, c = h0, c0
    states = []
    for x in xs:
        zbar, ibar, fbar, obar = np.split(x @ Wz + h @ Rz + b, 4, axis=-1)
        z = np.tanh(zbar)
        i = sigmoid(ibar + pi * c)
        f = sigmoid(fbar + pf * c)
        c_new = z * i + c * f
        o = sigmoid(obar + po * c_new)
        h_new = np.tanh(c_new) * o
        states.append((x, h, c, z, i, f, o, c_new, h_new))
        h, c = h_new, c_new
    assert h.shape[-1] == H
    return states


def bptt(states, deltas, Wz, Rz, pi, pf, po):
    dW, dR = np.zeros_like(Wz), np.zeros_like(Rz)
    dpi, dpf, dpo = np.zeros_like(pi), np.zeros_like(pf), np.zeros_like(po)
    db = np.zeros(Wz.shape[1])
    dxs = []
    dy_rec = np.zeros_like(states[0][1])
    dc_rec = np.zeros_like(states[0][2])
    for (x, h_prev, c_prev, z, i, f, o, c, _), delta in zip(states[::-1], deltas[::-1]):
        dy = delta + dy_rec
        do = dy * np.tanh(c) * o * (1 - o)
        dc = dy * o * (1 - np.tanh(c) ** 2) + po * do + dc_rec
        df = dc * c_prev * f * (1 - f)
        di = dc * z * i * (1 - i)
        dz = dc * i * (1 - z ** 2)
        gates = np.concatenate([dz, di, df, do], axis=-1)
        dW += x.T @ gates
        dR += h_prev.T @ gates
        db += gates.sum(axis=0)
        dpi += (c_prev * di).sum(axis=0)
        dpf += (c_prev * df).sum(axis=0)
        dpo += (c * do).sum(axis=0)
        dxs.append(gates @ Wz.T)
        dy_rec = gates @ Rz.T
        dc_rec = dc * f + pi * di + pf * df
    return dW, dR, dpi, dpf, dpo, db, np.array(dxs[::-1]), dy_rec, dc_rec


def loss(params, inputs):
    p = params
    states = forward(inputs["xs"], inputs["h0"], inputs["c0"],
                     p["W"], p["R"], p["pi"], p["pf"], p["po"], p["b"])
    hs = np.array([s[-1] for s in states])
    return np.sum(np.sin(hs) * inputs["w"])


def backward(params, inputs):
    p = params
    states = forward(inputs["xs"], inputs["h0"], inputs["c0"],
                     p["W"], p["R"], p["pi"], p["pf"], p["po"], p["b"])
    hs = np.array([s[-1] for s in states])
    deltas = np.cos(hs) * inputs["w"]
    grads = bptt(states, deltas, p["W"], p["R"], p["pi"], p["pf"], p["po"])
    return dict(zip(("W", "R", "pi", "pf", "po", "b", "xs", "h0", "c0"), grads))


def example(rng):
    T, B, D, H = (int(k) for k in rng.permutation([3, 4, 5, 6]))
    params = {
        "W": rng.normal(size=(D, 4 * H)),
        "R": rng.normal(size=(H, 4 * H)),
        "pi": rng.normal(size=H),
        "pf": rng.normal(size=H),
        "po": rng.normal(size=H),
        "b": rng.normal(size=4 * H),
    }
    inputs = {
        "xs": rng.normal(size=(T, B, D)),
        "h0": rng.normal(size=(B, H)),
        "c0": rng.normal(size=(B, H)),
        "w": rng.normal(size=(T, B, H)),
    }
    return params, inputs

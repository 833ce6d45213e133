"""Recurrent highway network with several micro-steps per time step."""
import numpy as np


def sigm(x):
    return 1.0 / (1.0 + np.exp(-x))


def rhn_forward(x, s0, Wh, Wt, Rh, bh, Rt, bt):
    """x: (T, B, D); Rh, Rt: (depth, H, H); the input enters only the first micro-step."""
    depth = len(Rh)
    s = s0
    tape, ys = [], []
    for xt in x:
        micro = []
        for l in range(depth):
            ah = s @ Rh[l] + bh[l]
            at = s @ Rt[l] + bt[l]
            if l == 0:
                ah = ah + xt @ Wh
                at = at + xt @ Wt
            h, t = np.tanh(ah), sigm(at)
            micro.append((s, h, t))
            s = h * t + s * (1 - t)
        tape.append(micro)
        ys.append(s)
    return ys, tape


def rhn_backward(dys, x, tape, Wh, Wt, Rh, Rt):
    dWh, dWt = np.zeros_like(Wh), np.zeros_like(Wt)
    dRh, dRt = np.zeros_like(Rh), np.zeros_like(Rt)
    dbh, dbt = np.zeros(Rh.shape[:2]), np.zeros(Rt.shape[:2])
    ds = np.zeros_like(dys[0])
    for n in reversed(range(len(x))):
        ds = ds + dys[n]
        for l in reversed(range(len(Rh))):
            s, h, t = tape[n][l]
            dah = ds * t * (1 - h ** 2)
            dat = ds * (h - s) * t * (1 - t)
            if l == 0:
                dWh += x[n].T @ dah
                dWt += x[n].T @ dat
            dRh[l] += s.T @ dah
            dRt[l] += s.T @ dat
            dbh[l] += dah.sum(axis=0)
            dbt[l] += dat.sum(axis=0)
            ds = ds * (1 - t) + dah @ Rh[l].T + dat @ Rt[l].T
    return dict(Wh=dWh, Wt=dWt, Rh=dRh, bh=dbh, Rt=dRt, bt=dbt, s0=ds)


def loss(params, inputs):
    ys, _ = rhn_forward(inputs["x"], inputs["s0"], **params)
    return sum(np.sum(y * w) for y, w in zip(ys, inputs["w"]))


def backward(params, inputs):
    _, tape = rhn_forward(inputs["x"], inputs["s0"], **params)
    return rhn_backward(inputs["w"], inputs["x"], tape,
                        params["Wh"], params["Wt"], params["Rh"], params["Rt"])


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    L = 2
    params = {
        "Wh": rng.normal(size=(D, H)), "Wt": rng.normal(size=(D, H)),
        "Rh": rng.normal(size=(L, H, H)), "bh": rng.normal(size=(L, H)),
        "Rt": rng.normal(size=(L, H, H)), "bt": rng.normal(size=(L, H)),
    }
    inputs = {
        "x": rng.normal(size=(T, B, D)),
        "s0": rng.normal(size=(B, H)),
        "w": rng.normal(size=(T, B, H)),
    }
    return params, inputs

from collections import namedtuple

import numpy as np

# Quora question pairs: the same RNN (a cell with a keep gate per unit) reads both questions,
# similarity = exp(-0.1 * squared distance), MSE against "is duplicate"

Weights = namedtuple("Weights", "emb Wx Wh b u")
Trace = namedtuple("Trace", "words hs cand keep lens")


def read(w, words, lens):
    B, T = words.shape
    hs = [np.zeros((B, len(w.b)))]
    cand, keep = [], []
    for t in range(T):
        k = 1 / (1 + np.exp(-(hs[-1] * w.u)))
        c = np.tanh(w.emb[words[:, t]] @ w.Wx + hs[-1] @ w.Wh + w.b)
        new = k * hs[-1] + c
        alive = (t < lens)[:, None]
        hs.append(np.where(alive, new, hs[-1]))
        cand.append(c)
        keep.append(k)
    return Trace(words, hs, cand, keep, lens)


def unread(w, tr, dh):
    g = Weights(*(np.zeros_like(a) for a in w))
    for t in range(len(tr.cand))[::-1]:
        alive = (t < tr.lens)[:, None]
        h, c, k = tr.hs[t], tr.cand[t], tr.keep[t]
        dnew = dh * alive
        da = dnew * (1 - c**2)
        x = w.emb[tr.words[:, t]]
        g.Wx[...] += x.T @ da
        g.Wh[...] += h.T @ da
        g.b[...] += da.sum(0)
        np.add.at(g.emb, tr.words[:, t], da @ w.Wx.T)
        dk = dnew * h * k * (1 - k)
        g.u[...] += (dk * h).sum(0)
        dh = dh * ~alive + dnew * k + dk * w.u + da @ w.Wh.T
    return g


def compare(ha, hb):
    diff = ha - hb
    return np.exp(-0.1 * (diff**2).sum(axis=1)), diff


def objective(w, q1, n1, q2, n2, dup):
    sim, _ = compare(read(w, q1, n1).hs[-1], read(w, q2, n2).hs[-1])
    return ((sim - dup) ** 2).mean()


def gradient(w, q1, n1, q2, n2, dup):
    ta, tb = read(w, q1, n1), read(w, q2, n2)
    sim, diff = compare(ta.hs[-1], tb.hs[-1])
    dsim = 2 * (sim - dup) / len(dup)
    ddiff = (dsim * sim * -0.2)[:, None] * diff
    ga = unread(w, ta, ddiff)
    gb = unread(w, tb, -ddiff)
    return Weights(*(a + b for a, b in zip(ga, gb)))


INPUTS = ("q1", "n1", "q2", "n2", "dup")


def loss(params, inputs):
    return float(objective(Weights(**params), *(inputs[k] for k in INPUTS)))


def backward(params, inputs):
    return gradient(Weights(**params), *(inputs[k] for k in INPUTS))._asdict()


def example(rng):
    B, T, V = 3, rng.integers(3, 5), 3
    D, H = rng.permutation([2, 3, 4])[:2]
    params = {"emb": rng.normal(size=(V, D)), "Wx": rng.normal(size=(D, H)),
              "Wh": 0.7 * rng.normal(size=(H, H)), "b": rng.normal(size=H), "u": rng.normal(size=H)}
    inputs = {"q1": rng.integers(0, V, (B, T)), "q2": rng.integers(0, V, (B, T + 1)),
              "n1": rng.permutation([T, T - 1, T - 2]), "n2": rng.permutation([T + 1, T, T - 1]),
              "dup": np.array([0, 1, 0])}
    return params, inputs

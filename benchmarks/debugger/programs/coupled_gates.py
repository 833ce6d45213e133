"""LSTM whose input gate is one minus its forget gate (three blocks: f, o, g)."""
import numpy as np


def sigma(a):
    return 1 / (1 + np.exp(-a))


def cifg_forward(inp, W, b, state):
    h, c = state
    H = h.shape[1]
    memo = []
    for t in range(inp.shape[1]):
        v = np.c_[inp[:, t], h]
        pre = v.dot(W) + b
        f = sigma(pre[:, 0:H])
        o = sigma(pre[:, H:2 * H])
        g = np.tanh(pre[:, 2 * H:3 * H])
        c_before = c
        c = f * c + (1 - f) * g
        h = o * np.tanh(c)
        memo.append((v, f, o, g, c_before, c, h))
    return memo


def cifg_backward(memo, douts, W, D):
    gW = np.zeros(W.shape)
    gb = np.zeros(W.shape[1])
    n, H = memo[0][1].shape
    ginp = np.zeros((n, len(memo), D))
    gh = np.zeros((n, H))
    gc = np.zeros((n, H))
    t = len(memo)
    while t > 0:
        t -= 1
        v, f, o, g, c_before, c, _ = memo[t]
        gh = gh + douts[:, t]
        tanhc = np.tanh(c)
        go = gh * tanhc
        gc = gc + gh * o * (1.0 - tanhc ** 2)
        gf = gc * (c_before - g)
        gg = gc * (1.0 - f)
        gpre = np.c_[gf * f * (1 - f), go * o * (1 - o), gg * (1 - g ** 2)]
        gW += v.T.dot(gpre)
        gb += gpre.sum(0)
        gv = gpre.dot(W.T)
        ginp[:, t] = gv[:, :D]
        gh = gv[:, D:]
        gc = gc * f
    return gW, gb, ginp, gh, gc


def loss(params, inputs):
    memo = cifg_forward(inputs["inp"], params["W"], params["b"], (inputs["h0"], inputs["c0"]))
    return sum(np.sum(m[-1] * inputs["douts"][:, t]) for t, m in enumerate(memo))


def backward(params, inputs):
    memo = cifg_forward(inputs["inp"], params["W"], params["b"], (inputs["h0"], inputs["c0"]))
    out = cifg_backward(memo, inputs["douts"], params["W"], inputs["inp"].shape[2])
    return dict(zip(["W", "b", "inp", "h0", "c0"], out))


def example(rng):
    n, T, D, H = (int(k) for k in rng.permutation([3, 4, 5, 6]))
    params = {"W": rng.normal(size=(D + H, 3 * H)), "b": rng.normal(size=3 * H)}
    inputs = {
        "inp": rng.normal(size=(n, T, D)),
        "h0": rng.normal(size=(n, H)),
        "c0": rng.normal(size=(n, H)),
        "douts": rng.normal(size=(n, T, H)),
    }
    return params, inputs

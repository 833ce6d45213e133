"""Functional LSTM: steps are made with functools.partial and folded over the sequence."""
from functools import partial, reduce

import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def gate(act, W, b, hx):
    return act(np.dot(hx, W) + b)


def make_gates(p):
    return (
        partial(gate, sigmoid, p["Wi"], p["bi"]),
        partial(gate, sigmoid, p["Wf"], p["bf"]),
        partial(gate, sigmoid, p["Wo"], p["bo"]),
        partial(gate, np.tanh, p["Wg"], p["bg"]),
    )


def fold_step(gates, carry, x):
    h, c, tape = carry
    hx = np.concatenate([h, x], axis=-1)
    i, f, o, g = (fn(hx) for fn in gates)
    c_new = f * c + i * g
    h_new = o * np.tanh(c_new)
    return h_new, c_new, tape + [(hx, c, i, f, o, g, c_new)]


def backward_step(p, carry, item):
    dh, dc, grads, dxs = carry
    (hx, c, i, f, o, g, c_new), dh_ext = item
    dh = dh + dh_ext
    t = np.tanh(c_new)
    dc = dc + dh * o * (1 - t ** 2)
    raw = {
        "i": dc * g * i * (1 - i),
        "f": dc * c * f * (1 - f),
        "o": dh * t * o * (1 - o),
        "g": dc * i * (1 - g ** 2),
    }
    new = {}
    for k, v in raw.items():
        new["W" + k] = grads["W" + k] + np.dot(hx.T, v)
        new["b" + k] = grads["b" + k] + v.sum(axis=0)
    dhx = sum(np.dot(v, p["W" + k].T) for k, v in raw.items())
    n = dh.shape[-1]
    return dhx[:, :n], dc * f, new, [dhx[:, n:]] + dxs


def loss(params, inputs):
    step = partial(fold_step, make_gates(params))
    h, c, tape = reduce(step, inputs["x"], (inputs["h0"], inputs["c0"], []))
    hs = [o * np.tanh(c) for (_, _, _, _, o, _, c) in tape]
    return np.vdot(np.array(hs), inputs["v"])


def backward(params, inputs):
    step = partial(fold_step, make_gates(params))
    _, _, tape = reduce(step, inputs["x"], (inputs["h0"], inputs["c0"], []))
    zero = {k: np.zeros_like(w) for k, w in params.items()}
    start = (np.zeros_like(inputs["h0"]), np.zeros_like(inputs["c0"]), zero, [])
    items = list(zip(tape, inputs["v"]))
    dh, dc, grads, dxs = reduce(partial(backward_step, params), reversed(items), start)
    return {**grads, "x": np.stack(dxs), "h0": dh, "c0": dc}


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {}
    for k in "ifog":
        params["W" + k] = rng.normal(size=(H + D, H))
        params["b" + k] = rng.normal(size=H)
    inputs = {
        "x": rng.normal(size=(T, B, D)),
        "h0": rng.normal(size=(B, H)),
        "c0": rng.normal(size=(B, H)),
        "v": rng.normal(size=(T, B, H)),
    }
    return params, inputs

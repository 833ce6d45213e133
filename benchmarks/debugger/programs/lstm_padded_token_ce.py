"""LSTM language model on padded batches (numpy re-implementation of our old theano code).

tokens, targets, mask: (batch, time).  Where mask == 0 there is a pad (or a word that was cut out
of the middle of the sentence), and the LSTM keeps its state.
"""
from typing import Dict, List, Tuple

import numpy as np

Array = np.ndarray


def _sigmoid(z: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-z))


def _softmax(logits: Array) -> Array:
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def lstm_step(x: Array, h: Array, c: Array, m: Array, p: Dict[str, Array]) -> Tuple:
    n = h.shape[1]
    pre = np.dot(np.hstack([x, h]), p["W"]) + p["b"]
    i = _sigmoid(pre[:, :n])
    f = _sigmoid(pre[:, n:2 * n])
    o = _sigmoid(pre[:, 2 * n:3 * n])
    g = np.tanh(pre[:, 3 * n:])
    c_new = f * c + i * g
    h_new = o * np.tanh(c_new)
    m = m[:, None]
    h_out = m * h_new + (1 - m) * h
    c_out = m * c_new + (1 - m) * c
    return h_out, c_out, (x, h, c, m, i, f, o, g, c_new)


def lstm_step_grad(dh: Array, dc: Array, cache: Tuple, p: Dict[str, Array],
                   grads: Dict[str, Array]) -> Tuple[Array, Array, Array]:
    x, h, c, m, i, f, o, g, c_new = cache
    dh_new = m * dh
    dc_new = m * dc
    tc = np.tanh(c_new)
    dc_new = dc_new + dh_new * o * (1 - tc ** 2)
    dpre = np.hstack([
        dc_new * g * i * (1 - i),
        dc_new * c * f * (1 - f),
        dh_new * tc * o * (1 - o),
        dc_new * i * (1 - g ** 2),
    ])
    grads["W"] += np.dot(np.hstack([x, h]).T, dpre)
    grads["b"] += dpre.sum(axis=0)
    dxh = np.dot(dpre, p["W"].T)
    dx, dh_prev = dxh[:, :x.shape[1]], dxh[:, x.shape[1]:]
    dh_prev = dh_prev + (1 - m) * dh
    dc_prev = dc_new * f + (1 - m) * dc
    return dx, dh_prev, dc_prev


def run(p: Dict[str, Array], tokens: Array, targets: Array, mask: Array,
        with_grads: bool = False):
    B, T = tokens.shape
    h = np.tile(p["h0"], (B, 1))
    c = np.tile(p["c0"], (B, 1))
    caches: List[Tuple] = []
    hs, probs = [], []
    n_valid = mask.sum()
    cost = 0.0
    for t in range(T):
        h, c, cache = lstm_step(p["E"][tokens[:, t]], h, c, mask[:, t], p)
        prob = _softmax(np.dot(h, p["V"]) + p["d"])
        cost -= np.sum(mask[:, t] * np.log(prob[np.arange(B), targets[:, t]])) / n_valid
        caches.append(cache)
        hs.append(h)
        probs.append(prob)
    if not with_grads:
        return cost

    grads = {k: np.zeros_like(v) for k, v in p.items()}
    dh = np.zeros_like(h)
    dc = np.zeros_like(c)
    for t in range(T - 1, -1, -1):
        dlogits = probs[t].copy()
        dlogits[np.arange(B), targets[:, t]] -= 1.0
        dlogits *= mask[:, t][:, None] / n_valid
        grads["V"] += np.dot(hs[t].T, dlogits)
        grads["d"] += dlogits.sum(axis=0)
        dh = dh + np.dot(dlogits, p["V"].T)
        dx, dh, dc = lstm_step_grad(dh, dc, caches[t], p, grads)
        np.add.at(grads["E"], tokens[:, t], dx)
    grads["h0"] = dh.sum(axis=0)
    grads["c0"] = dc.sum(axis=0)
    return cost, grads


def loss(params, inputs):
    return run(params, inputs["tokens"], inputs["targets"], inputs["mask"])


def backward(params, inputs):
    return run(params, inputs["tokens"], inputs["targets"], inputs["mask"], with_grads=True)[1]


def example(rng):
    T, B, V, D, H = (int(n) for n in rng.permutation([4, 5, 6, 7, 8]))
    V = max(V - 2, 3)
    params = {
        "E": rng.normal(size=(V, D)),
        "W": rng.normal(size=(D + H, 4 * H)) * 0.7,
        "b": rng.normal(size=4 * H),
        "V": rng.normal(size=(H, V)),
        "d": rng.normal(size=V),
        "h0": rng.normal(size=H),
        "c0": rng.normal(size=H),
    }
    mask = (rng.random((B, T)) < 0.65).astype(int)
    mask[0] = 1
    mask[1, 0], mask[1, 1], mask[2, -1] = 0, 1, 0
    inputs = {
        "tokens": rng.integers(V, size=(B, T)),
        "targets": rng.integers(V, size=(B, T)),
        "mask": mask,
    }
    return params, inputs

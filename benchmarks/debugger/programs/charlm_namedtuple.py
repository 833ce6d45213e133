"""
Character level language model with an LSTM, plain NumPy.

Shapes:  N = batch size, T = sequence length, V = size of the alphabet, H = hidden units.
Everything is batch first, characters go in as one-hot rows.
"""
from collections import namedtuple

import numpy as np

StepCache = namedtuple("StepCache", ["x", "h_prev", "c_prev", "i", "f", "o", "g", "c_tanh"])


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def one_hot(ids, vocab_size):
    return np.eye(vocab_size)[ids]


def lstm_step_forward(x, h_prev, c_prev, Wx, Wh, b):
    """One step for the whole batch. x: (N, V), h_prev and c_prev: (N, H)."""
    H = h_prev.shape[1]
    a = x.dot(Wx) + h_prev.dot(Wh) + b
    i = sigmoid(a[:, 0 * H:1 * H])
    f = sigmoid(a[:, 1 * H:2 * H])
    o = sigmoid(a[:, 2 * H:3 * H])
    g = np.tanh(a[:, 3 * H:4 * H])
    c_next = f * c_prev + i * g
    c_tanh = np.tanh(c_next)
    h_next = o * c_tanh
    cache = StepCache(x=x, h_prev=h_prev, c_prev=c_prev, i=i, f=f, o=o, g=g, c_tanh=c_tanh)
    return h_next, c_next, cache


def lstm_step_backward(dh_next, dc_next, cache, Wh):
    """Undo lstm_step_forward. Returns gradients of the two states and of the weights."""
    do = dh_next * cache.c_tanh
    dc = dc_next + dh_next * cache.o * (1 - cache.c_tanh ** 2)
    di = dc * cache.g
    df = dc * cache.c_prev
    dg = dc * cache.i
    dc_prev = dc * cache.f

    da = np.hstack([
        di * cache.i * (1 - cache.i),
        df * cache.f * (1 - cache.f),
        do * cache.o * (1 - cache.o),
        dg * (1 - cache.g ** 2),
    ])
    dWx = cache.x.T.dot(da)
    dWh = cache.h_prev.T.dot(da)
    db = np.sum(da, axis=0)
    dh_prev = da.dot(Wh.T)
    return dh_prev, dc_prev, dWx, dWh, db


def model_forward(ids, targets, h0, c0, params):
    N, T = ids.shape
    V = params["Wd"].shape[1]
    xs = one_hot(ids, V)
    ys = one_hot(targets, V)
    h, c = h0, c0
    caches, hs, probs = [], [], []
    nll = 0.0
    for t in range(T):
        h, c, cache = lstm_step_forward(xs[:, t], h, c, params["Wx"], params["Wh"], params["b"])
        logits = h.dot(params["Wd"]) + params["bd"]
        e = np.exp(logits)
        p = e / np.sum(e, axis=1, keepdims=True)
        nll -= np.sum(ys[:, t] * np.log(p))
        caches.append(cache)
        hs.append(h)
        probs.append(p)
    return nll / (N * T), (caches, hs, probs, ys)


def model_backward(saved, params):
    caches, hs, probs, ys = saved
    N, T = ys.shape[0], ys.shape[1]
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dh_next = np.zeros_like(hs[0])
    dc_next = np.zeros_like(hs[0])
    for t in reversed(range(T)):
        dlogits = (probs[t] - ys[:, t]) / (N * T)
        grads["Wd"] += hs[t].T.dot(dlogits)
        grads["bd"] += np.sum(dlogits, axis=0)
        dh = dlogits.dot(params["Wd"].T) + dh_next
        dh_next, dc_next, dWx, dWh, db = lstm_step_backward(dh, dc_next, caches[t], params["Wh"])
        grads["Wx"] += dWx
        grads["Wh"] += dWh
        grads["b"] += db
    # for name in grads: np.clip(grads[name], -5, 5, out=grads[name])
    grads["h0"] = dh_next
    grads["c0"] = dc_next
    return grads


def loss(params, inputs):
    return model_forward(params=params, **inputs)[0]


def backward(params, inputs):
    _, saved = model_forward(params=params, **inputs)
    return model_backward(saved, params)


def example(rng):
    N, T, V, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {
        "Wx": rng.normal(size=(V, 4 * H)),
        "Wh": rng.normal(size=(H, 4 * H)),
        "b": rng.normal(size=4 * H),
        "Wd": rng.normal(size=(H, V)),
        "bd": rng.normal(size=V),
    }
    inputs = {
        "ids": rng.integers(V, size=(N, T)),
        "targets": rng.integers(V, size=(N, T)),
        "h0": rng.normal(size=(N, H)),
        "c0": rng.normal(size=(N, H)),
    }
    return params, inputs

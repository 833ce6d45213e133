"""One LSTM step with its backward, and a driver that unrolls it."""
from collections import namedtuple

import numpy as np

StepCache = namedtuple("StepCache", "x h_prev c_prev i f g o c tanh_c")


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def lstm_step(x, h_prev, c_prev, Wx, Wh, b):
    H = h_prev.shape[1]
    a = x @ Wx + h_prev @ Wh + b
    i = sigmoid(a[:, :H])
    f = sigmoid(a[:, H:2 * H])
    g = np.tanh(a[:, 2 * H:3 * H])
    o = sigmoid(a[:, 3 * H:])
    c = f * c_prev + i * g
    tanh_c = np.tanh(c)
    h = o * tanh_c
    return h, c, StepCache(x, h_prev, c_prev, i, f, g, o, c, tanh_c)


def lstm_step_backward(dh, dc, cache, Wx, Wh):
    do = dh * cache.tanh_c
    dc = dc + dh * cache.o * (1 - cache.tanh_c ** 2)
    di = dc * cache.g
    dg = dc * cache.i
    df = dc * cache.c_prev
    dc_prev = dc * cache.f
    da = np.hstack([
        di * cache.i * (1 - cache.i),
        df * cache.f * (1 - cache.f),
        dg * (1 - cache.g ** 2),
        do * cache.o * (1 - cache.o),
    ])
    dx = da @ Wx.T
    dh_prev = da @ Wh.T
    dWx = cache.x.T @ da
    dWh = cache.h_prev.T @ da
    db = da.sum(axis=0)
    return dx, dh_prev, dc_prev, dWx, dWh, db


def run(params, inputs):
    h, c = inputs["h0"], inputs["c0"]
    hs, caches = [], []
    for x in inputs["x"]:
        h, c, cache = lstm_step(x, h, c, params["Wx"], params["Wh"], params["b"])
        hs.append(h)
        caches.append(cache)
    return np.array(hs), c, caches


def loss(params, inputs):
    hs, c, _ = run(params, inputs)
    return np.sum(hs * inputs["dhs"]) + np.sum(c * inputs["dcT"])


def backward(params, inputs):
    _, _, caches = run(params, inputs)
    dWx = np.zeros_like(params["Wx"])
    dWh = np.zeros_like(params["Wh"])
    db = np.zeros_like(params["b"])
    dx = np.zeros_like(inputs["x"])
    dh = np.zeros_like(inputs["h0"])
    dc = inputs["dcT"]
    for t in reversed(range(len(caches))):
        dh = dh + inputs["dhs"][t]
        dx[t], dh, dc, dWx_t, dWh_t, db_t = lstm_step_backward(
            dh, dc, caches[t], params["Wx"], params["Wh"])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    return {"Wx": dWx, "Wh": dWh, "b": db, "x": dx, "h0": dh, "c0": dc}


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {
        "Wx": rng.normal(size=(D, 4 * H)) * 0.7,
        "Wh": rng.normal(size=(H, 4 * H)) * 0.7,
        "b": rng.normal(size=4 * H),
    }
    inputs = {
        "x": rng.normal(size=(T, B, D)),
        "h0": rng.normal(size=(B, H)),
        "c0": rng.normal(size=(B, H)),
        "dhs": rng.normal(size=(T, B, H)),
        "dcT": rng.normal(size=(B, H)),
    }
    return params, inputs

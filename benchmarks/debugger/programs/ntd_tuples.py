"""LSTM layer on (N, T, D) minibatches: step functions and whole-sequence functions."""
import numpy as np


def sigmoid(x):
    pos_mask = (x >= 0)
    neg_mask = (x < 0)
    z = np.zeros_like(x)
    z[pos_mask] = np.exp(-x[pos_mask])
    z[neg_mask] = np.exp(x[neg_mask])
    top = np.ones_like(x)
    top[neg_mask] = z[neg_mask]
    return top / (1 + z)


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    a = x.dot(Wx) + prev_h.dot(Wh) + b
    ai, af, ao, ag = np.split(a, 4, axis=1)
    i, f, o, g = sigmoid(ai), sigmoid(af), sigmoid(ao), np.tanh(ag)
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    cache = (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)
    return next_h, next_c, cache


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
    tanh_c = np.tanh(next_c)
    dnext_c = dnext_c + dnext_h * o * (1 - tanh_c ** 2)
    dai = dnext_c * g * i * (1 - i)
    daf = dnext_c * prev_c * f * (1 - f)
    dao = dnext_h * tanh_c * o * (1 - o)
    dag = dnext_c * i * (1 - g ** 2)
    da = np.hstack((dai, daf, dao, dag))
    dx = da.dot(Wx.T)
    dprev_h = da.dot(Wh.T)
    dprev_c = dnext_c * f
    dWx = x.T.dot(da)
    dWh = prev_h.T.dot(da)
    db = np.sum(da, axis=0)
    return dx, dprev_h, dprev_c, dWx, dWh, db


def lstm_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    H = h0.shape[1]
    h = np.zeros((N, T, H))
    prev_h = h0
    prev_c = np.zeros((N, H))
    cache = []
    for t in range(T):
        prev_h, prev_c, step_cache = lstm_step_forward(x[:, t, :], prev_h, prev_c, Wx, Wh, b)
        h[:, t, :] = prev_h
        cache.append(step_cache)
    return h, cache


def lstm_backward(dh, cache):
    N, T, H = dh.shape
    x, _, _, Wx, Wh = cache[0][:5]
    D = x.shape[1]
    dx = np.zeros((N, T, D))
    dWx = np.zeros_like(Wx)
    dWh = np.zeros_like(Wh)
    db = np.zeros(4 * H)
    dprev_h = np.zeros((N, H))
    dprev_c = np.zeros((N, H))
    for t in range(T - 1, -1, -1):
        dnext_h = dh[:, t, :] + dprev_h
        dx[:, t, :], dprev_h, dprev_c, dWx_t, dWh_t, db_t = lstm_step_backward(
            dnext_h, dprev_c, cache[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    dh0 = dprev_h
    return dx, dh0, dWx, dWh, db


def temporal_softmax_loss(scores, y):
    N, T, V = scores.shape
    flat = scores.reshape(N * T, V)
    target = y.reshape(N * T)
    probs = np.exp(flat - np.max(flat, axis=1, keepdims=True))
    probs /= np.sum(probs, axis=1, keepdims=True)
    loss = -np.sum(np.log(probs[np.arange(N * T), target])) / N
    dflat = probs.copy()
    dflat[np.arange(N * T), target] -= 1
    dflat /= N
    return loss, dflat.reshape(N, T, V)


def affine(h, Wv, bv):
    N, T, H = h.shape
    return h.reshape(N * T, H).dot(Wv).reshape(N, T, -1) + bv


def loss(params, inputs):
    h, _ = lstm_forward(inputs["x"], inputs["h0"], params["Wx"], params["Wh"], params["b"])
    return temporal_softmax_loss(affine(h, params["Wv"], params["bv"]), inputs["y"])[0]


def backward(params, inputs):
    h, cache = lstm_forward(inputs["x"], inputs["h0"], params["Wx"], params["Wh"], params["b"])
    _, dscores = temporal_softmax_loss(affine(h, params["Wv"], params["bv"]), inputs["y"])
    N, T, H = h.shape
    grads = {}
    grads["Wv"] = h.reshape(N * T, H).T.dot(dscores.reshape(N * T, -1))
    grads["bv"] = dscores.sum(axis=(0, 1))
    dh = dscores.dot(params["Wv"].T)
    dx, dh0, grads["Wx"], grads["Wh"], grads["b"] = lstm_backward(dh, cache)
    grads["x"], grads["h0"] = dx, dh0
    return grads


def example(rng):
    N, T, D, H, V = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    params = {
        "Wx": rng.normal(size=(D, 4 * H)),
        "Wh": rng.normal(size=(H, 4 * H)),
        "b": rng.normal(size=4 * H),
        "Wv": rng.normal(size=(H, V)),
        "bv": rng.normal(size=V),
    }
    inputs = {
        "x": rng.normal(size=(N, T, D)),
        "h0": rng.normal(size=(N, H)),
        "y": rng.integers(V, size=(N, T)),
    }
    return params, inputs

"""Vanilla RNN for captions: image features give h0, words are embedded, NULL words are masked."""
import numpy as np


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(np.dot(x, Wx) + np.dot(prev_h, Wh) + b)
    cache = (x, prev_h, Wx, Wh, next_h)
    return next_h, cache


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    da = dnext_h * (1 - next_h ** 2)
    dx = np.dot(da, Wx.T)
    dprev_h = np.dot(da, Wh.T)
    dWx = np.dot(x.T, da)
    dWh = np.dot(prev_h.T, da)
    db = np.sum(da, axis=0)
    return dx, dprev_h, dWx, dWh, db


def rnn_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    h = np.zeros((N, T, h0.shape[1]))
    cache = {}
    prev_h = h0
    for t in range(T):
        prev_h, cache[t] = rnn_step_forward(x[:, t, :], prev_h, Wx, Wh, b)
        h[:, t, :] = prev_h
    return h, cache


def rnn_backward(dh, cache):
    N, T, H = dh.shape
    D = cache[0][0].shape[1]
    dx = np.zeros((N, T, D))
    dWx = np.zeros((D, H))
    dWh = np.zeros((H, H))
    db = np.zeros(H)
    dprev_h = np.zeros((N, H))
    for t in reversed(range(T)):
        dx[:, t, :], dprev_h, dWx_t, dWh_t, db_t = rnn_step_backward(dh[:, t, :] + dprev_h, cache[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    return dx, dprev_h, dWx, dWh, db


def word_embedding_backward(dout, x, shape):
    dW = np.zeros(shape)
    np.add.at(dW, x, dout)
    return dW


def softmax_loss(x, y, mask):
    N, T, V = x.shape
    x_flat, y_flat, mask_flat = x.reshape(N * T, V), y.reshape(N * T), mask.reshape(N * T)
    probs = np.exp(x_flat - np.max(x_flat, axis=1, keepdims=True))
    probs = probs / np.sum(probs, axis=1, keepdims=True)
    loss = -np.sum(mask_flat * np.log(probs[np.arange(N * T), y_flat])) / N
    dx_flat = probs.copy()
    dx_flat[np.arange(N * T), y_flat] -= 1
    dx_flat /= N
    dx_flat *= mask_flat[:, None]
    return loss, dx_flat.reshape(N, T, V)


def caption_loss(params, features, captions):
    captions_in, captions_out = captions[:, :-1], captions[:, 1:]
    mask = captions_out != 0
    h0 = features.dot(params["W_proj"]) + params["b_proj"]
    x = params["W_embed"][captions_in]
    h, cache = rnn_forward(x, h0, params["Wx"], params["Wh"], params["b"])
    scores = h.dot(params["W_vocab"]) + params["b_vocab"]
    value, dscores = softmax_loss(scores, captions_out, mask)
    grads = {}
    grads["W_vocab"] = np.einsum("nth,ntv->hv", h, dscores)
    grads["b_vocab"] = dscores.sum(axis=(0, 1))
    dh = dscores.dot(params["W_vocab"].T)
    dx, dh0, grads["Wx"], grads["Wh"], grads["b"] = rnn_backward(dh, cache)
    grads["W_embed"] = word_embedding_backward(dx, captions_in, params["W_embed"].shape)
    grads["W_proj"] = features.T.dot(dh0)
    grads["b_proj"] = np.sum(dh0, axis=0)
    return value, grads


def loss(params, inputs):
    return caption_loss(params, inputs["features"], inputs["captions"])[0]


def backward(params, inputs):
    return caption_loss(params, inputs["features"], inputs["captions"])[1]


def example(rng):
    N, T, F, D, H, V = (int(n) for n in rng.permutation([3, 4, 5, 6, 7, 8]))
    params = {
        "W_proj": rng.normal(size=(F, H)) * 0.6, "b_proj": rng.normal(size=H),
        "W_embed": rng.normal(size=(V, D)),
        "Wx": rng.normal(size=(D, H)) * 0.6, "Wh": rng.normal(size=(H, H)) * 0.6,
        "b": rng.normal(size=H),
        "W_vocab": rng.normal(size=(H, V)), "b_vocab": rng.normal(size=V),
    }
    captions = rng.integers(1, V, size=(N, T + 1))
    captions[0, -1] = 0
    return params, {"features": rng.normal(size=(N, F)), "captions": captions}

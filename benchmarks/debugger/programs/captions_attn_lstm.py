"""Captioning with an LSTM that looks at image regions at every step (assignment style, N first)."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(s):
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def dot_product_attention(prev_h, A):
    N, H, P = A.shape
    scores = np.einsum("nh,nhp->np", prev_h, A) / np.sqrt(H)
    weights = softmax(scores)
    return np.einsum("nhp,np->nh", A, weights), (prev_h, A, weights)


def dot_product_attention_backward(dattn, cache):
    prev_h, A, weights = cache
    H = A.shape[1]
    dweights = np.einsum("nh,nhp->np", dattn, A)
    dA = dattn[:, :, None] * weights[:, None, :]
    dscores = weights * (dweights - (dweights * weights).sum(axis=1, keepdims=True))
    dscores /= np.sqrt(H)
    dprev_h = np.einsum("np,nhp->nh", dscores, A)
    dA += prev_h[:, :, None] * dscores[:, None, :]
    return dprev_h, dA


def lstm_step_forward(x, prev_h, prev_c, attn, Wx, Wh, Wattn, b):
    a = x.dot(Wx) + prev_h.dot(Wh) + attn.dot(Wattn) + b
    ai, af, ao, ag = np.split(a, 4, axis=1)
    i, f, o, g = sigmoid(ai), sigmoid(af), sigmoid(ao), np.tanh(ag)
    next_c = f * prev_c + i * g
    tanh_c = np.tanh(next_c)
    return o * tanh_c, next_c, (x, prev_h, prev_c, attn, Wx, Wh, Wattn, i, f, o, g, tanh_c)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, attn, Wx, Wh, Wattn, i, f, o, g, tanh_c = cache
    do = dnext_h * tanh_c
    dc = dnext_c + dnext_h * o * (1 - tanh_c ** 2)
    di, df, dg = dc * g, dc * prev_c, dc * i
    dprev_c = dc * f
    da = np.hstack([di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g ** 2)])
    dw = {"Wx": x.T.dot(da), "Wh": prev_h.T.dot(da), "Wattn": attn.T.dot(da), "b": da.sum(axis=0)}
    return da.dot(Wx.T), da.dot(Wh.T), dprev_c, da.dot(Wattn.T), dw


def attention_forward(x, A, p):
    N, T, _ = x.shape
    prev_h = prev_c = A.mean(axis=2)
    h = np.zeros((N, T, A.shape[1]))
    caches = []
    for t in range(T):
        attn, attn_cache = dot_product_attention(prev_h, A)
        prev_h, prev_c, step_cache = lstm_step_forward(x[:, t], prev_h, prev_c, attn, p["Wx"], p["Wh"], p["Wattn"], p["b"])
        h[:, t] = prev_h
        caches.append((attn_cache, step_cache))
    return h, caches


def attention_backward(dh, caches, A, grads):
    N, T, H = dh.shape
    dx = []
    dA = np.zeros_like(A)
    dprev_h, dprev_c = np.zeros((N, H)), np.zeros((N, H))
    for t in reversed(range(T)):
        attn_cache, step_cache = caches[t]
        dht = dh[:, t] + dprev_h
        dx_t, dprev_h, dprev_c, dattn, dw = lstm_step_backward(dht, dprev_c, step_cache)
        dprev_h_attn, dA_t = dot_product_attention_backward(dattn, attn_cache)
        dprev_h = dprev_h + dprev_h_attn
        dA += dA_t
        dx.insert(0, dx_t)
        for name in dw:
            grads[name] += dw[name]
    dA += (dprev_h + dprev_c)[:, :, None] / A.shape[2]
    return np.stack(dx, axis=1), dA


def temporal_softmax(scores, y, mask):
    N, T, V = scores.shape
    probs = softmax(scores.reshape(N * T, V))
    m, rows, y = mask.reshape(-1), np.arange(N * T), y.reshape(-1)
    loss = -np.sum(m * np.log(probs[rows, y])) / N
    dscores = probs.copy()
    dscores[rows, y] -= 1
    dscores *= m[:, None]
    return loss, (dscores / N).reshape(N, T, V)


def captioning(p, inputs):
    captions_in, captions_out = inputs["captions"][:, :-1], inputs["captions"][:, 1:]
    h, caches = attention_forward(p["W_embed"][captions_in], inputs["A"], p)
    loss, dscores = temporal_softmax(h.dot(p["W_vocab"]) + p["b_vocab"], captions_out, captions_out != 0)
    grads = {name: np.zeros_like(p[name]) for name in p}
    grads["W_vocab"] = np.tensordot(h, dscores, axes=([0, 1], [0, 1]))
    grads["b_vocab"] = dscores.sum(axis=(0, 1))
    dx, grads["A"] = attention_backward(dscores.dot(p["W_vocab"].T), caches, inputs["A"], grads)
    np.add.at(grads["W_embed"], captions_in, dx)
    return loss, grads


def loss(params, inputs):
    return float(captioning(params, inputs)[0])


def backward(params, inputs):
    return captioning(params, inputs)[1]


def example(rng):
    N, T, D, H = rng.integers(2, 4), rng.integers(4, 6), rng.integers(2, 5), rng.integers(3, 5)
    P, V = rng.integers(2, 5), rng.integers(4, 6)
    shapes = {"Wx": (D, 4 * H), "Wh": (H, 4 * H), "Wattn": (H, 4 * H), "b": (4 * H,),
              "W_embed": (V, D), "W_vocab": (H, V), "b_vocab": (V,)}
    captions = rng.integers(1, V, (N, T + 1))
    captions[0, 1] = captions[0, 0]
    captions[-1, -1] = 0
    params = {k: rng.normal(size=s) for k, s in shapes.items()}
    return params, {"captions": captions, "A": rng.normal(size=(N, H, P))}

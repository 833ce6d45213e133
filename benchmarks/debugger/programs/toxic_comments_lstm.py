# Toxic comments (multi-label), exported from a notebook. Embedding -> spatial dropout -> LSTM ->
# [max over time, mean over time] -> 3 sigmoids.  Binary cross-entropy, rare labels weigh more.
import numpy as np

KEEP_PROB = 0.75
POS_WEIGHT = np.array([1.5, 4.0, 2.5])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# ---- LSTM ----

def lstm_cell_forward(x, h, c, Wx, Wh, b):
    a = x.dot(Wx) + h.dot(Wh) + b
    ai, af, ao, ag = np.split(a, 4, axis=1)
    i, f, o, g = sigmoid(ai), sigmoid(af), sigmoid(ao), np.tanh(ag)
    c_next = f * c + i * g
    tc = np.tanh(c_next)
    h_next = o * tc
    return h_next, c_next, (x, h, c, i, f, o, g, tc)


def lstm_cell_backward(dh_next, dc_next, cache, Wx, Wh):
    x, h, c, i, f, o, g, tc = cache
    dc_total = dc_next + dh_next * o * (1 - tc * tc)
    dai = dc_total * g * i * (1 - i)
    daf = dc_total * c * f * (1 - f)
    dao = dh_next * tc * o * (1 - o)
    dag = dc_total * i * (1 - g * g)
    da = np.concatenate((dai, daf, dao, dag), axis=1)
    step = {"Wx": x.T.dot(da), "Wh": h.T.dot(da), "b": np.sum(da, axis=0)}
    return da.dot(Wx.T), da.dot(Wh.T), dc_total * f, step


def lstm_forward(x, Wx, Wh, b):
    n, t_steps, _ = x.shape
    hidden = Wh.shape[0]
    h, c = np.zeros((n, hidden)), np.zeros((n, hidden))
    out = np.zeros((n, t_steps, hidden))
    caches = []
    for t in range(t_steps):
        h, c, cache = lstm_cell_forward(x[:, t, :], h, c, Wx, Wh, b)
        out[:, t, :] = h
        caches.append(cache)
    return out, caches


def lstm_backward(dout, caches, Wx, Wh):
    n, t_steps, hidden = dout.shape
    dx = np.zeros((n, t_steps, Wx.shape[0]))
    dh, dc = np.zeros((n, hidden)), np.zeros((n, hidden))
    grads = {"Wx": np.zeros(Wx.shape), "Wh": np.zeros(Wh.shape), "b": np.zeros(Wx.shape[1])}
    for t in range(t_steps - 1, -1, -1):
        dx[:, t, :], dh, dc, step = lstm_cell_backward(dh + dout[:, t, :], dc, caches[t], Wx, Wh)
        for k in grads:
            grads[k] += step[k]
    return dx, grads


# ---- pooling over time ----

def pool_forward(out):
    idx = out.argmax(axis=1)
    n, _, hidden = out.shape
    biggest = out[np.arange(n)[:, None], idx, np.arange(hidden)]
    return np.concatenate((biggest, out.mean(axis=1)), axis=1), (idx, out.shape)


def pool_backward(dpool, cache):
    idx, (n, t_steps, hidden) = cache
    dmax, dmean = dpool[:, :hidden], dpool[:, hidden:]
    dout = np.repeat(dmean[:, None, :] / t_steps, t_steps, axis=1)
    dout[np.arange(n)[:, None], idx, np.arange(hidden)] += dmax
    return dout


# ---- the whole model ----

def forward(p, tokens, keep):
    emb = p["emb"][tokens]
    x = emb * keep[:, None, :] / KEEP_PROB
    out, caches = lstm_forward(x, p["Wx"], p["Wh"], p["b"])
    pooled, pool_cache = pool_forward(out)
    prob = sigmoid(pooled.dot(p["W_dense"]) + p["b_dense"])
    return prob, (pooled, pool_cache, caches)


def bce(prob, y):
    return -np.mean(POS_WEIGHT * y * np.log(prob) + (1 - y) * np.log(1 - prob))


def gradients(p, tokens, keep, y):
    prob, (pooled, pool_cache, caches) = forward(p, tokens, keep)
    dlogit = ((1 - y) * prob - POS_WEIGHT * y * (1 - prob)) / y.size
    dpool = dlogit.dot(p["W_dense"].T)
    dx, grads = lstm_backward(pool_backward(dpool, pool_cache), caches, p["Wx"], p["Wh"])
    grads["W_dense"] = pooled.T.dot(dlogit)
    grads["b_dense"] = dlogit.sum(axis=0)
    demb = dx * keep[:, None, :] / KEEP_PROB
    grads["emb"] = np.zeros_like(p["emb"])
    np.add.at(grads["emb"], tokens, demb)
    return grads


def loss(params, inputs):
    prob, _ = forward(params, inputs["tokens"], inputs["keep"])
    return bce(prob, inputs["y"])


def backward(params, inputs):
    return gradients(params, inputs["tokens"], inputs["keep"], inputs["y"])


def example(rng):
    n, t_steps, emb, hidden = (int(k) for k in rng.permutation([3, 4, 5, 6]))
    words, labels = 8, len(POS_WEIGHT)
    params = {
        "emb": rng.normal(size=(words, emb)),
        "Wx": rng.normal(size=(emb, 4 * hidden)) * 0.7,
        "Wh": rng.normal(size=(hidden, 4 * hidden)) * 0.7,
        "b": rng.normal(size=4 * hidden),
        "W_dense": rng.normal(size=(2 * hidden, labels)),
        "b_dense": rng.normal(size=labels),
    }
    return params, {
        "tokens": rng.integers(words, size=(n, t_steps)),
        "keep": (rng.random((n, emb)) < KEEP_PROB).astype(int),
        "y": rng.integers(2, size=(n, labels)),
    }

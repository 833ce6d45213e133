"""POS tagger: LSTM over packed sequences, softmax over all tokens.

Sentences are sorted by length, longest first, and packed by steps: at step t only the first
batch_sizes[t] sentences are still running, their word vectors are rows offset .. offset + n.
"""
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def pack(lengths):
    lengths = np.asarray(lengths)
    batch_sizes = [int((lengths > t).sum()) for t in range(lengths.max())]
    offsets = np.concatenate([[0], np.cumsum(batch_sizes)])
    return batch_sizes, offsets


def lstm_packed(x, h0, c0, W, U, b, batch_sizes, offsets):
    """x (tokens, D), h0 and c0 (sentences, H); returns outputs (tokens, H), last states, cache."""
    H = U.shape[0]
    xw = x @ W + b
    h, c = h0.copy(), c0.copy()
    out = np.empty((len(x), H))
    gates = np.empty((len(x), 4 * H))
    h_in, c_in, tanh_c = np.empty_like(out), np.empty_like(out), np.empty_like(out)
    for n, start in zip(batch_sizes, offsets):
        rows = slice(start, start + n)
        h_in[rows], c_in[rows] = h[:n], c[:n]
        a = xw[rows] + h[:n] @ U
        a[:, :3 * H] = sigmoid(a[:, :3 * H])
        a[:, 3 * H:] = np.tanh(a[:, 3 * H:])
        f, i, o, g = np.split(a, 4, axis=1)
        c[:n] = f * c[:n] + i * g
        tanh_c[rows] = np.tanh(c[:n])
        h[:n] = o * tanh_c[rows]
        gates[rows] = a
        out[rows] = h[:n]
    return out, h, (x, h_in, c_in, gates, tanh_c)


def lstm_packed_backward(dout, dh_last, W, U, batch_sizes, offsets, cache):
    x, h_in, c_in, gates, tanh_c = cache
    H = U.shape[0]
    dh = dh_last.copy()
    dc = np.zeros_like(dh)
    da = np.empty_like(gates)
    for t in range(len(batch_sizes) - 1, -1, -1):
        n = batch_sizes[t]
        rows = slice(offsets[t], offsets[t + 1])
        f, i, o, g = np.split(gates[rows], 4, axis=1)
        dh[:n] += dout[rows]
        dc[:n] += dh[:n] * o * (1 - tanh_c[rows] ** 2)
        df = dc[:n] * c_in[rows]
        di = dc[:n] * g
        do = dh[:n] * tanh_c[rows]
        dg = dc[:n] * i
        da[rows] = np.concatenate([df * f * (1 - f), di * i * (1 - i), do * o * (1 - o),
                                   dg * (1 - g ** 2)], axis=1)
        dh[:n] = da[rows] @ U.T
        dc[:n] *= f
    return {"W": x.T @ da, "U": h_in.T @ da, "b": da.sum(0), "x": da @ W.T, "h0": dh, "c0": dc}


def tagger(params, inputs):
    sizes, offsets = pack(inputs["lengths"])
    x, tags = inputs["x"], inputs["tags"]
    W, U, b, V, r = (params[k] for k in "WUbVr")
    out, h_last, cache = lstm_packed(x, inputs["h0"], inputs["c0"], W, U, b, sizes, offsets)

    # loss over the tokens, and a squared error for the quality of each sentence
    logp = out @ V
    logp = logp - np.log(np.exp(logp).sum(axis=1, keepdims=True))
    token = np.arange(len(tags))
    err = h_last @ r - inputs["quality"]
    total = -logp[token, tags].mean() + 0.5 * np.mean(err ** 2)

    dlogits = np.exp(logp)
    dlogits[token, tags] -= 1
    dlogits /= len(tags)
    derr = err / len(err)
    grads = lstm_packed_backward(dlogits @ V.T, np.outer(derr, r), W, U, sizes, offsets, cache)
    grads["V"] = out.T @ dlogits
    grads["r"] = h_last.T @ derr
    return total, grads


def loss(params, inputs):
    return tagger(params, inputs)[0]


def backward(params, inputs):
    return tagger(params, inputs)[1]


def example(rng):
    T, B, D, H, K = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    lengths = np.sort(rng.integers(1, T + 1, size=B))[::-1].copy()
    lengths[0], lengths[-1] = T, 1
    tokens = int(lengths.sum())
    params = {
        "W": rng.normal(size=(D, 4 * H)),
        "U": rng.normal(size=(H, 4 * H)) * 0.7,
        "b": rng.normal(size=4 * H),
        "V": rng.normal(size=(H, K)),
        "r": rng.normal(size=H),
    }
    inputs = {
        "x": rng.normal(size=(tokens, D)),
        "tags": rng.integers(K, size=tokens),
        "lengths": lengths,
        "quality": rng.normal(size=B),
        "h0": rng.normal(size=(B, H)),
        "c0": rng.normal(size=(B, H)),
    }
    return params, inputs

"""Plain RNN; the backward runs forward over reversed views."""
import numpy as np


def hidden_states(x, h0, W_in, W_hid, bias):
    out = np.zeros((len(x) + 1,) + h0.shape)
    out[0] = h0
    for before, after, frame in zip(out, out[1:], x):
        after[...] = np.tanh(frame @ W_in + before @ W_hid + bias)
    return out


def loss(params, inputs):
    out = hidden_states(inputs["x"], inputs["h0"], params["W_in"], params["W_hid"], params["bias"])
    logits = out[1:] @ params["W_out"]
    return np.mean(np.log1p(np.exp(-inputs["sign"] * logits)))


def backward(params, inputs):
    x, sign = inputs["x"], inputs["sign"]
    out = hidden_states(x, inputs["h0"], params["W_in"], params["W_hid"], params["bias"])
    logits = out[1:] @ params["W_out"]
    dlogits = -sign / (1 + np.exp(sign * logits)) / logits.size
    dout = dlogits[..., None] * params["W_out"]
    deltas = np.zeros_like(dout)
    carry = np.zeros_like(inputs["h0"])
    for d, dh, h in zip(deltas[::-1], dout[::-1], out[:0:-1]):
        d[...] = (dh + carry) * (1 - h * h)
        carry = d @ params["W_hid"].T
    return {
        "W_in": np.einsum("tbd,tbh->dh", x, deltas),
        "W_hid": np.einsum("tbj,tbh->jh", out[:-1], deltas),
        "bias": deltas.sum(axis=(0, 1)),
        "W_out": np.einsum("tbh,tb->h", out[1:], dlogits),
        "x": deltas @ params["W_in"].T,
        "h0": carry,
    }


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {
        "W_in": rng.normal(size=(D, H)),
        "W_hid": rng.normal(size=(H, H)),
        "bias": rng.normal(size=H),
        "W_out": rng.normal(size=H),
    }
    inputs = {
        "x": rng.normal(size=(T, B, D)),
        "h0": rng.normal(size=(B, H)),
        "sign": 2 * rng.integers(2, size=(T, B)) - 1,
    }
    return params, inputs

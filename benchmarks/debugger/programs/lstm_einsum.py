"""LSTM with the gates on an axis of their own; every contraction is an einsum."""
import numpy as np

I, F, O, G = range(4)


def forward(x, h0, c0, W, R, b):
    # x (t, n, d)   W (k, d, h)   R (k, h, m)   b (k, h)
    T, N, _ = x.shape
    h = np.zeros((T + 1,) + h0.shape)
    c = np.zeros((T + 1,) + c0.shape)
    s = np.zeros((T, 4) + h0.shape)
    h[0], c[0] = h0, c0
    for t in range(T):
        pre = np.einsum("nd,kdh->knh", x[t], W) + np.einsum("nm,kmh->knh", h[t], R) + b[:, None]
        s[t, :G] = 1 / (1 + np.exp(-pre[:G]))
        s[t, G] = np.tanh(pre[G])
        c[t + 1] = s[t, F] * c[t] + s[t, I] * s[t, G]
        h[t + 1] = s[t, O] * np.tanh(c[t + 1])
    return h, c, s


def backward_pass(dh_seq, x, h, c, s, W, R):
    T = x.shape[0]
    da = np.zeros_like(s)
    dh = np.zeros_like(h[0])
    dc = np.zeros_like(c[0])
    for t in range(T - 1, -1, -1):
        dh = dh + dh_seq[t]
        tc = np.tanh(c[t + 1])
        dc = dc + dh * s[t, O] * (1 - tc ** 2)
        da[t, I] = dc * s[t, G]
        da[t, F] = dc * c[t]
        da[t, O] = dh * tc
        da[t, :G] *= s[t, :G] * (1 - s[t, :G])
        da[t, G] = dc * s[t, I] * (1 - s[t, G] ** 2)
        dh = np.einsum("knh,kmh->nm", da[t], R)
        dc = dc * s[t, F]
    dW = np.einsum("tnd,tknh->kdh", x, da)
    dR = np.einsum("tnm,tknh->kmh", h[:-1], da)
    db = np.einsum("tknh->kh", da)
    dx = np.einsum("tknh,kdh->tnd", da, W)
    return dW, dR, db, dx, dh, dc


def loss(params, inputs):
    h, _, _ = forward(inputs["x"], inputs["h0"], inputs["c0"], **params)
    return np.einsum("tnh,tnh->", h[1:], inputs["g"])


def backward(params, inputs):
    x = inputs["x"]
    h, c, s = forward(x, inputs["h0"], inputs["c0"], **params)
    dW, dR, db, dx, dh0, dc0 = backward_pass(inputs["g"], x, h, c, s, params["W"], params["R"])
    return dict(W=dW, R=dR, b=db, x=dx, h0=dh0, c0=dc0)


def example(rng):
    T, N, D, H = (int(n) for n in rng.permutation([3, 5, 6, 7]))
    params = {
        "W": rng.normal(size=(4, D, H)) * 0.6,
        "R": rng.normal(size=(4, H, H)) * 0.6,
        "b": rng.normal(size=(4, H)),
    }
    inputs = {
        "x": rng.normal(size=(T, N, D)),
        "h0": rng.normal(size=(N, H)),
        "c0": rng.normal(size=(N, H)),
        "g": rng.normal(size=(T, N, H)),
    }
    return params, inputs

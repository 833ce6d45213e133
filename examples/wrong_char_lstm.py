"""A character LSTM, index input, no bias, whose backward is not quite right.

Where? Run ``manual-lstm debug examples/wrong_char_lstm.py``.
"""

import numpy as np


def sigmoid(x):
    """Return the logistic function."""
    return 1 / (1 + np.exp(-x))


def forward(x, U, W, V):
    """Return the values of all steps; row -1 of h and c is the initial state, zero."""
    T, (K, H) = len(x), V.shape
    i, f, o, g = np.zeros((4, T, H))
    c = np.zeros((T + 1, H))
    h = np.zeros((T + 1, H))
    p = np.zeros((T, K))
    for t in range(T):
        i[t] = sigmoid(U[0][:, x[t]] + W[0] @ h[t - 1])
        f[t] = sigmoid(U[1][:, x[t]] + W[1] @ h[t - 1])
        o[t] = sigmoid(U[2][:, x[t]] + W[2] @ h[t - 1])
        g[t] = np.tanh(U[3][:, x[t]] + W[3] @ h[t - 1])
        c[t] = f[t] * c[t - 1] + i[t] * g[t]
        h[t] = o[t] * np.tanh(c[t])
        scores = np.exp(V @ h[t])
        p[t] = scores / np.sum(scores)
    return i, f, o, g, c, h, p


def loss(params, inputs):
    """Return the cross-entropy in nats, summed over the steps."""
    *_, p = forward(inputs["x"], params["U"], params["W"], params["V"])
    return -np.sum(np.log(p[np.arange(len(p)), inputs["y"]]))


def backward(params, inputs):
    """Return the gradients of U, W and V."""
    x, y, U, W, V = inputs["x"], inputs["y"], params["U"], params["W"], params["V"]
    i, f, o, g, c, h, p = forward(x, U, W, V)
    dU = np.zeros_like(U)
    dW = np.zeros_like(W)
    dV = np.zeros_like(V)
    dh_next = np.zeros(W.shape[1])
    dc_next = np.zeros(W.shape[1])
    for t in reversed(range(len(x))):
        dscores = p[t].copy()
        dscores[y[t]] -= 1
        dV += np.outer(dscores, h[t])
        dh = V.T @ dscores + dh_next
        dc = dh * o[t] * (1 - np.tanh(c[t]) ** 2)
        di = dc * g[t] * i[t] * (1 - i[t])
        df = dc * c[t - 1] * f[t] * (1 - f[t])
        do = dh * np.tanh(c[t]) * o[t] * (1 - o[t])
        dg = dc * i[t] * (1 - np.tanh(g[t]) ** 2)
        dh_next = np.zeros_like(dh)
        for k, dz in enumerate((di, df, do, dg)):
            dU[k][:, x[t]] += dz
            dW[k] += np.outer(dz, h[t - 1])
            dh_next += W[k].T @ dz
        dc_next = dc * f[t]
    return {"U": dU, "W": dW, "V": dV}


def example(rng):
    """Draw weights and a text: T steps, K characters, H units."""
    T, H, K = (int(n) for n in rng.permutation([3, 4, 5]))
    params = {
        "U": rng.normal(size=(4, H, K)),
        "W": rng.normal(size=(4, H, H)),
        "V": rng.normal(size=(K, H)),
    }
    return params, {"x": rng.integers(0, K, size=T), "y": rng.integers(0, K, size=T)}

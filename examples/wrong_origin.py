"""A character LSTM, index input, no bias, whose backward has four mistakes.

For every term of the loss the backward goes back through time anew. Its gradient check fails, but
where? Run ``manual-lstm debug examples/wrong_origin.py``.
"""

import numpy as np


def sigmoid(x):
    """Return the logistic function."""
    return 1 / (1 + np.exp(-x))


def forward(x, U, W, V):
    """Return the outputs of all steps; row -1 of h and c is the initial state, zero."""
    T, (K, H) = len(x), V.shape
    i, f, o, g = np.zeros((4, T, H))
    c = np.zeros((T + 1, H))
    h = np.zeros((T + 1, H))
    p = np.zeros((T, K))
    for t in range(T):
        i[t] = sigmoid(U[0][:, x[t]] + W[0].dot(h[t - 1]))
        f[t] = sigmoid(U[1][:, x[t]] + W[1].dot(h[t - 1]))
        o[t] = sigmoid(U[2][:, x[t]] + W[2].dot(h[t - 1]))
        g[t] = np.tanh(U[3][:, x[t]] + W[3].dot(h[t - 1]))
        c[t] = f[t] * c[t - 1] + i[t] * g[t]
        h[t] = o[t] * np.tanh(c[t])
        scores = np.exp(V.dot(h[t]))
        p[t] = scores / np.sum(scores)
    return i, f, o, g, c, h, p


def loss(params, inputs):
    """Return the cross-entropy in nats, summed over the steps."""
    *_, p = forward(inputs["x"], params["U"], params["W"], params["V"])
    return -np.sum(np.log(p[np.arange(len(p)), inputs["y"]]))


def backward(params, inputs):
    """Return the gradients of U, W and V, which are not quite right."""
    U, W, V = params["U"], params["W"], params["V"]
    x, y = inputs["x"], inputs["y"]
    T = len(x)
    i, f, o, g, c, h, p = forward(x, U, W, V)
    dU, dW, dV = np.zeros_like(U), np.zeros_like(W), np.zeros_like(V)
    dp = p.copy()
    dp[np.arange(T), y] -= 1
    for t in reversed(range(T)):
        dV += np.outer(dp[t], h[t])
        dh = V.T.dot(dp[t])
        dct = np.zeros((T, len(h[0])))
        dct[t] = dh * o[t] * (1 - np.tanh(c[t]) ** 2)
        dc = dct[0]
        for step in np.arange(0, t)[::-1]:
            do = dh * np.tanh(c[step]) * o[step] * (1 - o[step])
            di = dc * g[step] * i[step] * (1 - i[step])
            df = dc * c[step - 1] * f[step] * (1 - f[step])
            dg = dc * i[step] * (1 - g[step] ** 2)
            dU[0][:, x[step]] += di
            dU[1][:, x[step]] += df
            dU[2][:, x[step]] += do
            dU[3][:, x[step]] += dg
            dW[0] += np.dot(di, h[step - 1])
            dW[1] += np.dot(df, h[step - 1])
            dW[2] += np.dot(do, h[step - 1])
            dW[3] += np.dot(dg, h[step - 1])
            dh = W[0].T.dot(di) + W[1].T.dot(df) + W[2].T.dot(do) + W[3].T.dot(dg)
            dc += dc * f[step]
            dc = dc + dh * o[step - 1] * (1 - np.tanh(c[step - 1]) ** 2)
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

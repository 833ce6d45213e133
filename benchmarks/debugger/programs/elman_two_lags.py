"""
Elman network of order two
    a(t) = Wx x(t) + W1 h(t-1) + W2 h(t-2) + b,    h(t) = tanh(a(t)),    y(t) = Wy h(t) + by
Training with full BPTT. Samples are columns.
"""
import numpy as np


def elman_forward(xs, h_minus1, h_minus2, Wx, W1, W2, b, Wy, by):
    h = {-2: h_minus2, -1: h_minus1}
    y = {}
    for t, x in enumerate(xs):
        a = np.dot(Wx, x) + np.dot(W1, h[t - 1]) + np.dot(W2, h[t - 2]) + b
        h[t] = np.tanh(a)
        y[t] = np.dot(Wy, h[t]) + by
    return h, y


def mse(y, targets):
    n_steps, n_out, n_samples = targets.shape
    err = 0.0
    for t in range(n_steps):
        err += np.sum((y[t] - targets[t]) ** 2)
    return err / (n_steps * n_samples)


def elman_bptt(xs, targets, h, y, Wx, W1, W2, Wy):
    n_steps, _, n_samples = targets.shape

    gWx = np.zeros_like(Wx)
    gW1 = np.zeros_like(W1)
    gW2 = np.zeros_like(W2)
    gb = np.zeros((W1.shape[0], 1))
    gWy = np.zeros_like(Wy)
    gby = np.zeros((Wy.shape[0], 1))
    gx = np.zeros_like(xs)

    # delta at the output of every step first
    gh = {t: np.zeros_like(h[t]) for t in h}
    for t in range(n_steps):
        gy = 2 * (y[t] - targets[t]) / (n_steps * n_samples)
        gWy += np.dot(gy, h[t].T)
        gby += np.sum(gy, axis=1, keepdims=True)
        gh[t] += np.dot(Wy.T, gy)

    # then back through time: step t feeds from t-1 and t-2
    for t in range(n_steps - 1, -1, -1):
        ga = gh[t] * (1 - h[t] ** 2)
        gWx += np.dot(ga, xs[t].T)
        gW1 += np.dot(ga, h[t - 1].T)
        gW2 += np.dot(ga, h[t - 2].T)
        gb += np.sum(ga, axis=1, keepdims=True)
        gx[t] = np.dot(Wx.T, ga)
        gh[t - 1] += np.dot(W1.T, ga)
        gh[t - 2] += np.dot(W2.T, ga)
        # print(t, np.linalg.norm(ga))

    return {
        "Wx": gWx, "W1": gW1, "W2": gW2, "b": gb, "Wy": gWy, "by": gby,
        "xs": gx, "h_minus1": gh[-1], "h_minus2": gh[-2],
    }


def loss(params, inputs):
    h, y = elman_forward(inputs["xs"], inputs["h_minus1"], inputs["h_minus2"], **params)
    return mse(y, inputs["targets"])


def backward(params, inputs):
    h, y = elman_forward(inputs["xs"], inputs["h_minus1"], inputs["h_minus2"], **params)
    weights = {k: params[k] for k in ("Wx", "W1", "W2", "Wy")}
    grads = elman_bptt(inputs["xs"], inputs["targets"], h, y, **weights)
    n_steps, _, n_samples = inputs["targets"].shape
    grads["targets"] = np.stack(
        [-2 * (y[t] - inputs["targets"][t]) / (n_steps * n_samples) for t in range(n_steps)]
    )
    return grads


def example(rng):
    T, D, H, N, K = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    params = {
        "Wx": rng.normal(size=(H, D)) * 0.7,
        "W1": rng.normal(size=(H, H)) * 0.7,
        "W2": rng.normal(size=(H, H)) * 0.7,
        "b": rng.normal(size=(H, 1)),
        "Wy": rng.normal(size=(K, H)),
        "by": rng.normal(size=(K, 1)),
    }
    inputs = {
        "xs": rng.normal(size=(T, D, N)),
        "targets": rng.normal(size=(T, K, N)),
        "h_minus1": rng.normal(size=(H, N)) * 0.8,
        "h_minus2": rng.normal(size=(H, N)) * 0.8,
    }
    return params, inputs

"""Two RNN layers with a residual connection around the second."""
import numpy as np


def unroll(x, W, U, b):
    h = np.zeros((x.shape[0] + 1, x.shape[1], U.shape[0]))
    for t in range(x.shape[0]):
        h[t + 1] = np.tanh(x[t] @ W + h[t] @ U + b)
    return h


def unroll_back(dh, x, h, W, U):
    dz = np.zeros_like(dh)
    carry = 0
    for t in range(len(dh) - 1, -1, -1):
        dz[t] = (dh[t] + carry) * (1 - h[t + 1] ** 2)
        carry = dz[t] @ U.T
    T, B, H = dz.shape
    flat = dz.reshape(T * B, H)
    dW = x.reshape(T * B, -1).T @ flat
    dU = h[:-1].reshape(T * B, H).T @ flat
    return dW, dU, flat.sum(axis=0), dz @ W.T


def predict(params, x):
    h1 = unroll(x, params["W1"], params["U1"], params["b1"])
    h2 = unroll(h1[1:], params["W2"], params["U2"], params["b2"])
    top = h1[1:] + h2[1:]
    return h1, h2, top, top @ params["w_out"]


def loss(params, inputs):
    y = predict(params, inputs["x"])[-1]
    return np.mean(np.square(y - inputs["y"]))


def backward(params, inputs):
    x = inputs["x"]
    h1, h2, top, y = predict(params, x)
    dy = 2.0 * (y - inputs["y"]) / y.size
    grads = {"w_out": np.einsum("tbh,tb->h", top, dy)}
    dtop = dy[..., None] * params["w_out"]
    grads["W2"], grads["U2"], grads["b2"], dh1 = unroll_back(
        dtop, h1[1:], h2, params["W2"], params["U2"])
    dh1 = dh1 + dtop
    grads["W1"], grads["U1"], grads["b1"], grads["x"] = unroll_back(
        dh1, x, h1, params["W1"], params["U1"])
    return grads


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {
        "W1": rng.normal(size=(D, H)), "U1": rng.normal(size=(H, H)), "b1": rng.normal(size=H),
        "W2": rng.normal(size=(H, H)), "U2": rng.normal(size=(H, H)), "b2": rng.normal(size=H),
        "w_out": rng.normal(size=H),
    }
    return params, {"x": rng.normal(size=(T, B, D)), "y": rng.normal(size=(T, B))}

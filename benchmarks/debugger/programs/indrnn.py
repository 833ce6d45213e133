"""Independently recurrent network: the recurrent weight is a vector."""
import numpy as np


def indrnn_forward(x, h0, W, u, b):
    seq, batch, _ = x.shape
    proj = x @ W + b
    h = np.zeros((seq + 1, batch, u.size))
    h[0] = h0
    for t in range(1, seq + 1):
        h[t] = np.tanh(proj[t - 1] + u * h[t - 1])
    return h


def indrnn_backward(dh_out, x, h, W, u):
    seq = len(x)
    du = np.zeros_like(u)
    dproj = np.zeros_like(h[1:])
    dh = np.zeros_like(h[0])
    for t in range(seq, 0, -1):
        dh = dh + dh_out[t - 1]
        da = dh * (1 - h[t] ** 2)
        du += (da * h[t - 1]).sum(axis=0)
        dproj[t - 1] = da
        dh = da * u
    dW = np.tensordot(x, dproj, axes=((0, 1), (0, 1)))
    db = dproj.sum(axis=(0, 1))
    dx = dproj @ W.T
    return dW, du, db, dx, dh


def loss(params, inputs):
    h = indrnn_forward(inputs["x"], inputs["h0"], **params)
    return 0.5 * np.sum(inputs["q"] * (h[1:] - inputs["y"]) ** 2)


def backward(params, inputs):
    h = indrnn_forward(inputs["x"], inputs["h0"], **params)
    dh = inputs["q"] * (h[1:] - inputs["y"])
    dW, du, db, dx, dh0 = indrnn_backward(dh, inputs["x"], h, params["W"], params["u"])
    return {"W": dW, "u": du, "b": db, "x": dx, "h0": dh0}


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {"W": rng.normal(size=(D, H)), "u": rng.normal(size=H), "b": rng.normal(size=H)}
    inputs = {
        "x": rng.normal(size=(T, B, D)),
        "h0": rng.normal(size=(B, H)),
        "y": rng.normal(size=(T, B, H)),
        "q": rng.normal(size=(T, B, H)),
    }
    return params, inputs

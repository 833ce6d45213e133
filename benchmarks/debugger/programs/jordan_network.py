"""Jordan network: the previous output, not the hidden state, is fed back."""
import numpy as np


def logsig(a):
    return 1 / (1 + np.exp(-a))


def jordan_forward(X, y0, W1, R1, b1, W2, b2):
    ys = {-1: y0}
    hs = {}
    for t in range(len(X)):
        hs[t] = logsig(W1 @ X[t] + R1 @ ys[t - 1] + b1)
        ys[t] = np.tanh(W2 @ hs[t] + b2)
    return hs, ys


def loss(params, inputs):
    _, ys = jordan_forward(inputs["X"], inputs["y0"], **params)
    E = 0.0
    for t, d in enumerate(inputs["D"]):
        E += np.dot(ys[t] - d, ys[t] - d)
    return E / len(inputs["D"])


def backward(params, inputs):
    X, D = inputs["X"], inputs["D"]
    W1, R1, W2 = params["W1"], params["R1"], params["W2"]
    hs, ys = jordan_forward(X, inputs["y0"], **params)
    N = len(D)
    W1_grad, R1_grad, b1_grad = np.zeros_like(W1), np.zeros_like(R1), np.zeros_like(params["b1"])
    W2_grad, b2_grad = np.zeros_like(W2), np.zeros_like(params["b2"])
    y_back = np.zeros_like(ys[-1])
    for t in range(N - 1, -1, -1):
        delta_y = (2 * (ys[t] - D[t]) / N + y_back) * (1 - ys[t] ** 2)
        W2_grad += np.outer(delta_y, hs[t])
        b2_grad += delta_y
        delta_h = np.dot(W2.T, delta_y) * hs[t] * (1 - hs[t])
        W1_grad += np.outer(delta_h, X[t])
        R1_grad += np.outer(delta_h, ys[t - 1])
        b1_grad += delta_h
        y_back = np.dot(R1.T, delta_h)
    return {"W1": W1_grad, "R1": R1_grad, "b1": b1_grad, "W2": W2_grad, "b2": b2_grad,
            "y0": y_back}


def example(rng):
    T, D, H, O = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {
        "W1": rng.normal(size=(H, D)),
        "R1": rng.normal(size=(H, O)),
        "b1": rng.normal(size=H),
        "W2": rng.normal(size=(O, H)),
        "b2": rng.normal(size=O),
    }
    inputs = {
        "X": rng.normal(size=(T, D)),
        "y0": rng.normal(size=O),
        "D": rng.normal(size=(T, O)),
    }
    return params, inputs

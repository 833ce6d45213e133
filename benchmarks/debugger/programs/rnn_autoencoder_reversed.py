"""Sequence autoencoder with two plain RNNs.

The encoder reads x[0], ..., x[T-1]; its last state z is the code.  The decoder begins with z,
sees z again at each step and otherwise nothing but its own state, and writes the sequence in
reverse order (x[T-1] first), which is easier to learn.  Columns are examples: x[t] is (D, N).
"""
import numpy as np


def encode(xs, theta):
    a = [np.repeat(theta["a0"], xs[0].shape[1], axis=1)]
    for x in xs:
        a.append(np.tanh(theta["Wa"] @ a[-1] + theta["Ua"] @ x + theta["ba"]))
    return a


def decode(z, steps, theta):
    s, out = [z], []
    for _ in range(steps):
        s.append(np.tanh(theta["Ws"] @ s[-1] + theta["C"] @ z + theta["bs"]))
        out.append(theta["V"] @ s[-1] + theta["bv"])
    return s, out


def reconstruction_error(out, xs):
    return sum(np.sum((o - x) ** 2) for o, x in zip(out, xs[::-1])) / (2 * xs[0].shape[1])


def decode_backward(s, dout, theta, grad):
    z = s[0]
    ds = np.zeros_like(z)
    dz = np.zeros_like(z)
    for k in range(len(dout) - 1, -1, -1):
        grad["V"] += dout[k] @ s[k + 1].T
        grad["bv"] += dout[k].sum(axis=1, keepdims=True)
        ds += theta["V"].T @ dout[k]
        delta = ds * (1 - s[k + 1] ** 2)
        grad["Ws"] += delta @ s[k].T
        grad["C"] += delta @ z.T
        grad["bs"] += delta.sum(axis=1, keepdims=True)
        dz += theta["C"].T @ delta
        ds = theta["Ws"].T @ delta
    return dz + ds


def encode_backward(xs, a, da, theta, grad):
    for t in range(len(xs) - 1, -1, -1):
        delta = da * (1 - a[t + 1] ** 2)
        grad["Wa"] += delta @ a[t].T
        grad["Ua"] += delta @ xs[t].T
        grad["ba"] += delta.sum(axis=1, keepdims=True)
        da = theta["Wa"].T @ delta
    grad["a0"] += da.sum(axis=1, keepdims=True)


def gradients(xs, theta):
    n = xs[0].shape[1]
    a = encode(xs, theta)
    s, out = decode(a[-1], len(xs), theta)
    # print("error", reconstruction_error(out, xs))
    dout = [(o - x) / n for o, x in zip(out, xs[::-1])]
    grad = {name: np.zeros_like(w) for name, w in theta.items()}
    dz = decode_backward(s, dout, theta, grad)
    encode_backward(xs, a, dz, theta, grad)
    return grad


def loss(params, inputs):
    xs = list(inputs["x"])
    _, out = decode(encode(xs, params)[-1], len(xs), params)
    return reconstruction_error(out, xs)


def backward(params, inputs):
    return gradients(list(inputs["x"]), params)


def example(rng):
    T, N, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    shapes = {
        "Wa": (H, H), "Ua": (H, D), "ba": (H, 1), "a0": (H, 1),
        "Ws": (H, H), "C": (H, H), "bs": (H, 1),
        "V": (D, H), "bv": (D, 1),
    }
    params = {name: rng.normal(size=shape) * 0.8 for name, shape in shapes.items()}
    return params, {"x": rng.normal(size=(T, D, N))}

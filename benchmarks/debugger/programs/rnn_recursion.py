"""Back-propagation through time as recursion: each call does its step and asks for the rest."""
import numpy as np


def cell(x, h, p):
    return np.tanh(p["Wx"] @ x + p["Wh"] @ h + p["b"])


def readout_loss(h, y, p):
    z = p["Wy"] @ h
    z = z - z.max()
    logp = z - np.log(np.exp(z).sum())
    return -logp[y], np.exp(logp)


def total_loss(p, xs, ys, h, t=0):
    if t == len(xs):
        return 0.0
    h = cell(xs[t], h, p)
    return readout_loss(h, ys[t], p)[0] + total_loss(p, xs, ys, h, t + 1)


def bptt(p, xs, ys, h_prev, grads, t=0):
    """Gradient of everything from step t on with respect to the state before step t."""
    if t == len(xs):
        return np.zeros_like(h_prev)
    h = cell(xs[t], h_prev, p)
    dh = bptt(p, xs, ys, h, grads, t + 1)
    _, prob = readout_loss(h, ys[t], p)
    dz = prob.copy()
    dz[ys[t]] -= 1
    grads["Wy"] += np.outer(dz, h)
    dh = dh + p["Wy"].T @ dz
    da = dh * (1 - h ** 2)
    grads["Wx"] += np.outer(da, xs[t])
    grads["Wh"] += np.outer(da, h_prev)
    grads["b"] += da
    return p["Wh"].T @ da


def loss(params, inputs):
    return total_loss(params, inputs["xs"], inputs["ys"], inputs["h0"])


def backward(params, inputs):
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    grads["h0"] = bptt(params, inputs["xs"], inputs["ys"], inputs["h0"], grads)
    return grads


def example(rng):
    T, D, H, K = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {
        "Wx": rng.normal(size=(H, D)),
        "Wh": rng.normal(size=(H, H)),
        "b": rng.normal(size=H),
        "Wy": rng.normal(size=(K, H)),
    }
    inputs = {
        "xs": rng.normal(size=(T, D)),
        "ys": rng.integers(K, size=T),
        "h0": rng.normal(size=H),
    }
    return params, inputs

"""Multiplicative LSTM: m = (Wmx x) * (Wmh h) stands where h would in the gates."""
import numpy as np


def logistic(a):
    return np.exp(-np.logaddexp(0, -a))


def mlstm_step(theta, x, h, c):
    mx, mh = theta["Wmx"] @ x, theta["Wmh"] @ h
    m = mx * mh
    hhat = np.tanh(theta["Whx"] @ x + theta["Whm"] @ m)
    i = logistic(theta["Wix"] @ x + theta["Wim"] @ m)
    o = logistic(theta["Wox"] @ x + theta["Wom"] @ m)
    f = logistic(theta["Wfx"] @ x + theta["Wfm"] @ m)
    c_t = f * c + i * hhat
    h_t = np.tanh(c_t) * o
    return h_t, c_t, (x, h, c, mx, mh, m, hhat, i, o, f, c_t)


def mlstm_step_vjp(theta, cache, dh, dc, grad):
    x, h, c, mx, mh, m, hhat, i, o, f, c_t = cache
    squashed = np.tanh(c_t)
    dc = dc + dh * o * (1 - squashed ** 2)
    d = {
        "h": dc * i * (1 - hhat ** 2),
        "i": dc * hhat * i * (1 - i),
        "o": dh * squashed * o * (1 - o),
        "f": dc * c * f * (1 - f),
    }
    dm = np.zeros_like(m)
    for k in d:
        grad[f"W{k}x"] += np.outer(d[k], x)
        grad[f"W{k}m"] += np.outer(d[k], m)
        dm += theta[f"W{k}m"].T @ d[k]
    dmx = dm * mh
    dmh = dm * mx
    grad["Wmx"] += np.outer(dmx, x)
    grad["Wmh"] += np.outer(dmh, h)
    return theta["Wmh"].T @ dmh, dc * f


def energy(theta, inputs, keep=None):
    h, c = inputs["h0"], inputs["c0"]
    total = 0.0
    for x, y in zip(inputs["x"], inputs["y"]):
        h, c, cache = mlstm_step(theta, x, h, c)
        if keep is not None:
            keep.append((cache, h - y))
        total += 0.5 * (h - y) @ (h - y)
    return total


def loss(params, inputs):
    return energy(params, inputs)


def backward(params, inputs):
    kept = []
    energy(params, inputs, keep=kept)
    grad = {name: np.zeros_like(w) for name, w in params.items()}
    dh = np.zeros_like(inputs["h0"])
    dc = np.zeros_like(inputs["c0"])
    while kept:
        cache, err = kept.pop()
        dh, dc = mlstm_step_vjp(params, cache, dh + err, dc, grad)
    grad["h0"], grad["c0"] = dh, dc
    return grad


def example(rng):
    T, D, M, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {"Wmx": rng.normal(size=(M, D)), "Wmh": rng.normal(size=(M, H))}
    for k in "hiof":
        params[f"W{k}x"] = rng.normal(size=(H, D))
        params[f"W{k}m"] = rng.normal(size=(H, M))
    inputs = {
        "x": rng.normal(size=(T, D)),
        "y": rng.normal(size=(T, H)),
        "h0": rng.normal(size=H),
        "c0": rng.normal(size=H),
    }
    return params, inputs

"""LSTM with layer normalisation of the pre-activations."""
import numpy as np

EPS = 1e-5


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def ln_forward(a, gamma, beta):
    mu = a.mean(axis=1, keepdims=True)
    xc = a - mu
    var = np.mean(xc ** 2, axis=1, keepdims=True)
    inv_std = 1.0 / np.sqrt(var + EPS)
    xhat = xc * inv_std
    return gamma * xhat + beta, (xhat, inv_std, gamma)


def ln_backward(dout, cache):
    xhat, inv_std, gamma = cache
    dgamma = np.sum(dout * xhat, axis=0)
    dbeta = np.sum(dout, axis=0)
    dxhat = dout * gamma
    da = inv_std * (
        dxhat
        - dxhat.mean(axis=1, keepdims=True)
        - xhat * np.mean(dxhat * xhat, axis=1, keepdims=True)
    )
    return da, dgamma, dbeta


def step(x, h, c, p):
    n = h.shape[1]
    z, ln = ln_forward(x @ p["Wx"] + h @ p["Wh"], p["gamma"], p["beta"])
    i, f, o = sigmoid(z[:, :n]), sigmoid(z[:, n:2 * n]), sigmoid(z[:, 2 * n:3 * n])
    g = np.tanh(z[:, 3 * n:])
    c2 = f * c + i * g
    return o * np.tanh(c2), c2, (x, h, c, ln, i, f, o, g, c2)


def step_back(dh, dc, cache, p, grads):
    x, h, c, ln, i, f, o, g, c2 = cache
    th = np.tanh(c2)
    dc = dc + dh * o * (1 - th * th)
    dz = np.concatenate([dc * g * i * (1 - i), dc * c * f * (1 - f),
                         dh * th * o * (1 - o), dc * i * (1 - g * g)], axis=1)
    da, dgamma, dbeta = ln_backward(dz, ln)
    grads["gamma"] += dgamma
    grads["beta"] += dbeta
    grads["Wx"] += x.T @ da
    grads["Wh"] += h.T @ da
    return da @ p["Wx"].T, da @ p["Wh"].T, dc * f


def run(p, inputs):
    h, c = inputs["h0"], inputs["c0"]
    hs, caches = [], []
    for x in inputs["xs"]:
        h, c, cache = step(x, h, c, p)
        hs.append(h)
        caches.append(cache)
    return hs, caches


def loss(params, inputs):
    hs, _ = run(params, inputs)
    return sum((h * w).sum() for h, w in zip(hs, inputs["ws"]))


def backward(params, inputs):
    hs, caches = run(params, inputs)
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    dxs = np.zeros_like(inputs["xs"])
    dh, dc = np.zeros_like(inputs["h0"]), np.zeros_like(inputs["c0"])
    for t in range(len(hs) - 1, -1, -1):
        dxs[t], dh, dc = step_back(dh + inputs["ws"][t], dc, caches[t], params, grads)
    return {**grads, "xs": dxs, "h0": dh, "c0": dc}


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {
        "Wx": rng.normal(size=(D, 4 * H)),
        "Wh": rng.normal(size=(H, 4 * H)),
        "gamma": 1 + 0.3 * rng.normal(size=4 * H),
        "beta": rng.normal(size=4 * H),
    }
    inputs = {
        "xs": rng.normal(size=(T, B, D)),
        "h0": rng.normal(size=(B, H)),
        "c0": rng.normal(size=(B, H)),
        "ws": rng.normal(size=(T, B, H)),
    }
    return params, inputs

"""Just another network: only a forget gate, and a candidate without an input gate of its own."""
import numpy as np


def janet_cell(x, h, p):
    s = x @ p["U_f"] + h @ p["W_f"] + p["b_f"]
    f = 1.0 / (1.0 + np.exp(-s))
    i = 1.0 / (1.0 + np.exp(-(s - 1.0)))
    c = np.tanh(x @ p["U_c"] + h @ p["W_c"] + p["b_c"])
    return f * h + i * c, (x, h, f, i, c)


def janet_cell_grad(dh_new, cache, p):
    x, h, f, i, c = cache
    ds = dh_new * h * f * (1 - f) + dh_new * c * i * (1 - i)
    dc = dh_new * i * (1 - c ** 2)
    dp = {
        "U_f": x.T @ ds, "W_f": h.T @ ds, "b_f": ds.sum(axis=0),
        "U_c": x.T @ dc, "W_c": h.T @ dc, "b_c": dc.sum(axis=0),
    }
    dh = dh_new * f + ds @ p["W_f"].T + dc @ p["W_c"].T
    dx = ds @ p["U_f"].T + dc @ p["U_c"].T
    return dx, dh, dp


def forward(p, x, h):
    caches = []
    hs = np.zeros(x.shape[:2] + h.shape[-1:])
    for t in range(x.shape[0]):
        h, cache = janet_cell(x[t], h, p)
        hs[t] = h
        caches.append(cache)
    return hs, caches


def loss(params, inputs):
    hs, _ = forward(params, inputs["x"], inputs["h0"])
    return np.sum((hs - inputs["y"]) ** 2) / hs.shape[1]


def backward(params, inputs):
    hs, caches = forward(params, inputs["x"], inputs["h0"])
    dhs = 2 * (hs - inputs["y"]) / hs.shape[1]
    grads = {name: np.zeros(w.shape) for name, w in params.items()}
    grads["x"] = np.zeros(inputs["x"].shape)
    dh = np.zeros(inputs["h0"].shape)
    for t in reversed(range(len(caches))):
        grads["x"][t], dh, dp = janet_cell_grad(dh + dhs[t], caches[t], params)
        for name in dp:
            grads[name] += dp[name]
    grads["h0"] = dh
    return grads


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {
        "U_f": rng.normal(size=(D, H)), "W_f": rng.normal(size=(H, H)), "b_f": rng.normal(size=H),
        "U_c": rng.normal(size=(D, H)), "W_c": rng.normal(size=(H, H)), "b_c": rng.normal(size=H),
    }
    inputs = {
        "x": rng.normal(size=(T, B, D)),
        "h0": rng.normal(size=(B, H)),
        "y": rng.normal(size=(T, B, H)),
    }
    return params, inputs

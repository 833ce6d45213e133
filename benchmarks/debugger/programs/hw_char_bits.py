"""HW3 part b -- char RNN with a 2-layer output head, exported from my notebook."""
import numpy as np


def one_hot(k, n):
    v = np.zeros((n, 1))
    v[k] = 1
    return v


def softmax(z):
    e = np.exp(z - np.max(z))
    return e / e.sum()


# In [4]:
def forward(model, text, h0):
    V = model["bo"].shape[0]
    cache = {}
    h = h0
    bits = 0.0
    for t in range(len(text) - 1):
        x = one_hot(text[t], V)
        h_old = h
        h = np.tanh(model["Wx"] @ x + model["Wh"] @ h_old + model["bh"])
        m = np.maximum(0, model["Wm"] @ h + model["bm"])
        p = softmax(model["Wo"] @ m + model["bo"])
        bits -= np.log2(p[text[t + 1], 0])
        cache[t] = {"x": x, "h_old": h_old, "h": h, "m": m, "p": p}
    return bits / (len(text) - 1), cache


# In [5]:
def backprop(model, text, h0):
    _, cache = forward(model, text, h0)
    n = len(text) - 1
    g = {k: np.zeros_like(v) for k, v in model.items()}
    dh_future = np.zeros_like(h0)
    for t in range(n - 1, -1, -1):
        c = cache[t]
        dy = c["p"].copy()
        dy[text[t + 1]] -= 1
        dy /= n * np.log(2)
        g["Wo"] += dy @ c["m"].T
        g["bo"] += dy
        dm = model["Wo"].T @ dy
        dm[c["m"] <= 0] = 0
        g["Wm"] += dm @ c["h"].T
        g["bm"] += dm
        dh = model["Wm"].T @ dm + dh_future
        dz = (1 - c["h"] ** 2) * dh
        g["Wx"] += dz @ c["x"].T
        g["Wh"] += dz @ c["h_old"].T
        g["bh"] += dz
        dh_future = model["Wh"].T @ dz
    return g, dh_future


# In [6]:
def loss(params, inputs):
    return float(forward(params, inputs["text"], inputs["h0"])[0])


def backward(params, inputs):
    g, dh0 = backprop(params, inputs["text"], inputs["h0"])
    return {**g, "h0": dh0}


def example(rng):
    V, H, M = int(rng.integers(5, 7)), int(rng.integers(3, 5)), int(rng.integers(6, 9))
    text = rng.integers(0, V, size=int(rng.integers(5, 7)))
    r = rng.standard_normal
    params = {"Wx": r((H, V)), "Wh": r((H, H)), "bh": r((H, 1)), "Wm": r((M, H)),
              "bm": r((M, 1)), "Wo": r((V, M)), "bo": r((V, 1))}
    return params, {"text": text, "h0": r((H, 1))}

"""Two stacked UGRNN layers with a residual and inverted dropout between them; caches in a dict by (layer, t)."""
import numpy as np

LAYERS = 2


def squash(x):
    return 1.0 / (1.0 + np.exp(-x))


def forward(params, inputs):
    X, drop, keep = inputs["X"], inputs["drop"], float(inputs["keep"])
    B, T, D = X.shape
    state = [np.array(inputs["H0"][l]) for l in range(LAYERS)]
    cache = {}
    out = np.empty((B, T, inputs["H0"].shape[2]))
    for t in range(T):
        inp = X[:, t] @ params["Win"]
        for l in range(LAYERS):
            H = state[l]
            g = squash(inp @ params["G"][l, 0] + H @ params["G"][l, 1] + params["bg"][l])
            c = np.tanh(inp @ params["C"][l, 0] + H @ params["C"][l, 1] + params["bc"][l])
            state[l] = g * H + (1 - g) * c
            cache[l, t] = (inp, H, g, c)
            inp = state[l] * drop[l, :, t] / keep + inp
        out[:, t] = inp
    return out, cache


def rate_loss(out, w, y):
    margin = (out @ w) * y
    return np.logaddexp(0.0, -margin).mean(), -y / (1 + np.exp(margin)) / y.size


def loss(params, inputs):
    out, _ = forward(params, inputs)
    return float(rate_loss(out, params["w"], inputs["y"])[0])


def backward(params, inputs):
    out, cache = forward(params, inputs)
    X, drop, keep = inputs["X"], inputs["drop"], inputs["keep"]
    ds = rate_loss(out, params["w"], inputs["y"])[1]
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    grads["w"] = np.einsum("bt,bth->h", ds, out)
    dout = ds[:, :, None] * params["w"]
    dX = np.zeros_like(X)
    dstate = [np.zeros_like(H) for H in inputs["H0"]]
    for t in reversed(range(X.shape[1])):
        dinp = dout[:, t]
        for l in reversed(range(LAYERS)):
            inp, H, g, c = cache[l, t]
            dH = dstate[l] + dinp * drop[l, :, t] / keep
            dg = dH * (H - c) * g * (1 - g)
            dc = dH * (1 - g) * (1 - c * c)
            grads["G"][l, 0] += inp.T @ dg
            grads["G"][l, 1] += H.T @ dg
            grads["bg"][l] += dg.sum(axis=0)
            grads["C"][l, 0] += inp.T @ dc
            grads["C"][l, 1] += H.T @ dc
            grads["bc"][l] += dc.sum(axis=0)
            dinp = dinp + dg @ params["G"][l, 0].T + dc @ params["C"][l, 0].T
            dstate[l] = dH * g + dg @ params["G"][l, 1].T + dc @ params["C"][l, 1].T
        grads["Win"] += X[:, t].T @ dinp
        dX[:, t] = dinp @ params["Win"].T
    grads["X"] = dX
    grads["H0"] = np.stack(dstate)
    return grads


def example(rng):
    B, T, D, H = 2, int(rng.integers(4, 6)), 3, int(rng.integers(4, 6))
    z = rng.standard_normal
    params = {"Win": z((D, H)), "G": z((2, 2, H, H)), "bg": z((2, H)), "C": z((2, 2, H, H)),
              "bc": z((2, H)), "w": z(H)}
    return params, {"X": z((B, T, D)), "H0": z((2, B, H)), "y": rng.choice([-1, 1], (B, T)),
                    "drop": rng.integers(0, 2, (2, B, T, H)), "keep": np.array(2)}

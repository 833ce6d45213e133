"""All weights in one flat vector, as an optimiser wants them; segments are views into it."""
import numpy as np


def shapes(D, H, K):
    return {"Wx": (D, 4 * H), "Wh": (H, 4 * H), "b": (4 * H,), "Wy": (H, K), "by": (K,)}


def unpack(theta, D, H, K):
    views, pos = {}, 0
    for name, shape in shapes(D, H, K).items():
        size = int(np.prod(shape))
        views[name] = theta[pos:pos + size].reshape(shape)
        pos += size
    return views


def sizes(theta, inputs):
    return inputs["x"].shape[2], inputs["h0"].shape[1], inputs["y"].shape[2]


def forward(w, x, h, c):
    H = h.shape[1]
    log = []
    for xt in x:
        a = xt @ w["Wx"] + h @ w["Wh"] + w["b"]
        s = 1 / (1 + np.exp(-a[:, :3 * H]))
        i, f, o = s[:, :H], s[:, H:2 * H], s[:, 2 * H:]
        g = np.tanh(a[:, 3 * H:])
        c_new = f * c + i * g
        th = np.tanh(c_new)
        h_new = o * th
        log.append((xt, h, c, i, f, o, g, th, h_new, h_new @ w["Wy"] + w["by"]))
        h, c = h_new, c_new
    return log


def loss(params, inputs):
    w = unpack(params["theta"], *sizes(params["theta"], inputs))
    log = forward(w, inputs["x"], inputs["h0"], inputs["c0"])
    return 0.5 * sum(((step[-1] - y) ** 2).sum() for step, y in zip(log, inputs["y"]))


def backward(params, inputs):
    dims = sizes(params["theta"], inputs)
    w = unpack(params["theta"], *dims)
    log = forward(w, inputs["x"], inputs["h0"], inputs["c0"])
    dtheta = np.zeros_like(params["theta"])
    d = unpack(dtheta, *dims)
    dh = np.zeros_like(inputs["h0"])
    dc = np.zeros_like(inputs["c0"])
    for (xt, h, c, i, f, o, g, th, h_new, pred), y in zip(log[::-1], inputs["y"][::-1]):
        e = pred - y
        d["Wy"] += h_new.T @ e
        d["by"] += e.sum(axis=0)
        dh = dh + e @ w["Wy"].T
        dc = dc + dh * o * (1 - th ** 2)
        da = np.hstack([dc * g * i * (1 - i), dc * c * f * (1 - f),
                        dh * th * o * (1 - o), dc * i * (1 - g ** 2)])
        d["Wx"] += xt.T @ da
        d["Wh"] += h.T @ da
        d["b"] += da.sum(axis=0)
        dh = da @ w["Wh"].T
        dc = dc * f
    return {"theta": dtheta, "h0": dh, "c0": dc}


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    K = 2
    n = sum(int(np.prod(s)) for s in shapes(D, H, K).values())
    inputs = {
        "x": rng.normal(size=(T, B, D)),
        "h0": rng.normal(size=(B, H)),
        "c0": rng.normal(size=(B, H)),
        "y": rng.normal(size=(T, B, K)),
    }
    return {"theta": rng.normal(size=n) * 0.8}, inputs

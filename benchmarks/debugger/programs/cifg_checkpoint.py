# coupled-gate LSTM over a long signal; only the states between the chunks are kept,
# each chunk is run again when its turn comes in the backward pass
import numpy as np

GATES = 3  # forget (input = 1 - forget), output, candidate


def step(w, x, h, c):
    n = h.shape[1]
    z = np.dot(x, w["kernel"]) + np.dot(h, w["recurrent"]) + w["bias"]
    f = 1 / (1 + np.exp(-z[:, :n]))
    o = 1 / (1 + np.exp(-z[:, n:2 * n]))
    j = np.tanh(z[:, 2 * n:])
    c2 = f * c + (1 - f) * j
    return o * np.tanh(c2), c2, (x, h, c, f, o, j, c2)


def step_back(w, g, saved, dh2, dc2):
    x, h, c, f, o, j, c2 = saved
    th = np.tanh(c2)
    dc2 = dc2 + dh2 * o * (1 - th * th)
    dz = np.concatenate([dc2 * (c - j) * f * (1 - f),
                         dh2 * th * o * (1 - o),
                         dc2 * (1 - f) * (1 - j * j)], axis=1)
    g["kernel"] += np.dot(x.T, dz)
    g["recurrent"] += np.dot(h.T, dz)
    g["bias"] += dz.sum(0)
    return np.dot(dz, w["recurrent"].T), dc2 * f, np.dot(dz, w["kernel"].T)


def readout(w, h, y):
    e = np.dot(h, w["proj"]) - y
    return e


def loss(params, inputs):
    h, c = inputs["h0"], inputs["c0"]
    total = 0.0
    for x, y in zip(inputs["signal"], inputs["target"]):
        h, c, _ = step(params, x, h, c)
        total += np.sum(readout(params, h, y) ** 2)
    return float(total / inputs["target"].size)


def backward(params, inputs):
    w, x, y, k = params, inputs["signal"], inputs["target"], int(inputs["chunk"])
    T = len(x)
    starts = list(range(0, T, k))
    kept = []
    h, c = inputs["h0"], inputs["c0"]
    for t in range(T):
        if t % k == 0:
            kept.append((h, c))
        h, c, _ = step(w, x[t], h, c)
    g = {name: np.zeros(value.shape) for name, value in w.items()}
    dx = np.zeros(x.shape)
    dh, dc = np.zeros(h.shape), np.zeros(c.shape)
    while starts:
        lo = starts.pop()
        hi = min(lo + k, T)
        h, c = kept.pop()
        tape = []
        for t in range(lo, hi):
            h, c, saved = step(w, x[t], h, c)
            tape.append((t, h, saved))
        while tape:
            t, h, saved = tape.pop()
            e = 2 * readout(w, h, y[t]) / y.size
            g["proj"] += np.dot(h.T, e)
            dh = dh + np.dot(e, w["proj"].T)
            dh, dc, dx[t] = step_back(w, g, saved, dh, dc)
    g.update(signal=dx, h0=dh, c0=dc)
    return g


def example(rng):
    T, B, D, n, q = rng.integers([5, 2, 2, 3, 1], [7, 4, 4, 5, 3])
    u = lambda *s: rng.uniform(-1.3, 1.3, s)
    return (dict(kernel=u(D, GATES * n), recurrent=u(n, GATES * n), bias=u(GATES * n), proj=u(n, q)),
            dict(signal=u(T, B, D), target=u(T, B, q), h0=u(B, n), c0=u(B, n), chunk=np.array(2)))

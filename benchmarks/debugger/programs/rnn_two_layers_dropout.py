"""Two stacked tanh layers with dropout between everything (masks are drawn by the caller)."""
import numpy as np

KEEP = 0.7


def drop(a, mask):
    return a * mask / KEEP


def forward(p, x, y, h1_init, h2_init, m_in, m_mid, m_out):
    T, B = x.shape[0], x.shape[1]
    # one row more than steps: row -1 is the initial state, so that h[t - 1] works at t = 0
    h1 = np.zeros((T + 1, B, p["U1"].shape[0]))
    h2 = np.zeros((T + 1, B, p["U2"].shape[0]))
    h1[-1], h2[-1] = h1_init, h2_init
    pred = np.zeros((T, B))
    for t in range(T):
        h1[t] = np.tanh(drop(x[t], m_in[t]) @ p["W1"] + h1[t - 1] @ p["U1"] + p["b1"])
        h2[t] = np.tanh(drop(h1[t], m_mid[t]) @ p["W2"] + h2[t - 1] @ p["U2"] + p["b2"])
        pred[t] = drop(h2[t], m_out[t]) @ p["v"] + p["v0"]
    return h1, h2, pred, np.mean((pred - y) ** 2)


def backward_pass(p, x, y, h1, h2, pred, m_in, m_mid, m_out):
    T = len(x)
    g = {k: np.zeros_like(w) for k, w in p.items()}
    dx = np.empty_like(x)
    dpred = 2 * (pred - y) / y.size
    back1 = np.zeros_like(h1[0])  # from step t + 1, first layer
    back2 = np.zeros_like(h2[0])
    for t in reversed(range(T)):
        # read-out
        g["v"] += dpred[t] @ drop(h2[t], m_out[t])
        g["v0"] += dpred[t].sum()
        dh2 = drop(np.outer(dpred[t], p["v"]), m_out[t]) + back2
        # upper layer
        da2 = dh2 * (1 - h2[t] ** 2)
        g["W2"] += drop(h1[t], m_mid[t]).T @ da2
        g["U2"] += h2[t - 1].T @ da2
        g["b2"] += da2.sum(0)
        back2 = da2 @ p["U2"].T
        # lower layer
        dh1 = drop(da2 @ p["W2"].T, m_mid[t]) + back1
        da1 = dh1 * (1 - h1[t] ** 2)
        g["W1"] += drop(x[t], m_in[t]).T @ da1
        g["U1"] += h1[t - 1].T @ da1
        g["b1"] += da1.sum(0)
        back1 = da1 @ p["U1"].T
        dx[t] = drop(da1 @ p["W1"].T, m_in[t])
    g["x"], g["h1_init"], g["h2_init"] = dx, back1, back2
    return g


def loss(params, inputs):
    return forward(params, **inputs)[-1]


def backward(params, inputs):
    h1, h2, pred, _ = forward(params, **inputs)
    masks = inputs["m_in"], inputs["m_mid"], inputs["m_out"]
    g = backward_pass(params, inputs["x"], inputs["y"], h1, h2, pred, *masks)
    return g


def example(rng):
    T, B, D, H1, H2 = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    params = {
        "W1": rng.normal(size=(D, H1)), "U1": rng.normal(size=(H1, H1)) * 0.7,
        "b1": rng.normal(size=H1) * 0.5,
        "W2": rng.normal(size=(H1, H2)) * 0.6, "U2": rng.normal(size=(H2, H2)) * 0.7,
        "b2": rng.normal(size=H2) * 0.5,
        "v": rng.normal(size=H2), "v0": rng.normal(size=()),
    }
    inputs = {
        "x": rng.normal(size=(T, B, D)) * 0.7,
        "y": rng.normal(size=(T, B)),
        "h1_init": rng.normal(size=(B, H1)),
        "h2_init": rng.normal(size=(B, H2)),
        "m_in": (rng.random((T, B, D)) < KEEP).astype(int),
        "m_mid": (rng.random((T, B, H1)) < KEEP).astype(int),
        "m_out": (rng.random((T, B, H2)) < KEEP).astype(int),
    }
    return params, inputs

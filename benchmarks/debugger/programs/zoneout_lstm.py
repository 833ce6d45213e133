import numpy as np


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def forward(x, zone_h, zone_c, W, R, b):
    """zone_h, zone_c: 1 where the unit keeps its previous value."""
    T, N, _ = x.shape
    H = R.shape[0]
    h = np.zeros((T + 1, N, H))
    c = np.zeros((T + 1, N, H))
    gates = np.zeros((T, 4, N, H))
    c_tilde = np.zeros((T, N, H))
    for t in range(T):
        v = (x[t] @ W + h[t] @ R + b).reshape(N, 4, H).transpose(1, 0, 2)
        gates[t, 0] = sigmoid(v[0])
        gates[t, 1] = np.tanh(v[1])
        gates[t, 2] = sigmoid(v[2])
        gates[t, 3] = sigmoid(v[3])
        i, g, f, o = gates[t]
        c_tilde[t] = f * c[t] + i * g
        c[t + 1] = zone_c[t] * c[t] + (1 - zone_c[t]) * c_tilde[t]
        h[t + 1] = zone_h[t] * h[t] + (1 - zone_h[t]) * o * np.tanh(c_tilde[t])
    return h, c, gates, c_tilde


def backprop(dh_out, x, zone_h, zone_c, h, c, gates, c_tilde, W, R):
    T, N, _ = x.shape
    H = R.shape[0]
    dW, dR, db = np.zeros_like(W), np.zeros_like(R), np.zeros(4 * H)
    dx = np.zeros_like(x)
    dh = np.zeros((N, H))
    dc = np.zeros((N, H))
    for t in range(T - 1, -1, -1):
        i, g, f, o = gates[t]
        tc = np.tanh(c_tilde[t])
        dh = dh + dh_out[t]
        dh_new = (1 - zone_h[t]) * dh
        dc_new = (1 - zone_c[t]) * dc + dh_new * o * (1 - tc ** 2)
        dv = np.stack([
            dc_new * g * i * (1 - i),
            dc_new * i * (1 - g ** 2),
            dc_new * c[t] * f * (1 - f),
            dh_new * tc * o * (1 - o),
        ], axis=1).reshape(N, 4 * H)
        dW += x[t].T @ dv
        dR += h[t].T @ dv
        db += dv.sum(axis=0)
        dx[t] = dv @ W.T
        dh = zone_h[t] * dh + dv @ R.T
        dc = zone_c[t] * dc + dc_new * f
    return {"W": dW, "R": dR, "b": db, "x": dx}


def loss(params, inputs):
    h, _, _, _ = forward(inputs["x"], inputs["zone_h"], inputs["zone_c"], **params)
    return np.sum(h[1:] * inputs["dy"])


def backward(params, inputs):
    x, zone_h, zone_c = inputs["x"], inputs["zone_h"], inputs["zone_c"]
    saved = forward(x, zone_h, zone_c, **params)
    return backprop(inputs["dy"], x, zone_h, zone_c, *saved, params["W"], params["R"])


def example(rng):
    T, N, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {
        "W": rng.normal(size=(D, 4 * H)),
        "R": rng.normal(size=(H, 4 * H)),
        "b": rng.normal(size=4 * H),
    }
    inputs = {
        "x": rng.normal(size=(T, N, D)),
        "zone_h": rng.integers(2, size=(T, N, H)),
        "zone_c": rng.integers(2, size=(T, N, H)),
        "dy": rng.normal(size=(T, N, H)),
    }
    return params, inputs

"""LSTM that holds its state on padded steps; loss on the state at the end of each sequence."""
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def run(x, lengths, Wx, Wh, b):
    """x: (B, T, D)"""
    B, T, _ = x.shape
    H = Wh.shape[0]
    h, c = np.zeros((B, H)), np.zeros((B, H))
    saved = []
    for t in range(T):
        valid = (t < lengths)[:, None]
        gates = x[:, t] @ Wx + h @ Wh + b
        i, f, o = (sigmoid(gates[:, k * H:(k + 1) * H]) for k in range(3))
        u = np.tanh(gates[:, 3 * H:])
        c_cand = f * c + i * u
        h_cand = o * np.tanh(c_cand)
        saved.append((valid, x[:, t], h, c, i, f, o, u, c_cand))
        h = np.where(valid, h_cand, h)
        c = np.where(valid, c_cand, c)
    return h, c, saved


def run_backward(dh, dc, saved, Wx, Wh):
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(Wx.shape[1])
    dx = []
    for valid, xt, h_prev, c_prev, i, f, o, u, c_cand in reversed(saved):
        dh_cand = np.where(valid, dh, 0.0)
        dc_cand = np.where(valid, dc, 0.0)
        dh_skip = np.where(valid, 0.0, dh)
        dc_skip = np.where(valid, 0.0, dc)
        tc = np.tanh(c_cand)
        dc_cand = dc_cand + dh_cand * o * (1 - tc ** 2)
        dgates = np.concatenate(
            (
                dc_cand * u * i * (1 - i),
                dc_cand * c_prev * f * (1 - f),
                dh_cand * tc * o * (1 - o),
                dc_cand * i * (1 - u ** 2),
            ),
            axis=1,
        )
        dWx += xt.T @ dgates
        dWh += h_prev.T @ dgates
        db += dgates.sum(axis=0)
        dx.append(dgates @ Wx.T)
        dh = dh_skip + dgates @ Wh.T
        dc = dc_skip + dc_cand * f
    return dWx, dWh, db, np.stack(dx[::-1], axis=1)


def loss(params, inputs):
    h, c, _ = run(inputs["x"], inputs["lengths"], params["Wx"], params["Wh"], params["b"])
    return np.sum(h * inputs["gh"]) + np.sum(c * inputs["gc"])


def backward(params, inputs):
    _, _, saved = run(inputs["x"], inputs["lengths"], params["Wx"], params["Wh"], params["b"])
    dWx, dWh, db, dx = run_backward(inputs["gh"], inputs["gc"], saved, params["Wx"], params["Wh"])
    return {"Wx": dWx, "Wh": dWh, "b": db, "x": dx}


def example(rng):
    B, T, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    lengths = rng.integers(1, T + 1, size=B)
    lengths[-1] = T
    params = {
        "Wx": rng.normal(size=(D, 4 * H)),
        "Wh": rng.normal(size=(H, 4 * H)),
        "b": rng.normal(size=4 * H),
    }
    inputs = {
        "x": rng.normal(size=(B, T, D)),
        "lengths": lengths,
        "gh": rng.normal(size=(B, H)),
        "gc": rng.normal(size=(B, H)),
    }
    return params, inputs

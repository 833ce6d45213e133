"""LSTM for a microcontroller: arrays are flat, loops run over units, like the C that follows."""
import numpy as np

N_GATES = 4


def sigm(v):
    return 1.0 / (1.0 + np.exp(-v))


def lstm_fwd(w, b, x, n_in, n_cell):
    """w: (4 * n_cell * (n_in + n_cell)) flat, gate-major; x: (T, n_in)."""
    T = len(x)
    width = n_in + n_cell
    act = np.zeros((T, N_GATES, n_cell))
    cell = np.zeros((T + 1, n_cell))
    out = np.zeros((T + 1, n_cell))
    for t in range(T):
        for u in range(n_cell):
            for g in range(N_GATES):
                row = (g * n_cell + u) * width
                s = b[g * n_cell + u]
                for k in range(n_in):
                    s += w[row + k] * x[t, k]
                for k in range(n_cell):
                    s += w[row + n_in + k] * out[t, k]
                act[t, g, u] = np.tanh(s) if g == 3 else sigm(s)
            cell[t + 1, u] = act[t, 1, u] * cell[t, u] + act[t, 0, u] * act[t, 3, u]
            out[t + 1, u] = act[t, 2, u] * np.tanh(cell[t + 1, u])
    return act, cell, out


def lstm_bwd(w, x, act, cell, out, dout, n_in, n_cell):
    T = len(x)
    width = n_in + n_cell
    dw = np.zeros(N_GATES * n_cell * width)
    db = np.zeros(N_GATES * n_cell)
    dh = np.zeros(n_cell)
    dc = np.zeros(n_cell)
    for t in range(T - 1, -1, -1):
        dh_prev = np.zeros(n_cell)
        for u in range(n_cell):
            i, f, o, g = act[t, :, u]
            e = dh[u] + dout[t, u]
            th = np.tanh(cell[t + 1, u])
            dcu = dc[u] + e * o * (1.0 - th * th)
            delta = (dcu * g * i * (1.0 - i), dcu * cell[t, u] * f * (1.0 - f),
                     e * th * o * (1.0 - o), dcu * i * (1.0 - g * g))
            dc[u] = dcu * f
            for q in range(N_GATES):
                row = (q * n_cell + u) * width
                db[q * n_cell + u] += delta[q]
                for k in range(n_in):
                    dw[row + k] += delta[q] * x[t, k]
                for k in range(n_cell):
                    dw[row + n_in + k] += delta[q] * out[t, k]
                    dh_prev[k] += delta[q] * w[row + n_in + k]
        dh = dh_prev
    return dw, db


def loss(params, inputs):
    n_cell, n_in = len(params["b"]) // 4, inputs["x"].shape[1]
    _, _, out = lstm_fwd(params["w"], params["b"], inputs["x"], n_in, n_cell)
    return float(np.sum(out[1:] * inputs["dout"]))


def backward(params, inputs):
    n_cell, n_in = len(params["b"]) // 4, inputs["x"].shape[1]
    saved = lstm_fwd(params["w"], params["b"], inputs["x"], n_in, n_cell)
    dw, db = lstm_bwd(params["w"], inputs["x"], *saved, inputs["dout"], n_in, n_cell)
    return {"w": dw, "b": db}


def example(rng):
    T = 4
    D, H = (int(n) for n in rng.permutation([2, 3]))
    params = {"w": rng.normal(size=4 * H * (D + H)), "b": rng.normal(size=4 * H)}
    return params, {"x": rng.normal(size=(T, D)), "dout": rng.normal(size=(T, H))}

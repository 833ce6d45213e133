"""LSTM with a projected (smaller) recurrent output."""
import numpy as np

sigmoid = lambda x: 1 / (1 + np.exp(-x))


def forward(X, r0, c0, Wx, Wr, b, Wp):
    r, c = r0, c0
    tape = []
    R = []
    for x in X:
        zi, zf, zg, zo = np.split(x @ Wx + r @ Wr + b, 4, axis=-1)
        i, f, g, o = sigmoid(zi), sigmoid(zf), np.tanh(zg), sigmoid(zo)
        c_next = f * c + i * g
        m = o * np.tanh(c_next)
        tape.append(dict(x=x, r=r, c=c, i=i, f=f, g=g, o=o, c_next=c_next, m=m))
        r, c = m @ Wp, c_next
        R.append(r)
    return np.stack(R), tape


def backprop(dR, tape, Wx, Wr, Wp):
    dWx = np.zeros_like(Wx)
    dWr = np.zeros_like(Wr)
    dWp = np.zeros_like(Wp)
    db = np.zeros(Wx.shape[1])
    dX = []
    dr_rec, dc = 0, 0
    for k in tape[::-1]:
        dr = dR[len(tape) - 1 - len(dX)] + dr_rec
        dWp += k["m"].T @ dr
        dm = dr @ Wp.T
        th = np.tanh(k["c_next"])
        do = dm * th
        dc = dc + dm * k["o"] * (1 - th ** 2)
        dgates = np.concatenate([
            dc * k["g"] * k["i"] * (1 - k["i"]),
            dc * k["c"] * k["f"] * (1 - k["f"]),
            dc * k["i"] * (1 - k["g"] ** 2),
            do * k["o"] * (1 - k["o"]),
        ], axis=-1)
        dWx += k["x"].T @ dgates
        dWr += k["r"].T @ dgates
        db += dgates.sum(0)
        dX.append(dgates @ Wx.T)
        dr_rec = dgates @ Wr.T
        dc = dc * k["f"]
    return dWx, dWr, db, dWp, np.stack(dX[::-1]), dr_rec, dc


def loss(params, inputs):
    R, _ = forward(inputs["X"], inputs["r0"], inputs["c0"], **params)
    return np.sum(R * inputs["dR"])


def backward(params, inputs):
    _, tape = forward(inputs["X"], inputs["r0"], inputs["c0"], **params)
    dWx, dWr, db, dWp, dX, dr0, dc0 = backprop(
        inputs["dR"], tape, params["Wx"], params["Wr"], params["Wp"])
    return {"Wx": dWx, "Wr": dWr, "b": db, "Wp": dWp, "X": dX, "r0": dr0, "c0": dc0}


def example(rng):
    T, B, D, H, P = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    params = {
        "Wx": rng.normal(size=(D, 4 * H)) * 0.6,
        "Wr": rng.normal(size=(P, 4 * H)) * 0.6,
        "b": rng.normal(size=4 * H),
        "Wp": rng.normal(size=(H, P)),
    }
    inputs = {
        "X": rng.normal(size=(T, B, D)),
        "r0": rng.normal(size=(B, P)),
        "c0": rng.normal(size=(B, H)),
        "dR": rng.normal(size=(T, B, P)),
    }
    return params, inputs

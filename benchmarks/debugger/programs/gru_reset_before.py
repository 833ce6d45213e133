"""GRU, reset gate applied to the previous state before the matrix, h = (1-z) h_prev + z n."""
import numpy as np


def sigm(a):
    return 1.0 / (1.0 + np.exp(-a))


def gru_forward(x, h0, P):
    """x: (T, B, D), h0: (B, H)."""
    h = h0
    tape = []
    out = []
    for xt in x:
        h_prev = h
        z = sigm(xt @ P["Wz"] + h_prev @ P["Uz"] + P["bz"])
        r = sigm(xt @ P["Wr"] + h_prev @ P["Ur"] + P["br"])
        rh = r * h_prev
        n = np.tanh(xt @ P["Wn"] + rh @ P["Un"] + P["bn"])
        h = (1 - z) * h_prev + z * n
        tape.append({"x": xt, "h_prev": h_prev, "z": z, "r": r, "rh": rh, "n": n})
        out.append(h)
    return np.stack(out), tape


def gru_backward(dout, tape, P):
    grads = {name: np.zeros_like(value) for name, value in P.items()}
    dx = np.zeros((len(tape),) + tape[0]["x"].shape)
    dh = np.zeros_like(dout[0])
    for t in range(len(tape) - 1, -1, -1):
        s = tape[t]
        dh = dh + dout[t]
        dz = dh * (s["n"] - s["h_prev"]) * s["z"] * (1 - s["z"])
        dn = dh * s["z"] * (1 - s["n"] ** 2)
        drh = dn @ P["Un"].T
        dr = drh * s["h_prev"] * s["r"] * (1 - s["r"])
        grads["Wz"] += s["x"].T @ dz
        grads["Wr"] += s["x"].T @ dr
        grads["Wn"] += s["x"].T @ dn
        grads["Uz"] += s["h_prev"].T @ dz
        grads["Ur"] += s["h_prev"].T @ dr
        grads["Un"] += s["rh"].T @ dn
        grads["bz"] += dz.sum(0)
        grads["br"] += dr.sum(0)
        grads["bn"] += dn.sum(0)
        dx[t] = dz @ P["Wz"].T + dr @ P["Wr"].T + dn @ P["Wn"].T
        dh = dh * (1 - s["z"]) + drh * s["r"] + dz @ P["Uz"].T + dr @ P["Ur"].T
    return grads, dx, dh


def loss(params, inputs):
    hs, _ = gru_forward(inputs["x"], inputs["h0"], params)
    return 0.5 * np.sum((hs - inputs["target"]) ** 2)


def backward(params, inputs):
    hs, tape = gru_forward(inputs["x"], inputs["h0"], params)
    grads, dx, dh0 = gru_backward(hs - inputs["target"], tape, params)
    grads["x"] = dx
    grads["h0"] = dh0
    return grads


def example(rng):
    T, B, D, H = (int(k) for k in rng.permutation([3, 4, 5, 6]))
    params = {}
    for gate in "zrn":
        params["W" + gate] = rng.normal(size=(D, H))
        params["U" + gate] = rng.normal(size=(H, H))
        params["b" + gate] = rng.normal(size=H)
    inputs = {
        "x": rng.normal(size=(T, B, D)),
        "h0": rng.normal(size=(B, H)),
        "target": rng.normal(size=(T, B, H)),
    }
    return params, inputs

"""FastGRNN (low-rank W and U, scalars zeta and nu) for wake words; one clip at a time."""
import numpy as np


def sg(a):
    return 1 / (1 + np.exp(-a))


def clip_forward(q, frames, h_init):
    Z, Nu = sg(q["zeta"]), sg(q["nu"])
    W = q["W1"] @ q["W2"].T
    U = q["U1"] @ q["U2"].T
    n = len(frames)
    h = np.zeros((n + 1, len(h_init)))
    z, hc = np.zeros((n, len(h_init))), np.zeros((n, len(h_init)))
    h[0] = h_init
    for t, x in enumerate(frames):
        wx_uh = W @ x + U @ h[t]
        z[t] = sg(wx_uh + q["b_z"])
        hc[t] = np.tanh(wx_uh + q["b_h"])
        h[t + 1] = (Z * (1 - z[t]) + Nu) * hc[t] + z[t] * h[t]
    return h, z, hc, W, U, Z, Nu


def clip_backward(q, G, frames, dpool, h, z, hc, W, U, Z, Nu):
    dW, dU = np.zeros_like(W), np.zeros_like(U)
    dZ = dNu = 0.0
    dframes = np.zeros_like(frames)
    dh = np.zeros(h.shape[1])
    for t in range(len(frames) - 1, -1, -1):
        dh = dh + dpool
        dhc = dh * (Z * (1 - z[t]) + Nu) * (1 - hc[t] ** 2)
        dz = dh * (h[t] - Z * hc[t]) * z[t] * (1 - z[t])
        dZ += np.sum(dh * (1 - z[t]) * hc[t])
        dNu += np.sum(dh * hc[t])
        G["b_z"] += dz
        G["b_h"] += dhc
        dboth = dz + dhc
        dW += np.outer(dboth, frames[t])
        dU += np.outer(dboth, h[t])
        dframes[t] = W.T @ dboth
        dh = U.T @ dboth + z[t] * dh
    G["W1"] += dW @ q["W2"]
    G["W2"] += dW.T @ q["W1"]
    G["U1"] += dU @ q["U2"]
    G["U2"] += dU.T @ q["U1"]
    G["zeta"] += dZ * Z * (1 - Z)
    G["nu"] += dNu * Nu * (1 - Nu)
    return dframes, dh


def score(q, h):
    pooled = h[1:].mean(axis=0)
    return pooled @ q["v"] + q["c"], pooled


def clips(inputs):
    start = 0
    for j, n in enumerate(inputs["n_frames"]):
        yield j, slice(start, start + n)
        start += n


def loss(params, inputs):
    total = 0.0
    for j, part in clips(inputs):
        h = clip_forward(params, inputs["frames"][part], inputs["h_init"])[0]
        margin = inputs["margin"] - inputs["sign"][j] * score(params, h)[0]
        total += np.maximum(margin, 0.0) ** 2
    return float(total / len(inputs["sign"]))


def backward(params, inputs):
    G = {name: np.zeros_like(value) for name, value in params.items()}
    G["frames"] = np.zeros_like(inputs["frames"])
    G["h_init"] = np.zeros_like(inputs["h_init"])
    for j, part in clips(inputs):
        frames, s = inputs["frames"][part], inputs["sign"][j]
        saved = clip_forward(params, frames, inputs["h_init"])
        h = saved[0]
        out, pooled = score(params, h)
        dout = -2 * s * np.maximum(inputs["margin"] - s * out, 0.0) / len(inputs["sign"])
        G["v"] += dout * pooled
        G["c"] += dout
        dpool = dout * params["v"] / len(frames)
        dframes, dh = clip_backward(params, G, frames, dpool, *saved)
        G["frames"][part] = dframes
        G["h_init"] += dh
    return G


def example(rng):
    H, D, r1, r2, N = (int(rng.integers(*ab)) for ab in ((4, 6), (3, 5), (1, 3), (2, 4), (2, 4)))
    n_frames = rng.permutation(np.concatenate([[3, 5], rng.integers(3, 6, N - 2)]))
    shapes = {"W1": (H, r1), "W2": (D, r1), "U1": (H, r2), "U2": (H, r2), "b_z": (H,), "b_h": (H,), "v": (H,),
              "zeta": (), "nu": (), "c": ()}
    params = {name: np.array(rng.normal(size=shape)) for name, shape in shapes.items()}
    sign = np.where(rng.permutation(N) % 2, 1, -1)
    return params, {"frames": rng.normal(size=(int(n_frames.sum()), D)), "n_frames": n_frames, "sign": sign,
                    "margin": np.array(4), "h_init": rng.normal(size=H)}

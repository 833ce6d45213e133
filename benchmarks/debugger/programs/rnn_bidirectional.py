"""Bidirectional RNN, the two directions concatenated, binary cross-entropy per step."""
import numpy as np


def rnn(xs, h, W, U, b):
    hs = [h]
    for x in xs:
        hs.append(np.tanh(x @ W + hs[-1] @ U + b))
    return hs


def rnn_grad(dhs, xs, hs, W, U):
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros(U.shape[1])
    dxs = np.zeros_like(xs)
    carry = np.zeros_like(hs[0])
    for t in reversed(range(len(xs))):
        dz = (dhs[t] + carry) * (1 - hs[t + 1] ** 2)
        dW += xs[t].T @ dz
        dU += hs[t].T @ dz
        db += dz.sum(axis=0)
        dxs[t] = dz @ W.T
        carry = dz @ U.T
    return dW, dU, db, dxs


def network(params, inputs):
    p, xs = params, inputs["xs"]
    B = xs.shape[1]
    H = p["Uf"].shape[0]
    fw = rnn(xs, np.zeros((B, H)), p["Wf"], p["Uf"], p["bf"])
    bw = rnn(xs[::-1], np.zeros((B, H)), p["Wb"], p["Ub"], p["bb"])
    joint = np.concatenate([np.array(fw[1:]), np.array(bw[1:])[::-1]], axis=2)
    prob = 1 / (1 + np.exp(-(joint @ p["v"] + p["a"])))
    return fw, bw, joint, prob


def loss(params, inputs):
    prob = network(params, inputs)[3]
    y = inputs["y"]
    return -np.mean(y * np.log(prob) + (1 - y) * np.log(1 - prob))


def backward(params, inputs):
    p, xs, y = params, inputs["xs"], inputs["y"]
    fw, bw, joint, prob = network(params, inputs)
    H = p["Uf"].shape[0]
    dlogit = (prob - y) / y.size
    djoint = dlogit[:, :, None] * p["v"]
    dWf, dUf, dbf, dx_f = rnn_grad(djoint[:, :, :H], xs, fw, p["Wf"], p["Uf"])
    dWb, dUb, dbb, dx_b = rnn_grad(djoint[::-1, :, H:], xs[::-1], bw, p["Wb"], p["Ub"])
    return {
        "Wf": dWf, "Uf": dUf, "bf": dbf,
        "Wb": dWb, "Ub": dUb, "bb": dbb,
        "v": np.tensordot(joint, dlogit, axes=([0, 1], [0, 1])),
        "a": np.array([dlogit.sum()]),
        "xs": dx_f + dx_b[::-1],
    }


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {"v": rng.normal(size=2 * H), "a": rng.normal(size=1)}
    for k in "fb":
        params["W" + k] = rng.normal(size=(D, H))
        params["U" + k] = rng.normal(size=(H, H))
        params["b" + k] = rng.normal(size=H)
    inputs = {"xs": rng.normal(size=(T, B, D)), "y": rng.integers(2, size=(T, B))}
    return params, inputs

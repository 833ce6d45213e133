"""Coursework 3: multi-layer GRU for tagging, with L2 regularisation.

Shapes: x (N, T, D), h (N, H).  The gates act on the concatenation [h, x].
"""
import numpy as np

LAYERS = 2


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru_step_forward(x, prev_h, Wg, bg, Wc, bc):
    H = prev_h.shape[1]
    hx = np.concatenate([prev_h, x], axis=1)
    gates = sigmoid(hx @ Wg + bg)
    z, r = gates[:, :H], gates[:, H:]
    rhx = np.concatenate([r * prev_h, x], axis=1)
    n = np.tanh(rhx @ Wc + bc)
    next_h = z * prev_h + (1 - z) * n
    cache = (prev_h, hx, z, r, rhx, n, Wg, Wc)
    return next_h, cache


def gru_step_backward(dnext_h, cache):
    prev_h, hx, z, r, rhx, n, Wg, Wc = cache
    H = prev_h.shape[1]
    # next_h = z * prev_h + (1 - z) * n
    dz = dnext_h * (prev_h - n)
    dn = dnext_h * (1 - z)
    dprev_h = dnext_h * z
    # n = tanh(rhx @ Wc + bc)
    dac = dn * (1 - n ** 2)
    dWc = rhx.T @ dac
    dbc = dac.sum(axis=0)
    drhx = dac @ Wc.T
    # rhx = [r * prev_h, x]
    dr = drhx[:, :H] * prev_h
    dprev_h += drhx[:, :H] * r
    dx = drhx[:, H:]
    # gates = sigmoid(hx @ Wg + bg)
    dag = np.concatenate([dz * z * (1 - z), dr * r * (1 - r)], axis=1)
    dWg = hx.T @ dag
    dbg = dag.sum(axis=0)
    dhx = dag @ Wg.T
    dprev_h += dhx[:, :H]
    dx = dx + dhx[:, H:]
    return dx, dprev_h, dWg, dbg, dWc, dbc


def gru_forward(x, h0, params):
    """Run all layers over the sequence, return the states of the top layer."""
    N, T, _ = x.shape
    caches = [[None] * T for _ in range(LAYERS)]
    for l in range(LAYERS):
        Wg, bg, Wc, bc = (params[k + str(l)] for k in ("Wg", "bg", "Wc", "bc"))
        h = h0[l]
        out = np.zeros((N, T, h.shape[1]))
        for t in range(T):
            h, caches[l][t] = gru_step_forward(x[:, t], h, Wg, bg, Wc, bc)
            out[:, t] = h
        x = out
    return x, caches


def gru_backward(dout, caches, grads):
    dh0 = []
    for l in reversed(range(LAYERS)):
        T = len(caches[l])
        dh = np.zeros_like(dout[:, 0])
        dx = [None] * T
        for t in reversed(range(T)):
            dx[t], dh, dWg, dbg, dWc, dbc = gru_step_backward(dout[:, t] + dh, caches[l][t])
            grads["Wg%d" % l] += dWg
            grads["bg%d" % l] += dbg
            grads["Wc%d" % l] += dWc
            grads["bc%d" % l] += dbc
        dh0.insert(0, dh)
        dout = np.stack(dx, axis=1)
    return dout, np.stack(dh0)


def softmax_loss(scores, y):
    N, T, K = scores.shape
    p = np.exp(scores)
    p /= p.sum(axis=2, keepdims=True)
    n, t = np.indices((N, T))
    dscores = p.copy()
    dscores[n, t, y] -= 1
    return -np.log(p[n, t, y]).sum() / N, dscores / N


def compute(params, x, y, h0, reg):
    out, caches = gru_forward(x, h0, params)
    data_loss, dscores = softmax_loss(out @ params["Wo"], y)
    weights = [k for k in params if k.startswith("W")]
    total = data_loss + 0.5 * reg * sum(np.sum(params[k] ** 2) for k in weights)

    grads = {k: np.zeros_like(v) for k, v in params.items()}
    grads["Wo"] += np.tensordot(out, dscores, axes=((0, 1), (0, 1)))
    dx, dh0 = gru_backward(dscores @ params["Wo"].T, caches, grads)
    for k in weights:
        grads[k] += reg * params[k]
    grads["x"], grads["h0"] = dx, dh0
    return total, grads


def loss(params, inputs):
    return compute(params, inputs["x"], inputs["y"], inputs["h0"], 0.1)[0]


def backward(params, inputs):
    return compute(params, inputs["x"], inputs["y"], inputs["h0"], 0.1)[1]


def example(rng):
    N, T, D, H, K = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    params = {}
    for l, size in enumerate((D, H)):
        params[f"Wg{l}"] = rng.normal(size=(H + size, 2 * H))
        params[f"bg{l}"] = rng.normal(size=2 * H)
        params[f"Wc{l}"] = rng.normal(size=(H + size, H))
        params[f"bc{l}"] = rng.normal(size=H)
    params["Wo"] = rng.normal(size=(H, K))
    inputs = {
        "x": rng.normal(size=(N, T, D)),
        "h0": rng.normal(size=(LAYERS, N, H)),
        "y": rng.integers(K, size=(N, T)),
    }
    return params, inputs

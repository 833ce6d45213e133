"""Drum grooves. Per 16th note: which drums are hit (BCE) and how hard (MSE on the hit drums only).
Two stacked LSTMs with skip of the first layer to the output; variational dropout masks are given."""
import numpy as np


def sgm(x):
    return 1.0 / (1.0 + np.exp(-x))


def lstm_fw(xs, W, b, h, c):
    """xs: list of (B, D); W: (D + H, 4H), order i f o g"""
    log = []
    for x in xs:
        xh = np.concatenate((x, h), 1)
        i, f, o, g = np.split(xh @ W + b, 4, axis=1)
        i, f, o, g = sgm(i), sgm(f), sgm(o), np.tanh(g)
        c_old, c = c, f * c + i * g
        h = o * np.tanh(c)
        log.append((xh, i, f, o, g, c_old, c, h))
    return [e[-1] for e in log], log


def lstm_bw(dhs, log, W):
    H = W.shape[1] // 4
    dW, db = np.zeros_like(W), np.zeros(4 * H)
    dxs = [None] * len(log)
    dh_rec, dc = 0.0, 0.0
    for t in range(len(log) - 1, -1, -1):
        xh, i, f, o, g, c_old, c, h = log[t]
        dh = dhs[t] + dh_rec
        tc = np.tanh(c)
        dc = dc + dh * o * (1 - tc ** 2)
        dgates = np.concatenate(
            (dc * g * i * (1 - i), dc * c_old * f * (1 - f), dh * tc * o * (1 - o), dc * i * (1 - g ** 2)), 1
        )
        dW += xh.T @ dgates
        db += dgates.sum(0)
        dxh = dgates @ W.T
        dxs[t], dh_rec = dxh[:, :-H], dxh[:, -H:]
        dc = dc * f
    return dxs, dW, db, dh_rec, dc


def network(P, I):
    B = I["hits"].shape[1]
    wide = lambda a: np.repeat(a[None], B, 0)
    prev = np.concatenate((np.zeros_like(I["vel"][:1]), I["vel"][:-1]))
    h1, log1 = lstm_fw(list(prev), P["W1"], P["b1"], wide(P["h1"]), wide(P["c1"]))
    mid = [I["drop"] * h for h in h1]
    h2, log2 = lstm_fw(mid, P["W2"], P["b2"], wide(P["h2"]), wide(P["c2"]))
    top = np.stack([np.concatenate(p, 1) for p in zip(h1, h2)])
    return top, top @ P["Wp"] + P["bp"], top @ P["Wv"] + P["bv"], log1, log2


def loss(params, inputs):
    _, logit, vel, _, _ = network(params, inputs)
    hits = inputs["hits"]
    bce = np.log1p(np.exp(logit)) - hits * logit
    mse = hits * (vel - inputs["vel"]) ** 2
    return float(bce.mean() + inputs["alpha"] * mse.sum() / hits.sum())


def backward(params, inputs):
    P, I = params, inputs
    top, logit, vel, log1, log2 = network(P, I)
    dlogit = (sgm(logit) - I["hits"]) / logit.size
    dvel = 2 * I["alpha"] * I["hits"] * (vel - I["vel"]) / I["hits"].sum()
    out = {}
    for head, d in (("p", dlogit), ("v", dvel)):
        out["W" + head] = np.tensordot(top, d, ((0, 1), (0, 1)))
        out["b" + head] = d.sum((0, 1))
    dtop = dlogit @ P["Wp"].T + dvel @ P["Wv"].T
    H1 = P["h1"].size
    dh1, dh2 = dtop[:, :, :H1].copy(), dtop[:, :, H1:]
    dmid, out["W2"], out["b2"], dh, dc = lstm_bw(dh2, log2, P["W2"])
    out["h2"], out["c2"] = dh.sum(0), dc.sum(0)
    for t, d in enumerate(dmid):
        dh1[t] += d * I["drop"]
    _, out["W1"], out["b1"], dh, dc = lstm_bw(dh1, log1, P["W1"])
    out["h1"], out["c1"] = dh.sum(0), dc.sum(0)
    return out


def example(rng):
    T, B, D, H1, H2 = int(rng.integers(4, 6)), 2, 3, int(rng.integers(4, 6)), 3
    n = rng.standard_normal
    P = {"W1": n((D + H1, 4 * H1)), "b1": n(4 * H1), "h1": n(H1), "c1": n(H1),
         "W2": n((H1 + H2, 4 * H2)), "b2": n(4 * H2), "h2": n(H2), "c2": n(H2),
         "Wp": n((H1 + H2, D)), "bp": n(D), "Wv": n((H1 + H2, D)), "bv": n(D)}
    hits = (rng.random((T, B, D)) < .6).astype(float)
    hits[0, 0, 0] = 1
    drop = (np.arange(B * H1).reshape(B, H1) % 3 > 0) / .66
    return P, {"hits": hits, "vel": hits * (rng.random((T, B, D)) + .2), "drop": drop, "alpha": np.array(1.7)}

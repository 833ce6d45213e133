"""Both-ways simple recurrent unit with highway, and a linear-chain CRF on top; one sentence."""
import numpy as np


def sgm(a):
    return 1 / (1 + np.exp(-a))


def lse(a, axis):
    top = a.max(axis=axis, keepdims=True)
    return np.squeeze(top, axis) + np.log(np.exp(a - top).sum(axis=axis))


def sru(p, X, c0):
    """c = f c + (1 - f) W x;  h = r tanh(c) + (1 - r) x  (as many units as inputs)."""
    U = X @ p["W"]
    F, R = sgm(X @ p["Wf"] + p["bf"]), sgm(X @ p["Wr"] + p["br"])
    C = np.empty_like(U)
    c = c0
    for t in range(len(X)):
        c = F[t] * c + (1 - F[t]) * U[t]
        C[t] = c
    return R * np.tanh(C) + (1 - R) * X, (X, U, F, R, C, c0)


def sru_back(p, cache, dHid):
    X, U, F, R, C, c0 = cache
    tC = np.tanh(C)
    dR = dHid * (tC - X) * R * (1 - R)
    dC = dHid * R * (1 - tC**2)
    dX = dHid * (1 - R)
    prev = np.vstack([c0[None], C[:-1]])
    for t in range(len(X) - 1, 0, -1):
        dC[t - 1] += dC[t] * F[t]
    dF = dC * (prev - U) * F * (1 - F)
    dU = dC * (1 - F)
    dX = dX + dU @ p["W"].T + dF @ p["Wf"].T + dR @ p["Wr"].T
    g = {"W": X.T @ dU, "Wf": X.T @ dF, "Wr": X.T @ dR, "bf": dF.sum(0), "br": dR.sum(0), "c0": dC[0] * F[0]}
    return dX, g


def crf(em, trans, tags):
    """Forward scores alpha[t, k] and the negative log-likelihood of the tags."""
    alpha = np.empty_like(em)
    alpha[0] = em[0]
    for t in range(1, len(em)):
        alpha[t] = em[t] + lse(alpha[t - 1][:, None] + trans, axis=0)
    gold = em[np.arange(len(em)), tags].sum() + trans[tags[:-1], tags[1:]].sum()
    return lse(alpha[-1], axis=0) - gold, alpha


def crf_back(em, trans, tags, alpha):
    dem, dtrans = np.zeros_like(em), np.zeros_like(trans)
    da = np.exp(alpha[-1] - lse(alpha[-1], axis=0))
    for t in range(len(em) - 1, 0, -1):
        dem[t] = da
        w = np.exp(alpha[t - 1][:, None] + trans - (alpha[t] - em[t])[None, :]) * da
        dtrans += w
        da = w.sum(axis=1)
    dem[0] = da
    dem[np.arange(len(em)), tags] -= 1
    np.subtract.at(dtrans, (tags[:-1], tags[1:]), 1)
    return dem, dtrans


def _side(q, s):
    return {name[:-1]: v for name, v in q.items() if name.endswith(s)}


def _both(q, x):
    fw, kf = sru(_side(q, ">"), x, q["c0>"])
    bw, kb = sru(_side(q, "<"), x[::-1], q["c0<"])
    feats = np.hstack([fw, bw[::-1]])
    return feats @ q["E"], feats, kf, kb


def loss(params, inputs):
    return float(crf(_both(params, inputs["x"])[0], params["trans"], inputs["tags"])[0])


def backward(params, inputs):
    q, tags = params, inputs["tags"]
    em, feats, kf, kb = _both(q, inputs["x"])
    _, alpha = crf(em, q["trans"], tags)
    dem, dtrans = crf_back(em, q["trans"], tags, alpha)
    dfw, dbw = np.hsplit(dem @ q["E"].T, 2)
    dx, gf = sru_back(_side(q, ">"), kf, dfw)
    dxr, gb = sru_back(_side(q, "<"), kb, dbw[::-1])
    g = {"E": feats.T @ dem, "trans": dtrans, "x": dx + dxr[::-1]}
    return g | {k + ">": v for k, v in gf.items()} | {k + "<": v for k, v in gb.items()}


def example(rng):
    T, D, K = int(rng.integers(4, 6)), int(rng.integers(2, 5)), 3
    q = {"E": rng.normal(size=(2 * D, K)), "trans": rng.normal(size=(K, K))}
    for s in "><":
        q |= {w + s: rng.normal(size=(D, D)) for w in ("W", "Wf", "Wr")} | {b + s: rng.normal(size=D) for b in ("bf", "br", "c0")}
    tags = rng.integers(0, K, T)
    tags[1:4] = tags[0]
    return q, {"x": rng.normal(size=(T, D)), "tags": tags}
